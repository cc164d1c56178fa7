//! Step 8: rules over the bound compose, with the facts of the replayed log.

mod documents;

pub use documents::Judged;

use crate::Request;
use crate::memory::{Audited, Compose};
use crate::run::{Draft, Run};
use std::sync::Arc;
use veritee_audit::chain::ChainFacts;
use veritee_audit::{
    Allow, AllowOutcome, Audit, BootEvents, Context, KeyProvider, NameOverride, OsFacts, Review, SourceTree,
    Stage, Tracer,
};
use veritee_compose::{BoundCompose, Deployment, deployment};
use veritee_eventlog::AppIdentity;
use veritee_model::report::{
    AuditFacts, ChecklistFact, FlowFact, FlowSink, InlineAllowFact, Input, Notice, QuestionFact, ReviewFact,
    RuleNotAsked,
};
use veritee_model::{
    Check, CheckId, Finding, Kind, Outcome, Reason, Report, Severity, Sha256Digest, UnixTime, Verdict,
    VerdictOutcome,
};
use veritee_policy::Policy;

/// What the audit is given beside the evidence. Nothing of it vouches for the machine.
#[derive(Clone, Copy, Default)]
pub struct Given<'a> {
    /// A reviewer's answers. They count only for this compose hash and commit, while they last, and only for a machine
    /// whose verdict is `verified`.
    pub review: Option<&'a Review>,
    /// The source tree that the application is said to be made from. Untrusted.
    pub source: Option<&'a dyn SourceTree>,
    /// The commit that the caller reviewed, 40 hex digits, where no source tree tells it.
    pub commit: Option<&'a str>,
    /// Who has read files of images that the compose names; what they say is theirs, the digests are computed.
    pub images: Option<&'a dyn Tracer>,
}

/// The DevProof line. A person's answers speak of a machine that was shown to run what they read: without a verified
/// verdict, with a check that the policy let pass, or with a variable that the policy calls something else, there is
/// no Stage 1.
pub(crate) fn settled(stage: Option<Stage>, verdict: &Verdict, checks: &[Check], policy: &Policy) -> Stage {
    let reclassified = policy.audit.variable.iter().any(|variable| variable.class.is_some());
    let excused =
        reclassified || checks.iter().any(|check| check.waived.is_some() || check.outcome == Outcome::Fail);
    match stage {
        None => Stage::Incomplete,
        Some(Stage::Reviewed { reviewer, .. }) if verdict.outcome != VerdictOutcome::Verified || excused => {
            Stage::ReviewNotApplied { reviewer }
        }
        Some(stage) => stage,
    }
}

/// Audits the measured compose. A document that two readers can understand differently is audited as such.
pub(crate) fn check(
    run: &mut Run<'_>,
    bound: Option<&Compose>,
    identity: Option<&AppIdentity>,
    chain: Option<ChainFacts>,
) {
    let (Some(Compose { bound, .. }), Some(identity)) = (bound, identity) else { return };
    let context = Context { chain, ..context(run, bound, identity) };
    // What a tree or images say is no part of what an audit is remembered by.
    let audit = &run.request.audit;
    let audited = if audit.source.is_some() || audit.images.is_some() {
        Arc::new(made(run.request, bound, context))
    } else {
        remembered(run.request, bound, context)
    };
    run.remark(audited.notices.clone());
    run.stage = Some(audited.stage.clone());
    run.record(Check::pass(CheckId::AuditRules, audited.words.clone()));
    run.audited = Some(audited);
}

/// The audit of the very same document with everything the same beside it; made now where there was none. What the
/// policy says of an audit stands in the context.
fn remembered(request: &Request<'_>, bound: &BoundCompose, context: Context) -> Arc<Audited> {
    let audits = &request.grounds.memory().audits;
    let events = context.events.as_ref();
    let provider = events.and_then(|events| events.key_provider.as_ref());
    let place = audits.fingerprint(&[
        bound.hash().as_bytes(),
        context.app_id.as_ref().map_or(&[], |id| id.as_bytes()),
        &request.as_of.seconds().to_le_bytes(),
        provider.map_or("", |provider| provider.id.as_str()).as_bytes(),
        events.and_then(|events| events.os_image_hash.as_deref()).unwrap_or_default().as_bytes(),
    ]);
    let same = |known: &Audited| known.compose == bound.raw() && known.context == context;
    audits.get(place, same).unwrap_or_else(|| {
        let audited = Arc::new(made(request, bound, context));
        audits.put(place, Arc::clone(&audited), audited.cost());
        audited
    })
}

fn made(request: &Request<'_>, bound: &BoundCompose, mut context: Context) -> Audited {
    let resolving =
        deployment::Context { budget: *request.budget, enforcement: veritee_audit::enforcement(&context) };
    let audit = match Deployment::from_bound(bound, &resolving) {
        Ok(deployment) => {
            if let Some(images) = request.audit.images {
                let traced = images.trace(&deployment);
                (context.traces, context.images, context.images_given) = (traced.rungs, traced.facts, true);
            }
            match request.audit.source {
                Some(tree) => veritee_audit::audit_source(Some(&deployment), tree, &context),
                None => veritee_audit::audit(&deployment, &context),
            }
        }
        Err(error) => veritee_audit::audit_document_error(&error, &context),
    };
    let mut notices = Vec::new();
    remark_allowances(request.policy, &audit, &mut notices);
    if let Some(error) = &audit.review_error {
        notices.push(Notice { reason: error.reason(), detail: error.to_string(), location: None });
    }
    Audited {
        compose: bound.raw().to_vec(),
        context,
        notices,
        stage: audit.stage.clone(),
        facts: facts(&audit),
        words: words(core::iter::once(&audit)),
        findings: audit.findings,
    }
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
            key_provider: Some(KeyProvider {
                name: identity.key_provider().name().to_owned(),
                id: hex::encode(identity.key_provider().id()),
            }),
            os_image_hash: identity.os_image_hash_claimed().map(ToString::to_string),
        }),
        os: OsFacts { image_name: run.os.image_name.clone(), version: None, development: run.os.development },
        commit: run.request.audit.commit.map(str::to_owned),
        review: run.request.audit.review.cloned(),
        budget: *run.request.budget,
        ..of_policy(run.request.policy)
    }
}

/// What the policy says about the audit, in the audit's form.
#[must_use]
pub fn of_policy(policy: &Policy) -> Context {
    let names = policy.audit.variable.iter().map(|variable| {
        let word = NameOverride { class: variable.class, user_data: variable.user_data };
        (variable.name.clone(), word)
    });
    Context {
        names: names.collect(),
        allows: allowances(policy),
        honour_inline_allows: policy.audit.honour_inline_allows,
        ..Context::default()
    }
}

/// The policy's allowances in the audit's form.
#[must_use]
fn allowances(policy: &Policy) -> Vec<Allow> {
    let allowed = policy.audit.allow.iter();
    allowed
        .map(|entry| Allow {
            rule: entry.rule.clone(),
            reason: entry.reason.clone().unwrap_or_default(),
            expires: entry.expires,
            place: entry.place.clone(),
            value: entry.value.clone(),
        })
        .collect()
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
    report_with(audit, &[], given)
}

/// The same of a source tree with several documents, each judged alone as well: the findings of all decide.
#[must_use]
pub fn report_with(mut audit: Audit, judged: &[Judged], given: &Unattested<'_>) -> Report {
    audit.allows = documents::allows(&audit, judged);
    let mut notices = Vec::new();
    remark_allowances(given.policy, &audit, &mut notices);
    let mut facts = documents::together(&audit, judged);
    facts.documents = judged.iter().map(|judged| documents::fact(judged, given)).collect();
    let stage = documents::stage(&audit, judged);
    let apart = judged.iter().filter(|judged| !judged.joined).map(|judged| &judged.audit);
    let detail = words(core::iter::once(&audit).chain(apart));
    let mut findings: Vec<Finding> = documents::of_tree(audit.findings, judged);
    findings.extend(judged.iter().flat_map(documents::placed));
    if let ([], [input]) = (judged, given.inputs) {
        findings = findings.into_iter().map(|finding| documents::under_its_name(finding, input)).collect();
    }
    let draft = Draft {
        asked: Vec::new(),
        kind: Kind::Documents,
        policy: given.policy,
        policy_sha256: given.policy_sha256,
        as_of: given.as_of,
        fail_on: given.fail_on,
        looser: Vec::new(),
        tool_version: given.tool_version,
        inputs: given.inputs.to_vec(),
        missing: Vec::new(),
        root: None,
        checks: vec![Check::pass(CheckId::AuditRules, detail)],
        notices,
        quote: None,
        enclave: None,
        claimed: Vec::new(),
        tcb: None,
        identity: None,
        events: Vec::new(),
        stage: Some(stage),
    };
    let mut report = draft.conclude(&findings);
    (report.audit, report.findings) = (Some(facts), findings);
    report
}

/// Allowances of the policy that have expired or matched nothing.
fn remark_allowances(policy: &Policy, audit: &Audit, notices: &mut Vec<Notice>) {
    for (allowed, outcome) in policy.audit.allow.iter().zip(&audit.allows) {
        // Of several entries for one rule the place tells which.
        let place = allowed.place.as_deref().map_or_else(String::new, |place| {
            format!(" at `{}`", veritee_model::text::inert(&veritee_model::text::shortened(place, 120)))
        });
        let what = format!("[[audit.allow]] `{}`{place}", allowed.rule);
        let (reason, detail) = match outcome {
            AllowOutcome::Expired => (Reason::PolicyExceptionExpired, format!("{what} has expired")),
            AllowOutcome::Applied => continue,
            AllowOutcome::Changed => (
                Reason::PolicyExceptionUnmatched,
                format!("{what} has lapsed: something else stands at its place now"),
            ),
            _ => (
                Reason::PolicyExceptionUnmatched,
                format!(
                    "{what} matched nothing: drop it, or look whether its place is written as the finding has it"
                ),
            ),
        };
        notices.push(Notice { reason, detail, location: None });
    }
}

/// How many rules were asked, and what came of them.
fn words<'a>(audits: impl Iterator<Item = &'a Audit> + Clone) -> String {
    let asked = audits.clone().map(asked).max().unwrap_or(0);
    format!(
        "{asked} rules asked, {}",
        veritee_model::finding::counted(audits.flat_map(|audit| &audit.findings))
    )
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
        documents: Vec::new(),
        attested: audit.attested,
        rules_asked: u64::try_from(asked(audit)).unwrap_or(u64::MAX),
        not_asked: audit
            .not_run
            .iter()
            .map(|rule| RuleNotAsked { rule: rule.rule.to_owned(), why: rule.why.to_owned() })
            .chain(
                veritee_audit::ELSEWHERE
                    .iter()
                    .map(|rule| RuleNotAsked { rule: rule.id.to_owned(), why: rule.why.to_owned() }),
            )
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
                status: question.status,
                evidence: question.evidence.clone(),
                commands: question.commands.clone(),
                answer: question.answer.clone(),
            })
            .collect(),
        review_refused: audit.review_error.as_ref().map(ToString::to_string),
        review: audit.review.as_ref().map(|review| ReviewFact {
            reviewer: review.reviewer.clone(),
            compose_hash: review.compose_hash,
            commit: review.commit.clone(),
            expires: review.expires,
        }),
        assumptions: audit.assumptions.iter().map(|words| (*words).to_owned()).collect(),
        data_flow: audit.flows.iter().map(flow).collect(),
        inline_allows: audit
            .inline_allows
            .iter()
            .map(|allow| InlineAllowFact {
                rule: allow.rule.clone(),
                reason: allow.reason.clone(),
                location: allow.place.to_string(),
                applied: allow.applied,
            })
            .collect(),
    }
}

fn flow(flow: &veritee_audit::Flow) -> FlowFact {
    let sinks = flow.sinks.iter().map(|sink| FlowSink {
        sink: sink.sink.clone(),
        feeds: sink.feeds.to_owned(),
        location: sink.place.to_string(),
        text: sink.text.clone(),
    });
    FlowFact {
        name: flow.name.clone(),
        provenance: flow.provenance.to_owned(),
        from: flow.from.clone(),
        sinks: sinks.collect(),
        power: flow.power.clone(),
        rules: flow.rules.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use veritee_model::ComposeHash;
    use veritee_model::NameClass;

    fn line_under(policy: &Policy, outcome: VerdictOutcome, check: Check) -> String {
        let stage = Stage::Reviewed {
            reviewer: "Jane Doe".to_owned(),
            compose_hash: ComposeHash::of(b"x").to_string(),
        };
        let verdict = Verdict { outcome, exit_code: 0, reasons: Vec::new(), summary: String::new() };
        settled(Some(stage), &verdict, &[Check::pass(CheckId::QuoteSignature, "signed"), check], policy)
            .to_string()
    }

    fn line(outcome: VerdictOutcome, check: Check) -> String {
        line_under(&Policy::default(), outcome, check)
    }

    #[test]
    fn a_policy_that_calls_a_variable_something_else_raises_no_stage() {
        let mut policy = Policy::default();
        policy.audit.variable.push(veritee_policy::Variable {
            name: "MODEL_URL".to_owned(),
            class: Some(NameClass::Tuning),
            user_data: false,
            reason: Some("it is a label".to_owned()),
        });
        let check = Check::pass(CheckId::OsMeasured, "measured");
        assert!(line_under(&policy, VerdictOutcome::Verified, check).starts_with("Stage 0"));
    }

    #[test]
    fn a_review_speaks_only_of_a_machine_whose_every_check_holds() {
        let pass = || Check::pass(CheckId::OsMeasured, "measured");
        assert!(line(VerdictOutcome::Verified, pass()).starts_with("Stage 1 (reviewer: Jane Doe, bound to"));
        for outcome in [
            VerdictOutcome::NotGenuine,
            VerdictOutcome::Refused,
            VerdictOutcome::Findings,
            VerdictOutcome::Incomplete,
        ] {
            assert!(line(outcome, pass()).starts_with("Stage 0 - not shown otherwise"), "{outcome:?}");
        }
        let mut waived = pass();
        waived.waived = Some("for now".to_owned());
        assert!(line(VerdictOutcome::Verified, waived).starts_with("Stage 0"));
        let failed = Check::fail(CheckId::OsMeasured, Reason::OsImageMismatch, "another");
        assert!(line(VerdictOutcome::Verified, failed).starts_with("Stage 0"));
    }
}
