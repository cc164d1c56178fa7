//! YAML as Docker Compose reads it, in one tree that keeps the byte range of every node.
//!
//! Docker Compose reads with `gopkg.in/yaml.v3`: YAML 1.2 with leftovers of 1.1 (octal `010`, `1_000`, merge keys).
//! Scalars are resolved by its rules, duplicate keys are refused as it refuses them, merge keys and aliases are
//! expanded. What only one of two YAML readers would see (line breaks of YAML 1.1, control characters) is refused.
//! All input is attacker-controlled; size, depth and alias expansion are bounded by the budget.

mod reader;
mod scalar;

pub use reader::{YamlError, read};

use crate::position::Span;

/// The documents of one YAML text, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct YamlStream {
    /// The top-level node of each document.
    pub documents: Vec<YamlNode>,
    /// Comments, without the `#`, with the byte range of the whole comment.
    pub comments: Vec<(Span, String)>,
    /// Tags that are not modelled, with their place.
    pub foreign_tags: Vec<(Span, String)>,
    /// How many nodes aliases added.
    pub alias_nodes: usize,
    /// The text began with a byte order mark.
    pub byte_order_mark: bool,
}

/// A node and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct YamlNode {
    /// The value.
    pub value: YamlValue,
    /// Byte range in the text. Of an alias: the range of what it stands for.
    pub span: Span,
    /// Where the alias stands, if the node came through one.
    pub alias: Option<Span>,
    /// A tag that changes how documents are merged.
    pub merge_tag: Option<MergeTag>,
}

/// Compose's own tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeTag {
    /// `!reset`: the value of earlier documents is dropped, and so is this one.
    Reset,
    /// `!override`: the value of earlier documents is dropped.
    Override,
}

/// A value of YAML, resolved as `yaml.v3` resolves it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum YamlValue {
    /// Empty, `~`, `null`.
    Null,
    /// `true` or `false`; `yes` and `on` are strings.
    Bool(bool),
    /// An integer, in decimal as Go prints it.
    Integer(String),
    /// A floating point number, as Go prints it.
    Float(String),
    /// A timestamp, as it is written. Compose has no use for one.
    Timestamp(String),
    /// A string.
    String(String),
    /// A sequence.
    Sequence(Vec<YamlNode>),
    /// A mapping, in document order; no key occurs twice.
    Mapping(Vec<YamlEntry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct YamlEntry {
    /// The key.
    pub key: String,
    /// Byte range of the key.
    pub key_span: Span,
    /// The value.
    pub node: YamlNode,
}

impl YamlNode {
    /// The value of `key`, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()?.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// The entries, if this is a mapping.
    #[must_use]
    pub fn entries(&self) -> Option<&[YamlEntry]> {
        if let YamlValue::Mapping(entries) = &self.value { Some(entries) } else { None }
    }

    /// What kind of value it is.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match &self.value {
            YamlValue::Null => "nothing",
            YamlValue::Bool(_) => "a truth value",
            YamlValue::Integer(_) | YamlValue::Float(_) => "a number",
            YamlValue::Timestamp(_) => "a timestamp",
            YamlValue::String(_) => "a string",
            YamlValue::Sequence(_) => "a sequence",
            YamlValue::Mapping(_) => "a mapping",
        }
    }
}
