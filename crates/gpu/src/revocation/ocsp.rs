//! OCSP answers (RFC 6960): a strict reader of BasicOCSPResponse.

use super::{RevocationError, verify};
use crate::certificate::{Certificate, PublicKey};
use crate::chain::Link;
use crate::der::{
    BIT_STRING, Der, DerError, ENUMERATED, Element, GENERALIZED_TIME, INTEGER, OCTET_STRING, OID, SEQUENCE,
};
use crate::memory::Memory;
use crate::x509::{Extension, Serial, read_serial};
use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, digest};
use std::sync::Arc;
use veritee_model::UnixTime;

/// 1.3.6.1.5.5.7.48.1.1, id-pkix-ocsp-basic.
const BASIC: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];
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
pub(super) enum Status {
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
}

/// One answer about one certificate.
#[derive(Debug, Clone)]
pub(super) struct Answer<'a> {
    response: Arc<Response<'a>>,
    algorithm: &'static Algorithm,
    issuer_name: &'a [u8],
    issuer_key: &'a [u8],
    serial: Serial,
    pub(super) status: Status,
    pub(super) this_update: UnixTime,
    pub(super) next_update: Option<UnixTime>,
}

impl Answer<'_> {
    /// The certificate with this serial number under this issuer.
    pub(super) fn is_about(&self, link: &Link, issuer: &Link) -> bool {
        // RFC 6960 4.1.1: the hash is over the BIT STRING's contents without tag, length and unused bits.
        self.serial == link.serial
            && digest(self.algorithm, &issuer.subject).as_ref() == self.issuer_name
            && digest(self.algorithm, &issuer.public_key).as_ref() == self.issuer_key
    }

    /// Signed by the issuer itself, or by a responder to whom this very issuer delegated (RFC 6960 4.2.2.2).
    /// Gives back until when its certificate is in force; it must be so when the answer begins.
    pub(super) fn check_signer(
        &self,
        issuer: &Link,
        memory: &mut Memory,
    ) -> Result<UnixTime, RevocationError> {
        let response = &self.response;
        let signs = |key: &PublicKey| verify(response.algorithm, key, response.signed, response.signature);
        let of = || issuer.name.clone();
        if response.certificates.is_empty() {
            return if signs(&issuer.public_key) {
                Ok(UnixTime::MAX)
            } else {
                Err(RevocationError::Answer { issuer: of() })
            };
        }
        let refused = |what| RevocationError::Delegation { issuer: of(), what };
        let mut last = refused("its certificate cannot be read");
        for der in &response.certificates {
            let Ok(responder) = Certificate::parse(der) else { continue };
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
            } else if !memory.is_signed_by(&responder, &issuer.public_key) {
                Some("its certificate is not signed by the issuer")
            } else {
                None
            };
            match fault {
                Some(what) => last = refused(what),
                None if signs(&responder.public_key) => return Ok(responder.not_after),
                None => last = RevocationError::Answer { issuer: of() },
            }
        }
        // A CA may answer itself and send its own chain along.
        if signs(&issuer.public_key) { Ok(UnixTime::MAX) } else { Err(last) }
    }
}

/// All answers of a response.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Answer<'_>>, DerError> {
    let mut outer = Der::new(bytes);
    let whole = outer.expect(SEQUENCE, "OCSP response expected")?;
    outer.finish("bytes after the OCSP response")?;
    let mut parts = whole.inner();
    let status = parts.expect(ENUMERATED, "response status expected")?;
    if status.small()? != 0 {
        return Err(status.error("the responder gave no answer"));
    }
    let mut wrapper = parts.expect(0xa0, "response bytes expected")?.inner();
    parts.finish("bytes after the response")?;
    let mut typed = wrapper.sequence("response bytes expected")?;
    wrapper.finish("bytes after the response")?;
    let kind = typed.expect(OID, "response type expected")?;
    if kind.value != BASIC {
        return Err(kind.error("basic OCSP response expected"));
    }
    let body = typed.expect(OCTET_STRING, "response expected")?;
    typed.finish("bytes after the response")?;
    read_basic(&body)
}

fn read_basic<'a>(body: &Element<'a>) -> Result<Vec<Answer<'a>>, DerError> {
    let mut outer = body.inner();
    let mut parts = outer.sequence("basic response expected")?;
    outer.finish("bytes after the basic response")?;
    let data = parts.expect(SEQUENCE, "response data expected")?;
    let algorithm = parts.expect(SEQUENCE, "signature algorithm expected")?;
    let signature = parts.expect(BIT_STRING, "signature expected")?.octets_of_bits()?;
    let mut certificates = Vec::new();
    if let Some(wrapper) = parts.optional(0xa0)? {
        let mut inner = wrapper.inner();
        let mut list = inner.sequence("certificates expected")?;
        inner.finish("bytes after the certificates")?;
        while !list.is_empty() {
            let certificate = list.expect(SEQUENCE, "certificate expected")?;
            if certificates.len() >= CERTIFICATES {
                return Err(certificate.error("too many certificates"));
            }
            certificates.push(certificate.whole);
        }
    }
    parts.finish("bytes after the basic response")?;
    let response =
        Arc::new(Response { signed: data.whole, algorithm: algorithm.whole, signature, certificates });
    read_data(&data, &response)
}

fn read_data<'a>(data: &Element<'a>, response: &Arc<Response<'a>>) -> Result<Vec<Answer<'a>>, DerError> {
    let mut fields = data.inner();
    if let Some(version) = fields.optional(0xa0)? {
        return Err(version.error("default value is written out, or another version"));
    }
    // Who answers is shown by the signature; byName and byKey are only hints.
    let responder = fields.any()?;
    if !matches!(responder.tag, 0xa1 | 0xa2) {
        return Err(responder.error("responder expected"));
    }
    fields.expect(GENERALIZED_TIME, "time of the answer expected")?.time()?;
    let mut list = fields.sequence("answers expected")?;
    if let Some(extensions) = fields.optional(0xa1)? {
        check_extensions(&extensions)?;
    }
    fields.finish("bytes after the answers")?;
    let mut answers = Vec::new();
    while !list.is_empty() {
        let single = list.expect(SEQUENCE, "answer expected")?;
        if answers.len() >= ANSWERS {
            return Err(single.error("too many answers"));
        }
        answers.push(read_single(&single, response)?);
    }
    Ok(answers)
}

fn read_single<'a>(single: &Element<'a>, response: &Arc<Response<'a>>) -> Result<Answer<'a>, DerError> {
    let mut fields = single.inner();
    let mut id = fields.sequence("certificate id expected")?;
    let hash = id.sequence("digest algorithm expected")?.expect(OID, "digest algorithm expected")?;
    let known = DIGESTS.iter().find(|(oid, _)| *oid == hash.value);
    let &(_, algorithm) = known.ok_or_else(|| hash.error("unknown digest algorithm"))?;
    let issuer_name = id.expect(OCTET_STRING, "issuer's name expected")?.value;
    let issuer_key = id.expect(OCTET_STRING, "issuer's key expected")?.value;
    let serial = read_serial(&id.expect(INTEGER, "serial number expected")?)?;
    id.finish("bytes after the certificate id")?;
    let status = read_status(&fields.any()?)?;
    let this_update = fields.expect(GENERALIZED_TIME, "start of validity expected")?.time()?;
    let next_update = match fields.optional(0xa0)? {
        Some(wrapper) => {
            let mut inner = wrapper.inner();
            let time = inner.expect(GENERALIZED_TIME, "end of validity expected")?.time()?;
            inner.finish("bytes after the end of validity")?;
            Some(time)
        }
        None => None,
    };
    if let Some(extensions) = fields.optional(0xa1)? {
        check_extensions(&extensions)?;
    }
    fields.finish("bytes after the answer")?;
    let response = Arc::clone(response);
    Ok(Answer { response, algorithm, issuer_name, issuer_key, serial, status, this_update, next_update })
}

fn read_status(element: &Element<'_>) -> Result<Status, DerError> {
    match (element.tag, element.value) {
        (0x80, []) => Ok(Status::Good),
        (0x82, []) => Ok(Status::Unknown),
        (0xa1, _) => {
            let mut inner = element.inner();
            inner.expect(GENERALIZED_TIME, "time of revocation expected")?.time()?;
            let hold = match inner.optional(0xa0)? {
                Some(wrapper) => {
                    let mut reason = wrapper.inner();
                    let code = reason.expect(ENUMERATED, "reason expected")?.small()?;
                    reason.finish("bytes after the reason")?;
                    code == HOLD
                }
                None => false,
            };
            inner.finish("bytes after the revocation")?;
            Ok(Status::Revoked { hold })
        }
        _ => Err(element.error("status expected")),
    }
}

/// Nothing critical is known here: the nonce, which is not critical, cannot be checked by who did not ask.
fn check_extensions(wrapper: &Element<'_>) -> Result<(), DerError> {
    let mut outer = wrapper.inner();
    let mut list = outer.sequence("extensions expected")?;
    outer.finish("bytes after the extensions")?;
    while !list.is_empty() {
        let extension = Extension::read(&mut list)?;
        if extension.critical {
            return Err(extension.element.error("unknown critical extension"));
        }
    }
    Ok(())
}
