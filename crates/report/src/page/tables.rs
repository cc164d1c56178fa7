//! The tables of a page.

use super::{Inline, Table};
use crate::human::quote_fields;
use crate::summary::{self, Status};
use std::collections::BTreeMap;
use veritee_model::report::{Comparison, EnclaveFacts, IdentityFacts, QuoteFacts, TcbFacts};
use veritee_model::{Check, Reason, Report};

type Cell = Vec<Inline>;

pub(super) fn steps(report: &Report) -> Table {
    let rows = summary::steps(report).into_iter().map(|step| {
        let found = match step.check {
            None => vec![Inline::Words("the report lists no check of this step")],
            Some(check) => match &check.reason {
                Some(reason) if step.status != Status::Pass => {
                    vec![Inline::Reason(*reason), Inline::Words(": "), Inline::text(&check.detail)]
                }
                _ => vec![Inline::text(&check.detail)],
            },
        };
        let passed = vec![Inline::count(step.passed), Inline::Words(" of "), Inline::count(step.total)];
        vec![vec![Inline::Words(step.step.name())], vec![Inline::Status(step.status)], passed, found]
    });
    Table { head: &["Step", "Result", "Passed", "Found"], rows: rows.collect() }
}

/// Checks of one status with everything that is known of them; nothing when there are none.
pub(super) fn with_status(report: &Report, status: Status) -> Option<Table> {
    let head: &'static [&'static str] = match status {
        Status::Waived => &["Check", "Reason", "Found", "Where", "Expected", "Got", "The policy says"],
        Status::Fail | Status::Findings | Status::NotChecked | Status::Pass => {
            &["Check", "Reason", "Found", "Where", "Expected", "Got", "Next"]
        }
    };
    let rows: Vec<Vec<Cell>> = report
        .checks
        .iter()
        .filter(|check| Status::of(check) == status)
        .map(|check| {
            let last = if status == Status::Waived { &check.waived } else { &check.explain };
            vec![
                name(check),
                check.reason.map(Inline::Reason).into_iter().collect(),
                vec![Inline::text(&check.detail)],
                optional(check.location.as_deref()),
                optional_code(check.expected.as_deref()),
                optional_code(check.got.as_deref()),
                optional(last.as_deref()),
            ]
        })
        .collect();
    (!rows.is_empty()).then_some(Table { head, rows })
}

/// What each reason of the page says, in one line; nothing where there is none. `veritee explain` has a page of each.
pub(super) fn codes(report: &Report) -> Option<Table> {
    let of_verdict = report.verdict.reasons.iter().filter_map(|word| Reason::from_code(word));
    let of_checks = report.checks.iter().filter_map(|check| check.reason);
    let of_notices = report.notices.iter().map(|notice| notice.reason);
    let codes: BTreeMap<&str, Reason> =
        of_verdict.chain(of_checks).chain(of_notices).map(|reason| (reason.code(), reason)).collect();
    let rows: Vec<Vec<Cell>> = codes
        .into_iter()
        .map(|(code, reason)| vec![vec![Inline::code(code)], vec![Inline::Words(reason.title())]])
        .collect();
    (!rows.is_empty()).then_some(Table { head: &["Code", "What it says"], rows })
}

/// Checks that come out otherwise; nothing when none does.
pub(super) fn changes(other: &Comparison) -> Option<Table> {
    let rows: Vec<Vec<Cell>> = other
        .changes
        .iter()
        .map(|change| {
            vec![
                vec![Inline::code(change.check)],
                vec![Inline::text(&change.there)],
                vec![Inline::text(&change.here)],
            ]
        })
        .collect();
    (!rows.is_empty()).then_some(Table { head: &["Check", "There", "In this report"], rows })
}

pub(super) fn checks(report: &Report) -> Table {
    let rows = report.checks.iter().map(|check| {
        let demand = check.required.then_some(Inline::Words(" (required)"));
        let status = Status::of(check);
        // Why one was not made stands under a heading of its own.
        let said = status != Status::NotChecked;
        vec![
            name(check),
            std::iter::once(Inline::Status(status)).chain(demand).collect(),
            check.reason.filter(|_| said).map(Inline::Reason).into_iter().collect(),
            if said { vec![Inline::text(&check.detail)] } else { Cell::new() },
            optional_code(check.expected.as_deref()),
            optional_code(check.got.as_deref()),
        ]
    });
    Table { head: &["Check", "Result", "Reason", "Found", "Expected", "Got"], rows: rows.collect() }
}

pub(super) fn identity(identity: &IdentityFacts) -> Table {
    let mut rows =
        vec![pair("app id", identity.app_id), pair("compose hash (SHA-256)", identity.compose_hash)];
    if let Some(instance) = &identity.instance_id {
        rows.push(pair("instance id", instance));
    }
    if let Some(provider) = &identity.key_provider {
        rows.push(pair("key provider", provider));
    }
    if let Some(id) = &identity.key_provider_id {
        rows.push(pair("key provider id", id));
    }
    if let Some(claimed) = &identity.os_image_hash_claimed {
        rows.push(pair("os image hash, as the KMS answered (no measurement)", claimed));
    }
    rows.push(pair("mr aggregated", identity.mr_aggregated));
    Table { head: &["Measured", "Value"], rows }
}

pub(super) fn tcb(tcb: &TcbFacts) -> Table {
    let mut rows = vec![pair("status", tcb.status), pair("platform", tcb.platform)];
    if let Some(module) = &tcb.module {
        rows.push(pair("TDX module", module));
    }
    rows.push(pair("quoting enclave", tcb.qe));
    rows.push(pair("level of", tcb.date));
    if tcb.advisories.is_empty() {
        rows.push(vec![vec![Inline::Words("advisories")], vec![Inline::Words("none")]]);
    }
    for advisory in &tcb.advisories {
        rows.push(pair("advisory", advisory));
    }
    for shortfall in &tcb.shortfalls {
        rows.push(pair("short of up to date", shortfall));
    }
    rows.push(pair("evaluation number", tcb.evaluation_number));
    rows.push(pair("FMSPC", tcb.fmspc));
    rows.push(pair("PPID (SHA-256)", tcb.ppid_sha256));
    rows.push(pair("collateral issued", tcb.collateral_issued));
    rows.push(pair("collateral expires", tcb.collateral_expires));
    for item in &tcb.decided_by {
        rows.push(pair("decided by", item));
    }
    Table { head: &["TCB", "Value"], rows }
}

pub(super) fn quote(quote: &QuoteFacts) -> Table {
    let mut rows = vec![pair("version", quote.version), pair("TEE", &quote.tee)];
    rows.extend(quote_fields(quote).into_iter().map(|(name, value)| pair(name, value)));
    Table { head: &["Field", "Value"], rows }
}

pub(super) fn enclave(enclave: &EnclaveFacts) -> Table {
    let debug = if enclave.debug { "on: its host can read it" } else { "off" };
    let rows = vec![
        pair("version", enclave.version),
        pair("signed region (SHA-256)", enclave.signed_sha256),
        pair("MRENCLAVE", enclave.mr_enclave),
        pair("MRSIGNER", enclave.mr_signer),
        pair("ISVPRODID", enclave.isv_prod_id),
        pair("ISVSVN", enclave.isv_svn),
        pair("debug mode", debug),
        pair("REPORTDATA", enclave.report_data),
    ];
    Table { head: &["Field", "Value"], rows }
}

pub(super) fn claimed(report: &Report) -> Option<Table> {
    let cell = |text: &str| vec![Inline::Code(text.to_owned())];
    let rows: Vec<Vec<Cell>> = report
        .claimed
        .iter()
        .map(|claim| vec![cell(&claim.name), cell(&claim.value), cell(&claim.source)])
        .collect();
    (!rows.is_empty()).then_some(Table { head: &["Claim", "Value", "Where it stood"], rows })
}

pub(super) fn events(report: &Report) -> Option<Table> {
    let rows: Vec<Vec<Cell>> = report
        .events
        .iter()
        .map(|event| {
            let note = if event.after_system_ready {
                "after system-ready: proves nothing about the boot"
            } else {
                "boot"
            };
            vec![
                vec![Inline::Number(event.index)],
                vec![Inline::code(&event.name)],
                vec![Inline::code(&event.payload)],
                vec![Inline::Words(note)],
                vec![Inline::code(event.digest)],
                vec![Inline::code(event.rtmr3)],
            ]
        })
        .collect();
    let head = &["Index", "Event", "Payload", "Phase", "Digest", "RTMR3 after it"];
    (!rows.is_empty()).then_some(Table { head, rows })
}

pub(super) fn inputs(report: &Report) -> Table {
    let rows = report.inputs.iter().map(|input| {
        vec![
            vec![Inline::code(&input.name)],
            vec![Inline::Number(input.bytes)],
            vec![Inline::code(input.sha256)],
            vec![Inline::code(&input.source)],
        ]
    });
    Table { head: &["Input", "Bytes", "SHA-256", "Source"], rows: rows.collect() }
}

/// The identifier with its question.
fn name(check: &Check) -> Cell {
    vec![Inline::code(check.id), Inline::Words(": "), Inline::Words(check.id.question())]
}

fn pair(name: &'static str, value: impl core::fmt::Display) -> Vec<Cell> {
    vec![vec![Inline::Words(name)], vec![Inline::code(value)]]
}

fn optional(text: Option<&str>) -> Cell {
    text.map(Inline::text).into_iter().collect()
}

fn optional_code(text: Option<&str>) -> Cell {
    text.map(Inline::code).into_iter().collect()
}
