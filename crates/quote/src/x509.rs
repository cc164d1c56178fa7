//! X.509 as Intel uses it, and nothing wider: version 3, ECDSA P-256 with SHA-256, no unknown critical extension.
//!
//! Why not a general path builder: no path of Intel's ends where such a library wants one to end. The issuer chain
//! of a revocation list ends in a CA, the chain order is free, the root may come in an older certificate of the
//! same key, revocation lists are verified once for thousands of quotes, and the reason of a refusal must be told
//! with its place. What remains is a walk over two or three certificates in fixed parts, done here with every
//! check of RFC 5280 section 6 that applies, and some of Intel's.

pub(crate) mod chain;
pub(crate) mod crl;
pub(crate) mod pem;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof;

use crate::der::{
    self, BIT_STRING, BOOLEAN, Der, DerError, DerFault, Element, INTEGER, OCTET_STRING, OID,
    PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING,
};
use ring::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use veritee_base::UnixTime;

/// `SEQUENCE { ecdsa-with-SHA256 }`.
const ECDSA_WITH_SHA256: &[u8] = &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// `SEQUENCE { id-ecPublicKey, prime256v1 }`.
const P256_PUBLIC_KEY: &[u8] = &[
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07,
];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x0e];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
pub(crate) const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 0x14];
const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 0x1f];
pub(crate) const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
/// Extensions that narrow what a certificate vouches for: name constraints, policy mappings, policy constraints,
/// extended key usage, inhibit any-policy. Intel uses none, and what is not obeyed here must not be passed over.
const NARROWING: [&[u8]; 5] =
    [&[0x55, 0x1d, 0x1e], &[0x55, 0x1d, 0x21], &[0x55, 0x1d, 0x24], &[0x55, 0x1d, 0x25], &[0x55, 0x1d, 0x36]];
/// 1.2.840.113741.1.13.1, Intel's SGX extension.
const SGX_EXTENSION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01];
/// Value bytes of a serial number (RFC 5280 4.1.2.2).
pub(crate) const SERIAL_LENGTH: usize = 20;

/// An uncompressed P-256 point: `04 || x || y`.
pub(crate) type PublicKey = [u8; 65];

/// A serial number, left-padded with zeros, so that equal numbers are equal bytes.
pub(crate) type Serial = [u8; SERIAL_LENGTH];

/// Basic constraints of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BasicConstraints {
    pub(crate) ca: bool,
    pub(crate) path_length: Option<u32>,
}

/// Bits of keyUsage as RFC 5280 numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyUsage(u16);

impl KeyUsage {
    pub(crate) const fn digital_signature(self) -> bool {
        self.0 & 0x8000 != 0
    }
    pub(crate) const fn key_cert_sign(self) -> bool {
        self.0 & 0x0400 != 0
    }
    pub(crate) const fn crl_sign(self) -> bool {
        self.0 & 0x0200 != 0
    }
}

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
        let mut outer = Der::new(bytes);
        let whole = outer.expect(SEQUENCE, DerFault::CertificateExpected)?;
        outer.finish(DerFault::BytesAfterCertificate)?;
        let mut parts = whole.inner();
        let tbs = parts.expect(SEQUENCE, DerFault::TbsCertificateExpected)?;
        let algorithm = parts.expect(SEQUENCE, DerFault::SignatureAlgorithmExpected)?;
        let signature = parts.expect(BIT_STRING, DerFault::SignatureExpected)?;
        parts.finish(DerFault::BytesAfterSignature)?;
        check_algorithm(&algorithm)?;
        let mut fields = tbs.inner();
        check_version(&mut fields)?;
        let serial = read_serial(&fields.expect(INTEGER, DerFault::SerialNumberExpected)?)?;
        check_algorithm(&fields.expect(SEQUENCE, DerFault::SignatureAlgorithmExpected)?)?;
        let issuer = fields.expect(SEQUENCE, DerFault::IssuerExpected)?;
        let mut validity = fields.sequence(DerFault::ValidityExpected)?;
        let not_before = validity.any()?.time()?;
        let not_after = validity.any()?.time()?;
        validity.finish(DerFault::BytesAfterValidity)?;
        let subject = fields.expect(SEQUENCE, DerFault::SubjectExpected)?;
        let spki = fields.expect(SEQUENCE, DerFault::SubjectPublicKeyExpected)?;
        let public_key = read_public_key(&spki)?;
        let extensions = read_extensions(&fields.expect(0xa3, DerFault::ExtensionsExpected)?)?;
        fields.finish(DerFault::BytesAfterExtensions)?;
        Ok(Self {
            der: bytes,
            tbs: tbs.whole,
            signature: signature.octets_of_bits()?,
            serial,
            issuer: issuer.whole,
            issuer_at: issuer.at,
            subject: subject.whole,
            not_before,
            not_after,
            public_key,
            spki: spki.whole,
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
    if element.whole == ECDSA_WITH_SHA256 {
        Ok(())
    } else {
        Err(element.error(DerFault::OtherSignatureAlgorithm))
    }
}

fn check_version(fields: &mut Der<'_>) -> Result<(), DerError> {
    let wrapper = fields.expect(0xa0, DerFault::Version3Expected)?;
    let mut inner = wrapper.inner();
    let version = inner.expect(INTEGER, DerFault::VersionExpected)?;
    inner.finish(DerFault::BytesAfterVersion)?;
    if version.value == [2] { Ok(()) } else { Err(version.error(DerFault::Version3Expected)) }
}

/// A positive serial number of at most 20 bytes.
pub(crate) fn read_serial(element: &Element<'_>) -> Result<Serial, DerError> {
    let magnitude = element.magnitude()?;
    let padding = SERIAL_LENGTH
        .checked_sub(magnitude.len())
        .ok_or_else(|| element.error(DerFault::SerialNumberTooLong))?;
    if magnitude.is_empty() {
        return Err(element.error(DerFault::SerialNumberZero));
    }
    let mut serial = [0; SERIAL_LENGTH];
    if let Some(tail) = serial.get_mut(padding..) {
        tail.copy_from_slice(magnitude);
    }
    Ok(serial)
}

fn read_public_key(spki: &Element<'_>) -> Result<PublicKey, DerError> {
    let mut parts = spki.inner();
    let algorithm = parts.expect(SEQUENCE, DerFault::PublicKeyAlgorithmExpected)?;
    if algorithm.whole != P256_PUBLIC_KEY {
        return Err(algorithm.error(DerFault::OtherCurve));
    }
    let key = parts.expect(BIT_STRING, DerFault::PublicKeyExpected)?;
    parts.finish(DerFault::BytesAfterPublicKey)?;
    match <PublicKey>::try_from(key.octets_of_bits()?) {
        Ok(point) if point.first() == Some(&4) => Ok(point),
        _ => Err(key.error(DerFault::PointForm)),
    }
}

fn read_extensions<'a>(wrapper: &Element<'a>) -> Result<Extensions<'a>, DerError> {
    let mut outer = wrapper.inner();
    let mut list = outer.sequence(DerFault::ExtensionsExpected)?;
    outer.finish(DerFault::BytesAfterExtensions)?;
    let mut extensions = Extensions::default();
    let mut seen: Vec<&[u8]> = Vec::with_capacity(8);
    while !list.is_empty() {
        let extension = Extension::read(&mut list)?;
        if seen.contains(&extension.oid) {
            return Err(extension.element.error(DerFault::ExtensionOccursTwice));
        }
        seen.push(extension.oid);
        extensions.take(&extension)?;
    }
    Ok(extensions)
}

/// One extension of a certificate or of a revocation list.
pub(crate) struct Extension<'a> {
    pub(crate) oid: &'a [u8],
    pub(crate) critical: bool,
    /// The OCTET STRING around the value.
    pub(crate) element: Element<'a>,
}

impl<'a> Extension<'a> {
    pub(crate) fn read(list: &mut Der<'a>) -> Result<Self, DerError> {
        let mut parts = list.sequence(DerFault::ExtensionExpected)?;
        let oid = parts.expect(OID, DerFault::ExtensionIdentifierExpected)?.value;
        let critical = match parts.optional(BOOLEAN)? {
            // DER leaves out what is false by default.
            Some(flag) if !flag.boolean()? => return Err(flag.error(DerFault::DefaultWrittenOut)),
            Some(_) => true,
            None => false,
        };
        let element = parts.expect(OCTET_STRING, DerFault::ExtensionValueExpected)?;
        parts.finish(DerFault::BytesAfterExtension)?;
        Ok(Self { oid, critical, element })
    }

    /// For extensions that RFC 5280 wants not to be critical (4.2.1.1, 4.2.1.2, 5.2.1, 5.2.3).
    pub(crate) fn refuse_critical(&self) -> Result<(), DerError> {
        if self.critical { Err(self.element.error(DerFault::ExtensionCritical)) } else { Ok(()) }
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
            SUBJECT_KEY_IDENTIFIER => {
                extension.refuse_critical()?;
                let mut inner = element.inner();
                self.subject_key = Some(inner.expect(OCTET_STRING, DerFault::KeyIdentifierExpected)?.value);
                inner.finish(DerFault::BytesAfterKeyIdentifier)?;
            }
            AUTHORITY_KEY_IDENTIFIER => {
                extension.refuse_critical()?;
                self.authority_key = Some(read_authority_key(element)?);
            }
            CRL_DISTRIBUTION_POINTS => self.distribution_points = true,
            SGX_EXTENSION => self.sgx = Some(*element),
            oid if NARROWING.contains(&oid) => {
                return Err(element.error(DerFault::NarrowingExtension));
            }
            _ if extension.critical => return Err(element.error(DerFault::UnknownCriticalExtension)),
            _ => {}
        }
        Ok(())
    }
}

fn read_basic_constraints(element: &Element<'_>) -> Result<BasicConstraints, DerError> {
    let mut outer = element.inner();
    let mut inner = outer.sequence(DerFault::BasicConstraintsExpected)?;
    outer.finish(DerFault::BytesAfterBasicConstraints)?;
    let ca = match inner.optional(BOOLEAN)? {
        Some(flag) if !flag.boolean()? => return Err(flag.error(DerFault::DefaultWrittenOut)),
        Some(_) => true,
        None => false,
    };
    let path_length = match inner.optional(INTEGER)? {
        Some(length) if ca => Some(length.small()?),
        Some(length) => return Err(length.error(DerFault::PathLengthWithoutCa)),
        None => None,
    };
    inner.finish(DerFault::BytesAfterBasicConstraints)?;
    Ok(BasicConstraints { ca, path_length })
}

fn read_key_usage(element: &Element<'_>) -> Result<KeyUsage, DerError> {
    let mut inner = element.inner();
    let bits = inner.expect(BIT_STRING, DerFault::KeyUsageExpected)?;
    inner.finish(DerFault::BytesAfterKeyUsage)?;
    let (unused, first, second) = match *bits.value {
        [unused @ 0..8, first] => (unused, first, 0),
        [unused @ 0..8, first, second] => (unused, first, second),
        _ => return Err(bits.error(DerFault::KeyUsageForm)),
    };
    let last = if bits.value.len() == 3 { second } else { first };
    // DER: unused bits are zero and the last used bit is one.
    if u32::from(unused) != last.trailing_zeros() {
        return Err(bits.error(DerFault::KeyUsageForm));
    }
    Ok(KeyUsage(u16::from_be_bytes([first, second])))
}

/// The key identifier of an authority key identifier; Intel's have no other part.
pub(crate) fn read_authority_key<'a>(element: &Element<'a>) -> Result<&'a [u8], DerError> {
    let mut outer = element.inner();
    let mut inner = outer.sequence(DerFault::AuthorityKeyIdentifierExpected)?;
    outer.finish(DerFault::BytesAfterAuthorityKeyIdentifier)?;
    let key = inner.expect(0x80, DerFault::KeyIdentifierExpected)?.value;
    inner.finish(DerFault::AuthorityKeyWithMore)?;
    Ok(key)
}

/// The common name, when there is exactly one.
pub(crate) fn common_name(name: &[u8]) -> Option<&str> {
    let mut outer = Der::new(name);
    let mut parts = outer.sequence(DerFault::NameExpected).ok()?;
    let mut found = None;
    while !parts.is_empty() {
        let mut set = parts.expect(SET, DerFault::RelativeNameExpected).ok()?.inner();
        while !set.is_empty() {
            let mut pair = set.sequence(DerFault::AttributeExpected).ok()?;
            let kind = pair.expect(OID, DerFault::AttributeTypeExpected).ok()?;
            let value = pair.any().ok()?;
            if kind.value == COMMON_NAME {
                if found.is_some() || !matches!(value.tag, UTF8_STRING | PRINTABLE_STRING) {
                    return None;
                }
                found = Some(core::str::from_utf8(value.value).ok()?);
            }
        }
    }
    found
}

/// How a name is shown: its common name, or nothing better.
pub(crate) fn shown_name(name: &[u8]) -> String {
    common_name(name).map_or_else(|| "a name without common name".to_owned(), veritee_base::text::inert)
}

// Kept here so that every user of the module reads lists in the same way.
pub(crate) use der::Der as DerReader;
