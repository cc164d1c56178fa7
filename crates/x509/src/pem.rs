//! PEM chains (RFC 7468, the strict form): certificates and line ends, nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt;

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

/// Why a text is no PEM chain, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PemError {
    /// Byte offset in the text.
    pub at: usize,
    /// What was wrong there.
    pub what: &'static str,
}

impl fmt::Display for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

impl core::error::Error for PemError {}

/// How the lines of a chain are told from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    Ended,
    /// Older providers of PCK certificates left the line end between two certificates out, and what carries a chain in a
    /// header, a variable or a string takes all of them away. The text is not signed, and the dashes end it all the same.
    EndedOrNot,
}

/// Decodes a chain of at most `limit` certificates. One zero byte may end the text, as C strings have it.
///
/// Stops before decoding anything beyond `limit`.
///
/// # Errors
/// When there is anything but certificates and line ends, damaged base64, or one certificate too many.
pub fn decode_chain(text: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, PemError> {
    decode(text, limit, Lines::Ended)
}

/// [`decode_chain`] where the line ends about `BEGIN` and `END` may be left out, as older providers of PCK certificates
/// do between two certificates, and as a chain on one line has none.
///
/// # Errors
/// As there.
pub fn decode_glued_chain(text: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, PemError> {
    decode(text, limit, Lines::EndedOrNot)
}

fn decode(text: &[u8], limit: usize, lines: Lines) -> Result<Vec<Vec<u8>>, PemError> {
    let mut rest = text.strip_suffix(&[0]).unwrap_or(text);
    let total = rest.len();
    let at = |rest: &[u8]| total.saturating_sub(rest.len());
    let mut certificates = Vec::with_capacity(limit.min(4));
    loop {
        rest = skip_line_ends(rest);
        if rest.is_empty() {
            return Ok(certificates);
        }
        // The number of certificates is the writer's to choose: none is decoded that will not be looked at.
        if certificates.len() >= limit {
            return Err(PemError { at: at(rest), what: "more certificates than belong here" });
        }
        // RFC 7468 lets parsers pass over text around a certificate. What is passed over here may be a certificate to
        // another reader.
        let body = rest
            .strip_prefix(BEGIN)
            .and_then(|body| line_end(body).or_else(|| (lines == Lines::EndedOrNot).then_some(body)))
            .ok_or(PemError { at: at(rest), what: "a certificate's begin line is expected" })?;
        let (certificate, after) = decode_body(body, at(body), lines)?;
        certificates.push(certificate);
        rest = after;
    }
}

/// One certificate's lines and what follows its end line.
fn decode_body(body: &[u8], offset: usize, ended: Lines) -> Result<(Vec<u8>, &[u8]), PemError> {
    let fault = |position: usize, what| PemError { at: offset.saturating_add(position), what };
    let length = body.iter().position(|byte| *byte == b'-').unwrap_or(body.len());
    let (lines, end) = body.split_at_checked(length).unwrap_or((body, &[]));
    let mut digits = Vec::with_capacity(lines.len());
    let mut position = 0_usize;
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let text = match line.strip_suffix(b"\n") {
            Some(text) => text,
            None if ended == Lines::EndedOrNot => line,
            None => return Err(fault(position, "end line is not on its own line")),
        };
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        // RFC 7468's strict form has no blank line within; a reader that ends there would see half of it.
        if text.is_empty() {
            return Err(fault(position, "empty line inside a certificate"));
        }
        digits.extend_from_slice(text);
        position = position.saturating_add(line.len());
    }
    let after = end.strip_prefix(END).ok_or_else(|| fault(length, "a certificate's end line is expected"))?;
    let glued = ended == Lines::EndedOrNot && after.starts_with(BEGIN);
    let after = if after.is_empty() || glued { Some(after) } else { line_end(after) };
    let after = after.ok_or_else(|| fault(length, "a certificate's end line is expected"))?;
    let certificate = STANDARD.decode(&digits).map_err(|error| match error {
        base64::DecodeError::InvalidByte(index, _)
        | base64::DecodeError::InvalidLastSymbol { offset: index, .. } => {
            fault(offset_of_digit(lines, index), "base64 is damaged")
        }
        base64::DecodeError::InvalidLength(_) | base64::DecodeError::InvalidPadding => {
            fault(length, "base64 is incomplete")
        }
    })?;
    Ok((certificate, after))
}

/// Where in the text the byte `at` of the certificate with this index is coded.
#[must_use]
pub fn text_offset(text: &[u8], index: usize, at: usize) -> Option<usize> {
    let mut begins = text.windows(BEGIN.len()).enumerate().filter(|(_, window)| *window == BEGIN);
    let (begin, _) = begins.nth(index)?;
    let start = begin.checked_add(BEGIN.len())?;
    // Four digits carry three bytes.
    let digit = at.checked_mul(4)?.checked_div(3)?;
    start.checked_add(offset_of_digit(text.get(start..)?, digit))
}

/// Where the digit with this index stands once line ends are counted too.
fn offset_of_digit(lines: &[u8], index: usize) -> usize {
    let digits = lines.iter().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'));
    digits.map(|(offset, _)| offset).nth(index).unwrap_or(lines.len())
}

fn line_end(text: &[u8]) -> Option<&[u8]> {
    text.strip_prefix(b"\r\n").or_else(|| text.strip_prefix(b"\n"))
}

fn skip_line_ends(mut text: &[u8]) -> &[u8] {
    while let Some(rest) = line_end(text) {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "-----BEGIN CERTIFICATE-----\nAAEC\nAw==\n-----END CERTIFICATE-----\n";

    #[test]
    fn a_line_end_between_two_certificates_may_be_left_out() {
        let glued = format!("{}{ONE}", ONE.trim_end());
        assert_eq!(decode_glued_chain(glued.as_bytes(), 3).unwrap().len(), 2);
        assert!(decode_chain(glued.as_bytes(), 3).is_err());
        for bad in [
            format!("{} {ONE}", ONE.trim_end()),
            format!("{}x", ONE.trim_end()),
            glued.replace("-----END CERTIFICATE----------BEGIN", "-----END CERTIFICATE---------BEGIN"),
        ] {
            assert!(decode_glued_chain(bad.as_bytes(), 3).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_chain_on_one_line_is_read_where_lines_need_no_end() {
        let line = ONE.replace('\n', "");
        for text in
            [line.repeat(2), format!("{line}\n{line}\n"), format!("{ONE}{line}"), format!("{line}{ONE}\0")]
        {
            assert_eq!(decode_glued_chain(text.as_bytes(), 3).unwrap(), [[0, 1, 2, 3]; 2], "{text}");
            assert!(decode_chain(text.as_bytes(), 3).is_err(), "{text}");
        }
        for bad in [
            line.replace("AAEC", "AA EC"),
            line.replace("AAEC", "\n\nAAEC"),
            line.replace("AAEC", "AAE-"),
            line.replace("-----END", " -----END"),
            format!("{line} {line}"),
        ] {
            assert!(decode_glued_chain(bad.as_bytes(), 3).is_err(), "{bad}");
        }
    }

    #[test]
    fn line_ends_of_either_kind_and_one_final_zero_are_read() {
        let windows = ONE.replace('\n', "\r\n");
        for text in [ONE, windows.as_str(), &format!("{ONE}\0"), &format!("\n{ONE}\n"), ONE.trim_end()] {
            assert_eq!(decode_chain(text.as_bytes(), 1).unwrap(), [vec![0, 1, 2, 3]], "{text:?}");
        }
    }

    #[test]
    fn text_between_certificates_is_refused_at_its_offset() {
        let text = format!("{ONE}junk\n{ONE}");
        let error = decode_chain(text.as_bytes(), 2).unwrap_err();
        assert_eq!(error.at, ONE.len());
    }

    #[test]
    fn damaged_base64_and_missing_lines_are_refused() {
        for text in [
            "-----BEGIN CERTIFICATE-----\nAA!C\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nAAE\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nAAF=\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nAAEC-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nAAEC\n",
            "-----BEGIN CERTIFICATE-----\nAA EC\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\n\nAAEC\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nAAEC\r\n\r\n-----END CERTIFICATE-----\n",
            "-----BEGIN PUBLIC KEY-----\nAAEC\n-----END PUBLIC KEY-----\n",
            "-----BEGIN CERTIFICATE-----AAEC\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----x",
        ] {
            assert!(decode_chain(text.as_bytes(), 4).is_err(), "{text}");
        }
    }

    #[test]
    fn certificates_beyond_the_limit_are_not_decoded() {
        let text = ONE.repeat(10_000);
        let error = decode_chain(text.as_bytes(), 3).unwrap_err();
        assert_eq!(error.at, ONE.len() * 3);
    }
}
