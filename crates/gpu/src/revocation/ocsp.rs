//! OCSP answers (RFC 6960): a strict reader of BasicOCSPResponse.

use super::{RevocationError, algorithm, verify};
use crate::certificate::{Certificate, CertificateError, PublicKey};
use crate::chain::Link;
use crate::der::{
    BIT_STRING, Der, DerError, DerFault, ENUMERATED, Element, GENERALIZED_TIME, INTEGER, OCTET_STRING, OID,
    SEQUENCE,
};
use crate::memory::Memory;
use crate::x509::{Extension, Serial, read_serial};
use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, digest};
use std::sync::Arc;
use veritee_model::UnixTime;

/// 1.3.6.1.5.5.7.48.1.1, id-pkix-ocsp-basic.
const BASIC: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];
/// 1.3.6.1.5.5.7.48.1.2, id-pkix-ocsp-nonce.
const NONCE: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02];
/// Digests of the certificate's issuer: by object identifier.
static DIGESTS: [(&[u8], &Algorithm); 3] = [
    (&[0x2b, 0x0e, 0x03, 0x02, 0x1a], &SHA1_FOR_LEGACY_USE_ONLY),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01], &SHA256),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02], &SHA384),
];
/// Reason certificateHold.
const HOLD: u32 = 6;
/// Answers in one response.
const ANSWERS: usize = 64;
/// Certificates beside one response.
const CERTIFICATES: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Good,
    Revoked { hold: bool },
    Unknown,
}

/// What all answers of one response share.
#[derive(Debug)]
struct Response<'a> {
    signed: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
    certificates: Vec<&'a [u8]>,
    nonce: Option<&'a [u8]>,
}

/// One answer about one certificate.
#[derive(Debug, Clone)]
pub(crate) struct Answer<'a> {
    response: Arc<Response<'a>>,
    algorithm: &'static Algorithm,
    issuer_name: &'a [u8],
    issuer_key: &'a [u8],
    serial: Serial,
    pub(crate) status: Status,
    pub(crate) this_update: UnixTime,
    pub(crate) next_update: Option<UnixTime>,
}

impl Answer<'_> {
    /// The nonce that the response repeats, DER of the extension's value; only who asked can compare it.
    pub(crate) fn nonce(&self) -> Option<&[u8]> {
        self.response.nonce
    }

    /// The certificate with this serial number under this issuer.
    pub(crate) fn is_about(&self, link: &Link, issuer: &Link) -> bool {
        // RFC 6960 4.1.1: the hash is over the BIT STRING's contents without tag, length and unused bits.
        self.serial == link.serial
            && digest(self.algorithm, &issuer.subject).as_ref() == self.issuer_name
            && digest(self.algorithm, &issuer.public_key).as_ref() == self.issuer_key
    }

    /// Signed by the issuer itself, or by a responder to whom this very issuer delegated (RFC 6960 4.2.2.2).
    /// Gives back until when its certificate is in force; it must be so when the answer begins.
    pub(crate) fn check_signer(&self, issuer: &Link, memory: &Memory) -> Result<UnixTime, RevocationError> {
        let response = &self.response;
        let of = || issuer.name.clone();
        if algorithm(response.algorithm).is_none() {
            return Err(RevocationError::Unsupported { issuer: of(), what: "the answer's signature" });
        }
        let signs =
            |key: &PublicKey| verify(response.algorithm, key, response.signed, response.signature, memory);
        if response.certificates.is_empty() {
            return if signs(&issuer.public_key) {
                Ok(UnixTime::MAX)
            } else {
                Err(RevocationError::Answer { issuer: of() })
            };
        }
        let mut last =
            RevocationError::Delegation { issuer: of(), what: "it sends no certificate of its own" };
        for der in &response.certificates {
            match self.check_responder(der, issuer, memory) {
                Ok((key, until)) if signs(&key) => return Ok(until),
                Ok(_) => last = RevocationError::Answer { issuer: of() },
                // A forgery is named before what is merely not used.
                Err(error) if error.is_forged() || !last.is_forged() => last = error,
                Err(_) => {}
            }
        }
        // A CA may answer itself and send its own chain along.
        if !last.is_forged() && signs(&issuer.public_key) { Ok(UnixTime::MAX) } else { Err(last) }
    }

    /// The key of a responder to whom the issuer delegated, and until when.
    fn check_responder(
        &self,
        der: &[u8],
        issuer: &Link,
        memory: &Memory,
    ) -> Result<(PublicKey, UnixTime), RevocationError> {
        let of = || issuer.name.clone();
        let refused = |what| RevocationError::Delegation { issuer: of(), what };
        let responder = match Certificate::parse(der) {
            Ok(responder) => responder,
            Err(CertificateError::Unsupported(_)) => {
                let what = "the responder's key, or the signature of its certificate";
                return Err(RevocationError::Unsupported { issuer: of(), what });
            }
            Err(CertificateError::Form(_)) => return Err(refused("its certificate cannot be read")),
        };
        let fault = if responder.issuer != issuer.subject
            || responder.authority_key != Some(issuer.subject_key.as_slice())
        {
            Some("its certificate is of another issuer")
        } else if !responder.ocsp_signing {
            Some("its certificate is not for OCSP")
        } else if responder.basic_constraints.is_some_and(|constraints| constraints.ca) {
            Some("its certificate is a CA's")
        } else if self.this_update < responder.not_before || self.this_update > responder.not_after {
            Some("its certificate was not in force when it answered")
        } else {
            None
        };
        if let Some(what) = fault {
            return Err(refused(what));
        }
        if !memory.is_signed_by(&responder, &issuer.public_key) {
            return Err(RevocationError::Responder { issuer: of() });
        }
        Ok((responder.public_key, responder.not_after))
    }
}

/// All answers of a response.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Answer<'_>>, DerError> {
    let mut outer = Der::new(bytes);
    let whole = outer.expect(SEQUENCE, DerFault::OcspResponseExpected)?;
    outer.finish(DerFault::BytesAfterOcspResponse)?;
    let mut parts = whole.inner();
    let status = parts.expect(ENUMERATED, DerFault::ResponseStatusExpected)?;
    if status.small()? != 0 {
        return Err(status.error(DerFault::NoAnswer));
    }
    let mut wrapper = parts.expect(0xa0, DerFault::ResponseBytesExpected)?.inner();
    parts.finish(DerFault::BytesAfterResponse)?;
    let mut typed = wrapper.sequence(DerFault::ResponseBytesExpected)?;
    wrapper.finish(DerFault::BytesAfterResponse)?;
    let kind = typed.expect(OID, DerFault::ResponseTypeExpected)?;
    if kind.value != BASIC {
        return Err(kind.error(DerFault::OcspTypeOther));
    }
    let body = typed.expect(OCTET_STRING, DerFault::ResponseExpected)?;
    typed.finish(DerFault::BytesAfterResponse)?;
    read_basic(&body)
}

fn read_basic<'a>(body: &Element<'a>) -> Result<Vec<Answer<'a>>, DerError> {
    let mut outer = body.inner();
    let mut parts = outer.sequence(DerFault::BasicResponseExpected)?;
    outer.finish(DerFault::BytesAfterBasicResponse)?;
    let data = parts.expect(SEQUENCE, DerFault::ResponseDataExpected)?;
    let algorithm = parts.expect(SEQUENCE, DerFault::SignatureAlgorithmExpected)?;
    let signature = parts.expect(BIT_STRING, DerFault::SignatureExpected)?.octets_of_bits()?;
    let mut certificates = Vec::new();
    if let Some(wrapper) = parts.optional(0xa0)? {
        let mut inner = wrapper.inner();
        let mut list = inner.sequence(DerFault::CertificatesExpected)?;
        inner.finish(DerFault::BytesAfterCertificates)?;
        while !list.is_empty() {
            let certificate = list.expect(SEQUENCE, DerFault::CertificateExpected)?;
            if certificates.len() >= CERTIFICATES {
                return Err(certificate.error(DerFault::TooManyCertificates));
            }
            certificates.push(certificate.whole);
        }
    }
    parts.finish(DerFault::BytesAfterBasicResponse)?;
    let response =
        Response { signed: data.whole, algorithm: algorithm.whole, signature, certificates, nonce: None };
    read_data(&data, response)
}

fn read_data<'a>(data: &Element<'a>, mut response: Response<'a>) -> Result<Vec<Answer<'a>>, DerError> {
    let mut fields = data.inner();
    if let Some(version) = fields.optional(0xa0)? {
        return Err(version.error(DerFault::VersionWrittenOut));
    }
    // Who answers is shown by the signature; byName and byKey are only hints.
    let responder = fields.any()?;
    if !matches!(responder.tag, 0xa1 | 0xa2) {
        return Err(responder.error(DerFault::ResponderExpected));
    }
    fields.expect(GENERALIZED_TIME, DerFault::AnswerTimeExpected)?.time()?;
    let mut list = fields.sequence(DerFault::AnswersExpected)?;
    if let Some(extensions) = fields.optional(0xa1)? {
        response.nonce = read_extensions(&extensions)?;
    }
    fields.finish(DerFault::BytesAfterAnswers)?;
    let response = Arc::new(response);
    let mut answers = Vec::new();
    while !list.is_empty() {
        let single = list.expect(SEQUENCE, DerFault::AnswerExpected)?;
        if answers.len() >= ANSWERS {
            return Err(single.error(DerFault::TooManyAnswers));
        }
        answers.push(read_single(&single, &response)?);
    }
    Ok(answers)
}

fn read_single<'a>(single: &Element<'a>, response: &Arc<Response<'a>>) -> Result<Answer<'a>, DerError> {
    let mut fields = single.inner();
    let mut id = fields.sequence(DerFault::CertificateIdExpected)?;
    let hash =
        id.sequence(DerFault::DigestAlgorithmExpected)?.expect(OID, DerFault::DigestAlgorithmExpected)?;
    let known = DIGESTS.iter().find(|(oid, _)| *oid == hash.value);
    let &(_, algorithm) = known.ok_or_else(|| hash.error(DerFault::UnknownDigestAlgorithm))?;
    let issuer_name = id.expect(OCTET_STRING, DerFault::IssuerNameExpected)?.value;
    let issuer_key = id.expect(OCTET_STRING, DerFault::IssuerKeyExpected)?.value;
    let serial = read_serial(&id.expect(INTEGER, DerFault::SerialNumberExpected)?)?;
    id.finish(DerFault::BytesAfterCertificateId)?;
    let status = read_status(&fields.any()?)?;
    let this_update = fields.expect(GENERALIZED_TIME, DerFault::StartOfValidityExpected)?.time()?;
    let next_update = match fields.optional(0xa0)? {
        Some(wrapper) => {
            let mut inner = wrapper.inner();
            let time = inner.expect(GENERALIZED_TIME, DerFault::EndOfValidityExpected)?.time()?;
            inner.finish(DerFault::BytesAfterEndOfValidity)?;
            Some(time)
        }
        None => None,
    };
    if let Some(extensions) = fields.optional(0xa1)? {
        read_extensions(&extensions)?;
    }
    fields.finish(DerFault::BytesAfterAnswer)?;
    let response = Arc::clone(response);
    Ok(Answer { response, algorithm, issuer_name, issuer_key, serial, status, this_update, next_update })
}

fn read_status(element: &Element<'_>) -> Result<Status, DerError> {
    match (element.tag, element.value) {
        (0x80, []) => Ok(Status::Good),
        (0x82, []) => Ok(Status::Unknown),
        (0xa1, _) => {
            let mut inner = element.inner();
            inner.expect(GENERALIZED_TIME, DerFault::TimeOfRevocationExpected)?.time()?;
            let hold = match inner.optional(0xa0)? {
                Some(wrapper) => {
                    let mut reason = wrapper.inner();
                    let code = reason.expect(ENUMERATED, DerFault::ReasonExpected)?.small()?;
                    reason.finish(DerFault::BytesAfterReason)?;
                    code == HOLD
                }
                None => false,
            };
            inner.finish(DerFault::BytesAfterRevocation)?;
            Ok(Status::Revoked { hold })
        }
        _ => Err(element.error(DerFault::StatusExpected)),
    }
}

/// The nonce, which is not critical. Nothing critical is known here.
fn read_extensions<'a>(wrapper: &Element<'a>) -> Result<Option<&'a [u8]>, DerError> {
    let mut outer = wrapper.inner();
    let mut list = outer.sequence(DerFault::ExtensionsExpected)?;
    outer.finish(DerFault::BytesAfterExtensions)?;
    let mut nonce = None;
    while !list.is_empty() {
        let extension = Extension::read(&mut list)?;
        if extension.critical {
            return Err(extension.element.error(DerFault::UnknownCriticalExtension));
        }
        if extension.oid == NONCE && nonce.replace(extension.element.value).is_some() {
            return Err(extension.element.error(DerFault::NonceTwice));
        }
    }
    Ok(nonce)
}

/// A request about one certificate (RFC 6960 4.1.1), named by SHA-384 as NVIDIA's verifier does, unsigned.
pub(crate) fn request(link: &Link, issuer: &Link, nonce: Option<&[u8; 32]>) -> Vec<u8> {
    let [_, _, (oid, algorithm)] = DIGESTS;
    let first = link.serial.iter().position(|byte| *byte != 0).unwrap_or_default();
    let magnitude = link.serial.get(first..).unwrap_or_default();
    // DER: a number whose first bit is set would be negative.
    let sign: &[u8] = if magnitude.first().is_some_and(|byte| byte & 0x80 != 0) { &[0] } else { &[] };
    let id = element(
        SEQUENCE,
        &[
            &element(SEQUENCE, &[&element(OID, &[oid])]),
            &element(OCTET_STRING, &[digest(algorithm, &issuer.subject).as_ref()]),
            &element(OCTET_STRING, &[digest(algorithm, &issuer.public_key).as_ref()]),
            &element(INTEGER, &[sign, magnitude]),
        ],
    );
    let list = element(SEQUENCE, &[&element(SEQUENCE, &[&id])]);
    let extensions = nonce.map(|nonce| {
        let value = element(OCTET_STRING, &[&nonce_value(nonce)]);
        let extension = element(SEQUENCE, &[&element(OID, &[NONCE]), &value]);
        element(0xa2, &[&element(SEQUENCE, &[&extension])])
    });
    element(SEQUENCE, &[&element(SEQUENCE, &[&list, extensions.as_deref().unwrap_or_default()])])
}

/// The value of the nonce extension: an OCTET STRING inside that of the extension (RFC 8954 2.1).
pub(crate) fn nonce_value(nonce: &[u8; 32]) -> Vec<u8> {
    element(OCTET_STRING, &[nonce])
}

/// Tag, length and contents; requests stay below 64 KiB.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let mut out = vec![tag];
    match u8::try_from(contents.len()) {
        Ok(short @ 0..0x80) => out.push(short),
        Ok(long) => out.extend([0x81, long]),
        Err(_) => {
            out.push(0x82);
            out.extend(u16::try_from(contents.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    out.extend(contents);
    out
}
