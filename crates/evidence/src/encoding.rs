//! Bytes written as text: hex with an optional `0x`, base64 with either alphabet.

use crate::error::{BinaryProblem, EncodingProblem, ReadError};
use crate::gzip::{MAGIC, Members};
use crate::json::Origin;
use crate::printed;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::borrow::Cow;
use std::io::Read as _;
use veritee_model::Budget;

const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

/// Which encoding a text seems to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Hex,
    Base64,
}

/// Decides by the characters; white space does not count. Hex comes first: a text that is both is hex.
pub(crate) fn detect(text: &str) -> Option<Encoding> {
    let body = text.trim();
    if body.is_empty() {
        return None;
    }
    if body.starts_with("0x") || body.starts_with("0X") {
        return Some(Encoding::Hex);
    }
    if is_hex(body.as_bytes())
        || significant(body).all(|(_, byte)| byte.is_ascii_hexdigit())
        || printed::pairs(body).is_some()
    {
        return Some(Encoding::Hex);
    }
    significant(body)
        .all(|(_, byte)| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'='))
        .then_some(Encoding::Base64)
}

/// Decodes hex or base64, whichever the text is.
pub(crate) fn decode(text: &str, origin: &Origin) -> Result<Vec<u8>, ReadError> {
    match detect(text) {
        Some(Encoding::Hex) => decode_hex(text, origin),
        Some(Encoding::Base64) => decode_base64(text, origin),
        None => {
            let bad = significant(text).find(|(_, byte)| !byte.is_ascii_hexdigit());
            let at = origin.at(bad.map_or(0, |(offset, _)| offset));
            Err(ReadError::Encoding { at, encoding: "hex or base64", problem: EncodingProblem::Character })
        }
    }
}

/// Decodes hex; offsets are those of the characters in `text`.
pub(crate) fn decode_hex(text: &str, origin: &Origin) -> Result<Vec<u8>, ReadError> {
    let lead = text.len().saturating_sub(text.trim_start().len());
    let body = text.trim_start();
    let prefix = if body.starts_with("0x") || body.starts_with("0X") { 2_usize } else { 0 };
    let skip = lead.saturating_add(prefix);
    // What is plain is read at once; whatever is not is read digit by digit, which says where.
    if let Some(plain) = text.as_bytes().get(skip..).and_then(plain_hex) {
        return Ok(plain);
    }
    if let Some(plain) = printed::pairs(text).and_then(|digits| plain_hex(digits.as_bytes())) {
        return Ok(plain);
    }
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut high = None;
    for (offset, byte) in significant(text).filter(|(offset, _)| *offset >= skip) {
        let Some(digit) = char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()) else {
            let at = origin.at(offset);
            return Err(ReadError::Encoding { at, encoding: "hex", problem: EncodingProblem::Character });
        };
        match high.take() {
            None => high = Some(digit),
            Some(first) => out.push((first << 4) | digit),
        }
    }
    if high.is_some() {
        let at = origin.at(text.len());
        return Err(ReadError::Encoding { at, encoding: "hex", problem: EncodingProblem::OddLength });
    }
    Ok(out)
}

/// Decodes base64 of either alphabet, padded or not, white space ignored.
pub(crate) fn decode_base64(text: &str, origin: &Origin) -> Result<Vec<u8>, ReadError> {
    // The usual case: no white space, and nothing of the other alphabet.
    if let Ok(plain) = STANDARD.decode(text) {
        return Ok(plain);
    }
    let bare: Vec<u8> = significant(text).map(|(_, byte)| byte).collect();
    let engine = if bare.iter().any(|byte| matches!(byte, b'-' | b'_')) { &URL_SAFE } else { &STANDARD };
    engine.decode(&bare).map_err(|error| {
        let (index, problem) = match error {
            base64::DecodeError::InvalidByte(index, _) => (index, EncodingProblem::Character),
            base64::DecodeError::InvalidLastSymbol { offset, .. } => (offset, EncodingProblem::Padding),
            _ => (bare.len(), EncodingProblem::Padding),
        };
        let offset = significant(text).nth(index).map_or(text.len(), |(offset, _)| offset);
        ReadError::Encoding { at: origin.at(offset), encoding: "base64", problem }
    })
}

/// Decodes as veritee writes: no prefix, no white space; base64 of the standard alphabet, padded.
pub(crate) fn decode_strict(text: &str, encoding: Encoding, origin: &Origin) -> Result<Vec<u8>, ReadError> {
    let plain = match encoding {
        Encoding::Hex => plain_hex(text.as_bytes()),
        Encoding::Base64 if text.len().is_multiple_of(4) => STANDARD.decode(text).ok(),
        Encoding::Base64 => None,
    };
    if let Some(plain) = plain {
        return Ok(plain);
    }
    let (name, allowed): (_, fn(u8) -> bool) = match encoding {
        Encoding::Hex => ("hex", |byte| byte.is_ascii_hexdigit()),
        Encoding::Base64 => {
            ("base64", |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
        }
    };
    if let Some(offset) = text.bytes().position(|byte| !allowed(byte)) {
        let problem = EncodingProblem::Character;
        return Err(ReadError::Encoding { at: origin.at(offset), encoding: name, problem });
    }
    match encoding {
        Encoding::Hex => decode_hex(text, origin),
        Encoding::Base64 if text.len().is_multiple_of(4) => decode_base64(text, origin),
        Encoding::Base64 => {
            let at = origin.at(text.len());
            Err(ReadError::Encoding { at, encoding: name, problem: EncodingProblem::Padding })
        }
    }
}

/// Whether all of it are hex digits. Without a branch for each, so that a compiler does many at once.
fn is_hex(text: &[u8]) -> bool {
    text.chunks(256).all(|piece| piece.iter().fold(true, |all, byte| all & byte.is_ascii_hexdigit()))
}

/// The bytes of a text of hex digits and nothing else, in pairs.
pub(crate) fn plain_hex(text: &[u8]) -> Option<Vec<u8>> {
    const fn digit(byte: u8) -> u8 {
        // Digits end in their value, letters of either case in theirs less nine; letters alone have bit 6.
        (byte & 0xf).wrapping_add((byte >> 6).wrapping_mul(9))
    }
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    is_hex(text).then(|| pairs.iter().map(|[high, low]| (digit(*high) << 4) | digit(*low)).collect())
}

/// Takes off what the way adds to a text: gzip (also as base64 or hex of it) with all members, once, a byte order mark, UTF-16, base64 or hex
/// of a JSON document or of PEM, the head of an HTTP answer, what [`printed`] knows. Binary forms pass as they are.
///
/// # Errors
/// When the stream is damaged or longer than the budget, or a UTF-16 text has half a character.
pub(crate) fn unwrapped<'a>(
    bytes: &'a [u8],
    origin: &Origin,
    budget: &Budget,
) -> Result<Cow<'a, [u8]>, ReadError> {
    let inflated = match bytes {
        _ if bytes.starts_with(&MAGIC) => gunzip(bytes, origin, budget)?,
        _ => {
            let text = plain_text_of(bytes, origin, budget)?;
            match encoded(&text, origin) {
                _ if text.starts_with(&MAGIC) => gunzip(&text, origin, budget)?,
                Some(stream) if stream.as_ref().is_ok_and(|it| it.starts_with(&MAGIC)) => {
                    gunzip(&stream?, origin, budget)?
                }
                Some(document) => document?,
                None => return Ok(text),
            }
        }
    };
    Ok(Cow::Owned(plain_text_of(&inflated, origin, budget)?.into_owned()))
}

/// A text in UTF-8, and what a program has printed around it taken off.
fn plain_text_of<'a>(bytes: &'a [u8], origin: &Origin, budget: &Budget) -> Result<Cow<'a, [u8]>, ReadError> {
    let text = text_of(bytes, origin)?;
    let plain = printed::plain(&text, origin, budget)?.map(Cow::into_owned);
    Ok(plain.map_or(text, Cow::Owned))
}

/// The document that a string of another document holds in base64 or hex, packed with gzip or not: how gateways and functions
/// of AWS give a body (`isBase64Encoded`). `left` is how much more may be inflated in the document around it. Nothing where
/// the string holds none.
pub(crate) fn body(text: &str, origin: &Origin, budget: &Budget, left: &mut usize) -> Option<String> {
    let bytes = encoded(text.as_bytes(), origin)?.ok()?;
    let bytes = if bytes.starts_with(&MAGIC) {
        let mut rest = *budget;
        rest.input_bytes = rest.input_bytes.min(*left);
        let inflated = gunzip(&bytes, origin, &rest).ok()?;
        *left = left.saturating_sub(inflated.len());
        inflated
    } else {
        bytes
    };
    let plain = plain_text_of(&bytes, origin, budget).ok()?.into_owned();
    String::from_utf8(plain).ok()
}

/// Whether something stands around what these first bytes of a document begin: what [`unwrapped`] takes off.
pub(crate) fn wraps(head: &[u8]) -> bool {
    head.starts_with(&MAGIC)
        || printed::begins(head)
        || begins_encoded(inner(head))
        || matches!(head, [b'H', b'T', b'T', b'P', b'/', ..] | [0xef, 0xbb, 0xbf, ..])
        || matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'{' | b'[' | b'<' | b'"', 0, ..])
        || matches!(head, [0, b'{' | b'[' | b'<' | b'"', ..])
}

/// A text without blanks, the quotes of a JSON string and `0x`.
fn inner(bytes: &[u8]) -> &[u8] {
    let text = bytes.trim_ascii_start();
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    text.strip_prefix(b"0x").unwrap_or(text)
}

pub(crate) fn begins_encoded(bare: &[u8]) -> bool {
    /// gzip, `-----BEGIN`, `{"`, `{` and a line end or blank, `[{`.
    const BEGINS: [&str; 12] = [
        "H4sI",
        "1f8b08",
        "LS0tLS1CRUdJTi",
        "2d2d2d2d2d424547494e",
        "eyJ",
        "ewo",
        "ew0K",
        "eyAg",
        "7b22",
        "7b0a",
        "W3si",
        "5b7b22",
    ];
    BEGINS.iter().any(|begin| bare.starts_with(begin.as_bytes()))
}

/// What stands in a text that begins as a gzip stream, a PEM block or a JSON document does in base64 or hex, a JSON string or
/// not: what a secret of Kubernetes, a variable or a database holds. No quote, list or container begins so.
fn encoded(bytes: &[u8], origin: &Origin) -> Option<Result<Vec<u8>, ReadError>> {
    if !begins_encoded(inner(bytes)) {
        return None;
    }
    let text = bytes.trim_ascii();
    let text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
    let text = core::str::from_utf8(text).ok()?;
    detect(text).map(|_| decode(text, origin))
}

fn gunzip(bytes: &[u8], origin: &Origin, budget: &Budget) -> Result<Vec<u8>, ReadError> {
    let limit = budget.input_bytes;
    let allowed = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut out = Vec::new();
    Members::new(bytes)
        .take(allowed)
        .read_to_end(&mut out)
        .map_err(|_damaged| ReadError::Binary { at: origin.place(), problem: BinaryProblem::Gzip })?;
    if out.len() > limit {
        return Err(ReadError::TooLarge { at: origin.place(), what: "bytes of inflated input", limit });
    }
    Ok(out)
}

fn text_of<'a>(bytes: &'a [u8], origin: &Origin) -> Result<Cow<'a, [u8]>, ReadError> {
    let utf16 = |rest: &[u8], read: fn([u8; 2]) -> u16| {
        let units = rest.chunks(2).map(|pair| match pair {
            [one, other] => read([*one, *other]),
            // Half a unit: no character has this one by itself.
            _ => 0xd800,
        });
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.map(|text| Cow::Owned(text.into_bytes()))
            .map_err(|_half| ReadError::NotUtf8 { at: origin.place() })
    };
    match bytes {
        // The head of an answer that was saved with it (`curl -i`).
        [b'H', b'T', b'T', b'P', b'/', ..] => Ok(Cow::Borrowed(without_head(bytes))),
        [0xef, 0xbb, 0xbf, rest @ ..] => Ok(Cow::Borrowed(rest)),
        [0xff, 0xfe, rest @ ..] if !rest.is_empty() => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] if !rest.is_empty() => utf16(rest, u16::from_be_bytes),
        [b'{' | b'[' | b'<' | b'"', 0, _, 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0, b'{' | b'[' | b'<' | b'"', 0, ..] => utf16(bytes, u16::from_be_bytes),
        _ => Ok(Cow::Borrowed(bytes)),
    }
}

/// What stands behind the first empty line; all of it where there is none.
fn without_head(bytes: &[u8]) -> &[u8] {
    let after = |end: &[u8]| {
        let at = bytes.windows(end.len()).position(|window| window == end)?;
        bytes.get(at.checked_add(end.len())?..)
    };
    let ends = [after(b"\r\n\r\n"), after(b"\n\n")];
    ends.into_iter().flatten().max_by_key(|rest| rest.len()).unwrap_or(bytes)
}

fn significant(text: &str) -> impl Iterator<Item = (usize, u8)> + '_ {
    text.bytes().enumerate().filter(|(_, byte)| !byte.is_ascii_whitespace())
}
