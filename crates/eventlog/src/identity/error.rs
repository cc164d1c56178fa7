//! Why measured events name no application, and what is worth a remark when they do.

use super::{KeyProviderProblem, PayloadLength};
use core::fmt;
use veritee_model::{Reason, text};

/// Why no identity can be read from the measured events.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityError {
    /// A mandatory event does not occur before (or as) `system-ready`.
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// The events are those of a boot that had not come to its end when the quote was made.
    BootUnderWay {
        /// The mandatory event that would have come next.
        next: &'static str,
    },
    /// An event occurs more often than dstack makes it.
    Duplicate {
        /// Its name.
        name: &'static str,
        /// Index of the first one.
        first: usize,
        /// Index of the one that is too many.
        second: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// An event stands after one that follows it in dstack.
    Order {
        /// Its name.
        name: &'static str,
        /// Its index.
        index: usize,
        /// The event that stands before it and should follow.
        after: &'static str,
        /// Its index.
        after_index: usize,
    },
    /// A payload has the wrong length.
    Length {
        /// Name of the event.
        name: &'static str,
        /// Its index.
        index: usize,
        /// Lengths allowed.
        expected: PayloadLength,
        /// Bytes found.
        got: usize,
    },
    /// A payload does not have the form of its event.
    Form {
        /// Name of the event.
        name: String,
        /// Its index.
        index: usize,
    },
    /// The key-provider event's payload is not dstack's JSON.
    KeyProvider {
        /// Index of the event.
        index: usize,
        /// What is wrong.
        problem: KeyProviderProblem,
    },
    /// A name before `system-ready` has a colon, so the digest fits another name and payload too.
    AmbiguousName {
        /// Index of the event.
        index: usize,
        /// The name.
        name: String,
    },
}

impl IdentityError {
    /// The stable reason code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Missing { .. } => Reason::IdentityEventMissing,
            Self::BootUnderWay { .. } => Reason::BootIncomplete,
            Self::Duplicate { .. } => Reason::IdentityEventDuplicate,
            Self::Order { .. } => Reason::IdentityEventOrder,
            Self::Length { .. } | Self::Form { .. } | Self::KeyProvider { .. } => Reason::IdentityEventLength,
            Self::AmbiguousName { .. } => Reason::IdentityEventAmbiguous,
        }
    }

    /// The event, counted from 0 over all registers.
    #[must_use]
    pub const fn event_index(&self) -> Option<usize> {
        match self {
            Self::Missing { .. } | Self::BootUnderWay { .. } => None,
            Self::Duplicate { second: index, .. }
            | Self::Order { index, .. }
            | Self::Length { index, .. }
            | Self::Form { index, .. }
            | Self::KeyProvider { index, .. }
            | Self::AmbiguousName { index, .. } => Some(*index),
        }
    }
}

impl fmt::Display for PayloadLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(0) => write!(f, "no bytes"),
            Self::Exactly(wanted) => write!(f, "{wanted} bytes"),
            Self::ExactlyOrEmpty(wanted) => write!(f, "{wanted} bytes or none"),
            Self::UpTo(limit) => write!(f, "1 to {limit} bytes"),
        }
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name } => write!(f, "no `{name}` event up to system-ready"),
            Self::BootUnderWay { next } => {
                write!(
                    f,
                    "the boot had not come to `{next}` when the quote was made: nothing binds what followed"
                )
            }
            Self::Duplicate { name, first, second, limit } => {
                write!(f, "event {second}: `{name}` again after event {first}, at most {limit} allowed")
            }
            Self::Order { name, index, after, after_index } => {
                write!(f, "event {index}: `{name}` after `{after}` (event {after_index}), expected before it")
            }
            Self::Length { name, index, expected, got } => {
                write!(f, "event {index}: `{name}`: expected {expected}, got {got}")
            }
            Self::Form { name, index } => {
                write!(f, "event {index}: `{}` is not of its form", text::inert(&text::shortened(name, 64)))
            }
            Self::KeyProvider { index, problem } => write!(f, "event {index}: `key-provider`: {problem}"),
            Self::AmbiguousName { index, name } => {
                let name = text::inert(&text::shortened(name, 64));
                write!(f, "event {index}: `{name}` has a colon, its digest fits another name and payload too")
            }
        }
    }
}

impl core::error::Error for IdentityError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::KeyProvider { problem, .. } => Some(problem),
            _ => None,
        }
    }
}

/// What is worth a remark in a log that names an application.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityNotice {
    /// A boot event that dstack does not document.
    UnknownEvent {
        /// Its index.
        index: usize,
        /// Its name, from the log: escape it before printing.
        name: String,
    },
    /// The key provider is none that dstack documents.
    KeyProviderUnknown {
        /// Index of the key-provider event.
        index: usize,
        /// The provider's name, from the log: escape it before printing.
        name: String,
    },
    /// An event that the application made after boot.
    AfterReady {
        /// Its index.
        index: usize,
        /// Its name, from the log: escape it before printing.
        name: String,
    },
    /// An event that the application made after boot under a name that dstack uses. It was ignored.
    ReservedAfterReady {
        /// Its index.
        index: usize,
        /// Its name, from the log: escape it before printing.
        name: String,
    },
}

impl IdentityNotice {
    /// The stable reason code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::UnknownEvent { .. } => Reason::IdentityEventUnknown,
            Self::KeyProviderUnknown { .. } => Reason::KeyProviderUnknown,
            Self::AfterReady { .. } => Reason::EventsAfterSystemReady,
            Self::ReservedAfterReady { .. } => Reason::ReservedEventAfterSystemReady,
        }
    }

    /// The event, counted from 0 over all registers.
    #[must_use]
    pub const fn event_index(&self) -> usize {
        match self {
            Self::UnknownEvent { index, .. }
            | Self::KeyProviderUnknown { index, .. }
            | Self::AfterReady { index, .. }
            | Self::ReservedAfterReady { index, .. } => *index,
        }
    }
}

impl fmt::Display for IdentityNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &str| text::inert(&text::shortened(name, 64));
        match self {
            Self::UnknownEvent { index, name } => {
                write!(f, "event {index}: `{}` is not a boot event that dstack documents", shown(name))
            }
            Self::KeyProviderUnknown { index, name } => {
                write!(f, "event {index}: key provider `{}` is not one that dstack documents", shown(name))
            }
            Self::AfterReady { index, name } => {
                write!(f, "event {index}: `{}` was added by the application", shown(name))
            }
            Self::ReservedAfterReady { index, name } => {
                let name = shown(name);
                write!(
                    f,
                    "event {index}: `{name}` was added by the application under a reserved name, ignored"
                )
            }
        }
    }
}
