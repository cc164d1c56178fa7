//! What was not read, and why.

use core::fmt;

/// Something about the tree or its history that could not be read, so that an answer may be missing. Paths are the
/// audited party's text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Notice {
    /// The history costs more than the budget: what was not looked at by then is not known.
    HistoryTooCostly,
    /// A delta rests on itself, directly or through others.
    DeltaCycle(String),
    /// A link, pipe, socket or device where git has a regular file or folder.
    NotRegular(String),
    /// Larger than a file of its kind is.
    TooLarge(String),
    /// It cannot be read, or is not of its form.
    Unreadable(String),
    /// Objects are elsewhere: `objects/info/alternates`.
    Alternates,
    /// A shallow clone: older commits are not here.
    Shallow,
    /// A partial clone: objects are fetched when they are needed.
    Partial,
    /// References or names of objects in a form that is not read: reftable, SHA-256.
    UnknownFormat,
}

impl Notice {
    /// The kebab-case name that findings carry.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::HistoryTooCostly => "git-history-too-costly",
            Self::DeltaCycle(_) => "git-delta-cycle",
            Self::NotRegular(_) => "git-not-a-regular-file",
            Self::TooLarge(_) => "git-file-too-large",
            Self::Unreadable(_) => "git-objects-unreadable",
            Self::Alternates => "git-alternates",
            Self::Shallow => "git-shallow",
            Self::Partial => "git-partial",
            Self::UnknownFormat => "git-unknown-format",
        }
    }

    /// Honest clones have it: it only leaves a question open.
    #[must_use]
    pub const fn is_usual(&self) -> bool {
        matches!(self, Self::Alternates | Self::Shallow | Self::Partial | Self::UnknownFormat)
    }

    /// The file that it speaks of.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::DeltaCycle(path)
            | Self::NotRegular(path)
            | Self::TooLarge(path)
            | Self::Unreadable(path) => path,
            _ => ".git",
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::HistoryTooCostly => "reading the history costs more than it may: the search was ended",
            Self::DeltaCycle(_) => "an object is a delta that rests on itself",
            Self::NotRegular(_) => "no regular file or folder: not opened",
            Self::TooLarge(_) => "larger than a file of this kind is: not read",
            Self::Unreadable(_) => "it cannot be read, or is not of its form",
            Self::Alternates => "objects are kept in another repository, which is not read",
            Self::Shallow => "a shallow clone: older commits are not here",
            Self::Partial => "a partial clone: objects may be missing",
            Self::UnknownFormat => "references or object names of a form that is not read",
        };
        write!(formatter, "{}: {words}", self.name())
    }
}
