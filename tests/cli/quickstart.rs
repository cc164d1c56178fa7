//! The example of the README: a real production machine, and the gateway that the default policy refuses.

use crate::program::{Folder, Ran};
use serde_json::Value;

fn quickstart(file: &str) -> String {
    format!("{}/test-vectors/quickstart/{file}", env!("CARGO_MANIFEST_DIR"))
}

fn verify(more: &[&str]) -> Ran {
    let (evidence, policy) = (quickstart("evidence.json"), quickstart("policy.toml"));
    Folder::new().run(&[&["verify", &evidence, "--policy", &policy], more].concat())
}

#[test]
fn the_production_machine_is_verified_without_a_clock() {
    let ran = verify(&[]).ends(0);
    assert!(ran.out.contains("VERIFIED"), "{}", ran.out);
    assert_eq!(ran.err, "");
    let report: Value = serde_json::from_str(&verify(&["--format", "json"]).ends(0).out).unwrap();
    assert_eq!(report["root"]["intel"], true);
    assert_eq!(report["as_of"], "2026-03-15T00:00:00Z");
    assert_eq!(report["tcb"]["status"], "UpToDate");
    assert_eq!(report["identity"]["app_id"], "2c0a0c96cb6dbd659bf1446e2f3fce58172ff91b");
}

#[test]
fn what_the_example_does_not_show_is_said() {
    let report: Value = serde_json::from_str(&verify(&["--format", "json"]).ends(0).out).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let nonce = checks.iter().find(|check| check["id"] == "binding.nonce").unwrap();
    assert_eq!(nonce["reason"], "freshness-not-shown");
    let human = verify(&[]).ends(0).out;
    assert!(human.contains("freshness"), "{human}");
}

#[test]
fn one_byte_of_the_example_changed_is_not_verified() {
    let evidence = std::fs::read_to_string(quickstart("evidence.json")).unwrap();
    let document: Value = serde_json::from_str(&evidence).unwrap();
    let folder = Folder::new();
    folder.write("changed.json", evidence.replacen("docker_compose_file", "docker_compose_fils", 1));
    // The items carry their digests: a change is found on reading already.
    let policy = quickstart("policy.toml");
    let ran = folder.run(&["verify", "changed.json", "--policy", &policy]).ends(3);
    assert!(ran.err.contains("have another SHA-256"), "{}", ran.err);
    assert!(document["schema"] == "veritee/evidence/v1");
}

#[test]
fn the_gateway_is_refused_by_the_default_policy_with_each_advisory() {
    let folder = Folder::new();
    let gateway = quickstart("gateway.json");
    let ran =
        folder.run(&["verify", &gateway, "--as-of", "2026-10-15T00:00:00Z", "--format", "json"]).ends(11);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["tcb"]["status"], "OutOfDate");
    let advisories = report["tcb"]["advisories"].as_array().unwrap();
    assert_eq!(advisories.len(), 9, "{advisories:?}");
    let human = folder.run(&["verify", &gateway, "--as-of", "2026-10-15T00:00:00Z", "-v"]).ends(11).out;
    for advisory in advisories {
        assert!(human.contains(advisory.as_str().unwrap()), "{advisory}: {human}");
    }
}

#[test]
fn the_page_of_the_example_is_small_and_brings_all_it_needs() {
    let page = verify(&["--format", "html"]).ends(0).out;
    assert!(page.len() <= 120 * 1024, "{} bytes", page.len());
    assert!(!page.contains("<script") && !page.contains("<link") && !page.contains("src="));
}
