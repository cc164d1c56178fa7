//! What was fetched, written, read back and judged: the attacks of the network end in a refusal.

use crate::support::{CLOUD, GATEWAY, INFO, NONCE, World, app_id, plain, target, with_cloud};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use veritee_acquire::{Acquired, Options, Outcome, Source};
use veritee_loopback::Reply;
use veritee_model::{Budget, Check, CheckId, Item, Reason, Report};
use veritee_policy::Policy;
use veritee_quote::TrustRoot;
use veritee_testkit::dstack::report_data::Binding;
use veritee_testkit::dstack::{ForgedMachine, Machine};
use veritee_verify::audit::Given;
use veritee_verify::{Engine, Expected, Grounds, Request, verify};

/// The report of one machine, after its evidence went through a file.
fn judge(acquired: &Acquired, label: usize, machine: &ForgedMachine, expected: &Expected) -> Report {
    let mut evidence = acquired.machines[label].evidence.clone();
    evidence.collateral.push(Item::new(machine.platform.collateral_json(), "collateral.json"));
    let json = veritee_evidence::to_json(&evidence, "0.1.0");
    let read = veritee_evidence::read("evidence.json", json.as_bytes(), &Budget::STANDARD).unwrap();
    let root = TrustRoot::from_der(&machine.platform.root_der).unwrap();
    let policy = format!(
        "schema = \"veritee/policy/v1\"\nname = \"test\"\n[root]\nspki_sha256 = \"{}\"\nreason = \"a forged universe\"\n",
        root.spki_sha256()
    );
    let policy = Policy::parse(&policy).unwrap();
    let grounds = Grounds::new(&root, &Budget::STANDARD);
    verify(&Request {
        kind: veritee_model::Kind::Machine,
        evidence: &read.machines[0].evidence,
        policy: &policy,
        policy_sha256: None,
        as_of: machine.platform.as_of,
        grounds: &grounds,
        expected,
        engine: Engine::Native,
        fail_on: None,
        image: None,
        asked: &[],
        gpu: veritee_verify::GpuGiven::default(),
        chain: veritee_verify::ChainGiven::default(),
        audit: Given::default(),
        budget: &Budget::STANDARD,
        tool_version: "0.1.0",
    })
}

fn find(report: &Report, id: CheckId) -> &Check {
    report.checks.iter().find(|check| check.id == id).unwrap()
}

#[track_caller]
fn passes(report: &Report, ids: &[CheckId]) {
    for id in ids {
        let check = find(report, *id);
        assert_eq!(check.reason, None, "{check:?}");
    }
}

#[track_caller]
fn fails(report: &Report, id: CheckId, reason: Reason) {
    let check = find(report, id);
    assert_eq!((check.outcome, check.reason), (veritee_model::Outcome::Fail, Some(reason)), "{check:?}");
}

const GENUINE: &[CheckId] = &[
    CheckId::QuoteSignature,
    CheckId::EventLogDigests,
    CheckId::EventLogRtmr3,
    CheckId::IdentityClaims,
    CheckId::IdentityTarget,
    CheckId::ComposeHash,
    CheckId::BindingRaTls,
];

#[test]
fn what_a_genuine_machine_answers_is_judged_genuine() {
    let machine = Machine::new(1);
    let id = app_id(&machine);
    let mut world = World::new();
    world.agent(&id).on(INFO, Reply::json(machine.forge().info_json()));
    let acquired = world.fetch(&target(&id), &plain()).unwrap();
    passes(&judge(&acquired, 0, &machine.forge(), &Expected::Nothing), GENUINE);
}

#[test]
fn parts_of_two_answers_of_one_machine_are_judged_as_one() {
    let machine = Machine::new(1);
    let fresh = Machine::new(1).change(|machine| machine.binding = Binding::Raw(NONCE.to_vec()));
    let id = app_id(&machine);
    let mut world = World::new();
    world.agent(&id).on(INFO, Reply::json(machine.forge().info_json()));
    let name = format!("{id}-3000.{GATEWAY}");
    world.server(&name).on("/attest", Reply::json(fresh.forge().get_quote_json()));
    let options = Options { nonce: Some(NONCE), ..plain() };
    let acquired = world.fetch(&format!("https://{name}/attest?n={{nonce}}"), &options).unwrap();
    let report = judge(&acquired, 0, &fresh.forge(), &Expected::Nonce(NONCE.to_vec()));
    passes(&report, GENUINE);
    passes(&report, &[CheckId::BindingNonce]);
}

#[test]
fn a_recording_from_an_endpoint_that_ignores_the_nonce_is_refused() {
    let recorded = Machine::new(1).forge();
    let mut world = World::new();
    world.server("a.example").on("/attest", Reply::json(recorded.get_quote_json()));
    let options = Options { nonce: Some(NONCE), ..plain() };
    let acquired = world.fetch("https://a.example/attest?n={nonce}", &options).unwrap();
    let report = judge(&acquired, 0, &recorded, &Expected::Nonce(NONCE.to_vec()));
    fails(&report, CheckId::BindingNonce, Reason::ReportDataMismatch);
}

#[test]
fn another_application_in_the_place_of_the_one_asked_for_is_refused() {
    let (asked, other) = (Machine::new(1), Machine::new(2).app_compose(r#"{"runner":"docker-compose"}"#));
    let id = app_id(&asked);
    let mut world = World::new();
    world.agent(&id).on(INFO, Reply::json(other.forge().info_json()));
    let acquired = world.fetch(&target(&id), &plain()).unwrap();
    let report = judge(&acquired, 0, &other.forge(), &Expected::Nothing);
    fails(&report, CheckId::IdentityTarget, Reason::TargetOtherApp);
}

#[test]
fn a_replica_with_another_compose_taints_the_good_one() {
    let (good, other) = (Machine::new(1), Machine::new(2).app_compose(r#"{"runner":"docker-compose"}"#));
    let id = app_id(&good);
    let mut world = World::new();
    let replies = vec![Reply::json(good.forge().info_json()), Reply::json(other.forge().info_json())];
    world.agent(&id).on(INFO, replies);
    let acquired = world.fetch(&target(&id), &plain()).unwrap();
    let report = judge(&acquired, 0, &good.forge(), &Expected::Nothing);
    fails(&report, CheckId::IdentityReplicas, Reason::ReplicasDisagree);
}

#[test]
fn a_source_that_waits_for_another_is_not_in_its_way() {
    let machine = Machine::new(1);
    let id = app_id(&machine);
    let mut world = World::new();
    world.agent(&id).on(INFO, Reply::json(machine.forge().info_json()));
    // The list answers only when the gateway, which stands behind it in the plan, was asked.
    let asked = Arc::new((Mutex::new(false), Condvar::new()));
    let seen = Arc::clone(&asked);
    world.server(&format!("gateway.{GATEWAY}")).otherwise(move |_| {
        *seen.0.lock().unwrap() = true;
        seen.1.notify_all();
        Reply::status(404)
    });
    world.server(CLOUD).otherwise(move |_| {
        let guard = asked.0.lock().unwrap();
        drop(asked.1.wait_timeout_while(guard, Duration::from_secs(5), |asked| !*asked).unwrap());
        Reply::json(r#"{"app_id":"","instances":[]}"#)
    });
    let acquired = world.fetch(&target(&id), &Options { gateway: true, ..with_cloud() }).unwrap();
    let list = acquired.attempts.iter().find(|attempt| attempt.source == Source::Cloud).unwrap();
    assert!(matches!(list.outcome, Outcome::NotRead(_)), "it answered: {list}");
    // Whatever came first, the story is told in the order of the plan.
    let order: Vec<Source> = acquired.attempts.iter().map(|attempt| attempt.source).collect();
    let info = [Source::Info; 4];
    let rest =
        [Source::LegacyInfo, Source::Cloud, Source::GatewayInfo, Source::GatewayAcme, Source::AgentPage];
    assert_eq!(order, [&info[..], &rest[..]].concat());
}
