//! One entry to one line of output.

use super::source::Entry;
use crate::cli::{Engine, Global};
use crate::commands::verify::Rules;
use crate::failure::Failure;
use crate::input::{self, shown};
use crate::output;
use serde::Serialize;
use std::path::PathBuf;
use veritee_evidence::parts;
use veritee_model::{
    Budget, Check, Evidence, ExitCode, Fmspc, Item, Report, Sha256Digest, TcbStatus, Verdict, VerdictOutcome,
};
use veritee_quote::{Collateral, Expiry, Quote, Statistics, Verifier};
use veritee_verify::Expected;

/// What is needed to judge any entry. Shared by all threads.
pub(super) struct Judge {
    rules: Rules,
    verifier: Verifier,
    collateral: Vec<Item>,
}

/// One line of output.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Line {
    /// A verdict.
    Judged(Box<Judged>),
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
}

impl Line {
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Broken { .. } => "unreadable",
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
            Self::Judged(judged) => judged.outcome.exit_code(),
        }
    }
}

impl Judge {
    /// Verifies the collateral once, for all entries.
    pub(super) fn new(rules: Rules, paths: &[PathBuf], global: &Global) -> Result<Self, Failure> {
        let expiry =
            if rules.loaded.policy.collateral.allow_expired { Expiry::Report } else { Expiry::Enforce };
        let mut judge = Self { rules, verifier: Verifier::new(), collateral: Vec::new() };
        for path in paths {
            for source in input::read_all(path)? {
                let mut found = Evidence::default();
                let added = parts::add_collateral(&mut found, &source.bytes, &source.name, &Budget::STANDARD);
                if let Err(error) = added {
                    output::note(global, &format!("{}: passed over: {error}", shown(path)));
                }
                for item in found.collateral {
                    judge.add(item, expiry, global);
                }
            }
        }
        Ok(judge)
    }

    /// Of two for the same platform the newer one stays.
    fn add(&mut self, item: Item, expiry: Expiry, global: &Global) {
        let prepared = Collateral::from_json(&item.bytes)
            .and_then(|collateral| collateral.verify_at(&self.rules.root, self.rules.as_of, expiry));
        match prepared {
            Ok(prepared) => {
                let evaluation = prepared.tcb_info().evaluation_number;
                if let Some(replaced) = self.verifier.add(prepared)
                    && replaced.tcb_info().evaluation_number > evaluation
                {
                    self.verifier.add(replaced);
                }
            }
            Err(error) => {
                let name = veritee_model::text::inert(&item.source);
                output::note(global, &format!("{name}: not used for quotes: {error}"));
            }
        }
        self.collateral.push(item);
    }

    pub(super) fn statistics(&self) -> Statistics {
        self.verifier.statistics()
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
            Ok(evidence) => Line::Judged(Box::new(self.evidence(input, evidence))),
            Err(error) => Line::Broken { input, error: error.to_string() },
        }
    }

    fn evidence(&self, input: String, mut evidence: Evidence) -> Judged {
        let alone = evidence.event_log.is_none() && evidence.collateral.is_empty();
        if let (true, Engine::Native, Some(item)) = (alone, self.rules.engine, &evidence.quote) {
            return self.quote(input, &item.bytes);
        }
        if evidence.collateral.is_empty() {
            evidence.collateral.clone_from(&self.collateral);
        }
        let report = self.rules.verdict(&evidence, &Expected::Nothing, None);
        of_report(input, &report)
    }

    /// Steps 1 and 2, with what is remembered of the platform.
    fn quote(&self, input: String, bytes: &[u8]) -> Judged {
        let as_of = self.rules.as_of;
        let parsed = Quote::parse(bytes);
        let facts = parsed.as_ref().ok().map(|quote| (quote.signed_sha256(), quote.td().cloned()));
        let result = parsed.map_err(Into::into).and_then(|quote| self.verifier.verify(&quote, as_of));
        let checks = veritee_verify::quote_checks(&self.rules.loaded.policy, as_of, &result);
        let fail_on = self.rules.loaded.policy.audit.fail_on;
        let verdict = Verdict::conclude(&checks, &[], fail_on);
        let td = facts.as_ref().and_then(|(_, td)| td.as_ref());
        let verified = result.as_ref().ok();
        Judged {
            input,
            kind: "quote",
            outcome: verdict.outcome,
            exit_code: verdict.exit_code,
            detail: detail(&checks, &verdict),
            reasons: verdict.reasons,
            signed_sha256: facts.as_ref().map(|(digest, _)| *digest),
            tcb_status: verified.map(|verified| verified.tcb().status),
            advisories: verified.map(|verified| verified.tcb().advisories.clone()).unwrap_or_default(),
            fmspc: verified.map(|verified| verified.platform().fmspc),
            app_id: None,
            compose_hash: None,
            registers: td.map(|td| {
                let [rtmr0, rtmr1, rtmr2, rtmr3] = td.rtmrs.map(|register| register.to_string());
                [td.mrtd.to_string(), rtmr0, rtmr1, rtmr2, rtmr3]
            }),
            report_data: td.map(|td| td.report_data.to_string()),
        }
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
    }
}

/// What the gravest check says.
fn detail(checks: &[Check], verdict: &Verdict) -> Option<String> {
    let gravest = verdict.reasons.first()?;
    let check = checks.iter().find(|check| check.reason.is_some_and(|reason| reason.code() == gravest))?;
    Some(format!("{}: {}", check.id, check.detail))
}
