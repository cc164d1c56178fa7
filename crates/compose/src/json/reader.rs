//! The reader: bytes to [`JsonNode`], or the first thing that is wrong.

use super::{JsonMember, JsonNode, JsonValue};
use crate::position::{LineColumn, LineIndex, Span};
use core::fmt;
use std::collections::HashMap;
use veritee_model::text::{inert, shortened};
use veritee_model::{Budget, Reason};

/// Why bytes are not a document that every reader understands in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocumentError {
    /// The document has more bytes than the budget allows.
    TooLarge {
        /// Bytes allowed.
        limit: usize,
        /// Bytes given.
        got: usize,
    },
    /// The bytes are not UTF-8.
    NotUtf8 {
        /// Offset of the first byte that is not.
        at: usize,
    },
    /// The document begins with a byte order mark: jq skips it, serde refuses it.
    ByteOrderMark,
    /// A character that may not stand there.
    Unexpected {
        /// Offset of the character.
        at: usize,
        /// Line and column of it.
        place: LineColumn,
        /// What could have stood there.
        expected: &'static str,
        /// What stands there; `None` at the end.
        got: Option<char>,
    },
    /// A control character stands in a string without escape.
    ControlCharacter {
        /// Offset of it.
        at: usize,
        /// Line and column of it.
        place: LineColumn,
        /// Its value.
        value: u8,
    },
    /// An escape sequence that is none, or a surrogate without its other half.
    Escape {
        /// Offset of the backslash.
        at: usize,
        /// Line and column of it.
        place: LineColumn,
    },
    /// A string holds U+0000: shells drop it, others end the string there.
    NulCharacter {
        /// Offset of the escape.
        at: usize,
        /// Line and column of it.
        place: LineColumn,
    },
    /// A number beyond the range of a double.
    NumberRange {
        /// Offset of the number.
        at: usize,
        /// Line and column of it.
        place: LineColumn,
    },
    /// An object has a key twice.
    DuplicateKey {
        /// The key, escapes resolved.
        key: String,
        /// Byte range of the first occurrence.
        first: Span,
        /// Line and column of the first occurrence.
        first_place: LineColumn,
        /// Byte range of the second occurrence.
        second: Span,
        /// Line and column of the second occurrence.
        second_place: LineColumn,
    },
    /// Objects and arrays are nested deeper than the budget allows.
    TooDeep {
        /// Offset of the bracket that is too deep.
        at: usize,
        /// Levels allowed.
        limit: usize,
    },
    /// There is something after the document's end.
    TrailingData {
        /// Offset of the first byte that is not white space.
        at: usize,
        /// Line and column of it.
        place: LineColumn,
    },
    /// The document is JSON, but no object.
    NotAnObject {
        /// What it is.
        got: &'static str,
    },
}

impl DocumentError {
    /// The stable reason.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::TooLarge { .. } => Reason::ComposeTooLarge,
            Self::DuplicateKey { .. } => Reason::ComposeDuplicateKey,
            Self::TrailingData { .. } => Reason::ComposeTrailingData,
            _ => Reason::ComposeMalformed,
        }
    }

    /// Byte offset in the document.
    #[must_use]
    pub const fn offset(&self) -> usize {
        match self {
            Self::TooLarge { .. } | Self::ByteOrderMark | Self::NotAnObject { .. } => 0,
            Self::NotUtf8 { at }
            | Self::Unexpected { at, .. }
            | Self::ControlCharacter { at, .. }
            | Self::Escape { at, .. }
            | Self::NulCharacter { at, .. }
            | Self::NumberRange { at, .. }
            | Self::TooDeep { at, .. }
            | Self::TrailingData { at, .. } => *at,
            Self::DuplicateKey { second, .. } => second.start,
        }
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit, got } => {
                write!(f, "the document is too large: at most {limit} bytes expected, got {got}")
            }
            Self::NotUtf8 { at } => write!(f, "byte {at} is not UTF-8"),
            Self::ByteOrderMark => f.write_str("the document begins with a byte order mark"),
            Self::Unexpected { at, place, expected, got: Some(got) } => {
                let got = inert(&got.to_string());
                write!(f, "byte {at} ({place}): expected {expected}, got '{got}'")
            }
            Self::Unexpected { at, place, expected, got: None } => {
                write!(f, "byte {at} ({place}): expected {expected}, got the end of the document")
            }
            Self::ControlCharacter { at, place, value } => {
                write!(f, "byte {at} ({place}): control character 0x{value:02x} in a string")
            }
            Self::Escape { at, place } => write!(f, "byte {at} ({place}): not an escape sequence of JSON"),
            Self::NulCharacter { at, place } => write!(f, "byte {at} ({place}): U+0000 in a string"),
            Self::NumberRange { at, place } => {
                write!(f, "byte {at} ({place}): a number beyond the range of a double")
            }
            Self::DuplicateKey { key, first, first_place, second, second_place } => {
                let key = shortened(&inert(key), 80);
                write!(
                    f,
                    "key \"{key}\" stands at byte {} ({first_place}) and again at byte {} ({second_place})",
                    first.start, second.start
                )
            }
            Self::TooDeep { at, limit } => write!(f, "byte {at}: nested deeper than {limit} levels"),
            Self::TrailingData { at, place } => {
                write!(f, "byte {at} ({place}): data after the end of the document")
            }
            Self::NotAnObject { got } => write!(f, "expected a JSON object, got {got}"),
        }
    }
}

impl core::error::Error for DocumentError {}

/// Reads one JSON document and nothing after it. Size and depth are bounded by `app_compose_bytes` and `json_depth`.
///
/// # Errors
/// With the first thing that is wrong.
pub fn read(raw: &[u8], budget: &Budget) -> Result<JsonNode, DocumentError> {
    if raw.len() > budget.app_compose_bytes {
        return Err(DocumentError::TooLarge { limit: budget.app_compose_bytes, got: raw.len() });
    }
    if raw.starts_with(b"\xef\xbb\xbf") {
        return Err(DocumentError::ByteOrderMark);
    }
    let text =
        core::str::from_utf8(raw).map_err(|error| DocumentError::NotUtf8 { at: error.valid_up_to() })?;
    let mut reader = Reader { text, bytes: raw, at: 0, limit: budget.json_depth };
    reader.skip_space();
    let root = reader.value(0)?;
    reader.skip_space();
    if reader.at < raw.len() {
        return Err(DocumentError::TrailingData { at: reader.at, place: reader.place(reader.at) });
    }
    Ok(root)
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    limit: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<JsonNode, DocumentError> {
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => JsonValue::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", JsonValue::Bool(true))?,
            Some(b'f') => self.word("false", JsonValue::Bool(false))?,
            Some(b'n') => self.word("null", JsonValue::Null)?,
            _ => return Err(self.unexpected("a value")),
        };
        Ok(JsonNode { value, span: Span::new(start, self.at) })
    }

    fn object(&mut self, depth: usize) -> Result<JsonValue, DocumentError> {
        let depth = self.enter(depth)?;
        let mut members: Vec<JsonMember> = Vec::new();
        let mut seen: HashMap<String, Span> = HashMap::new();
        self.skip_space();
        if self.take(b'}') {
            return Ok(JsonValue::Object(members));
        }
        loop {
            self.skip_space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a key in double quotes"));
            }
            let key = self.string()?;
            let key_span = Span::new(start, self.at);
            if let Some(first) = seen.insert(key.clone(), key_span) {
                return Err(self.duplicate(key, first, key_span));
            }
            self.skip_space();
            if !self.take(b':') {
                return Err(self.unexpected("':'"));
            }
            self.skip_space();
            let node = self.value(depth)?;
            members.push(JsonMember { key, key_span, node });
            self.skip_space();
            if self.take(b'}') {
                return Ok(JsonValue::Object(members));
            }
            if !self.take(b',') {
                return Err(self.unexpected("',' or '}'"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<JsonValue, DocumentError> {
        let depth = self.enter(depth)?;
        let mut elements = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(JsonValue::Array(elements));
        }
        loop {
            self.skip_space();
            elements.push(self.value(depth)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(JsonValue::Array(elements));
            }
            if !self.take(b',') {
                return Err(self.unexpected("',' or ']'"));
            }
        }
    }

    fn string(&mut self) -> Result<String, DocumentError> {
        let mut out = String::new();
        self.advance(1);
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or(&[]);
            let plain = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f)).unwrap_or(rest.len());
            let stop = self.at.saturating_add(plain);
            out.push_str(self.text.get(self.at..stop).unwrap_or(""));
            self.at = stop;
            match self.peek() {
                Some(b'"') => {
                    self.advance(1);
                    return Ok(out);
                }
                Some(b'\\') => self.escape(&mut out)?,
                Some(value) => {
                    let (at, place) = (self.at, self.place(self.at));
                    return Err(DocumentError::ControlCharacter { at, place, value });
                }
                None => return Err(self.unexpected("'\"'")),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), DocumentError> {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let Some((taken, character)) = read_escape(rest) else {
            return Err(DocumentError::Escape { at: self.at, place: self.place(self.at) });
        };
        if character == '\0' {
            return Err(DocumentError::NulCharacter { at: self.at, place: self.place(self.at) });
        }
        out.push(character);
        self.advance(taken);
        Ok(())
    }

    fn number(&mut self) -> Result<JsonValue, DocumentError> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') && self.digits() == 0 {
            return Err(self.unexpected("a digit"));
        }
        if self.take(b'.') && self.digits() == 0 {
            return Err(self.unexpected("a digit after the point"));
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            if self.digits() == 0 {
                return Err(self.unexpected("a digit of the exponent"));
            }
        }
        let text = self.text.get(start..self.at).unwrap_or("");
        if !text.parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(DocumentError::NumberRange { at: start, place: self.place(start) });
        }
        Ok(JsonValue::Number(text.to_owned()))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.advance(1);
        }
        self.at.saturating_sub(start)
    }

    fn word(&mut self, word: &'static str, value: JsonValue) -> Result<JsonValue, DocumentError> {
        if !self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            return Err(self.unexpected("a value"));
        }
        self.advance(word.len());
        Ok(value)
    }

    fn enter(&mut self, depth: usize) -> Result<usize, DocumentError> {
        let deeper = depth.saturating_add(1);
        if deeper > self.limit {
            return Err(DocumentError::TooDeep { at: self.at, limit: self.limit });
        }
        self.advance(1);
        Ok(deeper)
    }

    fn duplicate(&self, key: String, first: Span, second: Span) -> DocumentError {
        let (first_place, second_place) = (self.place(first.start), self.place(second.start));
        DocumentError::DuplicateKey { key, first, first_place, second, second_place }
    }

    fn unexpected(&self, expected: &'static str) -> DocumentError {
        let got = self.text.get(self.at..).and_then(|rest| rest.chars().next());
        DocumentError::Unexpected { at: self.at, place: self.place(self.at), expected, got }
    }

    fn place(&self, offset: usize) -> LineColumn {
        LineIndex::new(self.bytes).locate(self.bytes, offset)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    const fn advance(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
    }

    fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.advance(1);
        }
        found
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.advance(1);
        }
    }
}

/// Bytes that the escape at the start of `rest` takes, and bytes of UTF-8 that it makes.
pub(super) fn escape_lengths(rest: &[u8]) -> Option<(usize, usize)> {
    read_escape(rest).map(|(taken, character)| (taken, character.len_utf8()))
}

fn read_escape(rest: &[u8]) -> Option<(usize, char)> {
    let simple = match rest.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return read_unicode_escape(rest),
        _ => return None,
    };
    Some((2, simple))
}

fn read_unicode_escape(rest: &[u8]) -> Option<(usize, char)> {
    let first = hex_unit(rest.get(2..6)?)?;
    if let Some(character) = char::from_u32(u32::from(first)) {
        return Some((6, character));
    }
    if rest.get(6..8)? != b"\\u" {
        return None;
    }
    let second = hex_unit(rest.get(8..12)?)?;
    let pair = char::decode_utf16([first, second]).next()?.ok()?;
    Some((12, pair))
}

fn hex_unit(digits: &[u8]) -> Option<u16> {
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()
}
