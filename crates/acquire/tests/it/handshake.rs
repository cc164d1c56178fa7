//! RA-TLS servers.

use crate::support::{GATEWAY, INFO, World, app_id, outcomes, plain};
use sha2::{Digest as _, Sha256};
use veritee_acquire::{Outcome, Source, Target};
use veritee_client::FailureKind;
use veritee_loopback::{Identity, Reply};
use veritee_testkit::dstack::Machine;
use veritee_testkit::dstack::report_data::Binding;
use veritee_testkit::{Role, der};
use x509_parser::pem::Pem;

const HOST: &str = "ra-tls.example";
const TARGET: &str = "ra-tls://ra-tls.example:8443";

/// The private key of the testkit's RA-TLS leaf, as PKCS #8: a hash of seed and label, as the testkit documents.
fn private_key(seed: u64) -> Vec<u8> {
    let mut hasher = Sha256::new();
    hasher.update(b"veritee testkit key\0");
    hasher.update(seed.to_be_bytes());
    hasher.update(0_u32.to_be_bytes());
    hasher.update(Role::RaTls.label().as_bytes());
    let scalar = hasher.finalize();
    let point = veritee_testkit::SigningKey::derive(seed, Role::RaTls.label()).public_point();
    let public = der::element(0xa1, &der::bit_string(0, &[&[4], &point[..]].concat()));
    let key = der::sequence(&[der::integer(1), der::octet_string(&scalar), public]);
    let algorithm = der::sequence(&[der::oid("1.2.840.10045.2.1"), der::oid("1.2.840.10045.3.1.7")]);
    der::sequence(&[der::integer(0), algorithm, der::octet_string(&key)])
}

fn chain(machine: &Machine) -> Vec<Vec<u8>> {
    let pem = machine.forge().ra_tls_pem;
    Pem::iter_from_buffer(pem.as_bytes()).map(|block| block.unwrap().contents).collect()
}

fn identity(machine: &Machine, seed: u64) -> Identity {
    Identity::new(chain(machine), private_key(seed))
}

#[test]
fn the_chain_of_a_server_that_holds_its_key_is_quote_log_and_record() {
    let machine = Machine::new(1);
    let mut world = World::new();
    world.ra_tls(HOST, 8443, &[identity(&machine, 1)]);
    let acquired = world.fetch(TARGET, &plain()).unwrap();
    let [only] = acquired.machines.as_slice() else { panic!("one machine") };
    let evidence = &only.evidence;
    assert_eq!(evidence.quote.as_ref().unwrap().bytes, machine.forge().platform.quote);
    assert!(evidence.event_log.is_some());
    let certificates = evidence.certificates.as_ref().unwrap();
    let served = evidence.served.as_ref().unwrap();
    assert_eq!(certificates.bytes, served.chain.bytes);
    assert_eq!(served.server, "ra-tls.example:8443");
    assert_eq!(certificates.source, "tls://ra-tls.example:8443");
    assert_eq!(evidence.claims.values["app_id"].value, app_id(&machine));
    assert_eq!(world.connections().len(), 4, "four handshakes, to see replicas");
    assert_eq!(world.requests(), 0, "nothing is asked on them");
}

#[test]
fn replicas_behind_a_balancer_are_seen_by_handshakes_too() {
    let (first, second) = (Machine::new(1), Machine::new(2));
    let mut world = World::new();
    world.ra_tls(HOST, 8443, &[identity(&first, 1), identity(&second, 2)]);
    assert_eq!(world.fetch(TARGET, &plain()).unwrap().machines.len(), 2);
}

#[test]
fn a_server_that_shows_a_chain_whose_key_it_does_not_hold_is_refused() {
    let machine = Machine::new(1);
    let mut world = World::new();
    world.ra_tls(HOST, 8443, &[identity(&machine, 2)]);
    let error = world.fetch(TARGET, &plain()).unwrap_err();
    let [Outcome::NotFetched(refused)] = outcomes(error.attempts(), Source::Handshake).as_slice() else {
        panic!("{error}")
    };
    assert_eq!(refused.kind(), FailureKind::Tls);
    assert_eq!(world.connections().len(), 1, "and not tried again");
}

#[test]
fn a_web_servers_certificate_has_no_quote() {
    let mut world = World::new();
    world.ra_tls(HOST, 8443, &[Identity::self_signed(&[HOST])]);
    let error = world.fetch(TARGET, &plain()).unwrap_err();
    assert!(error.to_string().contains("a web server's certificate carries no quote"), "{error}");
}

#[test]
fn a_passthrough_port_is_shaken_hands_with_and_completed_by_the_agent() {
    let machine = Machine::new(1);
    let id = app_id(&machine);
    let mut world = World::new();
    world.ra_tls(&format!("{id}-5003s.{GATEWAY}"), 443, &[identity(&machine, 1)]);
    world.agent(&id).on(INFO, Reply::json(machine.forge().info_json()));
    let acquired = world.fetch(&format!("{id}-5003s.{GATEWAY}"), &plain()).unwrap();
    let [only] = acquired.machines.as_slice() else { panic!("one machine") };
    assert!(only.evidence.app_compose.is_some());
    assert_eq!(only.evidence.served.as_ref().unwrap().server, format!("{id}-5003s.{GATEWAY}:443"));
}

#[test]
fn what_is_claimed_of_one_quotes_reportdata_is_not_held_against_another() {
    let machine = Machine::new(1);
    let other_quote = Machine::new(1).change(|machine| machine.binding = Binding::Zero);
    let id = app_id(&machine);
    let mut world = World::new();
    world.ra_tls(&format!("{id}-5003s.{GATEWAY}"), 443, &[identity(&machine, 1)]);
    let quote = other_quote.forge().get_quote_json();
    world.server("app.example").on("/evidences/quote.json", Reply::json(quote));
    let target = Target::parse(&format!("{id}-5003s.{GATEWAY}"), None, None).unwrap();
    let acquired = world.fetch_target(target.with_domain("app.example").unwrap(), &plain()).unwrap();
    let [only] = acquired.machines.as_slice() else { panic!("one machine") };
    assert_eq!(only.evidence.quote.as_ref().unwrap().bytes, machine.forge().platform.quote);
    assert!(only.evidence.vm_config.is_some(), "a part of the same state");
    assert!(!only.evidence.claims.values.contains_key("report_data"));
}
