//! `veritee audit` of documents that no quote vouches for.

use crate::program::Folder;
use serde_json::Value;

const PINNED: &str = r#"{"manifest_version":2,"name":"pinned","runner":"docker-compose","docker_compose_file":"services:\n  app:\n    image: nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000\n","kms_enabled":true,"public_logs":false,"public_sysinfo":false,"allowed_envs":[]}"#;

#[test]
fn a_document_alone_is_never_called_attested_or_verified() {
    let folder = Folder::new();
    folder.write("app-compose.json", PINNED);
    for format in ["human", "markdown", "html"] {
        let ran = folder.run(&["audit", "app-compose.json", "--format", format]);
        assert!(matches!(ran.code, 0 | 12), "{}", ran.err);
        assert!(ran.out.to_uppercase().contains("NOT ATTESTED"), "{format}: {}", ran.out);
        assert!(!ran.out.contains("VERIFIED") && !ran.out.contains("GENUINE,"), "{format}: {}", ran.out);
    }
}

#[test]
fn every_question_about_a_machine_stands_as_not_asked() {
    let folder = Folder::new();
    folder.write("app-compose.json", PINNED);
    let ran = folder.run(&["audit", "app-compose.json", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    for check in report["checks"].as_array().unwrap() {
        if check["id"] != "audit.rules" {
            assert_eq!(
                (&check["outcome"], &check["reason"]),
                (&"not-checked".into(), &"not-asked".into()),
                "{check}"
            );
        }
    }
    assert_eq!(report["root"], Value::Null);
    assert!(!report["stage"].as_str().unwrap().contains("Stage 1"), "{}", report["stage"]);
}

#[test]
fn findings_decide_the_exit_code_by_the_threshold() {
    let folder = Folder::new();
    folder.write(
        "app-compose.json",
        PINNED.replace("nginx@sha256:", "nginx:latest\\n    privileged: true\\n    labels:\\n      x: "),
    );
    for (threshold, code) in [("high", 12), ("critical", 12)] {
        folder.run(&["audit", "app-compose.json", "--fail-on", threshold]).ends(code);
    }
}

#[test]
fn a_document_with_two_readings_is_a_finding() {
    let folder = Folder::new();
    folder.write(
        "app-compose.json",
        PINNED.replacen("{\"manifest_version\":2", "{\"manifest_version\":1,\"manifest_version\":2", 1),
    );
    let ran = folder.run(&["audit", "app-compose.json", "--format", "json"]).ends(12);
    assert!(ran.out.contains("duplicate") || ran.out.contains("twice"), "{}", ran.out);
}
