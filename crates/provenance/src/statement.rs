//! in-toto statements: what is said about which digests.

use crate::json;
use core::fmt;
use serde::Serialize;
use serde_json::Value;
use veritee_base::Budget;
use veritee_image::{Algorithm, Digest};

/// A statement. Who made it is not said here.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Whether it is of in-toto v1; else of v0.1.
    pub v1: bool,
    /// What kind of thing is said.
    pub predicate_type: String,
    /// About what.
    pub subjects: Vec<Subject>,
    /// What.
    pub predicate: Value,
}

/// A subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its name, which proves nothing.
    pub name: String,
    /// Its digests of algorithms that are understood.
    pub digests: Vec<Digest>,
}

/// At which level a statement speaks of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The index: all platforms of it.
    Index,
    /// The manifest of one platform.
    Platform,
}

impl Level {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Index => "the index",
            Self::Platform => "the platform manifest",
        }
    }
}

/// The digests of an image that a statement may speak of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subjects {
    /// The index, where there is one.
    pub index: Option<Digest>,
    /// The platform manifest, where there is one.
    pub manifest: Option<Digest>,
}

impl Subjects {
    /// The digest at a level.
    #[must_use]
    pub const fn at(&self, level: Level) -> Option<&Digest> {
        match level {
            Level::Index => self.index.as_ref(),
            Level::Platform => self.manifest.as_ref(),
        }
    }
}

/// Why a statement is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatementError {
    /// It is no JSON, too large or too deep.
    Json(String),
    /// It is no statement of in-toto.
    Kind {
        /// Its `_type`, or nothing.
        found: String,
    },
    /// It speaks of nothing.
    NoSubject,
}

impl fmt::Display for StatementError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(message) => write!(formatter, "the statement is no JSON that is read: {message}"),
            Self::Kind { found } => {
                write!(formatter, "a statement of in-toto v0.1 or v1 was expected, found `{found}`")
            }
            Self::NoSubject => formatter.write_str("the statement has no subject with a digest"),
        }
    }
}

impl std::error::Error for StatementError {}

const TYPES: [&str; 2] = ["https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"];

impl Statement {
    /// Reads a statement of at most `image_attestation_bytes`.
    ///
    /// # Errors
    /// It is no statement, or has no subject with a digest.
    pub fn read(bytes: &[u8], budget: &Budget) -> Result<Self, StatementError> {
        let value =
            json::read(bytes, budget.image_attestation_bytes, budget).map_err(StatementError::Json)?;
        let kind = json::text(&value, &["_type"]).unwrap_or_default();
        if !TYPES.contains(&kind) {
            return Err(StatementError::Kind { found: kind.to_owned() });
        }
        let subjects: Vec<Subject> = value
            .get("subject")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(subject)
            .collect();
        if subjects.is_empty() {
            return Err(StatementError::NoSubject);
        }
        Ok(Self {
            v1: Some(kind) == TYPES.last().copied(),
            predicate_type: json::text(&value, &["predicateType"]).unwrap_or_default().to_owned(),
            subjects,
            predicate: value.get("predicate").cloned().unwrap_or_default(),
        })
    }

    /// At which level it speaks of an image: by digest over all subjects, whatever their names.
    #[must_use]
    pub fn level(&self, image: &Subjects) -> Option<Level> {
        [Level::Platform, Level::Index].into_iter().find(|level| {
            image
                .at(*level)
                .is_some_and(|digest| self.subjects.iter().any(|one| one.digests.contains(digest)))
        })
    }
}

fn subject(value: &Value) -> Option<Subject> {
    let digests = value.get("digest")?.as_object()?;
    let known = [Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512];
    let digests: Vec<Digest> = known
        .into_iter()
        .filter_map(|algorithm| {
            let hex = digests.get(algorithm.name())?.as_str()?;
            Digest::parse(&format!("{}:{hex}", algorithm.name()))
        })
        .collect();
    let name = json::text(value, &["name"]).or_else(|| json::text(value, &["uri"])).unwrap_or_default();
    (!digests.is_empty()).then(|| Subject { name: name.to_owned(), digests })
}
