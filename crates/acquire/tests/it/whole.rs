//! Everything at once, and what becomes of it in veritee's own documents.

use crate::support::{CLOUD, GATEWAY, INFO, World, app_id, instance_id, outcomes, target, with_cloud};
use serde_json::json;
use veritee_acquire::{Acquired, Options, Outcome, Source};
use veritee_loopback::Reply;
use veritee_model::Budget;
use veritee_testkit::dstack::Machine;
use veritee_testkit::dstack::report_data::Binding;

const ACCOUNT: &str = "https://acme.example/account/1";

fn gateway_machine(tag: &str, content: &[u8]) -> Machine {
    let binding = Binding::Tagged { tag: tag.to_owned(), content: content.to_vec() };
    Machine::new(9).change(|machine| machine.binding = binding)
}

fn everything() -> (World, Acquired) {
    let (first, second) = (Machine::new(1), Machine::new(2));
    let id = app_id(&first);
    let mut world = World::new();
    let replies = vec![Reply::json(first.forge().info_json()), Reply::json(second.forge().info_json())];
    world.agent(&id).on(INFO, replies);
    let second_forged = second.forge();
    let cloud = json!({
        "app_id": id,
        "instances": [{ "quote": hex::encode(&second_forged.platform.quote), "eventlog": second_forged.event_log_json() }],
    });
    world.server(CLOUD).on(&format!("/apps/{id}/attestations"), Reply::json(cloud.to_string()));
    let key = b"not the key that is served".to_vec();
    let acme = json!({
        "account_uri": ACCOUNT,
        "account_quote": gateway_machine("acme-account", ACCOUNT.as_bytes()).forge().get_quote_json(),
        "quoted_hist_keys": [{
            "public_key": hex::encode(&key),
            "quote": gateway_machine("zt-cert", &key).forge().get_quote_json(),
        }],
    });
    let gateway = world.server(&format!("gateway.{GATEWAY}"));
    gateway.on("/.dstack/app-info", Reply::json(Machine::new(9).forge().info_json()));
    gateway.on("/.dstack/acme-info", Reply::json(acme.to_string()));
    let acquired = world.fetch(&target(&id), &Options { gateway: true, ..with_cloud() }).unwrap();
    (world, acquired)
}

#[test]
fn the_whole_set_is_two_replicas_and_the_gateway_with_its_account_and_keys() {
    let (world, acquired) = everything();
    let labels: Vec<_> = acquired.machines.iter().map(|machine| machine.label.clone()).collect();
    assert_eq!(
        labels,
        [
            instance_id(&Machine::new(1)),
            instance_id(&Machine::new(2)),
            "gateway".to_owned(),
            "gateway/account_quote".to_owned(),
            "gateway/quoted_hist_keys/0".to_owned(),
        ]
    );
    // 4 Info, 1 list, 2 of the gateway; every compose was there, so that the page was not needed.
    assert_eq!(world.requests(), 7);
    assert!(matches!(outcomes(&acquired.attempts, Source::AgentPage)[0], Outcome::NotAsked { .. }));
    let [_, _, gateway, account, key] = acquired.machines.as_slice() else { panic!("five machines") };
    assert!(account.evidence.bound_content.as_ref().is_some_and(|bound| bound.tag == "acme-account"));
    assert!(key.evidence.bound_content.as_ref().is_some_and(|bound| bound.tag == "zt-cert"));
    assert!(gateway.evidence.bound_content.is_none());
    for machine in [gateway, account, key] {
        assert!(
            machine.evidence.quote.is_some() && machine.evidence.app_compose.is_some(),
            "{}",
            machine.label
        );
        assert!(machine.evidence.replicas.is_empty(), "the gateway is no replica of the application");
        assert_eq!(machine.evidence.target.as_ref().unwrap().app_id, None, "nor is it what was asked for");
        assert_eq!(machine.evidence.served.as_ref().unwrap().server, format!("gateway.{GATEWAY}:443"));
    }
}

#[test]
fn what_was_fetched_is_written_and_read_back_the_same() {
    let (_world, acquired) = everything();
    let budget = Budget::STANDARD;
    for machine in &acquired.machines {
        let json = veritee_evidence::to_json(&machine.evidence, "0.1.0");
        let read = veritee_evidence::read("evidence.json", json.as_bytes(), &budget).unwrap();
        assert_eq!(read.machines[0].evidence, machine.evidence, "{}", machine.label);
    }
    let json = veritee_evidence::set_to_json(&acquired.machines, "0.1.0");
    assert_eq!(
        veritee_evidence::read("set.json", json.as_bytes(), &budget).unwrap().machines,
        acquired.machines
    );
}

#[test]
fn the_same_answers_give_the_same_evidence() {
    let ((_, first), (_, second)) = (everything(), everything());
    let without_served = |acquired: Acquired| {
        acquired.machines.into_iter().map(|mut machine| {
            // The certificates of the test's authority are new each time.
            machine.evidence.served = None;
            machine
        })
    };
    assert!(without_served(first).eq(without_served(second)));
}
