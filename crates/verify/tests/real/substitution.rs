//! Two honest machines, and one's part in the other's evidence. Each substitution is refused by name.

use crate::vectors::{Machine, find, judge, machines};
use veritee_model::{CheckId, Class, Outcome, Reason, Report};
use veritee_second_opinion::DcapQvl;
use veritee_verify::Engine;

fn pairs() -> Vec<(Machine, Machine)> {
    let complete = |machine: &Machine| {
        machine.accepted && machine.evidence.app_compose.is_some() && machine.evidence.certificates.is_some()
    };
    let (first, second): (Vec<_>, Vec<_>) =
        machines().into_iter().filter(complete).enumerate().partition(|(index, _)| index % 2 == 0);
    first.into_iter().zip(second).map(|((_, one), (_, other))| (one, other)).collect()
}

#[track_caller]
fn refused(report: &Report, id: CheckId, reason: Reason, names: &str) {
    let exit = if reason.class() == Class::NotGenuine { 10 } else { 11 };
    let check = find(report, id);
    assert_eq!((check.outcome, check.reason), (Outcome::Fail, Some(reason)), "{names}: {check:?}");
    assert_eq!(report.verdict.exit_code, exit, "{names}: {:?}", report.verdict);
}

#[test]
fn no_part_of_one_machine_passes_in_the_evidence_of_another() {
    for (one, other) in pairs() {
        let names = format!("{} with parts of {}", one.name, other.name);
        let with = |change: &dyn Fn(&mut veritee_model::Evidence)| {
            let mut evidence = one.evidence.clone();
            change(&mut evidence);
            judge(&evidence, one.as_of, Engine::Both(&DcapQvl))
        };
        let log = with(&|evidence| evidence.event_log.clone_from(&other.evidence.event_log));
        refused(&log, CheckId::EventLogRtmr3, Reason::RtmrMismatch, &names);
        assert!(log.identity.is_none());
        let compose = with(&|evidence| evidence.app_compose.clone_from(&other.evidence.app_compose));
        if one.evidence.app_compose != other.evidence.app_compose {
            refused(&compose, CheckId::ComposeHash, Reason::ComposeHashMismatch, &names);
        }
        let chain = with(&|evidence| evidence.certificates.clone_from(&other.evidence.certificates));
        let check = find(&chain, CheckId::BindingRaTls);
        // Issued to another application or by another KMS it is a contradiction; else it is of another machine.
        let reason = check.reason.unwrap();
        let by_meaning = [Reason::RaTlsIssuerMismatch, Reason::RaTlsQuote, Reason::RaTlsOtherMachine];
        assert!(by_meaning.contains(&reason), "{names}: {check:?}");
        refused(&chain, CheckId::BindingRaTls, reason, &names);
        let quote = with(&|evidence| {
            evidence.quote.clone_from(&other.evidence.quote);
            evidence.collateral.extend(other.evidence.collateral.clone());
        });
        assert!(matches!(quote.verdict.exit_code, 10 | 11), "{names}: {:?}", quote.verdict);
        assert!(quote.identity.is_none(), "{names}");
    }
}

#[test]
fn the_claims_of_one_machine_contradict_the_quote_of_another() {
    for (one, other) in pairs() {
        let (Some(own), Some(foreign)) = (one.file("info.raw.json"), other.file("info.raw.json")) else {
            continue;
        };
        let read = |bytes: &[u8]| {
            let readout = veritee_evidence::read("info", bytes, &veritee_model::Budget::STANDARD).unwrap();
            readout.select(None).unwrap()
        };
        // The other one's page beside this one's quote, log, compose and certificate.
        let mut evidence = read(&own);
        evidence.collateral.clone_from(&one.evidence.collateral);
        evidence.claims = read(&foreign).claims;
        let report = judge(&evidence, one.as_of, Engine::Both(&DcapQvl));
        let names = format!("{} with claims of {}", one.name, other.name);
        refused(&report, CheckId::IdentityClaims, Reason::ClaimContradictsQuote, &names);
    }
}
