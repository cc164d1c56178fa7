//! The chain as a user meets it: asked over loopback, kept, judged offline, and told.

use crate::program::{Folder, Ran, machine};
use serde_json::Value;
use std::sync::Arc;
use veritee_chain::rpc::{ChainReads, Endpoint};
use veritee_chain::survey::{Subject, survey};
use veritee_chain::{Address, B256};
use veritee_loopback::{Reply, Server};
use veritee_model::Budget;
use veritee_testkit::chain::{AppForge, AppKind, Deployment, Info, KmsForge, KmsKind, L1Forge, World};

/// Shortly before the forged machine is judged: 2026-10-14T17:46:40Z.
pub(crate) const START: u64 = 1_792_000_000;

/// A chain on which this compose is allowed, withdrawn and allowed again, beside another one.
pub(crate) fn governed(
    start: u64,
    app: [u8; 20],
    compose_hash: [u8; 32],
    root_key: &[u8],
) -> (World, Address) {
    let (world, kms, _) = contracts(start, app, compose_hash, root_key);
    (world, kms.address)
}

/// The same with its contracts, for whatever happens next.
pub(crate) fn contracts(
    start: u64,
    app: [u8; 20],
    compose_hash: [u8; 32],
    root_key: &[u8],
) -> (World, KmsForge, AppForge) {
    let address = |seed: u8| Address::repeat_byte(seed);
    let registry = address(2);
    let mut world = World::new(8453, start);
    let kms = KmsForge::deploy(&mut world, registry, KmsKind::DstackKms, address(1));
    let info = Info {
        k256: vec![2; 33],
        ca: root_key.to_vec(),
        quote: vec![4; 500],
        event_log: b"[]".to_vec(),
        gateway: "any".to_owned(),
    };
    kms.set_info(&mut world, &info, true);
    let implementation = AppForge::implementation(&mut world, AppKind::DstackAppTcb, 1);
    kms.app_implementation(&mut world, implementation);
    world.mine(start + 2);
    let with = Deployment {
        owner: address(1),
        compose_hash: compose_hash.into(),
        device: B256::repeat_byte(5),
        upgrades_disabled: false,
        allow_any_device: true,
        require_tcb: true,
    };
    let app = AppForge::deploy(&mut world, app.into(), AppKind::DstackAppTcb, implementation, with);
    kms.register(&mut world, app.address, None);
    world.mine(start + 4);
    let changes: [(B256, bool); 3] =
        [(compose_hash.into(), false), (B256::repeat_byte(0x77), true), (compose_hash.into(), true)];
    for (at, (hash, allowed)) in (start + 6..).step_by(2).zip(changes) {
        world.transaction();
        app.compose_hash(&mut world, hash, allowed);
        world.mine(at);
    }
    (world, kms, app)
}

/// Chain reads of one endpoint, as `veritee history --save` keeps them.
pub(crate) fn saved(world: &World, app: [u8; 20], registry: Address) -> Vec<u8> {
    let subject = Subject {
        chain_id: 8453,
        app: app.into(),
        registry: Some(registry),
        block: world.head(),
        observed: [2].into(),
        ..Subject::default()
    };
    let endpoints = vec![asked(world, &subject, "https://rpc.example")];
    ChainReads { subject, endpoints, l1: None }.write().unwrap()
}

/// What an endpoint answers to all that is asked.
pub(crate) fn asked(world: &World, subject: &Subject, url: &str) -> Endpoint {
    let mut endpoint = Endpoint::new(url.to_owned());
    loop {
        let wanted = survey(&endpoint, subject, &Budget::STANDARD).wanted;
        if wanted.is_empty() {
            return endpoint;
        }
        for question in wanted {
            let answer = world.answer(question.method(), &question.params()).unwrap().to_string();
            endpoint.add(question, Ok(answer));
        }
    }
}

struct Scene {
    folder: Folder,
    nodes: [Server; 2],
    app: String,
    registry: String,
}

fn node(world: &Arc<World>) -> Server {
    let (server, world) = (Server::http(), Arc::clone(world));
    server.otherwise(move |request| Reply::json(world.reply(&request.body, &World::answer)));
    server
}

fn scene() -> Scene {
    let payloads = machine().payloads();
    let root_key = hex::decode(machine().key_provider.id).unwrap();
    let (world, registry) = governed(START, payloads.app_id, payloads.compose_hash, &root_key);
    let world = Arc::new(world);
    Scene {
        folder: Folder::new(),
        nodes: [node(&world), node(&world)],
        app: hex::encode(payloads.app_id),
        registry: format!("8453:{registry}"),
    }
}

impl Scene {
    fn ask(&self, subject: &str, nodes: &[&Server], more: &[&str]) -> Ran {
        let urls: Vec<String> = nodes.iter().map(|node| node.url("/v2/secret-key")).collect();
        let mut arguments = vec!["history", subject, "--registry", &self.registry, "--allow-local"];
        for url in &urls {
            arguments.extend(["--rpc", url]);
        }
        arguments.extend(more);
        self.folder.run(&arguments)
    }

    fn both(&self, more: &[&str]) -> Ran {
        self.ask(&self.app, &[&self.nodes[0], &self.nodes[1]], more)
    }

    /// Outcome or reason of each governance check of `verify evidence.json`.
    fn verify(&self, more: &[&str]) -> Vec<(String, String)> {
        let ran = self.folder.verify("evidence.json", &[&["--offline", "--format", "json"], more].concat());
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let checks = report["checks"].as_array().unwrap().iter();
        let ours = checks.filter(|check| check["id"].as_str().unwrap().starts_with("governance."));
        let ours: Vec<(String, String)> = ours
            .map(|check| {
                let outcome = check["reason"].as_str().unwrap_or("pass");
                (check["id"].as_str().unwrap().to_owned(), outcome.to_owned())
            })
            .collect();
        // Whoever names the registry asks for its answer.
        let open = ours.iter().any(|(id, outcome)| id == "governance.registry" && outcome != "pass");
        assert_eq!(ran.code, if more.contains(&"--registry") && open { 13 } else { 0 }, "{}", ran.out);
        ours
    }
}

fn all(checks: &[(String, String)], outcome: &str) -> bool {
    checks.len() == 5 && checks.iter().all(|(_, got)| got == outcome)
}

#[test]
fn what_two_endpoints_say_is_kept_and_judged_offline() {
    let scene = scene();
    let ran = scene.both(&["--save", "chain.json"]).ends(0);
    for words in ["endpoints-agree(2)", "complete-now", "exactly these and no other", "removed", "one key"] {
        assert!(ran.out.contains(words), "{words}:\n{}", ran.out);
    }
    assert!(!ran.out.contains("secret-key") && !ran.err.contains("secret-key"), "{}{}", ran.out, ran.err);
    assert!(!scene.folder.read("chain.json").contains("secret-key"));
    let chain = ["--chain", "chain.json"];
    let registry = [&chain[..], &["--registry", &scene.registry]].concat();
    let checks = scene.verify(&registry);
    assert!(all(&checks, "pass"), "{checks:?}");
    // Nobody but the reads names the registry.
    let checks = scene.verify(&chain);
    assert_eq!(checks[1].1, "registry-not-shown", "{checks:?}");
    // Nothing was read.
    assert!(all(&scene.verify(&[]), "governance-not-checked"));
    // As one evidence file, with the same answer.
    let whole = [&["--offline", "--save-evidence", "whole.json"], &registry[..]].concat();
    scene.folder.verify("evidence.json", &whole).ends(0);
    let one =
        scene.folder.verify("whole.json", &["--offline", "--registry", &scene.registry, "--format", "json"]);
    let two =
        scene.folder.verify("whole.json", &["--offline", "--registry", &scene.registry, "--format", "json"]);
    assert_eq!(one.out, two.out);
    assert!(one.ends(0).out.contains("endpoints-agree(2)"));
    // And told again from the file, without a network.
    for file in ["chain.json", "whole.json"] {
        let again = scene.folder.run(&["history", file, "--registry", &scene.registry]).ends(0);
        assert_eq!(again.out, ran.out, "{file}");
        // Of whom nobody speaks now is the document's word.
        let claimed = scene.folder.run(&["history", file]).ends(0).out;
        assert_eq!(
            claimed.replace("a claim until the KMS or the caller says the same", "as the caller named it"),
            ran.out
        );
    }
}

#[test]
fn one_endpoint_alone_is_told_and_not_called_proven() {
    let scene = scene();
    let ran = scene.ask(&scene.app, &[&scene.nodes[0]], &["--save", "chain.json"]).ends(13);
    assert!(ran.err.contains("one endpoint's word alone"), "{}", ran.err);
    let checks = scene.verify(&["--chain", "chain.json", "--registry", &scene.registry]);
    assert!(all(&checks, "chain-anchor-single"), "{checks:?}");
    // With the hash of the block it stands by itself.
    let document: Value =
        serde_json::from_str(&scene.ask(&scene.app, &[&scene.nodes[0]], &["--format", "json"]).out).unwrap();
    let hash = document["block"]["hash"].as_str().unwrap().to_owned();
    let checks = scene.verify(&["--chain", "chain.json", "--registry", &scene.registry, "--block", &hash]);
    assert!(all(&checks, "pass"), "{checks:?}");
    scene.folder.run(&["history", "chain.json", "--block", &hash]).ends(0);
    let other = format!("0x{}", "12".repeat(32));
    scene.folder.run(&["history", "chain.json", "--block", &other]).ends(11);
}

#[test]
fn a_block_of_base_is_known_by_the_hash_of_one_ethereum_block() {
    let payloads = machine().payloads();
    let root_key = hex::decode(machine().key_provider.id).unwrap();
    let (mut base, registry) = governed(START, payloads.app_id, payloads.compose_hash, &root_key);
    base.withdrawals_root = B256::repeat_byte(0x5a);
    let anchored = base.mine(START + 30);
    let mut ethereum = World::new(1, START);
    let forge = L1Forge::deploy(&mut ethereum);
    forge.anchor(&mut ethereum, &base, anchored);
    ethereum.mine(START + 90);
    let hash = ethereum.hash(ethereum.head()).to_string();
    // What came after the anchored block is not read.
    base.mine(START + 60);
    let mut liar = ethereum.clone();
    forge.claim(&mut liar, B256::repeat_byte(1), anchored);
    liar.mine(START + 96);
    let scene = Scene {
        folder: Folder::new(),
        nodes: [node(&Arc::new(base.clone())), node(&Arc::new(base))],
        app: hex::encode(payloads.app_id),
        registry: format!("8453:{registry}"),
    };
    let (l1, lying) = (node(&Arc::new(ethereum)), node(&Arc::new(liar)));
    let (l1, lying) = (format!("1={}", l1.url("/secret-key")), format!("1={}", lying.url("/secret-key")));
    let ask = |more: &[&str]| scene.ask(&scene.app, &[&scene.nodes[0]], more);
    let ran = ask(&["--l1-rpc", &l1, "--l1-block", &hash, "--save", "chain.json"]).ends(0);
    assert!(ran.out.contains("l1-anchored(1, 0 d 0 h)") && ran.out.contains("hash-given"), "{}", ran.out);
    assert!(ran.out.contains(&format!("block        {anchored} ")), "{}", ran.out);
    assert!(!ran.out.contains("secret-key") && !scene.folder.read("chain.json").contains("secret-key"));
    // Offline, by the hash alone; without it, and without Ethereum, one endpoint's word is one endpoint's word.
    let given = ["--chain", "chain.json", "--registry", &scene.registry, "--l1-block", &hash];
    assert!(all(&scene.verify(&given), "pass"), "{:?}", scene.verify(&given));
    assert!(all(&scene.verify(&given[..4]), "chain-anchor-single"));
    let other = format!("0x{}", "12".repeat(32));
    let more = [&["--offline"], &given[..5], &[other.as_str()]].concat();
    let refused = scene.folder.verify("evidence.json", &more).ends(11);
    assert!(refused.out.contains("chain-block-other"), "{}", refused.out);
    // Two endpoints of Ethereum that agree are two voices; the same one twice is one.
    let told = ask(&["--format", "json", "--l1-rpc", &l1]).ends(13);
    let document: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(document["settles_on"]["known"], "endpoints-agree(1)");
    assert_eq!(document["block"]["known"], "endpoints-agree(1)");
    // One that anchors another Base is a contradiction, and the chain's own id is looked at first.
    ask(&["--l1-rpc", &lying]).ends(11);
    let wrong = ask(&["--l1-rpc", &scene.nodes[1].url("/")]).ends(3);
    assert!(wrong.err.contains("expected chain 1, it serves chain 8453"), "{}", wrong.err);
}

#[test]
fn what_could_run_at_a_block_or_a_time_is_told_with_its_margin() {
    let scene = scene();
    let hash = format!("0x{}", hex::encode(machine().payloads().compose_hash));
    let answer = |more: &[&str]| {
        let ran = scene.both(&[&["--format", "json"], more].concat());
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        let at = &document["at"];
        let of = at["could_run"].as_array().unwrap().iter().find(|entry| entry["hash"] == hash.as_str());
        (at["block"].as_u64().unwrap(), of.unwrap()["answer"].as_str().unwrap().to_owned())
    };
    assert_eq!(answer(&["--at", "2"]), (2, "could run".to_owned()));
    assert_eq!(answer(&["--at", "3"]), (3, "could not run".to_owned()));
    assert_eq!(answer(&["--at", "3", "--margin", "1"]), (3, "changed within the margin".to_owned()));
    assert_eq!(answer(&["--at", "5"]), (5, "could run".to_owned()));
    // The block is of 2026-10-14T17:46:46Z.
    assert_eq!(answer(&["--at", "2026-10-14T17:46:47Z"]), (3, "could not run".to_owned()));
    let ran = scene.both(&["--at", "99"]).ends(2);
    assert!(ran.err.contains("after block 5"), "{}", ran.err);
}

#[test]
fn composes_that_are_known_and_the_operator_s_own_list_stand_beside_the_log() {
    let scene = scene();
    let hash = hex::encode(machine().payloads().compose_hash);
    scene.folder.write("DEPLOYMENTS.md", format!("| {hash} | pending |\n| 0x{} | |\n", "99".repeat(32)));
    scene.folder.verify("evidence.json", &["--offline", "--format", "json", "-o", "report.json"]).ends(0);
    for (file, words) in [("app-compose.json", "not judged"), ("report.json", "judged VERIFIED")] {
        let ran = scene.both(&["--compose", file, "--deployments", "DEPLOYMENTS.md"]).ends(0);
        assert!(ran.out.contains(words), "{}", ran.out);
        assert!(ran.out.contains("not known: what it runs cannot be told"), "{}", ran.out);
        assert!(ran.out.contains("list of deployments: 3 differences"), "{}", ran.out);
        assert!(ran.out.contains("is called pending, the chain has it since block 2"), "{}", ran.out);
    }
}

#[test]
fn a_liar_and_a_dead_endpoint_are_told_apart() {
    let scene = scene();
    let payloads = machine().payloads();
    let root_key = hex::decode(machine().key_provider.id).unwrap();
    let (world, _) = governed(START, payloads.app_id, payloads.compose_hash, &root_key);
    let liar = Server::http();
    liar.otherwise(move |request| {
        let lie = |world: &World, method: &str, params: &Value| {
            let mut answer = world.answer(method, params)?;
            if method == "eth_getProof" {
                answer["balance"] = "0x7".into();
            }
            Ok(answer)
        };
        Reply::json(world.reply(&request.body, &lie))
    });
    let ran = scene.ask(&scene.app, &[&scene.nodes[0], &liar], &["--save", "chain.json"]).ends(11);
    assert!(ran.out.contains("REFUSED"), "{}", ran.out);
    let ran = scene
        .folder
        .verify("evidence.json", &["--offline", "--chain", "chain.json", "--registry", &scene.registry]);
    assert!(ran.ends(11).out.contains("chain-answer-refused"));
    let dead = Server::http();
    let ran = scene.ask(&scene.app, &[&dead], &[]).ends(3);
    assert!(ran.err.contains("no endpoint names a block") && !ran.err.contains("secret-key"), "{}", ran.err);
    let ran = scene.ask(&scene.app, &[&scene.nodes[0], &dead], &[]).ends(13);
    assert!(ran.err.contains("warning: "), "{}", ran.err);
}

#[test]
fn evidence_tells_which_application_to_ask_about() {
    let scene = scene();
    let ran = scene.ask("evidence.json", &[&scene.nodes[0], &scene.nodes[1]], &[]).ends(0);
    assert!(ran.out.to_ascii_lowercase().contains(&scene.app), "{}", ran.out);
    let ran = scene.folder.run(&["history", &scene.app]).ends(2);
    assert!(ran.err.contains("--rpc"), "{}", ran.err);
    let ran = scene.folder.run(&["history", "evidence.json"]).ends(3);
    assert!(ran.err.contains("no chain reads"), "{}", ran.err);
    for (arguments, words) in [
        (&["history", "a", "--registry", "8453"][..], "CHAINID:ADDRESS"),
        (&["history", "a", "--rpc", "nonsense"][..], "CHAINID=]URL"),
        (&["history", "a", "--block", "0x12"][..], "32 bytes"),
        (&["history", "a", "--at", "yesterday"][..], "block number"),
    ] {
        let ran = scene.folder.run(arguments).ends(2);
        assert!(ran.err.contains(words), "{}", ran.err);
    }
}

#[test]
fn evidence_with_chain_reads_of_another_application_is_not_its_history() {
    let folder = Folder::new();
    let (world, registry) = governed(START, [7; 20], [8; 32], &[3; 91]);
    folder.write("chain.json", saved(&world, [7; 20], registry));
    let convert = ["evidence", "convert", "evidence.json", "--chain", "chain.json", "-o", "with.json"];
    folder.run(&convert).ends(0);
    let ran = folder.run(&["history", "with.json"]).ends(3);
    assert!(ran.err.contains("its chain reads are about 0x0707"), "{}", ran.err);
    folder.run(&["history", "chain.json"]).ends(13);
}

#[test]
fn a_kms_is_given_as_a_file_and_its_keys_beside_it() {
    use veritee_testkit::dstack::event::Event;
    use veritee_testkit::dstack::report_data::{Binding, KMS_K256};
    use veritee_testkit::dstack::{KeyProvider, Machine};
    let kms = Machine::new(1).change(|machine| {
        machine.binding = Binding::KmsBootstrap;
        machine.key_provider = KeyProvider { name: "local-sgx".to_owned(), id: "1b".repeat(32) };
        machine.boot();
    });
    let of_kms = Folder::of(&kms);
    let forged = kms.forge();
    let app = machine().events(|events| {
        let at = events.iter().position(|event| event.name == "boot-mr-done").unwrap() + 1;
        events.insert(at, Event::runtime("mr-kms", &[9; 32]));
    });
    let folder = Folder::of(&app);
    folder.write("kms.json", of_kms.read("evidence.json"));
    let keys = format!("{},{}", hex::encode(&forged.kms_ca_spki), hex::encode(KMS_K256));
    let ran = folder
        .verify("evidence.json", &["--offline", "--format", "json", "--kms", "kms.json", "--kms-keys", &keys])
        .ends(0);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let outcome = |id: &str| {
        let checks = report["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["id"] == id).unwrap();
        check["reason"].as_str().unwrap_or("pass").to_owned()
    };
    assert_eq!(outcome("link.kms-machine"), "pass");
    assert_eq!(outcome("link.kms-key"), "pass");
    // The event names another replica.
    assert_eq!(outcome("link.kms-measurement"), "link-kms-other");
    assert_eq!(outcome("link.gateway-machine"), "link-not-given");
    let ran =
        folder.verify("evidence.json", &["--offline", "--kms", "kms.json", "--kms-keys", "00,11"]).ends(2);
    assert!(ran.err.contains("33 bytes"), "{}", ran.err);
}
