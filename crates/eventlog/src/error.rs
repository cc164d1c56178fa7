//! Why a log was refused.

use crate::ccel::CcelProblem;
use crate::event::EventVersion;
use crate::json::JsonError;
use core::fmt;
use veritee_model::{Reason, RtmrIndex, Sha384Digest, text};

/// Why a log cannot be read, or contradicts itself. Every error names the event and the byte offset it has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventLogError {
    /// The log is larger than the budget allows.
    TooLarge {
        /// Bytes allowed.
        limit: usize,
        /// Bytes found.
        got: usize,
    },
    /// The log has more events than the budget allows.
    TooManyEvents {
        /// Events allowed.
        limit: usize,
        /// Byte offset where the limit was passed.
        at: usize,
    },
    /// An event's payload is larger than the budget allows.
    PayloadTooLarge {
        /// The event.
        index: usize,
        /// Byte offset of the payload.
        at: usize,
        /// Bytes allowed.
        limit: usize,
        /// Bytes found.
        got: usize,
    },
    /// The JSON is not an array of objects, or an object has a member twice.
    Json {
        /// The event, when it is inside one.
        index: Option<usize>,
        /// What and where.
        error: JsonError,
    },
    /// A field of an event does not hold what it has to.
    Field {
        /// The event.
        index: usize,
        /// Name of the field.
        field: &'static str,
        /// Byte offset of the value, or of the event when the field is missing.
        at: usize,
        /// What is wrong.
        problem: FieldProblem,
    },
    /// The binary log breaks off or is not of the TCG's form.
    Ccel {
        /// The record after the header, counted from 0; `None` in the header.
        index: Option<usize>,
        /// Byte offset.
        at: usize,
        /// What is wrong.
        problem: CcelProblem,
    },
    /// An event names a register that a TD does not have.
    RegisterUnknown {
        /// The event.
        index: usize,
        /// Byte offset.
        at: usize,
        /// The 0-based register.
        imr: u32,
    },
    /// A run-time event is outside RTMR3, or another event is in it.
    RegisterWrong {
        /// The event.
        index: usize,
        /// Byte offset.
        at: usize,
        /// The register that it names.
        register: RtmrIndex,
        /// Its type.
        event_type: u32,
    },
    /// The digest that came with an event is not the digest of its payload.
    DigestMismatch {
        /// The event.
        index: usize,
        /// Byte offset of the digest.
        at: usize,
        /// The register.
        register: RtmrIndex,
        /// Name of a run-time event, or of a boot event's type.
        label: String,
        /// The digest of name and payload.
        recomputed: Box<Sha384Digest>,
        /// The digest that came along.
        claimed: Box<Sha384Digest>,
        /// The digest is right for this other version of run-time events than the one the event is tagged with.
        fits_version: Option<EventVersion>,
    },
    /// The preimage that came with an event is not what is hashed for it.
    PreimageMismatch {
        /// The event.
        index: usize,
        /// Byte offset of the preimage.
        at: usize,
        /// Name of the event.
        label: String,
        /// The bytes that are hashed.
        expected: Vec<u8>,
        /// The bytes that came along.
        got: Vec<u8>,
    },
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldProblem {
    /// It is missing.
    Missing,
    /// It has another JSON type.
    WrongType {
        /// The wanted type, in words.
        expected: &'static str,
    },
    /// Its hex has an odd number of digits.
    OddLength {
        /// Digits found.
        got: usize,
    },
    /// Its hex has a character that is no hex digit.
    NotHex {
        /// Byte offset inside the string.
        at: usize,
    },
    /// A digest of another length than SHA-384's.
    DigestLength {
        /// Bytes found.
        got: usize,
    },
    /// A version other than 1 and 2.
    UnknownVersion {
        /// The version.
        got: u32,
    },
    /// A field of run-time events at a boot event.
    OnlyForRuntimeEvents,
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => write!(f, "is missing"),
            Self::WrongType { expected } => write!(f, "is not {expected}"),
            Self::OddLength { got } => write!(f, "has an odd number of hex digits, {got}"),
            Self::NotHex { at } => write!(f, "has no hex digit at character {at}"),
            Self::DigestLength { got } => write!(f, "has {got} bytes, a SHA-384 digest has 48"),
            Self::UnknownVersion { got } => write!(f, "is {got}, expected 1 or 2"),
            Self::OnlyForRuntimeEvents => write!(f, "belongs to run-time events, and this is a boot event"),
        }
    }
}

impl EventLogError {
    /// The stable reason code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::TooLarge { .. } | Self::TooManyEvents { .. } | Self::PayloadTooLarge { .. } => {
                Reason::EventLogTooLong
            }
            Self::Ccel { problem: CcelProblem::Algorithm { .. }, .. } => Reason::EventDigestAlgorithm,
            Self::Json { .. } | Self::Field { .. } | Self::Ccel { .. } => Reason::EventLogMalformed,
            Self::RegisterUnknown { .. } => Reason::EventRegisterUnknown,
            Self::RegisterWrong { .. } => Reason::EventRegisterWrong,
            Self::DigestMismatch { .. } | Self::PreimageMismatch { .. } => Reason::EventDigestMismatch,
        }
    }

    /// The event, counted from 0 over all registers.
    #[must_use]
    pub const fn event_index(&self) -> Option<usize> {
        match self {
            Self::TooLarge { .. } | Self::TooManyEvents { .. } => None,
            Self::Json { index, .. } | Self::Ccel { index, .. } => *index,
            Self::PayloadTooLarge { index, .. }
            | Self::Field { index, .. }
            | Self::RegisterUnknown { index, .. }
            | Self::RegisterWrong { index, .. }
            | Self::DigestMismatch { index, .. }
            | Self::PreimageMismatch { index, .. } => Some(*index),
        }
    }

    /// Byte offset in the log.
    #[must_use]
    pub const fn offset(&self) -> Option<usize> {
        match self {
            Self::TooLarge { .. } => None,
            Self::Json { error, .. } => Some(error.at),
            Self::TooManyEvents { at, .. }
            | Self::PayloadTooLarge { at, .. }
            | Self::Field { at, .. }
            | Self::Ccel { at, .. }
            | Self::RegisterUnknown { at, .. }
            | Self::RegisterWrong { at, .. }
            | Self::DigestMismatch { at, .. }
            | Self::PreimageMismatch { at, .. } => Some(*at),
        }
    }

    /// Expected and got, where two values were compared.
    #[must_use]
    pub fn compared(&self) -> Option<(String, String)> {
        match self {
            Self::DigestMismatch { recomputed, claimed, .. } => {
                Some((recomputed.to_string(), claimed.to_string()))
            }
            Self::PreimageMismatch { expected, got, .. } => Some((hex::encode(expected), hex::encode(got))),
            Self::RegisterUnknown { imr, .. } => Some(("0 to 3".to_owned(), imr.to_string())),
            Self::TooLarge { limit, got } | Self::PayloadTooLarge { limit, got, .. } => {
                Some((format!("at most {limit} bytes"), format!("{got} bytes")))
            }
            _ => None,
        }
    }
}

impl fmt::Display for EventLogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &str| text::inert(&text::shortened(name, 64));
        match self {
            Self::TooLarge { limit, got } => write!(f, "event log of {got} bytes, at most {limit} are read"),
            Self::TooManyEvents { limit, at } => write!(f, "more than {limit} events at offset {at}"),
            Self::PayloadTooLarge { index, at, limit, got } => {
                write!(f, "event {index}: payload of {got} bytes at offset {at}, at most {limit} are read")
            }
            Self::Json { index: Some(index), error } => write!(f, "event {index}: {error}"),
            Self::Json { index: None, error } => write!(f, "event log: {error}"),
            Self::Field { index, field, at, problem } => {
                write!(f, "event {index}: field `{field}` {problem}, at offset {at}")
            }
            Self::Ccel { index: Some(index), at, problem } => {
                write!(f, "record {index}: {problem} at offset {at}")
            }
            Self::Ccel { index: None, at, problem } => write!(f, "header: {problem} at offset {at}"),
            Self::RegisterUnknown { index, at, imr } => {
                write!(f, "event {index}: register {imr} at offset {at}, a TD has 0 to 3")
            }
            Self::RegisterWrong { index, at, register, event_type } => {
                write!(f, "event {index}: type {event_type:#x} in {register} at offset {at}, ")?;
                f.write_str("run-time events and nothing else belong in rtmr3")
            }
            Self::DigestMismatch { index, at, register, label, recomputed, claimed, fits_version } => {
                write!(f, "event {index} `{}` of {register}: digest at offset {at}: ", shown(label))?;
                write!(f, "expected {recomputed}, got {claimed}")?;
                match fits_version {
                    Some(version) => write!(f, ", which is the digest under version {}", version.number()),
                    None => Ok(()),
                }
            }
            Self::PreimageMismatch { index, at, label, expected, got } => write!(
                f,
                "event {index} `{}`: preimage at offset {at}: expected {}, got {}",
                shown(label),
                text::shortened(&hex::encode(expected), 256),
                text::shortened(&hex::encode(got), 256)
            ),
        }
    }
}

impl core::error::Error for EventLogError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Json { error, .. } => Some(error),
            _ => None,
        }
    }
}
