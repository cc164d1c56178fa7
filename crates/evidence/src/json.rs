//! JSON read lazily and exactly: every value keeps its own slice of the text, so that what is copied out of a
//! document is what stood in it. Objects are looked into one at a time, and a key that occurs twice is refused.

use crate::error::{JsonProblem, Place, ReadError};
use crate::read::unrecognised;
use crate::readout::Format;
use core::fmt;
use serde::de::{Deserializer as _, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use veritee_model::Budget;
use veritee_model::text::shortened;

/// Members of one object, entries of one array. The largest real object that is looked into has about 20.
const ENTRIES: usize = 4096;

/// Bytes of a member's name in a pointer.
const LONGEST_NAME: usize = 128;

/// Where a value comes from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) input: String,
    pub(crate) pointer: String,
    pub(crate) recognised: Option<Format>,
}

impl Origin {
    pub(crate) fn new(input: &str) -> Self {
        Self { input: input.to_owned(), pointer: String::new(), recognised: None }
    }

    pub(crate) fn recognised(mut self, format: Format) -> Self {
        self.recognised = Some(format);
        self
    }

    /// The member of an object, with the escapes of RFC 6901.
    pub(crate) fn member(&self, key: &str) -> Self {
        // Every value below has the pointer: long names are cut, so that many values do not cost their length each.
        let key = shortened(key, LONGEST_NAME).replace('~', "~0").replace('/', "~1");
        Self { pointer: format!("{}/{key}", self.pointer), ..self.clone() }
    }

    /// The content of the string at this place, read as a document of its own.
    pub(crate) fn content(&self) -> Self {
        Self { pointer: format!("{}#", self.pointer), ..self.clone() }
    }

    pub(crate) fn place(&self) -> Box<Place> {
        self.boxed(None)
    }

    pub(crate) fn at(&self, offset: usize) -> Box<Place> {
        self.boxed(Some(offset))
    }

    fn boxed(&self, offset: Option<usize>) -> Box<Place> {
        let (input, pointer) = (self.input.clone(), self.pointer.clone());
        Box::new(Place { input, pointer, offset, recognised: self.recognised })
    }

    /// Name of the input and path inside it: the `source` of an item.
    pub(crate) fn source(&self) -> String {
        if self.pointer.is_empty() { self.input.clone() } else { format!("{}#{}", self.input, self.pointer) }
    }
}

/// One JSON value with its slice of the text.
#[derive(Debug, Clone)]
pub(crate) struct Value<'a> {
    raw: &'a str,
    start: usize,
    pub(crate) origin: Origin,
}

/// The members of one object. No key occurs twice.
#[derive(Debug, Clone)]
pub(crate) struct Object<'a> {
    members: BTreeMap<String, Value<'a>>,
    raw: &'a str,
    start: usize,
    pub(crate) origin: Origin,
}

/// A text that may have been written as the content of a JSON string.
pub(crate) struct Nested<'a> {
    text: Cow<'a, str>,
    start: usize,
    origin: Origin,
}

impl Nested<'_> {
    pub(crate) fn value(&self, budget: &Budget) -> Result<Value<'_>, ReadError> {
        Value::parse_at(&self.text, self.start, self.origin.clone(), budget)
    }
}

impl<'a> Value<'a> {
    /// The whole of `text` as one value.
    pub(crate) fn parse(text: &'a str, origin: Origin, budget: &Budget) -> Result<Self, ReadError> {
        Self::parse_at(text, 0, origin, budget)
    }

    fn parse_at(text: &'a str, start: usize, origin: Origin, budget: &Budget) -> Result<Self, ReadError> {
        check_depth(text, start, &origin, budget.json_depth)?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let fail = |error: &serde_json::Error, problem| ReadError::Json {
            at: origin.at(start.saturating_add(offset_of(text, error))),
            problem,
        };
        let raw = <&RawValue as serde::Deserialize>::deserialize(&mut deserializer)
            .map_err(|error| fail(&error, problem_of(&error)))?;
        deserializer.end().map_err(|error| fail(&error, JsonProblem::TrailingData))?;
        let raw = raw.get();
        Ok(Self { raw, start: start.saturating_add(distance(text, raw)), origin })
    }

    /// The JSON type, for people.
    pub(crate) fn kind(&self) -> &'static str {
        match self.raw.as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            _ => "a number",
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.raw == "null"
    }

    pub(crate) fn is_array(&self) -> bool {
        self.raw.starts_with('[')
    }

    pub(crate) fn is_object(&self) -> bool {
        self.raw.starts_with('{')
    }

    pub(crate) fn is_string(&self) -> bool {
        self.raw.starts_with('"')
    }

    /// The value exactly as it stands in the text.
    pub(crate) const fn raw(&self) -> &'a str {
        self.raw
    }

    pub(crate) fn place(&self) -> Box<Place> {
        self.origin.at(self.start)
    }

    pub(crate) fn wrong_type(&self, expected: &'static str) -> ReadError {
        ReadError::WrongType { at: self.place(), expected, got: self.kind() }
    }

    pub(crate) fn object(&self) -> Result<Object<'a>, ReadError> {
        if !self.is_object() {
            return Err(self.wrong_type("an object"));
        }
        let pairs = match self.pairs() {
            Some(pairs) => pairs,
            None => {
                let mut pairs = Vec::new();
                serde_json::Deserializer::from_str(self.raw)
                    .deserialize_map(Pairs(&mut pairs))
                    .map_err(|error| self.failure(&error, pairs.len()))?;
                pairs
            }
        };
        let mut members = BTreeMap::new();
        for (key, raw) in pairs {
            let start = self.start.saturating_add(distance(self.raw, raw));
            let value = Value { raw, start, origin: self.origin.member(&key) };
            if members.contains_key(&key) {
                return Err(ReadError::DuplicateKey { at: value.place(), key });
            }
            members.insert(key, value);
        }
        Ok(Object { members, raw: self.raw, start: self.start, origin: self.origin.clone() })
    }

    pub(crate) fn array(&self) -> Result<Vec<Self>, ReadError> {
        if !self.is_array() {
            return Err(self.wrong_type("an array"));
        }
        let entries: Vec<&str> = match parts(self.raw) {
            Some(parts) => parts.into_iter().map(|(_, raw)| raw).collect(),
            None => {
                let mut entries = Vec::new();
                serde_json::Deserializer::from_str(self.raw)
                    .deserialize_seq(Entries(&mut entries))
                    .map_err(|error| self.failure(&error, entries.len()))?;
                entries
            }
        };
        Ok(entries
            .into_iter()
            .enumerate()
            .map(|(index, raw)| Value {
                raw,
                start: self.start.saturating_add(distance(self.raw, raw)),
                origin: self.origin.member(&index.to_string()),
            })
            .collect())
    }

    /// The members of an object, by the look that is enough for what was read as a whole; nothing where a key is no text or
    /// there are too many, which is told by another way.
    fn pairs(&self) -> Option<Vec<(String, &'a str)>> {
        parts(self.raw)?.into_iter().map(|(key, raw)| Some((key_of(key?)?, raw))).collect()
    }

    /// The content of a string, every escape decoded once.
    pub(crate) fn string(&self) -> Result<String, ReadError> {
        if !self.is_string() {
            return Err(self.wrong_type("a string"));
        }
        if memchr::memchr(b'\\', self.raw.as_bytes()).is_none()
            && let Some(plain) = self.raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'))
        {
            return Ok(plain.to_owned());
        }
        serde_json::from_str(self.raw).map_err(|error| ReadError::Json {
            at: self.origin.at(self.start.saturating_add(offset_of(self.raw, &error))),
            problem: JsonProblem::BrokenString,
        })
    }

    /// Whether this begins as binary data does that a library wrote as JSON: an array of numbers, the object of a typed
    /// array (`{"0":4,"1":0}`), Node's `{"type":"Buffer","data":[4,0]}`. A look at its first characters only.
    pub(crate) fn holds_numbers(&self) -> bool {
        let number = |rest: &str| rest.trim_start().starts_with(|first: char| first.is_ascii_digit());
        let behind = |rest: &'a str| rest.trim_start().strip_prefix(':').map(str::trim_start);
        if let Some(rest) = self.raw.strip_prefix('[') {
            return number(rest);
        }
        let Some(rest) = self.raw.strip_prefix('{').map(str::trim_start) else { return false };
        let value = |name: &str| rest.strip_prefix(name).and_then(behind);
        value("\"0\"").is_some_and(number)
            || value("\"type\"").is_some_and(|rest| rest.starts_with("\"Buffer\""))
            || value("\"data\"").and_then(|rest| rest.strip_prefix('[')).is_some_and(number)
    }

    /// The bytes of a quote that this is and nothing else: binary data, or an object with one member that begins as a quote
    /// does (`{"data": "0400..."}`), whatever else describes it there.
    pub(crate) fn sole_bytes(&self) -> Option<Vec<u8>> {
        if let Some(bytes) = self.bytes() {
            return Some(bytes);
        }
        if !self.is_object() {
            return None;
        }
        let object = self.object().ok()?;
        let mut quotes = object.members.values().filter_map(Self::quote);
        let only = quotes.next();
        only.filter(|_| quotes.next().is_none())
    }

    /// The bytes of a string or of binary data that begins as a quote does and is as long as one.
    pub(crate) fn quote(&self) -> Option<Vec<u8>> {
        /// A shorter text holds no quote.
        const SHORTEST: usize = 576;
        if self.raw.len() < SHORTEST {
            return None;
        }
        let bytes = if self.is_string() {
            crate::encoding::decode(&self.string().ok()?, &self.origin).ok()
        } else {
            self.bytes()
        };
        bytes.filter(|bytes| matches!(bytes.as_slice(), [3..=5, 0, 2, 0, ..]))
    }

    /// The bytes of binary data as [`Self::holds_numbers`] describes it, each from 0 to 255; nothing where any is no such
    /// number, where a number of an object is missing, or where there is more beside them.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        if self.is_array() {
            return serde_json::from_str(self.raw).ok();
        }
        if !self.is_object() || !self.holds_numbers() {
            return None;
        }
        let mut pairs = Vec::new();
        serde_json::Deserializer::from_str(self.raw).deserialize_map(Pairs(&mut pairs)).ok()?;
        if let [(one, first), (other, second)] = pairs.as_slice() {
            let data = match (one.as_str(), other.as_str()) {
                ("type", "data") if *first == "\"Buffer\"" => Some(*second),
                ("data", "type") if *second == "\"Buffer\"" => Some(*first),
                _ => None,
            };
            if let Some(data) = data {
                return serde_json::from_str(data).ok();
            }
        }
        // As JavaScript writes them: from 0 upwards, none left out, none twice.
        let in_order = |(index, (key, raw)): (usize, (String, &str))| {
            if key == index.to_string() { raw.parse().ok() } else { None }
        };
        pairs.into_iter().enumerate().map(in_order).collect()
    }

    /// An object or array, given as such or as the content of a string. An empty string or null is none.
    pub(crate) fn nested(&self) -> Result<Option<Nested<'a>>, ReadError> {
        if self.is_null() {
            return Ok(None);
        }
        if self.is_object() || self.is_array() {
            let text = Cow::Borrowed(self.raw);
            return Ok(Some(Nested { text, start: self.start, origin: self.origin.clone() }));
        }
        let text = self.string()?;
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some(Nested { text: Cow::Owned(text), start: 0, origin: self.origin.content() }))
    }

    fn failure(&self, error: &serde_json::Error, entries: usize) -> ReadError {
        if entries >= ENTRIES {
            return ReadError::TooLarge {
                at: self.place(),
                what: "entries of one JSON value",
                limit: ENTRIES,
            };
        }
        ReadError::Json {
            at: self.origin.at(self.start.saturating_add(offset_of(self.raw, error))),
            problem: problem_of(error),
        }
    }
}

impl<'a> Object<'a> {
    /// The same object, whose errors say that it was read in this form.
    pub(crate) fn with_format(&self, format: Format) -> Self {
        let mut object = self.clone();
        object.origin.recognised = Some(format);
        for value in object.members.values_mut() {
            value.origin.recognised = Some(format);
        }
        object
    }

    /// That the object is in none of the known forms.
    pub(crate) fn unrecognised(&self) -> ReadError {
        unrecognised(self.raw.as_bytes(), &self.origin)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.members.contains_key(key)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.members.get(key)
    }

    /// Takes a member out; what is left at the end is unknown.
    pub(crate) fn take(&mut self, key: &str) -> Option<Value<'a>> {
        self.members.remove(key)
    }

    pub(crate) fn require(&mut self, key: &'static str) -> Result<Value<'a>, ReadError> {
        self.take(key).ok_or_else(|| ReadError::MissingField { at: self.place(), field: key })
    }

    pub(crate) fn require_string(&mut self, key: &'static str) -> Result<String, ReadError> {
        self.require(key)?.string()
    }

    /// The rest, by key.
    pub(crate) fn into_members(self) -> BTreeMap<String, Value<'a>> {
        self.members
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<(), ReadError> {
        match self.members.into_iter().next() {
            None => Ok(()),
            Some((field, value)) => Err(ReadError::UnknownField { at: value.place(), field }),
        }
    }

    /// A string member with its origin; absent, null and empty are all none.
    pub(crate) fn text(&self, key: &str) -> Result<Option<(String, Origin)>, ReadError> {
        let Some(value) = self.get(key).filter(|value| !value.is_null()) else { return Ok(None) };
        let text = value.string()?;
        Ok(if text.is_empty() { None } else { Some((text, value.origin.clone())) })
    }

    pub(crate) fn place(&self) -> Box<Place> {
        self.origin.at(self.start)
    }
}

struct Pairs<'v, 'a>(&'v mut Vec<(String, &'a str)>);

impl<'a> Visitor<'a> for Pairs<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((key, value)) = map.next_entry::<String, &'a RawValue>()? {
            if self.0.len() >= ENTRIES {
                return Err(A::Error::custom("too many members"));
            }
            self.0.push((key, value.get()));
        }
        Ok(())
    }
}

struct Entries<'v, 'a>(&'v mut Vec<&'a str>);

impl<'a> Visitor<'a> for Entries<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut sequence: A) -> Result<(), A::Error> {
        while let Some(value) = sequence.next_element::<&'a RawValue>()? {
            if self.0.len() >= ENTRIES {
                return Err(A::Error::custom("too many entries"));
            }
            self.0.push(value.get());
        }
        Ok(())
    }
}

/// Brackets are counted before anything recurses into them.
fn check_depth(text: &str, start: usize, origin: &Origin, limit: usize) -> Result<(), ReadError> {
    let (mut depth, mut offset) = (0_usize, 0_usize);
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(offset) {
        let here = offset;
        offset = offset.saturating_add(1);
        match byte {
            b'"' => match end_of_string(bytes, offset) {
                Some(end) => offset = end,
                None => return Ok(()),
            },
            b'{' | b'[' => depth = depth.saturating_add(1),
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            let at = origin.at(start.saturating_add(here));
            return Err(ReadError::Json { at, problem: JsonProblem::TooDeep { limit } });
        }
    }
    Ok(())
}

/// Where what follows the string stands whose content begins at `offset`; nothing where it has no end.
fn end_of_string(bytes: &[u8], mut offset: usize) -> Option<usize> {
    loop {
        let found = memchr::memchr2(b'"', b'\\', bytes.get(offset..)?)?;
        let at = offset.saturating_add(found);
        if bytes.get(at) == Some(&b'"') {
            return Some(at.saturating_add(1));
        }
        offset = at.saturating_add(2);
    }
}

/// The members of an object or the entries of an array, each with where its text begins: `text` is one JSON value, which
/// was read before as a whole, so that nothing here can be wrong with it. Entries of an array have no key.
pub(crate) fn parts(text: &str) -> Option<Vec<(Option<&str>, &str)>> {
    let bytes = text.as_bytes();
    let keyed = bytes.first() == Some(&b'{');
    let mut parts = Vec::new();
    let mut offset = skip_space(bytes, 1);
    while !matches!(bytes.get(offset)?, b'}' | b']') {
        if parts.len() >= ENTRIES {
            return None;
        }
        let mut key = None;
        if keyed {
            let end = end_of_value(bytes, offset)?;
            key = Some(text.get(offset..end)?);
            // The colon.
            offset = skip_space(bytes, skip_space(bytes, end).saturating_add(1));
        }
        let end = end_of_value(bytes, offset)?;
        parts.push((key, text.get(offset..end)?));
        offset = skip_space(bytes, end);
        if bytes.get(offset)? == &b',' {
            offset = skip_space(bytes, offset.saturating_add(1));
        }
    }
    Some(parts)
}

fn skip_space(bytes: &[u8], offset: usize) -> usize {
    let space = bytes.get(offset..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace());
    offset.saturating_add(space.count())
}

/// Where what follows the value stands that begins at `offset`.
fn end_of_value(bytes: &[u8], mut offset: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match bytes.get(offset)? {
            b'"' => offset = end_of_string(bytes, offset.saturating_add(1))?,
            b'{' | b'[' => {
                depth = depth.saturating_add(1);
                offset = offset.saturating_add(1);
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                offset = offset.saturating_add(1);
            }
            b',' | b':' => offset = offset.saturating_add(1),
            byte if byte.is_ascii_whitespace() => offset = offset.saturating_add(1),
            // A number or a word.
            _ => {
                let rest = bytes.get(offset..)?;
                let ends =
                    |byte: &u8| matches!(byte, b',' | b':' | b'}' | b']') || byte.is_ascii_whitespace();
                offset =
                    rest.iter().position(ends).map_or(bytes.len(), |length| offset.saturating_add(length));
            }
        }
        if depth == 0 {
            return Some(offset);
        }
    }
}

/// What a key says; nothing where it has escapes that are no characters.
fn key_of(raw: &str) -> Option<String> {
    if memchr::memchr(b'\\', raw.as_bytes()).is_some() {
        return serde_json::from_str(raw).ok();
    }
    raw.strip_prefix('"')?.strip_suffix('"').map(str::to_owned)
}

fn problem_of(error: &serde_json::Error) -> JsonProblem {
    match error.classify() {
        serde_json::error::Category::Eof => JsonProblem::Truncated,
        _ => JsonProblem::Syntax,
    }
}

/// Byte offset of `part`, which is a slice of `whole`.
fn distance(whole: &str, part: &str) -> usize {
    part.as_ptr().addr().saturating_sub(whole.as_ptr().addr())
}

/// Byte offset of a line and column, both counted from 1 in bytes.
fn offset_of(text: &str, error: &serde_json::Error) -> usize {
    let line_start: usize =
        text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    line_start.saturating_add(error.column().saturating_sub(1)).min(text.len())
}
