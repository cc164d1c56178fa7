//! Shared by the integration tests.
#![allow(dead_code, clippy::print_stderr, missing_docs, unreachable_pub)]

use std::path::PathBuf;
use veritee_audit::{Audit, BootEvents, Context, KeyProvider, audit, enforcement};
use veritee_compose::{Deployment, UnboundCompose, bind};
use veritee_model::{Budget, ComposeHash, Finding, FindingStatus, Severity};

/// A file of the reference folder beside the repository; `None`, with a line on stderr, where it is absent.
pub fn shared(path: &str) -> Option<Vec<u8>> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path);
    match std::fs::read(&file) {
        Ok(bytes) => Some(bytes),
        Err(_) => {
            eprintln!("skipped: ../shared is absent");
            None
        }
    }
}

pub fn corpus(name: &str) -> Option<Vec<u8>> {
    shared(&format!("compose-corpus/{name}"))
}

pub fn vector(path: &str) -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/audit").join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn compose_context(context: &Context) -> veritee_compose::Context {
    veritee_compose::Context { budget: Budget::STANDARD, enforcement: enforcement(context) }
}

/// Audits an app_compose as if its hash had been measured.
pub fn attested(raw: &[u8], mut context: Context) -> Audit {
    let hash = ComposeHash::of(raw);
    context.attested = true;
    context.compose_hash = Some(hash);
    let bound = bind(raw, &hash, &Budget::STANDARD).expect("the hash is its own");
    let deployment = Deployment::from_bound(&bound, &compose_context(&context)).expect("a document");
    audit(&deployment, &context)
}

pub fn deployment(raw: &[u8]) -> Deployment {
    let unbound = UnboundCompose::parse(raw, &Budget::STANDARD).expect("a document");
    Deployment::from_unbound(&unbound, &compose_context(&Context::default()))
}

/// Audits an app_compose that nothing vouches for.
pub fn unattested(raw: &[u8]) -> Audit {
    audit(&deployment(raw), &Context::default())
}

pub fn bare_deployment(raw: &[u8]) -> Deployment {
    Deployment::from_compose_yaml(raw, &compose_context(&Context::default())).expect("UTF-8")
}

/// Audits a docker compose file alone.
pub fn bare(raw: &[u8]) -> Audit {
    audit(&bare_deployment(raw), &Context::default())
}

/// An app_compose around a compose file.
pub fn app_compose(compose: &str, allowed: &[&str]) -> Vec<u8> {
    app_compose_with(compose, allowed, serde_json::json!({}))
}

pub fn app_compose_with(compose: &str, allowed: &[&str], more: serde_json::Value) -> Vec<u8> {
    let mut document = serde_json::json!({
        "manifest_version": 2,
        "name": "app",
        "runner": "docker-compose",
        "docker_compose_file": compose,
        "kms_enabled": true,
        "gateway_enabled": true,
        "allowed_envs": allowed,
    });
    for (key, value) in more.as_object().expect("an object") {
        document[key] = value.clone();
    }
    serde_json::to_vec(&document).expect("serialises")
}

/// Boot events of a current guest with this key provider.
pub fn events(key_provider: KeyProvider) -> BootEvents {
    let names = [
        "system-preparing",
        "app-id",
        "compose-hash",
        "instance-id",
        "boot-mr-done",
        "mr-kms",
        "os-image-hash",
        "key-provider",
        "storage-fs",
    ];
    BootEvents {
        names: names.map(str::to_owned).to_vec(),
        key_provider: Some(key_provider),
        os_image_hash: None,
    }
}

pub fn kms(index: usize) -> KeyProvider {
    let known = veritee_audit::key_provider::KNOWN_KMS[index];
    KeyProvider { name: "kms".to_owned(), id: known.ca_spki.to_owned() }
}

/// What the findings of a rule are about: the text behind the title's colon, sorted.
pub fn subjects(audit: &Audit, rule: &str) -> Vec<String> {
    let mut list: Vec<String> = open(audit, rule)
        .into_iter()
        .map(|finding| {
            finding.title.rsplit_once(": ").map_or_else(String::new, |(_, about)| about.to_owned())
        })
        .collect();
    list.sort();
    list
}

/// Findings of a rule that say anything but pass.
pub fn open<'a>(audit: &'a Audit, rule: &str) -> Vec<&'a Finding> {
    audit
        .findings
        .iter()
        .filter(|finding| finding.rule == rule && finding.status != FindingStatus::Pass)
        .collect()
}

pub fn passes<'a>(audit: &'a Audit, rule: &str) -> Vec<&'a Finding> {
    audit
        .findings
        .iter()
        .filter(|finding| finding.rule == rule && finding.status == FindingStatus::Pass)
        .collect()
}

/// Severities of the open findings of a rule, gravest first.
pub fn severities(audit: &Audit, rule: &str) -> Vec<Severity> {
    let mut list: Vec<Severity> = open(audit, rule).into_iter().map(|finding| finding.severity).collect();
    list.sort_by(|one, other| other.cmp(one));
    list
}

/// All findings as lines, for reading and for comparing.
pub fn listing(audit: &Audit) -> String {
    let mut lines: Vec<String> = audit
        .findings
        .iter()
        .map(|finding| {
            format!(
                "{:?} {} {} | {} | {} | {}",
                finding.status,
                finding.severity,
                finding.rule,
                finding.title,
                finding.location,
                finding.evidence.replace('\n', " ")
            )
        })
        .collect();
    lines.push(audit.stage_line());
    lines.join("\n")
}
