//! What is said of a document is about what stands there: each kind of false alarm beside its twin that is none, and
//! each kind of silence beside what has to be said.
//!
//! The documents are made for this purpose, after kinds that were met in public ones.
#![allow(missing_docs)]

mod code;
#[path = "../common/mod.rs"]
mod common;
mod settings;

use common::*;
use veritee_audit::Audit;
use veritee_model::{FindingStatus, Severity};

const DIGEST: &str = "@sha256:abababababababababababababababababababababababababababababababab";

/// A name for people, the compose file (`@D` is a digest), the allowed names, `RULE severity` at the least, and
/// `RULE severity` that is too much.
type Row =
    (&'static str, &'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

fn of(compose: &str, allowed: &[&str]) -> Audit {
    unattested(&app_compose(&compose.replace("@D", DIGEST), allowed))
}

fn severity(word: &str) -> Severity {
    match word {
        "low" => Severity::Low,
        "medium" => Severity::Medium,
        "high" => Severity::High,
        "critical" => Severity::Critical,
        other => panic!("{other}"),
    }
}

fn holds(audit: &Audit, wanted: &str) -> bool {
    let (rule, word) = wanted.split_once(' ').expect("a rule and a severity");
    severities(audit, &format!("DP-{rule}")).iter().any(|found| *found >= severity(word))
}

#[track_caller]
fn run(rows: &[Row]) {
    let mut faults = Vec::new();
    for (name, compose, allowed, must, never) in rows {
        let audit = of(compose, allowed);
        let missing = must.iter().filter(|wanted| !holds(&audit, wanted));
        let wrong = never.iter().filter(|wanted| holds(&audit, wanted));
        let bad: Vec<_> = missing.chain(wrong).collect();
        if !bad.is_empty() {
            faults.push(format!("{name}: {bad:?}\n{}", listing(&audit)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

const APP: &str = "services:\n  app:\n    image: example/app@D\n    environment:\n";

fn with(entries: &str) -> String {
    let lines: String = entries.split_whitespace().map(|name| format!("      - {name}\n")).collect();
    format!("{APP}{lines}")
}
