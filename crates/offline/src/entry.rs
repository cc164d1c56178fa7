//! One entry among many, in short: what a line of a batch and a row of a table say of it.
//!
//! An entry is any form of evidence. What it says of revocations is taken in before the first is judged ([`Learnt`]).

mod keys;
mod learning;
mod rules;

pub use learning::{Heard, Learnt, begins_as_json, may_carry_collateral};
pub use rules::{is_input_alone, is_time, run_differs, run_name};

use serde::Serialize;
use std::collections::BTreeMap;
use veritee_evidence::{NamedEvidence, Note, ReadError};
use veritee_model::report::Notice;
use veritee_model::{
    Budget, Check, CheckId, Evidence, Finding, Fmspc, Outcome, Reason, Sha256Digest, TcbStatus, UnixTime,
    Verdict, VerdictOutcome,
};
use veritee_quote::{CaKind, Quote, Tee, VerifiedQuote};
use veritee_verify::{QuoteAlone, Request, Short};

/// A verdict in short. Names and values as in a report.
#[derive(Debug, Clone, Serialize)]
pub struct Judged {
    /// How the output names the entry.
    pub input: String,
    /// What the machine calls itself: a member `id` or `name` of it or of what stands around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// SHA-256 of the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256Digest>,
    /// `quote` or `evidence`.
    pub kind: &'static str,
    /// As in a report.
    pub outcome: VerdictOutcome,
    /// The outcome's.
    pub exit_code: u8,
    /// Codes, the gravest first.
    pub reasons: Vec<String>,
    /// What the gravest check says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Identity of the quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_sha256: Option<Sha256Digest>,
    /// Of a genuine quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcb_status: Option<TcbStatus>,
    /// Oldest of the dates of the levels that matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcb_date: Option<UnixTime>,
    /// Of a genuine quote, where none may apply: of any other nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advisories: Option<Vec<String>>,
    /// Of a genuine quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fmspc: Option<Fmspc>,
    /// Whose collateral is missing, where that is a reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<Lacks>,
    /// Of a log that replays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    /// Of a log that replays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compose_hash: Option<String>,
    /// MRTD and RTMR0 to RTMR3 of a TDX quote that can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registers: Option<[String; 5]>,
    /// Of a quote that can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_data: Option<String>,
    /// The time of the verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<UnixTime>,
    /// Of a log that replays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_provider: Option<String>,
    /// `shown` where a nonce of this request is bound, else `not-shown`. Of evidence only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freshness: Option<&'static str>,
    /// The DevProof line. Of evidence whose compose was audited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Findings that are open, by severity. Of evidence whose compose was audited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<BTreeMap<&'static str, u64>>,
    /// What does not change the verdict, by its code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<&'static str>,
    /// Names the rules of the run: answers of two runs under one name can stand in one file.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub run: String,
    /// What the entry holds that is not judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_read: Vec<String>,
    /// Every way in which the rules are looser than the default.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub loosened: Vec<String>,
    /// Which items of collateral decided and who gave them, where the entry brought some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decided_by: Vec<String>,
    /// Collateral that was given or carried, and could not be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collateral_passed_over: Vec<String>,
    /// Where answers may have to be corrected: what would tell.
    #[serde(skip)]
    pub pck_chains: Vec<Vec<u8>>,
}

/// An entry that was read: at least one machine.
#[derive(Debug)]
pub struct Entry {
    /// The machines, in their order, the label of each empty where the entry as a whole is of one.
    pub machines: Vec<NamedEvidence>,
    /// What each of them calls itself.
    pub keys: Vec<Option<String>>,
    /// What stands among the machines and is none: nothing was judged for it.
    pub without: Vec<Without>,
    /// What it holds that is not judged.
    pub not_read: Vec<String>,
}

/// An entry of a list of machines that holds none.
#[derive(Debug)]
pub struct Without {
    /// Its JSON pointer, as the label of a machine.
    pub label: String,
    /// What it calls itself.
    pub key: Option<String>,
    /// What is said of it.
    pub why: String,
}

impl Entry {
    /// Reads an entry. `notes` are of how its bytes were put together before.
    ///
    /// # Errors
    /// When the bytes, which are an attacker's, are no evidence, or evidence of no machine.
    pub fn read(name: &str, bytes: &[u8], notes: &[Note], budget: &Budget) -> Result<Self, Box<ReadError>> {
        let mut readout = veritee_evidence::read(name, bytes, budget)?;
        let machines = core::mem::take(&mut readout.machines);
        if machines.is_empty() {
            readout.select(None)?;
            return Ok(Self { machines, keys: Vec::new(), without: Vec::new(), not_read: Vec::new() });
        }
        let (mut not_read, mut without) = (Vec::new(), Vec::new());
        for note in notes.iter().chain(&readout.notes).filter(|note| note.is_loss()) {
            match note {
                Note::NoMachine { pointer, .. } => without.push((pointer.as_str(), note.to_string())),
                _ => not_read.push(note.to_string()),
            }
        }
        let labels = machines.iter().map(|machine| machine.label.as_str());
        let pointers: Vec<&str> = labels.chain(without.iter().map(|(pointer, _)| *pointer)).collect();
        let mut keys = keys_at(bytes, &pointers);
        let of_rest = keys.split_off(machines.len().min(keys.len()));
        let without = without.into_iter().zip(of_rest);
        let without =
            without.map(|((label, why), key)| Without { label: label.to_owned(), key, why }).collect();
        Ok(Self { machines, keys, without, not_read })
    }

    /// What bytes call themselves, whether they are evidence or not: the member `id` or `name` of their document.
    #[must_use]
    pub fn key(bytes: &[u8]) -> Option<String> {
        keys_at(bytes, &[""]).pop().flatten()
    }
}

fn keys_at(bytes: &[u8], pointers: &[&str]) -> Vec<Option<String>> {
    if begins_as_json(bytes) { keys::keys(bytes, pointers) } else { vec![None; pointers.len()] }
}

/// Judges one machine. A quote that came with nothing but collateral is judged as `quote verify` does, anything else as
/// `verify` does, whichever engines are asked. What the rules are called and what they loosen is the caller's to add.
#[must_use]
pub fn judge(input: String, request: &Request<'_>) -> Judged {
    let mut judged = if is_quote_alone(request.evidence) {
        of_quote(input, veritee_verify::verify_quote(request))
    } else {
        of_report(input, &veritee_verify::verify_in_short(request))
    };
    if judged.reasons.iter().any(|code| code == Reason::CollateralMissing.code()) {
        judged.lacks =
            request.evidence.quote.as_ref().and_then(|item| Lacks::by(&item.bytes, request.budget));
    }
    judged
}

/// Whose collateral it is, in the words of `veritee collateral fetch`. As the quote says it, which nobody has verified.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Lacks {
    /// `tdx` or `sgx`.
    pub tee: &'static str,
    /// The processor family.
    pub fmspc: Fmspc,
    /// `platform` or `processor`.
    pub ca: &'static str,
}

impl Lacks {
    fn by(quote: &[u8], budget: &Budget) -> Option<Self> {
        let quote = Quote::parse_within(quote, budget).ok()?;
        let hint = quote.pck_hint()?;
        let tee = match quote.tee() {
            Tee::Tdx => "tdx",
            Tee::Sgx => "sgx",
        };
        let ca = match hint.ca {
            CaKind::Platform => "platform",
            CaKind::Processor => "processor",
        };
        Some(Self { tee, fmspc: hint.fmspc, ca })
    }
}

/// Nothing is there that a quote alone does not have: whatever came along is looked at.
#[must_use]
pub fn is_quote_alone(evidence: &Evidence) -> bool {
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
        tcb_date: tcb.map(|tcb| tcb.date),
        advisories: tcb.map(|tcb| tcb.advisories.clone()),
        fmspc: verified.as_ref().map(|verified| verified.platform().fmspc),
        lacks: None,
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
    let fresh =
        report.checks.iter().any(|check| check.id == CheckId::BindingNonce && check.outcome == Outcome::Pass);
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
        tcb_date: tcb.map(|tcb| tcb.date),
        advisories: tcb.map(|tcb| tcb.advisories.clone()),
        decided_by: tcb.map(|tcb| tcb.decided_by.clone()).unwrap_or_default(),
        fmspc: tcb.map(|tcb| tcb.fmspc),
        lacks: None,
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
        let count: &mut u64 = counts.entry(finding.severity.name()).or_default();
        *count = count.saturating_add(1);
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
