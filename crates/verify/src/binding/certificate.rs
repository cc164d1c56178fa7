//! RA-TLS certificate chains of dstack: leaf, application CA, KMS CA.
//!
//! All of it is attacker-controlled until three things hold: the leaf's key is bound by REPORTDATA of a verified
//! quote, each certificate is signed by the next, and the last one's key is the measured key provider.
//!
//! An issuer has to be an authority by its own certificate (RFC 5280, section 4.2.1.9): what an application's leaf signs
//! is worth nothing. dstack gives its authorities the key usage digitalSignature alone, so that keyCertSign can be
//! demanded only where a certificate names any other use (section 4.2.1.3).
//!
//! Not checked here: validity dates (`binding.ra-tls` holds them against the as-of time), names, revocation (dstack has
//! none).

use core::fmt;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, UnparsedPublicKey, VerificationAlgorithm,
};
use veritee_model::{AppId, Budget, Reason, UnixTime};
use x509_parser::oid_registry::{OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ECDSA_WITH_SHA384};
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::SubjectPublicKeyInfo;

/// dstack's arc, 1.3.6.1.4.1.62397.1, with the number of the extension appended.
const ARC: &str = "1.3.6.1.4.1.62397.1.";
pub(super) const QUOTE: &str = "1";
const EVENT_LOG: &str = "2";
pub(super) const APP_ID: &str = "3";
pub(super) const ATTESTATION: &str = "8";

/// Why a chain is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainError {
    /// Not PEM or DER, empty, too large or too long.
    Malformed {
        /// 0-based certificate.
        certificate: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A certificate is not signed by the next one.
    Signature {
        /// 0-based certificate.
        certificate: usize,
    },
    /// An issuer did not come along, and others did that are none: no chain can be made of them.
    Gap {
        /// 0-based certificate whose issuer is missing.
        certificate: usize,
    },
    /// A certificate that signs another one is no authority, or not for so long a chain.
    Authority {
        /// 0-based certificate.
        certificate: usize,
        /// What is wrong.
        what: &'static str,
    },
}

impl ChainError {
    /// The reason code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            // Somebody gave the wrong file, or left one out: nothing is forged by that.
            Self::Malformed { .. } | Self::Gap { .. } => Reason::RaTlsMalformed,
            Self::Signature { .. } | Self::Authority { .. } => Reason::RaTlsSignature,
        }
    }
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { certificate, what } | Self::Authority { certificate, what } => {
                write!(f, "certificate {certificate}: {what}")
            }
            Self::Signature { certificate } => {
                write!(f, "certificate {certificate} is not signed by the key of its issuer")
            }
            Self::Gap { certificate } => {
                write!(
                    f,
                    "the issuer of certificate {certificate} did not come along, and others that are none did"
                )
            }
        }
    }
}

impl core::error::Error for ChainError {}

/// A chain whose signatures hold, and what its leaf carries. Whose chain it is, is not yet known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaTlsChain {
    /// The leaf's public key (SPKI, DER).
    pub leaf_spki: Vec<u8>,
    /// The last certificate's public key (SPKI, DER); the leaf's own where it stands alone.
    pub root_spki: Vec<u8>,
    /// The last certificate is signed with its own key.
    pub root_is_self_signed: bool,
    /// The last certificate names itself as its issuer: nothing is left out after it.
    pub ends_in_root: bool,
    /// Number of certificates, leaf and issuers.
    pub length: usize,
    /// The quote in the leaf.
    pub quote: Option<Vec<u8>>,
    /// The event log in the leaf, as it stands there: JSON, or gzip behind a magic.
    pub event_log: Option<Vec<u8>>,
    /// The app id in the leaf.
    pub app_id: Option<AppId>,
    /// App ids in the certificates of its issuers: a KMS writes one into the authority that it makes for an application.
    pub issuer_app_ids: Vec<AppId>,
    /// From when and until when each certificate is valid, leaf first.
    pub validity: Vec<(UnixTime, UnixTime)>,
    /// The leaf has dstack's attestation container. It is not read here: whoever reads the evidence reads it out.
    pub has_attestation: bool,
    last: Vec<u8>,
}

impl RaTlsChain {
    /// Reads a chain in PEM or one DER certificate, and verifies every signature in it. The leaf comes first, its issuers
    /// follow in any order (RFC 8446, section 4.4.2), found by their names. A chain without its end is cut short: see
    /// [`Self::ends_in_root`]. What is no issuer is passed over beside a whole chain.
    ///
    /// # Errors
    /// When it cannot be read, an issuer is left out, or a certificate is not signed by the one that it names as its issuer.
    pub fn read(bytes: &[u8], budget: &Budget) -> Result<Self, ChainError> {
        let ders = split(bytes, budget)?;
        let certificates = ders
            .iter()
            .enumerate()
            .map(|(certificate, der)| match X509Certificate::from_der(der) {
                Ok(([], parsed)) => Ok(parsed),
                Ok(_) => Err(ChainError::Malformed { certificate, what: "bytes after the certificate" }),
                Err(_) => Err(ChainError::Malformed { certificate, what: "not an X.509 certificate" }),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let path = path(&certificates);
        let order: Vec<usize> = path.iter().map(|(index, _)| *index).collect();
        let beside = certificates.len().saturating_sub(order.len());
        let certificates: Vec<_> = order.iter().filter_map(|index| certificates.get(*index)).collect();
        for (certificate, (parent, (_, signed))) in certificates.iter().zip(&path).skip(1).enumerate() {
            if !signed {
                return Err(ChainError::Signature { certificate });
            }
            authority(parent, certificate).map_err(|what| {
                let certificate = certificate.saturating_add(1);
                ChainError::Authority { certificate, what }
            })?;
        }
        let empty = ChainError::Malformed { certificate: 0, what: "no certificate" };
        let (Some(leaf), Some(last)) = (certificates.first(), certificates.last()) else { return Err(empty) };
        let ends_in_root = last.issuer().as_raw() == last.subject().as_raw();
        if !ends_in_root && beside > 0 {
            return Err(ChainError::Gap { certificate: order.len().saturating_sub(1) });
        }
        let mut app_ids = Vec::new();
        for (certificate, parsed) in certificates.iter().enumerate() {
            app_ids.push(app_id(parsed).map_err(|what| ChainError::Malformed { certificate, what })?);
        }
        let mut app_ids = app_ids.into_iter();
        let app_id = app_ids.next().flatten();
        Ok(Self {
            leaf_spki: leaf.public_key().raw.to_vec(),
            root_spki: last.public_key().raw.to_vec(),
            root_is_self_signed: ends_in_root && signed_by(last, last),
            ends_in_root,
            length: certificates.len(),
            quote: extension(leaf, QUOTE)?,
            event_log: extension(leaf, EVENT_LOG)?,
            app_id,
            issuer_app_ids: app_ids.flatten().collect(),
            validity: certificates.iter().map(|certificate| validity(certificate)).collect(),
            has_attestation: extension(leaf, ATTESTATION)?.is_some(),
            last: order.last().and_then(|index| ders.get(*index)).cloned().unwrap_or_default(),
        })
    }

    /// Whether the last certificate is signed with this key (SPKI, DER).
    #[must_use]
    pub fn is_signed_by(&self, spki: &[u8]) -> bool {
        let certificate = X509Certificate::from_der(&self.last);
        let key = SubjectPublicKeyInfo::from_der(spki);
        let (Ok(([], certificate)), Ok(([], key))) = (certificate, key) else { return false };
        signed_with(&certificate, &key)
    }
}

/// The way from the leaf, which is the first, to the last issuer that is there. Of several of the same name the one that
/// signed is taken; where none did, the first, whose signature then fails. With each whether it signed the one before it.
fn path(certificates: &[X509Certificate<'_>]) -> Vec<(usize, bool)> {
    let mut order: Vec<(usize, bool)> = Vec::new();
    let mut next = certificates.first().map(|leaf| (0, leaf, true));
    while let Some((index, child, signed)) = next {
        order.push((index, signed));
        let is_root = child.issuer().as_raw() == child.subject().as_raw();
        let mut named = certificates.iter().enumerate().filter(|(index, parent)| {
            !is_root
                && order.iter().all(|(taken, _)| taken != index)
                && parent.subject().as_raw() == child.issuer().as_raw()
        });
        let first = named.next();
        let signer = first.into_iter().chain(named).find(|(_, parent)| signed_by(child, parent));
        let signer = signer.map(|(index, parent)| (index, parent, true));
        next = signer.or_else(|| first.map(|(index, parent)| (index, parent, false)));
    }
    order
}

/// That a certificate may sign another one, with so many authorities between it and the leaf.
fn authority(certificate: &X509Certificate<'_>, below: usize) -> Result<(), &'static str> {
    /// digitalSignature and nothing else.
    const AS_DSTACK_WRITES_IT: u16 = 1;
    let constraints = certificate.basic_constraints().ok().flatten();
    let Some(constraints) = constraints.map(|extension| extension.value).filter(|found| found.ca) else {
        return Err("it signs another certificate and is no authority (basicConstraints)");
    };
    let limit = constraints.path_len_constraint.and_then(|limit| usize::try_from(limit).ok());
    if limit.is_some_and(|limit| below > limit) {
        return Err("the chain below it is longer than it allows (pathLenConstraint)");
    }
    match certificate.key_usage() {
        Ok(None) => Ok(()),
        Ok(Some(usage)) if usage.value.key_cert_sign() || usage.value.flags == AS_DSTACK_WRITES_IT => Ok(()),
        _ => Err("its key is not for signing certificates (keyUsage)"),
    }
}

pub(super) fn validity(certificate: &X509Certificate<'_>) -> (UnixTime, UnixTime) {
    let seconds = |time: x509_parser::time::ASN1Time| u64::try_from(time.timestamp()).unwrap_or(0);
    let validity = certificate.validity();
    let (from, until) = (seconds(validity.not_before), seconds(validity.not_after));
    (UnixTime::from_seconds(from), UnixTime::from_seconds(until))
}

fn app_id(certificate: &X509Certificate<'_>) -> Result<Option<AppId>, &'static str> {
    let value =
        extension(certificate, APP_ID).map_err(|_error| "a dstack extension twice, or no octet string")?;
    let read =
        |bytes: Vec<u8>| AppId::try_from(bytes.as_slice()).map_err(|_length| "app id of other than 20 bytes");
    value.map(read).transpose()
}

/// The certificates of a chain in PEM, or the one in DER.
pub(super) fn split(bytes: &[u8], budget: &Budget) -> Result<Vec<Vec<u8>>, ChainError> {
    let malformed = |certificate, what| ChainError::Malformed { certificate, what };
    if bytes.len() > budget.ra_tls_bytes {
        return Err(malformed(0, "larger than any genuine chain"));
    }
    if bytes.first() == Some(&0x30) {
        return Ok(vec![bytes.to_vec()]);
    }
    let mut ders = Vec::new();
    for (certificate, pem) in Pem::iter_from_buffer(bytes).enumerate() {
        if certificate >= budget.certificates {
            return Err(malformed(certificate, "more certificates than any genuine chain"));
        }
        let pem = pem.map_err(|_not_pem| malformed(certificate, "not PEM"))?;
        if pem.label != "CERTIFICATE" {
            return Err(malformed(certificate, "a PEM block that is no certificate"));
        }
        ders.push(pem.contents);
    }
    if ders.is_empty() { Err(malformed(0, "no certificate")) } else { Ok(ders) }
}

/// ECDSA over P-256 or P-384 only: what dstack issues.
fn signed_by(child: &X509Certificate<'_>, parent: &X509Certificate<'_>) -> bool {
    signed_with(child, parent.public_key())
}

fn signed_with(child: &X509Certificate<'_>, key: &SubjectPublicKeyInfo<'_>) -> bool {
    let algorithm: &dyn VerificationAlgorithm =
        if child.signature_algorithm.algorithm == OID_SIG_ECDSA_WITH_SHA256 {
            &ECDSA_P256_SHA256_ASN1
        } else if child.signature_algorithm.algorithm == OID_SIG_ECDSA_WITH_SHA384 {
            &ECDSA_P384_SHA384_ASN1
        } else {
            return false;
        };
    if child.signature_algorithm != child.tbs_certificate.signature {
        return false;
    }
    let key = UnparsedPublicKey::new(algorithm, key.subject_public_key.data.as_ref());
    key.verify(child.tbs_certificate.as_ref(), child.signature_value.data.as_ref()).is_ok()
}

/// The value of dstack's extension `number`: a DER OCTET STRING inside the extension's own.
pub(super) fn extension(leaf: &X509Certificate<'_>, number: &str) -> Result<Option<Vec<u8>>, ChainError> {
    let oid = format!("{ARC}{number}");
    let mut found = leaf.extensions().iter().filter(|extension| extension.oid.to_id_string() == oid);
    let Some(first) = found.next() else { return Ok(None) };
    if found.next().is_some() {
        return Err(ChainError::Malformed { certificate: 0, what: "the same dstack extension twice" });
    }
    match x509_parser::der_parser::der::parse_der_octetstring(first.value) {
        Ok(([], object)) => object.as_slice().map(|bytes| Some(bytes.to_vec())).map_err(|_form| {
            ChainError::Malformed { certificate: 0, what: "a dstack extension that is no octet string" }
        }),
        _ => {
            Err(ChainError::Malformed { certificate: 0, what: "a dstack extension that is no octet string" })
        }
    }
}
