//! An application's own quote endpoint.

use crate::support::{GATEWAY, INFO, NONCE, World, app_id, outcomes, plain, problem};
use veritee_acquire::{Note, Options, Source, SourceProblem};
use veritee_loopback::Reply;
use veritee_testkit::dstack::Machine;
use veritee_testkit::dstack::report_data::Binding;

const HOST: &str = "quotes.example";

fn with_nonce() -> Options {
    Options { nonce: Some(NONCE), ..plain() }
}

fn fresh() -> Machine {
    Machine::new(1).change(|machine| machine.binding = Binding::Raw(NONCE.to_vec()))
}

#[test]
fn the_nonce_goes_out_in_its_place_and_the_answer_says_so() {
    let mut world = World::new();
    let target = format!("/attest?nonce={}&v=1", hex::encode(NONCE));
    world.server(HOST).on(&target, Reply::json(fresh().forge().get_quote_json()));
    let acquired = world.fetch(&format!("https://{HOST}/attest?nonce={{nonce}}&v=1"), &with_nonce()).unwrap();
    let [only] = acquired.machines.as_slice() else { panic!("one machine") };
    assert_eq!(acquired.asked_with_nonce, [only.label.as_str()]);
    assert_eq!(only.evidence.served.as_ref().unwrap().server, format!("{HOST}:443"));
    assert_eq!(only.evidence.target.as_ref().unwrap().domain, None);
    assert_eq!(world.requests(), 1);
}

#[test]
fn an_endpoint_that_ignores_the_nonce_gives_a_quote_that_does_not_carry_it() {
    let mut world = World::new();
    world.server(HOST).on("/attest", Reply::json(Machine::new(1).forge().get_quote_json()));
    let acquired = world.fetch(&format!("https://{HOST}/attest?nonce={{nonce}}"), &with_nonce()).unwrap();
    // That it was asked is all that is said here; the verifier refuses the quote.
    assert_eq!(acquired.asked_with_nonce.len(), 1);
    let quote = &acquired.machines[0].evidence.quote.as_ref().unwrap().bytes;
    assert!(!quote.windows(32).any(|window| window == NONCE));
}

#[test]
fn without_a_place_for_it_no_nonce_goes_out() {
    let mut world = World::new();
    world.server(HOST).on("/attest", Reply::json(Machine::new(1).forge().get_quote_json()));
    let acquired = world.fetch(&format!("https://{HOST}/attest"), &with_nonce()).unwrap();
    assert!(acquired.asked_with_nonce.is_empty());
    let requests = world.server(HOST).requests();
    assert!(requests.iter().all(|request| request.query.is_empty()));
}

#[test]
fn a_fresh_quote_of_the_endpoint_is_completed_by_the_agent_of_the_same_machine() {
    let machine = Machine::new(1);
    let id = app_id(&machine);
    let mut world = World::new();
    world.agent(&id).on(INFO, Reply::json(machine.forge().info_json()));
    world
        .server(&format!("{id}-3000.{GATEWAY}"))
        .on("/attest", Reply::json(fresh().forge().get_quote_json()));
    let target = format!("https://{id}-3000.{GATEWAY}/attest?n={{nonce}}");
    let acquired = world.fetch(&target, &with_nonce()).unwrap();
    let [only] = acquired.machines.as_slice() else { panic!("{} machines", acquired.machines.len()) };
    assert_eq!(only.evidence.quote.as_ref().unwrap().bytes, fresh().forge().platform.quote);
    assert!(only.evidence.app_compose.is_some() && only.evidence.certificates.is_some());
    assert_eq!(acquired.asked_with_nonce, [only.label.as_str()]);
    assert!(acquired.notes.iter().any(|note| matches!(note, Note::AnotherQuote { .. })));
}

#[test]
fn a_quote_of_another_replica_stays_a_machine_of_its_own() {
    let machine = Machine::new(2);
    let id = app_id(&machine);
    let mut world = World::new();
    world.agent(&id).on(INFO, Reply::json(machine.forge().info_json()));
    world
        .server(&format!("{id}-3000.{GATEWAY}"))
        .on("/attest", Reply::json(fresh().forge().get_quote_json()));
    let acquired =
        world.fetch(&format!("https://{id}-3000.{GATEWAY}/attest?n={{nonce}}"), &with_nonce()).unwrap();
    let [fresh_one, other] = acquired.machines.as_slice() else { panic!("two machines") };
    assert_eq!(acquired.asked_with_nonce, [fresh_one.label.as_str()]);
    assert!(fresh_one.evidence.app_compose.is_none() && other.evidence.app_compose.is_some());
}

#[test]
fn a_record_of_somebody_elses_fetching_is_no_answer() {
    let machine = Machine::new(1);
    let id = app_id(&machine);
    let mut world = World::new();
    world.agent(&id).on(INFO, Reply::json(machine.forge().info_json()));
    let acquired = world.fetch(&format!("{id}@{GATEWAY}"), &plain()).unwrap();
    let document = veritee_evidence::to_json(&acquired.machines[0].evidence, "0.1.0");
    world.server(HOST).on("/attest", Reply::json(document));
    let error = world.fetch(&format!("https://{HOST}/attest"), &plain()).unwrap_err();
    let refused = outcomes(error.attempts(), Source::Endpoint);
    assert!(matches!(problem(refused[0]), SourceProblem::Form { .. }), "{error}");
}

#[test]
fn what_stands_in_front_of_the_models_is_no_replica_of_them() {
    let (front, model, second) = (Machine::new(5), Machine::new(1), Machine::new(2));
    let entry = |machine: &Machine| {
        let forged = machine.forge();
        serde_json::json!({ "intel_quote": hex::encode(&forged.platform.quote), "event_log": forged.event_log_json() })
    };
    let mut report = serde_json::json!({ "gateway_attestation": entry(&front) });
    report["model_attestations"] = [entry(&model), entry(&second)].as_slice().into();
    let mut world = World::new();
    world.server(HOST).on("/report", Reply::json(report.to_string()));
    let acquired = world.fetch(&format!("https://{HOST}/report?nonce={{nonce}}"), &with_nonce()).unwrap();
    let [one, two, gateway] = acquired.machines.as_slice() else { panic!("{}", acquired.machines.len()) };
    assert_eq!(gateway.label, "gateway/gateway_attestation");
    assert!(gateway.evidence.replicas.is_empty() && gateway.evidence.served.is_some());
    assert_eq!((one.evidence.replicas.len(), two.evidence.replicas.len()), (1, 1));
    assert_eq!(acquired.asked_with_nonce.len(), 3);
}
