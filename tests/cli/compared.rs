//! `veritee diff` of anything that is read.

use crate::program::{AS_OF, Folder, machine};

fn shared(name: &str) -> Option<std::path::PathBuf> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases").join(name);
    if !folder.is_dir() {
        eprintln!("skipped: {name} is absent");
        return None;
    }
    Some(folder)
}

#[test]
fn what_the_audit_finds_anew_is_power_that_grew() {
    let Some(case) = shared("red/diff-says-nobody-grew") else { return };
    let before = case.join("before.json");
    let folder = Folder::empty();
    let diff = |one: &std::path::Path, other: &std::path::Path| {
        folder.run(&["diff", one.to_str().unwrap(), other.to_str().unwrap()])
    };
    diff(&before, &before).ends(0);
    let mut seen = 0;
    for entry in std::fs::read_dir(&case).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("after-") {
            let ran = diff(&before, &path).ends(12);
            assert!(ran.out.contains("POWER GREW"), "{}", ran.out);
            seen += 1;
        }
    }
    assert!(seen >= 15);
}

#[test]
fn what_has_nothing_in_common_or_cannot_be_read_ends_with_3() {
    let folder = Folder::new();
    folder.write("a.txt", "hello");
    folder.write("b.txt", "hello there");
    folder.write("broken.json", "{\"docker_compose_file\": \"services: [\", \"manifest_version\": 2}");
    folder.write("compose.yml", "services:\n  web:\n    image: a\n");
    for (one, other) in [
        ("a.txt", "b.txt"),
        ("a.txt", "a.txt"),
        ("quote.bin", "compose.yml"),
        ("compose.yml", "quote.bin"),
        ("collateral.json", "collateral.json"),
        ("broken.json", "compose.yml"),
        ("missing.json", "a.txt"),
    ] {
        let ran = folder.run(&["diff", one, other]).ends(3);
        assert!(ran.out.is_empty(), "{one} {other}: {}", ran.out);
    }
    folder.run(&["diff", "-", "-"]).ends(2);
}

#[test]
fn evidence_reports_and_composes_are_compared_with_each_other() {
    let folder = Folder::new();
    let other =
        Folder::of(&machine().universe(|it| it.tcb_info(|info| info.levels[0].status = "OutOfDate".into())));
    folder.verify("evidence.json", &["-o", "report.json"]).ends(0);
    std::fs::copy(other.file("evidence.json"), folder.file("other.json")).unwrap();
    std::fs::copy(other.file("root.pem"), folder.file("other.pem")).unwrap();
    let report = other.verify("evidence.json", &["--format", "json"]).ends(11);
    folder.write("other-report.json", report.out);
    for (one, two, topics) in [
        ("evidence.json", "evidence.json", "registers, platform, identity"),
        ("evidence.json", "answer.json", "registers, platform, identity"),
        ("evidence.json", "report.json", "registers, platform, identity"),
        ("report.json", "report.json", "findings, verdict"),
        ("report.json", "app-compose.json", "identity, findings"),
        ("event_log.json", "event_log.json", "registers, identity"),
        ("chain.pem", "quote.bin", "registers, platform"),
    ] {
        let ran = folder.run(&["diff", one, two]);
        assert!(ran.code == 0 || ran.code == 12, "{one} {two}: {} {}", ran.code, ran.err);
        assert!(ran.out.contains(topics), "{one} {two}: {}", ran.out);
    }
    for file in ["evidence.json", "report.json", "app-compose.json"] {
        let ran = folder.run(&["diff", file, file]).ends(0);
        assert!(ran.out.contains("nothing changed"), "{}", ran.out);
    }
    // Evidence and the report that was made of it say the same, whatever a guest calls its device id.
    folder.write("info.json", machine().forge().info_json());
    let judged = folder.verify("info.json", &["--collateral", "collateral.json", "--format", "json"]);
    folder.write("info-report.json", judged.out);
    for (one, two) in [("info.json", "info-report.json"), ("info-report.json", "info.json")] {
        let ran = folder.run(&["diff", one, two]).ends(0);
        assert!(ran.out.contains("nothing changed"), "{}", ran.out);
    }
    // The platform of the other report is out of date: its host can do more.
    let ran = folder.run(&["diff", "report.json", "other-report.json", "--format", "json"]).ends(12);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["schema"], "veritee/diff/v1");
    assert!(document["grew"].as_array().unwrap().contains(&"host".into()), "{document}");
    let paths: Vec<&str> = document["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["path"].as_str().unwrap())
        .collect();
    assert!(paths.contains(&"platform.tcb_status"), "{paths:?}");
    folder.run(&["diff", "other-report.json", "report.json"]).ends(0);
}

#[test]
fn a_date_is_a_time() {
    let folder = Folder::new();
    let day = &AS_OF[..10];
    let ran = folder.run(&[
        "verify",
        "evidence.json",
        "--policy",
        "policy.toml",
        "--root",
        "root.pem",
        "--as-of",
        day,
        "--format",
        "json",
    ]);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["as_of"], format!("{day}T00:00:00Z"));
    folder.run(&["verify", "evidence.json", "--as-of", "2026-13-01"]).ends(2);
    folder.run(&["verify", "evidence.json", "--as-of", "2026-3-1"]).ends(2);
}

#[test]
fn what_could_not_be_read_is_never_the_same() {
    let folder = Folder::new();
    let document: serde_json::Value = serde_json::from_str(&folder.read("app-compose.json")).unwrap();
    for (name, text) in [("broken.json", "services: ["), ("broken-too.json", "services: {")] {
        let mut broken = document.clone();
        broken["docker_compose_file"] = text.into();
        folder.write(name, broken.to_string());
    }
    let answer: serde_json::Value = serde_json::from_str(&folder.read("answer.json")).unwrap();
    let mut hardware = answer.clone();
    hardware["vm_config"] = "no object".into();
    folder.write("hardware.json", hardware.to_string());
    for (one, other) in [
        ("app-compose.json", "broken.json"),
        ("broken.json", "app-compose.json"),
        ("broken.json", "broken-too.json"),
        ("broken.json", "broken.json"),
        ("answer.json", "hardware.json"),
        ("hardware.json", "hardware.json"),
    ] {
        let ran = folder.run(&["diff", one, other]).ends(3);
        assert!(
            ran.out.contains("NO ANSWER") && ran.out.contains("not read: "),
            "{one} {other}: {}",
            ran.out
        );
        assert!(!ran.out.contains("nobody's power grew"), "{}", ran.out);
    }
    // What grew is said beside it.
    let mut open = document;
    open["docker_compose_file"] = "services: [".into();
    open["kms_enabled"] = false.into();
    folder.write("open.json", open.to_string());
    let ran = folder.run(&["diff", "answer.json", "answer.json"]).ends(0);
    assert!(ran.out.contains("nobody's power grew"), "{}", ran.out);
}

/// The answer of the machine with its log's events of RTMR3 changed.
fn with_events(folder: &Folder, name: &str, change: impl Fn(&mut Vec<serde_json::Value>)) {
    let mut answer: serde_json::Value = serde_json::from_str(&folder.read("answer.json")).unwrap();
    let mut log: Vec<serde_json::Value> =
        serde_json::from_str(answer["event_log"].as_str().unwrap()).unwrap();
    change(&mut log);
    answer["event_log"] = serde_json::to_string(&log).unwrap().into();
    // Registers of the quote are another's: the answer is compared without it.
    answer.as_object_mut().unwrap().remove("quote");
    folder.write(name, serde_json::to_string(&log).unwrap());
}

#[test]
fn events_that_come_go_or_change_are_listed() {
    let folder = Folder::new();
    let provider = |payload: &str| {
        let payload: String = payload.bytes().map(|byte| format!("{byte:02x}")).collect();
        move |log: &mut Vec<serde_json::Value>| {
            let event = log.iter_mut().find(|event| event["event"] == "key-provider").unwrap();
            event["event_payload"] = payload.clone().into();
            event["digest"] = "".into();
        }
    };
    with_events(&folder, "before.json", |_| {});
    with_events(&folder, "junk.json", provider("hello"));
    with_events(&folder, "tpm.json", provider(r#"{"name":"tpm","id":"abab"}"#));
    with_events(&folder, "gone.json", |log| log.retain(|event| event["event"] != "key-provider"));
    with_events(&folder, "unready.json", |log| log.retain(|event| event["event"] != "system-ready"));
    with_events(&folder, "later.json", |log| {
        let mut event = log.iter().find(|event| event["event"] == "app-id").unwrap().clone();
        event["event"] = "mine".into();
        event["event_payload"] = "78".into();
        event["digest"] = "".into();
        log.push(event);
    });
    for (other, code, said) in [
        ("before.json", 0, "nothing changed"),
        ("junk.json", 3, "identity.key_provider"),
        ("tpm.json", 12, "identity.key_provider"),
        ("gone.json", 3, "identity.key_provider"),
        ("unready.json", 3, "events.boot.system-ready"),
        ("later.json", 0, "events.boot.after-system-ready.mine"),
    ] {
        let ran = folder.run(&["diff", "before.json", other]).ends(code);
        assert!(ran.out.contains(said), "{other}: {}", ran.out);
    }
}
