//! One entry to one line of output.

use super::learning::{Learnt, begins_as_json};
use super::resume::{Known, Resumed, run_name};
use super::source::Entry;
use crate::cli::Global;
use crate::commands::verify::Rules;
use crate::commands::{gather, supply};
use crate::failure::Failure;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use veritee_evidence::NamedEvidence;
use veritee_model::report::Notice;
use veritee_model::{
    Budget, Check, CheckId, Evidence, ExitCode, Finding, Fmspc, Item, Reason, Sha256Digest, TcbStatus,
    UnixTime, Verdict, VerdictOutcome,
};
use veritee_quote::error::ChainError;
use veritee_quote::{KnownCollateral, Quote, Statistics, VerifiedQuote};
use veritee_verify::{Expected, Grounds, QuoteAlone, Short};

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
        /// Why.
        error: String,
    },
}

/// A verdict in short. Names and values as in a report.
#[derive(Serialize)]
pub(crate) struct Judged {
    input: String,
    /// What the entry calls itself: its member `id` or `name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// SHA-256 of the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Sha256Digest>,
    kind: &'static str,
    outcome: VerdictOutcome,
    exit_code: u8,
    reasons: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_sha256: Option<Sha256Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tcb_status: Option<TcbStatus>,
    advisories: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fmspc: Option<Fmspc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compose_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registers: Option<[String; 5]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report_data: Option<String>,
    /// The time of the verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<UnixTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_provider: Option<String>,
    /// `shown` where a nonce of this request is bound, else `not-shown`. Of evidence only.
    #[serde(skip_serializing_if = "Option::is_none")]
    freshness: Option<&'static str>,
    /// The DevProof line. Of evidence whose compose was audited.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<String>,
    /// Findings that are open, by severity. Of evidence whose compose was audited.
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<BTreeMap<&'static str, u64>>,
    /// What does not change the verdict, by its code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<&'static str>,
    /// Names the rules of the run: answers of two runs under one name can stand in one file.
    #[serde(skip_serializing_if = "String::is_empty")]
    run: String,
    /// What the entry holds that is not judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_read: Vec<String>,
    /// Every way in which the rules are looser than the default.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    loosened: Vec<String>,
    /// Which items of collateral decided and who gave them, where the entry brought some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    decided_by: Vec<String>,
    /// Collateral that was given or carried, and could not be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    collateral_passed_over: Vec<String>,
    /// Where answers may have to be corrected: what would tell.
    #[serde(skip)]
    pck_chains: Vec<Vec<u8>>,
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

/// What the input calls an entry: the member `id` or `name` of its document.
fn key(bytes: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        id: Option<serde_json::Value>,
        name: Option<serde_json::Value>,
    }
    if !begins_as_json(bytes) {
        return None;
    }
    let Named { id, name } = serde_json::from_slice(bytes).ok()?;
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    id.and_then(text).or_else(|| name.and_then(text))
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
            Self::Broken { .. } => None,
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
    pub(super) fn resume(&mut self, path: Option<&Path>) -> Result<Option<usize>, Failure> {
        self.learnt.extend(self.about_gpus.iter().map(Item::sha256));
        self.run = run_name(&self.rules, &self.grounds, &self.learnt);
        let Some(path) = path else { return Ok(None) };
        let resumed = Resumed::read(path, &self.run)?;
        let count = resumed.len();
        self.resumed = Some(resumed);
        Ok(Some(count))
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
            Err(error) => return vec![Line::Broken { input, error }],
        };
        let sha256 = Sha256Digest::of(&bytes);
        let known = |input: &str| self.resumed.as_ref().and_then(|resumed| resumed.line(input, &sha256));
        if let Some(known) = known(&input) {
            return vec![Line::Known(known)];
        }
        let mut readout = match veritee_evidence::read(&input, &bytes, &Budget::STANDARD) {
            Ok(readout) => readout,
            Err(error) => return vec![Line::Broken { input, error: error.to_string() }],
        };
        let lost = notes.iter().chain(&readout.notes).filter(|note| note.is_loss());
        let lost: Vec<String> = lost.map(ToString::to_string).collect();
        let machines = std::mem::take(&mut readout.machines);
        let several = machines.len() > 1;
        // Veritee's own forms have no member of that name: what they do not know is refused.
        let own = matches!(
            readout.format,
            veritee_evidence::Format::Veritee | veritee_evidence::Format::VeriteeSet
        );
        let key = if own { None } else { key(&bytes) };
        let of_machine = |machine: NamedEvidence| {
            let input = if several { format!("{input} {}", machine.label) } else { input.clone() };
            if let Some(known) = known(&input) {
                return Line::Known(known);
            }
            let mut evidence = machine.evidence;
            if evidence.gpus.is_some() {
                evidence.gpu_collateral.extend(self.about_gpus.iter().cloned());
            }
            let mut judged = self.evidence(input, &evidence);
            judged.not_read.clone_from(&lost);
            judged.key.clone_from(&key);
            judged.sha256 = Some(sha256);
            judged.run.clone_from(&self.run);
            judged.as_of = Some(self.rules.as_of);
            Line::Judged(Box::new(judged))
        };
        if machines.is_empty() {
            let error = readout.select(None).err().map(|error| error.to_string()).unwrap_or_default();
            return vec![Line::Broken { input, error }];
        }
        machines.into_iter().map(of_machine).collect()
    }

    /// A quote that came with nothing but collateral is judged as `quote verify` does, anything else as `verify` does,
    /// whichever engines are asked.
    fn evidence(&self, input: String, evidence: &Evidence) -> Judged {
        let request = self.rules.request(evidence, &self.grounds, &Expected::Nothing, None);
        let mut judged = if is_quote_alone(evidence) {
            of_quote(input, veritee_verify::verify_quote(&request))
        } else {
            of_report(input, &veritee_verify::verify_in_short(&request))
        };
        judged.loosened.clone_from(&self.loosened);
        if self.streams {
            judged.pck_chains = self.grounds.pck_chains(&request);
        }
        judged
    }
}

/// Nothing is there that a quote alone does not have: whatever came along is looked at.
fn is_quote_alone(evidence: &Evidence) -> bool {
    evidence.quote.is_some()
        && *evidence
            == Evidence {
                quote: evidence.quote.clone(),
                collateral: evidence.collateral.clone(),
                recorded_collateral: evidence.recorded_collateral.clone(),
                ..Evidence::default()
            }
}

fn of_quote(input: String, alone: QuoteAlone) -> Judged {
    let QuoteAlone { quote, verified, checks, verdict, unusable, decided_by, notices, .. } = alone;
    let td = quote.as_ref().and_then(Quote::td);
    let tcb = verified.as_ref().map(VerifiedQuote::tcb);
    Judged {
        input,
        key: None,
        sha256: None,
        as_of: None,
        key_provider: None,
        freshness: None,
        stage: None,
        findings: None,
        notices: codes(&notices),
        not_read: Vec::new(),
        run: String::new(),
        kind: "quote",
        outcome: verdict.outcome,
        exit_code: verdict.exit_code,
        detail: detail(&checks, &verdict),
        reasons: verdict.reasons,
        signed_sha256: quote.as_ref().map(Quote::signed_sha256),
        tcb_status: tcb.map(|tcb| tcb.status),
        advisories: tcb.map(|tcb| tcb.advisories.clone()).unwrap_or_default(),
        fmspc: verified.as_ref().map(|verified| verified.platform().fmspc),
        app_id: None,
        compose_hash: None,
        registers: td.map(|td| {
            let [rtmr0, rtmr1, rtmr2, rtmr3] = td.rtmrs.map(|register| register.to_string());
            [td.mrtd.to_string(), rtmr0, rtmr1, rtmr2, rtmr3]
        }),
        report_data: td.map(|td| td.report_data.to_string()),
        collateral_passed_over: unusable.into_iter().map(|(why, name)| format!("{name}: {why}")).collect(),
        decided_by,
        loosened: Vec::new(),
        pck_chains: Vec::new(),
    }
}

fn of_report(input: String, short: &Short) -> Judged {
    let report = &short.report;
    let (quote, tcb, identity) = (report.quote.as_ref(), report.tcb.as_ref(), report.identity.as_ref());
    let fresh = report
        .checks
        .iter()
        .any(|check| check.id == CheckId::BindingNonce && check.outcome == veritee_model::Outcome::Pass);
    let findings = short.findings();
    Judged {
        input,
        key: None,
        sha256: None,
        as_of: None,
        key_provider: identity.and_then(|identity| identity.key_provider.clone()),
        freshness: Some(if fresh { "shown" } else { "not-shown" }),
        stage: findings.is_some().then(|| report.stage.to_string()),
        findings: findings.map(severities),
        notices: codes(&report.notices),
        not_read: Vec::new(),
        run: String::new(),
        kind: "evidence",
        outcome: report.verdict.outcome,
        exit_code: report.verdict.exit_code,
        reasons: report.verdict.reasons.clone(),
        detail: detail(&report.checks, &report.verdict),
        signed_sha256: quote.map(|quote| quote.signed_sha256),
        tcb_status: tcb.map(|tcb| tcb.status),
        advisories: tcb.map(|tcb| tcb.advisories.clone()).unwrap_or_default(),
        decided_by: tcb.map(|tcb| tcb.decided_by.clone()).unwrap_or_default(),
        fmspc: tcb.map(|tcb| tcb.fmspc),
        app_id: identity.map(|identity| identity.app_id.to_string()),
        compose_hash: identity.map(|identity| identity.compose_hash.to_string()),
        registers: quote.map(|quote| {
            let registers =
                [quote.rtmr0, quote.rtmr1, quote.rtmr2, quote.rtmr3].map(|register| register.to_string());
            let [rtmr0, rtmr1, rtmr2, rtmr3] = registers;
            [quote.mrtd.to_string(), rtmr0, rtmr1, rtmr2, rtmr3]
        }),
        report_data: quote.map(|quote| quote.report_data.to_string()),
        collateral_passed_over: report
            .notices
            .iter()
            .filter(|notice| notice.reason == Reason::CollateralItemUnusable)
            .map(|notice| format!("{}: {}", notice.location.as_deref().unwrap_or_default(), notice.detail))
            .collect(),
        loosened: Vec::new(),
        pck_chains: Vec::new(),
    }
}

/// Codes of remarks, each once.
fn codes(notices: &[Notice]) -> Vec<&'static str> {
    let mut codes: Vec<&str> = Vec::new();
    for code in notices.iter().map(|notice| notice.reason.code()) {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

/// Findings that nobody has answered, by severity.
fn severities(findings: &[Finding]) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    let open = findings.iter().filter(|finding| finding.is_proven() || finding.needs_a_person());
    for finding in open {
        *counts.entry(finding.severity.name()).or_default() += 1;
    }
    counts
}

/// What the gravest check says.
fn detail(checks: &[Check], verdict: &Verdict) -> Option<String> {
    let gravest = verdict.reasons.first()?;
    let check = checks.iter().find(|check| {
        let faults = check.faults.iter().map(|fault| fault.reason);
        check.reason.into_iter().chain(faults).any(|reason| reason.code() == gravest)
    })?;
    Some(format!("{}: {}", check.id, check.detail))
}
