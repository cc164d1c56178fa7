//! Answers of real machines, as they were published.

use crate::support::{GATEWAY, INFO, World, agent_name, plain, with_cloud};
use std::path::{Path, PathBuf};
use veritee_acquire::Source;
use veritee_loopback::Reply;

fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/dstack");
    if !folder.is_dir() {
        eprintln!("skipped: ../shared is absent");
        return None;
    }
    Some(folder)
}

#[test]
fn every_published_info_answer_is_one_whole_machine() {
    let Some(folder) = shared() else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(info) = std::fs::read(folder.join("info.raw.json")) else { continue };
        let id: serde_json::Value = serde_json::from_slice(&info).unwrap();
        let id = id["app_id"].as_str().unwrap().to_owned();
        let mut world = World::new();
        world.agent(&id).on(INFO, Reply::json(info));
        let acquired = world.fetch(&format!("{id}@{GATEWAY}"), &plain()).unwrap();
        let [only] = acquired.machines.as_slice() else { panic!("{}", folder.display()) };
        let evidence = &only.evidence;
        assert_eq!(
            evidence.quote.as_ref().unwrap().bytes,
            std::fs::read(folder.join("app_cert_quote.bin")).unwrap()
        );
        assert!(
            evidence.app_compose.is_some() && evidence.event_log.is_some() && evidence.certificates.is_some()
        );
        assert_eq!(world.count(&agent_name(&id), INFO), 4);
        seen += 1;
    }
    assert!(seen >= 7, "{seen}");
}

#[test]
fn a_machine_that_the_list_shows_with_the_quote_of_its_certificate_is_one_machine() {
    let Some(folder) = shared() else { return };
    let folder = folder.join("base-prod7-app");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let (listed, own) = (read("quote.bin"), read("app_cert_quote.bin"));
    assert_eq!(listed, own, "that is what the list showed");
    let id = "d722c43a6f4f42d53dc7bc97ba04a1cb17ce3a34";
    let log: serde_json::Value = serde_json::from_slice(&read("event_log.json")).unwrap();
    let mut world = World::new();
    let info = serde_json::json!({ "app_id": id, "tcb_info": "", "vm_config": String::from_utf8(read("vm_config.json")).unwrap(),
        "app_cert": String::from_utf8(read("app_cert.pem")).unwrap() });
    world.agent(id).on(INFO, Reply::json(info.to_string()));
    let list =
        serde_json::json!({ "app_id": id, "instances": [{ "quote": hex::encode(listed), "eventlog": log }] });
    world
        .server(crate::support::CLOUD)
        .on(&format!("/apps/{id}/attestations"), Reply::json(list.to_string()));
    let acquired = world.fetch(&format!("{id}@{GATEWAY}"), &with_cloud()).unwrap();
    let [only] = acquired.machines.as_slice() else { panic!("{} machines", acquired.machines.len()) };
    assert_eq!(only.evidence.quote.as_ref().unwrap().bytes, own);
    assert!(only.evidence.certificates.is_some() && only.evidence.event_log.is_some());
    assert_eq!(acquired.attempts.iter().filter(|attempt| attempt.source == Source::Cloud).count(), 1);
}
