//! dstack-ingress below a custom domain.

use crate::support::{INFO, World, app_id, outcomes, plain, problem, target};
use veritee_acquire::{Outcome, Source, SourceProblem, Target};
use veritee_client::FailureKind;
use veritee_loopback::Reply;
use veritee_testkit::dstack::report_data::Binding;
use veritee_testkit::dstack::{ForgedMachine, Machine};

const DOMAIN: &str = "app.example";

fn machine() -> Machine {
    Machine::new(1).change(|machine| machine.binding = Binding::Ingress)
}

fn serve(world: &mut World, machine: &ForgedMachine) {
    let server = world.server(DOMAIN);
    server.on("/evidences/quote.json", Reply::json(machine.get_quote_json()));
    for (name, bytes) in &machine.ingress {
        server.on(&format!("/evidences/{name}"), Reply::text(bytes.clone()));
    }
}

fn sums(names: &[&str]) -> String {
    names.iter().map(|name| format!("{}  {name}\n", "ab".repeat(32))).collect()
}

#[test]
fn a_domain_gives_quote_log_list_and_the_files_that_it_names() {
    let forged = machine().forge();
    let mut world = World::new();
    serve(&mut world, &forged);
    let acquired = world.fetch(DOMAIN, &plain()).unwrap();
    let [only] = acquired.machines.as_slice() else { panic!("one machine") };
    let ingress = only.evidence.ingress.as_ref().unwrap();
    let names: Vec<_> = ingress.files.keys().map(String::as_str).collect();
    assert_eq!(names, ["acme-account.json", "cert-app.example.com.pem"]);
    assert_eq!(ingress.sums.source, format!("https://{DOMAIN}/evidences/sha256sum.txt"));
    assert_eq!(ingress.sums.obtained.as_deref(), Some("2026-10-15T00:00:00Z"));
    assert!(ingress.files.values().all(|file| file.obtained.is_some()));
    assert_eq!(only.evidence.quote.as_ref().unwrap().bytes, forged.platform.quote);
    assert_eq!(only.evidence.served.as_ref().unwrap().server, format!("{DOMAIN}:443"));
    assert_eq!(only.evidence.target.as_ref().unwrap().domain.as_deref(), Some(DOMAIN));
    assert_eq!(world.requests(), 4);
}

#[test]
fn an_application_with_its_domain_is_one_machine_with_the_quote_that_binds_the_certificates() {
    let (behind_gateway, behind_domain) = (Machine::new(1), machine());
    let id = app_id(&behind_gateway);
    let mut world = World::new();
    world.agent(&id).on(INFO, Reply::json(behind_gateway.forge().info_json()));
    serve(&mut world, &behind_domain.forge());
    let target = Target::parse(&target(&id), None, None).unwrap().with_domain(DOMAIN).unwrap();
    let acquired = world.fetch_target(target, &plain()).unwrap();
    let [only] = acquired.machines.as_slice() else { panic!("{} machines", acquired.machines.len()) };
    let evidence = &only.evidence;
    assert_eq!(evidence.quote.as_ref().unwrap().bytes, behind_domain.forge().platform.quote);
    assert!(evidence.ingress.is_some() && evidence.app_compose.is_some() && evidence.certificates.is_some());
    assert_eq!(
        evidence.claims.values["report_data"].value,
        hex::encode(behind_domain.forge().report_data),
        "a claim about one quote's REPORTDATA is not taken from another"
    );
    assert_eq!(evidence.target.as_ref().unwrap().app_id.as_deref(), Some(id.as_str()));
}

#[test]
fn no_request_is_made_from_a_name_that_leads_elsewhere_and_its_folder_is_not_used() {
    for name in ["../../x", "/etc/x", "//evil.example/x", "a?b=c", "%2e%2e/x", "quote.json"] {
        let forged = machine().forge();
        let mut world = World::new();
        world
            .server(DOMAIN)
            .on("/evidences/quote.json", Reply::json(forged.get_quote_json()))
            .on("/evidences/sha256sum.txt", Reply::text(sums(&["good.pem", name])))
            .otherwise(|_| Reply::text("bait"));
        let error = world.fetch(DOMAIN, &plain()).unwrap_err();
        let outcomes = outcomes(error.attempts(), Source::IngressSums);
        assert!(matches!(problem(outcomes[1]), SourceProblem::FileName { line: 2, .. }), "{name}");
        assert_eq!(world.requests(), 2, "{name}: not even the good name before it was asked for");
        assert_eq!(world.connections().len(), 2);
    }
}

#[test]
fn more_names_than_allowed_cost_no_request() {
    let list = |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("cert-{number}.pem")).collect();
        sums(&names.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let world = |count: usize| {
        let mut world = World::new();
        world
            .server(DOMAIN)
            .on("/evidences/quote.json", Reply::json(machine().forge().get_quote_json()))
            .on("/evidences/sha256sum.txt", Reply::text(list(count)))
            .otherwise(|_| Reply::text("bait"));
        world
    };
    let some = world(33);
    let error = some.fetch(DOMAIN, &plain()).unwrap_err();
    assert!(error.to_string().contains("names more than 32 files"), "{error}");
    assert_eq!(some.requests(), 2);
    // A thousand are more bytes than a list may have: the quote is left, and nothing that it binds.
    let many = world(1000);
    let acquired = many.fetch(DOMAIN, &plain()).unwrap();
    assert!(acquired.machines[0].evidence.ingress.is_none());
    assert_eq!(many.requests(), 2);
}

#[test]
fn a_file_that_is_missing_is_told_and_the_rest_is_kept() {
    let forged = machine().forge();
    let mut world = World::new();
    serve(&mut world, &forged);
    world.server(DOMAIN).on("/evidences/sha256sum.txt", Reply::text(""));
    let server = world.server("b.example");
    server.on("/evidences/quote.json", Reply::json(forged.get_quote_json()));
    server.on("/evidences/sha256sum.txt", Reply::text(forged.ingress.last().unwrap().1.clone()));
    let acquired = world.fetch("b.example", &plain()).unwrap();
    assert!(acquired.machines[0].evidence.ingress.as_ref().unwrap().files.is_empty());
    let files = outcomes(&acquired.attempts, Source::IngressFile);
    assert!(
        files
            .iter()
            .all(|outcome| matches!(outcome, Outcome::NotFetched(error) if error.status() == Some(404)))
    );
}

#[test]
fn a_quote_without_its_list_is_still_a_quote() {
    let mut world = World::new();
    world.server(DOMAIN).on("/evidences/quote.json", Reply::json(machine().forge().get_quote_json()));
    let acquired = world.fetch(DOMAIN, &plain()).unwrap();
    assert!(acquired.machines[0].evidence.quote.is_some() && acquired.machines[0].evidence.ingress.is_none());
    assert!(matches!(outcomes(&acquired.attempts, Source::IngressFile)[0], Outcome::NotAsked { .. }));
}

#[test]
fn a_file_larger_than_its_cap_is_refused() {
    let forged = machine().forge();
    let mut world = World::new();
    world
        .server(DOMAIN)
        .on("/evidences/quote.json", Reply::json(forged.get_quote_json()))
        .on("/evidences/sha256sum.txt", Reply::text(vec![b'a'; (64 << 10) + 1]));
    let acquired = world.fetch(DOMAIN, &plain()).unwrap();
    let Outcome::NotFetched(error) = outcomes(&acquired.attempts, Source::IngressSums)[0] else {
        panic!("fetched")
    };
    assert_eq!(error.kind(), FailureKind::TooLarge);
}
