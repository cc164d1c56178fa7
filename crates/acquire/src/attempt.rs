//! What became of each request.

use crate::caa::CaaProblem;
use crate::source::Source;
use core::fmt;
use veritee_client::FetchError;
use veritee_evidence::{Format, ReadError};
use veritee_model::text::{inert, shortened};

/// One request, or the reason why it was not made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The source.
    pub source: Source,
    /// Where it was asked.
    pub url: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It gave something new.
    Gave {
        /// Bytes of the answer.
        bytes: usize,
        /// Quotes in it.
        quotes: usize,
    },
    /// The answer was, byte for byte, one that had come before.
    Same,
    /// It was not made.
    NotAsked {
        /// Why.
        why: &'static str,
    },
    /// No usable answer came.
    NotFetched(FetchError),
    /// The answer cannot be read.
    NotRead(ReadError),
    /// The answer can be read and is refused.
    Refused(SourceProblem),
}

impl Outcome {
    /// Whether the request was made and gave nothing that can be used.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        matches!(self, Self::NotFetched(_) | Self::NotRead(_) | Self::Refused(_))
    }
}

/// Why an answer is refused that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceProblem {
    /// Another form of evidence than this source gives.
    Form {
        /// The forms that it gives.
        expected: &'static [Format],
        /// What came.
        got: Format,
    },
    /// The answers together are larger than allowed.
    TotalBytes {
        /// Bytes allowed.
        limit: usize,
    },
    /// The answer has more machines than are still allowed.
    TooManyMachines {
        /// Machines allowed in all.
        limit: usize,
    },
    /// `sha256sum.txt` is not UTF-8.
    SumsNotText {
        /// Byte offset.
        at: usize,
    },
    /// A line of `sha256sum.txt` is not `<64 hex digits>  <file name>`.
    SumsLine {
        /// 1-based line.
        line: usize,
    },
    /// `sha256sum.txt` names something that is no plain file name.
    FileName {
        /// 1-based line.
        line: usize,
        /// The name.
        name: String,
    },
    /// `sha256sum.txt` names more files than allowed.
    TooManyFiles {
        /// Files allowed.
        limit: usize,
    },
    /// The answer about CAA records is none.
    Caa(CaaProblem),
}

impl fmt::Display for SourceProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { expected, got } => {
                let names: Vec<&str> = expected.iter().map(|format| format.name()).collect();
                write!(f, "expected {}, got {got}", names.join(" or "))
            }
            Self::TotalBytes { limit } => write!(f, "all answers together have more than {limit} bytes"),
            Self::TooManyMachines { limit } => write!(f, "there are more than {limit} machines"),
            Self::SumsNotText { at } => write!(f, "sha256sum.txt has a byte at {at} that is not UTF-8"),
            Self::SumsLine { line } => {
                write!(f, "sha256sum.txt line {line}: expected `<64 hex digits>  <file name>`")
            }
            Self::FileName { line, name } => write!(
                f,
                "sha256sum.txt line {line} names `{}`, which is no plain file name: nothing was asked for by it",
                inert(&shortened(name, 96))
            ),
            Self::TooManyFiles { limit } => write!(f, "sha256sum.txt names more than {limit} files"),
            Self::Caa(problem) => problem.fmt(f),
        }
    }
}

impl core::error::Error for SourceProblem {}

impl Attempt {
    /// What to do about a failure.
    #[must_use]
    pub fn next_step(&self) -> Option<String> {
        match &self.outcome {
            Outcome::NotFetched(error) => Some(error.next_step()),
            Outcome::NotRead(error) => Some(error.next_step().to_owned()),
            Outcome::Refused(SourceProblem::FileName { .. }) => {
                Some("do not trust this server: no genuine list names such a file".to_owned())
            }
            Outcome::Refused(_) => Some("ask the operator what this server answers".to_owned()),
            Outcome::Gave { .. } | Outcome::Same | Outcome::NotAsked { .. } => None,
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Outcome::NotFetched(error) = &self.outcome {
            // The error names the address.
            return write!(f, "{}: {error}", self.source);
        }
        write!(f, "{} ({}): ", self.source, inert(&self.url))?;
        match &self.outcome {
            Outcome::Gave { bytes, quotes: 0 } => write!(f, "{bytes} bytes, no quote"),
            Outcome::Gave { bytes, quotes: 1 } => write!(f, "{bytes} bytes, a quote"),
            Outcome::Gave { bytes, quotes } => write!(f, "{bytes} bytes, {quotes} quotes"),
            Outcome::Same => f.write_str("the same answer as before"),
            Outcome::NotAsked { why } => write!(f, "not asked: {why}"),
            Outcome::NotFetched(error) => error.fmt(f),
            Outcome::NotRead(error) => error.fmt(f),
            Outcome::Refused(problem) => problem.fmt(f),
        }
    }
}
