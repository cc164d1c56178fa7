//! What is taken out of evidence answers nothing: a refusal does not become a pass, but for a question that nobody has to
//! ask, and then the report says that it was not asked.

use crate::support::{Case, machine, ra_tls};
use veritee_model::{Evidence, Outcome, VerdictOutcome};
use veritee_testkit::dstack::Machine;
use veritee_testkit::{Role, Universe};

/// A part, how it is taken out, and whether every machine has to have it.
type Part = (&'static str, fn(&mut Evidence), bool);

const PARTS: [Part; 8] = [
    ("quote", |evidence| evidence.quote = None, true),
    ("event log", |evidence| evidence.event_log = None, true),
    ("app_compose", |evidence| evidence.app_compose = None, true),
    ("certificates", |evidence| evidence.certificates = None, false),
    ("run-time events", |evidence| evidence.runtime_events = None, false),
    ("vm_config", |evidence| evidence.vm_config = None, false),
    ("mr_config", |evidence| evidence.mr_config = None, false),
    (
        "everything but quote and collateral",
        |evidence| {
            *evidence = Evidence {
                quote: evidence.quote.clone(),
                collateral: evidence.collateral.clone(),
                ..Evidence::default()
            };
        },
        true,
    ),
];

fn on(change: impl FnOnce(Universe) -> Universe) -> Case {
    Case::new(&machine().universe(change))
}

fn with(change: impl FnOnce(&mut Case)) -> Case {
    Case::new(&machine()).change(change)
}

fn refused() -> Vec<(&'static str, Case)> {
    let other = Machine::new(2).forge();
    let mut other_compose = other.app_compose.clone();
    other_compose.push(b'\n');
    let mut forged = machine().forge();
    let event = forged.events.iter_mut().find(|event| event.name == "compose-hash").unwrap();
    event.payload = vec![7; 32];
    vec![
        ("another machine's log", with(|case| *case = case.clone().event_log(other.event_log_json()))),
        ("a changed log", Case::of(&forged, &ra_tls(&machine()))),
        ("another compose", with(|case| *case = case.clone().app_compose(other_compose))),
        ("another nonce", with(|case| case.expected = veritee_verify::Expected::Nonce(vec![1; 32]))),
        (
            "another machine's certificate",
            with(|case| {
                let chain = ra_tls(&Machine::new(2));
                case.evidence.certificates = Some(veritee_model::Item::new(chain, "chain.pem"));
            }),
        ),
        (
            "another application is expected",
            with(|case| {
                *case = case.clone().policy(&format!("[expect]\napp_id = [\"{}\"]\n", "ab".repeat(20)));
            }),
        ),
        ("debug", on(|it| it.quote(|quote| quote.td().td_attributes[0] |= 1))),
        ("out of date", on(|it| it.tcb_info(|info| info.levels[0].status = "OutOfDate".into()))),
        ("revoked", on(|it| it.revoke(Role::Pck))),
        ("forged", on(|it| it.quote(|quote| quote.signed_by = Role::Stranger))),
    ]
}

#[test]
fn taking_evidence_out_turns_no_refusal_into_a_pass() {
    for (name, case) in refused() {
        let before = case.judge();
        let outcome = before.verdict.outcome;
        assert!(
            matches!(outcome, VerdictOutcome::NotGenuine | VerdictOutcome::Refused),
            "{name}: {outcome:?}"
        );
        let failed: Vec<_> = before
            .checks
            .iter()
            .filter(|check| check.outcome == Outcome::Fail)
            .map(|check| check.id)
            .collect();
        for (part, take_out, needed) in PARTS {
            let after = case.clone().change(|case| take_out(&mut case.evidence)).judge();
            if after.verdict.outcome != VerdictOutcome::Verified {
                continue;
            }
            assert!(!needed, "{name}: passes without {part}");
            for check in after.checks.iter().filter(|check| failed.contains(&check.id)) {
                assert_eq!(check.outcome, Outcome::NotChecked, "{name}: {} passes without {part}", check.id);
                assert!(!check.required, "{name}: {} without {part}", check.id);
            }
        }
    }
}

#[test]
fn a_question_that_the_policy_asks_is_not_dropped_with_its_evidence() {
    let (_, case) = refused().swap_remove(4);
    let mut case = case.change(|case| case.head.push_str("require = [\"binding.ra-tls\"]\n"));
    assert_eq!(case.judge().verdict.outcome.exit_code().code() / 2, 5, "refused or not genuine");
    case.evidence.certificates = None;
    assert_eq!(case.judge().verdict.outcome, VerdictOutcome::Incomplete);
}

/// Of every kind of fault: whoever requires the checks that found it gets no pass by what is taken out, whatever that is.
#[test]
fn under_a_policy_that_requires_its_checks_no_refusal_becomes_a_pass() {
    for (name, case) in refused() {
        let report = case.judge();
        let failed = report.checks.iter().filter(|check| check.outcome == Outcome::Fail);
        let failed: Vec<String> = failed.map(|check| format!("\"{}\"", check.id)).collect();
        assert!(!failed.is_empty(), "{name}");
        let require = format!("require = [{}]\n", failed.join(", "));
        let case = case.change(|case| case.head.push_str(&require));
        for (part, take_out, _) in PARTS {
            let after = case.clone().change(|case| take_out(&mut case.evidence)).judge();
            assert_ne!(after.verdict.outcome, VerdictOutcome::Verified, "{name}: passes without {part}");
        }
    }
}
