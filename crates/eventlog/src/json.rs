//! JSON read member by member, so that every error has a byte offset and no member is read twice.
//!
//! The grammar is `serde_json`'s. Values stay raw text until a field of a known type is asked for; members that
//! nobody asks for are skipped, but count as duplicates like any other.

use core::cell::Cell;
use core::fmt;
use serde::Deserializer as _;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use veritee_model::text;

/// Why a document is not the JSON that was wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// Byte offset from the start of the document.
    pub at: usize,
    /// What is wrong there.
    pub problem: JsonProblem,
}

/// What is wrong at a place of a JSON document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonProblem {
    /// A byte that cannot stand in UTF-8.
    NotUtf8,
    /// Arrays and objects are nested deeper than the budget allows.
    TooDeep {
        /// Levels allowed.
        limit: usize,
    },
    /// More elements or members than allowed.
    TooMany {
        /// Elements or members allowed.
        limit: usize,
    },
    /// Something that JSON's grammar does not allow, data after the end included.
    Syntax,
    /// The document ends in the middle.
    Truncated,
    /// Valid JSON of another type.
    WrongType {
        /// The wanted type, in words.
        expected: &'static str,
    },
    /// An object has two members of this name.
    DuplicateMember {
        /// The name.
        name: String,
    },
    /// An object that allows no other members has this one.
    UnknownMember {
        /// The name.
        name: String,
    },
    /// An object lacks this member.
    MissingMember {
        /// The name.
        name: &'static str,
    },
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &str| text::inert(&text::shortened(name, 64));
        match &self.problem {
            JsonProblem::NotUtf8 => write!(f, "not UTF-8")?,
            JsonProblem::TooDeep { limit } => write!(f, "nested deeper than {limit} levels")?,
            JsonProblem::TooMany { limit } => write!(f, "more than {limit} entries")?,
            JsonProblem::Syntax => write!(f, "not JSON")?,
            JsonProblem::Truncated => write!(f, "JSON ends in the middle")?,
            JsonProblem::WrongType { expected } => write!(f, "expected {expected}")?,
            JsonProblem::DuplicateMember { name } => write!(f, "duplicate member `{}`", shown(name))?,
            JsonProblem::UnknownMember { name } => write!(f, "unknown member `{}`", shown(name))?,
            JsonProblem::MissingMember { name } => write!(f, "member `{name}` is missing")?,
        }
        write!(f, " at offset {}", self.at)
    }
}

impl core::error::Error for JsonError {}

/// Members of one object that are kept. dstack's events have seven, its longest documents eight.
const MEMBERS: usize = 64;

/// A raw value and where it starts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a> {
    text: &'a str,
    pub(crate) at: usize,
}

/// The members of an object, each name once.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    members: Vec<(String, Value<'a>)>,
    pub(crate) at: usize,
}

impl<'a> Value<'a> {
    /// The whole document, once it is known to be UTF-8 and not too deep.
    pub(crate) fn document(bytes: &'a [u8], depth: usize) -> Result<Self, JsonError> {
        let text = core::str::from_utf8(bytes)
            .map_err(|error| JsonError { at: error.valid_up_to(), problem: JsonProblem::NotUtf8 })?;
        limit_depth(bytes, depth)?;
        Ok(Self { text, at: 0 })
    }

    pub(crate) fn is_null(self) -> bool {
        self.text.trim() == "null"
    }

    pub(crate) fn array(self, limit: usize) -> Result<Vec<Self>, JsonError> {
        let exceeded = Cell::new(false);
        let mut reader = serde_json::Deserializer::from_str(self.text);
        let elements = reader
            .deserialize_seq(Elements { limit, exceeded: &exceeded })
            .and_then(|elements| reader.end().map(|()| elements))
            .map_err(|error| self.error(&error, &exceeded, limit, "an array"))?;
        Ok(elements.into_iter().map(|raw| self.part(raw)).collect())
    }

    pub(crate) fn object(self) -> Result<Object<'a>, JsonError> {
        let exceeded = Cell::new(false);
        let mut reader = serde_json::Deserializer::from_str(self.text);
        let raw = reader
            .deserialize_map(Members { limit: MEMBERS, exceeded: &exceeded })
            .and_then(|members| reader.end().map(|()| members))
            .map_err(|error| self.error(&error, &exceeded, MEMBERS, "an object"))?;
        let mut seen = BTreeSet::new();
        let mut members = Vec::with_capacity(raw.len());
        for (name, raw) in raw {
            let value = self.part(raw);
            if !seen.insert(name.clone()) {
                return Err(JsonError { at: value.at, problem: JsonProblem::DuplicateMember { name } });
            }
            members.push((name, value));
        }
        Ok(Object { members, at: self.at })
    }

    pub(crate) fn string(self) -> Result<String, JsonError> {
        self.scalar("a string")
    }

    pub(crate) fn u32(self) -> Result<u32, JsonError> {
        self.scalar("an unsigned 32-bit integer")
    }

    fn scalar<T: serde::de::DeserializeOwned>(self, expected: &'static str) -> Result<T, JsonError> {
        serde_json::from_str(self.text).map_err(|error| JsonError {
            at: self.at,
            problem: if error.is_syntax() {
                JsonProblem::Syntax
            } else {
                JsonProblem::WrongType { expected }
            },
        })
    }

    fn part(self, raw: &'a RawValue) -> Self {
        let offset = raw.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        Self { text: raw.get(), at: self.at.saturating_add(offset) }
    }

    fn error(
        self,
        error: &serde_json::Error,
        exceeded: &Cell<bool>,
        limit: usize,
        expected: &'static str,
    ) -> JsonError {
        let problem = if exceeded.get() {
            JsonProblem::TooMany { limit }
        } else if error.is_data() {
            JsonProblem::WrongType { expected }
        } else if error.is_eof() {
            JsonProblem::Truncated
        } else {
            JsonProblem::Syntax
        };
        JsonError { at: self.at.saturating_add(offset_of(self.text, error)), problem }
    }
}

impl<'a> Object<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<Value<'a>> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    pub(crate) fn require(&self, name: &'static str) -> Result<Value<'a>, JsonError> {
        self.get(name).ok_or(JsonError { at: self.at, problem: JsonProblem::MissingMember { name } })
    }

    /// Refuses members outside `known`, as serde's `deny_unknown_fields` does.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), JsonError> {
        match self.members.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, value)) => {
                Err(JsonError { at: value.at, problem: JsonProblem::UnknownMember { name: name.clone() } })
            }
            None => Ok(()),
        }
    }
}

/// `serde_json` counts lines from 1 and bytes of the line from 1.
fn offset_of(text: &str, error: &serde_json::Error) -> usize {
    let lines_before = error.line().saturating_sub(1);
    let start = text.split_inclusive('\n').take(lines_before).map(str::len).fold(0, usize::saturating_add);
    start.saturating_add(error.column().saturating_sub(1)).min(text.len())
}

fn limit_depth(bytes: &[u8], limit: usize) -> Result<(), JsonError> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth = depth.saturating_add(1);
                if depth > limit {
                    return Err(JsonError { at, problem: JsonProblem::TooDeep { limit } });
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

struct Elements<'c> {
    limit: usize,
    exceeded: &'c Cell<bool>,
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut out = Vec::new();
        while let Some(element) = elements.next_element()? {
            if out.len() >= self.limit {
                self.exceeded.set(true);
                return Err(A::Error::custom("too many elements"));
            }
            out.push(element);
        }
        Ok(out)
    }
}

struct Members<'c> {
    limit: usize,
    exceeded: &'c Cell<bool>,
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut out = Vec::new();
        while let Some(member) = members.next_entry()? {
            if out.len() >= self.limit {
                self.exceeded.set(true);
                return Err(A::Error::custom("too many members"));
            }
            out.push(member);
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Result<Object<'_>, JsonError> {
        Value::document(text.as_bytes(), 8)?.object()
    }

    fn problem(text: &str) -> (usize, JsonProblem) {
        let error = object(text).expect_err("refused");
        (error.at, error.problem)
    }

    #[test]
    fn offsets_point_at_the_value() {
        let text = "{ \"a\":\n\t\"x\", \"b\" : 7 }";
        let object = object(text).unwrap();
        assert_eq!(&text[object.require("a").unwrap().at..][..3], "\"x\"");
        assert_eq!(&text[object.require("b").unwrap().at..][..1], "7");
    }

    #[test]
    fn a_duplicate_is_found_however_its_name_is_escaped() {
        let text = r#"{"name":1,"n\u0061me":2}"#;
        assert_eq!(problem(text), (22, JsonProblem::DuplicateMember { name: "name".to_owned() }));
    }

    #[test]
    fn data_after_the_end_and_a_document_cut_short_are_refused_with_their_place() {
        assert_eq!(problem("{}\n {"), (4, JsonProblem::Syntax));
        assert_eq!(problem("{\"a\":1").1, JsonProblem::Truncated);
        assert_eq!(problem("[]").1, JsonProblem::WrongType { expected: "an object" });
    }

    #[test]
    fn brackets_inside_strings_are_no_nesting() {
        assert!(object(r#"{"a":"[[[[[[[[[[[[\"[[["}"#).is_ok());
        assert_eq!(problem(r#"{"a":[[[[[[[[]]]]]]]]}"#), (12, JsonProblem::TooDeep { limit: 8 }));
    }

    #[test]
    fn numbers_are_whole_and_unsigned() {
        for text in ["3.0", "-1", "4294967296", "\"3\"", "3e0", "null", "true"] {
            assert!(Value { text, at: 0 }.u32().is_err(), "{text}");
        }
        assert_eq!(Value { text: "4294967295", at: 0 }.u32(), Ok(u32::MAX));
    }

    #[test]
    fn a_byte_that_is_no_utf8_is_named() {
        let error = Value::document(b"{\"a\":\"\xff\"}", 8).expect_err("refused");
        assert_eq!((error.at, error.problem), (6, JsonProblem::NotUtf8));
    }

    #[test]
    fn a_flood_of_members_or_elements_is_refused() {
        let many = format!("{{{}}}", (0..65).map(|n| format!("\"{n}\":0")).collect::<Vec<_>>().join(","));
        assert_eq!(problem(&many).1, JsonProblem::TooMany { limit: 64 });
        let error = Value::document(b"[0,0,0]", 8).unwrap().array(2).expect_err("refused");
        assert_eq!(error.problem, JsonProblem::TooMany { limit: 2 });
    }
}
