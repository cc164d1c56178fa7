//! Several machines behind one name.

use crate::support::{INFO, World, agent_name, app_id, info_with, instance_id, plain, target};
use veritee_acquire::Options;
use veritee_loopback::Reply;
use veritee_testkit::dstack::Machine;

#[test]
fn replicas_that_answer_in_turn_are_seen_once_each() {
    let (first, second) = (Machine::new(1), Machine::new(2));
    let id = app_id(&first);
    let mut world = World::new();
    let (one, two) = (Reply::json(first.forge().info_json()), Reply::json(second.forge().info_json()));
    world.agent(&id).on(INFO, vec![one.clone(), two, one]);
    let acquired = world.fetch(&target(&id), &plain()).unwrap();
    let labels: Vec<_> = acquired.machines.iter().map(|machine| machine.label.clone()).collect();
    assert_eq!(labels, [instance_id(&first), instance_id(&second)]);
    assert!(acquired.disagreements.is_empty(), "same application, same compose");
    assert_eq!(world.count(&agent_name(&id), INFO), 4);
}

#[test]
fn replicas_that_disagree_know_of_each_other() {
    let first = Machine::new(1);
    let second = Machine::new(2).app_compose(r#"{"manifest_version":2,"runner":"docker-compose"}"#);
    let id = app_id(&first);
    let mut world = World::new();
    let replies = vec![Reply::json(first.forge().info_json()), Reply::json(second.forge().info_json())];
    world.agent(&id).on(INFO, replies);
    let acquired = world.fetch(&target(&id), &Options { info_requests: 2, ..plain() }).unwrap();
    let names: Vec<_> = acquired.disagreements.iter().map(|found| found.name).collect();
    assert_eq!(names, ["app_id", "compose_hash"]);
    assert_eq!(
        acquired.disagreements[1].values,
        [
            (instance_id(&first), hex::encode(first.compose_hash())),
            (instance_id(&second), hex::encode(second.compose_hash())),
        ]
    );
    assert!(acquired.disagreements[0].to_string().contains("do not agree on app_id"));
    for (machine, other) in [(0, &second), (1, &first)] {
        let [replica] = acquired.machines[machine].evidence.replicas.as_slice() else { panic!("one other") };
        assert_eq!(replica.label, instance_id(other));
        assert_eq!(replica.values["compose_hash"], hex::encode(other.compose_hash()));
        assert_eq!(replica.values["app_id"], app_id(other));
    }
}

#[test]
fn a_claimed_instance_id_never_hides_a_machine() {
    let first = Machine::new(1);
    let second = Machine::new(2).app_compose(r#"{"manifest_version":2,"runner":"docker-compose"}"#);
    let id = app_id(&first);
    let mut world = World::new();
    // The second one claims to be the first.
    let lie = info_with(&second.forge(), &[("instance_id", &instance_id(&first)), ("app_id", &id)]);
    world.agent(&id).on(INFO, vec![Reply::json(first.forge().info_json()), Reply::json(lie)]);
    let acquired = world.fetch(&target(&id), &plain()).unwrap();
    assert_eq!(acquired.machines.len(), 2);
    let names: Vec<_> = acquired.disagreements.iter().map(|found| found.name).collect();
    assert_eq!(names, ["app_id", "compose_hash"], "by quote and log, whatever is claimed beside them");
    let replica = &acquired.machines[0].evidence.replicas[0];
    assert_eq!(replica.values["compose_hash"], hex::encode(second.compose_hash()));
    assert_eq!(replica.values["app_id"], app_id(&second));
}

#[test]
fn the_same_state_on_another_processor_is_another_machine() {
    let first = Machine::new(1);
    let mut second = Machine::new(1);
    let key = veritee_testkit::SigningKey::derive(99, "another processor");
    second.universe.pki.replace_key(veritee_testkit::Role::Pck, key);
    let id = app_id(&first);
    let mut world = World::new();
    let replies = vec![Reply::json(first.forge().info_json()), Reply::json(second.forge().info_json())];
    world.agent(&id).on(INFO, replies);
    let acquired = world.fetch(&target(&id), &plain()).unwrap();
    assert_eq!(acquired.machines.len(), 2);
}
