//! Why a policy file is refused.

use core::fmt;

/// Why a policy file is refused, and where. A policy that cannot be understood in full is never applied in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// 1-based line and column, where known.
    pub place: Option<(usize, usize)>,
    /// Why.
    pub fault: PolicyFault,
}

/// What is wrong with a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyFault {
    /// Not TOML, an unknown key, a wrong type or a malformed value.
    Syntax {
        /// What is wrong.
        message: String,
    },
    /// A rule is named that does not exist.
    UnknownRule {
        /// The name.
        rule: String,
    },
    /// An exception names no value though its reason speaks of one among many, or a value though it does not.
    Value {
        /// The reason code.
        code: &'static str,
        /// Whether a value is wanted.
        wanted: bool,
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
        match self.place {
            Some((line, column)) => write!(f, "policy line {line}, column {column}: {}", self.fault),
            None => write!(f, "policy: {}", self.fault),
        }
    }
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { message } => f.write_str(message),
            Self::UnknownRule { rule } => {
                write!(f, "[[audit.allow]]: no rule `{}`", veritee_model::text::inert(rule))
            }
            Self::Value { code, wanted: true } => write!(
                f,
                "[[exception]] `{code}` speaks of one value among many: name it as `value`, as the report shows it"
            ),
            Self::Value { code, wanted: false } => {
                write!(f, "[[exception]] `{code}` has no value: it would never match")
            }
            Self::Schema { got } => write!(
                f,
                "the schema is `{}`, expected `{}`",
                veritee_model::text::inert(got),
                crate::file::SCHEMA
            ),
            Self::ReasonMissing { entry } => {
                write!(
                    f,
                    "{entry} loosens the default: give a `reason` of at least 10 characters beside it, {} of them letters",
                    veritee_model::text::LETTERS
                )
            }
            Self::NotWaivable { code } => {
                write!(f, "`{code}` cannot be waived: without it nothing says that the machine is genuine")
            }
            Self::ExpiryExcepted { code } => {
                write!(
                    f,
                    "[[exception]] `{code}`: expired collateral is let pass with `allow_expired` under [collateral] only"
                )
            }
            Self::Contradiction { message } => write!(f, "contradiction: {message}"),
        }
    }
}

impl core::error::Error for PolicyError {}
