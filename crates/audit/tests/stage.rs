//! The stage line, the checklists, the review and the allowances.
#![allow(missing_docs)]

mod common;

use common::*;
use std::collections::BTreeMap;
use veritee_audit::{
    Allow, AllowOutcome, Context, MemoryTree, QuestionStatus, Review, TraceRung, audit_source,
};
use veritee_compose::{Deployment, bind};
use veritee_model::{Budget, ComposeHash, Finding, FindingStatus, Reason, Severity, UnixTime};

const HEX: &str = "abababababababababababababababababababababababababababababababab";
const COMMIT: &str = "dc0fc120aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn question_ids() -> Vec<&'static str> {
    veritee_audit::Item::QUESTIONS.iter().map(|question| question.name()).collect()
}

fn clean_compose() -> String {
    format!("services:\n  app:\n    image: example/app:dc0fc12@sha256:{HEX}\n")
}

fn review_text(hash: &str, commit: &str, answered: &[&str]) -> String {
    let mut text = format!(
        "schema = \"veritee/review/v1\"\nreviewer = \"Jane Doe\"\ncompose_hash = \"{hash}\"\ncommit = \"{commit}\"\nrule_set = \"{}\"\n",
        veritee_audit::rule_set()
    );
    for id in answered {
        text.push_str(&format!("[[answer]]\nid = \"{id}\"\naccepted = true\nwords = \"examined\"\n"));
    }
    text
}

/// A finding of the chain reader.
fn chain(rule: &str) -> Finding {
    Finding {
        rule: rule.to_owned(),
        severity: Severity::Info,
        status: FindingStatus::Pass,
        title: String::new(),
        location: "chain".to_owned(),
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

/// A deployment of which every automatic check passes, with its repository.
fn exemplary(compose: &str) -> (Vec<u8>, Context, MemoryTree) {
    let raw = app_compose_with(
        compose,
        &[],
        serde_json::json!({ "gateway_enabled": false, "key_provider_id": kms(1).id }),
    );
    let hash = ComposeHash::of(&raw);
    let image = format!("example/app:dc0fc12@sha256:{HEX}");
    let chain_rules = [
        "DP-CHN-001",
        "DP-CHN-002",
        "DP-CHN-003",
        "DP-CHN-004",
        "DP-CHN-005",
        "DP-CHN-010",
        "DP-CHN-012",
        "DP-OCI-005",
        "DP-OCI-008",
    ];
    let context = Context {
        attested: true,
        compose_hash: Some(hash),
        events: Some(events(kms(1))),
        commit: Some(COMMIT.to_owned()),
        traces: BTreeMap::from([(image, TraceRung::Rebuilt)]),
        other_findings: chain_rules.map(chain).to_vec(),
        ..Context::default()
    };
    let mut tree = MemoryTree::new([
        ("Dockerfile", format!("FROM debian@sha256:{HEX}\nARG SOURCE_DATE_EPOCH=0\nCOPY app /app\n")),
        ("DEPLOYMENTS.md", format!("compose hash {hash}, image sha256:{HEX}\n")),
        ("LICENSE", "Apache-2.0\n".to_owned()),
        ("docker-compose.yml", clean_compose()),
        ("src/main.rs", "fn main() {}\n".to_owned()),
    ]);
    tree.commits = Some(vec![COMMIT.to_owned()]);
    tree.head = Some(COMMIT.to_owned());
    (raw, context, tree)
}

fn run(raw: &[u8], context: &Context, tree: &MemoryTree) -> veritee_audit::Audit {
    let hash = ComposeHash::of(raw);
    let bound = bind(raw, &hash, &Budget::STANDARD).unwrap();
    let deployment = Deployment::from_bound(&bound, &veritee_compose::Context::default()).unwrap();
    audit_source(Some(&deployment), tree, context)
}

#[test]
fn even_an_exemplary_deployment_is_not_stage_1_without_a_person() {
    let (raw, context, tree) = exemplary(&clean_compose());
    let audit = run(&raw, &context, &tree);
    for item in &audit.quick_check {
        assert_eq!(item.status, FindingStatus::Pass, "{} {:?}\n{}", item.id, item.evidence, listing(&audit));
    }
    let open = audit.questions.iter().filter(|question| question.status == QuestionStatus::Open).count();
    assert!(open > 0);
    assert_eq!(audit.stage_line(), format!("Stage 0 - not shown otherwise: {open} checks open"));
}

#[test]
fn all_questions_answered_for_this_compose_and_commit_make_stage_1() {
    let (raw, mut context, tree) = exemplary(&clean_compose());
    let hash = ComposeHash::of(&raw).to_string();
    context.review = Some(Review::parse(&review_text(&hash, COMMIT, &question_ids())).unwrap());
    let audit = run(&raw, &context, &tree);
    assert_eq!(
        audit.stage_line(),
        format!("Stage 1 (reviewer: Jane Doe, bound to compose {hash})"),
        "{}",
        listing(&audit)
    );
}

#[test]
fn one_unanswered_or_rejected_question_is_enough_to_stay() {
    let (raw, mut context, tree) = exemplary(&clean_compose());
    let hash = ComposeHash::of(&raw).to_string();
    context.review = Some(
        Review::parse(&review_text(&hash, COMMIT, &["M1", "M2", "M3", "M5", "M6", "M7", "M8", "M9", "M10"]))
            .unwrap(),
    );
    assert_eq!(run(&raw, &context, &tree).stage_line(), "Stage 0 - not shown otherwise: 1 check open");
    let rejected =
        review_text(&hash, COMMIT, &question_ids()).replacen("accepted = true", "accepted = false", 1);
    context.review = Some(Review::parse(&rejected).unwrap());
    assert!(!run(&raw, &context, &tree).stage_line().contains("Stage 1"));
}

#[test]
fn a_review_expires_when_compose_or_commit_changes() {
    let (raw, mut context, tree) = exemplary(&clean_compose());
    let hash = ComposeHash::of(&raw).to_string();
    let other = "00".repeat(32);
    for (hash, commit) in
        [(other.as_str(), COMMIT), (hash.as_str(), "0000000000000000000000000000000000000000")]
    {
        context.review = Some(Review::parse(&review_text(hash, commit, &question_ids())).unwrap());
        let audit = run(&raw, &context, &tree);
        assert!(!audit.stage_line().contains("Stage 1"), "{}", audit.stage_line());
        assert_eq!(audit.review_error.unwrap().reason(), Reason::ReviewExpired);
        assert!(audit.questions.iter().all(|question| question.answer.is_none()));
    }
}

#[test]
fn a_review_of_other_rules_or_of_rules_that_it_does_not_name_is_not_applied() {
    let (raw, mut context, tree) = exemplary(&clean_compose());
    let text = review_text(&ComposeHash::of(&raw).to_string(), COMMIT, &question_ids());
    let line = text.lines().find(|line| line.starts_with("rule_set")).unwrap();
    for other in ["", "rule_set = \"\"", "rule_set = \"5e02\""] {
        context.review = Some(Review::parse(&text.replace(line, other)).unwrap());
        let audit = run(&raw, &context, &tree);
        assert!(!audit.stage_line().contains("Stage 1"), "{other}: {}", audit.stage_line());
        let error = audit.review_error.unwrap();
        assert_eq!(error.reason(), Reason::ReviewExpired);
        assert!(error.to_string().contains(&veritee_audit::rule_set()), "{error}");
    }
}

#[test]
fn a_review_ends_at_the_second_that_it_names() {
    let (raw, mut context, tree) = exemplary(&clean_compose());
    let hash = ComposeHash::of(&raw).to_string();
    let text = review_text(&hash, COMMIT, &question_ids()).replacen(
        "[[answer]]",
        "expires = \"2027-03-31T00:00:00Z\"\n[[answer]]",
        1,
    );
    context.review = Some(Review::parse(&text).unwrap());
    let end = UnixTime::parse("2027-03-31T00:00:00Z").unwrap();
    let before = UnixTime::from_seconds(end.seconds() - 1);
    for (as_of, stage_1) in [(Some(before), true), (Some(end), false), (None, false)] {
        context.as_of = as_of;
        let audit = run(&raw, &context, &tree);
        assert_eq!(audit.stage_line().contains("Stage 1"), stage_1, "{as_of:?}: {}", audit.stage_line());
        assert_eq!(audit.review_error.is_none(), stage_1);
    }
}

#[test]
fn a_question_about_which_the_rules_found_nothing_has_to_be_answered_all_the_same() {
    let (raw, mut context, tree) = exemplary(&clean_compose());
    let hash = ComposeHash::of(&raw).to_string();
    let without_m2 = question_ids().into_iter().filter(|id| *id != "M2").collect::<Vec<_>>();
    context.review = Some(Review::parse(&review_text(&hash, COMMIT, &without_m2)).unwrap());
    let audit = run(&raw, &context, &tree);
    assert_eq!(audit.questions[1].status, QuestionStatus::NothingFound);
    assert!(!audit.stage_line().contains("Stage 1"), "{}", audit.stage_line());
}

#[test]
fn no_review_lifts_a_document_that_is_not_attested() {
    let (raw, mut context, tree) = exemplary(&clean_compose());
    let hash = ComposeHash::of(&raw).to_string();
    context.review = Some(Review::parse(&review_text(&hash, COMMIT, &question_ids())).unwrap());
    context.attested = false;
    assert!(run(&raw, &context, &tree).stage_line().starts_with("Stage 0 - not shown otherwise"));
    // Bound to one hash while the log names another: the caller mixed two machines up.
    context.attested = true;
    context.compose_hash = Some(ComposeHash::of(b"another"));
    let audit = run(&raw, &context, &tree);
    assert!(!audit.attested && !audit.stage_line().contains("Stage 1"), "{}", audit.stage_line());
}

#[test]
fn no_review_lifts_a_failing_check() {
    let compose = format!("{}    privileged: true\n", clean_compose());
    let (raw, mut context, tree) = exemplary(&compose);
    let hash = ComposeHash::of(&raw).to_string();
    context.review = Some(Review::parse(&review_text(&hash, COMMIT, &question_ids())).unwrap());
    assert!(!run(&raw, &context, &tree).stage_line().contains("Stage 1"));
}

#[test]
fn a_chain_that_was_not_read_keeps_the_kms_item_open() {
    let (raw, mut context, tree) = exemplary(&clean_compose());
    context.other_findings.clear();
    let audit = run(&raw, &context, &tree);
    assert_eq!(audit.quick_check[2].status, FindingStatus::Unknown);
}

#[test]
fn reviews_that_are_not_of_the_form_are_refused_with_their_place() {
    let good = review_text(HEX, COMMIT, &["M1"]);
    assert!(Review::parse(&good).is_ok());
    let bad = [
        good.replace("review/v1", "review/v2"),
        good.replace("Jane Doe", " "),
        good.replace(COMMIT, "dc0fc12"),
        good.replace("\"M1\"", "\"M11\""),
        good.replace("examined", " "),
        format!("{good}[[answer]]\nid = \"M1\"\naccepted = true\nwords = \"again\"\n"),
        format!("{good}extra = 1\n"),
        "schema = ".to_owned(),
    ];
    for text in bad {
        let error = Review::parse(&text).unwrap_err();
        assert_eq!(error.reason(), Reason::ReviewMalformed, "{text}");
        assert!(!error.to_string().ends_with('.'));
    }
}

#[test]
fn nothing_attested_is_proven() {
    let compose = "services:\n  app:\n    image: example/app:latest\n";
    let raw = app_compose(compose, &["COMPOSE_FILE"]);
    let unattested = unattested(&raw);
    assert!(unattested.stage_line().starts_with("Stage 0 - not shown otherwise: "));
    assert!(open(&unattested, "DP-IMG-003")[0].assumed);
    assert_eq!(attested(&raw, Context::default()).stage_line(), "Stage 0 - proven by DP-ENV-001, DP-IMG-003");
}

fn allow(rule: &str, reason: &str, expires: Option<u64>) -> Allow {
    Allow {
        rule: rule.to_owned(),
        reason: reason.to_owned(),
        expires: expires.map(UnixTime::from_seconds),
        place: None,
        value: None,
    }
}

#[test]
fn an_allowance_counts_while_it_lasts_and_only_with_a_reason() {
    let raw = app_compose("services:\n  app:\n    image: example/app:latest\n", &[]);
    let table = [
        (allow("DP-IMG-003", "until the release", Some(200)), Some(100), AllowOutcome::Applied),
        (allow("DP-IMG-003", "until the release", Some(200)), Some(201), AllowOutcome::Expired),
        (allow("DP-IMG-003", "until the release", Some(200)), None, AllowOutcome::Expired),
        (allow("DP-IMG-003", "for ever", None), None, AllowOutcome::Applied),
        (allow("DP-IMG-003", " ", None), None, AllowOutcome::NoReason),
        (allow("DP-IMG-002", "another rule", None), None, AllowOutcome::Unmatched),
    ];
    for (allow, now, expected) in table {
        let context = Context {
            allows: vec![allow.clone()],
            as_of: now.map(UnixTime::from_seconds),
            ..Context::default()
        };
        let audit = attested(&raw, context);
        assert_eq!(audit.allows, [expected], "{allow:?}");
        assert_eq!(open(&audit, "DP-IMG-003")[0].allowed.is_some(), expected == AllowOutcome::Applied);
        assert!(audit.stage_line().contains("DP-IMG-003"), "no allowance raises the stage");
    }
}

#[test]
fn an_allowance_for_one_place_leaves_the_others() {
    let compose = "services:\n  one:\n    image: example/app:latest\n  two:\n    image: example/app:latest\n";
    let place = Some("services.one".to_owned());
    let context =
        Context { allows: vec![Allow { place, ..allow("DP-IMG-003", "r", None) }], ..Context::default() };
    let audit = attested(&app_compose(compose, &[]), context);
    let allowed: Vec<bool> =
        open(&audit, "DP-IMG-003").iter().map(|finding| finding.allowed.is_some()).collect();
    assert_eq!(allowed, [true, false]);
}

#[test]
fn the_same_input_gives_the_same_findings_in_the_same_order() {
    let (raw, context, tree) = exemplary(&clean_compose());
    assert_eq!(run(&raw, &context, &tree).findings, run(&raw, &context, &tree).findings);
}

#[test]
fn findings_survive_json_and_old_reports_without_places_still_read() {
    let audit = unattested(&app_compose("services:\n  app:\n    image: example/app:latest\n", &[]));
    let json = serde_json::to_string(&audit.findings).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Finding>>(&json).unwrap(), audit.findings);
    let old = r#"{"rule":"R","severity":"low","status":"fail","title":"t","where":"w","evidence":"e"}"#;
    assert!(serde_json::from_str::<Finding>(old).unwrap().place.is_none());
}
