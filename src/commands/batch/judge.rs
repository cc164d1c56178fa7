//! One entry to one line of output.

use super::resume::{Earlier, Known, Resumed, run_name};
use super::source::Entry;
use crate::cli::Global;
use crate::commands::verify::Rules;
use crate::commands::{gather, supply};
use crate::failure::Failure;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use veritee_evidence::NamedEvidence;
use veritee_model::{Budget, Evidence, ExitCode, Item, Sha256Digest, UnixTime, VerdictOutcome};
use veritee_offline::entry::{self, Judged, Learnt};
use veritee_quote::error::ChainError;
use veritee_quote::{KnownCollateral, Statistics};
use veritee_verify::{Expected, Grounds};

/// What is needed to judge any entry. Shared by all threads.
pub(crate) struct Judge {
    rules: Rules,
    grounds: Arc<Grounds>,
    /// What NVIDIA says of GPUs, for every entry that has some.
    about_gpus: Arc<[Item]>,
    /// Whether answers are given before all of the input is known.
    streams: bool,
    /// Names the rules of this run.
    run: String,
    /// Digest of everything that came along and may revoke something.
    learnt: Vec<Sha256Digest>,
    learning: Learnt,
    /// Answers of an earlier run.
    resumed: Option<Resumed>,
    /// What the rules let pass, repeated in every line.
    loosened: Vec<String>,
}

/// What the judging side brings, by its places.
pub(crate) struct Brought<'a> {
    pub(crate) collateral: &'a [PathBuf],
    pub(crate) gpu_collateral: &'a [PathBuf],
    pub(crate) store: Option<&'a Path>,
}

/// One line of output.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Line {
    /// A verdict.
    Judged(Box<Judged>),
    /// An earlier answer that a later entry has shown to be wrong.
    Corrected {
        /// Which entry.
        input: String,
        /// Always `correction`.
        kind: &'static str,
        /// The outcome that holds.
        outcome: VerdictOutcome,
        /// Its exit code.
        exit_code: u8,
        /// Why.
        reasons: [&'static str; 1],
        /// In words.
        detail: String,
    },
    /// The answer of an earlier run, as it stands there.
    Known(Known),
    /// The entry could not be read.
    Broken {
        /// Which entry.
        input: String,
        /// What it calls itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// Why, as a code, where what stands in it is at fault.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'static str>,
        /// Why.
        error: String,
    },
}

const fn word_of(outcome: VerdictOutcome) -> &'static str {
    match outcome {
        VerdictOutcome::Verified => "verified",
        VerdictOutcome::NotGenuine => "not genuine",
        VerdictOutcome::Refused => "refused",
        VerdictOutcome::Findings => "with findings",
        VerdictOutcome::Incomplete => "incomplete",
    }
}

impl Line {
    /// As it is written, without a line break.
    pub(crate) fn to_json(&self) -> Result<String, Failure> {
        let text = serde_json::to_string(self).map_err(|error| Failure::internal(error.to_string()))?;
        Ok(veritee_model::text::inert_json(&text))
    }

    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Broken { .. } => "unreadable",
            Self::Corrected { .. } => "corrected",
            Self::Judged(judged) => word_of(judged.outcome),
            Self::Known(known) => word_of(known.outcome),
        }
    }

    /// The gravest reason.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Broken { reason, .. } => *reason,
            Self::Corrected { reasons: [reason], .. } => Some(reason),
            Self::Judged(judged) => judged.reasons.first().map(String::as_str),
            Self::Known(known) => known.reason.as_deref(),
        }
    }

    pub(super) const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Broken { .. } => ExitCode::Unobtainable,
            Self::Corrected { outcome, .. } => outcome.exit_code(),
            Self::Judged(judged) => judged.outcome.exit_code(),
            Self::Known(known) => known.outcome.exit_code(),
        }
    }

    /// The PCK chains of a quote whose answer a later revocation would change.
    pub(super) fn pck_chains(&self) -> &[Vec<u8>] {
        match self {
            Self::Judged(judged) if judged.outcome != VerdictOutcome::NotGenuine => &judged.pck_chains,
            _ => &[],
        }
    }

    pub(super) fn corrected(number: u64, error: &ChainError) -> Self {
        let outcome = VerdictOutcome::NotGenuine;
        Self::Corrected {
            input: format!("line {number}"),
            kind: "correction",
            outcome,
            exit_code: outcome.exit_code().code(),
            reasons: [error.reason().code()],
            detail: format!("a later line has brought the revocation: {error}"),
        }
    }
}

impl Judge {
    /// Verifies the collateral once, for all entries.
    pub(crate) fn new(
        rules: Rules,
        brought: &Brought<'_>,
        streams: bool,
        global: &Global,
    ) -> Result<Self, Failure> {
        let mut grounds = rules.grounds();
        gather::collateral(&mut grounds, brought.collateral, global)?;
        let about_gpus = gather::gpu_collateral(brought.gpu_collateral)?.into();
        let brought_nothing = brought.collateral.is_empty();
        supply::whole_store(brought.store, brought_nothing, &rules.root, rules.as_of, &mut grounds, global)?;
        let loosened = rules.loosened();
        let (learnt, resumed, grounds) = (Vec::new(), None, Arc::new(grounds));
        let learning = Learnt::default();
        Ok(Self {
            rules,
            grounds,
            about_gpus,
            streams,
            learnt,
            learning,
            resumed,
            loosened,
            run: String::new(),
        })
    }

    /// The same at another time, with the same memory.
    pub(crate) fn at(&self, as_of: UnixTime) -> Self {
        Self {
            rules: self.rules.at(as_of),
            grounds: Arc::clone(&self.grounds),
            about_gpus: Arc::clone(&self.about_gpus),
            streams: self.streams,
            run: self.run.clone(),
            learnt: Vec::new(),
            learning: Learnt::default(),
            resumed: None,
            loosened: self.loosened.clone(),
        }
    }

    /// Takes over what an earlier run under the same rules has answered. To be called once all is learnt.
    pub(super) fn resume(&mut self, earlier: Option<Earlier>) -> Result<(), Failure> {
        self.learnt.extend(self.about_gpus.iter().map(Item::sha256));
        self.run = run_name(&self.rules, &self.grounds, &self.learnt);
        self.resumed = earlier.map(|earlier| earlier.under(&self.run)).transpose()?;
        Ok(())
    }

    /// Answers of an earlier run that are at hand; none where no run is resumed.
    pub(super) fn at_hand(&self) -> Option<usize> {
        self.resumed.as_ref().map(Resumed::len)
    }

    pub(crate) const fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(crate) fn grounds(&self) -> &Grounds {
        &self.grounds
    }

    pub(crate) fn about_gpus(&self) -> &[Item] {
        &self.about_gpus
    }

    pub(super) fn known(&self) -> &KnownCollateral {
        self.grounds.known()
    }

    pub(super) fn statistics(&self) -> Statistics {
        self.grounds.statistics()
    }

    /// Whether answers are given before all of the input is known.
    pub(super) const fn streams(&self) -> bool {
        self.streams
    }

    pub(super) const fn learning(&self) -> &Learnt {
        &self.learning
    }

    /// Keeps the digest of an entry that may have revoked something.
    pub(super) fn learnt(&mut self, digest: Option<Sha256Digest>) {
        self.learnt.extend(digest);
    }

    /// Takes in what an evidence says of revocations. True when something was new.
    pub(super) fn learn_of(&mut self, evidence: &Evidence) -> bool {
        Arc::make_mut(&mut self.grounds).learn(evidence)
    }

    /// The answer to an entry; one for each machine where it holds several, under the entry's name and the machine's label.
    pub(crate) fn lines(&self, entry: &Entry) -> Vec<Line> {
        let input = entry.name();
        let (bytes, notes) = match entry.content() {
            Ok(content) => content,
            Err(error) => return vec![Line::Broken { input, key: None, reason: None, error }],
        };
        let sha256 = Sha256Digest::of(&bytes);
        let known = |input: &str| self.resumed.as_ref().and_then(|resumed| resumed.line(input, &sha256));
        if let Some(known) = known(&input) {
            return vec![Line::Known(known)];
        }
        let place = entry;
        let entry = match entry::Entry::read(&input, &bytes, &notes, &Budget::STANDARD) {
            Ok(entry) => entry,
            Err(error) => {
                let key = entry::Entry::key(&bytes);
                let (reason, error) = (Some(error.reason().code()), place.advised(&error, &bytes));
                return vec![Line::Broken { input, key, reason, error }];
            }
        };
        let entry::Entry { machines, keys, without, not_read } = entry;
        let several = machines.len() + without.len() > 1;
        let of_machine = |(machine, key): (NamedEvidence, Option<String>)| {
            let input = if several { format!("{input} {}", machine.label) } else { input.clone() };
            if let Some(known) = known(&input) {
                return Line::Known(known);
            }
            let mut evidence = machine.evidence;
            if evidence.gpus.is_some() {
                evidence.gpu_collateral.extend(self.about_gpus.iter().cloned());
            }
            let mut judged = self.evidence(input, &evidence);
            judged.not_read.clone_from(&not_read);
            judged.key = key;
            judged.sha256 = Some(sha256);
            judged.run.clone_from(&self.run);
            judged.as_of = Some(self.rules.as_of);
            Line::Judged(Box::new(judged))
        };
        // No answer stands for what was not judged.
        let of_rest = |rest: entry::Without| {
            let input = format!("{input} {}", rest.label);
            Line::Broken { input, key: rest.key, reason: None, error: rest.why }
        };
        let answers = machines.into_iter().zip(keys).map(of_machine);
        answers.chain(without.into_iter().map(of_rest)).collect()
    }

    fn evidence(&self, input: String, evidence: &Evidence) -> Judged {
        let request = self.rules.request(evidence, &self.grounds, &Expected::Nothing, None);
        let mut judged = entry::judge(input, &request);
        judged.loosened.clone_from(&self.loosened);
        if self.streams {
            judged.pck_chains = self.grounds.pck_chains(&request);
        }
        judged
    }
}
