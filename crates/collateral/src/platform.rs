//! Quotes without a PCK certificate: the platform's certificate is asked for by its encrypted PPID.
//!
//! Source: Intel PCS API version 4, "Get PCK Certificate"; quote format, certification data types 2 and 3.

use crate::error::{AnswerFault, Error};
use crate::need::{Evaluation, Need};
use crate::obtain::{At, Mode, Obtained, Warning, obtain};
use crate::service::Service;
use crate::store::{Store, chain_cap};
use std::sync::Arc;
use veritee_client::{Client, Get};
use veritee_model::{Sha256Digest, UnixTime};
use veritee_quote::quote::CertificationType;
use veritee_quote::{Collateral, CollateralParts, Expiry, PckHint, Quote, QuoteReason, Stage};

const PCK_CERTIFICATE: &str = "PCK certificate";

/// How a quote of certification data type 2 or 3 names its platform. Unverified: it chooses a certificate, and the
/// quote then verifies with that certificate or does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// First 16 bytes of the header's user data: what a PCCS looks platforms up by.
    qe_id: [u8; 16],
    /// 256 or 384 bytes.
    encrypted_ppid: Vec<u8>,
    cpu_svn: [u8; 16],
    pce_svn: [u8; 2],
    pce_id: [u8; 2],
}

/// A PCK certificate and its chain, as they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PckAnswer {
    pub(crate) certificate: Arc<str>,
    pub(crate) chain: Arc<str>,
    pub(crate) url: String,
    pub(crate) fetched: UnixTime,
}

impl Platform {
    /// The platform of a quote with certification data of type 2 or 3.
    #[must_use]
    pub fn of_quote(quote: &Quote) -> Option<Self> {
        let ppid_length = match quote.certification().kind() {
            CertificationType::PpidRsa2048 => 256,
            CertificationType::PpidRsa3072 => 384,
            _ => return None,
        };
        let (encrypted_ppid, rest) = quote.certification_data().split_at_checked(ppid_length)?;
        let (cpu_svn, rest) = rest.split_first_chunk::<16>()?;
        let (pce_svn, rest) = rest.split_first_chunk::<2>()?;
        let (pce_id, rest) = rest.split_first_chunk::<2>()?;
        if !rest.is_empty() {
            return None;
        }
        Some(Self {
            qe_id: *quote.header().user_data.first_chunk()?,
            encrypted_ppid: encrypted_ppid.to_vec(),
            cpu_svn: *cpu_svn,
            pce_svn: *pce_svn,
            pce_id: *pce_id,
        })
    }

    /// SHA-256 over what the certificate is asked for by.
    #[must_use]
    pub fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(self.query().as_bytes())
    }

    /// In upper case, which a PCCS keys its table by. `qeid` is for a PCCS; Intel's service ignores it.
    fn query(&self) -> String {
        format!(
            "qeid={}&encrypted_ppid={}&cpusvn={}&pcesvn={}&pceid={}",
            hex::encode_upper(self.qe_id),
            hex::encode_upper(&self.encrypted_ppid),
            hex::encode_upper(self.cpu_svn),
            hex::encode_upper(self.pce_svn),
            hex::encode_upper(self.pce_id)
        )
    }
}

impl PckAnswer {
    /// PCK, CA and root in PEM.
    fn pem_chain(&self) -> Option<String> {
        Some(format!("{}\n{}", self.certificate.trim_end(), percent_decoded(&self.chain)?))
    }
}

/// Collateral for a quote, with the PCK certificate chain in it when the quote carries none: one request more.
///
/// # Errors
/// As [`obtain`]; [`Error::NoPlatform`] when the quote names no platform that can be asked for;
/// [`Error::PckAbsent`] offline.
pub async fn obtain_for_quote(
    client: &Client,
    service: &Service,
    store: &Store,
    quote: &Quote,
    evaluation: Evaluation,
    at: impl Into<At>,
    mode: Mode,
) -> Result<Obtained, Error> {
    let at = at.into();
    let now = at.as_of;
    if let Some(need) = Need::of_quote(quote, evaluation) {
        return obtain(client, service, store, &need, at, mode).await;
    }
    let certification = quote.certification().kind().number();
    let platform = Platform::of_quote(quote).ok_or(Error::NoPlatform { certification })?;
    let mut warnings = Vec::new();
    let kept = match store.pck(&platform)? {
        Ok(kept) if mode != Mode::Refresh => kept,
        Ok(_) => None,
        Err(fault) => {
            warnings.push(Warning::Damaged(fault));
            None
        }
    };
    let (answer, asked) = match (kept, mode) {
        (Some(kept), _) => (kept, 0),
        (None, Mode::Offline) => return Err(Error::PckAbsent),
        (None, _) => (ask_pck(client, service, store, &platform, at.clock).await?, 1),
    };
    let refused = |fault| Error::Refused { item: PCK_CERTIFICATE, url: answer.url.clone(), fault };
    let chain = answer.pem_chain().ok_or_else(|| refused(AnswerFault::PckUnreadable))?;
    let hint = PckHint::of_chain(chain.as_bytes()).ok_or_else(|| refused(AnswerFault::PckUnreadable))?;
    let need = Need { tee: quote.tee(), fmspc: hint.fmspc, ca: hint.ca, evaluation };
    let mut obtained = obtain(client, service, store, &need, at, mode).await?;
    let parts = CollateralParts { pck_certificate_chain: Some(chain), ..obtained.collateral.parts().clone() };
    let collateral = Collateral::from_parts(parts);
    let in_collateral = |error| refused(AnswerFault::Collateral(Box::new(error)));
    let prepared =
        collateral.verify_within(store.root(), now, Expiry::Report, store.budget()).map_err(in_collateral)?;
    let belongs = match prepared.verify(quote, now) {
        // Genuine, and the verdict says so: that is no fault of the service.
        Err(error) if matches!(error.reason(), QuoteReason::PckRevoked | QuoteReason::CaRevoked) => false,
        // Whose fault it is that another key signed cannot be told: the verdict says it, nothing is kept.
        Err(error) if error.reason() == QuoteReason::PckChainMissing || error.stage() == Stage::Enclave => {
            false
        }
        Err(error) if error.stage() <= Stage::Certificates => {
            return Err(refused(AnswerFault::PckCertificate(Box::new(error))));
        }
        _ => true,
    };
    if belongs
        && asked > 0
        && let Err(error) = store.keep_pck(&platform, &answer)
    {
        warnings.push(Warning::NotKept(error.to_string()));
    }
    obtained.requests = obtained.requests.saturating_add(asked);
    obtained.warnings.append(&mut warnings);
    Ok(obtained.with_collateral(collateral))
}

async fn ask_pck(
    client: &Client,
    service: &Service,
    store: &Store,
    platform: &Platform,
    now: UnixTime,
) -> Result<PckAnswer, Error> {
    let url = service.pck_certificate(&platform.query());
    let request = Get {
        accept: "application/x-pem-file, */*",
        ..Get::any(url.clone(), store.budget().certificate_chain_bytes)
    };
    let answer = client.get(&request).await.map_err(|error| Error::Fetch {
        item: PCK_CERTIFICATE,
        url: url.to_string(),
        error: Box::new(error),
    })?;
    let refused = |fault| Error::Refused { item: PCK_CERTIFICATE, url: url.to_string(), fault };
    let header = "SGX-PCK-Certificate-Issuer-Chain";
    let chain: Arc<str> =
        answer.header(header).map(Arc::from).ok_or_else(|| refused(AnswerFault::ChainMissing { header }))?;
    if chain.len() > chain_cap(store.budget()) {
        return Err(refused(AnswerFault::PckUnreadable));
    }
    let certificate = String::from_utf8(answer.body).map_err(|_utf8| refused(AnswerFault::PckUnreadable))?;
    Ok(PckAnswer { certificate: Arc::from(certificate), chain, url: url.to_string(), fetched: now })
}

/// Undoes the coding of HTTP headers, when the text is coded at all. `+` stays: it is a digit of base64.
fn percent_decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first == b'%' {
            let (pair, tail) = rest.split_at_checked(2)?;
            let mut byte = [0];
            hex::decode_to_slice(pair, &mut byte).ok()?;
            out.extend(byte);
            rest = tail;
        } else {
            out.push(*first);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::percent_decoded;

    #[test]
    fn a_plus_is_a_digit_and_not_a_space() {
        assert_eq!(percent_decoded("a+b%2Bc%0A").as_deref(), Some("a+b+c\n"));
        assert_eq!(percent_decoded("plain").as_deref(), Some("plain"));
        for text in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(percent_decoded(text), None, "{text}");
        }
    }
}
