//! A DER writer that also writes what no DER reader should accept.

/// One element: tag, minimal length, content.
#[must_use]
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.push(u8::try_from(length).expect("below 0x80"));
    } else {
        let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        out.push(0x80 | u8::try_from(bytes.len()).expect("at most 8"));
        out.extend(bytes);
    }
    out.extend_from_slice(content);
    out
}

/// SEQUENCE of the parts.
#[must_use]
pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

/// SET of the parts, in the given order.
#[must_use]
pub fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x31, &parts.concat())
}

/// INTEGER with exactly these content bytes, minimal or not.
#[must_use]
pub fn raw_integer(content: &[u8]) -> Vec<u8> {
    element(0x02, content)
}

/// Non-negative INTEGER, minimal.
#[must_use]
pub fn integer(value: u64) -> Vec<u8> {
    unsigned_integer(&value.to_be_bytes())
}

/// Non-negative INTEGER from big-endian bytes, minimal.
#[must_use]
pub fn unsigned_integer(bytes: &[u8]) -> Vec<u8> {
    let mut content: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if content.first().is_none_or(|byte| *byte >= 0x80) {
        content.insert(0, 0);
    }
    raw_integer(&content)
}

/// ENUMERATED of one byte.
#[must_use]
pub fn enumerated(value: u8) -> Vec<u8> {
    element(0x0a, &[value])
}

/// BOOLEAN.
#[must_use]
pub fn boolean(value: bool) -> Vec<u8> {
    element(0x01, &[if value { 0xff } else { 0 }])
}

/// NULL.
#[must_use]
pub fn null() -> Vec<u8> {
    element(0x05, &[])
}

/// OCTET STRING.
#[must_use]
pub fn octet_string(content: &[u8]) -> Vec<u8> {
    element(0x04, content)
}

/// BIT STRING with the given number of unused bits in the last byte.
#[must_use]
pub fn bit_string(unused: u8, content: &[u8]) -> Vec<u8> {
    element(0x03, &[&[unused], content].concat())
}

/// UTF8String.
#[must_use]
pub fn utf8(text: &str) -> Vec<u8> {
    element(0x0c, text.as_bytes())
}

/// PrintableString; the characters are not checked.
#[must_use]
pub fn printable(text: &str) -> Vec<u8> {
    element(0x13, text.as_bytes())
}

/// OBJECT IDENTIFIER from dotted text.
///
/// # Panics
/// When the text is no object identifier of at least two arcs.
#[must_use]
pub fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.split('.').map(|arc| arc.parse().expect("a number")).collect();
    let (head, tail) = arcs.split_at(2);
    let mut content = Vec::new();
    push_base128(&mut content, head[0] * 40 + head[1]);
    for arc in tail {
        push_base128(&mut content, *arc);
    }
    element(0x06, &content)
}

fn push_base128(out: &mut Vec<u8>, value: u64) {
    let groups = (0..10).rev().map(|group| u8::try_from((value >> (7 * group)) & 0x7f).expect("7 bits"));
    let significant: Vec<u8> = groups.skip_while(|group| *group == 0).collect();
    let Some((last, rest)) = significant.split_last() else {
        out.push(0);
        return;
    };
    out.extend(rest.iter().map(|group| group | 0x80));
    out.push(*last);
}

/// UTCTime before 2050, GeneralizedTime from then on (RFC 5280, section 4.1.2.5).
#[must_use]
pub fn time(at: veritee_model::UnixTime) -> Vec<u8> {
    let digits: String = at.to_string().chars().filter(char::is_ascii_digit).collect();
    if digits.as_str() < "2050" {
        element(0x17, format!("{}Z", &digits[2..]).as_bytes())
    } else {
        element(0x18, format!("{digits}Z").as_bytes())
    }
}

/// PEM with 64 columns.
#[must_use]
pub fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.push_str(core::str::from_utf8(line).expect("base64 is ASCII"));
        out.push('\n');
    }
    out + &format!("-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intel_s_extension_identifier_encodes_as_in_real_certificates() {
        assert_eq!(hex::encode(oid("1.2.840.113741.1.13.1.2.18")), "060b2a864886f84d010d010212");
    }

    #[test]
    fn integers_are_minimal_and_never_negative() {
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(127), [2, 1, 127]);
        assert_eq!(integer(128), [2, 2, 0, 128]);
        assert_eq!(integer(65535), [2, 3, 0, 255, 255]);
    }

    #[test]
    fn long_contents_have_long_lengths() {
        assert_eq!(element(4, &[0; 200])[..3], [4, 0x81, 200]);
        assert_eq!(element(4, &[0; 300])[..4], [4, 0x82, 1, 44]);
    }

    #[test]
    fn years_from_2050_on_are_written_with_four_digits() {
        let last = veritee_model::UnixTime::parse("2049-12-31T23:59:59Z").unwrap();
        assert_eq!(&time(last)[2..], b"491231235959Z");
        let first = veritee_model::UnixTime::parse("2050-01-01T00:00:00Z").unwrap();
        assert_eq!(&time(first)[2..], b"20500101000000Z");
    }
}
