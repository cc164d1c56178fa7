//! Machines with their logs, composes and certificates.

use crate::vectors::{find, judge, machines};
use serde_json::Value;
use std::collections::BTreeSet;
use veritee_model::{Budget, Check, CheckId, Evidence, Outcome, Reason, Report, Step};
use veritee_second_opinion::DcapQvl;
use veritee_verify::Engine;

const REGISTERS: [CheckId; 4] =
    [CheckId::EventLogRtmr0, CheckId::EventLogRtmr1, CheckId::EventLogRtmr2, CheckId::EventLogRtmr3];

/// The certificate's key is bound. The quote inside of it is of the same platform: what the policy refuses of the machine's
/// own it refuses of this one too, and nothing else may stand against it.
fn binds(report: &Report, name: &str) {
    let check = find(report, CheckId::BindingRaTls);
    if check.outcome == Outcome::Pass {
        return;
    }
    let faults = |check: &Check| -> BTreeSet<(Reason, Option<String>)> {
        let alone = check.reason.filter(|_| check.faults.is_empty() && check.outcome == Outcome::Fail);
        let each = check.faults.iter().map(|fault| (fault.reason, fault.value.clone()));
        each.chain(alone.map(|reason| (reason, None))).collect()
    };
    let of_the_platform: BTreeSet<_> =
        report.checks.iter().filter(|check| check.step == Step::Platform).flat_map(faults).collect();
    let of_the_certificate = faults(check);
    assert!(
        check.outcome == Outcome::Fail
            && !of_the_certificate.is_empty()
            && of_the_certificate.is_subset(&of_the_platform),
        "{name}: {check:#?} beside {of_the_platform:#?}"
    );
}

#[test]
fn every_accepted_machine_replays_and_binds_as_its_description_says() {
    let (mut seen, mut composes, mut certificates) = (0, 0, 0);
    for machine in machines().iter().filter(|machine| machine.accepted) {
        let name = &machine.name;
        let report = machine.judge();
        let passes = |id: CheckId| {
            let check = find(&report, id);
            assert_eq!(check.outcome, Outcome::Pass, "{name}: {check:#?}");
        };
        for id in [
            CheckId::QuoteSignature,
            CheckId::EventLogFormat,
            CheckId::EventLogDigests,
            CheckId::IdentityEvents,
        ] {
            passes(id);
        }
        REGISTERS.into_iter().for_each(passes);
        let config_id =
            machine.meta["quote"]["mr_config_id"].as_str().or(machine.meta["mrconfigid"].as_str());
        let check = find(&report, CheckId::ComposeConfigId);
        if config_id.unwrap().bytes().all(|digit| digit == b'0') {
            assert_eq!(check.reason, Some(Reason::MrConfigIdZero), "{name}");
        } else {
            passes(CheckId::ComposeConfigId);
        }
        if machine.evidence.app_compose.is_some() {
            passes(CheckId::ComposeHash);
            passes(CheckId::ComposeDocument);
            composes += 1;
        } else {
            assert_eq!(find(&report, CheckId::ComposeHash).reason, Some(Reason::ComposeMissing), "{name}");
        }
        if machine.evidence.certificates.is_some() {
            binds(&report, name);
            certificates += 1;
        }
        let identity = report.identity.as_ref().unwrap();
        if let Some(aggregated) = machine.meta["checks"]["mr_aggregated"].as_str() {
            assert_eq!(identity.mr_aggregated.to_string(), aggregated, "{name}");
        }
        seen += 1;
    }
    if seen > 0 {
        eprintln!("{seen} machines, {composes} composes, {certificates} certificate chains");
        assert!(seen >= 20 && composes >= 14 && certificates >= 5, "{seen} {composes} {certificates}");
    }
}

#[test]
fn an_info_answer_goes_straight_through_and_its_claims_agree() {
    let mut seen = 0;
    for machine in machines() {
        let Some(info) = machine.file("info.raw.json") else { continue };
        let readout = veritee_evidence::read("info.raw.json", &info, &Budget::STANDARD).unwrap();
        let found = readout.select(None).unwrap();
        assert_eq!(
            found.app_compose.as_ref().map(|item| &item.bytes),
            machine.evidence.app_compose.as_ref().map(|item| &item.bytes)
        );
        let evidence = Evidence { collateral: machine.evidence.collateral.clone(), ..found };
        let report = judge(&evidence, machine.as_of, Engine::Both(&DcapQvl));
        if machine.accepted {
            for id in [CheckId::IdentityClaims, CheckId::ComposeHash, CheckId::EventLogRtmr3] {
                let check = find(&report, id);
                assert_eq!(check.outcome, Outcome::Pass, "{}: {check:#?}", machine.name);
            }
            binds(&report, &machine.name);
        } else {
            assert!(report.identity.is_none(), "{}", machine.name);
        }
        seen += 1;
    }
    assert!(seen == 0 || seen >= 6, "{seen}");
}

#[test]
fn a_leaf_by_itself_is_bound_and_its_issuer_stays_open_or_is_shown_by_the_kms_key() {
    for machine in
        machines().iter().filter(|machine| machine.accepted && machine.evidence.certificates.is_some())
    {
        let mut evidence = machine.evidence.clone();
        let chain = evidence.certificates.as_mut().unwrap();
        let text = String::from_utf8(chain.bytes.clone()).unwrap();
        let end = "-----END CERTIFICATE-----\n";
        chain.bytes = text.split_inclusive(end).next().unwrap().into();
        let report = judge(&evidence, machine.as_of, Engine::Both(&DcapQvl));
        if find(&report, CheckId::BindingRaTls).outcome == Outcome::Fail {
            binds(&report, &machine.name);
        }
    }
}

#[test]
fn two_runs_give_the_same_bytes() {
    for machine in machines() {
        assert_eq!(
            veritee_report::json(&machine.judge()),
            veritee_report::json(&machine.judge()),
            "{}",
            machine.name
        );
    }
}

#[test]
fn a_machine_s_description_has_the_quote_that_the_report_shows() {
    for machine in machines().iter().filter(|machine| machine.meta["quote"].is_object()) {
        let report = machine.judge();
        let quote: Value = serde_json::to_value(report.quote.as_ref().unwrap()).unwrap();
        for (ours, theirs) in [
            ("mrtd", "mr_td"),
            ("rtmr3", "rt_mr3"),
            ("report_data", "report_data"),
            ("mr_config_id", "mr_config_id"),
        ] {
            assert_eq!(quote[ours], machine.meta["quote"][theirs], "{} {ours}", machine.name);
        }
    }
}
