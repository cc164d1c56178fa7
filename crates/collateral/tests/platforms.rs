//! Quotes that carry no PCK certificate.

#[allow(dead_code, reason = "each test binary uses a part")]
#[path = "support/world.rs"]
mod world;

use veritee_collateral::{Error, Evaluation, Mode, Obtained, obtain_for_quote};
use veritee_loopback::Reply;
use veritee_quote::{Collateral, Expiry, Quote, QuoteReason};
use veritee_testkit::{Certification, Role, Universe};
use world::*;

fn ppid_universe() -> Universe {
    universe().quote(|quote| quote.certification = Certification::EncryptedPpid3072)
}

fn pck_reply(universe: &Universe) -> Reply {
    let chain = universe.pki.pem(&[Role::PlatformCa, Role::Root]);
    Reply::ok("application/x-pem-file", universe.pki.pem(&[Role::Pck]))
        .header("SGX-PCK-Certificate-Issuer-Chain", &veritee_testkit::pcs::percent_encoded(&chain))
}

fn for_quote(world: &World, quote: &Quote, mode: Mode) -> Result<Obtained, Error> {
    let evaluation = Evaluation::Standard;
    run(obtain_for_quote(&world.client, &world.service, &world.store, quote, evaluation, now(), mode))
}

#[test]
fn a_quote_that_only_names_its_platform_gets_its_pck_certificate_once() {
    let world = World::new();
    let forged = ppid_universe().forge();
    let quote = Quote::parse(&forged.quote).unwrap();
    world.serve(&need(), &answers(&universe()));
    world.server.on("/sgx/certification/v4/pckcert", [pck_reply(&universe())]);
    let obtained = for_quote(&world, &quote, Mode::Cached).unwrap();
    assert_eq!((obtained.requests, world.asked()), (5, 5));
    let asked = world.server.requests();
    let query = &asked.iter().find(|request| request.path.ends_with("/pckcert")).unwrap().query;
    for part in ["encrypted_ppid=", "&cpusvn=", "&pcesvn=", "&pceid=", "qeid="] {
        assert!(query.contains(part), "{query}");
    }
    let collateral = Collateral::from_json(&obtained.item.bytes).unwrap();
    let prepared = collateral.verify_at(&root(), now(), Expiry::Enforce).unwrap();
    prepared.verify(&quote, now()).unwrap();
    let warm = for_quote(&world, &quote, Mode::Cached).unwrap();
    assert_eq!((warm.requests, world.asked()), (0, 5));
    assert_eq!(for_quote(&world, &quote, Mode::Offline).unwrap().item.bytes, obtained.item.bytes);
}

#[test]
fn a_pck_certificate_under_another_root_is_not_the_quotes_and_not_kept() {
    let world = World::new();
    let quote = Quote::parse(&ppid_universe().forge().quote).unwrap();
    world.serve(&need(), &answers(&universe()));
    world.server.on("/sgx/certification/v4/pckcert", [pck_reply(&Universe::new(SEED + 1))]);
    let obtained = for_quote(&world, &quote, Mode::Cached).unwrap();
    let prepared = obtained.collateral.verify_at(&root(), now(), Expiry::Enforce).unwrap();
    assert_eq!(prepared.verify(&quote, now()).unwrap_err().reason(), QuoteReason::PckChainMissing);
    assert!(matches!(for_quote(&world, &quote, Mode::Offline), Err(Error::PckAbsent)));
}

#[test]
fn a_revoked_pck_certificate_is_the_quotes_fault_and_left_to_the_verdict() {
    let world = World::new();
    let quote = Quote::parse(&ppid_universe().forge().quote).unwrap();
    world.serve(&need(), &answers(&universe().revoke(Role::Pck)));
    world.server.on("/sgx/certification/v4/pckcert", [pck_reply(&universe())]);
    let obtained = for_quote(&world, &quote, Mode::Cached).unwrap();
    let prepared = obtained.collateral.verify_at(&root(), now(), Expiry::Enforce).unwrap();
    assert_eq!(prepared.verify(&quote, now()).unwrap_err().reason(), QuoteReason::PckRevoked);
}

#[test]
fn a_pck_certificate_of_another_key_is_not_kept() {
    let world = World::new();
    let quote = Quote::parse(&ppid_universe().forge().quote).unwrap();
    world.serve(&need(), &answers(&universe()));
    let other = universe().certificate(Role::Pck, |certificate| certificate.key = Role::AttestationKey);
    world.server.on("/sgx/certification/v4/pckcert", [pck_reply(&other)]);
    let obtained = for_quote(&world, &quote, Mode::Cached).unwrap();
    let prepared = obtained.collateral.verify_at(&root(), now(), Expiry::Enforce).unwrap();
    assert_eq!(prepared.verify(&quote, now()).unwrap_err().reason(), QuoteReason::PckChainMissing);
    assert!(matches!(for_quote(&world, &quote, Mode::Offline), Err(Error::PckAbsent)));
}

#[test]
fn a_quote_whose_platform_cannot_be_asked_for_is_an_error_that_says_so() {
    let world = World::new();
    let universe = universe().quote(|quote| quote.certification = Certification::PlainPpid);
    let quote = Quote::parse(&universe.forge().quote).unwrap();
    let error = for_quote(&world, &quote, Mode::Cached).unwrap_err();
    assert!(matches!(error, Error::NoPlatform { certification: 1 }), "{error}");
    assert_eq!(world.asked(), 0);
}
