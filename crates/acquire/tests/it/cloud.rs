//! Phala Cloud's list of instances.

use crate::support::{CLOUD, INFO, World, app_id, instance_id, outcomes, target, with_cloud};
use serde_json::{Value, json};
use veritee_acquire::{Note, Outcome, Source};
use veritee_evidence::ReadError;
use veritee_loopback::Reply;
use veritee_testkit::dstack::{ForgedMachine, Machine};

fn instance(machine: &ForgedMachine) -> Value {
    let log: Value = serde_json::from_str(&machine.event_log_json()).unwrap();
    json!({ "quote": hex::encode(&machine.platform.quote), "eventlog": log, "image_version": "dstack-0.5.4" })
}

fn stopped() -> Value {
    json!({ "quote": null, "eventlog": null, "image_version": null })
}

fn answer(id: &str, instances: &[Value]) -> Reply {
    Reply::json(json!({ "app_id": id, "contract_address": null, "instances": instances }).to_string())
}

fn path(id: &str) -> String {
    format!("/apps/{id}/attestations")
}

#[test]
fn running_instances_are_machines_and_stopped_ones_are_not() {
    let (first, second) = (Machine::new(1), Machine::new(2));
    let id = app_id(&first);
    let mut world = World::new();
    let instances = [instance(&first.forge()), stopped(), instance(&second.forge())];
    world.server(CLOUD).on(&path(&id), answer(&id, &instances));
    let acquired = world.fetch(&target(&id), &with_cloud()).unwrap();
    let labels: Vec<_> = acquired.machines.iter().map(|machine| machine.label.clone()).collect();
    assert_eq!(labels, [instance_id(&first), instance_id(&second)], "out of the logs, which are claims");
    for (machine, other) in [(0, 1), (1, 0)] {
        let evidence = &acquired.machines[machine].evidence;
        assert!(evidence.served.is_none(), "what the list's server showed is not about the machine");
        assert_eq!(evidence.replicas[0].label, labels[other]);
        assert!(evidence.replicas[0].values.contains_key("rtmr3"));
    }
    assert!(acquired.disagreements.is_empty());
    assert_eq!(world.count(CLOUD, &path(&id)), 1);
}

#[test]
fn an_instance_that_answers_itself_is_one_machine_with_both_halves() {
    let (first, second) = (Machine::new(1), Machine::new(2));
    let id = app_id(&first);
    let mut world = World::new();
    world.agent(&id).on(INFO, Reply::json(first.forge().info_json()));
    // Another quote of the same state: the list asks with other REPORTDATA.
    let zero = Machine::new(1)
        .change(|machine| machine.binding = veritee_testkit::dstack::report_data::Binding::Zero);
    world.server(CLOUD).on(&path(&id), answer(&id, &[instance(&zero.forge()), instance(&second.forge())]));
    let acquired = world.fetch(&target(&id), &with_cloud()).unwrap();
    let [own, other] = acquired.machines.as_slice() else { panic!("{:?}", acquired.machines.len()) };
    assert_eq!(
        own.evidence.quote.as_ref().unwrap().bytes,
        first.forge().platform.quote,
        "the agent's own is kept"
    );
    assert!(other.evidence.app_compose.is_none(), "the compose of another instance is not taken");
    assert!(acquired.notes.iter().any(|note| matches!(note, Note::AnotherQuote { .. })));
    // The page was asked for the compose that the second one lacks.
    assert_eq!(outcomes(&acquired.attempts, Source::AgentPage).len(), 1);
    assert!(matches!(outcomes(&acquired.attempts, Source::AgentPage)[0], Outcome::NotFetched(_)));
}

#[test]
fn a_list_without_a_running_instance_gives_nothing() {
    let id = app_id(&Machine::new(1));
    let mut world = World::new();
    world.server(CLOUD).on(&path(&id), answer(&id, &[stopped(), Value::Null]));
    let error = world.fetch(&target(&id), &with_cloud()).unwrap_err();
    let [Outcome::NotRead(ReadError::NoMachine { .. })] =
        outcomes(error.attempts(), Source::Cloud).as_slice()
    else {
        panic!("{error}")
    };
}

#[test]
fn more_machines_than_allowed_are_refused_and_not_cut() {
    let machine = Machine::new(1).forge();
    let id = app_id(&Machine::new(1));
    let mut world = World::new();
    let instances: Vec<Value> = (0..65).map(|_| instance(&machine)).collect();
    world.server(CLOUD).on(&path(&id), answer(&id, &instances));
    let error = world.fetch(&target(&id), &with_cloud()).unwrap_err();
    assert!(error.to_string().contains("more than 64 machines"), "{error}");
}

#[test]
fn a_log_that_names_another_compose_than_the_quote_does_not_hide_a_replica() {
    let first = Machine::new(1);
    let second = Machine::new(2).app_compose(r#"{"runner":"docker-compose"}"#);
    let id = app_id(&first);
    let mut lie = instance(&second.forge());
    let log = lie["eventlog"].to_string();
    let (own, other) = (hex::encode(second.compose_hash()), hex::encode(first.compose_hash()));
    assert!(log.contains(&own));
    lie["eventlog"] = serde_json::from_str(&log.replace(&own, &other)).unwrap();
    let mut world = World::new();
    world.server(CLOUD).on(&path(&id), answer(&id, &[instance(&first.forge()), lie]));
    let acquired = world.fetch(&target(&id), &with_cloud()).unwrap();
    assert_eq!(acquired.machines[0].evidence.replicas[0].values["compose_hash"], own, "MRCONFIGID is quoted");
    assert!(acquired.disagreements.iter().any(|found| found.name == "compose_hash"));
}
