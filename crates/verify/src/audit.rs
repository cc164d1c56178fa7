//! Step 8: rules over the bound compose, with the facts of the replayed log.

use crate::run::Run;
use veritee_audit::{Allow, AllowOutcome, Audit, BootEvents, Context, KeyProvider, OsFacts};
use veritee_compose::{BoundCompose, Deployment, deployment};
use veritee_eventlog::AppIdentity;
use veritee_model::report::{
    AuditFacts, ChecklistFact, Input, PolicyFacts, QuestionFact, RuleNotAsked, SCHEMA, Tool,
};
use veritee_model::{
    Check, CheckId, Finding, FindingStatus, Reason, Report, Severity, Sha256Digest, UnixTime, Verdict,
};
use veritee_policy::Policy;

/// Audits the measured compose. A document that two readers can understand differently is audited as such.
pub(crate) fn check(run: &mut Run<'_>, bound: Option<&BoundCompose>, identity: Option<&AppIdentity>) {
    let (Some(bound), Some(identity)) = (bound, identity) else { return };
    let context = context(run, bound, identity);
    let resolving = deployment::Context {
        budget: *run.request.budget,
        enforcement: veritee_audit::enforcement(&context),
    };
    let audit = match Deployment::from_bound(bound, &resolving) {
        Ok(deployment) => veritee_audit::audit(&deployment, &context),
        Err(error) => veritee_audit::audit_document_error(&error, &context),
    };
    for (allowed, outcome) in run.request.policy.audit.allow.iter().zip(&audit.allows) {
        let what = format!("[[audit.allow]] `{}`", allowed.rule);
        match outcome {
            AllowOutcome::Expired => {
                run.notice(Reason::PolicyExceptionExpired, format!("{what} has expired"), None);
            }
            AllowOutcome::Applied => {}
            _ => {
                run.notice(
                    Reason::PolicyExceptionUnmatched,
                    format!("{what} matched nothing: drop it"),
                    None,
                );
            }
        }
    }
    run.stage = Some(audit.stage_line());
    run.audit = Some(facts(&audit));
    run.record(Check::pass(CheckId::AuditRules, words(&audit)));
    run.findings = audit.findings.into_iter().filter(is_listed).collect();
}

/// Facts of the verified quote and the replayed log, and the policy's allowances.
fn context(run: &Run<'_>, bound: &BoundCompose, identity: &AppIdentity) -> Context {
    let boot = run.events.iter().filter(|event| !event.after_system_ready);
    Context {
        as_of: Some(run.request.as_of),
        attested: true,
        compose_hash: Some(*bound.hash()),
        app_id: Some(*identity.app_id()),
        events: Some(BootEvents {
            names: boot.map(|event| event.name.clone()).collect(),
            key_provider: KeyProvider::from_payload(identity.key_provider().payload()).ok(),
            os_image_hash: identity.os_image_hash_claimed().map(ToString::to_string),
        }),
        os: OsFacts { image_name: run.os.image_name.clone(), version: None, development: run.os.development },
        allows: allowances(run.request.policy),
        budget: *run.request.budget,
        ..Context::default()
    }
}

/// The policy's allowances in the audit's form.
#[must_use]
pub fn allowances(policy: &Policy) -> Vec<Allow> {
    let allowed = policy.audit.allow.iter();
    allowed
        .map(|entry| Allow {
            rule: entry.rule.clone(),
            reason: entry.reason.clone().unwrap_or_default(),
            expires: entry.expires,
            place: entry.place.clone(),
        })
        .collect()
}

/// Passes and rules that found nothing are counted, not listed.
fn is_listed(finding: &Finding) -> bool {
    finding.status != FindingStatus::Pass
}

/// What an audit of documents that nothing vouches for is reported with.
#[derive(Debug, Clone, Copy)]
pub struct Unattested<'a> {
    /// The policy; its allowances are in the audit already.
    pub policy: &'a Policy,
    /// SHA-256 of the policy file.
    pub policy_sha256: Option<Sha256Digest>,
    /// Overrides the policy's threshold for findings.
    pub fail_on: Option<Severity>,
    /// The time for which the audit was made.
    pub as_of: UnixTime,
    /// What was read.
    pub inputs: &'a [Input],
    /// Version of the program.
    pub tool_version: &'a str,
}

/// The report of an audit without a machine. Every check but `audit.rules` stands as not asked, none is required, and
/// the first line says that nothing was shown to be genuine.
#[must_use]
pub fn report(audit: Audit, given: &Unattested<'_>) -> Report {
    let checks: Vec<Check> = CheckId::ALL
        .iter()
        .map(|id| match id {
            CheckId::AuditRules => Check::pass(*id, words(&audit)),
            _ => {
                let mut check = Check::not_checked(*id, Reason::NotAsked, "an audit of documents alone");
                check.required = false;
                check
            }
        })
        .collect();
    let fail_on = given.fail_on.unwrap_or(given.policy.audit.fail_on);
    let facts = facts(&audit);
    let stage = audit.stage_line();
    let findings: Vec<Finding> = audit.findings.into_iter().filter(is_listed).collect();
    Report {
        schema: SCHEMA.to_owned(),
        tool: Tool { name: "veritee".to_owned(), version: given.tool_version.to_owned() },
        as_of: given.as_of,
        inputs: given.inputs.to_vec(),
        missing: Vec::new(),
        verdict: Verdict::conclude(&checks, &findings, fail_on),
        root: None,
        checks,
        notices: Vec::new(),
        quote: None,
        tcb: None,
        identity: None,
        events: Vec::new(),
        findings,
        audit: Some(facts),
        stage,
        policy: PolicyFacts {
            name: given.policy.name.clone(),
            sha256: given.policy_sha256,
            loosened: given.policy.loosened(),
            fail_on,
        },
        compared: Vec::new(),
    }
}

/// How many findings of which severity are open.
fn words(audit: &Audit) -> String {
    let open = |severity| {
        audit
            .findings
            .iter()
            .filter(|finding| finding.severity == severity && finding.allowed.is_none())
            .filter(|finding| {
                matches!(finding.status, FindingStatus::Fail | FindingStatus::Warn | FindingStatus::Unknown)
            })
            .count()
    };
    let severities = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];
    let counts: Vec<String> = severities
        .into_iter()
        .map(|severity| (open(severity), severity))
        .filter(|(count, _)| *count > 0)
        .map(|(count, severity)| format!("{count} {severity}"))
        .collect();
    let asked = asked(audit);
    if counts.is_empty() {
        return format!("{asked} rules asked, nothing open");
    }
    format!("{asked} rules asked, open findings: {}", counts.join(", "))
}

fn asked(audit: &Audit) -> usize {
    veritee_audit::rules().count().saturating_sub(audit.not_run.len())
}

/// The audit in the shape of the report.
#[must_use]
pub fn facts(audit: &Audit) -> AuditFacts {
    let checklist = |items: &[veritee_audit::ChecklistItem]| {
        items
            .iter()
            .map(|item| ChecklistFact {
                id: item.id.to_owned(),
                question: item.question.to_owned(),
                status: item.status,
                evidence: item.evidence.clone(),
                person: item.person.map(str::to_owned),
            })
            .collect()
    };
    AuditFacts {
        attested: audit.attested,
        rules_asked: u64::try_from(asked(audit)).unwrap_or(u64::MAX),
        not_asked: audit
            .not_run
            .iter()
            .map(|rule| RuleNotAsked { rule: rule.rule.to_owned(), why: rule.why.to_owned() })
            .collect(),
        quick_check: checklist(&audit.quick_check),
        erc733: checklist(&audit.erc733),
        questions: audit
            .questions
            .iter()
            .map(|question| QuestionFact {
                id: question.id.to_owned(),
                question: question.question.to_owned(),
                why: question.why.to_owned(),
                status: question_status(question.status).to_owned(),
                evidence: question.evidence.clone(),
                commands: question.commands.clone(),
                answer: question.answer.clone(),
            })
            .collect(),
        review_refused: audit.review_error.as_ref().map(ToString::to_string),
    }
}

const fn question_status(status: veritee_audit::QuestionStatus) -> &'static str {
    use veritee_audit::QuestionStatus::{Accepted, NothingFound, Open, Rejected};
    match status {
        Open => "open",
        NothingFound => "nothing-found",
        Accepted => "accepted",
        Rejected => "rejected",
    }
}
