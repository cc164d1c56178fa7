//! The rules for each part of Intel's chains.

use super::{Certificate, PublicKey, Serial, pem, shown_name};
use crate::error::{CertificateRole as Role, ChainError, ChainFault, Source};
use crate::pck::CaKind;
use crate::root::TrustRoot;
use veritee_base::{Budget, UnixTime};

/// Common name of the root of all of Intel's certificates for SGX and TDX.
const ROOT_NAME: &str = "Intel SGX Root CA";
const PCK_NAME: &str = "Intel SGX PCK Certificate";
const TCB_SIGNER_NAME: &str = "Intel SGX TCB Signing";

/// From when to when a certificate is valid, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) role: Role,
    pub(crate) not_before: UnixTime,
    pub(crate) not_after: UnixTime,
}

impl Validity {
    const fn of(role: Role, certificate: &Certificate<'_>) -> Self {
        Self { role, not_before: certificate.not_before, not_after: certificate.not_after }
    }
}

/// Decodes a PEM chain of exactly `count` certificates.
pub(crate) fn decode(
    source: Source,
    text: &[u8],
    count: usize,
    budget: &Budget,
) -> Result<Vec<Vec<u8>>, ChainError> {
    let limit = budget.certificate_chain_bytes;
    // Before any base64 is decoded: the chain in a quote is its maker's to fill.
    if text.len() > limit {
        return Err(ChainError::new(source, None, ChainFault::TooLarge { limit, got: text.len() }));
    }
    let chain = pem::decode_glued_chain(text, budget.certificates)
        .map_err(|error| ChainError::new(source, None, ChainFault::Pem(error)))?;
    // Intel's QVL wants exactly three in a quote, two in collateral. A certificate more would be checked by nobody.
    if chain.len() != count {
        return Err(ChainError::new(source, None, ChainFault::Count { expected: count, got: chain.len() }));
    }
    Ok(chain)
}

/// The certificates below the root, in the order of the chain, and the root, which may stand anywhere.
pub(crate) struct Parsed<'a> {
    pub(crate) below: Vec<Certificate<'a>>,
    pub(crate) root: Certificate<'a>,
}

pub(crate) fn parse<'a>(source: Source, chain: &'a [Vec<u8>]) -> Result<Parsed<'a>, ChainError> {
    let mut below = Vec::with_capacity(chain.len());
    let mut root = None;
    for (index, der) in chain.iter().enumerate() {
        let certificate = Certificate::parse(der)
            .map_err(|error| ChainError::new(source, None, ChainFault::Der { index, error }))?;
        if !certificate.is_self_issued() {
            below.push(certificate);
        // Of two roots one would be held against the pinned one and the other forgotten.
        } else if root.replace(certificate).is_some() {
            return Err(ChainError::new(source, Some(Role::Root), ChainFault::Part));
        }
    }
    let root = root.ok_or(ChainError::new(source, Some(Role::Root), ChainFault::Part))?;
    Ok(Parsed { below, root })
}

/// Dates of a PCK chain in PEM, by its own words.
pub(crate) fn validities(source: Source, text: &[u8], budget: &Budget) -> Result<[Validity; 3], ChainError> {
    let decoded = decode(source, text, 3, budget)?;
    let (pck, ca, root) = parse(source, &decoded)?.pck_and_ca(source)?;
    Ok([Validity::of(Role::Pck, &pck), Validity::of(Role::PckCa, &ca), Validity::of(Role::Root, &root)])
}

impl<'a> Parsed<'a> {
    /// The only certificate below the root.
    pub(crate) fn only(
        self,
        source: Source,
        role: Role,
    ) -> Result<(Certificate<'a>, Certificate<'a>), ChainError> {
        match <[Certificate<'a>; 1]>::try_from(self.below) {
            Ok([certificate]) => Ok((certificate, self.root)),
            Err(_count) => Err(ChainError::new(source, Some(role), ChainFault::Part)),
        }
    }

    /// PCK and CA, told apart by the CA bit, and by name where that bit is wrong.
    pub(crate) fn pck_and_ca(
        self,
        source: Source,
    ) -> Result<(Certificate<'a>, Certificate<'a>, Certificate<'a>), ChainError> {
        let Ok([first, second]) = <[Certificate<'a>; 2]>::try_from(self.below) else {
            return Err(ChainError::new(source, Some(Role::Pck), ChainFault::Part));
        };
        let is_ca = |certificate: &Certificate<'_>| {
            certificate.basic_constraints().is_some_and(|constraints| constraints.ca)
        };
        let first_is_pck = match (is_ca(&first), is_ca(&second)) {
            (false, true) => true,
            (true, false) => false,
            _ => {
                let named =
                    |certificate: &Certificate<'_>| certificate.subject_common_name() == Some(PCK_NAME);
                match (named(&first), named(&second)) {
                    (true, false) => true,
                    (false, true) => false,
                    _ => return Err(ChainError::new(source, Some(Role::Pck), ChainFault::Part)),
                }
            }
        };
        Ok(if first_is_pck { (first, second, self.root) } else { (second, first, self.root) })
    }
}

/// The certificate above another one.
pub(crate) struct Issuer<'a> {
    pub(crate) subject: &'a [u8],
    pub(crate) subject_key: &'a [u8],
    pub(crate) public_key: &'a PublicKey,
}

impl<'a> Issuer<'a> {
    pub(crate) fn root(root: &'a TrustRoot) -> Self {
        Self { subject: root.subject(), subject_key: root.subject_key(), public_key: root.public_key() }
    }
}

/// The root inside a chain: the pinned one, or another self-signed certificate of the same name and key, in
/// force (Intel's first, of 2018 to 2033, still comes in genuine quotes).
pub(crate) fn check_root(
    source: Source,
    certificate: &Certificate<'_>,
    root: &TrustRoot,
    certificates_below: u32,
) -> Result<Validity, ChainError> {
    let fault = |fault| ChainError::new(source, Some(Role::Root), fault);
    // Intel's QVL compares the signature's bytes with those of the trusted root. Here name and key are, so that another
    // certificate of the pinned key is taken and one of another key is not.
    if certificate.subject != root.subject() {
        return Err(fault(ChainFault::Root { what: "name" }));
    }
    if certificate.public_key != *root.public_key() {
        return Err(fault(ChainFault::Root { what: "public key" }));
    }
    check_extensions(source, Role::Root, certificate)?;
    check_ca(source, Role::Root, certificate, certificates_below)?;
    check_key_identifier(source, Role::Root, certificate, root.subject_key())?;
    // RFC 5280 4.2.1.2: what the certificates below name as their issuer's key is this one.
    if certificate.subject_key() != Some(root.subject_key()) {
        return Err(fault(ChainFault::Root { what: "subject key identifier" }));
    }
    // The pinned certificate's own signature was checked when it became the root.
    if certificate.der != root.der() && !certificate.is_signed_by(root.public_key()) {
        return Err(fault(ChainFault::Signature));
    }
    Ok(Validity::of(Role::Root, certificate))
}

/// The Platform or Processor CA, down from the root.
pub(crate) fn check_pck_ca(
    source: Source,
    certificate: &Certificate<'_>,
    root: &TrustRoot,
) -> Result<(CaKind, Validity), ChainError> {
    let name = certificate.subject_common_name().unwrap_or_default();
    // Intel's PCK profile has two CAs below the root. The TCB signer, which the root signs too, is none of them.
    let kind = CaKind::from_name(name).ok_or_else(|| {
        let got = shown_name(certificate.subject);
        let expected = "Intel SGX PCK Platform CA or Intel SGX PCK Processor CA";
        ChainError::new(source, Some(Role::PckCa), ChainFault::Name { expected, got })
    })?;
    check_extensions(source, Role::PckCa, certificate)?;
    check_ca(source, Role::PckCa, certificate, 0)?;
    check_issued_by(source, Role::PckCa, certificate, &Issuer::root(root))?;
    Ok((kind, Validity::of(Role::PckCa, certificate)))
}

/// A PCK chain that reaches the root.
pub(crate) struct WalkedPck {
    /// Of the PCK's certificate, its CA's, the root's.
    pub(crate) validities: [Validity; 3],
    pub(crate) serials: [Serial; 3],
    /// Name and key of the CA.
    pub(crate) subject: Vec<u8>,
    pub(crate) public_key: PublicKey,
    /// The PCK's own key.
    pub(crate) pck_key: PublicKey,
}

/// Walks a decoded PCK chain from the root down. Neither dates nor revocations are looked at. Two signatures.
pub(crate) fn walk_pck(source: Source, chain: &[Vec<u8>], root: &TrustRoot) -> Result<WalkedPck, ChainError> {
    let (pck, ca, in_chain) = parse(source, chain)?.pck_and_ca(source)?;
    let of_root = check_root(source, &in_chain, root, 1)?;
    let (_, of_ca) = check_pck_ca(source, &ca, root)?;
    let issuer = Issuer {
        subject: ca.subject,
        subject_key: ca.subject_key().unwrap_or_default(),
        public_key: &ca.public_key,
    };
    let of_pck = check_pck(source, &pck, &issuer)?;
    Ok(WalkedPck {
        validities: [of_pck, of_ca, of_root],
        serials: [pck.serial, ca.serial, in_chain.serial],
        subject: ca.subject.to_vec(),
        public_key: ca.public_key,
        pck_key: pck.public_key,
    })
}

/// The PCK certificate, down from its CA.
pub(crate) fn check_pck(
    source: Source,
    certificate: &Certificate<'_>,
    issuer: &Issuer<'_>,
) -> Result<Validity, ChainError> {
    // The name tells a PCK from whatever else the CA may sign: Intel's QVL asks for it as well.
    check_end(source, Role::Pck, PCK_NAME, certificate)?;
    check_issued_by(source, Role::Pck, certificate, issuer)?;
    Ok(Validity::of(Role::Pck, certificate))
}

/// The TCB signer, directly below the root.
pub(crate) fn check_tcb_signer(
    source: Source,
    certificate: &Certificate<'_>,
    root: &TrustRoot,
) -> Result<Validity, ChainError> {
    // Without the name a PCK CA, also directly below the root, could sign TCB levels.
    check_end(source, Role::TcbSigner, TCB_SIGNER_NAME, certificate)?;
    check_issued_by(source, Role::TcbSigner, certificate, &Issuer::root(root))?;
    Ok(Validity::of(Role::TcbSigner, certificate))
}

pub(crate) fn revoked(source: Source, role: Role, serial: &Serial) -> ChainError {
    let serial = hex::encode(serial);
    ChainError::new(source, Some(role), ChainFault::Revoked { serial })
}

fn check_end(
    source: Source,
    role: Role,
    expected: &'static str,
    certificate: &Certificate<'_>,
) -> Result<(), ChainError> {
    let fault = |fault| ChainError::new(source, Some(role), fault);
    if certificate.subject_common_name() != Some(expected) {
        return Err(fault(ChainFault::Name { expected, got: shown_name(certificate.subject) }));
    }
    check_extensions(source, role, certificate)?;
    // RFC 5280 4.2.1.9: an end that may sign certificates could make others like it. Intel's QVL does not look.
    if certificate.basic_constraints().is_none_or(|constraints| constraints.ca) {
        return Err(fault(ChainFault::Ca { expected: false }));
    }
    // RFC 5280 4.2.1.3: the key signs reports or documents, neither certificates nor lists.
    if !certificate.key_usage().is_some_and(super::KeyUsage::digital_signature) {
        return Err(fault(ChainFault::KeyUsage("digitalSignature")));
    }
    // RFC 5280 4.2.1.9: no keyCertSign without CA. Whoever looks at one of the two only would be misled.
    if certificate.key_usage().is_some_and(super::KeyUsage::key_cert_sign) {
        return Err(fault(ChainFault::KeyUsage("digitalSignature without keyCertSign")));
    }
    Ok(())
}

fn check_ca(
    source: Source,
    role: Role,
    certificate: &Certificate<'_>,
    needed: u32,
) -> Result<(), ChainError> {
    let fault = |fault| ChainError::new(source, Some(role), fault);
    // RFC 5280 6.1.4 (k): whoever signs a certificate is a CA, or any holder of a PCK key could be one.
    let Some(constraints) = certificate.basic_constraints().filter(|constraints| constraints.ca) else {
        return Err(fault(ChainFault::Ca { expected: true }));
    };
    // RFC 5280 6.1.4 (l) and (m): as many certificates below as the CA was given, and no more.
    if let Some(got) = constraints.path_length.filter(|length| *length < needed) {
        return Err(fault(ChainFault::PathLength { needed, got }));
    }
    let usage = certificate.key_usage();
    // RFC 5280 6.1.4 (n).
    if !usage.is_some_and(super::KeyUsage::key_cert_sign) {
        return Err(fault(ChainFault::KeyUsage("keyCertSign")));
    }
    // RFC 5280 6.3.3 (f): its key verifies revocation lists too.
    if !usage.is_some_and(super::KeyUsage::crl_sign) {
        return Err(fault(ChainFault::KeyUsage("cRLSign")));
    }
    Ok(())
}

fn check_extensions(source: Source, role: Role, certificate: &Certificate<'_>) -> Result<(), ChainError> {
    // Intel's QVL demands these five of every certificate of the chain. That lists are named is all that is asked of the
    // distribution points: which lists count is not the certificate's to say.
    let missing = if certificate.authority_key().is_none() {
        "authorityKeyIdentifier"
    } else if certificate.subject_key().is_none() {
        "subjectKeyIdentifier"
    } else if !certificate.has_distribution_points() {
        "cRLDistributionPoints"
    } else if certificate.key_usage().is_none() {
        "keyUsage"
    } else if certificate.basic_constraints().is_none() {
        "basicConstraints"
    } else {
        return Ok(());
    };
    Err(ChainError::new(source, Some(role), ChainFault::ExtensionMissing(missing)))
}

fn check_issued_by(
    source: Source,
    role: Role,
    certificate: &Certificate<'_>,
    issuer: &Issuer<'_>,
) -> Result<(), ChainError> {
    // RFC 5280 6.1.3 (a)(4): names are chained byte by byte, as Intel writes them.
    if certificate.issuer != issuer.subject {
        let same =
            certificate.issuer.iter().zip(issuer.subject).take_while(|(got, expected)| got == expected);
        let fault = ChainFault::Issuer {
            expected: shown_name(issuer.subject),
            got: shown_name(certificate.issuer),
            is_root: certificate.issuer_common_name() == Some(ROOT_NAME),
            at: certificate.issuer_at.saturating_add(same.count()),
        };
        return Err(ChainError::new(source, Some(role), fault).on(certificate.der));
    }
    check_key_identifier(source, role, certificate, issuer.subject_key)?;
    // RFC 5280 6.1.3 (a)(1).
    if certificate.is_signed_by(issuer.public_key) {
        Ok(())
    } else {
        Err(ChainError::new(source, Some(role), ChainFault::Signature))
    }
}

fn check_key_identifier(
    source: Source,
    role: Role,
    certificate: &Certificate<'_>,
    issuer_key: &[u8],
) -> Result<(), ChainError> {
    // RFC 5280 4.2.1.1: of two CAs of one name and different keys this is the one that signed.
    match certificate.authority_key() {
        Some(key) if key == issuer_key => Ok(()),
        other => {
            let fault = ChainFault::KeyIdentifier {
                expected: hex::encode(issuer_key),
                got: hex::encode(other.unwrap_or_default()),
            };
            Err(ChainError::new(source, Some(role), fault))
        }
    }
}
