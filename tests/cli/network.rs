//! From a target to a verdict with nothing but loopback: fetch, the store, and `verify` that brings what it lacks.

use crate::program::{AS_OF, Folder, Ran, machine};
use base64::Engine as _;
use veritee_loopback::{Authority, Proxy, Reply, Request, Server};
use veritee_testkit::ForgedAnswers;
use veritee_testkit::der;
use veritee_testkit::dstack::Machine;
use veritee_testkit::dstack::report_data::Binding;

const GATEWAY: &str = "apps.example";

/// A small internet behind a proxy, and a folder to work in.
struct World {
    folder: Folder,
    authority: Authority,
    proxy: Proxy,
    pccs: Server,
    others: Vec<Server>,
    id: String,
}

/// A machine whose quote stands in its RA-TLS certificate.
fn served() -> Machine {
    machine().change(|machine| machine.binding = Binding::RaTls)
}

fn answer(answers: &ForgedAnswers, request: &Request) -> Reply {
    match request.path.rsplit_once("/certification/v4/") {
        Some((_, "tcb")) => {
            Reply::json(answers.tcb_info.clone()).header("TCB-Info-Issuer-Chain", &answers.tcb_info_chain)
        }
        Some((_, "qe/identity")) => Reply::json(answers.qe_identity.clone())
            .header("SGX-Enclave-Identity-Issuer-Chain", &answers.qe_identity_chain),
        Some((_, "pckcrl")) => Reply::ok("application/pkix-crl", answers.pck_crl.clone())
            .header("SGX-PCK-CRL-Issuer-Chain", &answers.pck_crl_chain),
        Some((_, "rootcacrl")) => Reply::text(hex::encode(&answers.root_ca_crl)),
        _ => Reply::status(404),
    }
}

impl World {
    fn new() -> Self {
        Self::of(&served())
    }

    fn of(served: &Machine) -> Self {
        let authority = Authority::new();
        let proxy = Proxy::start();
        let pccs = Server::https(authority.identity(&["pccs.example"]));
        proxy.route("pccs.example:443", pccs.port());
        let forged = served.forge();
        let answers = forged.platform.collateral.pcs();
        pccs.otherwise(move |request| answer(&answers, request));
        let folder = Folder::of(&machine());
        folder.write("authority.pem", der::pem("CERTIFICATE", &authority.root()));
        let id = hex::encode(served.payloads().app_id);
        let mut world = Self { folder, authority, proxy, pccs, others: Vec::new(), id };
        // The forged RTMR0 is made up, so no vm_config fits it.
        let info = edited(&forged.info_json(), |info| info["vm_config"] = "".into());
        world.agent().on("/prpc/Info", Reply::json(info));
        world
    }

    fn agent(&mut self) -> &Server {
        let name = format!("{}-8090.{GATEWAY}", self.id);
        self.server(&name)
    }

    fn server(&mut self, name: &str) -> &Server {
        let server = Server::https(self.authority.identity(&[name]));
        self.proxy.route(&format!("{name}:443"), server.port());
        self.others.push(server);
        self.others.last().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.folder.command(arguments);
        command.env("HTTPS_PROXY", self.proxy.url());
        Ran::of(command.output().unwrap())
    }

    fn fetch(&self, more: &[&str]) -> Ran {
        let target = format!("{}@{GATEWAY}", self.id);
        let common = ["--cloud", "never", "--no-gateway", "--as-of", AS_OF, "--root", "root.pem"];
        self.run(&[&["fetch", &target][..], &common, &SERVICE, &["-o", "fetched.json"], more].concat())
    }

    fn verify(&self, file: &str, more: &[&str]) -> Ran {
        let rules = ["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--format", "json"];
        self.run(&[&["verify", file][..], &rules, more].concat())
    }
}

/// Whom to ask for collateral, and whose word to take for its name.
const SERVICE: [&str; 4] = ["--pccs", "https://pccs.example", "--tls-roots", "authority.pem"];

fn edited(json: &str, change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut document = serde_json::from_str(json).unwrap();
    change(&mut document);
    document.to_string()
}

#[test]
fn an_application_is_watched_over_the_network_until_nobody_answers() {
    let mut world = World::new();
    let target = format!("{}@{GATEWAY}", world.id);
    let watch = |world: &World| {
        let rules = ["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--replicas", "1"];
        let once = ["watch", "--database", "watch.redb", &target, "--once", "--format", "jsonl"];
        world.run(&[&once[..], &rules, &SERVICE].concat())
    };
    let record = |ran: Ran| serde_json::from_str::<serde_json::Value>(&ran.out).unwrap();
    let first = record(watch(&world).ends(0));
    assert_eq!(first["facts"]["app-id"][0], world.id.as_str(), "{first}");
    assert_eq!(record(watch(&world).ends(0))["changes"], serde_json::Value::Null);
    world.others.clear();
    let gone = record(watch(&world).ends(14));
    assert_eq!(gone["changes"][0]["fact"], "reached", "{gone}");
    let then = world.run(&["history", "--local", "watch.redb", &world.id]).ends(3);
    assert!(then.out.contains("NO VERDICT") && then.out.contains("(record 2): verified"), "{}", then.out);
}

#[test]
fn what_is_fetched_once_is_verified_offline_and_gives_the_same_report_twice() {
    let world = World::new();
    let fetched = world.fetch(&[]).ends(0);
    assert!(fetched.err.contains("next: veritee verify fetched.json"), "{}", fetched.err);
    assert_eq!(world.pccs.requests().len(), 4, "a cold set is four requests");
    let first = world.verify("fetched.json", &["--offline"]).ends(0);
    let second = world.verify("fetched.json", &["--offline"]).ends(0);
    assert!(first.out == second.out && first.err == second.err);
    let report: serde_json::Value = serde_json::from_str(&first.out).unwrap();
    let passed = |id: &str| {
        report["checks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|check| check["id"] == id && check["outcome"] == "pass")
    };
    for id in ["identity.target", "binding.ra-tls", "compose.hash", "eventlog.rtmr3"] {
        assert!(passed(id), "{id}");
    }
    // Which machine was asked, when, and by which certificate it was reached stands in the file.
    let document: serde_json::Value = serde_json::from_str(&world.folder.read("fetched.json")).unwrap();
    assert_eq!(document["target"]["app_id"], world.id.as_str());
    // When it was fetched, whatever the time of the verdict.
    let obtained = veritee_model::UnixTime::parse(document["quote"]["obtained"].as_str().unwrap()).unwrap();
    assert!(obtained > veritee_model::UnixTime::parse(AS_OF).unwrap(), "{obtained}");
    assert!(document["served"]["server"].as_str().unwrap().ends_with(".apps.example:443"), "{document}");
    // Both evaluations are fetched, one is written down: of two in one file the newer would decide.
    world.fetch(&["--evaluation", "both"]).ends(0);
    assert_eq!(world.pccs.requests().len(), 6);
    let both: serde_json::Value = serde_json::from_str(&world.folder.read("fetched.json")).unwrap();
    assert_eq!(both["recorded_collateral"], document["recorded_collateral"]);
    assert_eq!(both["recorded_collateral"][0]["given_by"], "judge");
    // A second time nothing is asked for but the application.
    world.fetch(&[]).ends(0);
    assert_eq!(world.pccs.requests().len(), 6, "a warm set is none");
}

#[test]
fn the_page_of_another_application_is_refused_as_the_one_asked_for() {
    let mut world = World::new();
    // The gateway leads the name of one application to another, both honest.
    world.id = hex::encode([0x77; 20]);
    let info = edited(&served().forge().info_json(), |info| info["vm_config"] = "".into());
    world.agent().on("/prpc/Info", Reply::json(info));
    let fetched = world.fetch(&[]).ends(0);
    assert!(fetched.err.contains("which is not the one asked for"), "{}", fetched.err);
    let ran = world.verify("fetched.json", &["--offline"]);
    assert!(ran.code == 10 || ran.code == 11, "{}", ran.out);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let target = report["checks"].as_array().unwrap().iter().find(|check| check["id"] == "identity.target");
    assert_eq!(target.unwrap()["outcome"], "fail");
}

#[test]
fn verify_brings_the_collateral_that_was_not_given_and_keeps_it() {
    let world = World::new();
    let cold = world.verify("answer.json", &[&["--app-compose", "app-compose.json"][..], &SERVICE].concat());
    cold.ends(0);
    assert_eq!(world.pccs.requests().len(), 4);
    let parts = ["--app-compose", "app-compose.json"];
    world.verify("answer.json", &[&parts[..], &SERVICE].concat()).ends(0);
    // From the store, with no service named and no socket opened.
    world.verify("answer.json", &[&parts[..], &["--offline"]].concat()).ends(0);
    assert_eq!(world.pccs.requests().len(), 4, "warm: no request");
    let shown = world.run(&["collateral", "show", "--root", "root.pem", "--as-of", AS_OF]).ends(0);
    assert!(
        shown.out.contains("in force until") && shown.out.contains("1 entries, 0 expired"),
        "{}",
        shown.out
    );
    // Intel's root knows nothing of it.
    let others = world.run(&["collateral", "show", "--as-of", AS_OF]).ends(0);
    assert!(others.out.starts_with("nothing for this root"), "{}", others.out);
}

#[test]
fn without_an_answer_there_is_no_verdict_and_the_message_says_which_file_to_bring() {
    let world = World::new();
    world.pccs.replace("/tdx/certification/v4/qe/identity", [Reply::status(404)]);
    world.pccs.otherwise(|_| Reply::status(404));
    let ran =
        world.verify("answer.json", &[&["--app-compose", "app-compose.json"][..], &SERVICE].concat()).ends(3);
    assert_eq!(ran.out, "");
    for words in
        ["https://pccs.example/", "404", "lies in the past", "--collateral collateral.json", "--offline"]
    {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
    // Under another root than Intel's nobody but a named service is asked.
    world.verify("answer.json", &["--app-compose", "app-compose.json"]).ends(13);
}

#[test]
fn both_evaluations_are_shown_and_the_standard_one_decides() {
    let world = World::new();
    let parts = ["--app-compose", "app-compose.json", "--evaluation", "both"];
    let ran = world.verify("answer.json", &[&parts[..], &SERVICE].concat()).ends(0);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["compared"][0]["with"], "under Intel's early TCB evaluation");
    assert_eq!(report["compared"][0]["exit_code"], 0);
    let asked: Vec<String> =
        world.pccs.requests().iter().map(|request| format!("{}?{:?}", request.path, request.query)).collect();
    assert_eq!(asked.len(), 6, "the lists are shared: {asked:?}");
    assert!(asked.iter().any(|target| target.contains("update=early")), "{asked:?}");
}

#[test]
fn a_snapshot_goes_to_a_machine_without_network_and_back() {
    let world = World::new();
    let at = ["--root", "root.pem", "--as-of", AS_OF];
    let fetched = world
        .run(&[&["collateral", "fetch", "quote.bin", "-o", "one.json"][..], &at, &SERVICE].concat())
        .ends(0);
    assert!(fetched.err.contains("4 requests"), "{}", fetched.err);
    world.run(&[&["collateral", "export", "snapshot"][..], &at].concat()).ends(0);
    world.run(&[&["collateral", "check"][..], &at].concat()).ends(0);
    for given in ["one.json", "snapshot"] {
        let parts =
            ["--app-compose", "app-compose.json", "--collateral", given, "--offline", "--store", "none"];
        world.verify("answer.json", &parts).ends(0);
    }
    world.run(&[&["collateral", "import", "snapshot", "--store", "second"][..], &at].concat()).ends(0);
    let late = ["--root", "root.pem", "--as-of", "2027-10-15T00:00:00Z", "--store", "second"];
    let pruned = world.run(&[&["collateral", "prune"][..], &late].concat()).ends(0);
    assert!(pruned.out.contains("dropped, expired: tdx"), "{}", pruned.out);
    // What is damaged on disk is named, and fetched anew.
    let store = world.folder.path().join("cache/veritee/collateral/objects");
    let object = std::fs::read_dir(&store).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&object, "damaged").unwrap();
    let check = world.run(&[&["collateral", "check"][..], &at].concat()).ends(3);
    assert!(check.err.contains("fault:"), "{}", check.err);
    world.run(&[&["collateral", "fetch", "quote.bin"][..], &at, &SERVICE].concat()).ends(0);
    world.run(&[&["collateral", "check"][..], &at].concat()).ends(0);
}

#[test]
fn every_machine_of_a_set_is_judged_and_the_gravest_decides() {
    let mut world = World::new();
    let honest = edited(
        &Machine::new(2).change(|machine| machine.binding = Binding::RaTls).forge().info_json(),
        |info| {
            info["vm_config"] = "".into();
        },
    );
    let name = format!("{}-8090.{GATEWAY}", world.id);
    world.others.clear();
    let info = edited(&served().forge().info_json(), |info| info["vm_config"] = "".into());
    let server = world.server(&name);
    server.on("/prpc/Info", [Reply::json(info), Reply::json(honest)]);
    let fetched = world.fetch(&[]).ends(0);
    assert!(fetched.err.contains(" --all"), "{}", fetched.err);
    let one = world.verify("fetched.json", &["--offline"]).ends(3);
    assert!(one.err.contains("--select LABEL") && one.err.contains("--all"), "{}", one.err);
    let arguments =
        ["verify", "fetched.json", "--all", "--offline", "--policy", "policy.toml", "--root", "root.pem"];
    let all = world.run(&[&arguments[..], &["--as-of", AS_OF, "--format", "jsonl"]].concat());
    assert_eq!(all.out.lines().count(), 2, "{}{}", all.out, all.err);
    let codes: Vec<i64> = all
        .out
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["verdict"]["exit_code"].as_i64().unwrap()
        })
        .collect();
    assert_eq!(
        i64::from(all.code),
        *codes.iter().max_by_key(|code| [0, 12, 13, 11, 10].iter().position(|it| it == *code)).unwrap()
    );
    assert!(all.code != 0, "two machines of one app id with two composes: {codes:?}");
}

#[test]
fn a_dry_run_lists_every_request_and_makes_none() {
    let world = World::new();
    let ran = world.fetch(&["--dry-run"]).ends(0);
    assert!(
        !world.folder.file("fetched.json").exists()
            || world.folder.read("fetched.json").contains("/prpc/Info")
    );
    assert_eq!((ran.err.as_str(), world.pccs.requests().len(), world.proxy.targets().len()), ("", 0, 0));
}

#[test]
fn a_target_that_means_nothing_is_a_usage_error_with_a_next_step() {
    let folder = Folder::new();
    for target in [
        "",
        "not a target",
        "https://user:secret@app.example/",
        "http://app.example/",
        "0123",
        "\u{202e}x.example",
    ] {
        let ran = folder.run(&["fetch", target]).ends(2);
        assert!(ran.err.starts_with("error: "), "{target}: {}", ran.err);
    }
    let nonce = "5a".repeat(32);
    let ran = folder.run(&["fetch", "app.example", "--nonce", &nonce]).ends(2);
    assert!(ran.err.contains("no place for a nonce"), "{}", ran.err);
}

#[test]
fn endpoints_of_the_chain_go_into_the_evidence_and_a_lost_one_does_not_spoil_it() {
    let mut world = World::new();
    let payloads = served().payloads();
    let root_key = hex::decode(served().key_provider.id).unwrap();
    let (chain, registry) =
        crate::chains::governed(crate::chains::START, payloads.app_id, payloads.compose_hash, &root_key);
    let chain = std::sync::Arc::new(chain);
    for name in ["one.example", "two.example"] {
        let chain = std::sync::Arc::clone(&chain);
        let answer = move |request: &Request| {
            Reply::json(chain.reply(&request.body, &veritee_testkit::chain::World::answer))
        };
        world.server(name).otherwise(answer);
    }
    let registry = format!("8453:{registry}");
    let endpoints = ["--rpc", "8453=https://one.example/v2/key", "--rpc", "https://two.example"];
    let asked = [&endpoints[..], &["--registry", &registry]].concat();
    let fetched = world.fetch(&asked).ends(0);
    assert!(fetched.err.contains("read block 5 of Base from 2 endpoints"), "{}", fetched.err);
    let outcomes = |ran: &Ran| -> Vec<String> {
        let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let checks = report["checks"].as_array().unwrap().iter();
        let ours = checks.filter(|check| check["id"].as_str().unwrap().starts_with("governance."));
        ours.map(|check| check["reason"].as_str().unwrap_or("pass").to_owned()).collect()
    };
    let ran = world.verify("fetched.json", &["--offline", "--registry", &registry]).ends(0);
    assert_eq!(outcomes(&ran), ["pass"; 5]);
    // A dry run names the hosts and no key.
    let dry = world.fetch(&[&asked[..], &["--dry-run"]].concat()).ends(0);
    let planned = format!("{}{}", dry.out, world.folder.read("fetched.json"));
    assert!(planned.contains("one.example") && !planned.contains("v2/key"), "{planned}");
    // Nobody there: the machine's evidence is kept without it.
    let lost = world.fetch(&["--rpc", "https://nowhere.example", "--registry", &registry]).ends(0);
    assert!(lost.err.contains("warning: ") && lost.err.contains("chain: "), "{}", lost.err);
    let ran = world.verify("fetched.json", &["--offline"]).ends(0);
    assert_eq!(outcomes(&ran), ["governance-not-checked"; 5]);
}

#[test]
fn a_target_that_does_not_answer_leaves_no_file_behind() {
    let world = World::new();
    let names = world.folder.names();
    let target = format!("{}@nowhere.example", world.id);
    let ran = world.run(&["fetch", &target, "--cloud", "never", "-o", "none.json"]).ends(3);
    assert!(ran.err.contains("no quote of") && ran.err.contains("next:"), "{}", ran.err);
    assert_eq!(world.folder.names(), names);
}

/// One CAA record that leaves nobody but the account of [`ACCOUNT`], as a resolver answers it (RFC 1035, RFC 8659).
fn caa_answer(request: &Request) -> Reply {
    let question = request.query.strip_prefix("dns=").unwrap();
    let query = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(question).unwrap();
    let value = format!("ca.example; accounturi={ACCOUNT}");
    let data = [&[0, 5][..], b"issue", value.as_bytes()].concat();
    let end = 12 + query[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
    let mut answer = query[..end].to_vec();
    // A response with one answer; what the question carried beside it is dropped.
    answer[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    answer.extend([0xc0, 12, 1, 1, 0, 1, 0, 0, 0, 60]);
    answer.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
    answer.extend(data);
    Reply::ok("application/dns-message", answer)
}

const ACCOUNT: &str = "https://acme.example/account/1";
const DOMAIN: &str = "app.example";

/// The evidences of dstack-ingress for a certificate, and the quote that binds them.
fn serve_ingress(world: &mut World, certificate: &[Vec<u8>]) {
    let files = [
        ("acme-account.json", format!("{{\"uri\":\"{ACCOUNT}\"}}")),
        ("cert-app.example.pem", certificate.iter().map(|der| der::pem("CERTIFICATE", der)).collect()),
    ];
    let sums: String = files
        .iter()
        .map(|(name, text)| format!("{}  {name}\n", veritee_model::Sha256Digest::of(text.as_bytes())))
        .collect();
    let bound = *veritee_model::Sha256Digest::of(sums.as_bytes()).as_bytes();
    let forged = machine().change(|machine| machine.binding = Binding::Raw(bound.to_vec())).forge();
    let quote = edited(&forged.get_quote_json(), |answer| answer["vm_config"] = "".into());
    let server = world.others.last().unwrap();
    server.on("/evidences/quote.json", Reply::json(quote)).on("/evidences/sha256sum.txt", Reply::text(sums));
    for (name, text) in files {
        server.on(&format!("/evidences/{name}"), Reply::text(text));
    }
}

fn domain_checks(world: &World) -> Vec<(String, String)> {
    let common = ["--domain", DOMAIN, "--resolver", "https://resolver.example/dns-query"];
    world.fetch(&common).ends(0);
    let ran = world.verify("fetched.json", &["--offline"]);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let wanted = ["identity.target", "binding.ingress", "binding.served-certificate", "binding.caa"];
    let checks = report["checks"].as_array().unwrap().iter();
    checks
        .filter(|check| wanted.contains(&check["id"].as_str().unwrap()))
        .map(|check| {
            let outcome = check["reason"].as_str().unwrap_or("pass");
            (check["id"].as_str().unwrap().to_owned(), outcome.to_owned())
        })
        .collect()
}

fn domain_world() -> (World, Vec<Vec<u8>>) {
    let mut world = World::new();
    world.server("resolver.example").otherwise(caa_answer);
    let identity = world.authority.identity(&[DOMAIN]);
    let chain = identity.chain.clone();
    let server = Server::https(identity);
    world.proxy.route(&format!("{DOMAIN}:443"), server.port());
    world.others.push(server);
    (world, chain)
}

#[test]
fn a_domain_is_tied_to_the_machine_by_ingress_evidence_served_certificate_and_caa() {
    let (mut world, chain) = domain_world();
    serve_ingress(&mut world, &chain);
    let checks = domain_checks(&world);
    assert_eq!(checks.len(), 4);
    assert!(checks.iter().all(|(_, outcome)| outcome == "pass"), "{checks:?}");
}

#[test]
fn a_domain_that_shows_another_certificate_than_its_evidence_is_found_out() {
    let (mut world, _chain) = domain_world();
    // Of the same authority and for the same name, with another key: whoever reads along in between.
    let other = world.authority.identity(&[DOMAIN]).chain;
    serve_ingress(&mut world, &other);
    let checks = domain_checks(&world);
    assert!(checks.contains(&("binding.ingress".to_owned(), "pass".to_owned())), "{checks:?}");
    let served = ("binding.served-certificate".to_owned(), "served-certificate-other".to_owned());
    assert!(checks.contains(&served), "{checks:?}");
}

/// The server takes the question and never answers.
#[test]
#[cfg(unix)]
fn ctrl_c_ends_a_fetch_at_once_and_leaves_nothing_behind() {
    let world = World::new();
    let mut world = World { id: hex::encode([0x55; 20]), ..world };
    let server = world.agent().on("/prpc/Info", Reply::silent());
    let port = server.port();
    let target = format!("{}@{GATEWAY}", world.id);
    let names = world.folder.names();
    let mut command = world.folder.command(&[
        "fetch",
        &target,
        "--cloud",
        "never",
        "--tls-roots",
        "authority.pem",
        "-o",
        "none.json",
    ]);
    command.env("HTTPS_PROXY", world.proxy.url());
    let child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let asked = || world.others.iter().any(|server| server.port() == port && server.count("/prpc/Info") > 0);
    for _ in 0..500 {
        if asked() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(asked());
    let started = std::time::Instant::now();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let ran = Ran::of(child.wait_with_output().unwrap()).ends(3);
    // The client itself would wait for twenty seconds.
    assert!(started.elapsed().as_secs() < 10);
    assert!(ran.err.contains("interrupted; nothing was written"), "{}", ran.err);
    assert_eq!(world.folder.names(), names);
}

#[cfg(unix)]
#[test]
fn the_service_asks_for_collateral_where_it_may_and_once() {
    use crate::served::Served;
    let world = World::new();
    let quote = std::fs::read(world.folder.file("quote.bin")).unwrap();
    let serving = |more: &[&str]| {
        let rules = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--policy",
            "policy.toml",
            "--root",
            "root.pem",
            "--as-of",
            AS_OF,
        ];
        let mut command = world.folder.command(&[&rules[..], &SERVICE, &["--store", "store"], more].concat());
        command.env("HTTPS_PROXY", world.proxy.url());
        Served::of(command)
    };
    let silent = serving(&[]);
    assert_eq!(silent.json("/v1/quote", &quote)["verdict"]["outcome"], "incomplete");
    assert_eq!(world.pccs.requests().len(), 0, "offline unless told otherwise");
    let asks = serving(&["--allow-fetch", "pccs.example"]);
    let first = asks.json("/v1/quote", &quote);
    assert_eq!(first["verdict"]["outcome"], "verified", "{first:#}");
    assert_eq!(world.pccs.requests().len(), 4);
    assert_eq!(asks.json("/v1/quote", &quote)["verdict"]["outcome"], "verified");
    assert_eq!(world.pccs.requests().len(), 4, "what was fetched counts at once");
    // What is in the store now serves whoever looks into it.
    let again = serving(&[]);
    assert_eq!(again.json("/v1/quote", &quote)["verdict"]["outcome"], "verified");
    assert_eq!(world.pccs.requests().len(), 4);
}

#[test]
fn documents_of_pinned_images_come_along_when_they_are_asked_for() {
    let (registry, top) = crate::fetched::registry("repro-1.tar");
    let name = registry.name();
    let absent = format!("{name}@sha256:{}", "0".repeat(64));
    let compose = format!(
        "services:\n  app:\n    image: {name}@{top}\n  gone:\n    image: {absent}\n  moving:\n    image: {name}:1\n"
    );
    let document = serde_json::json!({
        "manifest_version": 2, "name": "imaged", "runner": "docker-compose", "docker_compose_file": compose,
        "kms_enabled": true, "public_logs": false, "public_sysinfo": false, "allowed_envs": [],
    });
    let world = World::of(&served().app_compose(&document.to_string()));
    let planned = world.fetch(&["--images", "--dry-run"]);
    let plain = world.fetch(&["--replicas", "1"]);
    assert_eq!(plain.code, 0, "{}", plain.err);
    assert!(!world.folder.read("fetched.json").contains("\"images\""));
    let ran = world.fetch(&["--images", "--allow-local", "--replicas", "1"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let fetched: serde_json::Value = serde_json::from_str(&world.folder.read("fetched.json")).unwrap();
    let images = fetched["images"].as_array().unwrap();
    assert_eq!(images.len(), 1, "{}", ran.err);
    assert_eq!(images[0]["source"], format!("{name}@{top}"));
    let warned = |words: &str| assert!(ran.err.contains(words), "{words}: {}", ran.err);
    warned("no digest pins it");
    warned("status 404");
    let traced = world.folder.run(&[
        "trace",
        "fetched.json",
        "--root",
        "root.pem",
        "--policy",
        "policy.toml",
        "--as-of",
        AS_OF,
    ]);
    assert!(traced.out.contains("the given file's index has the digest"), "{}{}", traced.out, traced.err);
    assert!(planned.code == 0, "{}{}", planned.out, planned.err);
}
