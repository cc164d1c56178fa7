//! A certificate as NVIDIA issues it: version 3, ECDSA P-384 with SHA-384, no unknown critical extension.
//!
//! An own walk, for the reasons of `veritee-quote`: rustls-webpki enforces neither keyCertSign nor key identifiers,
//! ends no path at a CA and tells no place. The readers of DER and of the common extensions are shared with it; what
//! remains is NVIDIA's profile. Reading checks no signature.

use crate::der::{BIT_STRING, Der, DerError, Element, INTEGER, OID, SEQUENCE, UTF8_STRING};
use crate::x509::{
    AUTHORITY_KEY_IDENTIFIER, BASIC_CONSTRAINTS, BasicConstraints, Extension, KEY_USAGE, KeyUsage, NARROWING,
    SUBJECT_KEY_IDENTIFIER, Serial, read_authority_key, read_basic_constraints, read_key_usage, read_serial,
};
use ring::signature::{ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_FIXED, UnparsedPublicKey};
use veritee_model::UnixTime;

/// `SEQUENCE { ecdsa-with-SHA384 }`.
pub(crate) const ECDSA_WITH_SHA384: &[u8] =
    &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
/// `SEQUENCE { ecdsa-with-SHA256 }`: NVIDIA's revocation lists.
pub(crate) const ECDSA_WITH_SHA256: &[u8] =
    &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// `SEQUENCE { id-ecPublicKey, secp384r1 }`.
const P384_PUBLIC_KEY: &[u8] = &[
    0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
    0x22,
];
const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// 1.3.6.1.5.5.7.3.9, id-kp-OCSPSigning.
const OCSP_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09];
/// 1.3.6.1.4.1.412.274.1, DMTF's device name.
const DEVICE_NAME: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0x1c, 0x82, 0x12, 0x01];
/// 2.23.133.5.4.1, which on Hopper and LS10 holds something else than TCG's TcbInfo.
const FIRMWARE_IDENTITY: &[u8] = &[0x67, 0x81, 0x05, 0x05, 0x04, 0x01];
/// 2.23.133.5.4.1.1, TCG's DiceTcbInfo.
const DICE_TCB_INFO: &[u8] = &[0x67, 0x81, 0x05, 0x05, 0x04, 0x01, 0x01];
/// 2.16.840.1.101.3.4.2.2, SHA-384, the contents of the identifier.
const SHA384: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];

/// An uncompressed P-384 point: `04 || x || y`.
pub(crate) type PublicKey = [u8; 97];

/// What the leaf says of the firmware that holds its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FirmwareIdentity<'a> {
    /// SHA-384 of the firmware.
    pub(crate) digest: [u8; 48],
    /// SubjectPublicKeyInfo of the certificate above, where the extension repeats it (Hopper, LS10).
    pub(crate) issuer_spki: Option<&'a [u8]>,
    /// `flags` of DiceTcbInfo, hex; shown, not judged.
    pub(crate) flags: Option<String>,
}

/// Why a certificate is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CertificateError {
    /// Not of NVIDIA's form.
    Form(DerError),
    /// Its key, or its issuer's signature, is of a kind that is not verified here: nothing is wrong with it.
    Unsupported(DerError),
}

impl From<DerError> for CertificateError {
    fn from(error: DerError) -> Self {
        Self::Form(error)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Certificate<'a> {
    pub(crate) der: &'a [u8],
    tbs: &'a [u8],
    signature: &'a [u8],
    pub(crate) serial: Serial,
    pub(crate) issuer: &'a [u8],
    pub(crate) subject: &'a [u8],
    pub(crate) not_before: UnixTime,
    pub(crate) not_after: UnixTime,
    pub(crate) public_key: PublicKey,
    pub(crate) spki: &'a [u8],
    pub(crate) basic_constraints: Option<BasicConstraints>,
    pub(crate) key_usage: Option<KeyUsage>,
    pub(crate) subject_key: Option<&'a [u8]>,
    pub(crate) authority_key: Option<&'a [u8]>,
    /// DMTF's device name, `NVIDIA:GH100:48B02D520D39DA96`.
    pub(crate) device_name: Option<&'a str>,
    pub(crate) firmware: Option<FirmwareIdentity<'a>>,
    /// The extended key usage is exactly that of an OCSP responder.
    pub(crate) ocsp_signing: bool,
}

impl<'a> Certificate<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, CertificateError> {
        let mut outer = Der::new(bytes);
        let whole = outer.expect(SEQUENCE, "certificate expected")?;
        outer.finish("bytes after the certificate")?;
        let mut parts = whole.inner();
        let tbs = parts.expect(SEQUENCE, "TBSCertificate expected")?;
        let algorithm = parts.expect(SEQUENCE, "signature algorithm expected")?;
        let signature = parts.expect(BIT_STRING, "signature expected")?;
        parts.finish("bytes after the signature")?;
        let mut fields = tbs.inner();
        check_version(&mut fields)?;
        let serial = read_serial(&fields.expect(INTEGER, "serial number expected")?)?;
        let named = fields.expect(SEQUENCE, "signature algorithm expected")?;
        // RFC 5280 4.1.1.2: both are the same.
        if named.whole != algorithm.whole {
            return Err(CertificateError::Form(named.error("two signature algorithms are named")));
        }
        check_algorithm(&algorithm)?;
        let issuer = fields.expect(SEQUENCE, "issuer expected")?;
        let mut validity = fields.sequence("validity expected")?;
        let not_before = validity.any()?.time()?;
        let not_after = validity.any()?.time()?;
        validity.finish("bytes after the validity")?;
        let subject = fields.expect(SEQUENCE, "subject expected")?;
        let spki = fields.expect(SEQUENCE, "subject public key expected")?;
        let mut certificate = Self {
            der: bytes,
            tbs: tbs.whole,
            signature: signature.octets_of_bits()?,
            serial,
            issuer: issuer.whole,
            subject: subject.whole,
            not_before,
            not_after,
            public_key: read_public_key(&spki)?,
            spki: spki.whole,
            basic_constraints: None,
            key_usage: None,
            subject_key: None,
            authority_key: None,
            device_name: None,
            firmware: None,
            ocsp_signing: false,
        };
        certificate.read_extensions(&fields.expect(0xa3, "extensions expected")?)?;
        fields.finish("bytes after the extensions")?;
        Ok(certificate)
    }

    /// The signature verifies under this key.
    pub(crate) fn is_signed_by(&self, issuer_key: &PublicKey) -> bool {
        verify_asn1(issuer_key, self.tbs, self.signature)
    }

    pub(crate) fn common_name(&self) -> Option<&'a str> {
        crate::x509::common_name(self.subject)
    }

    fn read_extensions(&mut self, wrapper: &Element<'a>) -> Result<(), DerError> {
        let mut outer = wrapper.inner();
        let mut list = outer.sequence("extensions expected")?;
        outer.finish("bytes after the extensions")?;
        let mut seen: Vec<&[u8]> = Vec::with_capacity(8);
        while !list.is_empty() {
            let extension = Extension::read(&mut list)?;
            // Certificates are small and a genuine one has seven extensions; many more are refused before they cost.
            if seen.contains(&extension.oid) || seen.len() >= 32 {
                return Err(extension.element.error("extension occurs twice, or there are too many"));
            }
            seen.push(extension.oid);
            self.take(&extension)?;
        }
        Ok(())
    }

    fn take(&mut self, extension: &Extension<'a>) -> Result<(), DerError> {
        let element = &extension.element;
        match extension.oid {
            BASIC_CONSTRAINTS => {
                let constraints = read_basic_constraints(element)?;
                if constraints.ca && !extension.critical {
                    return Err(element.error("basic constraints of a CA are not critical"));
                }
                self.basic_constraints = Some(constraints);
            }
            KEY_USAGE => self.key_usage = Some(read_key_usage(element)?),
            SUBJECT_KEY_IDENTIFIER => {
                extension.refuse_critical()?;
                self.subject_key = Some(octets(element)?);
            }
            AUTHORITY_KEY_IDENTIFIER => {
                extension.refuse_critical()?;
                self.authority_key = Some(read_authority_key(element)?);
            }
            SUBJECT_ALTERNATIVE_NAME if !extension.critical => self.device_name = read_device_name(element)?,
            EXTENDED_KEY_USAGE => {
                if !is_ocsp_signing(element)? {
                    return Err(element.error("extension that narrows what the certificate is for"));
                }
                self.ocsp_signing = true;
            }
            FIRMWARE_IDENTITY if !extension.critical => self.firmware = Some(read_firmware(element)?),
            DICE_TCB_INFO if !extension.critical => self.firmware = Some(read_dice(element)?),
            oid if NARROWING.contains(&oid) => {
                return Err(element.error("extension that narrows what the certificate is for"));
            }
            _ if extension.critical => return Err(element.error("unknown critical extension")),
            _ => {}
        }
        Ok(())
    }
}

/// A signature of a certificate (DER `ECDSA-Sig-Value`).
pub(crate) fn verify_asn1(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, key).verify(message, signature).is_ok()
}

/// A signature of a report or of a manifest (`r || s`).
pub(crate) fn verify_fixed(key: &PublicKey, message: &[u8], signature: &[u8; 96]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, key).verify(message, signature).is_ok()
}

fn check_algorithm(element: &Element<'_>) -> Result<(), CertificateError> {
    if element.whole == ECDSA_WITH_SHA384 {
        Ok(())
    } else {
        let error = element.error("signature algorithm other than ECDSA with SHA-384");
        Err(CertificateError::Unsupported(error))
    }
}

fn check_version(fields: &mut Der<'_>) -> Result<(), DerError> {
    let wrapper = fields.expect(0xa0, "version 3 expected")?;
    let mut inner = wrapper.inner();
    let version = inner.expect(INTEGER, "version expected")?;
    inner.finish("bytes after the version")?;
    if version.value == [2] { Ok(()) } else { Err(version.error("version 3 expected")) }
}

fn read_public_key(spki: &Element<'_>) -> Result<PublicKey, CertificateError> {
    let mut parts = spki.inner();
    let algorithm = parts.expect(SEQUENCE, "public key algorithm expected")?;
    if algorithm.whole != P384_PUBLIC_KEY {
        return Err(CertificateError::Unsupported(algorithm.error("public key is not on P-384")));
    }
    let key = parts.expect(BIT_STRING, "public key expected")?;
    parts.finish("bytes after the public key")?;
    match <PublicKey>::try_from(key.octets_of_bits()?) {
        Ok(point) if point.first() == Some(&4) => Ok(point),
        _ => Err(CertificateError::Form(key.error("public key is not an uncompressed P-384 point"))),
    }
}

fn octets<'a>(element: &Element<'a>) -> Result<&'a [u8], DerError> {
    let mut inner = element.inner();
    let value = inner.expect(crate::der::OCTET_STRING, "key identifier expected")?.value;
    inner.finish("bytes after the key identifier")?;
    Ok(value)
}

/// `SEQUENCE { [0] { OID, [0] UTF8String } }`; other general names are passed over.
fn read_device_name<'a>(element: &Element<'a>) -> Result<Option<&'a str>, DerError> {
    let mut outer = element.inner();
    let mut names = outer.sequence("alternative names expected")?;
    outer.finish("bytes after the alternative names")?;
    let mut found = None;
    while !names.is_empty() {
        let name = names.any()?;
        if name.tag != 0xa0 {
            continue;
        }
        let mut parts = name.inner();
        let kind = parts.expect(OID, "name's identifier expected")?;
        let mut value = parts.expect(0xa0, "name's value expected")?.inner();
        parts.finish("bytes after the name")?;
        if kind.value != DEVICE_NAME {
            continue;
        }
        let text = value.expect(UTF8_STRING, "device name expected")?;
        value.finish("bytes after the device name")?;
        let text =
            core::str::from_utf8(text.value).map_err(|_utf8| text.error("device name is not UTF-8"))?;
        if found.replace(text).is_some() {
            return Err(name.error("two device names"));
        }
    }
    Ok(found)
}

fn is_ocsp_signing(element: &Element<'_>) -> Result<bool, DerError> {
    let mut outer = element.inner();
    let mut purposes = outer.sequence("purposes expected")?;
    outer.finish("bytes after the purposes")?;
    let purpose = purposes.expect(OID, "purpose expected")?;
    Ok(purposes.is_empty() && purpose.value == OCSP_SIGNING)
}

/// `SEQUENCE { INTEGER 1, SubjectPublicKeyInfo, SEQUENCE { OID sha384, OCTET STRING } }`.
fn read_firmware<'a>(element: &Element<'a>) -> Result<FirmwareIdentity<'a>, DerError> {
    let mut outer = element.inner();
    let mut parts = outer.sequence("firmware identity expected")?;
    outer.finish("bytes after the firmware identity")?;
    let version = parts.expect(INTEGER, "firmware identity's version expected")?;
    if version.small()? != 1 {
        return Err(version.error("firmware identity of version 1 expected"));
    }
    let issuer_spki = parts.expect(SEQUENCE, "firmware identity's key expected")?.whole;
    let digest = read_digest(&parts.expect(SEQUENCE, "firmware digest expected")?)?;
    parts.finish("bytes after the firmware digest")?;
    Ok(FirmwareIdentity { digest, issuer_spki: Some(issuer_spki), flags: None })
}

/// `{ OID sha384, OCTET STRING }` inside a SEQUENCE.
fn read_digest(element: &Element<'_>) -> Result<[u8; 48], DerError> {
    let mut pair = element.inner();
    let algorithm = pair.expect(OID, "digest algorithm expected")?;
    if algorithm.value != SHA384 {
        return Err(algorithm.error("firmware digest of SHA-384 expected"));
    }
    let digest = pair.expect(crate::der::OCTET_STRING, "firmware digest expected")?;
    pair.finish("bytes after the firmware digest")?;
    <[u8; 48]>::try_from(digest.value).map_err(|_length| digest.error("firmware digest of 48 bytes expected"))
}

/// TCG DICE Attestation Architecture, DiceTcbInfo with implicit tags 0 to 9. Of several digests the first counts.
fn read_dice<'a>(element: &Element<'a>) -> Result<FirmwareIdentity<'a>, DerError> {
    let mut outer = element.inner();
    let mut parts = outer.sequence("DiceTcbInfo expected")?;
    outer.finish("bytes after DiceTcbInfo")?;
    let (mut digest, mut flags, mut last) = (None, None, None);
    while !parts.is_empty() {
        let part = parts.any()?;
        let number = part.tag & 0x1f;
        if part.tag & 0xc0 != 0x80 || last.is_some_and(|last| number <= last) {
            return Err(part.error("DiceTcbInfo's parts are out of order"));
        }
        last = Some(number);
        match part.tag {
            0xa6 => {
                let mut list = part.inner();
                digest = Some(read_digest(&list.expect(SEQUENCE, "firmware digest expected")?)?);
            }
            0x87 => flags = Some(hex::encode(part.value)),
            _ => {}
        }
    }
    let digest = digest.ok_or_else(|| element.error("DiceTcbInfo without firmware digest"))?;
    Ok(FirmwareIdentity { digest, issuer_spki: None, flags })
}
