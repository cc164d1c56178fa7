//! A reviewer's answers to the questions that no rule can answer, bound to what was reviewed.
//!
//! ```toml
//! schema = "veritee/review/v1"
//! reviewer = "Jane Doe, Example Audits"
//! compose_hash = "1f3b..."
//! commit = "dc0fc120..."
//! rule_set = "5e02..."                # the rules that the questions came from: `veritee review init` writes it
//! expires = "2027-03-31"              # optional; a date is its first second, UTC
//!
//! [[answer]]
//! id = "M1"
//! accepted = true
//! words = "the only endpoint that sees user data is ..."
//!
//! [[finding]]                         # an open question of the audit at one place
//! rule = "DP-ENV-021"
//! place = "services.app.environment.0"
//! value = "QUILL=${QUILL}"            # what stood there when it was answered
//! accepted = true
//! words = "shown on a page, nothing else reads it"
//! ```
//!
//! The answers expire when the compose hash, the commit or the rule set changes, and at the time that the file names.
//! The file is trusted as far as the person who hands it in is: nothing in it comes from the audited party.

use serde::{Deserialize, Serialize};
use veritee_model::{ComposeHash, Reason, UnixTime};

/// Name of this version of the format.
pub const SCHEMA: &str = "veritee/review/v1";

/// Letters that the words of an answer have at least: fewer say nothing that another could look at again.
pub use veritee_model::text::LETTERS;

/// What the template has where the reviewer's name belongs.
pub const PLACEHOLDER: &str = "NAME, ORGANISATION";

/// A review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// [`SCHEMA`].
    pub schema: String,
    /// Who answers.
    pub reviewer: String,
    /// The compose hash that was reviewed.
    pub compose_hash: ComposeHash,
    /// The commit that was reviewed, 40 hex digits.
    pub commit: String,
    /// The rules whose questions were answered ([`crate::rule_set`]). A review that names none counts for none: nobody
    /// could tell what was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<String>,
    /// From when on it counts no more; `None` for as long as compose and commit stay.
    #[serde(default, deserialize_with = "written", skip_serializing_if = "Option::is_none")]
    pub expires: Option<UnixTime>,
    /// The answers.
    #[serde(default, rename = "answer")]
    pub answers: Vec<Answer>,
    /// Answers to what the audit leaves open at single places. What is proven they do not touch.
    #[serde(default, rename = "finding", skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingAnswer>,
}

fn written<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<UnixTime>, D::Error> {
    UnixTime::deserialize_written(deserializer).map(Some)
}

/// An answer to an open question of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingAnswer {
    /// The rule's id.
    pub rule: String,
    /// Only at this place, as in a policy's allowance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Only while this stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether the reviewer is satisfied.
    pub accepted: bool,
    /// The reviewer's words. Never empty.
    pub words: String,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The question: `M1` to `M10`.
    pub id: String,
    /// Whether the reviewer is satisfied.
    pub accepted: bool,
    /// The reviewer's words. Never empty.
    pub words: String,
}

/// A review cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReviewError {
    /// Not the format.
    Malformed {
        /// Byte offset, where the reader knows one.
        at: Option<usize>,
        /// What the reader says.
        message: String,
    },
    /// Another version of the format.
    Schema {
        /// What the file says.
        got: String,
    },
    /// The words of an answer say nothing that another could look at again.
    Words {
        /// The question's or rule's id.
        id: String,
    },
    /// An answer is given twice, or its question does not exist.
    Answer {
        /// The question's id.
        id: String,
    },
    /// The commit is not 40 hex digits, or the reviewer has no name.
    Field {
        /// The field.
        name: &'static str,
    },
    /// The review is of another compose.
    OtherCompose {
        /// The compose that is audited; `None` when its hash is not known.
        expected: Option<ComposeHash>,
        /// The compose that was reviewed.
        got: ComposeHash,
    },
    /// The review is of another commit.
    OtherCommit {
        /// The commit that is audited; `None` when it is not known.
        expected: Option<String>,
        /// The commit that was reviewed.
        got: String,
    },
    /// The review answers the questions of other rules.
    OtherRules {
        /// The rules that are asked.
        expected: String,
        /// The rules that were asked when it was made, where it says so.
        got: Option<String>,
    },
    /// Its time is over, or the time of the audit is not known.
    Expired {
        /// When it ended.
        at: UnixTime,
    },
}

impl ReviewError {
    /// The stable reason.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Malformed { .. }
            | Self::Schema { .. }
            | Self::Answer { .. }
            | Self::Words { .. }
            | Self::Field { .. } => Reason::ReviewMalformed,
            Self::OtherCompose { .. }
            | Self::OtherCommit { .. }
            | Self::OtherRules { .. }
            | Self::Expired { .. } => Reason::ReviewExpired,
        }
    }
}

impl core::fmt::Display for ReviewError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Malformed { at: Some(at), message } => write!(f, "review, byte {at}: {message}"),
            Self::Malformed { at: None, message } => write!(f, "review: {message}"),
            Self::Schema { got } => write!(f, "review, schema: expected `{SCHEMA}`, got `{got}`"),
            Self::Answer { id } => {
                write!(
                    f,
                    "review, answer `{id}`: expected one answer to each of the questions M1 to M10, or to a finding of a rule"
                )
            }
            Self::Words { id } => write!(
                f,
                "review, answer `{id}`: expected words that say what you looked at and saw, of {LETTERS} letters at least"
            ),
            Self::Field { name: "reviewer" } => write!(
                f,
                "review, reviewer: expected your name and organisation, got nothing or the placeholder of the template"
            ),
            Self::Field { name } => write!(f, "review, {name}: missing or not of its form"),
            Self::OtherCompose { expected, got } => match expected {
                Some(expected) => write!(f, "review: expected one of compose {expected}, got one of {got}"),
                None => write!(f, "review: it is of compose {got}; which compose is audited is not known"),
            },
            Self::OtherRules { expected, got } => match got {
                Some(got) => {
                    write!(f, "review: the rules have changed since: expected rule set {expected}, got {got}")
                }
                None => write!(
                    f,
                    "review: it does not say which rules were asked: expected rule set {expected} (`veritee review init` writes it)"
                ),
            },
            Self::Expired { at } => write!(f, "review: it counts only before {at}"),
            Self::OtherCommit { expected, got } => match expected {
                Some(expected) => write!(f, "review: expected one of commit {expected}, got one of {got}"),
                None => write!(f, "review: it is of commit {got}; which commit is audited is not known"),
            },
        }
    }
}

impl core::error::Error for ReviewError {}

impl Review {
    /// The answer to a question.
    #[must_use]
    pub fn answer(&self, id: &str) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.id == id)
    }
}
