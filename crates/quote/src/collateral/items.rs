//! The four items of collateral, each verified on its own under the root: signatures, names, parts, form.
//!
//! Nothing here looks at the time or at a revocation: an item is genuine or it is not, for ever, and what a run knows
//! of dates and revocations is held against it where items are chosen ([`crate::KnownCollateral`]).

use super::CollateralParts;
use crate::error::{CertificateRole, ChainError, CollateralError, CrlFault, DocumentFault, Source};
use crate::facts::{Force, SourceDates, Window};
use crate::pck::CaKind;
use crate::qe_identity::QeIdentity;
use crate::revocations::{RevocationList, Revocations};
use crate::root::TrustRoot;
use crate::tcb_info::TcbInfo;
use crate::x509::chain::{self, Issuer, Validity};
use crate::x509::crl::Crl;
use crate::x509::{PublicKey, SERIAL_LENGTH, Serial, check_algorithm, shown_name, verify_asn1, verify_fixed};
use std::sync::Arc;
use veritee_base::{Budget, UnixTime};

/// A number by which items of one kind are ordered, left-padded: an evaluation number or a CRLNumber.
pub(crate) type Number = [u8; SERIAL_LENGTH];

/// What the choice between items of one kind asks of each.
pub(crate) trait Item {
    /// Its own number, then its own date: the larger is the newer.
    fn age(&self) -> (Number, UnixTime);
    /// Everything in it that has a beginning and an end.
    fn windows(&self) -> Vec<Window>;
    /// The certificate above it that is revoked, if one is.
    fn revoked(&self, root: &TrustRoot, known: &Revocations) -> Option<ChainError>;

    /// Whether all of it is in force.
    fn force(&self, as_of: UnixTime) -> Force {
        self.windows().iter().map(|window| window.force(as_of)).min().unwrap_or(Force::Future)
    }
}

/// A TCB signer, vouched for by the root.
#[derive(Debug)]
pub(crate) struct Signer {
    public_key: PublicKey,
    serial: Serial,
    root_serial: Serial,
    pub(crate) validities: [Validity; 2],
}

/// The PCK CA, vouched for by the root.
#[derive(Debug)]
pub(crate) struct PckCa {
    pub(crate) kind: CaKind,
    pub(crate) der: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) subject_key: Vec<u8>,
    pub(crate) public_key: PublicKey,
    pub(crate) validity: Validity,
    serial: Serial,
    root_serial: Serial,
    pub(crate) root_validity: Validity,
}

impl PckCa {
    /// Bytes on the heap and in the value.
    pub(crate) fn bytes(&self) -> usize {
        [size_of::<Self>(), self.der.len(), self.subject.len(), self.subject_key.len()]
            .into_iter()
            .fold(0, usize::saturating_add)
    }

    pub(crate) fn issuer(&self) -> Issuer<'_> {
        Issuer { subject: &self.subject, subject_key: &self.subject_key, public_key: &self.public_key }
    }
}

/// TCB info that Intel signed.
#[derive(Debug)]
pub(crate) struct TcbInfoItem {
    pub(crate) info: TcbInfo,
    pub(crate) signer: Arc<Signer>,
}

/// A QE identity that Intel signed.
#[derive(Debug)]
pub(crate) struct QeIdentityItem {
    pub(crate) identity: QeIdentity,
    pub(crate) signer: Arc<Signer>,
}

/// A revocation list of a PCK CA.
#[derive(Debug)]
pub(crate) struct PckListItem {
    pub(crate) ca: Arc<PckCa>,
    pub(crate) list: RevocationList,
}

/// A revocation list of the root.
#[derive(Debug)]
pub(crate) struct RootListItem {
    pub(crate) list: RevocationList,
}

/// Chains that were read already: the service sends the same two with every item.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chains {
    signers: Vec<(Arc<str>, Arc<Signer>)>,
    authorities: Vec<(Arc<str>, Arc<PckCa>)>,
}

/// Under what items are read.
#[derive(Clone, Copy)]
pub(crate) struct Under<'a> {
    pub(crate) root: &'a TrustRoot,
    pub(crate) budget: &'a Budget,
}

/// Chains that are remembered. Intel has had four signers in eight years.
const REMEMBERED_CHAINS: usize = 16;

impl Chains {
    fn signer(&mut self, source: Source, text: &str, under: Under<'_>) -> Result<Arc<Signer>, ChainError> {
        if let Some((_, known)) = self.signers.iter().find(|(chain, _)| **chain == *text) {
            return Ok(Arc::clone(known));
        }
        let read = Arc::new(read_signer(source, text, under)?);
        if self.signers.len() < REMEMBERED_CHAINS {
            self.signers.push((Arc::from(text), Arc::clone(&read)));
        }
        Ok(read)
    }

    fn authority(&mut self, text: &str, under: Under<'_>) -> Result<Arc<PckCa>, ChainError> {
        if let Some((_, known)) = self.authorities.iter().find(|(chain, _)| **chain == *text) {
            return Ok(Arc::clone(known));
        }
        let read = Arc::new(read_pck_ca(text, under)?);
        if self.authorities.len() < REMEMBERED_CHAINS {
            self.authorities.push((Arc::from(text), Arc::clone(&read)));
        }
        Ok(read)
    }
}

impl TcbInfoItem {
    pub(crate) fn verify(
        parts: &CollateralParts,
        under: Under<'_>,
        chains: &mut Chains,
    ) -> Result<Self, CollateralError> {
        let source = Source::TcbInfo;
        check_size(source, parts.tcb_info.len(), under.budget.collateral_json_bytes)?;
        let signer = chains.signer(Source::TcbInfoIssuerChain, &parts.tcb_info_issuer_chain, under)?;
        check_signature(source, &parts.tcb_info, &parts.tcb_info_signature, &signer)?;
        let info = TcbInfo::parse(&parts.tcb_info, under.budget)
            .map_err(|fault| CollateralError::Document { source, fault })?;
        Ok(Self { info, signer })
    }

    pub(crate) fn dates(&self) -> SourceDates {
        SourceDates::of_document(Source::TcbInfo, self.info.issue_date, self.info.next_update)
    }
}

impl Item for TcbInfoItem {
    fn age(&self) -> (Number, UnixTime) {
        (number_of(self.info.evaluation_number), self.info.issue_date)
    }

    fn windows(&self) -> Vec<Window> {
        let (from, until) = (self.info.issue_date, self.info.next_update);
        let document = Window::Document { source: Source::TcbInfo, from, until };
        signed_windows(Source::TcbInfoIssuerChain, &self.signer, document)
    }

    fn revoked(&self, root: &TrustRoot, known: &Revocations) -> Option<ChainError> {
        signer_revoked(Source::TcbInfoIssuerChain, &self.signer, root, known)
    }
}

impl QeIdentityItem {
    pub(crate) fn verify(
        parts: &CollateralParts,
        under: Under<'_>,
        chains: &mut Chains,
    ) -> Result<Self, CollateralError> {
        let source = Source::QeIdentity;
        check_size(source, parts.qe_identity.len(), under.budget.collateral_json_bytes)?;
        let signer = chains.signer(Source::QeIdentityIssuerChain, &parts.qe_identity_issuer_chain, under)?;
        check_signature(source, &parts.qe_identity, &parts.qe_identity_signature, &signer)?;
        let identity = QeIdentity::parse(&parts.qe_identity, under.budget)
            .map_err(|fault| CollateralError::Document { source, fault })?;
        Ok(Self { identity, signer })
    }

    pub(crate) fn dates(&self) -> SourceDates {
        SourceDates::of_document(Source::QeIdentity, self.identity.issue_date, self.identity.next_update)
    }
}

impl Item for QeIdentityItem {
    fn age(&self) -> (Number, UnixTime) {
        (number_of(self.identity.evaluation_number), self.identity.issue_date)
    }

    fn windows(&self) -> Vec<Window> {
        let (from, until) = (self.identity.issue_date, self.identity.next_update);
        let document = Window::Document { source: Source::QeIdentity, from, until };
        signed_windows(Source::QeIdentityIssuerChain, &self.signer, document)
    }

    fn revoked(&self, root: &TrustRoot, known: &Revocations) -> Option<ChainError> {
        signer_revoked(Source::QeIdentityIssuerChain, &self.signer, root, known)
    }
}

impl PckListItem {
    pub(crate) fn verify(
        parts: &CollateralParts,
        under: Under<'_>,
        chains: &mut Chains,
    ) -> Result<Self, CollateralError> {
        check_size(Source::PckCrl, parts.pck_crl.len(), under.budget.crl_bytes)?;
        let ca = chains.authority(&parts.pck_crl_issuer_chain, under)?;
        let list = read_list(Source::PckCrl, &parts.pck_crl, &ca.issuer())?;
        Ok(Self { ca, list })
    }

    pub(crate) fn dates(&self) -> SourceDates {
        SourceDates::of_document(Source::PckCrl, self.list.this_update, self.list.next_update)
    }

    pub(crate) fn chain_validities(&self) -> [Validity; 2] {
        [self.ca.validity, self.ca.root_validity]
    }
}

impl Item for PckListItem {
    fn age(&self) -> (Number, UnixTime) {
        (number_of_hex(&self.list.number), self.list.this_update)
    }

    fn windows(&self) -> Vec<Window> {
        let source = Source::PckCrlIssuerChain;
        let mut windows: Vec<Window> = self
            .chain_validities()
            .into_iter()
            .map(|validity| Window::Certificate { source, validity })
            .collect();
        windows.push(self.list.window(Source::PckCrl));
        windows
    }

    fn revoked(&self, root: &TrustRoot, known: &Revocations) -> Option<ChainError> {
        let source = Source::PckCrlIssuerChain;
        root_revoked(root, known)
            .or_else(|| known.by_root(source, CertificateRole::PckCa, &self.ca.serial))
            .or_else(|| known.by_root(source, CertificateRole::Root, &self.ca.root_serial))
    }
}

impl RootListItem {
    pub(crate) fn verify(parts: &CollateralParts, under: Under<'_>) -> Result<Self, CollateralError> {
        check_size(Source::RootCaCrl, parts.root_ca_crl.len(), under.budget.crl_bytes)?;
        let list = read_list(Source::RootCaCrl, &parts.root_ca_crl, &Issuer::root(under.root))?;
        Ok(Self { list })
    }

    pub(crate) fn dates(&self) -> SourceDates {
        SourceDates::of_document(Source::RootCaCrl, self.list.this_update, self.list.next_update)
    }
}

impl Item for RootListItem {
    fn age(&self) -> (Number, UnixTime) {
        (number_of_hex(&self.list.number), self.list.this_update)
    }

    fn windows(&self) -> Vec<Window> {
        vec![self.list.window(Source::RootCaCrl)]
    }

    fn revoked(&self, root: &TrustRoot, known: &Revocations) -> Option<ChainError> {
        root_revoked(root, known)
    }
}

fn root_revoked(root: &TrustRoot, known: &Revocations) -> Option<ChainError> {
    known.by_root(Source::RootCaCrl, CertificateRole::Root, root.serial())
}

/// A chain's root may be another certificate of the pinned root's key: it is asked after by its own number.
fn signer_revoked(
    source: Source,
    signer: &Signer,
    root: &TrustRoot,
    known: &Revocations,
) -> Option<ChainError> {
    root_revoked(root, known)
        .or_else(|| known.by_root(source, CertificateRole::TcbSigner, &signer.serial))
        .or_else(|| known.by_root(source, CertificateRole::Root, &signer.root_serial))
}

fn signed_windows(source: Source, signer: &Signer, document: Window) -> Vec<Window> {
    let [own, above] = signer.validities;
    vec![
        Window::Certificate { source, validity: own },
        Window::Certificate { source, validity: above },
        document,
    ]
}

fn number_of(evaluation: u32) -> Number {
    let mut number = [0; SERIAL_LENGTH];
    if let Some(last) = number.last_chunk_mut() {
        *last = evaluation.to_be_bytes();
    }
    number
}

/// A CRLNumber, of at most twenty bytes by the reader of lists.
fn number_of_hex(digits: &str) -> Number {
    let mut number = [0; SERIAL_LENGTH];
    let bytes = hex::decode(digits).unwrap_or_default();
    for (slot, byte) in number.iter_mut().rev().zip(bytes.iter().rev()) {
        *slot = *byte;
    }
    number
}

fn check_size(source: Source, got: usize, limit: usize) -> Result<(), CollateralError> {
    // Before anything is decoded: who sends collateral chooses its size.
    if got > limit { Err(CollateralError::TooLarge { source, limit, got }) } else { Ok(()) }
}

pub(super) fn read_signer(source: Source, text: &str, under: Under<'_>) -> Result<Signer, ChainError> {
    let chain = chain::decode(source, text.as_bytes(), 2, under.budget)?;
    // Two certificates, signer and root: Intel signs documents directly below the root.
    let (signer, in_chain) = chain::parse(source, &chain)?.only(source, CertificateRole::TcbSigner)?;
    let root_validity = chain::check_root(source, &in_chain, under.root, 0)?;
    let validity = chain::check_tcb_signer(source, &signer, under.root)?;
    Ok(Signer {
        public_key: signer.public_key,
        serial: signer.serial,
        root_serial: in_chain.serial,
        validities: [validity, root_validity],
    })
}

pub(super) fn read_pck_ca(text: &str, under: Under<'_>) -> Result<PckCa, ChainError> {
    let source = Source::PckCrlIssuerChain;
    let chain = chain::decode(source, text.as_bytes(), 2, under.budget)?;
    let (certificate, in_chain) = chain::parse(source, &chain)?.only(source, CertificateRole::PckCa)?;
    let root_validity = chain::check_root(source, &in_chain, under.root, 1)?;
    let (kind, validity) = chain::check_pck_ca(source, &certificate, under.root)?;
    Ok(PckCa {
        kind,
        der: certificate.der.to_vec(),
        subject: certificate.subject.to_vec(),
        subject_key: certificate.subject_key().unwrap_or_default().to_vec(),
        public_key: certificate.public_key,
        validity,
        serial: certificate.serial,
        root_serial: in_chain.serial,
        root_validity,
    })
}

pub(super) fn read_list(
    source: Source,
    der: &[u8],
    issuer: &Issuer<'_>,
) -> Result<RevocationList, CollateralError> {
    let fault = |fault| CollateralError::Crl { source, fault };
    let crl = Crl::parse_signed(der, check_algorithm).map_err(|error| fault(CrlFault::Der(error)))?;
    // RFC 5280 6.3.3 (b)(1): a list speaks of its issuer's certificates only; another one's, however genuine, revokes nothing
    // of this one's.
    if crl.issuer != issuer.subject {
        let expected = shown_name(issuer.subject);
        return Err(fault(CrlFault::Issuer { expected, got: shown_name(crl.issuer) }));
    }
    // RFC 5280 5.2.1: which of the issuer's keys signed it.
    if crl.authority_key != issuer.subject_key {
        let expected = hex::encode(issuer.subject_key);
        return Err(fault(CrlFault::KeyIdentifier { expected, got: hex::encode(crl.authority_key) }));
    }
    // RFC 5280 6.3.3 (g). An unsigned list could leave out what is revoked.
    if !verify_asn1(issuer.public_key, crl.tbs, crl.signature) {
        return Err(fault(CrlFault::Signature));
    }
    Ok(RevocationList {
        this_update: crl.this_update,
        next_update: crl.next_update,
        serials: crl.revoked,
        number: crl.number,
    })
}

/// Over the raw bytes: what is parsed later is what was signed, whatever a JSON writer would make of it.
fn check_signature(
    source: Source,
    document: &str,
    signature: &str,
    signer: &Signer,
) -> Result<(), CollateralError> {
    let fault = |fault| CollateralError::Document { source, fault };
    // Intel's services give 64 bytes, `r || s`, in hex.
    let signature: [u8; 64] =
        veritee_base::bytes::decode_hex(signature).map_err(|_form| fault(DocumentFault::SignatureForm))?;
    if verify_fixed(&signer.public_key, document.as_bytes(), &signature) {
        Ok(())
    } else {
        Err(fault(DocumentFault::Signature))
    }
}
