//! One quote under prepared collateral, stage by stage.
//!
//! Source: the order of Intel's QVL 1.27, `verifyQuote`; certificates as RFC 5280 section 6 walks them.

use crate::collateral::Expiry;
use crate::error::{CertificateRole, ChainError, ChainFault, CollateralError, QuoteError, Source};
use crate::facts::{CollateralFacts, ExpiredItem, SourceDates, Window};
use crate::known::chains;
use crate::pck::PckExtension;
use crate::prepared::PreparedCollateral;
use crate::quote::{Body, CertificationType, Quote};
use crate::reason::ReasonClass;
use crate::root::TrustRoot;
use crate::tcb::Evaluator;
use crate::verified::VerifiedQuote;
use crate::x509::chain::{self, Validity};
use crate::x509::{Certificate, PublicKey, verify_fixed};
use std::sync::Arc;
use veritee_base::{Budget, UnixTime};

/// A PCK certificate that the root vouches for and that nothing known revokes.
#[derive(Debug)]
pub(crate) struct CertifiedPck {
    public_key: PublicKey,
    pub(crate) extension: PckExtension,
    source: Source,
    validities: [Validity; 3],
}

/// A quoting enclave of Intel's, certified by a PCK, that vouches for an attestation key.
#[derive(Debug)]
pub(crate) struct CertifiedEnclave {
    pub(crate) pck: Arc<CertifiedPck>,
    attestation_key: PublicKey,
    isv_svn: u16,
}

impl PreparedCollateral {
    /// Verifies one quote: PCK certificate, quoting enclave, quote signature, TCB level. Three signatures.
    ///
    /// TD attributes are not judged here (see [`crate::td_attributes`]), nor is any status other than revoked:
    /// that is for a policy.
    ///
    /// # Errors
    /// The first fault in the order of [`crate::Stage`]; but a revocation before what has expired.
    pub fn verify(&self, quote: &Quote, as_of: UnixTime) -> Result<VerifiedQuote, QuoteError> {
        let expired = self.check_force(quote, as_of)?;
        let pck = Arc::new(self.certify_pck(quote)?);
        let expired = self.check_pck_dates(&pck, as_of, expired)?;
        let enclave = self.certify_enclave(quote, pck)?;
        self.conclude(quote, as_of, &enclave, expired)
    }

    /// The collateral is in force and for this kind of TEE. A revocation of the quote's chain is told whatever has
    /// expired beside it: it is as true as it ever was, and it is the graver of the two.
    pub(crate) fn check_force(&self, quote: &Quote, as_of: UnixTime) -> Result<Vec<ExpiredItem>, QuoteError> {
        let expired =
            self.check_windows(as_of).map_err(|error| self.revocation(quote).unwrap_or(error.into()))?;
        // Intel's QVL, step .10: the TCB info's id is that of the quote's kind. SGX levels say nothing of a TDX module.
        if quote.tee() == self.tee() {
            Ok(expired)
        } else {
            Err(QuoteError::Kind { expected: quote.tee(), got: self.tee() })
        }
    }

    fn revocation(&self, quote: &Quote) -> Option<QuoteError> {
        let chain = self.pck_chain(quote).ok()?;
        let revoked = self.0.revocations.of_pck_chain(chain, &self.0.root, &self.0.budget);
        revoked.map(|error| QuoteError::Chain(error).placed(quote))
    }

    /// The PCK chain's bytes and where they stand.
    pub(crate) fn pck_chain<'a>(&'a self, quote: &'a Quote) -> Result<(Source, &'a [u8]), QuoteError> {
        let kind = quote.certification().kind();
        match (kind, &self.0.pck_chain) {
            (CertificationType::PckChain, _) => Ok((Source::PckChainInQuote, quote.certification_data())),
            // Another host's chain is not this quote's, and no sign of a forgery.
            (_, Some(chain)) if chains::is_of(chain, quote, &self.0.budget) => {
                Ok((Source::PckChainInCollateral, chain.as_bytes()))
            }
            (_, _) => Err(QuoteError::PckChainMissing { certification: kind.number() }),
        }
    }

    /// Walks the PCK chain. Dates are left to [`Self::check_pck_dates`], so that a remembered chain is held to them
    /// too.
    pub(crate) fn certify_pck(&self, quote: &Quote) -> Result<CertifiedPck, QuoteError> {
        let (source, text) = self.pck_chain(quote)?;
        let certify = || {
            let chain = chain::decode(source, text, 3, &self.0.budget)?;
            self.certify_decoded(source, &chain)
        };
        certify().map_err(|error| error.placed(quote))
    }

    /// [`Self::certify_pck`] for a chain that is decoded already.
    pub(crate) fn certify_decoded(
        &self,
        source: Source,
        chain: &[Vec<u8>],
    ) -> Result<CertifiedPck, QuoteError> {
        let (pck, ca, root) = chain::parse(source, chain)?.pck_and_ca(source)?;
        let extension = pck.sgx_extension().ok_or_else(|| {
            let fault = ChainFault::ExtensionMissing("Intel's SGX extension");
            ChainError::new(source, Some(CertificateRole::Pck), fault)
        })?;
        let extension = PckExtension::parse(extension).map_err(QuoteError::PckExtension)?;
        self.check_fit(&extension)?;
        let root_validity = chain::check_root(source, &root, &self.0.root, 1)?;
        let revocations = &self.0.revocations;
        // RFC 5280 6.3.3: each certificate under the lists of its own issuer, from the root down; Intel's QVL asks for CA and
        // PCK.
        if let Some(error) = revocations.by_root(source, CertificateRole::Root, &root.serial) {
            return Err(error.into());
        }
        let ca_validity = self.check_ca(source, &ca)?;
        let issuer = self.0.set.pck_list.ca.issuer();
        let validity = chain::check_pck(source, &pck, &issuer)?;
        if let Some(error) = revocations.by_authority(&issuer, source, &pck.serial) {
            return Err(error.into());
        }
        Ok(CertifiedPck {
            public_key: pck.public_key,
            extension,
            source,
            validities: [validity, ca_validity, root_validity],
        })
    }

    /// Cheap, before any signature: is this the collateral for this platform at all?
    fn check_fit(&self, extension: &PckExtension) -> Result<(), QuoteError> {
        let info = self.tcb_info();
        // Intel's QVL, step .11: levels are those of one processor family and one PCE. Those of another could be lower.
        if extension.fmspc != info.fmspc {
            return Err(QuoteError::Fmspc { expected: extension.fmspc, got: info.fmspc });
        }
        if extension.pce_id != info.pce_id {
            let (expected, got) = (extension.pce_id.to_string(), info.pce_id.to_string());
            return Err(QuoteError::PceId { expected, got });
        }
        Ok(())
    }

    /// The CA in the chain is the one that the revocation list's chain has shown, or another certificate of the
    /// same name and key under the same root.
    fn check_ca(&self, source: Source, ca: &Certificate<'_>) -> Result<Validity, QuoteError> {
        let known = &self.0.set.pck_list.ca;
        let validity = if ca.der == known.der {
            known.validity
        } else {
            let (_, validity) = chain::check_pck_ca(source, ca, &self.0.root)?;
            // The list at hand is of one CA. A PCK of the other one, Platform or Processor, would be asked for in a list that
            // cannot name it.
            if ca.subject != known.subject || ca.public_key != known.public_key {
                let expected = crate::x509::shown_name(&known.subject);
                return Err(QuoteError::Ca { expected, got: crate::x509::shown_name(ca.subject) });
            }
            validity
        };
        match self.0.revocations.by_root(source, CertificateRole::PckCa, &ca.serial) {
            Some(error) => Err(error.into()),
            None => Ok(validity),
        }
    }

    /// The last question of stage 3, for a chain just walked and for a remembered one: is all of it in force?
    pub(crate) fn check_pck_dates(
        &self,
        pck: &CertifiedPck,
        as_of: UnixTime,
        mut expired: Vec<ExpiredItem>,
    ) -> Result<Vec<ExpiredItem>, QuoteError> {
        pck.check_windows(as_of, self.0.expiry, &mut expired)?;
        Ok(expired)
    }

    /// The PCK signed the report of Intel's quoting enclave, and the report vouches for the attestation key.
    pub(crate) fn certify_enclave(
        &self,
        quote: &Quote,
        pck: Arc<CertifiedPck>,
    ) -> Result<CertifiedEnclave, QuoteError> {
        let attestation_key = vouched_key(&pck.public_key, quote)?;
        let report = quote.qe_report();
        // Intel's QVL, steps .15 and .16, where the identity may be left out; here it may not: an enclave of somebody else
        // with a genuine report could sign any quote.
        self.qe_identity().check(report)?;
        Ok(CertifiedEnclave { pck, attestation_key, isv_svn: report.isv_svn })
    }

    /// What is asked of every quote, however much is remembered, once its certificates are in force: its own
    /// signature, its TCB level.
    pub(crate) fn conclude(
        &self,
        quote: &Quote,
        as_of: UnixTime,
        enclave: &CertifiedEnclave,
        expired: Vec<ExpiredItem>,
    ) -> Result<VerifiedQuote, QuoteError> {
        let pck = &enclave.pck;
        // Intel's QVL, step .17: the quote itself, by the key that the enclave vouches for. A point that is not on the curve
        // verifies nothing.
        check_signature(&enclave.attestation_key, quote)?;
        let evaluator = Evaluator {
            tcb_info: self.tcb_info(),
            qe_identity: self.qe_identity(),
            pck: &pck.extension,
            qe_isv_svn: enclave.isv_svn,
        };
        let tcb = match quote.body() {
            Body::Sgx(_) => evaluator.evaluate(None, None)?,
            Body::Td(report) => {
                self.check_module(report)?;
                evaluator.evaluate(Some(&report.tee_tcb_svn), report.tee_tcb_svn2.as_ref())?
            }
        };
        let mut sources = Vec::with_capacity(8);
        sources.extend_from_slice(self.sources());
        sources.push(SourceDates::of_chain(pck.source, &pck.validities));
        let (root_ca_crl_number, pck_crl_number) = self.crl_numbers();
        let facts = CollateralFacts {
            sources,
            root_ca_crl_number: root_ca_crl_number.to_owned(),
            pck_crl_number: pck_crl_number.to_owned(),
            expired,
        };
        Ok(VerifiedQuote::new(quote.clone(), tcb, facts, Arc::clone(pck), self.clone(), as_of))
    }

    /// Signer and attributes of the TDX module, by the identity of its version where it has one.
    fn check_module(&self, report: &crate::quote::TdReport) -> Result<(), QuoteError> {
        let info = self.tcb_info();
        let [_, version, ..] = *report.tee_tcb_svn.as_bytes();
        let unknown = || QuoteError::TdxModuleUnknown {
            id: format!("TDX_{version:02X}"),
            evaluated: crate::error::Evaluated::Launch,
        };
        // Intel's QVL, step .12: TEE_TCB_SVN[1] names the module's version; a version without an identity is unknown, and an
        // unknown module can report any TD.
        let module = if version == 0 {
            info.tdx_module.as_ref()
        } else {
            info.module_identity(version).map(|identity| &identity.module)
        };
        let module = module.ok_or_else(unknown)?;
        // The same step: a module that Intel did not sign.
        if report.mr_signer_seam.as_bytes() != &module.mr_signer {
            let (expected, got) = (hex::encode(module.mr_signer), report.mr_signer_seam.to_string());
            return Err(QuoteError::TdxModuleSigner { expected, got });
        }
        // As Intel's QVL: all zero and equal; the mask is not used.
        let attributes = report.seam_attributes.as_bytes();
        if attributes != &[0; 8] || attributes != &module.attributes {
            let (expected, got) = (hex::encode(module.attributes), report.seam_attributes.to_string());
            return Err(QuoteError::TdxModuleAttributes { expected, got });
        }
        Ok(())
    }
}

impl CertifiedPck {
    fn check_windows(
        &self,
        as_of: UnixTime,
        expiry: Expiry,
        expired: &mut Vec<ExpiredItem>,
    ) -> Result<(), QuoteError> {
        for validity in self.validities {
            let window = Window::Certificate { source: self.source, validity };
            window.check(as_of, expiry, expired).map_err(|error| match error {
                CollateralError::Chain(error) => QuoteError::Chain(error),
                other => QuoteError::Collateral(other),
            })?;
        }
        Ok(())
    }
}

/// The attestation key as a point, for which the PCK's key vouches through the quoting enclave's report. What enclave that
/// is, only an identity tells.
fn vouched_key(pck: &PublicKey, quote: &Quote) -> Result<[u8; 65], QuoteError> {
    // Intel's QVL, step .13: without it the enclave's report is anybody's.
    if !verify_fixed(pck, quote.qe_report_bytes(), quote.qe_report_signature()) {
        return Err(QuoteError::QeReportSignature);
    }
    let report = quote.qe_report();
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    context.update(quote.attestation_key());
    context.update(quote.qe_authentication_data());
    let digest = context.finish();
    let vouched = report.report_data.as_bytes().first_chunk::<32>().map_or(&[][..], |half| half);
    // Intel's QVL, step .14: SHA-256 over attestation key and authentication data stands in the first half of the
    // enclave's REPORTDATA. Without it a genuine enclave's report could stand before another key.
    if digest.as_ref() != vouched {
        return Err(QuoteError::QeReportData { expected: hex::encode(digest), got: hex::encode(vouched) });
    }
    let mut attestation_key = [4; 65];
    if let Some(point) = attestation_key.last_chunk_mut() {
        *point = *quote.attestation_key();
    }
    Ok(attestation_key)
}

fn check_signature(attestation_key: &PublicKey, quote: &Quote) -> Result<(), QuoteError> {
    if verify_fixed(attestation_key, quote.signed_bytes(), quote.signature()) {
        Ok(())
    } else {
        Err(QuoteError::QuoteSignature)
    }
}

/// What shows a quote to be forged without any collateral: its chain does not come from the root, its chain's key did not
/// sign the enclave's report, the report does not vouch for the attestation key, or that key did not sign the quote. Dates,
/// revocations and whose enclave it is need collateral. Five signatures.
pub(crate) fn contradiction(
    quote: &Quote,
    (source, text): (Source, &[u8]),
    root: &TrustRoot,
    budget: &Budget,
) -> Option<QuoteError> {
    let walk = || -> Result<(), QuoteError> {
        let decoded = chain::decode(source, text, 3, budget)?;
        let pck = chain::walk_pck(source, &decoded, root)?.pck_key;
        check_signature(&vouched_key(&pck, quote)?, quote)
    };
    let error = walk().err()?.placed(quote);
    (error.reason().class() == ReasonClass::NotGenuine).then_some(error)
}
