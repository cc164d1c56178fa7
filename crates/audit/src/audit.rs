//! One run over all rules.

use crate::allow::{self, AllowOutcome, InlineAllow};
use crate::context::Context;
use crate::facts::guest;
use crate::flow::{self, Flow};
use crate::image_facts::TraceRung;
use crate::item::Item;
use crate::review::{Review, ReviewError};
use crate::rule::{Need, Rule, Sink};
use crate::rules;
use crate::source::Source;
use crate::stage::{self, ChecklistItem, Ledger, Question, Stage};
use crate::subject::Subject;
use crate::told::Told;
use crate::view::View;
use std::collections::BTreeSet;
use veritee_compose::{Deployment, DocumentError};
use veritee_model::{Finding, FindingStatus, Place};
use veritee_source::SourceTree;

/// A rule that was not asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRun {
    /// Its id.
    pub rule: &'static str,
    /// What was missing.
    pub why: &'static str,
}

/// What an audit found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Audit {
    /// The audited document is the measured one. When false, every output has to say "not attested".
    pub attested: bool,
    /// What everything that is said of the document rests on, in words.
    pub assumptions: Vec<&'static str>,
    /// Every value that somebody outside can choose without changing the compose hash.
    pub flows: Vec<Flow>,
    /// The review, where one was given that speaks of this compose and commit.
    pub review: Option<Review>,
    /// All findings, by rule in the order of the catalogue, then by place. Passes are among them.
    pub findings: Vec<Finding>,
    /// Rules that were not asked, each with what was missing. They never count as passed.
    pub not_run: Vec<NotRun>,
    /// The nine items of the Quick Check.
    pub quick_check: Vec<ChecklistItem>,
    /// The items of ERC-733.
    pub erc733: Vec<ChecklistItem>,
    /// The questions for a person.
    pub questions: Vec<Question>,
    /// The DevProof stage.
    pub stage: Stage,
    /// How each allowance of the policy came out, in its order.
    pub allows: Vec<AllowOutcome>,
    /// Allowances that stand in the documents, whether they counted or not.
    pub inline_allows: Vec<InlineAllow>,
    /// Why the review was not applied, where one was given and does not fit.
    pub review_error: Option<ReviewError>,
}

impl Audit {
    /// The DevProof line.
    #[must_use]
    pub fn stage_line(&self) -> String {
        self.stage.to_string()
    }

    /// Findings of one rule.
    pub fn of<'a>(&'a self, rule: &'a str) -> impl Iterator<Item = &'a Finding> {
        self.findings.iter().filter(move |finding| finding.rule == rule)
    }
}

/// Audits a deployment. Time is linear in its size, apart from what the rules' own limits bound.
#[must_use]
pub fn audit(deployment: &Deployment, context: &Context) -> Audit {
    run(&Subject::new(context, Some(View::of(deployment, &context.images)), None))
}

/// Audits a source tree, together with the deployment that is said to come from it where one is given.
#[must_use]
pub fn audit_source(deployment: Option<&Deployment>, tree: &dyn SourceTree, context: &Context) -> Audit {
    let source = Source::load(tree, &context.budget);
    let view = deployment.map(|deployment| View::of(deployment, &context.images));
    run(&Subject::new(context, view, Some(source)))
}

/// What can still be said when the app_compose is no unambiguous document: `error` and the facts beside it.
#[must_use]
pub fn audit_document_error(error: &DocumentError, context: &Context) -> Audit {
    run(&Subject::new(context, Some(View::unreadable(error)), None))
}

/// Whether the guest drops variables that `allowed_envs` does not name, by the facts: to be asked before the
/// [`Deployment`] is resolved, because every value's provenance rests on it.
#[must_use]
pub fn enforcement(context: &Context) -> veritee_compose::Enforcement {
    match guest::enforcement_of(context, None) {
        guest::Enforcement::Absent(_) => veritee_compose::Enforcement::NotEnforced,
        _ => veritee_compose::Enforcement::Enforced,
    }
}

/// Asks the rules about the boot events and the operating system alone: for machines whose compose is not known.
#[must_use]
pub fn audit_facts(context: &Context) -> Audit {
    run(&Subject::new(context, None, None))
}

fn run(subject: &Subject<'_>) -> Audit {
    let context = subject.context;
    let mut findings = Vec::new();
    let mut not_run = Vec::new();
    let mut ran: BTreeSet<&str> = BTreeSet::new();
    subject.set_open_inputs(open_inputs(subject).into_iter());
    let mut late = Vec::new();
    for rule in rules::all() {
        if let Some(need) = rule.needs.iter().copied().find(|need| !need.is_met(subject)) {
            not_run.push(NotRun { rule: rule.id, why: need.missing() });
            continue;
        }
        ran.insert(rule.id);
        if rule.after_others {
            late.push((rule, findings.len()));
            continue;
        }
        findings.append(&mut ask(rule, subject));
    }
    subject.set_told(Told::of(&findings));
    // Backwards, so that each is put in at its place in the catalogue.
    for (rule, at) in late.into_iter().rev() {
        findings.splice(at..at, ask(rule, subject));
    }
    let services = subject.view.as_ref().map(View::service_names).unwrap_or_default();
    let allows = allow::apply(&context.allows, context.as_of, &mut findings, &services);
    let mut inline_allows = inline_allows(subject);
    allow::apply_inline(&mut inline_allows, context.honour_inline_allows, &mut findings);
    ran.extend(context.other_findings.iter().map(|finding| finding.rule.as_str()));
    let review = context.review.as_ref();
    let review_error = review.and_then(|review| {
        review.check_binding(subject.hash(), subject.commit().as_deref(), context.as_of).err()
    });
    let review = review.filter(|_| review_error.is_none());
    if let Some(review) = review {
        allow::apply_review(review, &mut findings, &services);
    }
    let ledger = Ledger {
        findings: findings.iter().chain(&context.other_findings).collect(),
        ran,
        rebuilt: subject
            .images()
            .iter()
            .any(|image| context.traces.get(&*image.text) == Some(&TraceRung::Rebuilt)),
    };
    let quick_check = stage::quick_check_items(&ledger);
    let erc733 = stage::erc733_items(&ledger);
    let questions = stage::questions(&ledger, review);
    let readable = subject.view.as_ref().is_some_and(|view| is_readable(view, &findings));
    let attested = subject.is_attested();
    let stage = stage::conclude(&ledger, readable, &quick_check, &questions, review.filter(|_| attested));
    let flows = flow::flows(subject, &findings);
    Audit {
        attested,
        assumptions: assumptions(subject),
        flows,
        review: review.cloned(),
        findings,
        not_run,
        quick_check,
        erc733,
        questions,
        stage,
        allows,
        inline_allows,
        review_error,
    }
}

/// What one rule finds, by place.
fn ask(rule: &Rule, subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    (rule.check)(subject, &mut Sink::new(rule, subject, &mut found, is_assumed(rule, subject)));
    found.sort_by(|one: &Finding, other: &Finding| one.place.cmp(&other.place));
    found
}

/// The document could be read as far as its services.
fn is_readable(view: &View<'_>, findings: &[Finding]) -> bool {
    let decides = |id: &str| rules::find(id).is_some_and(|rule| rule.answers(Item::Readable));
    let unknown = findings.iter().filter(|finding| finding.status == FindingStatus::Unknown);
    view.has_services() && !unknown.into_iter().any(|finding| decides(&finding.rule))
}

/// Places of builds that take in something that is not fixed: rules about what is built in the machine ask for them.
fn open_inputs(subject: &Subject<'_>) -> Vec<Place> {
    let mut findings = Vec::new();
    if subject.has_builds() {
        for rule in rules::all().filter(|rule| rule.answers(Item::Inputs)) {
            (rule.check)(subject, &mut Sink::new(rule, subject, &mut findings, false).without_limit());
        }
    }
    let open = findings.into_iter().filter(|finding| finding.status != FindingStatus::Pass);
    open.filter_map(|finding| finding.place).collect()
}

fn assumptions(subject: &Subject<'_>) -> Vec<&'static str> {
    let Some(view) = &subject.view else { return Vec::new() };
    let mut list = Vec::new();
    if !subject.is_attested() {
        list.push("that the document is the one that runs: nothing vouches for it");
    }
    if subject.context.events.is_some() && !subject.context.attested {
        list.push("that the boot events are the machine's own: no quote was checked, they are claims");
    }
    if view.allowed.is_none() && view.manifest().is_none() {
        list.push(
            "that the operator may set every variable: a compose file does not say which ones allowed_envs names",
        );
    }
    list
}

/// Findings about the document rest on an assumption unless it is the measured one and names its variables. Findings
/// about the log, the guest and the source do not speak of the document.
fn is_assumed(rule: &Rule, subject: &Subject<'_>) -> bool {
    let known = subject.view.as_ref().is_some_and(|view| view.allowed.is_some());
    // Events that no quote vouches for are what somebody says of the machine.
    let claimed = rule.needs.contains(&Need::Events) && !subject.context.attested;
    claimed || rule.is_about_document() && !(subject.is_attested() && known)
}

fn inline_allows(subject: &Subject<'_>) -> Vec<InlineAllow> {
    let mut found = Vec::new();
    if let Some(view) = &subject.view
        && let Some(text) = view.text()
    {
        found.extend(allow::inline(view.text_file, text, 1));
    }
    for file in subject.source.iter().flat_map(|source| &source.files) {
        found.extend(allow::inline(&file.path, &file.text, 1));
    }
    found
}
