//! One entry to one line of output.

use super::source::Entry;
use crate::cli::{Batch, Global};
use crate::commands::gather;
use crate::commands::verify::Rules;
use crate::failure::Failure;
use crate::input;
use serde::Serialize;
use std::borrow::Cow;
use std::io::Read as _;
use veritee_model::{
    Budget, Check, Evidence, ExitCode, Fmspc, Item, Reason, Report, Sha256Digest, TcbStatus, Verdict,
    VerdictOutcome,
};
use veritee_quote::error::ChainError;
use veritee_quote::{KnownCollateral, Quote, Statistics, VerifiedQuote};
use veritee_verify::{Expected, Grounds, QuoteAlone};

/// What is needed to judge any entry. Shared by all threads.
pub(super) struct Judge {
    rules: Rules,
    grounds: Grounds,
    /// What NVIDIA says of GPUs, for every entry that has some.
    about_gpus: Vec<Item>,
    /// Whether answers are given before all of the input is known.
    streams: bool,
}

/// One line of output.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Line {
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
pub(super) struct Judged {
    input: String,
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
    /// Collateral that was given or carried, and could not be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    collateral_passed_over: Vec<String>,
    /// Where answers may have to be corrected: what would tell.
    #[serde(skip)]
    pck_chain: Option<Vec<u8>>,
}

impl Line {
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Broken { .. } => "unreadable",
            Self::Corrected { .. } => "corrected",
            Self::Judged(judged) => match judged.outcome {
                VerdictOutcome::Verified => "verified",
                VerdictOutcome::NotGenuine => "not genuine",
                VerdictOutcome::Refused => "refused",
                VerdictOutcome::Findings => "with findings",
                VerdictOutcome::Incomplete => "incomplete",
            },
        }
    }

    pub(super) const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Broken { .. } => ExitCode::Unobtainable,
            Self::Corrected { outcome, .. } => outcome.exit_code(),
            Self::Judged(judged) => judged.outcome.exit_code(),
        }
    }

    /// The PCK chain of a quote whose answer a later revocation would change.
    pub(super) fn pck_chain(&self) -> Option<&[u8]> {
        match self {
            Self::Judged(judged) if judged.outcome != VerdictOutcome::NotGenuine => {
                judged.pck_chain.as_deref()
            }
            _ => None,
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
    pub(super) fn new(
        rules: Rules,
        options: &Batch,
        streams: bool,
        global: &Global,
    ) -> Result<Self, Failure> {
        let mut grounds = rules.grounds();
        gather::collateral(&mut grounds, &options.collateral, global)?;
        let about_gpus = gather::gpu_collateral(&options.gpu_collateral)?;
        Ok(Self { rules, grounds, about_gpus, streams })
    }

    pub(super) const fn known(&self) -> &KnownCollateral {
        self.grounds.known()
    }

    pub(super) fn statistics(&self) -> Statistics {
        self.grounds.statistics()
    }

    /// Takes in what the collateral inside these entries says of revocations: it holds for every entry that is judged
    /// after. True when something was new.
    pub(super) fn learn(&mut self, entries: &[Entry]) -> bool {
        let mut news = false;
        for entry in entries {
            let Some(bytes) = bytes_that_may_carry_collateral(entry) else { continue };
            let read = veritee_evidence::read(&entry.name(), &bytes, &Budget::STANDARD);
            for machine in read.into_iter().flat_map(|readout| readout.machines) {
                news |= self.grounds.learn(&machine.evidence);
            }
        }
        news
    }

    pub(super) fn line(&self, entry: &Entry) -> Line {
        let input = entry.name();
        let bytes = match entry {
            Entry::Line(_, text) => text.trim_ascii().to_vec(),
            Entry::File(path) => match input::read(path) {
                Ok(source) => source.bytes,
                Err(failure) => return Line::Broken { input, error: failure.to_string() },
            },
            Entry::TooLong(_) => {
                let limit = Budget::STANDARD.event_log_bytes;
                return Line::Broken { input, error: format!("the line is longer than {limit} bytes") };
            }
        };
        let read = veritee_evidence::read(&input, &bytes, &Budget::STANDARD);
        match read.and_then(|readout| readout.select(None)) {
            Ok(mut evidence) => {
                if evidence.gpus.is_some() {
                    evidence.gpu_collateral.extend(self.about_gpus.iter().cloned());
                }
                Line::Judged(Box::new(self.evidence(input, &evidence)))
            }
            Err(error) => Line::Broken { input, error: error.to_string() },
        }
    }

    /// A quote that came with nothing but collateral is judged as `quote verify` does, anything else as `verify` does,
    /// whichever engines are asked.
    fn evidence(&self, input: String, evidence: &Evidence) -> Judged {
        let request = self.rules.request(evidence, &self.grounds, &Expected::Nothing, None);
        let mut judged = if is_quote_alone(evidence) {
            of_quote(input, veritee_verify::verify_quote(&request))
        } else {
            of_report(input, &veritee_verify::verify(&request))
        };
        if self.streams {
            let quote = evidence.quote.as_ref().and_then(|item| Quote::parse(&item.bytes).ok());
            judged.pck_chain = quote.map(|quote| quote.certification_data().to_vec());
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
                ..Evidence::default()
            }
}

/// The entry's bytes, where its collateral may be found in them: JSON that speaks of collateral. Quotes are not read
/// for it.
fn bytes_that_may_carry_collateral(entry: &Entry) -> Option<Cow<'_, [u8]>> {
    const MARKS: [&[u8]; 2] = [b"pck_crl", b"collateral"];
    let bytes = match entry {
        Entry::Line(_, text) => Cow::Borrowed(text.trim_ascii()),
        Entry::File(path) => {
            let mut first = [0; 64];
            let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut first)).ok()?;
            if !begins_as_json(first.get(..read)?.trim_ascii_start()) {
                return None;
            }
            Cow::Owned(input::read(path).ok()?.bytes)
        }
        Entry::TooLong(_) => return None,
    };
    let found = begins_as_json(&bytes)
        && MARKS.iter().any(|mark| bytes.windows(mark.len()).any(|window| window == *mark));
    found.then_some(bytes)
}

fn begins_as_json(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(b'{' | b'['))
}

fn of_quote(input: String, alone: QuoteAlone) -> Judged {
    let QuoteAlone { quote, verified, checks, verdict, unusable, .. } = alone;
    let td = quote.as_ref().and_then(Quote::td);
    let tcb = verified.as_ref().map(VerifiedQuote::tcb);
    Judged {
        input,
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
        pck_chain: None,
    }
}

fn of_report(input: String, report: &Report) -> Judged {
    let (quote, tcb, identity) = (report.quote.as_ref(), report.tcb.as_ref(), report.identity.as_ref());
    Judged {
        input,
        kind: "evidence",
        outcome: report.verdict.outcome,
        exit_code: report.verdict.exit_code,
        reasons: report.verdict.reasons.clone(),
        detail: detail(&report.checks, &report.verdict),
        signed_sha256: quote.map(|quote| quote.signed_sha256),
        tcb_status: tcb.map(|tcb| tcb.status),
        advisories: tcb.map(|tcb| tcb.advisories.clone()).unwrap_or_default(),
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
        pck_chain: None,
    }
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
