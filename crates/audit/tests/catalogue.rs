//! Every rule on an example that breaks it and on one that does not; the pages show the same examples.
#![allow(missing_docs, clippy::print_stderr)]

mod common;

use common::*;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use veritee_audit::chain::deployments::Added;
use veritee_audit::chain::{AppContract, ChainFacts, Code, Contracts, Owner, Power};
use veritee_audit::{
    Audit, BootEvents, Context, ImageFacts, ImageHit, InsideKind, KeyProvider, MemoryTree, TagSeen,
    TraceRung, audit, audit_source, enforcement, rules,
};
use veritee_compose::{Deployment, UnboundCompose, bind};
use veritee_model::{AppId, Budget, ComposeHash, Finding};

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    rule: String,
    expect: String,
    status: String,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default)]
    compose: Option<String>,
    #[serde(default)]
    allowed: Vec<String>,
    #[serde(default)]
    manifest: serde_json::Value,
    #[serde(default)]
    unattested: bool,
    #[serde(default)]
    ignore_info: bool,
    #[serde(default)]
    events: Option<String>,
    #[serde(default)]
    chain: Option<String>,
    #[serde(default)]
    os: Option<String>,
    #[serde(default)]
    app_id: Option<String>,
    #[serde(default)]
    files: Option<BTreeMap<String, String>>,
    #[serde(default)]
    head: Option<String>,
    #[serde(default)]
    commits: Option<Vec<String>>,
    #[serde(default)]
    traces: BTreeMap<String, u8>,
    #[serde(default)]
    images: BTreeMap<String, String>,
}

fn cases() -> Vec<Case> {
    let vectors: Vectors =
        serde_json::from_str(&vector("rules.json")).expect("the vectors are of their form");
    vectors.cases
}

fn boot_events(kind: &str) -> BootEvents {
    let unknown = KeyProvider { name: "kms".to_owned(), id: "3059".to_owned() };
    let local = KeyProvider { name: "local-sgx".to_owned(), id: String::new() };
    let none = KeyProvider { name: "none".to_owned(), id: String::new() };
    let without = |names: &[&str]| BootEvents {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        ..BootEvents::default()
    };
    match kind {
        "pha" => events(kms(0)),
        "base" => events(kms(1)),
        "unknown" => events(unknown),
        "local" => events(local),
        "none" => events(none),
        "old" => without(&["app-id", "compose-hash", "ca-cert-hash"]),
        "missing" => without(&["app-id", "compose-hash"]),
        other => panic!("{other}"),
    }
}

/// An application of one compose, owned by one key, on any device whatever its TCB; changed in one way.
fn chain_facts(kind: &str) -> ChainFacts {
    let one_key = Owner { words: "0x01, an account of one key".to_owned(), power: Power::OneKey };
    let nobody = Owner { words: "nobody".to_owned(), power: Power::Nobody };
    let mut app = AppContract {
        address: format!("0x{}", "03".repeat(20)),
        allows_this: true,
        owner: one_key.clone(),
        any_device: true,
        ..AppContract::default()
    };
    let mut contracts = Contracts {
        registry: format!("0x{}", "02".repeat(20)),
        registry_owner: one_key,
        ..Contracts::default()
    };
    let mut facts = ChainFacts { block: "block 5 of Base".to_owned(), endpoints: 2, ..ChainFacts::default() };
    match kind {
        "governed" | "unserved" => {}
        "withdrawn" => app.allows_this = false,
        "many" => app.others = vec!["0x77".to_owned(), "0x78".to_owned()],
        "fixed" => app.code_fixed = true,
        "strict" => (app.any_device, app.tcb_up_to_date) = (false, true),
        "renounced" => (app.owner, contracts.registry_owner) = (nobody.clone(), nobody),
        "testnet" => facts.test_network = Some("Sepolia (test network)".to_owned()),
        "released" => {
            let released = Code { hash: "0x44".to_owned(), source: Some("DstackApp of v0.5.9".to_owned()) };
            (app.code, contracts.registry_code) = (released.clone(), released);
        }
        "twice" => {
            let added =
                |byte: &str, block| Added { hash: byte.repeat(32), block, transaction: "77".repeat(32) };
            app.logged.added = vec![added("11", 5), added("22", 9)];
        }
        "anygateway" => contracts.any_gateway = true,
        "single" => facts.endpoints = 1,
        other => panic!("{other}"),
    }
    contracts.app = (kind != "unserved").then_some(app);
    // On one endpoint's word nothing is proven.
    facts.contracts = (kind != "single").then_some(contracts);
    facts
}

/// An image whose file was read, says which source it is made from, and hides nothing; changed in one way.
fn image_facts(kind: &str) -> ImageFacts {
    let seen =
        |hex: &str| Some(TagSeen { digest: format!("sha256:{hex}"), at: "2026-10-15T00:00:00Z".to_owned() });
    let hit = |layer, kind| ImageHit {
        layer,
        place: "app/.env:1".to_owned(),
        kind,
        what: "a literal".to_owned(),
        variable: None,
    };
    let mut facts = ImageFacts {
        matched: Some("index"),
        revision: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
        tag: seen(&"ab".repeat(32)),
        ..ImageFacts::default()
    };
    match kind {
        "sound" => {}
        "silent" => facts.revision = None,
        "moved" => facts.tag = seen(&"cd".repeat(32)),
        "signed" => facts.signed = vec!["provenance by a workflow".to_owned()],
        "public" => facts.public = Some("fetched without a password".to_owned()),
        "normalised" => facts.normalised = Some("BuildKit rewrote times".to_owned()),
        "secret" => facts.inside = vec![hit(None, InsideKind::Password)],
        "key" => facts.inside = vec![hit(Some(1), InsideKind::DefaultKey)],
        other => panic!("{other}"),
    }
    facts
}

fn run(case: &Case) -> Audit {
    let mut context = Context {
        events: case.events.as_deref().map(boot_events),
        chain: case.chain.as_deref().map(chain_facts),
        app_id: case.app_id.as_deref().map(|hex| AppId::from_hex(hex).expect("hex")),
        traces: case.traces.keys().map(|image| (image.clone(), TraceRung::Provenance)).collect(),
        images_given: !case.images.is_empty(),
        images: case.images.iter().map(|(image, kind)| (image.clone(), image_facts(kind))).collect(),
        ..Context::default()
    };
    context.os.image_name.clone_from(&case.os);
    let tree = case.files.as_ref().map(|files| MemoryTree {
        head: case.head.clone(),
        commits: case.commits.clone(),
        ..MemoryTree::new(files.clone())
    });
    let deployment = case.compose.as_ref().map(|compose| {
        let allowed: Vec<&str> = case.allowed.iter().map(String::as_str).collect();
        let more = if case.manifest.is_null() { serde_json::json!({}) } else { case.manifest.clone() };
        let raw = app_compose_with(compose, &allowed, more);
        let hash = ComposeHash::of(&raw);
        let how = veritee_compose::Context { budget: Budget::STANDARD, enforcement: enforcement(&context) };
        if case.unattested {
            Deployment::from_unbound(&UnboundCompose::parse(&raw, &Budget::STANDARD).unwrap(), &how)
        } else {
            context.attested = true;
            context.compose_hash = Some(hash);
            Deployment::from_bound(&bind(&raw, &hash, &Budget::STANDARD).unwrap(), &how).unwrap()
        }
    });
    match (&deployment, &tree) {
        (Some(deployment), None) => audit(deployment, &context),
        (deployment, Some(tree)) => audit_source(deployment.as_ref(), tree, &context),
        (None, None) => panic!("{}: neither compose nor files", case.rule),
    }
}

fn name(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn every_rule_fires_on_its_bad_example_and_is_silent_on_its_good_one() {
    let mut faults = Vec::new();
    for case in cases() {
        let audit = run(&case);
        let matching: Vec<&Finding> = audit
            .findings
            .iter()
            .filter(|finding| finding.rule == case.rule)
            .filter(|finding| {
                let pass = name(&finding.status) == "pass";
                if case.status == "pass" {
                    pass
                } else {
                    !(pass || case.ignore_info && name(&finding.status) == "info")
                }
            })
            .collect();
        if case.expect == "silent" {
            if !matching.is_empty() {
                faults.push(format!("{} fires on its good example:\n{}", case.rule, listing(&audit)));
            }
            continue;
        }
        let as_expected = matching.iter().any(|finding| {
            name(&finding.status) == case.status && Some(finding.severity.name()) == case.severity.as_deref()
        });
        if !as_expected {
            faults.push(format!(
                "{} {:?} {} is not found:\n{}",
                case.rule,
                case.severity,
                case.status,
                listing(&audit)
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn every_rule_has_both_examples() {
    let mut fires = BTreeSet::new();
    let mut silent = BTreeSet::new();
    for case in cases() {
        if case.expect == "fires" { &mut fires } else { &mut silent }.insert(case.rule);
    }
    let all: BTreeSet<String> = rules().map(|rule| rule.id.to_owned()).collect();
    assert_eq!(all, fires);
    assert_eq!(all, silent);
}

#[test]
fn every_rule_has_a_page_that_says_why_shows_both_examples_and_names_false_alarms() {
    for rule in rules() {
        let file = format!("{}/../../{}", env!("CARGO_MANIFEST_DIR"), rule.page());
        let page = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(
            page.starts_with(&format!("# {}: {}\n", rule.id, rule.title)),
            "{file}: its heading is not the rule's"
        );
        assert!(page.contains(&format!("Default severity: {}.", rule.severity)), "{file}: severity");
        for heading in ["## Why", "## Example: bad", "## Example: good", "## When it is a false alarm"] {
            let body = page.split(heading).nth(1).unwrap_or_else(|| panic!("{file}: no {heading}"));
            let text = body.split("\n## ").next().unwrap_or("").trim();
            assert!(!text.is_empty(), "{file}: nothing below {heading}");
        }
    }
}

/// The blocks of a section in fences.
fn blocks(section: &str) -> Vec<String> {
    let parts = section.split("```").skip(1).step_by(2);
    parts.map(|part| part.split_once('\n').map_or("", |(_, text)| text).trim().to_owned()).collect()
}

/// Every text in a value.
fn texts(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => found.push(text.trim().to_owned()),
        serde_json::Value::Array(elements) => elements.iter().for_each(|element| texts(element, found)),
        serde_json::Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        _ => {}
    }
}

impl Case {
    /// Whether a block of a page is part of what the case runs: the compose file, a script, a file, members of the
    /// app_compose.
    fn has(&self, block: &str) -> bool {
        let mut known: Vec<String> = self.compose.iter().map(|text| text.trim().to_owned()).collect();
        known.extend(self.files.iter().flatten().map(|(_, text)| text.trim().to_owned()));
        texts(&self.manifest, &mut known);
        let members = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(block);
        let of_manifest = members.is_ok_and(|members| {
            members.iter().all(|(key, value)| self.manifest.get(key).is_some_and(|own| own == value))
        });
        of_manifest || known.iter().any(|text| text == block)
    }
}

#[test]
fn what_a_page_shows_as_bad_fires_and_what_it_shows_as_good_is_silent() {
    let cases = cases();
    for rule in rules() {
        let file = format!("{}/../../{}", env!("CARGO_MANIFEST_DIR"), rule.page());
        let page = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        for (heading, expect) in [("## Example: bad", "fires"), ("## Example: good", "silent")] {
            let section = page.split(heading).nth(1).unwrap_or("").split("\n## ").next().unwrap_or("");
            let blocks = blocks(section);
            // Bytes that are no text cannot be shown.
            assert!(!blocks.is_empty() || rule.id == "DP-SRC-026", "{file}: {heading} shows nothing");
            let runs = |case: &&Case| case.rule == rule.id && case.expect == expect;
            let is_run = cases.iter().filter(runs).any(|case| blocks.iter().all(|block| case.has(block)));
            assert!(is_run, "{file}: no vector runs what stands below {heading}");
        }
    }
}

#[test]
fn no_page_is_left_behind_by_a_rule_that_is_gone() {
    let folder = format!("{}/../../docs/rules", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(&folder).expect("docs/rules") {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let id = name.strip_suffix(".md").unwrap_or(&name);
        assert!(id == "README" || veritee_audit::find_rule(id).is_some(), "{name}");
    }
}

#[test]
fn ids_are_unique_and_well_formed() {
    let mut seen = BTreeSet::new();
    for rule in rules() {
        assert!(seen.insert(rule.id), "{} occurs twice", rule.id);
        let parts: Vec<&str> = rule.id.split('-').collect();
        assert!(
            matches!(parts.as_slice(), ["DP", family, number] if family.len() == 3 || *family == "META" && number.len() == 3),
            "{}",
            rule.id
        );
        assert!(!rule.title.ends_with('.'), "{}", rule.id);
    }
}

#[test]
fn what_is_not_asked_here_is_named_in_the_documentation_and_is_no_rule() {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules/README.md")).unwrap();
    for rule in veritee_audit::ELSEWHERE {
        assert!(readme.contains(rule.id), "{}", rule.id);
        assert!(veritee_audit::find_rule(rule.id).is_none(), "{}", rule.id);
        assert!(!rule.question.is_empty() && !rule.why.is_empty());
    }
}
