//! CAA records over HTTPS.

use crate::support::{INFO, World, app_id, outcomes, plain, problem, target};
use base64::Engine as _;
use veritee_acquire::caa::CaaProblem;
use veritee_acquire::{Acquired, Options, Outcome, Source, SourceProblem};
use veritee_client::Url;
use veritee_loopback::{Reply, Request};
use veritee_testkit::dstack::Machine;

const RESOLVER: &str = "resolver.example";

fn options() -> Options {
    let resolver = Url::parse(&format!("https://{RESOLVER}/dns-query")).unwrap();
    Options { resolver: Some(resolver), gateway: true, ..plain() }
}

/// The question that stands in a request.
fn question(request: &Request) -> Vec<u8> {
    let text = request.query.strip_prefix("dns=").unwrap();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// An answer to a question: response code, and CAA records for the name that was asked.
fn answer(question: &[u8], code: u8, records: &[(&str, &str)]) -> Vec<u8> {
    let mut out = question.to_vec();
    (out[2], out[3]) = (0x81, 0xa0 | code);
    out[7] = u8::try_from(records.len()).unwrap();
    for (tag, value) in records {
        let data = [&[0, u8::try_from(tag.len()).unwrap()], tag.as_bytes(), value.as_bytes()].concat();
        // A pointer to the name in the question.
        out.extend([0xc0, 12, 1, 1, 0, 1, 0, 0, 1, 0, 0, u8::try_from(data.len()).unwrap()]);
        out.extend(data);
    }
    out
}

fn message(body: Vec<u8>) -> Reply {
    Reply::ok("application/dns-message", body)
}

/// A run for an application behind the gateway `apps.example` with this resolver.
fn fetch(resolver: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (World, Acquired) {
    let machine = Machine::new(1);
    let id = app_id(&machine);
    let mut world = World::new();
    world.agent(&id).on(INFO, Reply::json(machine.forge().info_json()));
    world
        .server("gateway.apps.example")
        .on("/.dstack/app-info", Reply::json(Machine::new(9).forge().info_json()));
    world.server(RESOLVER).otherwise(resolver);
    let acquired = world.fetch(&target(&id), &options()).unwrap();
    (world, acquired)
}

#[test]
fn the_answers_for_the_gateways_domain_stand_with_the_gateways_machine() {
    let (world, acquired) = fetch(|request| {
        let question = question(request);
        let records: &[(&str, &str)] = if question[12] == 4 { &[] } else { &[("issue", "ca.example")] };
        message(answer(&question, 0, records))
    });
    assert_eq!(world.count(RESOLVER, "/dns-query"), 2, "apps.example has none, example has one");
    let [machine, gateway] = acquired.machines.as_slice() else { panic!("two machines") };
    assert!(machine.evidence.caa.is_none());
    let caa = gateway.evidence.caa.as_ref().unwrap();
    assert_eq!(caa.domain, "apps.example");
    assert_eq!(
        String::from_utf8_lossy(&caa.answers.bytes),
        r#"[{"name":"apps.example","records":[]},{"name":"example","records":[{"flags":0,"tag":"issue","value":"ca.example"}]}]"#
    );
    assert!(caa.answers.source.contains("AD bit set"), "{}", caa.answers.source);
    assert_eq!(caa.answers.obtained.as_deref(), Some("2026-10-15T00:00:00Z"));
}

#[test]
fn the_climb_stops_at_the_first_name_with_a_record() {
    let (world, _) = fetch(|request| message(answer(&question(request), 0, &[("issue", ";")])));
    assert_eq!(world.count(RESOLVER, "/dns-query"), 1);
}

#[test]
fn a_name_that_does_not_exist_is_climbed_over() {
    let (world, acquired) = fetch(|request| message(answer(&question(request), 3, &[])));
    assert_eq!(world.count(RESOLVER, "/dns-query"), 2);
    let caa = acquired.machines[1].evidence.caa.as_ref().unwrap();
    assert!(caa.answers.source.contains("no such name"));
}

#[test]
fn a_resolver_that_could_not_find_out_leaves_no_answers_at_all() {
    let (world, acquired) = fetch(|request| message(answer(&question(request), 2, &[])));
    assert!(acquired.machines.iter().all(|machine| machine.evidence.caa.is_none()));
    assert_eq!(world.count(RESOLVER, "/dns-query"), 1, "nothing above it is asked for");
    let outcome = outcomes(&acquired.attempts, Source::Caa)[0];
    assert!(matches!(problem(outcome), SourceProblem::Caa(CaaProblem::Failed { code: 2, .. })));
}

#[test]
fn an_answer_that_is_cut_of_another_type_or_to_another_question_is_none() {
    let cut = |request: &Request| {
        let mut whole = answer(&question(request), 0, &[("issue", ";")]);
        whole.pop();
        message(whole)
    };
    let other = |request: &Request| {
        let mut asked = question(request);
        asked[13] = b'x';
        message(answer(&asked, 0, &[("issue", ";")]))
    };
    let json = |_: &Request| Reply::json(r#"{"Status":0,"Answer":[]}"#);
    let huge = |_: &Request| message(vec![0; 70_000]);
    let none = |acquired: &Acquired| acquired.machines.iter().all(|machine| machine.evidence.caa.is_none());
    assert!(none(&fetch(cut).1) && none(&fetch(other).1));
    for (_, acquired) in [fetch(json), fetch(huge)] {
        assert!(none(&acquired));
        assert!(matches!(outcomes(&acquired.attempts, Source::Caa)[0], Outcome::NotFetched(_)));
    }
}
