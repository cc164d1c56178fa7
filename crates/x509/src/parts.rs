//! The parts of X.509 that every profile here reads alike (RFC 5280): extensions, key usage, basic constraints, key
//! identifiers, serial numbers, names.
//!
//! What a certificate as a whole must look like differs between Intel's and NVIDIA's and belongs to the crates that
//! verify them; nothing here checks a signature.

use crate::der::{
    BIT_STRING, BOOLEAN, Der, DerError, DerFault, Element, INTEGER, OCTET_STRING, OID, PRINTABLE_STRING, SET,
    UTF8_STRING,
};

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// 2.5.29.14.
pub const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x0e];
/// 2.5.29.15.
pub const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
/// 2.5.29.19.
pub const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
/// 2.5.29.20.
pub const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 0x14];
/// 2.5.29.35.
pub const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
/// Extensions that narrow what a certificate vouches for: name constraints, policy mappings, policy constraints,
/// extended key usage, inhibit any-policy. What is not obeyed must not be passed over.
pub const NARROWING: [&[u8]; 5] =
    [&[0x55, 0x1d, 0x1e], &[0x55, 0x1d, 0x21], &[0x55, 0x1d, 0x24], &[0x55, 0x1d, 0x25], &[0x55, 0x1d, 0x36]];
/// Value bytes of a serial number (RFC 5280 4.1.2.2).
pub const SERIAL_LENGTH: usize = 20;

/// A serial number, left-padded with zeros, so that equal numbers are equal bytes.
pub type Serial = [u8; SERIAL_LENGTH];

/// Basic constraints of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BasicConstraints {
    /// May sign certificates.
    pub ca: bool,
    /// Certificates allowed below, besides the last; only with a CA.
    pub path_length: Option<u32>,
}

/// Bits of keyUsage as RFC 5280 numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// digitalSignature.
    #[must_use]
    pub const fn digital_signature(self) -> bool {
        self.0 & 0x8000 != 0
    }
    /// keyCertSign.
    #[must_use]
    pub const fn key_cert_sign(self) -> bool {
        self.0 & 0x0400 != 0
    }
    /// cRLSign.
    #[must_use]
    pub const fn crl_sign(self) -> bool {
        self.0 & 0x0200 != 0
    }
}

/// A positive serial number of at most 20 bytes.
///
/// # Errors
/// When it is zero, negative, padded or longer.
pub fn read_serial(element: &Element<'_>) -> Result<Serial, DerError> {
    let magnitude = element.magnitude()?;
    // RFC 5280 4.1.2.2: at most 20 octets, positive.
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

/// One extension of a certificate or of a revocation list.
#[derive(Debug, Clone, Copy)]
pub struct Extension<'a> {
    /// Object identifier, contents.
    pub oid: &'a [u8],
    /// Whoever does not know it must refuse.
    pub critical: bool,
    /// The OCTET STRING around the value.
    pub element: Element<'a>,
}

impl<'a> Extension<'a> {
    /// Reads the next one of a list.
    ///
    /// # Errors
    /// When it is not of DER.
    pub fn read(list: &mut Der<'a>) -> Result<Self, DerError> {
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
    ///
    /// # Errors
    /// When it is.
    pub fn refuse_critical(&self) -> Result<(), DerError> {
        if self.critical { Err(self.element.error(DerFault::ExtensionCritical)) } else { Ok(()) }
    }
}

/// Value of a basic constraints extension.
///
/// # Errors
/// When it is not of DER, or has a path length without being a CA.
pub fn read_basic_constraints(element: &Element<'_>) -> Result<BasicConstraints, DerError> {
    let mut outer = element.inner();
    let mut inner = outer.sequence(DerFault::BasicConstraintsExpected)?;
    outer.finish(DerFault::BytesAfterBasicConstraints)?;
    let ca = match inner.optional(BOOLEAN)? {
        Some(flag) if !flag.boolean()? => return Err(flag.error(DerFault::DefaultWrittenOut)),
        Some(_) => true,
        None => false,
    };
    // RFC 5280 4.2.1.9: a path length says something of a CA only; beside a leaf it is a sign of confusion.
    let path_length = match inner.optional(INTEGER)? {
        Some(length) if ca => Some(length.small()?),
        Some(length) => return Err(length.error(DerFault::PathLengthWithoutCa)),
        None => None,
    };
    inner.finish(DerFault::BytesAfterBasicConstraints)?;
    Ok(BasicConstraints { ca, path_length })
}

/// Value of a key usage extension.
///
/// # Errors
/// When it is not of DER.
pub fn read_key_usage(element: &Element<'_>) -> Result<KeyUsage, DerError> {
    let mut inner = element.inner();
    let bits = inner.expect(BIT_STRING, DerFault::KeyUsageExpected)?;
    inner.finish(DerFault::BytesAfterKeyUsage)?;
    // RFC 5280 4.2.1.3: nine bits are named, at least one of them is set.
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

/// Value of a subject key identifier.
///
/// # Errors
/// When it is not of DER.
pub fn read_subject_key<'a>(element: &Element<'a>) -> Result<&'a [u8], DerError> {
    let mut inner = element.inner();
    let key = inner.expect(OCTET_STRING, DerFault::KeyIdentifierExpected)?.value;
    inner.finish(DerFault::BytesAfterKeyIdentifier)?;
    Ok(key)
}

/// The key identifier of an authority key identifier; Intel's and NVIDIA's have no other part.
///
/// # Errors
/// When there is no key identifier, or more.
pub fn read_authority_key<'a>(element: &Element<'a>) -> Result<&'a [u8], DerError> {
    let mut outer = element.inner();
    let mut inner = outer.sequence(DerFault::AuthorityKeyIdentifierExpected)?;
    outer.finish(DerFault::BytesAfterAuthorityKeyIdentifier)?;
    // RFC 5280 4.2.1.1: the identifier tells issuers of one name apart, also across a change of keys.
    let key = inner.expect(0x80, DerFault::KeyIdentifierExpected)?.value;
    inner.finish(DerFault::AuthorityKeyWithMore)?;
    Ok(key)
}

/// The common name, when there is exactly one.
#[must_use]
pub fn common_name(name: &[u8]) -> Option<&str> {
    let mut outer = Der::new(name);
    let mut parts = outer.sequence(DerFault::NameExpected).ok()?;
    let mut found = None;
    while !parts.is_empty() {
        let mut set = parts.expect(SET, DerFault::RelativeNameExpected).ok()?.inner();
        while !set.is_empty() {
            let mut pair = set.sequence(DerFault::AttributeExpected).ok()?;
            let kind = pair.expect(OID, DerFault::AttributeTypeExpected).ok()?;
            let value = pair.any().ok()?;
            // Roles are told by this name, so one with two of them, or in letters that look alike elsewhere, has none.
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
#[must_use]
pub fn shown_name(name: &[u8]) -> String {
    common_name(name).map_or_else(|| "a name without common name".to_owned(), veritee_base::text::inert)
}
