//! What all formats say alike: the word for a check, the line for a step, the warnings that no format may leave out.

use veritee_model::{Check, CheckId, Class, Finding, FindingStatus, Outcome, Reason, Report, Step};

/// How a check counts, in the word that every format prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Pass,
    Waived,
    NotChecked,
    /// The audit was made, and what it found decides the verdict.
    Findings,
    Fail,
}

impl Status {
    /// Follows [`veritee_model::Verdict::conclude`]: a waiver cannot cover a reason that says "not genuine", nor one
    /// that this version does not know.
    pub(crate) fn of(check: &Check) -> Self {
        match check.outcome {
            Outcome::Pass => Self::Pass,
            Outcome::NotChecked if check.waived.is_some() => Self::Waived,
            Outcome::NotChecked => Self::NotChecked,
            Outcome::Fail if check.waived.is_some() && can_be_waived(check) => Self::Waived,
            Outcome::Fail => Self::Fail,
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Waived => "waived",
            Self::NotChecked => "not checked",
            Self::Findings => "FINDINGS",
            Self::Fail => "FAIL",
        }
    }

    pub(crate) const fn symbol(self) -> &'static str {
        match self {
            Self::Pass => "✓",
            Self::Waived => "!",
            Self::NotChecked => "–",
            Self::Findings => "✗",
            Self::Fail => "✗",
        }
    }
}

fn can_be_waived(check: &Check) -> bool {
    check.reason.is_some_and(|reason| reason.class() != Class::NotGenuine)
}

/// One step in one line.
pub(crate) struct StepSummary<'a> {
    pub(crate) step: Step,
    /// Of the gravest check: pass only when all that are required passed, and none failed.
    pub(crate) status: Status,
    pub(crate) passed: usize,
    pub(crate) total: usize,
    /// The gravest check; among passed ones the one that says most. Absent when the report lists none of this step.
    pub(crate) check: Option<&'a Check>,
}

/// Every step, in order, whether the report lists checks of it or not.
pub(crate) fn steps(report: &Report) -> Vec<StepSummary<'_>> {
    Step::ALL.iter().map(|step| summarise(report, *step)).collect()
}

fn summarise(report: &Report, step: Step) -> StepSummary<'_> {
    let lead = lead(step);
    let of_step = || report.checks.iter().filter(|check| check.step == step);
    let passed = of_step().filter(|check| Status::of(check) == Status::Pass).count();
    // Where the check that sums a step up is required and passed, optional ones that were not made do not speak for
    // it; the row counts them.
    let summed_up =
        of_step().any(|check| check.id == lead && check.required && Status::of(check) == Status::Pass);
    let speaks = |check: &&Check| !(summed_up && !check.required && Status::of(check) == Status::NotChecked);
    let check = of_step()
        .filter(speaks)
        .enumerate()
        .max_by_key(|(index, check)| {
            (gravity(check), says_why(check), check.id == lead, core::cmp::Reverse(*index))
        })
        .map(|(_, check)| check);
    let status = match check.map_or(Status::NotChecked, Status::of) {
        Status::Pass if step == Step::Audit && decides(report) => Status::Findings,
        status => status,
    };
    StepSummary { step, status, passed, total: of_step().count(), check }
}

/// A finding is open that the exit code follows.
fn decides(report: &Report) -> bool {
    report.findings.iter().any(|finding| open(finding) && finding.severity >= report.policy.fail_on)
}

/// That an earlier step failed is no answer where another check of the step has one.
fn says_why(check: &Check) -> bool {
    check.reason != Some(Reason::EarlierStepFailed)
}

/// Gravest last. What was not checked outweighs what was waived only where it is required.
fn gravity(check: &Check) -> u8 {
    match Status::of(check) {
        Status::Pass => 0,
        Status::NotChecked if !check.required => 1,
        Status::Waived => 2,
        Status::NotChecked | Status::Findings => 3,
        Status::Fail if can_be_waived(check) => 4,
        Status::Fail => 5,
    }
}

/// The check whose detail speaks for a step in which all passed.
const fn lead(step: Step) -> CheckId {
    match step {
        Step::Quote => CheckId::QuoteCertificates,
        Step::Platform => CheckId::PlatformTcbStatus,
        Step::EventLog => CheckId::EventLogRtmr3,
        Step::Identity => CheckId::IdentityEvents,
        Step::Compose => CheckId::ComposeHash,
        Step::Os => CheckId::OsMeasured,
        Step::Binding => CheckId::BindingNonce,
        Step::Audit => CheckId::AuditRules,
        Step::Governance => CheckId::GovernanceHistory,
    }
}

/// The certificates of the quote were shown to hang from the root.
pub(crate) fn reached_root(report: &Report) -> bool {
    report.checks.iter().any(|check| check.id == CheckId::QuoteCertificates && check.outcome == Outcome::Pass)
}

/// The root is known and is not Intel's.
pub(crate) fn test_root(report: &Report) -> bool {
    report.root.as_ref().is_some_and(|root| !root.intel)
}

/// What stands on top and at the bottom of every output made under another root than Intel's.
pub(crate) const TEST_ROOT: &str = "TEST ROOT, NOT INTEL'S: this report proves nothing about real hardware";

/// The quote was shown to be made for this request.
pub(crate) fn fresh(report: &Report) -> bool {
    let mut nonces = report.checks.iter().filter(|check| check.id == CheckId::BindingNonce).peekable();
    nonces.peek().is_some() && nonces.all(|check| check.outcome == Outcome::Pass)
}

/// What every output says unless [`fresh`].
pub(crate) const NOT_FRESH: &str =
    "FRESHNESS NOT SHOWN: no nonce of this request is bound; it may be a recording";

/// The audited document is not the measured one, or nothing was measured.
pub(crate) fn not_attested(report: &Report) -> bool {
    report.audit.as_ref().is_some_and(|audit| !audit.attested)
}

/// Nothing but documents was looked at: no check of a machine was asked.
pub(crate) fn documents_alone(report: &Report) -> bool {
    let of_machine = || report.checks.iter().filter(|check| check.step != Step::Audit);
    not_attested(report) && of_machine().all(|check| check.outcome == Outcome::NotChecked && !check.required)
}

/// What every output says then.
pub(crate) const NOT_ATTESTED: &str =
    "NOT ATTESTED: nothing shows that the audited document is the one that runs";

/// How many of which status, gravest first.
pub(crate) fn tally(statuses: impl Iterator<Item = FindingStatus> + Clone) -> String {
    let order = [
        FindingStatus::Fail,
        FindingStatus::Warn,
        FindingStatus::Unknown,
        FindingStatus::Manual,
        FindingStatus::Pass,
        FindingStatus::Info,
    ];
    let parts = order.iter().filter_map(|status| {
        let count = statuses.clone().filter(|other| other == status).count();
        (count > 0).then(|| format!("{count} {}", finding_word(*status)))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// A finding that is open: not passed, not merely informative, not left to a person, not allowed.
pub(crate) fn open(finding: &Finding) -> bool {
    finding.allowed.is_none()
        && matches!(finding.status, FindingStatus::Fail | FindingStatus::Warn | FindingStatus::Unknown)
}

pub(crate) const fn finding_word(status: FindingStatus) -> &'static str {
    match status {
        FindingStatus::Fail => "FAIL",
        FindingStatus::Warn => "warn",
        FindingStatus::Info => "info",
        FindingStatus::Pass => "pass",
        FindingStatus::Manual => "needs a person",
        FindingStatus::Unknown => "not understood",
    }
}

/// The code that `veritee explain` is offered for: the gravest reason, else the first of a check that did not pass.
pub(crate) fn code_to_explain(report: &Report) -> Option<&str> {
    // Of documents alone no check was asked: what there is to explain are the rules that found something.
    let alone = documents_alone(report);
    let of_checks =
        report.checks.iter().filter(|_| !alone).filter_map(|check| check.reason.map(Reason::code));
    let gravest = report.findings.iter().rev().filter(|finding| alone && open(finding));
    let of_rules = gravest.max_by_key(|finding| finding.severity).map(|finding| finding.rule.as_str());
    report
        .verdict
        .reasons
        .iter()
        .map(String::as_str)
        .chain(of_checks)
        .chain(of_rules)
        .find(|code| is_plain_code(code))
}

/// Fit to stand in a command line that people copy.
pub(crate) fn is_plain_code(code: &str) -> bool {
    code.len() <= 64
        && code.starts_with(|first: char| first.is_ascii_alphabetic())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
