//! A certificate of version 3 without its profile (RFC 5280 section 4.1).

use crate::der::{BIT_STRING, Der, DerError, DerFault, Element, INTEGER, SEQUENCE};
use crate::{Extension, Serial, read_serial};
use veritee_base::UnixTime;

/// The fields that every certificate has. No signature is checked by reading them.
#[derive(Debug, Clone, Copy)]
pub struct CertificateFrame<'a> {
    /// The whole certificate.
    pub der: &'a [u8],
    /// What the issuer signs.
    pub tbs: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
    /// Serial number.
    pub serial: Serial,
    /// Issuer.
    pub issuer: Element<'a>,
    /// Subject.
    pub subject: Element<'a>,
    /// First second of its validity.
    pub not_before: UnixTime,
    /// Last second of its validity.
    pub not_after: UnixTime,
    /// SubjectPublicKeyInfo.
    pub spki: Element<'a>,
    /// The extensions, for [`read_extensions`].
    pub extensions: Element<'a>,
}

impl<'a> CertificateFrame<'a> {
    /// Reads a certificate, DER, and its key. `check_algorithms` is asked about the two places that name the signature's
    /// algorithm, the outer one first (RFC 5280 4.1.1.2 and 4.1.2.3 want them alike), `read_key` about the
    /// SubjectPublicKeyInfo; each before what stands behind it is read.
    ///
    /// # Errors
    /// When it is not of DER or not of version 3 with extensions, and what the two say.
    pub fn read<K, E: From<DerError>>(
        bytes: &'a [u8],
        check_algorithms: impl FnOnce(&Element<'a>, &Element<'a>) -> Result<(), E>,
        read_key: impl FnOnce(&Element<'a>) -> Result<K, E>,
    ) -> Result<(Self, K), E> {
        let mut outer = Der::new(bytes);
        let whole = outer.expect(SEQUENCE, DerFault::CertificateExpected)?;
        // One certificate, and nothing that a reader of another kind would take for a second one.
        outer.finish(DerFault::BytesAfterCertificate)?;
        let mut parts = whole.inner();
        let tbs = parts.expect(SEQUENCE, DerFault::TbsCertificateExpected)?;
        let algorithm = parts.expect(SEQUENCE, DerFault::SignatureAlgorithmExpected)?;
        let signature = parts.expect(BIT_STRING, DerFault::SignatureExpected)?;
        parts.finish(DerFault::BytesAfterSignature)?;
        let mut fields = tbs.inner();
        check_version(&mut fields)?;
        // RFC 5280 4.1.2.2: positive, at most 20 octets. Lists revoke by this number.
        let serial = read_serial(&fields.expect(INTEGER, DerFault::SerialNumberExpected)?)?;
        // RFC 5280 4.1.1.2 and 4.1.2.3: only the inner one is signed. Were they allowed to differ, whoever hands the
        // certificate on could name a weaker algorithm outside.
        check_algorithms(&algorithm, &fields.expect(SEQUENCE, DerFault::SignatureAlgorithmExpected)?)?;
        let issuer = fields.expect(SEQUENCE, DerFault::IssuerExpected)?;
        // RFC 5280 4.1.2.5: both ends, whatever the caller does with them.
        let mut validity = fields.sequence(DerFault::ValidityExpected)?;
        let not_before = validity.any()?.time()?;
        let not_after = validity.any()?.time()?;
        validity.finish(DerFault::BytesAfterValidity)?;
        let subject = fields.expect(SEQUENCE, DerFault::SubjectExpected)?;
        let spki = fields.expect(SEQUENCE, DerFault::SubjectPublicKeyExpected)?;
        let signature = signature.octets_of_bits()?;
        let key = read_key(&spki)?;
        // Unique identifiers (4.1.2.8) would stand here; RFC 5280 forbids to write them.
        let extensions = fields.expect(0xa3, DerFault::ExtensionsExpected)?;
        // RFC 5280 4.1: extensions are the last field of what is signed.
        fields.finish(DerFault::BytesAfterExtensions)?;
        let frame = Self {
            der: bytes,
            tbs: tbs.whole,
            signature,
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            spki,
            extensions,
        };
        Ok((frame, key))
    }
}

/// RFC 5280 4.1.2.1: certificates with extensions are of version 3.
fn check_version(fields: &mut Der<'_>) -> Result<(), DerError> {
    let wrapper = fields.expect(0xa0, DerFault::Version3Expected)?;
    let mut inner = wrapper.inner();
    let version = inner.expect(INTEGER, DerFault::VersionExpected)?;
    inner.finish(DerFault::BytesAfterVersion)?;
    if version.value == [2] { Ok(()) } else { Err(version.error(DerFault::Version3Expected)) }
}

/// Hands each extension to `take`; at most `limit` of them, each once (RFC 5280 4.2).
///
/// # Errors
/// When the list is not of DER; with `repeated` where an extension occurs twice or there are too many; and what `take`
/// says.
pub fn read_extensions<'a>(
    wrapper: &Element<'a>,
    limit: usize,
    repeated: DerFault,
    mut take: impl FnMut(&Extension<'a>) -> Result<(), DerError>,
) -> Result<(), DerError> {
    let mut outer = wrapper.inner();
    let mut list = outer.sequence(DerFault::ExtensionsExpected)?;
    outer.finish(DerFault::BytesAfterExtensions)?;
    let mut seen: Vec<&[u8]> = Vec::with_capacity(8);
    while !list.is_empty() {
        let extension = Extension::read(&mut list)?;
        if seen.contains(&extension.oid) || seen.len() >= limit {
            return Err(extension.element.error(repeated));
        }
        seen.push(extension.oid);
        take(&extension)?;
    }
    Ok(())
}

/// The uncompressed point of a SubjectPublicKeyInfo whose algorithm is `algorithm` (RFC 5480).
///
/// # Errors
/// When it is not of DER; what `other_curve` makes of another algorithm; with `form` for another form of point.
pub fn read_point<const N: usize, E: From<DerError>>(
    spki: &Element<'_>,
    algorithm: &[u8],
    other_curve: impl FnOnce(&Element<'_>) -> E,
    form: DerFault,
) -> Result<[u8; N], E> {
    let mut parts = spki.inner();
    let named = parts.expect(SEQUENCE, DerFault::PublicKeyAlgorithmExpected)?;
    if named.whole != algorithm {
        return Err(other_curve(&named));
    }
    let key = parts.expect(BIT_STRING, DerFault::PublicKeyExpected)?;
    parts.finish(DerFault::BytesAfterPublicKey)?;
    match <[u8; N]>::try_from(key.octets_of_bits()?) {
        Ok(point) if point.first() == Some(&4) => Ok(point),
        _ => Err(key.error(form).into()),
    }
}
