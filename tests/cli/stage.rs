//! "Stage 1", end to end: a forged but complete application reaches it, under the loud line of its test root, and none in
//! which one arrow is broken: quote, compose, chain, image, rebuild, commit, record, review.

use crate::chains::{START, asked};
use crate::program::{AS_OF, Folder, machine};
use serde_json::Value;
use veritee_audit::key_provider::KNOWN_KMS;
use veritee_chain::rpc::ChainReads;
use veritee_chain::survey::Subject;
use veritee_chain::{Address, B256};
use veritee_testkit::chain::{AppForge, AppKind, Deployment, Info, KmsForge, KmsKind, World};
use veritee_testkit::dstack::Machine;

/// Of `repro-1.tar`: its index, and the commit in its labels; `repro-2.tar` is a rebuild of it.
pub(crate) const INDEX: &str = "sha256:bcfd702a949644d69afd9dd92b4aad4cf443d6906be12eeedb51a74412eb5971";
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

pub(crate) fn image(name: &str) -> String {
    format!("{}/test-vectors/images/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn compose() -> String {
    format!("services:\n  app:\n    image: example.invalid/app@{INDEX}\n")
}

/// A machine whose keys come from the known KMS of Base, and whose compose runs the image.
fn forged() -> Machine {
    let id = KNOWN_KMS.iter().find(|known| known.registry.is_some()).unwrap().ca_spki;
    let document = serde_json::json!({
        "manifest_version": 2, "name": "staged", "runner": "docker-compose", "docker_compose_file": compose(),
        "kms_enabled": true, "gateway_enabled": false, "public_logs": false, "public_sysinfo": false,
        "public_tcbinfo": true, "key_provider_id": id, "allowed_envs": [], "no_instance_id": false,
        "secure_time": true,
    });
    let machine = machine().change(|machine| machine.key_provider.id = id.to_owned());
    machine.app_compose(&document.to_string())
}

/// What becomes of the application on its chain.
#[derive(Clone, Copy)]
struct Governed<'a> {
    /// Whether its compose is still allowed in the end.
    allowed: bool,
    /// Who may allow another one.
    owner: Address,
    /// Whom the answers come from.
    endpoints: &'a [&'a str],
}

/// A compose that is allowed, that nobody can replace, by the word of two.
const SETTLED: Governed<'_> = Governed {
    allowed: true,
    owner: Address::ZERO,
    endpoints: &["https://rpc.example", "https://node.example.org"],
};

/// A chain on which this compose and no other is allowed.
fn governed(machine: &Machine, how: Governed<'_>) -> (Vec<u8>, String) {
    let (payloads, nobody, registry) = (machine.payloads(), Address::ZERO, Address::repeat_byte(2));
    let mut world = World::new(8453, START);
    let kms = KmsForge::deploy(&mut world, registry, KmsKind::DstackKms, nobody);
    let info = Info {
        k256: vec![2; 33],
        ca: hex::decode(&machine.key_provider.id).unwrap(),
        quote: vec![4; 500],
        event_log: b"[]".to_vec(),
        gateway: hex::encode([6; 20]),
    };
    kms.set_info(&mut world, &info, true);
    let implementation = AppForge::implementation(&mut world, AppKind::DstackAppTcb, 1);
    kms.app_implementation(&mut world, implementation);
    world.mine(START + 2);
    let with = Deployment {
        owner: how.owner,
        compose_hash: payloads.compose_hash.into(),
        device: B256::repeat_byte(5),
        upgrades_disabled: how.owner == nobody,
        allow_any_device: false,
        require_tcb: true,
    };
    let app =
        AppForge::deploy(&mut world, payloads.app_id.into(), AppKind::DstackAppTcb, implementation, with);
    kms.register(&mut world, app.address, None);
    world.mine(START + 4);
    if !how.allowed {
        world.transaction();
        app.compose_hash(&mut world, payloads.compose_hash.into(), false);
        world.mine(START + 6);
    }
    let subject = Subject {
        chain_id: 8453,
        app: payloads.app_id.into(),
        registry: Some(registry),
        block: world.head(),
        observed: [2].into(),
        ..Subject::default()
    };
    let endpoints = how.endpoints.iter().map(|url| asked(&world, &subject, url)).collect();
    let reads = ChainReads { subject, endpoints, l1: None };
    (reads.write().unwrap(), format!("8453:{registry}"))
}

fn review(hash: &str, answered: &[&str]) -> String {
    let mut text = format!(
        "schema = \"veritee/review/v1\"\nreviewer = \"Jane Doe, Example Audits\"\ncompose_hash = \"{hash}\"\n\
         commit = \"{COMMIT}\"\nrule_set = \"{}\"\n",
        veritee_audit::rule_set()
    );
    for id in answered {
        text.push_str(&format!(
            "[[answer]]\nid = \"{id}\"\naccepted = true\nwords = \"looked at it in full\"\n"
        ));
    }
    text
}

fn questions() -> Vec<&'static str> {
    veritee_audit::Item::QUESTIONS.iter().map(|question| question.name()).collect()
}

/// Everything that is given, each part as a file or an option of its own, so that each can be broken alone.
pub(crate) struct Application {
    pub(crate) folder: Folder,
    pub(crate) options: Vec<String>,
}

impl Application {
    pub(crate) fn new() -> Self {
        let machine = forged();
        let folder = Folder::of(&machine);
        // Its RA-TLS chain is of the KMS that forged machines have, not of the known one.
        let parts =
            ["--app-compose", "app-compose.json", "--collateral", "collateral.json", "-o", "evidence.json"];
        folder.run(&[&["evidence", "convert", "answer.json"], &parts[..]].concat()).ends(0);
        let hash = hex::encode(machine.payloads().compose_hash);
        let (chain, registry) = governed(&machine, SETTLED);
        folder.write("chain.json", chain);
        folder.write("review.toml", review(&hash, &questions()));
        for name in ["app/.git/objects", "app/.git/refs", "app/src"] {
            std::fs::create_dir_all(folder.file(name)).unwrap();
        }
        folder.write("app/.git/HEAD", format!("{COMMIT}\n"));
        let base =
            format!("FROM debian@sha256:{}\nARG SOURCE_DATE_EPOCH=0\nCOPY app /app\n", "ab".repeat(32));
        folder.write("app/Dockerfile", base);
        folder.write("app/docker-compose.yml", compose());
        folder.write("app/LICENSE", "Apache-2.0\n");
        folder.write("app/DEPLOYMENTS.md", format!("compose hash {hash}, image {INDEX}\n"));
        folder.write("app/src/main.rs", "fn main() {}\n");
        let options = [
            ("--chain", "chain.json".to_owned()),
            ("--registry", registry),
            ("--container-image", image("repro-1.tar")),
            ("--rebuilt", image("repro-2.tar")),
            ("--source", "app".to_owned()),
            ("--review", "review.toml".to_owned()),
        ];
        let options = options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
        Self { folder, options: options.collect() }
    }

    /// The same with another value of an option, or without it.
    pub(crate) fn with(&self, name: &str, value: Option<&str>) -> Vec<String> {
        let mut options = self.options.clone();
        match (options.iter().position(|option| option == name), value) {
            (Some(at), Some(value)) => options[at + 1] = value.to_owned(),
            (Some(at), None) => drop(options.drain(at..at + 2)),
            (None, Some(value)) => options.extend([name.to_owned(), value.to_owned()]),
            (None, None) => panic!("{name} was not given"),
        }
        options
    }

    pub(crate) fn judge(&self, evidence: &str, options: &[String]) -> Value {
        let more: Vec<&str> = options.iter().map(String::as_str).collect();
        let ran = self.folder.verify(evidence, &[&["--offline", "--format", "json"], &more[..]].concat());
        serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err))
    }

    /// Whatever else is said of it, it is no Stage 1.
    #[track_caller]
    fn falls_short(&self, what: &str, evidence: &str, options: &[String]) {
        let report = self.judge(evidence, options);
        let stage = report["stage"].as_str().unwrap();
        assert!(!stage.starts_with("Stage 1"), "{what}: {stage}");
    }
}

/// What stands between a report and Stage 1, for people.
pub(crate) fn open(report: &Value) -> String {
    let mut out = format!("{} {}\n", report["verdict"]["outcome"], report["verdict"]["reasons"]);
    for item in report["audit"]["quick_check"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|item| item["status"] != "pass")
    {
        out.push_str(&format!("{} {} {}\n", item["id"], item["status"], item["evidence"]));
    }
    for finding in report["findings"].as_array().into_iter().flatten() {
        if ["fail", "warn", "unknown"].contains(&finding["status"].as_str().unwrap()) {
            out.push_str(&format!(
                "{} {} {} {}\n",
                finding["rule"], finding["status"], finding["severity"], finding["evidence"]
            ));
        }
    }
    out
}

#[test]
fn a_complete_application_reaches_stage_1_and_none_does_with_one_arrow_broken() {
    let application = Application::new();
    let report = application.judge("evidence.json", &application.options);
    let stage = report["stage"].as_str().unwrap();
    assert!(stage.starts_with("Stage 1 (reviewer: Jane Doe"), "{stage}\n{}", open(&report));
    // The machine is of nobody's hardware, and every page says so.
    let words: Vec<&str> = application.options.iter().map(String::as_str).collect();
    let page = application.folder.verify("evidence.json", &[&["--offline"], &words[..]].concat()).ends(0).out;
    assert!(page.contains("Stage 1") && page.contains("TEST ROOT, NOT INTEL'S"), "{page}");

    let broken = |what: &str, evidence: &str, options: &[String]| {
        let report = application.judge(evidence, options);
        let stage = report["stage"].as_str().unwrap();
        assert!(!stage.starts_with("Stage 1"), "{what}: {stage}");
        stage.to_owned()
    };
    let folder = &application.folder;
    // Quote: one bit of its body; compose: one letter.
    let evidence: Value = serde_json::from_str(&folder.read("evidence.json")).unwrap();
    let mut changed = evidence.clone();
    let mut quote = hex::decode(evidence["quote"]["value"].as_str().unwrap()).unwrap();
    quote[300] ^= 1;
    changed["quote"]["value"] = hex::encode(&quote).into();
    changed["quote"]["sha256"] = veritee_model::Sha256Digest::of(&quote).to_string().into();
    folder.write("quote.json", changed.to_string());
    broken("quote", "quote.json", &application.options);
    let mut changed = evidence.clone();
    let text = evidence["app_compose"]["value"].as_str().unwrap().replace("staged", "stagez");
    changed["app_compose"]["sha256"] = veritee_model::Sha256Digest::of(text.as_bytes()).to_string().into();
    changed["app_compose"]["value"] = text.into();
    folder.write("compose.json", changed.to_string());
    broken("compose", "compose.json", &application.options);
    // Chain: not read, and read where the compose was withdrawn.
    broken("no chain", "evidence.json", &application.with("--chain", None));
    folder.write("withdrawn.json", governed(&forged(), Governed { allowed: false, ..SETTLED }).0);
    broken("withdrawn", "evidence.json", &application.with("--chain", Some("withdrawn.json")));
    // Image: none, and another one; rebuild: none, and one that differs.
    // A rebuild of no image is a mistake of the caller's.
    let mut without: Vec<String> = application.with("--container-image", None);
    application
        .folder
        .verify("evidence.json", &without.iter().map(String::as_str).collect::<Vec<_>>())
        .ends(2);
    let at = without.iter().position(|option| option == "--rebuilt").unwrap();
    drop(without.drain(at..at + 2));
    broken("no image", "evidence.json", &without);
    let other = image("content-differs.tar");
    broken("another image", "evidence.json", &application.with("--container-image", Some(&other)));
    broken("no rebuild", "evidence.json", &application.with("--rebuilt", None));
    broken("another rebuild", "evidence.json", &application.with("--rebuilt", Some(&other)));
    // Commit: the tree stands elsewhere.
    folder.write("app/.git/HEAD", format!("{}\n", "f".repeat(40)));
    broken("commit", "evidence.json", &application.options);
    folder.write("app/.git/HEAD", format!("{COMMIT}\n"));
    broken("no source", "evidence.json", &application.with("--source", None));
    // Review: of another compose, with a question left open, and none.
    let hash = hex::encode(forged().payloads().compose_hash);
    folder.write("other.toml", review(&"0".repeat(64), &questions()));
    broken("review of another compose", "evidence.json", &application.with("--review", Some("other.toml")));
    folder.write("open.toml", review(&hash, &questions()[1..]));
    broken("a question left open", "evidence.json", &application.with("--review", Some("open.toml")));
    broken("no review", "evidence.json", &application.with("--review", None));
    // And whole again.
    let report = application.judge("evidence.json", &application.options);
    assert!(report["stage"].as_str().unwrap().starts_with("Stage 1"), "{AS_OF}: {}", open(&report));
}

#[test]
fn what_the_chain_proves_shortens_what_stage_1_needs() {
    let application = Application::new();
    let page = |options: &[String]| {
        let more: Vec<&str> = options.iter().map(String::as_str).collect();
        let ran = application.folder.verify("evidence.json", &[&["--offline"], &more[..]].concat());
        ran.out.split_once("Stage 1 needs:").map_or("", |(_, needs)| needs).to_owned()
    };
    let item = |report: &Value, list: &str, id: &str| {
        let mut items = report["audit"][list].as_array().unwrap().iter();
        let item = items.find(|item| item["id"] == id).unwrap();
        (item["status"].as_str().unwrap().to_owned(), item["evidence"].to_string())
    };
    // Nobody has looked at it: what is left are a person's answers, and what was not read.
    let reviewed = |options: &mut Vec<String>| {
        let at = options.iter().position(|option| option == "--review").unwrap();
        drop(options.drain(at..at + 2));
    };
    let (mut with, mut without) = (application.options.clone(), application.with("--chain", None));
    let registry = without.iter().position(|option| option == "--registry").unwrap();
    drop(without.drain(registry..registry + 2));
    reviewed(&mut with);
    reviewed(&mut without);
    let (needs, longer) = (page(&with), page(&without));
    assert!(longer.contains("source, registry, chain (Q3)"), "{longer}");
    assert!(!needs.contains("chain") && needs.contains("answers"), "{needs}");
    let (shown, open) =
        (application.judge("evidence.json", &with), application.judge("evidence.json", &without));
    for id in ["Q3", "Q4"] {
        assert_eq!(item(&shown, "quick_check", id).0, "pass", "{id}");
    }
    assert_eq!(item(&open, "quick_check", "Q3").0, "unknown");
    // A record in the tree answers Q4 as well; without one it is the chain that does.
    let no_source = |options: &[String]| {
        let at = options.iter().position(|option| option == "--source").unwrap();
        let report = application.judge("evidence.json", &[&options[..at], &options[at + 2..]].concat());
        item(&report, "quick_check", "Q4").0
    };
    assert_eq!((no_source(&with), no_source(&without)), ("pass".to_owned(), "unknown".to_owned()));
    // Of ERC-733 no item passes without a person; what rules can tell of these two is told.
    for id in ["E1", "E5"] {
        assert_eq!(item(&shown, "erc733", id).0, "manual", "{id}: {:?}", item(&shown, "erc733", id));
        let (status, evidence) = item(&open, "erc733", id);
        assert_eq!(status, "unknown", "{id}");
        assert!(evidence.contains("DP-CHN-"), "{id}: {evidence}");
    }
}

/// Evidence with one of its documents changed, and the digest beside it made to fit: whoever lies does so too.
fn with_document(evidence: &Value, name: &str, change: impl Fn(&str) -> String) -> String {
    let mut changed = evidence.clone();
    let text = change(evidence[name]["value"].as_str().unwrap());
    assert_ne!(evidence[name]["value"], text.as_str(), "{name} is changed");
    changed[name]["sha256"] = veritee_model::Sha256Digest::of(text.as_bytes()).to_string().into();
    changed[name]["value"] = text.into();
    changed.to_string()
}

#[test]
fn no_application_reaches_stage_1_with_one_of_what_its_arrows_rest_on_broken() {
    let application = Application::new();
    let folder = &application.folder;
    let broken =
        |what: &str, evidence: &str, options: &[String]| application.falls_short(what, evidence, options);
    let evidence: Value = serde_json::from_str(&folder.read("evidence.json")).unwrap();
    // The log between quote and compose: the payload of an event, and an event left out.
    let hash = hex::encode(forged().payloads().compose_hash);
    folder
        .write("log.json", with_document(&evidence, "event_log", |log| log.replace(&hash, &"0".repeat(64))));
    broken("log", "log.json", &application.options);
    let shorter = with_document(&evidence, "event_log", |log| {
        let mut events: Vec<Value> = serde_json::from_str(log).unwrap();
        events.retain(|event| event["event"] != "instance-id");
        serde_json::to_string(&events).unwrap()
    });
    folder.write("shorter.json", shorter);
    broken("a log without an event", "shorter.json", &application.options);
    // The root of the hardware: Intel's, under which nobody knows this machine.
    let options: Vec<&str> = application.options.iter().map(String::as_str).collect();
    let given = [
        "verify",
        "evidence.json",
        "--policy",
        "intel.toml",
        "--as-of",
        AS_OF,
        "--offline",
        "--format",
        "json",
    ];
    let policy = folder.read("policy.toml");
    let (head, rest) = policy.split_once("[root]").unwrap();
    let (_, rest) = rest.split_once("[[os.machine]]").unwrap();
    folder.write("intel.toml", format!("{head}[[os.machine]]{rest}"));
    let ran = folder.run(&[&given[..], &options[..]].concat());
    assert!(ran.code != 0 && !ran.out.contains("\"Stage 1"), "{}", ran.out);
    // The system: registers of another one.
    let at = policy.find("mrtd = \"").unwrap() + 8;
    folder.write("intel.toml", format!("{}{}{}", &policy[..at], "0".repeat(96), &policy[at + 96..]));
    let ran = folder.run(&[&given[..], &["--root", "root.pem"], &options[..]].concat());
    assert!(ran.code != 0 && !ran.out.contains("\"Stage 1"), "{}", ran.out);
    // The chain: one endpoint's word, somebody who can allow another compose, another registry than the known one.
    for (what, how) in [
        ("one endpoint", Governed { endpoints: &["https://rpc.example"], ..SETTLED }),
        ("an owner", Governed { owner: Address::repeat_byte(0x77), ..SETTLED }),
    ] {
        folder.write("other-chain.json", governed(&forged(), how).0);
        broken(what, "evidence.json", &application.with("--chain", Some("other-chain.json")));
    }
    broken("no registry", "evidence.json", &application.with("--registry", None));
}

#[test]
fn no_application_reaches_stage_1_with_its_image_record_tree_or_review_broken() {
    let application = Application::new();
    let folder = &application.folder;
    let broken =
        |what: &str, evidence: &str, options: &[String]| application.falls_short(what, evidence, options);
    let hash = hex::encode(forged().payloads().compose_hash);
    // The image: a byte of a layer ends the run; the same files under another command are another image.
    let mut bytes = std::fs::read(image("repro-1.tar")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    folder.write("damaged.tar", &bytes);
    for name in ["--container-image", "--rebuilt"] {
        let words = application.with(name, Some("damaged.tar"));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ran = folder.verify("evidence.json", &[&["--offline"], &words[..]].concat()).ends(3);
        assert!(!ran.out.contains("Stage 1"), "{name}: {}", ran.out);
    }
    // A rebuild with the same files that only looks like it (S1) proves nothing.
    let plain = image("plain-1.tar");
    broken("a rebuild of other times", "evidence.json", &application.with("--rebuilt", Some(&plain)));
    // The record: one that tells of another compose. (Without any the chain's own history is the record.)
    let record = folder.read("app/DEPLOYMENTS.md");
    folder.write("app/DEPLOYMENTS.md", record.replace(&hash, &"0".repeat(64)));
    broken("record of another compose", "evidence.json", &application.options);
    folder.write("app/DEPLOYMENTS.md", &record);
    // The tree: its own recipe for building does not reproduce.
    let dockerfile = folder.read("app/Dockerfile");
    folder.write("app/Dockerfile", "FROM debian:latest\nRUN apt-get update && apt-get install -y curl\n");
    broken("a Dockerfile that pins nothing", "evidence.json", &application.options);
    folder.write("app/Dockerfile", dockerfile);
    // The review: of another commit, by other rules, with an answer that does not accept.
    let text = folder.read("review.toml");
    for (what, changed) in [
        ("review of another commit", text.replace(COMMIT, &"f".repeat(40))),
        ("review by other rules", text.replace(&veritee_audit::rule_set().to_string(), "0000")),
        ("an answer that does not accept", text.replacen("accepted = true", "accepted = false", 1)),
    ] {
        assert_ne!(text, changed, "{what}");
        folder.write("changed.toml", changed);
        let words = application.with("--review", Some("changed.toml"));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ran = folder.verify("evidence.json", &[&["--offline", "--format", "json"], &words[..]].concat());
        assert!(
            !ran.out.contains("\"stage\": \"Stage 1") && !ran.out.contains("\"Stage 1"),
            "{what}: {}",
            ran.out
        );
    }
    // And whole again.
    let report = application.judge("evidence.json", &application.options);
    assert!(report["stage"].as_str().unwrap().starts_with("Stage 1"), "{}", open(&report));
}
