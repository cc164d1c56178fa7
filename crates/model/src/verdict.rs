//! What all checks add up to, and the exit code for it.

use crate::check::{Check, CheckId, Kind, Outcome};
use crate::finding::{Finding, Severity};
use crate::reason::{Class, Reason};
use serde::{Deserialize, Serialize};

/// Exit codes of the `veritee` program. The same for every output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExitCode {
    /// Every required check passed.
    Verified,
    /// No verdict: the output cannot be written, or a fault of the program.
    Internal,
    /// Wrong arguments.
    Usage,
    /// Evidence or collateral could not be obtained, no verdict.
    Unobtainable,
    /// A signature, chain, replay or binding contradicts the claim.
    NotGenuine,
    /// Genuine, refused by policy.
    Refused,
    /// Audit findings at or above `--fail-on`.
    Findings,
    /// A required check was not made.
    Incomplete,
    /// What is watched is not as it was last seen.
    Changed,
}

impl ExitCode {
    /// All codes with their meaning, in numerical order.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Verified, "every required check passed"),
        (Self::Internal, "no verdict: the output cannot be written, or a fault of the program"),
        (Self::Usage, "usage"),
        (Self::Unobtainable, "evidence or collateral could not be obtained, no verdict"),
        (Self::NotGenuine, "not genuine: signature, chain, replay or binding contradicts the claim"),
        (Self::Refused, "genuine, refused by policy (TCB status, measurement, allow-list, age)"),
        (Self::Findings, "audit findings at or above --fail-on"),
        (Self::Incomplete, "incomplete: a required check was not run"),
        (Self::Changed, "changed: what is watched is not as it was last seen (`watch` only)"),
    ];

    /// Of two verdicts of one run the graver: 10 before 14, 11, 13, 3, 12 and 0.
    #[must_use]
    pub const fn graver(self, other: Self) -> Self {
        if other.gravity() > self.gravity() { other } else { self }
    }

    const fn gravity(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Findings => 1,
            Self::Unobtainable => 2,
            Self::Incomplete => 3,
            Self::Refused => 4,
            // It says more than that the verdict is the one that it was before.
            Self::Changed => 5,
            Self::NotGenuine => 6,
            Self::Internal | Self::Usage => 7,
        }
    }

    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Unobtainable => 3,
            Self::NotGenuine => 10,
            Self::Refused => 11,
            Self::Findings => 12,
            Self::Incomplete => 13,
            Self::Changed => 14,
        }
    }
}

/// The outcome in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictOutcome {
    /// Every required check passed.
    Verified,
    /// Something contradicts the claim.
    NotGenuine,
    /// Genuine, refused by policy.
    Refused,
    /// The audit found something.
    Findings,
    /// A required check was not made.
    Incomplete,
}

impl VerdictOutcome {
    /// The word of the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::NotGenuine => "not-genuine",
            Self::Refused => "refused",
            Self::Findings => "findings",
            Self::Incomplete => "incomplete",
        }
    }

    /// The exit code that goes with it.
    #[must_use]
    pub const fn exit_code(self) -> ExitCode {
        match self {
            Self::Verified => ExitCode::Verified,
            Self::NotGenuine => ExitCode::NotGenuine,
            Self::Refused => ExitCode::Refused,
            Self::Findings => ExitCode::Findings,
            Self::Incomplete => ExitCode::Incomplete,
        }
    }

    /// The words for it where the quote was shown to be genuine; see [`headline`].
    #[must_use]
    pub const fn headline(self) -> &'static str {
        match self {
            Self::Verified => "VERIFIED",
            Self::NotGenuine => "NOT GENUINE",
            Self::Refused => "GENUINE, REFUSED BY POLICY",
            Self::Findings => "GENUINE, WITH FINDINGS",
            Self::Incomplete => "INCOMPLETE",
        }
    }
}

/// The words of the first line of a report with these checks.
///
/// A refusal may come before the quote was shown to be genuine (a certificate that is not valid yet, say): then the
/// line does not say that it is.
#[must_use]
pub fn headline(outcome: VerdictOutcome, checks: &[Check]) -> &'static str {
    let signed =
        checks.iter().any(|check| check.id == CheckId::QuoteSignature && check.outcome == Outcome::Pass);
    match outcome {
        VerdictOutcome::Refused if !signed => "REFUSED, NOT SHOWN TO BE GENUINE",
        VerdictOutcome::Verified if !signed => "NOTHING REFUSED, NOT SHOWN TO BE GENUINE",
        VerdictOutcome::Findings if !signed => "FINDINGS, NOT SHOWN TO BE GENUINE",
        _ => outcome.headline(),
    }
}

/// The verdict under a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// In one word.
    pub outcome: VerdictOutcome,
    /// Exit code of the program.
    pub exit_code: u8,
    /// Reason codes that led to it, gravest first, each once.
    pub reasons: Vec<String>,
    /// In one sentence.
    pub summary: String,
}

impl Verdict {
    /// Adds up checks and findings of a report of this kind. Precedence: not genuine, refused, incomplete, findings, and
    /// last open questions, which make a verdict incomplete where nothing graver does.
    ///
    /// A failed check counts whether required or not; a check that was not made counts when it is required.
    /// A check that the policy waives counts in neither way, unless its reason says "not genuine"; of several faults
    /// each counts until it is waived itself. A check that the kind has to make and that is not in the list was not
    /// made.
    #[must_use]
    pub fn conclude(kind: Kind, checks: &[Check], findings: &[Finding], fail_on: Severity) -> Self {
        let mut graded: Vec<(Weight, &str)> = Vec::new();
        for check in checks {
            graded.extend(
                weights(check).map(|(weight, reason)| (weight, reason.map_or("unknown", Reason::code))),
            );
        }
        let listed = |id: &&CheckId| checks.iter().any(|check| check.id == **id);
        let required = CheckId::ALL.iter().filter(|id| kind.requires(**id));
        let absent = required.filter(|id| !listed(id)).count();
        if absent > 0 {
            graded.push((Weight::Incomplete, Reason::NotAsked.code()));
        }
        for finding in findings {
            if finding.is_proven() && finding.severity >= fail_on {
                graded.push((Weight::Findings, finding.rule.as_str()));
            } else if finding.keeps_open(fail_on) {
                graded.push((Weight::Questions, finding.rule.as_str()));
            }
        }
        graded.sort_by_key(|(weight, _)| *weight);
        let outcome = graded.first().map_or(VerdictOutcome::Verified, |(weight, _)| weight.outcome());
        let mut reasons: Vec<String> = Vec::new();
        for (_, reason) in &graded {
            if !reasons.iter().any(|known| known == reason) {
                reasons.push((*reason).to_owned());
            }
        }
        let summary = summary(outcome, checks, findings, fail_on);
        Self { outcome, exit_code: outcome.exit_code().code(), reasons, summary }
    }
}

/// What one check or finding does to the verdict, gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    NotGenuine,
    Refused,
    Incomplete,
    Findings,
    /// Nobody has answered a grave question of the audit.
    Questions,
}

impl Weight {
    const fn outcome(self) -> VerdictOutcome {
        match self {
            Self::NotGenuine => VerdictOutcome::NotGenuine,
            Self::Refused => VerdictOutcome::Refused,
            Self::Incomplete | Self::Questions => VerdictOutcome::Incomplete,
            Self::Findings => VerdictOutcome::Findings,
        }
    }
}

/// What a check weighs, fault by fault.
fn weights(check: &Check) -> impl Iterator<Item = (Weight, Option<Reason>)> {
    let alone = (check.reason, check.waived.is_some());
    let faults = check.faults.iter().map(|fault| (Some(fault.reason), fault.waived.is_some()));
    let alone = core::iter::once(alone).filter(|_| check.faults.is_empty());
    faults.chain(alone).filter_map(|(reason, waived)| Some((weight(check, reason, waived)?, reason)))
}

fn weight(check: &Check, reason: Option<Reason>, waived: bool) -> Option<Weight> {
    // A failure without a reason is as grave as can be: never a pass by ignorance.
    let class = reason.map_or(Class::NotGenuine, Reason::class);
    let waivable = reason.is_some_and(Reason::is_waivable);
    match check.outcome {
        Outcome::Pass => None,
        Outcome::Fail if class == Class::NotGenuine => Some(Weight::NotGenuine),
        Outcome::Fail if waived && waivable => None,
        Outcome::NotChecked if waived => None,
        Outcome::Fail => Some(Weight::Refused),
        Outcome::NotChecked => check.required.then_some(Weight::Incomplete),
    }
}

fn summary(outcome: VerdictOutcome, checks: &[Check], findings: &[Finding], fail_on: Severity) -> String {
    // Each check once: what the policy lets pass is told by that.
    let count = |wanted: Outcome| {
        checks.iter().filter(|check| check.outcome == wanted && check.waived.is_none()).count()
    };
    let waived = checks.iter().filter(|check| check.waived.is_some()).count();
    let mut parts = vec![
        format!("{} passed", count(Outcome::Pass)),
        format!("{} failed", count(Outcome::Fail)),
        format!("{} not checked", count(Outcome::NotChecked)),
    ];
    if waived > 0 {
        parts.push(format!("{waived} waived by policy"));
    }
    if !findings.is_empty() {
        parts.push(format!("{} findings", findings.len()));
    }
    let questions = findings.iter().filter(|finding| finding.keeps_open(fail_on)).count();
    if questions > 0 {
        parts.push(format!("{questions} of them open until a person answers"));
    }
    format!("{}: {}", headline(outcome, checks).to_lowercase(), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FindingStatus;

    /// Beside these checks all others pass.
    fn conclude(checks: &[Check]) -> Verdict {
        let given = |id: &CheckId| checks.iter().any(|check| check.id == *id);
        let others = CheckId::ALL.iter().filter(|id| !given(id) && **id != CheckId::QuoteSignature);
        let mut all: Vec<Check> = others.map(|id| Check::pass(*id, "")).collect();
        all.extend(checks.iter().cloned());
        if !given(&CheckId::QuoteSignature) {
            let mut signature = Check::not_checked(CheckId::QuoteSignature, Reason::EarlierStepFailed, "");
            signature.required = false;
            all.push(signature);
        }
        Verdict::conclude(Kind::Machine, &all, &[], Severity::High)
    }

    #[test]
    fn a_check_that_is_missing_from_the_list_was_not_made() {
        for kind in [Kind::Machine, Kind::Quote, Kind::Documents, Kind::Gpus] {
            let all: Vec<Check> = CheckId::ALL.iter().map(|id| Check::pass(*id, "")).collect();
            assert_eq!(Verdict::conclude(kind, &all, &[], Severity::High).exit_code, 0);
            assert_eq!(Verdict::conclude(kind, &[], &[], Severity::High).exit_code, 13);
            for id in CheckId::ALL {
                let rest: Vec<Check> = all.iter().filter(|check| check.id != *id).cloned().collect();
                let code = Verdict::conclude(kind, &rest, &[], Severity::High).exit_code;
                assert_eq!(code, if kind.requires(*id) { 13 } else { 0 }, "{kind:?} {id}");
            }
        }
    }

    #[test]
    fn the_complete_list_of_every_kind_says_what_was_not_asked() {
        for kind in [Kind::Machine, Kind::Quote, Kind::Documents, Kind::Gpus] {
            let complete = kind.complete(&[]);
            assert_eq!(complete.len(), CheckId::ALL.len());
            for check in complete {
                assert_eq!(check.reason == Some(Reason::NotAsked), !kind.asks(check.id), "{}", check.id);
            }
        }
    }

    #[test]
    fn a_check_is_counted_once() {
        let mut check = Check::fail(CheckId::QuoteSignature, Reason::TcbOutOfDate, "");
        let total = |summary: &str| -> usize {
            summary
                .split(|letter: char| !letter.is_ascii_digit())
                .filter_map(|word| word.parse::<usize>().ok())
                .sum()
        };
        let failed = conclude(std::slice::from_ref(&check)).summary;
        assert!(failed.contains("1 failed") && !failed.contains("waived"), "{failed}");
        check.waived = Some("because".to_owned());
        let waived = conclude(&[check]).summary;
        assert!(waived.contains("0 failed") && waived.contains("1 waived by policy"), "{waived}");
        assert_eq!(total(&failed), total(&waived));
    }

    #[test]
    fn of_several_faults_each_counts_until_it_is_waived_itself() {
        let faults = ["INTEL-SA-01998", "INTEL-SA-01999"]
            .map(|advisory| crate::Fault::new(Reason::AdvisoryRefused, advisory).of(advisory));
        let mut check = Check::failing(CheckId::PlatformAdvisories, faults.to_vec()).unwrap();
        assert_eq!(conclude(std::slice::from_ref(&check)).exit_code, 11);
        check.faults[0].waived = Some("because".to_owned());
        check.waived = Some("because".to_owned());
        assert_eq!(conclude(std::slice::from_ref(&check)).exit_code, 11);
        check.faults[1].waived = Some("because".to_owned());
        assert_eq!(conclude(&[check]).exit_code, 0);
    }

    #[test]
    fn a_check_that_was_not_made_never_counts_as_a_pass() {
        let verdict = conclude(&[Check::not_checked(CheckId::OsMeasured, Reason::OsNotMeasured, "")]);
        assert_eq!(verdict.exit_code, 13);
    }

    #[test]
    fn not_genuine_outranks_refused_and_incomplete() {
        let verdict = conclude(&[
            Check::not_checked(CheckId::OsMeasured, Reason::OsNotMeasured, ""),
            Check::fail(CheckId::PlatformTcbStatus, Reason::TcbOutOfDate, ""),
            Check::fail(CheckId::EventLogRtmr3, Reason::RtmrMismatch, ""),
        ]);
        assert_eq!(verdict.outcome, VerdictOutcome::NotGenuine);
        assert_eq!(verdict.reasons, ["rtmr-mismatch", "tcb-out-of-date", "os-not-measured"]);
    }

    #[test]
    fn refused_outranks_incomplete() {
        let verdict = conclude(&[
            Check::not_checked(CheckId::OsMeasured, Reason::OsNotMeasured, ""),
            Check::fail(CheckId::PlatformTcbStatus, Reason::TcbOutOfDate, ""),
        ]);
        assert_eq!(verdict.exit_code, 11);
    }

    #[test]
    fn a_refusal_before_the_signature_does_not_call_the_quote_genuine() {
        let refused = Check::fail(CheckId::QuoteCertificates, Reason::CertificateNotYetValid, "");
        assert_eq!(
            headline(VerdictOutcome::Refused, std::slice::from_ref(&refused)),
            "REFUSED, NOT SHOWN TO BE GENUINE"
        );
        assert!(conclude(&[refused]).summary.starts_with("refused, not shown to be genuine"));
        let signed = Check::pass(CheckId::QuoteSignature, "");
        assert_eq!(headline(VerdictOutcome::Refused, &[signed]), "GENUINE, REFUSED BY POLICY");
    }

    #[test]
    fn the_word_verified_is_kept_for_quotes_whose_signature_was_checked() {
        assert_eq!(headline(VerdictOutcome::Verified, &[]), "NOTHING REFUSED, NOT SHOWN TO BE GENUINE");
        let signed = Check::pass(CheckId::QuoteSignature, "");
        assert_eq!(headline(VerdictOutcome::Verified, &[signed]), "VERIFIED");
    }

    fn finding(status: FindingStatus, severity: Severity) -> Finding {
        Finding {
            rule: "DP-TST-001".to_owned(),
            severity,
            status,
            title: String::new(),
            location: String::new(),
            place: None,
            value: String::new(),
            places: Vec::new(),
            evidence: String::new(),
            remedy: None,
            assumed: false,
            blocks: false,
            allowed: None,
        }
    }

    fn rules() -> Check {
        Check::pass(CheckId::AuditRules, "")
    }

    fn of_findings(findings: &[Finding], fail_on: Severity) -> Verdict {
        Verdict::conclude(Kind::Documents, &[rules()], findings, fail_on)
    }

    #[test]
    fn an_open_question_of_high_severity_is_never_green_whatever_the_threshold() {
        for status in [FindingStatus::Manual, FindingStatus::Unknown] {
            for severity in [Severity::High, Severity::Critical] {
                for fail_on in [Severity::Low, Severity::High, Severity::Critical] {
                    let verdict = of_findings(&[finding(status, severity)], fail_on);
                    assert_eq!((verdict.exit_code, verdict.reasons.len()), (13, 1), "{status:?} {severity}");
                    assert!(verdict.summary.contains("1 of them open"), "{}", verdict.summary);
                }
            }
            let mild = finding(status, Severity::Medium);
            assert_eq!(of_findings(std::slice::from_ref(&mild), Severity::High).exit_code, 0);
            assert_eq!(of_findings(&[mild], Severity::Medium).exit_code, 13);
        }
    }

    #[test]
    fn a_proven_finding_outranks_open_questions_and_a_missing_check_outranks_both() {
        let question = finding(FindingStatus::Manual, Severity::Critical);
        let proven = finding(FindingStatus::Fail, Severity::High);
        let both = [question.clone(), proven];
        let verdict = of_findings(&both, Severity::High);
        assert_eq!((verdict.exit_code, verdict.summary.contains("1 of them open")), (12, true));
        assert_eq!(of_findings(&both, Severity::Critical).exit_code, 13);
        let missing = Check::not_checked(CheckId::OsMeasured, Reason::OsNotMeasured, "");
        assert_eq!(
            Verdict::conclude(Kind::Documents, &[rules(), missing], &both, Severity::High).exit_code,
            13
        );
        let answered = Finding { allowed: Some("seen".to_owned()), ..question };
        assert_eq!(of_findings(&[answered], Severity::High).exit_code, 0);
    }

    #[test]
    fn a_waiver_cannot_save_what_is_not_genuine() {
        let mut check = Check::fail(CheckId::EventLogRtmr3, Reason::RtmrMismatch, "");
        check.waived = Some("because".to_owned());
        assert_eq!(conclude(&[check]).exit_code, 10);
    }

    #[test]
    fn a_failure_counts_even_where_the_check_is_not_required() {
        let mut check = Check::fail(CheckId::IdentityClaims, Reason::AppIdUnexpected, "");
        check.required = false;
        assert_eq!(conclude(&[check]).exit_code, 11);
    }

    #[test]
    fn a_failure_without_a_reason_is_taken_as_not_genuine() {
        let mut check = Check::fail(CheckId::IdentityClaims, Reason::AppIdUnexpected, "");
        check.reason = None;
        check.waived = Some("because".to_owned());
        assert_eq!(conclude(&[check]).exit_code, 10);
    }
}
