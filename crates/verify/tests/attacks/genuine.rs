//! What is attacked elsewhere passes when it is left alone.

use crate::support::{Case, NONCE, OPEN, assert_verdict, attacks, find, log_item, machine, ra_tls};
use veritee_model::{CheckId, Item, Outcome, Reason, VerdictOutcome};
use veritee_testkit::Shape;
use veritee_testkit::dstack::Machine;
use veritee_testkit::dstack::config_id::MrConfig;
use veritee_testkit::dstack::event::{self, Event};
use veritee_testkit::dstack::report_data::Binding;
use veritee_verify::{Engine, Expected};

attacks! {
    fn a_genuine_machine_passes_everything_that_can_pass() {
        let report = Case::new(&machine()).is_verified();
        for id in CheckId::ALL {
            let open = OPEN.contains(id);
            assert!(open || find(&report, *id).outcome == Outcome::Pass, "{id}");
        }
        assert_eq!(report.identity.unwrap().app_id.as_bytes(), &machine().payloads().app_id);
    }

    fn every_kind_of_tdx_quote_passes() {
        for shape in [Shape::TdxV4, Shape::TdxV5Td10, Shape::TdxV5Td15, Shape::TdxV5Td15Ex] {
            let machine = Machine::with_shape(3, shape)
                .change(|machine| machine.binding = Binding::Raw(NONCE.to_vec()));
            Case::new(&machine).is_verified();
        }
    }

    fn a_log_of_version_2_events_passes() {
        for preimage in [false, true] {
            let machine = machine().events(|events| {
                for event in events.iter_mut().filter(|event| event.imr == 3) {
                    *event = Event::runtime_v2(&event.name, &event.payload, preimage);
                }
            });
            Case::new(&machine).is_verified();
        }
    }

    fn a_machine_of_a_later_dstack_with_gpu_and_scripts_passes() {
        let mut machine = machine();
        let payloads = machine.payloads();
        machine.events.retain(|event| event.imr != 3);
        machine.events.extend(event::all_runtime_events(&payloads));
        Case::new(&machine).is_verified();
    }

    fn each_version_of_mrconfigid_passes() {
        for mr_config in [MrConfig::V1, MrConfig::V2, MrConfig::V3] {
            let machine = machine().change(|machine| machine.mr_config = mr_config);
            Case::new(&machine).is_verified();
        }
    }

    fn a_log_that_was_stripped_to_rtmr3_passes_and_says_what_was_not_replayed() {
        let mut forged = machine().forge();
        forged.events.retain(|event| event.imr == 3);
        let case = Case::of(&forged, &ra_tls(&machine()));
        for id in [CheckId::EventLogRtmr0, CheckId::EventLogRtmr1, CheckId::EventLogRtmr2] {
            case.is_open(id, Reason::EventLogStripped, VerdictOutcome::Verified);
        }
    }

    fn run_time_digests_that_were_stripped_are_recomputed() {
        let mut forged = machine().forge();
        forged.events.iter_mut().filter(|event| event.imr == 3).for_each(|event| event.digest.clear());
        Case::of(&forged, &ra_tls(&machine())).is_verified();
    }

    fn without_a_nonce_the_report_says_that_freshness_was_not_shown() {
        Case::new(&machine()).change(|case| case.expected = Expected::Nothing).is_open(
            CheckId::BindingNonce,
            Reason::FreshnessNotShown,
            VerdictOutcome::Verified,
        );
    }

    fn one_engine_is_enough_but_the_missing_opinion_is_listed() {
        Case::new(&machine()).change(|case| case.engine = Engine::Native).is_open(
            CheckId::QuoteSecondOpinion,
            Reason::SecondEngineNotRun,
            VerdictOutcome::Verified,
        );
    }

    fn what_is_missing_leaves_its_question_open_and_the_verdict_incomplete() {
        type Without = fn(&mut Case);
        let rows: [(Without, CheckId, Reason); 4] = [
            (|case| case.evidence.quote = None, CheckId::QuoteFormat, Reason::QuoteMissing),
            (|case| case.evidence.collateral.clear(), CheckId::QuoteCollateral, Reason::CollateralMissing),
            (|case| case.evidence.event_log = None, CheckId::EventLogRtmr3, Reason::EventLogMissing),
            (|case| case.evidence.app_compose = None, CheckId::ComposeHash, Reason::ComposeMissing),
        ];
        for (without, id, reason) in rows {
            let report = Case::new(&machine()).change(without).is_open(id, reason, VerdictOutcome::Incomplete);
            assert!(!report.missing.is_empty());
        }
        Case::new(&machine()).change(|case| case.evidence.certificates = None).is_open(
            CheckId::BindingRaTls,
            Reason::RaTlsMissing,
            VerdictOutcome::Verified,
        );
    }

    fn without_a_pin_the_operating_system_is_not_shown() {
        let mut case = Case::new(&machine());
        let start = case.policy.find("[[os.machine]]").unwrap();
        let end = case.policy.find("[audit]").unwrap();
        case.policy.replace_range(start..end, "");
        case.is_open(CheckId::OsMeasured, Reason::OsNotMeasured, VerdictOutcome::Incomplete);
    }

    fn the_audit_is_required_unless_the_policy_says_otherwise() {
        let mut case = Case::new(&machine());
        let start = case.policy.find("[audit]").unwrap();
        case.policy.truncate(start);
        let report = case.judge();
        let audit = find(&report, CheckId::AuditRules);
        assert!(audit.required);
        if audit.outcome == Outcome::NotChecked {
            assert_verdict(&report, VerdictOutcome::Incomplete);
        }
    }

    fn an_empty_log_of_a_machine_that_measured_nothing_names_no_application() {
        let machine = machine().events(|events| events.retain(|event| event.imr < 3));
        Case::new(&machine).is_refused(
            CheckId::IdentityEvents,
            Reason::BootIncomplete,
            VerdictOutcome::Refused,
        );
    }

    fn two_runs_give_the_same_bytes() {
        let report = || veritee_report::json(&Case::new(&machine()).judge());
        let first = report();
        let second = report();
        assert_eq!(first, second);
        let refused = || {
            let case = Case::new(&machine()).event_log("[]");
            veritee_report::json(&case.judge())
        };
        assert_eq!(refused(), refused());
    }

    fn a_second_list_of_events_that_agrees_is_no_obstacle() {
        let forged = machine().forge();
        let runtime: Vec<Event> =
            forged.events.iter().filter(|event| event.imr == 3).cloned().collect();
        let mut case = Case::of(&forged, &ra_tls(&machine()));
        case.evidence.runtime_events = Some(Item::new(event::log_json(&runtime), "runtime_events"));
        case.evidence.event_log = Some(log_item(forged.event_log_json()));
        case.is_verified();
    }
}

/// The published schema, held against reports of every outcome.
#[test]
fn reports_of_every_outcome_have_the_published_form() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schemas/report-v1.schema.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: docs/schemas/report-v1.schema.json is absent");
        return;
    };
    let schema = jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap();
    let genuine = Case::new(&machine());
    let cases = [
        genuine.clone(),
        genuine.clone().event_log(Machine::new(2).forge().event_log_json()),
        genuine.clone().change(|case| case.evidence.quote = None),
        genuine.policy("[tcb]\nminimum_evaluation_number = 99\n"),
    ];
    let mut outcomes = Vec::new();
    for case in cases {
        let report = case.judge();
        outcomes.push(report.verdict.exit_code);
        let document: serde_json::Value = serde_json::from_str(&veritee_report::json(&report)).unwrap();
        let problems: Vec<String> = schema
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{problems:#?}");
    }
    assert_eq!(outcomes, [0, 10, 13, 11]);
}
