//! The forms in which collateral travels.

use crate::error::{CollateralError, Source};
use crate::wire;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use veritee_base::{Budget, text};

/// The parts of collateral. All of them may be written by an attacker.
#[derive(Clone, PartialEq, Eq)]
pub struct CollateralParts {
    /// PEM chain of the PCK CA and the root, in any order.
    pub pck_crl_issuer_chain: String,
    /// Revocation list of the root, DER.
    pub root_ca_crl: Vec<u8>,
    /// Revocation list of the PCK CA, DER.
    pub pck_crl: Vec<u8>,
    /// PEM chain of the TCB signer and the root, in any order.
    pub tcb_info_issuer_chain: String,
    /// TCB info: the exact bytes that were signed.
    pub tcb_info: String,
    /// Signature over them, 64 bytes in hex.
    pub tcb_info_signature: String,
    /// PEM chain of the TCB signer and the root, in any order.
    pub qe_identity_issuer_chain: String,
    /// QE identity: the exact bytes that were signed.
    pub qe_identity: String,
    /// Signature over them, 64 bytes in hex.
    pub qe_identity_signature: String,
    /// PEM chain of the PCK, its CA and the root, for quotes that carry none.
    pub pck_certificate_chain: Option<String>,
}

/// Answers of Intel's service, version 3 or 4. Chains come from the headers, percent-encoded or not.
#[derive(Debug, Clone, Copy)]
pub struct PcsAnswers<'a> {
    /// Body of `/tcb`: `{"tcbInfo":{...},"signature":"..."}`.
    pub tcb_info_body: &'a [u8],
    /// Header `TCB-Info-Issuer-Chain`.
    pub tcb_info_issuer_chain: &'a str,
    /// Body of `/qe/identity`: `{"enclaveIdentity":{...},"signature":"..."}`.
    pub qe_identity_body: &'a [u8],
    /// Header `SGX-Enclave-Identity-Issuer-Chain`.
    pub qe_identity_issuer_chain: &'a str,
    /// Body of `/pckcrl`: DER, PEM, hex or base64.
    pub pck_crl: &'a [u8],
    /// Header `SGX-PCK-CRL-Issuer-Chain`.
    pub pck_crl_issuer_chain: &'a str,
    /// Revocation list of the root: DER, PEM, hex or base64.
    pub root_ca_crl: &'a [u8],
    /// PCK certificate and its issuer chain, PEM, for quotes that carry none.
    pub pck_certificate_chain: Option<&'a str>,
}

#[derive(Deserialize)]
struct DcapJson<'a> {
    pck_crl_issuer_chain: String,
    #[serde(borrow)]
    root_ca_crl: Octets<'a>,
    #[serde(borrow)]
    pck_crl: Octets<'a>,
    tcb_info_issuer_chain: String,
    tcb_info: String,
    #[serde(borrow)]
    tcb_info_signature: Octets<'a>,
    qe_identity_issuer_chain: String,
    qe_identity: String,
    #[serde(borrow)]
    qe_identity_signature: Octets<'a>,
    #[serde(default)]
    pck_certificate_chain: Option<String>,
}

/// The same as far as lists go. Whatever else a set lacks, what its lists revoke is revoked.
#[derive(Deserialize)]
struct ListsJson<'a> {
    #[serde(default)]
    pck_crl_issuer_chain: String,
    #[serde(borrow, default)]
    root_ca_crl: Option<Octets<'a>>,
    #[serde(borrow, default)]
    pck_crl: Option<Octets<'a>>,
}

/// Bytes as writers of JSON put them: text in some coding, an array of numbers (what serde makes of `Vec<u8>`), or what
/// Node makes of a `Buffer`.
enum Octets<'a> {
    Text(Cow<'a, str>),
    Numbers(Vec<u8>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Octets<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Octets<'de>;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a string or an array of bytes")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Octets<'de>, E> {
                Ok(Octets::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Octets<'de>, E> {
                Ok(Octets::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Octets<'de>, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = list.next_element::<u8>()? {
                    bytes.push(byte);
                }
                if bytes.is_empty() {
                    return Err(serde::de::Error::invalid_length(0, &"bytes"));
                }
                Ok(Octets::Numbers(bytes))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Octets<'de>, A::Error> {
                #[derive(Deserialize)]
                #[serde(deny_unknown_fields)]
                struct Buffer {
                    r#type: String,
                    data: Vec<u8>,
                }
                let Buffer { r#type, data } =
                    Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                if r#type != "Buffer" || data.is_empty() {
                    return Err(serde::de::Error::custom("expected a Buffer with bytes"));
                }
                Ok(Octets::Numbers(data))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl Octets<'_> {
    /// A signature in hex. What cannot be decoded stays as it is: the check of the signature says so.
    fn signature(self) -> String {
        match self {
            Self::Numbers(bytes) => hex::encode(bytes),
            Self::Text(text) => {
                let decoded = decode_text(text.as_bytes()).filter(|bytes| bytes.len() == 64);
                decoded.map_or_else(|| text.into_owned(), hex::encode)
            }
        }
    }
}

#[derive(Serialize)]
struct DcapJsonOut<'a> {
    pck_crl_issuer_chain: &'a str,
    root_ca_crl: String,
    pck_crl: String,
    tcb_info_issuer_chain: &'a str,
    tcb_info: &'a str,
    tcb_info_signature: &'a str,
    qe_identity_issuer_chain: &'a str,
    qe_identity: &'a str,
    qe_identity_signature: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pck_certificate_chain: Option<&'a str>,
}

#[derive(Deserialize)]
struct SignedBody<'a> {
    #[serde(borrow, default, rename = "tcbInfo")]
    tcb_info: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "enclaveIdentity")]
    enclave_identity: Option<&'a RawValue>,
    signature: String,
}

pub(super) fn from_json(json: &[u8], budget: &Budget) -> Result<CollateralParts, CollateralError> {
    let read: DcapJson<'_> = read(json, budget)?;
    Ok(CollateralParts {
        pck_crl_issuer_chain: read.pck_crl_issuer_chain,
        root_ca_crl: decode_octets(Source::RootCaCrl, &read.root_ca_crl)?,
        pck_crl: decode_octets(Source::PckCrl, &read.pck_crl)?,
        tcb_info_issuer_chain: read.tcb_info_issuer_chain,
        tcb_info: read.tcb_info,
        tcb_info_signature: read.tcb_info_signature.signature(),
        qe_identity_issuer_chain: read.qe_identity_issuer_chain,
        qe_identity: read.qe_identity,
        qe_identity_signature: read.qe_identity_signature.signature(),
        pck_certificate_chain: read.pck_certificate_chain,
    })
}

/// The lists of an object that is no whole set, or of which another part cannot be decoded: each that can be.
pub(super) fn lists_from_json(json: &[u8], budget: &Budget) -> Option<CollateralParts> {
    let read: ListsJson<'_> = read(json, budget).ok()?;
    let list = |source, octets: Option<Octets<'_>>| {
        octets.and_then(|octets| decode_octets(source, &octets).ok()).unwrap_or_default()
    };
    let parts = CollateralParts {
        pck_crl_issuer_chain: read.pck_crl_issuer_chain,
        root_ca_crl: list(Source::RootCaCrl, read.root_ca_crl),
        pck_crl: list(Source::PckCrl, read.pck_crl),
        tcb_info_issuer_chain: String::new(),
        tcb_info: "{}".to_owned(),
        tcb_info_signature: String::new(),
        qe_identity_issuer_chain: String::new(),
        qe_identity: "{}".to_owned(),
        qe_identity_signature: String::new(),
        pck_certificate_chain: None,
    };
    (!parts.pck_crl.is_empty() || !parts.root_ca_crl.is_empty()).then_some(parts)
}

pub(super) fn from_pcs(
    answers: &PcsAnswers<'_>,
    budget: &Budget,
) -> Result<CollateralParts, CollateralError> {
    let tcb: SignedBody<'_> = read(answers.tcb_info_body, budget)?;
    let identity: SignedBody<'_> = read(answers.qe_identity_body, budget)?;
    let missing = |source| CollateralError::Encoding { source };
    let tcb_info = tcb.tcb_info.ok_or_else(|| missing(Source::TcbInfo))?;
    let qe_identity = identity.enclave_identity.ok_or_else(|| missing(Source::QeIdentity))?;
    Ok(CollateralParts {
        pck_crl_issuer_chain: percent_decoded(Source::PckCrlIssuerChain, answers.pck_crl_issuer_chain)?,
        root_ca_crl: decode_list(Source::RootCaCrl, answers.root_ca_crl)?,
        pck_crl: decode_list(Source::PckCrl, answers.pck_crl)?,
        tcb_info_issuer_chain: percent_decoded(Source::TcbInfoIssuerChain, answers.tcb_info_issuer_chain)?,
        tcb_info: tcb_info.get().to_owned(),
        tcb_info_signature: tcb.signature,
        qe_identity_issuer_chain: percent_decoded(
            Source::QeIdentityIssuerChain,
            answers.qe_identity_issuer_chain,
        )?,
        qe_identity: qe_identity.get().to_owned(),
        qe_identity_signature: identity.signature,
        pck_certificate_chain: answers.pck_certificate_chain.map(str::to_owned),
    })
}

pub(super) fn to_json(parts: &CollateralParts) -> String {
    let out = DcapJsonOut {
        pck_crl_issuer_chain: &parts.pck_crl_issuer_chain,
        root_ca_crl: hex::encode(&parts.root_ca_crl),
        pck_crl: hex::encode(&parts.pck_crl),
        tcb_info_issuer_chain: &parts.tcb_info_issuer_chain,
        tcb_info: &parts.tcb_info,
        tcb_info_signature: &parts.tcb_info_signature,
        qe_identity_issuer_chain: &parts.qe_identity_issuer_chain,
        qe_identity: &parts.qe_identity,
        qe_identity_signature: &parts.qe_identity_signature,
        pck_certificate_chain: parts.pck_certificate_chain.as_deref(),
    };
    // Strings under string keys always serialise.
    serde_json::to_string_pretty(&out).unwrap_or_default()
}

fn read<'a, T: Deserialize<'a>>(json: &'a [u8], budget: &Budget) -> Result<T, CollateralError> {
    let limit = budget.json_depth;
    if let Some((line, column)) = wire::too_deep(json, limit) {
        let message = format!("nested deeper than {limit} levels");
        return Err(CollateralError::Container { line, column, message });
    }
    serde_json::from_slice(json).map_err(|error| {
        let (line, column, message) = position(&error);
        CollateralError::Container { line, column, message }
    })
}

/// Line, column and words of a JSON fault, the words safe to print.
pub(crate) fn position(error: &serde_json::Error) -> (usize, usize, String) {
    let full = error.to_string();
    let words = full.rsplit_once(" at line ").map_or(full.as_str(), |(words, _)| words);
    (error.line(), error.column(), text::inert(&text::shortened(words, 160)))
}

/// Numbers are the bytes themselves, of the list or of its text.
fn decode_octets(source: Source, octets: &Octets<'_>) -> Result<Vec<u8>, CollateralError> {
    match octets {
        Octets::Text(text) => decode_list(source, text.as_bytes()),
        Octets::Numbers(bytes) => decode_list(source, bytes),
    }
}

/// A revocation list in whichever coding: DER begins with a SEQUENCE, PEM with dashes, hex and base64 otherwise.
fn decode_list(source: Source, bytes: &[u8]) -> Result<Vec<u8>, CollateralError> {
    let error = || CollateralError::Encoding { source };
    // `0` in ASCII is the tag of a SEQUENCE too; what follows it in DER of any list is no hex digit but a length.
    if let [0x30, 0x80..=0xff, ..] = bytes {
        return Ok(bytes.to_vec());
    }
    let text = bytes.trim_ascii();
    if text.starts_with(b"-----") {
        return decode_pem_list(text).ok_or_else(error);
    }
    // No text is no list: what stands beside it may be one.
    decode_text(text).ok_or_else(error)
}

/// Hex with or without `0x`, or base64 in either alphabet; line breaks count for nothing.
fn decode_text(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let hex = digits.strip_prefix(b"0x").or_else(|| digits.strip_prefix(b"0X")).unwrap_or(&digits);
    if let Ok(decoded) = hex::decode(hex) {
        return Some(decoded);
    }
    let unpadded = digits.strip_suffix(b"==").or_else(|| digits.strip_suffix(b"=")).unwrap_or(&digits);
    STANDARD.decode(&digits).or_else(|_| URL_SAFE_NO_PAD.decode(unpadded)).ok()
}

fn decode_pem_list(text: &[u8]) -> Option<Vec<u8>> {
    let body = text.strip_prefix(b"-----BEGIN X509 CRL-----")?.strip_suffix(b"-----END X509 CRL-----")?;
    let digits: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(digits).ok()
}

/// Undoes the coding of HTTP headers, when the text is coded at all.
fn percent_decoded(source: Source, text: &str) -> Result<String, CollateralError> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let error = || CollateralError::Encoding { source };
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'%' {
            out.push(*first);
            continue;
        }
        let (pair, tail) = rest.split_at_checked(2).ok_or_else(error)?;
        let mut byte = [0];
        hex::decode_to_slice(pair, &mut byte).map_err(|_digits| error())?;
        out.extend(byte);
        rest = tail;
    }
    String::from_utf8(out).map_err(|_utf8| error())
}
