//! Why a seal does not hold. Every way to tamper has its own reason.

use core::fmt;
use veritee_model::Reason;
use veritee_model::text::{inert, shortened};

/// Why a seal does not hold, or a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// Not two lines, no JSON object, a member missing or of the wrong form.
    Malformed {
        /// Where.
        place: String,
        /// What was expected and what was found.
        what: String,
    },
    /// A member stands there twice: two readers can see two envelopes.
    DuplicateMember {
        /// Where.
        place: String,
        /// Its name.
        member: String,
    },
    /// Something follows where nothing may.
    TrailingData {
        /// Where.
        place: String,
        /// What.
        what: String,
    },
    /// A payload or a signature is not base64, padded, in one of its two alphabets.
    Encoding {
        /// Where.
        place: String,
        /// What the decoder says.
        what: String,
    },
    /// The payload is of another type than stands at this place.
    PayloadType {
        /// Where.
        place: String,
        /// The type that belongs there.
        expected: &'static str,
        /// The type found.
        got: String,
    },
    /// A signature that names the key does not fit what it is said to sign.
    Signature {
        /// Where.
        place: String,
        /// The key's digest.
        key: String,
    },
    /// No signature is by this key.
    KeyAbsent {
        /// Where.
        place: String,
        /// The key's digest.
        key: String,
        /// The keys that the signatures name; that is their word only.
        named: Vec<String>,
    },
    /// The statement does not follow from the report beside it.
    Statement {
        /// What differs.
        what: &'static str,
    },
    /// The report rests on other evidence than was given.
    Evidence {
        /// What differs.
        what: String,
    },
    /// The report was made under another policy than was given.
    Policy {
        /// The policy of the report.
        report: String,
        /// The digest of the one given.
        given: String,
    },
    /// The picture is not the one that its signed data draws.
    Badge {
        /// Offset of the first byte that differs.
        at: usize,
    },
    /// The file is no key of a kind that is used.
    Key {
        /// What was expected and what was found.
        what: &'static str,
    },
    /// The key cannot sign: the source of randomness failed.
    CannotSign,
}

impl SealError {
    /// The reason code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Malformed { .. } => Reason::SealMalformed,
            Self::DuplicateMember { .. } => Reason::SealDuplicateMember,
            Self::TrailingData { .. } => Reason::SealTrailingData,
            Self::Encoding { .. } => Reason::SealEncoding,
            Self::PayloadType { .. } => Reason::SealPayloadType,
            Self::Signature { .. } => Reason::SealSignature,
            Self::KeyAbsent { .. } => Reason::SealKeyAbsent,
            Self::Statement { .. } => Reason::SealStatementMismatch,
            Self::Evidence { .. } => Reason::SealEvidenceMismatch,
            Self::Policy { .. } => Reason::SealPolicyMismatch,
            Self::Badge { .. } => Reason::SealBadgeMismatch,
            Self::Key { .. } | Self::CannotSign => Reason::SealKeyUnusable,
        }
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { place, what } => write!(f, "{place}: {what}"),
            Self::DuplicateMember { place, member } => {
                write!(f, "{place}: the member `{}` stands there twice", inert(&shortened(member, 80)))
            }
            Self::TrailingData { place, what } => write!(f, "{place}: {what}"),
            Self::Encoding { place, what } => {
                write!(f, "{place}: not base64, padded, in one of its two alphabets: {what}")
            }
            Self::PayloadType { place, expected, got } => write!(
                f,
                "{place}: the payload is said to be `{}`, expected `{expected}`",
                inert(&shortened(got, 120))
            ),
            Self::Signature { place, key } => {
                write!(
                    f,
                    "{place}: the signature that names the key {key} does not fit what it is said to sign"
                )
            }
            Self::KeyAbsent { place, key, named } => {
                write!(f, "{place}: no signature is by the key {key}")?;
                match named.as_slice() {
                    [] => write!(f, "; the signatures name no key"),
                    names => write!(f, "; the signatures name {}", names.join(", ")),
                }
            }
            Self::Statement { what } => {
                write!(f, "the statement does not follow from the report beside it: {what}")
            }
            Self::Evidence { what } => write!(f, "the report rests on other evidence: {what}"),
            Self::Policy { report, given } => {
                write!(f, "the report was made under {report}, the policy given has SHA-256 {given}")
            }
            Self::Badge { at } => {
                write!(f, "the picture is not the one that its signed data draws: it differs at byte {at}")
            }
            Self::Key { what } => f.write_str(what),
            Self::CannotSign => f.write_str("the machine's source of randomness failed"),
        }
    }
}

impl core::error::Error for SealError {}
