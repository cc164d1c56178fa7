//! The whole verification over files that are in memory already: what `veritee verify --offline` does between reading its
//! files and printing the report. The program, the page that verifies in a browser and bindings share it, so that the
//! same files, the same time and the same policy give the same report wherever they are judged.
//!
//! [`role`] says what a file is for, [`read`] what machines the evidence has, [`verify`] judges one. Names of files stand
//! in the report as they are given; every name and every byte is an attacker's. No file, socket or clock is touched.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod collateral;
mod document;
pub mod entry;
mod error;
mod role;
mod run;
mod unverified;

pub use document::{Document, audit, audited, event_log};
pub use error::{Error, PolicyProblem};
pub use role::{Role, role};
pub use run::{Broken, Rules, Run, quote_document};
pub use unverified::{measure_document, measured, replay_comparison, replay_document, replayed};

use collateral::{Collector, Found};
use std::collections::BTreeMap;
use veritee_evidence::Readout;
use veritee_model::{Budget, Evidence, Report, Sha256Digest, UnixTime};
use veritee_policy::Policy;
use veritee_quote::Origin;
use veritee_verify::{Expected, Grounds};

/// The version that reports name.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A file, by the name that reports know it by.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// The last component of its path.
    pub name: &'a str,
    /// All of it.
    pub bytes: &'a [u8],
}

/// The time of a verdict. There is no clock here: whoever asks says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// This time, whatever the policy says.
    At(UnixTime),
    /// The time that the policy fixes, or this one where it fixes none.
    Unless(UnixTime),
}

impl AsOf {
    const fn under(self, policy: &Policy) -> UnixTime {
        match (self, &policy.as_of) {
            (Self::Unless(_), Some(fixed)) => fixed.time,
            (Self::At(time) | Self::Unless(time), _) => time,
        }
    }
}

/// Everything that a verdict depends on.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// The evidence: one file, or the files of a folder with a part in each.
    pub evidence: &'a [File<'a>],
    /// Which machine of several, by its label.
    pub select: Option<&'a str>,
    /// Collateral of the judging side, a set or Intel's answers by themselves.
    pub collateral: &'a [File<'a>],
    /// NVIDIA's manifests, OCSP answers and lists.
    pub gpu_collateral: &'a [File<'a>],
    /// The policy file; the built-in policy where there is none.
    pub policy: Option<&'a [u8]>,
    /// The time.
    pub as_of: AsOf,
    /// What REPORTDATA must carry.
    pub expected: &'a Expected,
    /// Limits on hostile input.
    pub budget: &'a Budget,
}

/// A verdict.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The report, the same as `veritee verify` makes of these files.
    pub report: Report,
    /// The evidence with all collateral that the verdict rested on.
    pub whole: Evidence,
    /// What a person should know about how the files were read: it changes nothing in the report.
    pub notes: Vec<String>,
}

impl Verified {
    /// [`Self::whole`] as `--save-evidence` writes it.
    #[must_use]
    pub fn evidence(&self) -> String {
        veritee_evidence::to_json(&self.whole, VERSION)
    }
}

/// What several files are called together, as a folder would be.
const TOGETHER: &str = "files";

/// The machines of the evidence.
///
/// # Errors
/// When no file is given, or what is given is no evidence that can be read.
pub fn read(evidence: &[File<'_>], budget: &Budget) -> Result<Readout, Error> {
    match evidence {
        [] => Err(Error::NoEvidence),
        [file] => Ok(veritee_evidence::read(file.name, file.bytes, budget)?),
        files => {
            let mut by_name = BTreeMap::new();
            for file in files {
                if by_name.insert(file.name.to_owned(), file.bytes.to_vec()).is_some() {
                    return Err(Error::NameTwice { name: file.name.to_owned() });
                }
            }
            Ok(veritee_evidence::read_folder(TOGETHER, &by_name, budget)?)
        }
    }
}

/// A policy file, and the digest by which reports know it.
///
/// # Errors
/// When it is no text, no policy, or allows a rule that does not exist.
pub fn read_policy(bytes: &[u8]) -> Result<(Policy, Sha256Digest), PolicyProblem> {
    let text = core::str::from_utf8(bytes)
        .map_err(|error| PolicyProblem::NoText { valid_up_to: error.valid_up_to() })?;
    let known = |rule: &str| {
        veritee_audit::rules().any(|known| known.id == rule)
            || veritee_audit::ELSEWHERE.iter().any(|known| known.id == rule)
    };
    let policy = Policy::parse(text)?;
    policy.rules_exist(text, known)?;
    Ok((policy, Sha256Digest::of(bytes)))
}

/// Judges one machine with both engines under Intel's root.
///
/// # Errors
/// When a file cannot be read as what it is given for, or the evidence is of several machines and none is chosen. What
/// can be read is judged: everything else that is wrong with it is a check of the report.
pub fn verify(given: &Given<'_>) -> Result<Verified, Error> {
    let run = Run::new(&Rules {
        collateral: given.collateral,
        gpu_collateral: given.gpu_collateral,
        policy: given.policy,
        as_of: given.as_of,
        budget: given.budget,
    })?;
    run.verify(given.evidence, given.select, given.expected)
}

/// Gives the judging side's files to the grounds.
fn give(
    grounds: &mut Grounds,
    collateral: &[File<'_>],
    budget: &Budget,
    notes: &mut Vec<String>,
) -> Result<(), Error> {
    let mut collector = Collector::new(budget).under(grounds.root());
    let mut take = |found: Found| match found {
        Found::Given(given) => given.give_to(grounds, Origin::Caller),
        Found::PassedOver { name, why } => notes.push(format!("{name}: passed over: {why}")),
        Found::Note(note) if note.is_loss() => notes.push(note.to_string()),
        Found::Note(_) => {}
    };
    for file in collateral {
        collector.take(file.name, file.bytes, true, &mut take)?;
    }
    collector.finish(&mut take)?;
    notes.extend(
        grounds
            .damaged()
            .map(|damaged| format!("collateral {}: passed over: {}", damaged.name, damaged.error)),
    );
    Ok(())
}
