//! Why a policy file is refused.

use core::fmt;

/// Why a policy file is refused. A policy that cannot be understood in full is never applied in part.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyError {
    /// Not TOML, an unknown key, a wrong type or a malformed value.
    Syntax {
        /// 1-based line, where known.
        line: Option<usize>,
        /// 1-based column, where known.
        column: Option<usize>,
        /// What is wrong.
        message: String,
    },
    /// The file is of another version of the format.
    Schema {
        /// The name found.
        got: String,
    },
    /// An entry loosens the default without saying why.
    ReasonMissing {
        /// The table.
        entry: String,
    },
    /// An entry names a reason or a check that no policy can waive.
    NotWaivable {
        /// The reason code or check.
        code: &'static str,
    },
    /// An exception names an expiry. One check speaks of all that has expired, so an exception for one code would let
    /// the others pass unnamed.
    ExpiryExcepted {
        /// The reason code.
        code: &'static str,
    },
    /// Two entries contradict each other.
    Contradiction {
        /// What contradicts what.
        message: &'static str,
    },
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { line: Some(line), column: Some(column), message } => {
                write!(f, "policy line {line}, column {column}: {message}")
            }
            Self::Syntax { message, .. } => write!(f, "policy: {message}"),
            Self::Schema { got } => {
                write!(
                    f,
                    "policy schema is `{}`, expected `{}`",
                    veritee_model::text::inert(got),
                    crate::file::SCHEMA
                )
            }
            Self::ReasonMissing { entry } => {
                write!(
                    f,
                    "policy {entry} loosens the default: give a `reason` of at least 10 characters beside it"
                )
            }
            Self::NotWaivable { code } => {
                write!(
                    f,
                    "policy: `{code}` cannot be waived: without it nothing says that the machine is genuine"
                )
            }
            Self::ExpiryExcepted { code } => {
                write!(
                    f,
                    "policy [[exception]] `{code}`: expired collateral is let pass with `allow_expired` under [collateral] only"
                )
            }
            Self::Contradiction { message } => write!(f, "policy contradicts itself: {message}"),
        }
    }
}

impl core::error::Error for PolicyError {}
