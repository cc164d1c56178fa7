//! Documents of a source tree, each with a judgement of its own, in one report.

use super::{Unattested, facts, flow};
use std::collections::BTreeSet;
use veritee_audit::{AllowOutcome, Audit, Stage};
use veritee_model::report::{AuditFacts, DocumentFact, Input};
use veritee_model::{Check, CheckId, Finding, Kind, Sha256Digest, Verdict};

/// A document of a tree with what its audit found.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Its path in the tree. The audited party's text.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: Sha256Digest,
    /// What was found in it alone.
    pub audit: Audit,
    /// The source was judged together with it, so that its findings are among the tree's already.
    pub joined: bool,
}

/// Names that the audit has for texts of a document: beside others they have to say of which.
const INNER: &[&str] = &["docker_compose_file", "pre_launch_script", "init_script", "bash_script"];
const COMPOSE_FILE: &str = "docker-compose.yaml";
const WHOLE: &[&str] = &["app_compose", COMPOSE_FILE];

/// Findings of a document, each with the document's path at its place.
pub(super) fn placed(judged: &Judged) -> Vec<Finding> {
    let own = judged.audit.findings.iter().filter(|_| !judged.joined);
    let listed = own.cloned();
    listed.map(|finding| relocated(finding, &judged.path)).collect()
}

/// Findings of the tree: those of the document that it was judged with name that document's file.
pub(super) fn of_tree(findings: Vec<Finding>, judged: &[Judged]) -> Vec<Finding> {
    let Some(joined) = judged.iter().find(|judged| judged.joined) else { return findings };
    let named = |finding: &Finding| finding.place.as_ref().is_some_and(|place| !place.file.is_empty());
    let moved = |finding| if named(&finding) { relocated(finding, &joined.path) } else { finding };
    findings.into_iter().map(moved).collect()
}

/// A finding of a compose file that was given by itself names that file. An app_compose keeps the name that its texts go
/// by everywhere.
pub(super) fn under_its_name(finding: Finding, input: &Input) -> Finding {
    let whole = finding.place.as_ref().is_some_and(|place| place.file == COMPOSE_FILE);
    if whole && input.name == "docker-compose" { relocated(finding, &input.source) } else { finding }
}

fn relocated(mut finding: Finding, path: &str) -> Finding {
    let rename = |file: &mut String| {
        if file.is_empty() || WHOLE.contains(&file.as_str()) {
            path.clone_into(file);
        } else if INNER.contains(&file.as_str()) {
            *file = format!("{path}: {file}");
        }
    };
    if let Some(place) = &mut finding.place {
        rename(&mut place.file);
        finding.location = place.to_string();
    }
    for spot in &mut finding.places {
        rename(&mut spot.place.file);
    }
    finding
}

/// One line of verdict for a document.
pub(super) fn fact(judged: &Judged, given: &Unattested<'_>) -> DocumentFact {
    let fail_on = given.fail_on.unwrap_or(given.policy.audit.fail_on);
    let checks = [Check::pass(CheckId::AuditRules, super::words(core::iter::once(&judged.audit)))];
    let verdict = Verdict::conclude(Kind::Documents, &checks, &judged.audit.findings, fail_on);
    DocumentFact {
        path: judged.path.clone(),
        sha256: judged.sha256,
        exit_code: verdict.exit_code,
        summary: verdict.summary,
        stage: judged.audit.stage.to_string(),
    }
}

/// The facts of all documents beside those of the tree: a rule that was asked of one of them was asked.
pub(super) fn together(audit: &Audit, documents: &[Judged]) -> AuditFacts {
    let mut together = facts(audit);
    for judged in documents.iter().filter(|judged| !judged.joined) {
        together.data_flow.extend(judged.audit.flows.iter().map(flow));
        let left: BTreeSet<&str> = judged.audit.not_run.iter().map(|rule| rule.rule).collect();
        let here: BTreeSet<&str> = audit.not_run.iter().map(|rule| rule.rule).collect();
        together
            .not_asked
            .retain(|rule| left.contains(rule.rule.as_str()) || !here.contains(rule.rule.as_str()));
        for assumption in &judged.audit.assumptions {
            if !together.assumptions.iter().any(|known| known == assumption) {
                together.assumptions.push((*assumption).to_owned());
            }
        }
    }
    let elsewhere = veritee_audit::ELSEWHERE.len();
    let open = together.not_asked.len().saturating_sub(elsewhere);
    let asked = veritee_audit::rules().count().saturating_sub(open);
    together.rules_asked = u64::try_from(asked).unwrap_or(u64::MAX);
    together
}

/// The gravest stage line: what proves Stage 0 in one document proves it of the tree.
pub(super) fn stage(audit: &Audit, documents: &[Judged]) -> Stage {
    let mut proofs: Vec<String> = Vec::new();
    for stage in core::iter::once(&audit.stage).chain(documents.iter().map(|judged| &judged.audit.stage)) {
        if let Stage::Proven(rules) = stage {
            proofs.extend(rules.iter().filter(|rule| !proofs.contains(rule)).cloned().collect::<Vec<_>>());
        }
    }
    if proofs.is_empty() { audit.stage.clone() } else { Stage::Proven(proofs) }
}

/// How each allowance came out over all documents: applied anywhere is applied.
pub(super) fn allows(audit: &Audit, documents: &[Judged]) -> Vec<AllowOutcome> {
    let outcome = |index: usize, first: &AllowOutcome| {
        let mut all = documents.iter().filter_map(|judged| judged.audit.allows.get(index));
        if all.any(|outcome| *outcome == AllowOutcome::Applied) { AllowOutcome::Applied } else { *first }
    };
    audit.allows.iter().enumerate().map(|(index, first)| outcome(index, first)).collect()
}
