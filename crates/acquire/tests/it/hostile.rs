//! Servers that misbehave: each source fails for itself, within its caps and times.

use crate::support::{
    CLOUD, GATEWAY, INFO, LEGACY, World, app_id, html, outcomes, plain, target, with_cloud,
};
use std::time::Duration;
use veritee_acquire::{Limits, Options, Outcome, Source, SourceProblem};
use veritee_client::FailureKind;
use veritee_loopback::Reply;
use veritee_testkit::dstack::Machine;

/// Every kind of misbehaviour with the failure that it has to end in.
fn misbehaviours(body: &str, wrong_type: &str) -> Vec<(&'static str, Reply, FailureKind)> {
    vec![
        ("huge", Reply::json("x").announcing(1 << 40), FailureKind::TooLarge),
        ("of another type", Reply::ok(wrong_type, body), FailureKind::WrongType),
        ("truncated", Reply::json(body).announcing(1 << 20), FailureKind::Truncated),
        ("stalling", Reply::json(body).stalling(), FailureKind::Stalled),
        ("silent", Reply::silent(), FailureKind::TookTooLong),
        (
            "dripping",
            Reply::json("0123456789").dripping(Duration::from_millis(350)),
            FailureKind::TookTooLong,
        ),
        ("elsewhere", Reply::redirect("https://evil.example/"), FailureKind::RedirectElsewhere),
        ("refusing", Reply::status(403), FailureKind::Status),
    ]
}

#[test]
fn an_agent_that_misbehaves_is_an_attempt_and_the_list_of_instances_still_counts() {
    let machine = Machine::new(1);
    let id = app_id(&machine);
    let forged = machine.forge();
    let cloud = serde_json::json!({
        "app_id": id,
        "instances": [{ "quote": hex::encode(&forged.platform.quote), "eventlog": forged.event_log_json() }],
    });
    for (name, reply, kind) in misbehaviours(&forged.info_json(), "text/html") {
        let mut world = World::new();
        world.agent(&id).on(INFO, reply.clone()).on(LEGACY, reply).on("/", html("<p>x</p>"));
        world.server(CLOUD).on(&format!("/apps/{id}/attestations"), Reply::json(cloud.to_string()));
        let acquired = world.fetch(&target(&id), &with_cloud()).unwrap();
        assert_eq!(acquired.machines.len(), 1, "{name}");
        for source in [Source::Info, Source::LegacyInfo] {
            let [Outcome::NotFetched(error)] = outcomes(&acquired.attempts, source).as_slice() else {
                panic!("{name}: {:?}", acquired.attempts)
            };
            assert_eq!(error.kind(), kind, "{name}: {error}");
        }
        assert!(world.connections().iter().all(|host| !host.starts_with("evil")), "{name}");
    }
}

#[test]
fn a_gateway_or_a_list_that_misbehaves_takes_nothing_from_the_application() {
    let machine = Machine::new(1);
    let id = app_id(&machine);
    let options = Options { gateway: true, ..with_cloud() };
    for (name, reply, kind) in misbehaviours("{}", "text/html") {
        let mut world = World::new();
        world.agent(&id).on(INFO, Reply::json(machine.forge().info_json()));
        world.server(CLOUD).on(&format!("/apps/{id}/attestations"), reply.clone());
        let gateway = world.server(&format!("gateway.{GATEWAY}"));
        gateway.on("/.dstack/app-info", reply.clone()).on("/.dstack/acme-info", reply);
        let acquired = world.fetch(&target(&id), &options).unwrap();
        assert_eq!(acquired.machines.len(), 1, "{name}");
        for source in [Source::Cloud, Source::GatewayInfo, Source::GatewayAcme] {
            let [Outcome::NotFetched(error)] = outcomes(&acquired.attempts, source).as_slice() else {
                panic!("{name}: {:?}", acquired.attempts)
            };
            assert_eq!(error.kind(), kind, "{name} {source}: {error}");
        }
    }
}

#[test]
fn endpoints_and_domains_that_misbehave_fail_with_what_happened() {
    for (name, reply, kind) in misbehaviours("{}", "image/png") {
        let mut world = World::new();
        world.server("a.example").on("/quote", reply.clone()).on("/evidences/quote.json", reply);
        for (target, source) in
            [("https://a.example/quote", Source::Endpoint), ("a.example", Source::IngressQuote)]
        {
            let error = world.fetch(target, &plain()).unwrap_err();
            let Outcome::NotFetched(failed) = outcomes(error.attempts(), source)[0] else {
                panic!("{name}: {error}")
            };
            assert_eq!(failed.kind(), kind, "{name} {source}: {failed}");
            assert!(error.to_string().contains("next: "));
        }
    }
}

#[test]
fn what_is_no_evidence_of_the_source_is_refused() {
    let id = app_id(&Machine::new(1));
    let forged = Machine::new(1).forge();
    for body in ["", "{", "[]", "{}", "{\"error\":\"no\"}", "\u{0}", "{\"tcb_info\":\"\",\"tcb_info\":\"\"}"]
    {
        let mut world = World::new();
        world.agent(&id).on(INFO, Reply::json(body)).on(LEGACY, Reply::json(body)).on("/", html(body));
        let error = world.fetch(&target(&id), &plain()).unwrap_err();
        assert!(
            error.attempts().iter().all(|attempt| matches!(attempt.outcome, Outcome::NotRead(_))),
            "{body}: {error}"
        );
    }
    // A form that some other source gives.
    let mut world = World::new();
    world.agent(&id).on(INFO, Reply::json(forged.get_quote_json()));
    let error = world.fetch(&target(&id), &plain()).unwrap_err();
    let refused = outcomes(error.attempts(), Source::Info);
    assert!(matches!(refused[0], Outcome::Refused(SourceProblem::Form { .. })), "{error}");
}

#[test]
fn all_answers_together_have_a_limit() {
    let machine = Machine::new(1);
    let id = app_id(&machine);
    let info = machine.forge().info_json();
    let mut world = World::new();
    world.agent(&id).on(INFO, Reply::json(info.clone()));
    let mut limits = Limits::default();
    limits.total_bytes = info.len() + 10;
    let acquired = world.fetch(&target(&id), &Options { limits, ..plain() }).unwrap();
    let outcomes = outcomes(&acquired.attempts, Source::Info);
    assert!(matches!(outcomes[0], Outcome::Gave { .. }));
    assert!(matches!(outcomes[1], Outcome::Refused(SourceProblem::TotalBytes { .. })), "{:?}", outcomes[1]);
}

#[test]
fn a_source_with_more_machines_than_are_left_gives_none_and_takes_none_from_the_others() {
    let (own, listed) = (Machine::new(1), Machine::new(2).forge());
    let id = app_id(&own);
    let instance = serde_json::json!({ "quote": hex::encode(&listed.platform.quote) });
    let mut world = World::new();
    world.agent(&id).on(INFO, Reply::json(own.forge().info_json()));
    let list = serde_json::json!({ "app_id": id, "instances": [instance, instance] });
    world.server(CLOUD).on(&format!("/apps/{id}/attestations"), Reply::json(list.to_string()));
    let mut limits = Limits::default();
    limits.machines = 2;
    let acquired = world.fetch(&target(&id), &Options { limits, ..with_cloud() }).unwrap();
    let [only] = acquired.machines.as_slice() else { panic!("{} machines", acquired.machines.len()) };
    assert_eq!(only.evidence.quote.as_ref().unwrap().bytes, own.forge().platform.quote);
    let list = outcomes(&acquired.attempts, Source::Cloud);
    assert!(matches!(list.last(), Some(Outcome::Refused(SourceProblem::TooManyMachines { limit: 2 }))));
}

#[test]
fn what_servers_say_is_inert_when_it_is_printed() {
    let id = app_id(&Machine::new(1));
    let mut world = World::new();
    world.agent(&id).otherwise(|_| Reply::status(500).body("\u{1b}[2J\u{202e}"));
    let text = world.fetch(&target(&id), &plain()).unwrap_err().to_string();
    assert!(
        text.chars().all(|character| character == '\n' || !veritee_model::text::is_hazardous(character)),
        "{text}"
    );
}
