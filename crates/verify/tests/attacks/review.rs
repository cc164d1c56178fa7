//! A reviewer's answers beside the evidence: they speak of one compose, one commit, and as long as they last; and
//! never of a machine that was not verified.

use crate::support::{Case, assert_verdict, machine};
use veritee_audit::Review;
use veritee_model::{ComposeHash, QuestionStatus, Reason, Report, UnixTime, VerdictOutcome};

const COMMIT: &str = "dc0fc120aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "0000000000000000000000000000000000000000";

/// The genuine machine, and a review of its compose that accepts everything; `change` writes another.
fn reviewed(commit: Option<&str>, change: impl FnOnce(String) -> String) -> Report {
    let mut case = Case::new(&machine());
    let hash = ComposeHash::of(&case.evidence.app_compose.as_ref().unwrap().bytes);
    let mut text = format!(
        "schema = \"veritee/review/v1\"\nreviewer = \"Jane Doe\"\ncompose_hash = \"{hash}\"\ncommit = \"{COMMIT}\"\nrule_set = \"{}\"\n",
        veritee_audit::rule_set()
    );
    for number in 1..=10 {
        text.push_str(&format!("[[answer]]\nid = \"M{number}\"\naccepted = true\nwords = \"examined\"\n"));
    }
    case.review = Some(Review::parse(&change(text)).unwrap());
    case.commit = commit.map(str::to_owned);
    case.judge()
}

#[track_caller]
fn not_applied(report: &Report, why: &str) {
    let audit = report.audit.as_ref().unwrap();
    let refused = audit.review_refused.as_deref().unwrap();
    assert!(refused.contains(why), "{refused}");
    assert!(audit.review.is_none());
    assert!(audit.questions.iter().all(|question| question.answer.is_none()), "{:?}", audit.questions);
    let notice = report.notices.iter().find(|notice| notice.reason == Reason::ReviewExpired).unwrap();
    assert_eq!(notice.detail, refused);
    assert!(!report.stage.to_string().contains("Stage 1"), "{}", report.stage);
    // A review changes no verdict, in neither direction.
    assert_verdict(report, VerdictOutcome::Verified);
}

#[test]
fn a_review_of_another_compose_is_not_applied() {
    let other = ComposeHash::of(b"last month's").to_string();
    let own = |text: String| {
        let line = text.lines().find(|line| line.starts_with("compose_hash")).unwrap().to_owned();
        text.replace(&line, &format!("compose_hash = \"{other}\""))
    };
    not_applied(&reviewed(Some(COMMIT), own), &format!("got one of {other}"));
}

#[test]
fn a_review_of_another_commit_or_of_one_that_nobody_names_is_not_applied() {
    not_applied(&reviewed(Some(OTHER), |text| text), &format!("expected one of commit {OTHER}"));
    not_applied(&reviewed(None, |text| text), "which commit is audited is not known");
}

#[test]
fn a_review_of_other_rules_or_of_none_is_not_applied() {
    let rules = veritee_audit::rule_set();
    let other = |text: String| text.replace(&rules, &"00".repeat(32));
    not_applied(&reviewed(Some(COMMIT), other), "the rules have changed since");
    let none = |text: String| text.replace(&format!("rule_set = \"{rules}\"\n"), "");
    not_applied(&reviewed(Some(COMMIT), none), "does not say which rules were asked");
}

#[test]
fn a_review_counts_no_more_at_the_very_second_of_its_end() {
    let now = Case::new(&machine()).as_of;
    let until = |end: UnixTime| {
        move |text: String| text.replacen("[[answer]]", &format!("expires = \"{end}\"\n[[answer]]"), 1)
    };
    not_applied(&reviewed(Some(COMMIT), until(now)), "it counts only before");
    let later = UnixTime::from_seconds(now.seconds() + 1);
    let report = reviewed(Some(COMMIT), until(later));
    assert_eq!(report.audit.unwrap().review.unwrap().expires, Some(later));
}

#[test]
fn a_review_that_fits_is_shown_with_its_answers_and_alone_makes_no_stage_1() {
    let report = reviewed(Some(COMMIT), |text| text);
    let audit = report.audit.as_ref().unwrap();
    assert_eq!(audit.review_refused, None);
    assert_eq!(audit.review.as_ref().unwrap().reviewer, "Jane Doe");
    assert!(
        audit.questions.iter().all(|question| question.status == QuestionStatus::Accepted),
        "{:?}",
        audit.questions
    );
    // Chain and registry were not read: the answers do not stand in for them.
    assert!(report.stage.to_string().starts_with("Stage 0"), "{}", report.stage);
}

#[test]
fn answers_that_are_missing_or_no_leave_their_questions_open() {
    let report = reviewed(Some(COMMIT), |text| text.replacen("accepted = true", "accepted = false", 1));
    let statuses = |report: &Report| -> Vec<QuestionStatus> {
        report.audit.as_ref().unwrap().questions.iter().map(|question| question.status).collect()
    };
    assert_eq!(statuses(&report)[0], QuestionStatus::Rejected);
    let report = reviewed(Some(COMMIT), |text| text.split("[[answer]]").next().unwrap().to_owned());
    assert!(statuses(&report).iter().all(|status| *status != QuestionStatus::Accepted));
}

/// A machine with one privileged container, whose own compose asks for an allowance, under this `[audit]`.
fn pleading(audit: &str) -> Report {
    let digest = format!("docker.io/library/nginx@sha256:{}", "0".repeat(64));
    let compose = veritee_testkit::dstack::APP_COMPOSE.replace(
        &digest,
        &format!("{digest}\\n    # veritee: allow DP-CMP-002 our host trusts us\\n    privileged: true"),
    );
    let mut case = Case::new(&machine().app_compose(&compose));
    case.policy = case.policy.replace("fail_on = \"critical\"\n", &format!("fail_on = \"high\"\n{audit}"));
    case.judge()
}

#[test]
fn a_comment_of_the_audited_party_lowers_nothing_and_is_shown() {
    let report = pleading("");
    assert_verdict(&report, VerdictOutcome::Findings);
    let finding = report.findings.iter().find(|finding| finding.rule == "DP-CMP-002").unwrap();
    assert_eq!(finding.allowed, None);
    let comments = &report.audit.as_ref().unwrap().inline_allows;
    assert_eq!((comments[0].rule.as_str(), comments[0].applied), ("DP-CMP-002", false));
}

#[test]
fn a_policy_that_honours_such_comments_says_so_and_raises_no_stage() {
    let honour = "honour_inline_allows = true\nreason = \"our own repository\"\n";
    let report = pleading(honour);
    let finding = report.findings.iter().find(|finding| finding.rule == "DP-CMP-002").unwrap();
    assert_eq!(finding.allowed.as_deref(), Some("inline: our host trusts us"));
    assert!(report.audit.as_ref().unwrap().inline_allows[0].applied);
    let told = report.policy.loosened.iter().any(|words| words.contains("audited party"));
    assert!(told, "{:?}", report.policy.loosened);
    assert_eq!(report.stage, pleading("").stage);
}

#[test]
fn what_a_variable_is_for_can_be_said_by_the_policy() {
    let compose = veritee_testkit::dstack::APP_COMPOSE
        .replace("\"allowed_envs\":[]", "\"allowed_envs\":[\"UPLINK\"]")
        .replace("\\n\",\"kms", "\\n    environment: [UPLINK]\\n\",\"kms");
    let judge = |audit: &str| {
        let mut case = Case::new(&machine().app_compose(&compose));
        case.policy.push_str(audit);
        case.judge()
    };
    let endpoint = |report: &Report| {
        report
            .findings
            .iter()
            .any(|finding| finding.rule.starts_with("DP-ENV-00") && finding.title.contains("endpoint"))
    };
    assert!(!endpoint(&judge("")));
    let said = judge(
        "[[audit.variable]]\nname = \"UPLINK\"\nclass = \"endpoint\"\nuser_data = true\nreason = \"it is the model's address\"\n",
    );
    assert!(endpoint(&said), "{:#?}", said.findings);
    assert!(said.policy.loosened.iter().any(|words| words.contains("takes variable UPLINK for endpoint")));
}
