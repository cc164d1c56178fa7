//! A strict JSON tree (RFC 8259) that keeps the byte range of every value and sees every duplicate key.
//!
//! Stricter than RFC 8259 where two readers of dstack (serde in the guest, jq in its scripts) would see two
//! documents: duplicate keys at any depth, a byte order mark, unpaired surrogates, `\u0000`, numbers beyond the
//! range of a double. All input is attacker-controlled.

mod reader;

pub use reader::{DocumentError, read};

use crate::position::Span;
use core::fmt::{self, Write as _};

/// A value and where it stands in the document.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonNode {
    /// The value.
    pub value: JsonValue,
    /// Byte range in the document, quotes and brackets included.
    pub span: Span,
}

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum JsonValue {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// The number as it is written.
    Number(String),
    /// The string with its escapes resolved.
    String(String),
    /// `[...]`
    Array(Vec<JsonNode>),
    /// `{...}`, in document order; no key occurs twice.
    Object(Vec<JsonMember>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonMember {
    /// The key with its escapes resolved.
    pub key: String,
    /// Byte range of the key, quotes included.
    pub key_span: Span,
    /// The value.
    pub node: JsonNode,
}

impl JsonNode {
    /// The member `key` of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.members()?.iter().find(|member| member.key == key).map(|member| &member.node)
    }

    /// The members, if it is an object.
    #[must_use]
    pub fn members(&self) -> Option<&[JsonMember]> {
        if let JsonValue::Object(members) = &self.value { Some(members) } else { None }
    }

    /// The elements, if it is an array.
    #[must_use]
    pub fn elements(&self) -> Option<&[Self]> {
        if let JsonValue::Array(elements) = &self.value { Some(elements) } else { None }
    }

    /// The text, if it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let JsonValue::String(text) = &self.value { Some(text) } else { None }
    }

    /// The truth value, if it is one.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        if let JsonValue::Bool(value) = &self.value { Some(*value) } else { None }
    }

    /// The number as it is written, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<&str> {
        if let JsonValue::Number(text) = &self.value { Some(text) } else { None }
    }

    /// Whether it is `null`.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self.value, JsonValue::Null)
    }

    /// The text of a string without its quotes, else the value as JSON writes it.
    #[must_use]
    pub fn shown(&self) -> String {
        self.as_str().map_or_else(|| self.to_string(), str::to_owned)
    }

    /// What kind of value it is, in JSON's words.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match &self.value {
            JsonValue::Null => "null",
            JsonValue::Bool(_) => "a truth value",
            JsonValue::Number(_) => "a number",
            JsonValue::String(_) => "a string",
            JsonValue::Array(_) => "an array",
            JsonValue::Object(_) => "an object",
        }
    }
}

/// As JSON writes it, without blanks; members in document order.
impl fmt::Display for JsonNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            JsonValue::Null => f.write_str("null"),
            JsonValue::Bool(value) => value.fmt(f),
            JsonValue::Number(text) => f.write_str(text),
            JsonValue::String(text) => write_string(f, text),
            JsonValue::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    write!(f, "{}{element}", if index == 0 { '[' } else { ',' })?;
                }
                f.write_str(if elements.is_empty() { "[]" } else { "]" })
            }
            JsonValue::Object(members) => {
                for (index, member) in members.iter().enumerate() {
                    f.write_char(if index == 0 { '{' } else { ',' })?;
                    write_string(f, &member.key)?;
                    write!(f, ":{}", member.node)?;
                }
                f.write_str(if members.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

/// RFC 8259 section 7: quotes, backslashes and control characters are escaped.
fn write_string(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(f, "\\{character}")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            control if control < ' ' => write!(f, "\\u{:04x}", u32::from(control))?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}

/// Maps offsets inside a resolved JSON string to byte offsets of the document that holds it.
///
/// Memory is one pair for each escape sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StringMap {
    // (offset in the resolved text, offset in the document): the start of each stretch without escapes.
    stretches: Vec<(usize, usize)>,
    end: usize,
}

impl StringMap {
    /// Reads the string literal at `span` of `document`; `None` when it is none.
    #[must_use]
    pub fn new(document: &[u8], span: Span) -> Option<Self> {
        let literal = document.get(span.range())?;
        let body = literal.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        let base = span.start.checked_add(1)?;
        let mut stretches = vec![(0, base)];
        let (mut outer, mut inner) = (0_usize, 0_usize);
        while let Some(byte) = body.get(outer) {
            if *byte != b'\\' {
                outer = outer.checked_add(1)?;
                inner = inner.checked_add(1)?;
                continue;
            }
            let (taken, made) = reader::escape_lengths(body.get(outer..)?)?;
            stretches.push((inner, base.checked_add(outer)?));
            outer = outer.checked_add(taken)?;
            inner = inner.checked_add(made)?;
            stretches.push((inner, base.checked_add(outer)?));
        }
        Some(Self { stretches, end: base.checked_add(body.len())? })
    }

    /// A map for text that is itself the document.
    #[must_use]
    pub fn identity(length: usize) -> Self {
        Self { stretches: vec![(0, 0)], end: length }
    }

    /// The offset in the document of `offset` in the resolved text. Inside an escape: where the escape begins.
    #[must_use]
    pub fn outer(&self, offset: usize) -> usize {
        let after = self.stretches.partition_point(|(inner, _)| *inner <= offset);
        let Some((inner, outer)) = self.stretches.get(after.saturating_sub(1)) else { return self.end };
        let next = self.stretches.get(after).map_or(self.end, |(_, outer)| *outer);
        outer.saturating_add(offset.saturating_sub(*inner)).min(next)
    }

    /// The byte range in the document of a range of the resolved text.
    #[must_use]
    pub fn outer_span(&self, span: Span) -> Span {
        Span::new(self.outer(span.start), self.outer(span.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use veritee_model::Budget;

    #[test]
    fn a_node_is_shown_as_json_writes_it() {
        let raw = br#"{"a":[1,true,null,"x\"\\\n\u0001"],"b":{},"c":[],"d":{"e":-1.5e3}}"#;
        let root = read(raw, &Budget::STANDARD).unwrap();
        assert_eq!(root.to_string().as_bytes(), raw);
        assert_eq!(root.get("a").unwrap().elements().unwrap()[3].shown(), "x\"\\\n\u{1}");
    }

    #[test]
    fn an_offset_inside_a_string_with_escapes_maps_to_its_bytes_in_the_document() {
        let raw = br#"{"a":"x\ny\u00e4z\ud83d\ude00!"}"#;
        let root = read(raw, &Budget::STANDARD).unwrap();
        let node = root.get("a").unwrap();
        let text = node.as_str().unwrap();
        let map = StringMap::new(raw, node.span).unwrap();
        for needle in ["x", "y", "z", "!"] {
            let inner = text.find(needle).unwrap();
            assert_eq!(&raw[map.outer(inner)..=map.outer(inner)], needle.as_bytes());
        }
        let newline = text.find('\n').unwrap();
        assert_eq!(&raw[map.outer_span(Span::new(newline, newline + 1)).range()], b"\\n");
        assert_eq!(map.outer(text.len()), raw.len() - 2);
        assert_eq!(map.outer(text.len() + 50), raw.len() - 2);
    }
}
