//! X.509 as Intel uses it, and nothing wider: version 3, ECDSA P-256 with SHA-256, no unknown critical extension.
//!
//! Why not a general path builder: no path of Intel's ends where such a library wants one to end. The issuer chain
//! of a revocation list ends in a CA, the chain order is free, the root may come in an older certificate of the
//! same key, revocation lists are verified once for thousands of quotes, and the reason of a refusal must be told
//! with its place. What remains is a walk over two or three certificates in fixed parts, done here with every
//! check of RFC 5280 section 6 that applies, and some of Intel's.

pub(crate) mod chain;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof;

pub(crate) use veritee_x509::crl;
pub(crate) use veritee_x509::pem;
pub(crate) use veritee_x509::{KeyUsage, SERIAL_LENGTH, Serial, common_name, shown_name};

use crate::der::{DerError, DerFault, Element};
use ring::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use veritee_base::UnixTime;
use veritee_x509::{
    AUTHORITY_KEY_IDENTIFIER, BASIC_CONSTRAINTS, BasicConstraints, CertificateFrame, Extension, KEY_USAGE,
    NARROWING, SUBJECT_KEY_IDENTIFIER, read_authority_key, read_basic_constraints, read_key_usage,
    read_subject_key,
};

/// `SEQUENCE { ecdsa-with-SHA256 }`.
const ECDSA_WITH_SHA256: &[u8] = &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// `SEQUENCE { id-ecPublicKey, prime256v1 }`.
const P256_PUBLIC_KEY: &[u8] = &[
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07,
];
/// 2.5.29.31. Only that it is there is asked (see `check_extensions` of the chain).
const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 0x1f];
/// 1.2.840.113741.1.13.1, Intel's SGX extension.
const SGX_EXTENSION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01];
/// An uncompressed P-256 point: `04 || x || y`.
pub(crate) type PublicKey = [u8; 65];

/// A certificate that is laid out as Intel's are. No signature is checked by reading it.
#[derive(Debug, Clone)]
pub(crate) struct Certificate<'a> {
    /// The whole certificate.
    pub(crate) der: &'a [u8],
    /// What the issuer signs.
    tbs: &'a [u8],
    signature: &'a [u8],
    pub(crate) serial: Serial,
    /// Issuer, DER.
    pub(crate) issuer: &'a [u8],
    /// Where the issuer stands in the certificate.
    pub(crate) issuer_at: usize,
    /// Subject, DER.
    pub(crate) subject: &'a [u8],
    pub(crate) not_before: UnixTime,
    pub(crate) not_after: UnixTime,
    pub(crate) public_key: PublicKey,
    /// SubjectPublicKeyInfo, DER.
    pub(crate) spki: &'a [u8],
    extensions: Extensions<'a>,
}

#[derive(Debug, Clone, Default)]
struct Extensions<'a> {
    basic_constraints: Option<BasicConstraints>,
    key_usage: Option<KeyUsage>,
    subject_key: Option<&'a [u8]>,
    authority_key: Option<&'a [u8]>,
    distribution_points: bool,
    sgx: Option<Element<'a>>,
}

impl<'a> Certificate<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, DerError> {
        let (frame, public_key) = CertificateFrame::read(
            bytes,
            |outer, signed| check_algorithm(outer).and_then(|()| check_algorithm(signed)),
            |spki| {
                let other = |named: &Element<'_>| named.error(DerFault::OtherCurve);
                veritee_x509::read_point(spki, P256_PUBLIC_KEY, other, DerFault::PointForm)
            },
        )?;
        let mut extensions = Extensions::default();
        // RFC 5280 4.2: no extension twice.
        let repeated = DerFault::ExtensionOccursTwice;
        veritee_x509::read_extensions(&frame.extensions, usize::MAX, repeated, |it| extensions.take(it))?;
        Ok(Self {
            der: frame.der,
            tbs: frame.tbs,
            signature: frame.signature,
            serial: frame.serial,
            issuer: frame.issuer.whole,
            issuer_at: frame.issuer.at,
            subject: frame.subject.whole,
            not_before: frame.not_before,
            not_after: frame.not_after,
            public_key,
            spki: frame.spki.whole,
            extensions,
        })
    }

    /// The signature verifies under this key.
    pub(crate) fn is_signed_by(&self, issuer_key: &PublicKey) -> bool {
        verify_asn1(issuer_key, self.tbs, self.signature)
    }

    pub(crate) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    pub(crate) fn subject_common_name(&self) -> Option<&'a str> {
        common_name(self.subject)
    }

    pub(crate) fn issuer_common_name(&self) -> Option<&'a str> {
        common_name(self.issuer)
    }

    pub(crate) const fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.extensions.basic_constraints
    }

    pub(crate) const fn key_usage(&self) -> Option<KeyUsage> {
        self.extensions.key_usage
    }

    pub(crate) const fn subject_key(&self) -> Option<&'a [u8]> {
        self.extensions.subject_key
    }

    pub(crate) const fn authority_key(&self) -> Option<&'a [u8]> {
        self.extensions.authority_key
    }

    pub(crate) const fn has_distribution_points(&self) -> bool {
        self.extensions.distribution_points
    }

    /// Value of Intel's SGX extension.
    pub(crate) const fn sgx_extension(&self) -> Option<Element<'a>> {
        self.extensions.sgx
    }
}

/// An X.509 signature (DER `ECDSA-Sig-Value`).
pub(crate) fn verify_asn1(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(message, signature).is_ok()
}

/// A signature of a quote or of collateral (`r || s`).
pub(crate) fn verify_fixed(key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(message, signature).is_ok()
}

pub(crate) fn check_algorithm(element: &Element<'_>) -> Result<(), DerError> {
    // Intel's PCK profile has one algorithm, without parameters (RFC 5758 3.2). Another one named is another signature.
    if element.whole == ECDSA_WITH_SHA256 {
        Ok(())
    } else {
        Err(element.error(DerFault::OtherSignatureAlgorithm))
    }
}

impl<'a> Extensions<'a> {
    fn take(&mut self, extension: &Extension<'a>) -> Result<(), DerError> {
        let element = &extension.element;
        match extension.oid {
            BASIC_CONSTRAINTS => {
                let constraints = read_basic_constraints(element)?;
                // RFC 5280 4.2.1.9: whoever does not know the extension must not take a CA for something else.
                if constraints.ca && !extension.critical {
                    return Err(element.error(DerFault::CaConstraintsNotCritical));
                }
                self.basic_constraints = Some(constraints);
            }
            KEY_USAGE => self.key_usage = Some(read_key_usage(element)?),
            // RFC 5280 4.2.1.1 and 4.2.1.2: both must not be critical.
            SUBJECT_KEY_IDENTIFIER => {
                extension.refuse_critical()?;
                self.subject_key = Some(read_subject_key(element)?);
            }
            AUTHORITY_KEY_IDENTIFIER => {
                extension.refuse_critical()?;
                self.authority_key = Some(read_authority_key(element)?);
            }
            CRL_DISTRIBUTION_POINTS => self.distribution_points = true,
            SGX_EXTENSION => self.sgx = Some(*element),
            // RFC 5280 4.2.1.5, 4.2.1.10 to 4.2.1.12, 4.2.1.14: Intel's have none. One that is there would have to be obeyed.
            oid if NARROWING.contains(&oid) => {
                return Err(element.error(DerFault::NarrowingExtension));
            }
            // RFC 5280 4.2: a critical extension that is not understood refuses the certificate.
            _ if extension.critical => return Err(element.error(DerFault::UnknownCriticalExtension)),
            _ => {}
        }
        Ok(())
    }
}
