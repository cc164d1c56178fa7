//! What came of a run.

use crate::attempt::Attempt;
use core::fmt;
use veritee_evidence::{NamedEvidence, ReadError};
use veritee_model::Reason;
use veritee_model::text::{inert, shortened};

/// Evidence of every machine that was seen, and the story of how.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Acquired {
    /// The machines, each with a label of its own: the application's first, the gateway's behind them. At least one of
    /// the application's has a quote.
    pub machines: Vec<NamedEvidence>,
    /// Every request, in order.
    pub attempts: Vec<Attempt>,
    /// Where machines of the application differ that should not.
    pub disagreements: Vec<Disagreement>,
    /// What a person should know.
    pub notes: Vec<Note>,
    /// Labels of the machines whose quote answers a question that carried the nonce. Whether the quote carries it too
    /// is for the verifier to say.
    pub asked_with_nonce: Vec<String>,
}

/// A value on which the machines of one application should agree.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disagreement {
    /// `app_id` or `compose_hash`.
    pub name: &'static str,
    /// What each says, by label. Unverified; a machine that says nothing is left out.
    pub values: Vec<(String, String)>,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the machines do not agree on {}:", self.name)?;
        for (label, value) in self.values.iter().take(8) {
            write!(f, " {} says {}", inert(label), inert(&shortened(value, 80)))?;
        }
        if self.values.len() > 8 { f.write_str(" …") } else { Ok(()) }
    }
}

/// Something that a person should know about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// About the reading of an answer.
    Reading(veritee_evidence::Note),
    /// Two quotes of one machine came; one is kept.
    AnotherQuote {
        /// The machine.
        label: String,
        /// Where the quote came from that is kept.
        kept: String,
        /// Where the other one came from.
        dropped: String,
    },
    /// Two sources give one part of one machine, a log say, with different bytes; the first is kept.
    PartsDiffer {
        /// The machine.
        label: String,
        /// The part.
        part: &'static str,
        /// Where the one came from that is kept.
        kept: String,
        /// Where the other came from.
        dropped: String,
    },
    /// Two sources give one claim of one machine with two values; the first is kept.
    ClaimsDiffer {
        /// The machine.
        label: String,
        /// The claim.
        name: String,
        /// The value that is kept.
        kept: String,
        /// The other one.
        dropped: String,
    },
    /// An answer without a quote is of a machine of which no quote came. It is listed among the replicas.
    WithoutQuote {
        /// Its label.
        label: String,
        /// Where it came from.
        url: String,
    },
    /// The id that was asked for as an app id is, by what a machine says, its instance id.
    AskedForInstance {
        /// The machine.
        label: String,
    },
    /// By what a machine says, it is of another application than the one asked for.
    OtherApplication {
        /// The machine.
        label: String,
        /// The app id that it claims.
        claimed: String,
    },
    /// Every answer about the application came from one machine. There may be more.
    OneMachine {
        /// How often it was asked.
        asked: usize,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reading(note) => note.fmt(f),
            Self::AnotherQuote { label, kept, dropped } => write!(
                f,
                "{}: two quotes came, the one from {} is kept, the one from {} is not",
                inert(label),
                inert(kept),
                inert(dropped)
            ),
            Self::PartsDiffer { label, part, kept, dropped } => write!(
                f,
                "{}: two differing {part} came, the one from {} is kept, the one from {} is not",
                inert(label),
                inert(kept),
                inert(dropped)
            ),
            Self::ClaimsDiffer { label, name, kept, dropped } => write!(
                f,
                "{}: {} is claimed twice, `{}` is kept, `{}` is not",
                inert(label),
                inert(name),
                inert(&shortened(kept, 96)),
                inert(&shortened(dropped, 96))
            ),
            Self::WithoutQuote { label, url } => write!(
                f,
                "{} tells of a machine of which no quote came; it is listed as replica {}",
                inert(url),
                inert(label)
            ),
            Self::AskedForInstance { label } => write!(
                f,
                "{}: the id asked for is the instance id that this machine claims, not its app id; write instance: \
                 before it if that is meant",
                inert(label)
            ),
            Self::OtherApplication { label, claimed } => write!(
                f,
                "{}: claims to be of application {}, which is not the one asked for",
                inert(label),
                inert(&shortened(claimed, 96))
            ),
            Self::OneMachine { asked } => {
                write!(f, "one machine answered all {asked} requests; others that did not may exist")
            }
        }
    }
}

/// Nothing can be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcquireError {
    /// No quote of the application came from anywhere.
    NoQuote {
        /// The target in the caller's words.
        asked: String,
        /// Every request, in order.
        attempts: Vec<Attempt>,
    },
}

impl AcquireError {
    /// The stable reason code.
    #[must_use]
    pub fn reason(&self) -> Reason {
        let Self::NoQuote { attempts, .. } = self;
        let hidden = |attempt: &Attempt| {
            matches!(&attempt.outcome, crate::Outcome::NotRead(ReadError::NotPublic { .. }))
        };
        if attempts.iter().any(hidden) { Reason::EvidenceNotPublic } else { Reason::EvidenceNoMachine }
    }

    /// Every request, in order.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        let Self::NoQuote { attempts, .. } = self;
        attempts
    }
}

impl fmt::Display for AcquireError {
    /// A line for each request and, below a failure, what to do about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::NoQuote { asked, attempts } = self;
        write!(f, "no quote of {} came from anywhere", inert(&shortened(asked, 256)))?;
        for attempt in attempts {
            write!(f, "\n  {attempt}")?;
            if let Some(next) = attempt.next_step() {
                write!(f, "\n    next: {next}")?;
            }
        }
        Ok(())
    }
}

impl core::error::Error for AcquireError {}
