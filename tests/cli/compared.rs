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
