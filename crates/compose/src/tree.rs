//! The compose file as a tree after interpolation, with the provenance of every scalar.

mod resolve;

pub(crate) use resolve::{Remarks, resolve_with};

pub use resolve::{ResolveError, resolve};

use crate::position::Span;
use crate::value::Value;

/// A node of the resolved tree. Spans are byte ranges of the YAML text.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Tree {
    /// Nothing stands there.
    Null(Span),
    /// A scalar.
    Scalar(Value),
    /// A sequence.
    Sequence(Vec<Self>, Span),
    /// A mapping, in document order.
    Mapping(Vec<TreeEntry>, Span),
}

/// A key and its value. Keys are never interpolated.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeEntry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub tree: Tree,
}

impl Tree {
    /// The value of `key`, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.tree)
    }

    /// The entries of a mapping; none of anything else.
    #[must_use]
    pub fn entries(&self) -> &[TreeEntry] {
        if let Self::Mapping(entries, _) = self { entries } else { &[] }
    }

    /// The elements of a sequence; none of anything else.
    #[must_use]
    pub fn elements(&self) -> &[Self] {
        if let Self::Sequence(elements, _) = self { elements } else { &[] }
    }

    /// The scalar, if it is one.
    #[must_use]
    pub const fn scalar(&self) -> Option<&Value> {
        if let Self::Scalar(value) = self { Some(value) } else { None }
    }

    /// Where it stands.
    #[must_use]
    pub const fn span(&self) -> Span {
        match self {
            Self::Null(span) | Self::Sequence(_, span) | Self::Mapping(_, span) => *span,
            Self::Scalar(value) => value.span,
        }
    }

    /// Whether nothing stands there.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null(_))
    }

    /// What it is, for messages.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null(_) => "nothing",
            Self::Scalar(_) => "a scalar",
            Self::Sequence(..) => "a sequence",
            Self::Mapping(..) => "a mapping",
        }
    }

    /// Calls `visit` with the path (keys and indices joined by dots) and the value of every scalar.
    pub fn scalars<'a>(&'a self, path: &str, visit: &mut impl FnMut(&str, &'a Value)) {
        match self {
            Self::Null(_) => {}
            Self::Scalar(value) => visit(path, value),
            Self::Sequence(elements, _) => {
                for (index, element) in elements.iter().enumerate() {
                    element.scalars(&joined(path, &index.to_string()), visit);
                }
            }
            Self::Mapping(entries, _) => {
                for entry in entries {
                    entry.tree.scalars(&joined(path, &entry.key), visit);
                }
            }
        }
    }
}

/// A path with one more step.
#[must_use]
pub(crate) fn joined(path: &str, step: &str) -> String {
    if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") }
}
