//! A certificate as NVIDIA issues it: version 3, ECDSA P-384 with SHA-384, no unknown critical extension.
//!
//! An own walk, for the reasons of `veritee-quote`: rustls-webpki enforces neither keyCertSign nor key identifiers,
//! ends no path at a CA and tells no place. The reader of all that is common is `veritee-x509`; what remains is NVIDIA's
//! profile. Reading checks no signature.

use crate::der::{DerError, DerFault, Element, INTEGER, OID, SEQUENCE, UTF8_STRING};
use crate::x509::{
    AUTHORITY_KEY_IDENTIFIER, BASIC_CONSTRAINTS, BasicConstraints, CertificateFrame, Extension, KEY_USAGE,
    KeyUsage, NARROWING, SUBJECT_KEY_IDENTIFIER, Serial, read_authority_key, read_basic_constraints,
    read_key_usage, read_subject_key,
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
        let (frame, public_key) = CertificateFrame::read(bytes, check_algorithms, |spki| {
            let other =
                |named: &Element<'_>| CertificateError::Unsupported(named.error(DerFault::OtherCurve384));
            crate::x509::read_point(spki, P384_PUBLIC_KEY, other, DerFault::PointForm384)
        })?;
        let mut certificate = Self {
            der: bytes,
            tbs: frame.tbs,
            signature: frame.signature,
            serial: frame.serial,
            issuer: frame.issuer.whole,
            subject: frame.subject.whole,
            not_before: frame.not_before,
            not_after: frame.not_after,
            public_key,
            spki: frame.spki.whole,
            basic_constraints: None,
            key_usage: None,
            subject_key: None,
            authority_key: None,
            device_name: None,
            firmware: None,
            ocsp_signing: false,
        };
        // Certificates are small and a genuine one has seven extensions; many more are refused before they cost.
        let (limit, repeated) = (32, DerFault::ExtensionTwiceOrTooMany);
        crate::x509::read_extensions(&frame.extensions, limit, repeated, |it| certificate.take(it))?;
        Ok(certificate)
    }

    /// The signature verifies under this key.
    pub(crate) fn is_signed_by(&self, issuer_key: &PublicKey) -> bool {
        verify_asn1(issuer_key, self.tbs, self.signature)
    }

    pub(crate) fn common_name(&self) -> Option<&'a str> {
        crate::x509::common_name(self.subject)
    }

    fn take(&mut self, extension: &Extension<'a>) -> Result<(), DerError> {
        let element = &extension.element;
        match extension.oid {
            BASIC_CONSTRAINTS => {
                let constraints = read_basic_constraints(element)?;
                if constraints.ca && !extension.critical {
                    return Err(element.error(DerFault::CaConstraintsNotCritical));
                }
                self.basic_constraints = Some(constraints);
            }
            KEY_USAGE => self.key_usage = Some(read_key_usage(element)?),
            SUBJECT_KEY_IDENTIFIER => {
                extension.refuse_critical()?;
                self.subject_key = Some(read_subject_key(element)?);
            }
            AUTHORITY_KEY_IDENTIFIER => {
                extension.refuse_critical()?;
                self.authority_key = Some(read_authority_key(element)?);
            }
            SUBJECT_ALTERNATIVE_NAME if !extension.critical => self.device_name = read_device_name(element)?,
            EXTENDED_KEY_USAGE => {
                if !is_ocsp_signing(element)? {
                    return Err(element.error(DerFault::NarrowingExtension));
                }
                self.ocsp_signing = true;
            }
            FIRMWARE_IDENTITY if !extension.critical => self.firmware = Some(read_firmware(element)?),
            DICE_TCB_INFO if !extension.critical => self.firmware = Some(read_dice(element)?),
            oid if NARROWING.contains(&oid) => {
                return Err(element.error(DerFault::NarrowingExtension));
            }
            _ if extension.critical => return Err(element.error(DerFault::UnknownCriticalExtension)),
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

fn check_algorithms(outer: &Element<'_>, signed: &Element<'_>) -> Result<(), CertificateError> {
    // RFC 5280 4.1.1.2: both are the same.
    if signed.whole != outer.whole {
        return Err(CertificateError::Form(signed.error(DerFault::TwoSignatureAlgorithms)));
    }
    if outer.whole == ECDSA_WITH_SHA384 {
        Ok(())
    } else {
        Err(CertificateError::Unsupported(outer.error(DerFault::OtherSignatureAlgorithm384)))
    }
}

/// `SEQUENCE { [0] { OID, [0] UTF8String } }`; other general names are passed over.
fn read_device_name<'a>(element: &Element<'a>) -> Result<Option<&'a str>, DerError> {
    let mut outer = element.inner();
    let mut names = outer.sequence(DerFault::AlternativeNamesExpected)?;
    outer.finish(DerFault::BytesAfterAlternativeNames)?;
    let mut found = None;
    while !names.is_empty() {
        let name = names.any()?;
        if name.tag != 0xa0 {
            continue;
        }
        let mut parts = name.inner();
        let kind = parts.expect(OID, DerFault::OtherNameTypeExpected)?;
        let mut value = parts.expect(0xa0, DerFault::OtherNameValueExpected)?.inner();
        parts.finish(DerFault::BytesAfterName)?;
        if kind.value != DEVICE_NAME {
            continue;
        }
        let text = value.expect(UTF8_STRING, DerFault::DeviceNameExpected)?;
        value.finish(DerFault::BytesAfterDeviceName)?;
        let text = core::str::from_utf8(text.value).map_err(|_utf8| text.error(DerFault::DeviceNameForm))?;
        if found.replace(text).is_some() {
            return Err(name.error(DerFault::TwoDeviceNames));
        }
    }
    Ok(found)
}

fn is_ocsp_signing(element: &Element<'_>) -> Result<bool, DerError> {
    let mut outer = element.inner();
    let mut purposes = outer.sequence(DerFault::PurposesExpected)?;
    outer.finish(DerFault::BytesAfterPurposes)?;
    let purpose = purposes.expect(OID, DerFault::PurposeExpected)?;
    Ok(purposes.is_empty() && purpose.value == OCSP_SIGNING)
}

/// `SEQUENCE { INTEGER 1, SubjectPublicKeyInfo, SEQUENCE { OID sha384, OCTET STRING } }`.
fn read_firmware<'a>(element: &Element<'a>) -> Result<FirmwareIdentity<'a>, DerError> {
    let mut outer = element.inner();
    let mut parts = outer.sequence(DerFault::FirmwareIdentityExpected)?;
    outer.finish(DerFault::BytesAfterFirmwareIdentity)?;
    let version = parts.expect(INTEGER, DerFault::FirmwareVersionExpected)?;
    if version.small()? != 1 {
        return Err(version.error(DerFault::FirmwareVersionOther));
    }
    let issuer_spki = parts.expect(SEQUENCE, DerFault::FirmwareKeyExpected)?.whole;
    let digest = read_digest(&parts.expect(SEQUENCE, DerFault::FirmwareDigestExpected)?)?;
    parts.finish(DerFault::BytesAfterFirmwareDigest)?;
    Ok(FirmwareIdentity { digest, issuer_spki: Some(issuer_spki), flags: None })
}

/// `{ OID sha384, OCTET STRING }` inside a SEQUENCE.
fn read_digest(element: &Element<'_>) -> Result<[u8; 48], DerError> {
    let mut pair = element.inner();
    let algorithm = pair.expect(OID, DerFault::DigestAlgorithmExpected)?;
    if algorithm.value != SHA384 {
        return Err(algorithm.error(DerFault::FirmwareDigestAlgorithm));
    }
    let digest = pair.expect(crate::der::OCTET_STRING, DerFault::FirmwareDigestExpected)?;
    pair.finish(DerFault::BytesAfterFirmwareDigest)?;
    <[u8; 48]>::try_from(digest.value).map_err(|_length| digest.error(DerFault::FirmwareDigestLength))
}

/// TCG DICE Attestation Architecture, DiceTcbInfo with implicit tags 0 to 9. Of several digests the first counts.
fn read_dice<'a>(element: &Element<'a>) -> Result<FirmwareIdentity<'a>, DerError> {
    let mut outer = element.inner();
    let mut parts = outer.sequence(DerFault::DiceTcbInfoExpected)?;
    outer.finish(DerFault::BytesAfterDiceTcbInfo)?;
    let (mut digest, mut flags, mut last) = (None, None, None);
    while !parts.is_empty() {
        let part = parts.any()?;
        let number = part.tag & 0x1f;
        if part.tag & 0xc0 != 0x80 || last.is_some_and(|last| number <= last) {
            return Err(part.error(DerFault::DiceOutOfOrder));
        }
        last = Some(number);
        match part.tag {
            0xa6 => {
                let mut list = part.inner();
                digest = Some(read_digest(&list.expect(SEQUENCE, DerFault::FirmwareDigestExpected)?)?);
            }
            0x87 => flags = Some(hex::encode(part.value)),
            _ => {}
        }
    }
    let digest = digest.ok_or_else(|| element.error(DerFault::DiceWithoutDigest))?;
    Ok(FirmwareIdentity { digest, issuer_spki: None, flags })
}
