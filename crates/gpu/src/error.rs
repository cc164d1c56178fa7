//! What every error of this crate tells: a stable reason, what, where, expected, got, and what to do.

use core::fmt;
use veritee_model::Reason;

/// An error taken apart for a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The stable reason.
    pub reason: Reason,
    /// What is wrong, in one line.
    pub what: String,
    /// Where: a part of the evidence and the byte in it.
    pub location: Option<String>,
    /// The value that would have passed.
    pub expected: Option<String>,
    /// The value found.
    pub got: Option<String>,
    /// What to do next.
    pub next: Option<String>,
}

impl Explanation {
    pub(crate) fn new(reason: Reason, what: impl Into<String>) -> Self {
        Self { reason, what: what.into(), location: None, expected: None, got: None, next: None }
    }

    pub(crate) fn at(mut self, location: impl fmt::Display) -> Self {
        self.location = Some(location.to_string());
        self
    }

    pub(crate) fn expected(mut self, value: impl fmt::Display) -> Self {
        self.expected = Some(value.to_string());
        self
    }

    pub(crate) fn got(mut self, value: impl fmt::Display) -> Self {
        self.got = Some(value.to_string());
        self
    }

    pub(crate) fn next(mut self, advice: impl Into<String>) -> Self {
        self.next = Some(advice.into());
        self
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.what)?;
        match (&self.expected, &self.got) {
            (Some(expected), Some(got)) => write!(f, ": expected {expected}, got {got}"),
            (Some(expected), None) => write!(f, ": expected {expected}"),
            (None, Some(got)) => write!(f, ": got {got}"),
            (None, None) => Ok(()),
        }
    }
}

/// Gives an error type its `Display` and `reason` out of `explain`.
macro_rules! explained {
    ($name:ident) => {
        impl $name {
            /// The stable reason.
            #[must_use]
            pub fn reason(&self) -> veritee_model::Reason {
                self.explain().reason
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(&self.explain(), f)
            }
        }

        impl core::error::Error for $name {}
    };
}
pub(crate) use explained;
