//! Why a compose hash does not match: guesses at what happened to the bytes. Diagnosis only.

use crate::json::{self, JsonNode, JsonValue};
use core::fmt;
use core::fmt::Write as _;
use veritee_model::{Budget, ComposeHash};

/// What would have to be done to the given bytes to make their hash the measured one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Normalisation {
    /// A line feed is missing at the end.
    NewlineAdded,
    /// There is a line break too many at the end.
    NewlineRemoved,
    /// White space before or after the document.
    WhitespaceTrimmed,
    /// CR LF should be LF.
    LineFeeds,
    /// LF should be CR LF.
    CarriageReturns,
    /// There is a byte order mark too many.
    ByteOrderMarkRemoved,
    /// The document is written as a JSON string.
    StringUnescaped,
    /// White space between tokens.
    Compact,
    /// White space between tokens, and the order of the keys.
    CompactSorted,
    /// Python's default separators (`", "` and `": "`).
    Spaced,
    /// Python's default separators, and the order of the keys.
    SpacedSorted,
    /// Pretty-printed with two spaces.
    Pretty2,
    /// Pretty-printed with two spaces and sorted keys.
    Pretty2Sorted,
    /// Pretty-printed with four spaces.
    Pretty4,
    /// Pretty-printed with four spaces and sorted keys.
    Pretty4Sorted,
}

impl fmt::Display for Normalisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NewlineAdded => "with a line feed added at the end",
            Self::NewlineRemoved => "without the line break at the end",
            Self::WhitespaceTrimmed => "without the white space around it",
            Self::LineFeeds => "with LF in place of CR LF",
            Self::CarriageReturns => "with CR LF in place of LF",
            Self::ByteOrderMarkRemoved => "without the byte order mark",
            Self::StringUnescaped => "with its JSON string escapes resolved",
            Self::Compact => "as compact JSON",
            Self::CompactSorted => "as compact JSON with sorted keys",
            Self::Spaced => "as JSON on one line with spaces after ',' and ':'",
            Self::SpacedSorted => "as JSON on one line with spaces after ',' and ':' and sorted keys",
            Self::Pretty2 => "as JSON indented by two spaces",
            Self::Pretty2Sorted => "as JSON indented by two spaces with sorted keys",
            Self::Pretty4 => "as JSON indented by four spaces",
            Self::Pretty4Sorted => "as JSON indented by four spaces with sorted keys",
        })
    }
}

/// The first normalisation under which `raw` has the hash `measured`. A fixed number of passes over `raw`.
pub(super) fn explain(raw: &[u8], measured: &ComposeHash, budget: &Budget) -> Option<Normalisation> {
    if raw.len() > budget.app_compose_bytes {
        return None;
    }
    let hit = |bytes: &[u8]| ComposeHash::of(bytes) == *measured;
    let with_newline = [raw, b"\n"].concat();
    let trimmed = raw.trim_ascii();
    let line_feeds = replaced(raw, b"\r\n", b"\n");
    let candidates = [
        (Normalisation::NewlineAdded, with_newline),
        (Normalisation::NewlineRemoved, raw.strip_suffix(b"\n").unwrap_or(raw).to_vec()),
        (Normalisation::NewlineRemoved, raw.strip_suffix(b"\r\n").unwrap_or(raw).to_vec()),
        (Normalisation::WhitespaceTrimmed, trimmed.to_vec()),
        (Normalisation::CarriageReturns, replaced(&line_feeds, b"\n", b"\r\n")),
        (Normalisation::LineFeeds, line_feeds),
        (Normalisation::ByteOrderMarkRemoved, raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw).to_vec()),
    ];
    if let Some((normalisation, _)) = candidates.iter().find(|(_, bytes)| hit(bytes)) {
        return Some(*normalisation);
    }
    if unescaped(raw, budget).iter().any(|text| hit(text)) {
        return Some(Normalisation::StringUnescaped);
    }
    let document = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    let root = json::read(document, budget).ok()?;
    re_serialised(&root, measured)
}

/// The bytes read as a JSON string, with and without the quotes around them.
fn unescaped(raw: &[u8], budget: &Budget) -> Vec<Vec<u8>> {
    let quoted = [b"\"", raw, b"\""].concat();
    [raw, quoted.as_slice()]
        .into_iter()
        .filter_map(|literal| json::read(literal, budget).ok())
        .filter_map(|node| node.as_str().map(|text| text.as_bytes().to_vec()))
        .collect()
}

fn re_serialised(root: &JsonNode, measured: &ComposeHash) -> Option<Normalisation> {
    const STYLES: [(Normalisation, Style, bool); 8] = [
        (Normalisation::Compact, Style::Compact, false),
        (Normalisation::CompactSorted, Style::Compact, true),
        (Normalisation::Spaced, Style::Spaced, false),
        (Normalisation::SpacedSorted, Style::Spaced, true),
        (Normalisation::Pretty2, Style::Pretty(2), false),
        (Normalisation::Pretty2Sorted, Style::Pretty(2), true),
        (Normalisation::Pretty4, Style::Pretty(4), false),
        (Normalisation::Pretty4Sorted, Style::Pretty(4), true),
    ];
    for (normalisation, style, sorted) in STYLES {
        for ascii in [false, true] {
            let mut writer = Writer { out: String::new(), style, sorted, ascii };
            writer.node(root, 0);
            let found = ComposeHash::of(writer.out.as_bytes()) == *measured || {
                writer.out.push('\n');
                ComposeHash::of(writer.out.as_bytes()) == *measured
            };
            if found {
                return Some(normalisation);
            }
        }
    }
    None
}

#[derive(Clone, Copy)]
enum Style {
    Compact,
    Spaced,
    Pretty(usize),
}

struct Writer {
    out: String,
    style: Style,
    sorted: bool,
    ascii: bool,
}

impl Writer {
    fn node(&mut self, node: &JsonNode, depth: usize) {
        match &node.value {
            JsonValue::Null => self.out.push_str("null"),
            JsonValue::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            JsonValue::Number(text) => self.out.push_str(text),
            JsonValue::String(text) => self.string(text),
            JsonValue::Array(elements) => {
                let nodes = elements.iter().map(|element| (None, element)).collect();
                self.container(('[', ']'), nodes, depth);
            }
            JsonValue::Object(members) => {
                let mut nodes: Vec<_> = members.iter().map(|m| (Some(m.key.as_str()), &m.node)).collect();
                if self.sorted {
                    nodes.sort_by_key(|(key, _)| *key);
                }
                self.container(('{', '}'), nodes, depth);
            }
        }
    }

    fn container(&mut self, brackets: (char, char), nodes: Vec<(Option<&str>, &JsonNode)>, depth: usize) {
        let deeper = depth.saturating_add(1);
        self.out.push(brackets.0);
        let empty = nodes.is_empty();
        for (index, (key, node)) in nodes.into_iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.gap(deeper, index > 0);
            if let Some(key) = key {
                self.string(key);
                self.out.push_str(if matches!(self.style, Style::Compact) { ":" } else { ": " });
            }
            self.node(node, deeper);
        }
        if !empty {
            self.gap(depth, false);
        }
        self.out.push(brackets.1);
    }

    fn gap(&mut self, depth: usize, after_comma: bool) {
        match self.style {
            Style::Compact => {}
            Style::Spaced if after_comma => self.out.push(' '),
            Style::Spaced => {}
            Style::Pretty(width) => {
                self.out.push('\n');
                self.out.extend(core::iter::repeat_n(' ', width.saturating_mul(depth)));
            }
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for character in text.chars() {
            match character {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                control if u32::from(control) < 0x20 => self.units(control),
                other if self.ascii && !other.is_ascii() => self.units(other),
                other => self.out.push(other),
            }
        }
        self.out.push('"');
    }

    fn units(&mut self, character: char) {
        let mut buffer = [0_u16; 2];
        for unit in character.encode_utf16(&mut buffer) {
            // Writing to a String cannot fail.
            let _ = write!(self.out, "\\u{unit:04x}");
        }
    }
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(from) {
            out.extend_from_slice(to);
            rest = after;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    out
}
