//! The DevProof line, and how far the questions for a person have come.

use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The DevProof stage. One line on the wire; [`Stage::from_line`] is the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// No audit is part of what was asked.
    NotAsked,
    /// Only evidence of GPUs was asked about.
    GpusOnly,
    /// Stage 0, by these rules.
    Proven(Vec<String>),
    /// Nothing proves Stage 0, nothing shows more; so many checks are open: not understood, or a person's to answer.
    NotShownOtherwise(usize),
    /// A review was given, of a machine that is not verified without exceptions.
    ReviewNotApplied {
        /// Whose.
        reviewer: String,
    },
    /// The documents could not be read, so that most rules were not asked.
    Incomplete,
    /// Every automatic check passed and a reviewer has answered every question.
    Reviewed {
        /// Who.
        reviewer: String,
        /// The compose hash that the review is bound to.
        compose_hash: String,
    },
}

const NOT_ASKED: &str = "not asked: one quote only";
const GPUS_ONLY: &str = "not asked: GPUs only";
const PROVEN: &str = "Stage 0 - proven by ";
const NOT_SHOWN: &str = "Stage 0 - not shown otherwise: ";
const OF_REVIEWER: &str = "the review of ";
const NOT_VERIFIED: &str = " is of a machine that is not verified without exceptions";
const REVIEWED: &str = "Stage 1 (reviewer: ";
const BOUND: &str = ", bound to compose ";

impl Stage {
    /// The stage that this line says; `None` for a line that no stage writes.
    #[must_use]
    pub fn from_line(line: &str) -> Option<Self> {
        let stage = if line == NOT_ASKED {
            Self::NotAsked
        } else if line == GPUS_ONLY {
            Self::GpusOnly
        } else if let Some(rules) = line.strip_prefix(PROVEN) {
            Self::Proven(rules.split(", ").map(str::to_owned).collect())
        } else if let Some(rest) = line.strip_prefix(NOT_SHOWN) {
            match rest.strip_prefix(OF_REVIEWER).and_then(|rest| rest.strip_suffix(NOT_VERIFIED)) {
                Some(reviewer) => Self::ReviewNotApplied { reviewer: reviewer.to_owned() },
                None => Self::NotShownOtherwise(rest.split(' ').next()?.parse().ok()?),
            }
        } else if let Some(rest) = line.strip_prefix(REVIEWED) {
            let (reviewer, compose_hash) = rest.strip_suffix(')')?.rsplit_once(BOUND)?;
            Self::Reviewed { reviewer: reviewer.to_owned(), compose_hash: compose_hash.to_owned() }
        } else {
            Self::Incomplete
        };
        // Reports of before said it so; what is not understood needs more than a person.
        let earlier = match &stage {
            Self::NotShownOtherwise(1) => Some(format!("{NOT_SHOWN}1 check needs a person")),
            Self::NotShownOtherwise(count) => Some(format!("{NOT_SHOWN}{count} checks need a person")),
            _ => None,
        };
        (stage.to_string() == line || earlier.is_some_and(|earlier| earlier == line)).then_some(stage)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.write_str(NOT_ASKED),
            Self::GpusOnly => f.write_str(GPUS_ONLY),
            Self::Proven(rules) => write!(f, "{PROVEN}{}", rules.join(", ")),
            Self::NotShownOtherwise(1) => write!(f, "{NOT_SHOWN}1 check open"),
            Self::NotShownOtherwise(count) => write!(f, "{NOT_SHOWN}{count} checks open"),
            Self::ReviewNotApplied { reviewer } => {
                write!(f, "{NOT_SHOWN}{OF_REVIEWER}{reviewer}{NOT_VERIFIED}")
            }
            Self::Incomplete => f.write_str("incomplete"),
            Self::Reviewed { reviewer, compose_hash } => {
                write!(f, "{REVIEWED}{reviewer}{BOUND}{compose_hash})")
            }
        }
    }
}

impl Serialize for Stage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::word::read(deserializer, "DevProof line that this version knows", Self::from_line)
    }
}

/// How far a question for a person has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionStatus {
    /// A person has to answer it.
    Open,
    /// The rules ran and found nothing that it asks about.
    NothingFound,
    /// A reviewer is satisfied.
    Accepted,
    /// A reviewer is not.
    Rejected,
}

impl QuestionStatus {
    /// The word that reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::NothingFound => "nothing-found",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_back_as_the_stage_that_wrote_it() {
        for stage in [
            Stage::NotAsked,
            Stage::GpusOnly,
            Stage::Proven(vec!["DP-SCR-003".to_owned(), "DP-CFG-001".to_owned()]),
            Stage::NotShownOtherwise(1),
            Stage::NotShownOtherwise(17),
            Stage::ReviewNotApplied { reviewer: "Jane, bound to compose Doe".to_owned() },
            Stage::Incomplete,
            Stage::Reviewed { reviewer: "J, bound to compose D".to_owned(), compose_hash: "ab".repeat(32) },
        ] {
            assert_eq!(Stage::from_line(&stage.to_string()), Some(stage));
        }
        let earlier = "Stage 0 - not shown otherwise: 4 checks need a person";
        assert_eq!(Stage::from_line(earlier), Some(Stage::NotShownOtherwise(4)));
        for line in ["", "Stage 2", "Stage 0 - not shown otherwise: 01 checks open", "Incomplete"] {
            assert_eq!(Stage::from_line(line), None, "{line}");
        }
    }
}
