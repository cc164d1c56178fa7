//! The guest agent: `Info`, its older form, the page.

use crate::support::{
    INFO, LEGACY, World, agent_name, app_id, html, info_with, instance_id, outcomes, plain, target,
};
use veritee_acquire::{AcquireError, Note, Outcome, Source};
use veritee_evidence::ReadError;
use veritee_loopback::Reply;
use veritee_model::Reason;
use veritee_testkit::dstack::Machine;

const NOT_PUBLIC: &str = "<!DOCTYPE html><html><body><p>TCB info is not public</p></body></html>";

#[test]
fn info_alone_gives_a_whole_machine_with_the_origin_of_every_part() {
    let machine = Machine::new(1);
    let forged = machine.forge();
    let id = app_id(&machine);
    let mut world = World::new();
    world.agent(&id).on(INFO, Reply::json(forged.info_json()));
    let acquired = world.fetch(&target(&id), &plain()).unwrap();
    let [only] = acquired.machines.as_slice() else { panic!("one machine") };
    assert_eq!(only.label, instance_id(&machine));
    let evidence = &only.evidence;
    let quote = evidence.quote.as_ref().unwrap();
    assert_eq!(quote.bytes, forged.platform.quote, "the quote comes out of the RA-TLS chain");
    assert!(
        quote.source.starts_with(&format!("https://{}{INFO}#/app_cert", agent_name(&id))),
        "{}",
        quote.source
    );
    assert_eq!(quote.obtained.as_deref(), Some("2026-10-15T00:00:00Z"));
    assert_eq!(evidence.app_compose.as_ref().unwrap().bytes, forged.app_compose);
    assert_eq!(evidence.vm_config.as_ref().unwrap().bytes, forged.vm_config.as_bytes());
    assert_eq!(evidence.certificates.as_ref().unwrap().bytes, forged.ra_tls_pem.as_bytes());
    assert!(evidence.event_log.is_some());
    let served = evidence.served.as_ref().unwrap();
    assert_eq!(served.server, format!("{}:443", agent_name(&id)));
    assert_eq!(String::from_utf8_lossy(&served.chain.bytes).matches("BEGIN CERTIFICATE").count(), 2);
    let asked = evidence.target.as_ref().unwrap();
    assert_eq!((asked.asked.as_str(), asked.app_id.as_deref()), (target(&id).as_str(), Some(id.as_str())));
    assert!(evidence.replicas.is_empty() && acquired.disagreements.is_empty() && evidence.caa.is_none());
    assert!(acquired.notes.contains(&Note::OneMachine { asked: 4 }));
    // Four answers over four connections, and not a request more.
    assert_eq!(world.count(&agent_name(&id), INFO), 4);
    assert_eq!((world.requests(), world.connections().len()), (4, 4));
    let [Outcome::Gave { quotes: 1, .. }, Outcome::Same, Outcome::Same, Outcome::Same] =
        outcomes(&acquired.attempts, Source::Info).as_slice()
    else {
        panic!("{:?}", acquired.attempts)
    };
}

#[test]
fn an_agent_from_before_info_is_asked_by_the_older_name() {
    let machine = Machine::new(1);
    let id = app_id(&machine);
    let mut world = World::new();
    // As agents before 0.5 answer: less in tcb_info, no vm_config, no os_image_hash.
    let mut info: serde_json::Value = serde_json::from_str(&machine.forge().info_json()).unwrap();
    let mut tcb_info: serde_json::Value = serde_json::from_str(info["tcb_info"].as_str().unwrap()).unwrap();
    for name in ["mr_aggregated", "os_image_hash", "compose_hash", "device_id"] {
        tcb_info.as_object_mut().unwrap().remove(name);
        info.as_object_mut().unwrap().remove(name);
    }
    tcb_info["rootfs_hash"] = "11".repeat(32).into();
    info.as_object_mut().unwrap().remove("vm_config");
    info["tcb_info"] = tcb_info.to_string().into();
    world.agent(&id).on(LEGACY, Reply::json(info.to_string()));
    let acquired = world.fetch(&target(&id), &plain()).unwrap();
    assert_eq!(acquired.machines.len(), 1);
    let evidence = &acquired.machines[0].evidence;
    assert!(evidence.quote.is_some() && evidence.app_compose.is_some() && evidence.vm_config.is_none());
    // The name that it does not know is not asked for again.
    assert_eq!(world.count(&agent_name(&id), INFO), 1);
    assert_eq!(world.count(&agent_name(&id), LEGACY), 4);
    assert_eq!(world.requests(), 5);
}

#[test]
fn a_hidden_tcb_info_leaves_a_machine_without_compose() {
    let machine = Machine::new(1);
    let id = app_id(&machine);
    let mut world = World::new();
    let hidden = info_with(&machine.forge(), &[("tcb_info", ""), ("vm_config", "")]);
    world.agent(&id).on(INFO, Reply::json(hidden)).on("/", html(NOT_PUBLIC));
    let acquired = world.fetch(&target(&id), &plain()).unwrap();
    let evidence = &acquired.machines[0].evidence;
    assert!(evidence.quote.is_some() && evidence.event_log.is_some());
    assert!(evidence.app_compose.is_none() && evidence.vm_config.is_none());
    let [Outcome::NotRead(ReadError::NotPublic { .. })] =
        outcomes(&acquired.attempts, Source::AgentPage).as_slice()
    else {
        panic!("{:?}", acquired.attempts)
    };
    assert_eq!(world.requests(), 5);
}

#[test]
fn the_page_completes_the_machine_whose_registers_it_claims() {
    let machine = Machine::new(1);
    let forged = machine.forge();
    let id = app_id(&machine);
    let mut world = World::new();
    world
        .agent(&id)
        .on(INFO, Reply::json(info_with(&forged, &[("tcb_info", "")])))
        .on("/", html(forged.page_html()));
    let acquired = world.fetch(&target(&id), &plain()).unwrap();
    let [only] = acquired.machines.as_slice() else { panic!("one machine") };
    let compose = only.evidence.app_compose.as_ref().unwrap();
    assert_eq!(compose.bytes, forged.app_compose);
    assert!(
        compose.source.starts_with(&format!("https://{}/#/textarea", agent_name(&id))),
        "{}",
        compose.source
    );
    assert!(only.evidence.replicas.is_empty());
}

#[test]
fn the_page_of_another_replica_is_not_mixed_in() {
    let machine = Machine::new(1);
    let id = app_id(&machine);
    // Another machine altogether, and one of the same system that differs in RTMR3 alone.
    for other in [Machine::new(2), Machine::new(1).app_compose(r#"{"runner":"docker-compose"}"#)] {
        let mut world = World::new();
        world
            .agent(&id)
            .on(INFO, Reply::json(info_with(&machine.forge(), &[("tcb_info", "")])))
            .on("/", html(other.forge().page_html()));
        let acquired = world.fetch(&target(&id), &plain()).unwrap();
        let [only] = acquired.machines.as_slice() else { panic!("one machine has a quote") };
        assert!(only.evidence.app_compose.is_none(), "half of another machine's evidence");
        let [replica] = only.evidence.replicas.as_slice() else { panic!("the other one is a replica") };
        assert_eq!(replica.values["compose_hash"], hex::encode(other.compose_hash()));
        let told = |note: &Note| matches!(note, Note::WithoutQuote { label, .. } if *label == replica.label);
        assert!(acquired.notes.iter().any(told));
    }
}

#[test]
fn a_page_without_any_quote_fails_and_says_what_was_tried() {
    let machine = Machine::new(1);
    let id = app_id(&machine);
    let mut world = World::new();
    world.agent(&id).on("/", html(machine.forge().page_html()));
    let error = world.fetch(&target(&id), &plain()).unwrap_err();
    assert_eq!(error.reason(), Reason::EvidenceNoMachine);
    let text = error.to_string();
    for part in [&target(&id), INFO, LEGACY, "no quote", "next: "] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let AcquireError::NoQuote { attempts, .. } = error else { panic!("another error") };
    assert_eq!(attempts.len(), 3);
}

#[test]
fn an_application_that_publishes_nothing_is_told_apart_from_one_that_does_not_run() {
    let id = app_id(&Machine::new(1));
    let mut world = World::new();
    world.agent(&id).on("/", html(NOT_PUBLIC));
    assert_eq!(world.fetch(&target(&id), &plain()).unwrap_err().reason(), Reason::EvidenceNotPublic);
}

#[test]
fn a_machine_of_another_application_is_kept_with_the_id_that_was_asked_for() {
    let machine = Machine::new(1);
    let asked = "00".repeat(20);
    let mut world = World::new();
    world.agent(&asked).on(INFO, Reply::json(machine.forge().info_json()));
    let acquired = world.fetch(&target(&asked), &plain()).unwrap();
    assert_eq!(acquired.machines[0].evidence.target.as_ref().unwrap().app_id.as_ref(), Some(&asked));
    assert!(acquired.notes.iter().any(|note| matches!(note, Note::OtherApplication { .. })));
}

#[test]
fn an_instance_id_stays_what_the_caller_called_it_whatever_the_answer_says() {
    let machine = Machine::new(1);
    let instance = instance_id(&machine);
    let mut world = World::new();
    world.agent(&instance).on(INFO, Reply::json(machine.forge().info_json()));
    let as_app = world.fetch(&target(&instance), &plain()).unwrap();
    assert_eq!(as_app.machines[0].evidence.target.as_ref().unwrap().app_id.as_ref(), Some(&instance));
    assert!(as_app.notes.iter().any(|note| matches!(note, Note::AskedForInstance { .. })));
    let before = world.requests();
    let as_instance = world.fetch(&format!("instance:{}", target(&instance)), &plain()).unwrap();
    assert_eq!(as_instance.machines[0].evidence.target.as_ref().unwrap().app_id, None);
    assert_eq!(world.requests() - before, 1, "one instance is asked once");
}
