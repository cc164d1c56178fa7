//! Collateral that has been verified once and judges many quotes: three signatures each, fewer when remembered.

use crate::collateral::Expiry;
use crate::error::{CertificateRole, ChainError, CollateralError, QuoteError, Source};
use crate::facts::{CollateralFacts, ExpiredItem, SourceDates, Window};
use crate::pck::{CaKind, PckExtension};
use crate::qe_identity::QeIdentity;
use crate::quote::{Body, CertificationType, Quote, Tee};
use crate::root::TrustRoot;
use crate::tcb::Evaluator;
use crate::tcb_info::TcbInfo;
use crate::verified::VerifiedQuote;
use crate::x509::chain::{self, Issuer, Validity};
use crate::x509::crl::RevokedSerials;
use crate::x509::{Certificate, PublicKey, verify_fixed};
use std::sync::Arc;
use veritee_model::{Budget, Fmspc, UnixTime};

/// Verified collateral of one processor family, PCK CA and kind of TEE. Cheap to clone, `Send` and `Sync`.
///
/// Built by [`crate::Collateral::verify_at`] only.
#[derive(Clone)]
pub struct PreparedCollateral(Arc<Prepared>);

pub(crate) struct Prepared {
    pub(crate) root: TrustRoot,
    pub(crate) expiry: Expiry,
    pub(crate) windows: Vec<Window>,
    /// Dates of seven sources; the eighth is the PCK chain.
    pub(crate) sources: Vec<SourceDates>,
    pub(crate) ca: PckCa,
    pub(crate) root_crl: RevocationList,
    pub(crate) pck_crl: RevocationList,
    pub(crate) tcb_info: TcbInfo,
    pub(crate) qe_identity: QeIdentity,
    pub(crate) pck_chain: Option<String>,
    pub(crate) budget: Budget,
}

/// The PCK CA, vouched for by the root.
pub(crate) struct PckCa {
    pub(crate) kind: CaKind,
    pub(crate) der: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) subject_key: Vec<u8>,
    pub(crate) public_key: PublicKey,
    pub(crate) validity: Validity,
}

impl PckCa {
    pub(crate) fn issuer(&self) -> Issuer<'_> {
        Issuer { subject: &self.subject, subject_key: &self.subject_key, public_key: &self.public_key }
    }
}

/// A verified revocation list, reduced to what is asked of it.
pub(crate) struct RevocationList {
    pub(crate) serials: RevokedSerials,
    pub(crate) number: String,
}

/// A PCK certificate that the root vouches for and its CA has not revoked.
#[derive(Debug)]
pub(crate) struct CertifiedPck {
    pub(crate) public_key: PublicKey,
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

impl core::fmt::Debug for PreparedCollateral {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PreparedCollateral")
            .field("tee", &self.tee())
            .field("fmspc", &self.fmspc())
            .field("ca", &self.ca())
            .field("root", self.root())
            .finish_non_exhaustive()
    }
}

impl PreparedCollateral {
    pub(crate) fn new(prepared: Prepared, as_of: UnixTime) -> Result<Self, CollateralError> {
        let collateral = Self(Arc::new(prepared));
        collateral.check_windows(as_of)?;
        Ok(collateral)
    }

    /// Kind of TEE that it judges.
    #[must_use]
    pub fn tee(&self) -> Tee {
        self.0.tcb_info.tee
    }

    /// Processor family that it judges.
    #[must_use]
    pub fn fmspc(&self) -> Fmspc {
        self.0.tcb_info.fmspc
    }

    /// CA whose certificates it can say to be unrevoked.
    #[must_use]
    pub fn ca(&self) -> CaKind {
        self.0.ca.kind
    }

    /// The root that it was verified under.
    #[must_use]
    pub fn root(&self) -> &TrustRoot {
        &self.0.root
    }

    /// The TCB info.
    #[must_use]
    pub fn tcb_info(&self) -> &TcbInfo {
        &self.0.tcb_info
    }

    /// The QE identity.
    #[must_use]
    pub fn qe_identity(&self) -> &QeIdentity {
        &self.0.qe_identity
    }

    /// How many certificates its lists revoke: the root's list, the PCK CA's list.
    #[must_use]
    pub fn revoked_certificates(&self) -> (usize, usize) {
        (self.0.root_crl.serials.len(), self.0.pck_crl.serials.len())
    }

    /// CRLNumbers of its lists, hex: the root's list, the PCK CA's list.
    #[must_use]
    pub fn crl_numbers(&self) -> (&str, &str) {
        (&self.0.root_crl.number, &self.0.pck_crl.number)
    }

    /// Dates of the seven sources in it; the PCK chain, the eighth, comes with a quote.
    #[must_use]
    pub fn sources(&self) -> &[SourceDates] {
        &self.0.sources
    }

    /// What has expired at `as_of`.
    ///
    /// # Errors
    /// When something is not in force yet, or has expired and the collateral was verified with
    /// [`Expiry::Enforce`].
    pub fn check_windows(&self, as_of: UnixTime) -> Result<Vec<ExpiredItem>, CollateralError> {
        let mut expired = Vec::new();
        for window in &self.0.windows {
            window.check(as_of, self.0.expiry, &mut expired)?;
        }
        Ok(expired)
    }

    /// Bytes that it occupies, the allocator's own aside: about 4 KiB, and 20 for every revoked certificate.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let it = &*self.0;
        let info = &it.tcb_info;
        let modules = info.tdx_modules.iter();
        let isv_levels = modules.clone().flat_map(|module| &module.levels).chain(&it.qe_identity.levels);
        let verdicts = info.levels.iter().map(|level| &level.verdict);
        let verdicts = verdicts.chain(isv_levels.clone().map(|level| &level.verdict));
        let advisories = verdicts.flat_map(|verdict| &verdict.advisories);
        [
            size_of::<Prepared>(),
            it.root_crl.serials.bytes(),
            it.pck_crl.serials.bytes(),
            size_of_val(it.windows.as_slice()),
            size_of_val(it.sources.as_slice()),
            size_of_val(info.levels.as_slice()),
            size_of_val(info.tdx_modules.as_slice()),
            isv_levels.map(size_of_val).sum(),
            advisories.map(|advisory| size_of_val(advisory).saturating_add(advisory.len())).sum(),
            modules.map(|module| module.id.len()).sum(),
            it.ca.der.len(),
            it.ca.subject.len(),
            it.ca.subject_key.len(),
            it.root_crl.number.len(),
            it.pck_crl.number.len(),
            it.pck_chain.as_ref().map_or(0, String::len),
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }

    /// Verifies one quote: PCK certificate, quoting enclave, quote signature, TCB level. Three signatures.
    ///
    /// TD attributes are not judged here (see [`crate::td_attributes`]), nor is any status other than revoked:
    /// that is for a policy.
    ///
    /// # Errors
    /// The first fault in the order of [`crate::Stage`].
    pub fn verify(&self, quote: &Quote, as_of: UnixTime) -> Result<VerifiedQuote, QuoteError> {
        let expired = self.check_force(quote, as_of)?;
        let pck = Arc::new(self.certify_pck(quote)?);
        let enclave = self.certify_enclave(quote, pck)?;
        self.conclude(quote, as_of, &enclave, expired)
    }

    /// The collateral is in force and for this kind of TEE.
    pub(crate) fn check_force(&self, quote: &Quote, as_of: UnixTime) -> Result<Vec<ExpiredItem>, QuoteError> {
        let expired = self.check_windows(as_of)?;
        if quote.tee() == self.tee() {
            Ok(expired)
        } else {
            Err(QuoteError::Kind { expected: self.tee(), got: quote.tee() })
        }
    }

    /// The PCK chain's bytes and where they stand.
    pub(crate) fn pck_chain<'a>(&'a self, quote: &'a Quote) -> Result<(Source, &'a [u8]), QuoteError> {
        let kind = quote.certification().kind();
        match (kind, &self.0.pck_chain) {
            (CertificationType::PckChain, _) => Ok((Source::PckChainInQuote, quote.certification_data())),
            (_, Some(chain)) => Ok((Source::PckChainInCollateral, chain.as_bytes())),
            (_, None) => Err(QuoteError::PckChainMissing { certification: kind.number() }),
        }
    }

    /// Walks the PCK chain. Dates are left to [`Self::conclude`], so that a remembered chain is held to them too.
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
            let fault = crate::error::ChainFault::ExtensionMissing("Intel's SGX extension");
            ChainError::new(source, Some(CertificateRole::Pck), fault)
        })?;
        let extension = PckExtension::parse(extension).map_err(QuoteError::PckExtension)?;
        self.check_fit(&extension)?;
        let root_validity = chain::check_root(source, &root, &self.0.root, 1)?;
        if self.0.root_crl.serials.contains(&root.serial) {
            return Err(chain::revoked(source, CertificateRole::Root, &root.serial).into());
        }
        let ca_validity = self.check_ca(source, &ca)?;
        let validity = chain::check_pck(source, &pck, &self.0.ca.issuer())?;
        if self.0.pck_crl.serials.contains(&pck.serial) {
            return Err(chain::revoked(source, CertificateRole::Pck, &pck.serial).into());
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
        let info = &self.0.tcb_info;
        if extension.fmspc != info.fmspc {
            return Err(QuoteError::Fmspc { expected: info.fmspc, got: extension.fmspc });
        }
        if extension.pce_id != info.pce_id {
            let (expected, got) = (info.pce_id.to_string(), extension.pce_id.to_string());
            return Err(QuoteError::PceId { expected, got });
        }
        Ok(())
    }

    /// The CA in the chain is the one that the revocation list's chain has shown, or another certificate of the
    /// same name and key under the same root.
    fn check_ca(&self, source: Source, ca: &Certificate<'_>) -> Result<Validity, QuoteError> {
        if ca.der == self.0.ca.der {
            return Ok(self.0.ca.validity);
        }
        let (_, validity) = chain::check_pck_ca(source, ca, &self.0.root)?;
        if ca.subject != self.0.ca.subject || ca.public_key != self.0.ca.public_key {
            let expected = crate::x509::shown_name(&self.0.ca.subject);
            return Err(QuoteError::Ca { expected, got: crate::x509::shown_name(ca.subject) });
        }
        if self.0.root_crl.serials.contains(&ca.serial) {
            return Err(chain::revoked(source, CertificateRole::PckCa, &ca.serial).into());
        }
        Ok(validity)
    }

    /// The PCK signed the report of Intel's quoting enclave, and the report vouches for the attestation key.
    pub(crate) fn certify_enclave(
        &self,
        quote: &Quote,
        pck: Arc<CertifiedPck>,
    ) -> Result<CertifiedEnclave, QuoteError> {
        if !verify_fixed(&pck.public_key, quote.qe_report_bytes(), quote.qe_report_signature()) {
            return Err(QuoteError::QeReportSignature);
        }
        let report = quote.qe_report();
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        context.update(quote.attestation_key());
        context.update(quote.qe_authentication_data());
        let digest = context.finish();
        let vouched = report.report_data.as_bytes().first_chunk::<32>().map_or(&[][..], |half| half);
        if digest.as_ref() != vouched {
            return Err(QuoteError::QeReportData {
                expected: hex::encode(digest),
                got: hex::encode(vouched),
            });
        }
        self.0.qe_identity.check(report)?;
        let mut attestation_key = [4; 65];
        if let Some(point) = attestation_key.last_chunk_mut() {
            *point = *quote.attestation_key();
        }
        Ok(CertifiedEnclave { pck, attestation_key, isv_svn: report.isv_svn })
    }

    /// What is asked of every quote, however much is remembered: dates, its own signature, its TCB level.
    pub(crate) fn conclude(
        &self,
        quote: &Quote,
        as_of: UnixTime,
        enclave: &CertifiedEnclave,
        mut expired: Vec<ExpiredItem>,
    ) -> Result<VerifiedQuote, QuoteError> {
        let pck = &enclave.pck;
        pck.check_windows(as_of, self.0.expiry, &mut expired)?;
        if !verify_fixed(&enclave.attestation_key, quote.signed_bytes(), quote.signature()) {
            return Err(QuoteError::QuoteSignature);
        }
        let evaluator = Evaluator {
            tcb_info: &self.0.tcb_info,
            qe_identity: &self.0.qe_identity,
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
        sources.extend_from_slice(&self.0.sources);
        sources.push(SourceDates::of_chain(pck.source, &pck.validities));
        let facts = CollateralFacts {
            sources,
            root_ca_crl_number: self.0.root_crl.number.clone(),
            pck_crl_number: self.0.pck_crl.number.clone(),
            expired,
        };
        Ok(VerifiedQuote::new(quote.clone(), tcb, facts, Arc::clone(pck), self.clone(), as_of))
    }

    /// Signer and attributes of the TDX module, by the identity of its version where it has one.
    fn check_module(&self, report: &crate::quote::TdReport) -> Result<(), QuoteError> {
        let info = &self.0.tcb_info;
        let [_, version, ..] = *report.tee_tcb_svn.as_bytes();
        let unknown = || QuoteError::TdxModuleUnknown {
            id: format!("TDX_{version:02X}"),
            evaluated: crate::error::Evaluated::Launch,
        };
        let module = if version == 0 {
            info.tdx_module.as_ref()
        } else {
            info.module_identity(version).map(|identity| &identity.module)
        };
        let module = module.ok_or_else(unknown)?;
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
