//! Scripts that hide what they do, each with what has to be said; and honest ones, of which nothing may be said.
#![allow(missing_docs)]

mod common;

use common::{app_compose_with, attested, listing, shared};
use serde::Deserialize;
use veritee_audit::{Audit, Context};
use veritee_model::{Finding, FindingStatus};

const COMPOSE: &str = "services:\n  app:\n    image: example/app@sha256:abababababababababababababababababababababababababababababababab\n";

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    kind: String,
    role: String,
    allowed: Vec<String>,
    script: String,
    expect: Vec<Expected>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    rule: String,
    severity: String,
}

fn cases() -> Vec<Case> {
    let vectors: Vectors = serde_json::from_str(&common::vector("scripts.json")).expect("of its form");
    vectors.cases
}

fn run(case: &Case) -> Audit {
    let allowed: Vec<&str> = case.allowed.iter().map(String::as_str).collect();
    let mut more = serde_json::json!({});
    more[case.role.as_str()] = serde_json::json!(case.script);
    attested(&app_compose_with(COMPOSE, &allowed, more), Context::default())
}

/// What is said of the script itself, but for its hash and that it runs.
fn said(audit: &Audit) -> Vec<&Finding> {
    let own = |finding: &&Finding| {
        finding.rule.starts_with("DP-SCR-") && !matches!(finding.rule.as_str(), "DP-SCR-001" | "DP-SCR-002")
    };
    audit.findings.iter().filter(own).filter(|finding| finding.status != FindingStatus::Pass).collect()
}

#[test]
fn every_hidden_command_is_said_with_its_severity() {
    let mut faults = Vec::new();
    for case in cases().iter().filter(|case| !case.expect.is_empty()) {
        let audit = run(case);
        for expected in &case.expect {
            let found = said(&audit).into_iter().filter(|finding| finding.rule == expected.rule);
            let worst = found.map(|finding| finding.severity).max();
            if worst.map(|severity| severity.name()) != Some(expected.severity.as_str()) {
                let said: Vec<String> = said(&audit)
                    .iter()
                    .map(|finding| format!("{} {}", finding.rule, finding.severity))
                    .collect();
                faults.push(format!(
                    "{}: {} {} wanted, said {said:?}\n{}",
                    case.kind, expected.rule, expected.severity, case.script
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn nothing_that_counts_is_said_of_honest_scripts() {
    let mut faults = Vec::new();
    let mut count = 0_usize;
    for case in cases().iter().filter(|case| case.expect.is_empty()) {
        count += 1;
        let audit = run(case);
        let said: Vec<String> = said(&audit)
            .iter()
            .filter(|finding| finding.severity >= veritee_model::Severity::Medium)
            .map(|finding| format!("{} {} {}", finding.rule, finding.severity, finding.evidence))
            .collect();
        if !said.is_empty() {
            faults.push(format!("{said:?}\n{}", case.script));
        }
    }
    assert!(count >= 40, "{count} honest scripts");
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn the_cases_of_the_review_are_judged_as_bash_reads_them() {
    for (name, expected) in [
        ("dollar-quote", true),
        ("heredoc-apostrophe", true),
        ("hash-in-word", false),
        ("eval-quote", true),
        ("xargs", true),
        ("brace-group", true),
        ("subshell-pipe", true),
        ("tee-sh", true),
        ("heredoc-body-only", false),
    ] {
        let Some(raw) = shared(&format!("cases/review/scripts/{name}.json")) else { return };
        let audit = attested(&raw, Context::default());
        let found =
            audit.of("DP-SCR-003").any(|finding| finding.severity == veritee_model::Severity::Critical);
        assert_eq!(found, expected, "{name}\n{}", listing(&audit));
    }
}
