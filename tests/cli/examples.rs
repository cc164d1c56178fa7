//! Every example of every help, run as it stands there: in a shell, in a folder that has the files it names, offline.
//!
//! The table says how each ends and what it answers. A command without an example, an example that is not in the table,
//! and a row of the table that no help has, fail.
#![cfg(unix)]

use crate::help::commands;
use crate::program::{Folder, Ran};
use std::path::Path;

#[path = "../../crates/measure/tests/common/forge.rs"]
#[allow(dead_code, reason = "one image of it is needed here")]
pub(crate) mod forge;

/// How an example is run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    /// As it stands there.
    Whole,
    /// It speaks to servers: here it lists whom it would ask.
    Dry,
    /// It speaks to servers and none can be reached: the line is read, and the first of them is named.
    Alone,
    /// It serves until it is told to stop: on a port of its own, and it is told once it listens.
    Serving,
}
use Run::{Alone, Dry, Serving, Whole};

/// The example, how it is run, its exit code, and words of its answer: on standard output or error, or, after `FILE:`,
/// in the file that it writes.
const ANSWERS: &[(&str, Run, i32, &str)] = &[
    ("veritee verify evidence.json --policy policy.toml", Whole, 0, "VERIFIED  app 2c0a0c96"),
    ("veritee verify evidence.json --policy policy.toml --nonce $NONCE", Whole, 0, "VERIFIED  app 2c0a0c96"),
    (
        "veritee verify quote.bin --event-log log.json --collateral collateral/ --as-of 2026-03-15",
        Whole,
        13,
        "10 events replay to rtmr3",
    ),
    (
        "veritee verify info.json --quote quote.bin --collateral collateral/ --policy policy.toml",
        Whole,
        0,
        "VERIFIED  app 2c0a0c96",
    ),
    ("veritee verify evidence.json --policy policy.toml --show findings,questions", Whole, 0, "DP-CMP-001"),
    (
        "veritee verify evidence.json --policy policy.toml --format json > report.json",
        Whole,
        0,
        "report.json:\"outcome\": \"verified\"",
    ),
    (
        "veritee history d722c43a6f4f42d53dc7bc97ba04a1cb17ce3a34 --rpc 8453=https://rpc.example",
        Alone,
        3,
        "rpc.example",
    ),
    ("veritee history chain.json --at 3 --margin 1", Whole, 13, "changed within the margin"),
    ("veritee history evidence.json --rpc https://rpc.example --save chain.json", Alone, 3, "rpc.example"),
    (
        "veritee history evidence.json --rpc https://rpc.example --l1-rpc https://l1.example",
        Alone,
        3,
        "rpc.example",
    ),
    (
        "veritee history --local watch.redb 2c0a0c96cb6dbd659bf1446e2f3fce58172ff91b",
        Whole,
        0,
        "verdict  verified",
    ),
    (
        "veritee watch --database watch.redb app.example --rpc https://rpc.example --once",
        Whole,
        3,
        "record 2  app.example  NO VERDICT",
    ),
    (
        "veritee watch --database watch.redb --evidence evidence.json --once --policy policy.toml",
        Whole,
        0,
        "record 2  evidence.json  verified",
    ),
    ("veritee watch export watch.redb > observations.jsonl", Whole, 0, "observations.jsonl:observation/v1"),
    ("veritee watch check watch.redb", Whole, 0, "UNBROKEN  1 records"),
    (
        "veritee verify evidence.json --policy policy.toml --chain chain.json",
        Whole,
        13,
        "chain-anchor-single",
    ),
    ("veritee quote show quote.bin", Whole, 0, "b24d3b24e9e3c160"),
    ("veritee quote show - < quote.bin", Whole, 0, "b24d3b24e9e3c160"),
    (
        "veritee quote verify quote.bin --collateral collateral.json --as-of 2026-03-15",
        Whole,
        0,
        "VERIFIED  app unknown",
    ),
    (
        "veritee batch quotes/ --collateral collateral/ --as-of 2026-03-15",
        Whole,
        0,
        "\"outcome\":\"verified\"",
    ),
    (
        "veritee batch quotes.hex --collateral collateral/ --as-of 2026-03-15 --jobs 2 > verdicts.jsonl",
        Whole,
        0,
        "verdicts.jsonl:\"outcome\":\"verified\"",
    ),
    (
        "veritee batch machines/ --as-of 2026-03-15 --resume verdicts.jsonl > all.jsonl",
        Whole,
        13,
        "1 answers of an earlier run",
    ),
    (
        "veritee batch evidences.jsonl.gz --collateral collateral/ --policy policy.toml",
        Whole,
        0,
        "\"freshness\":\"not-shown\"",
    ),
    (
        "veritee fetch 2c0a0c96cb6dbd659bf1446e2f3fce58172ff91b@pha-prod7 -o evidence.json",
        Dry,
        0,
        "evidence.json:2c0a0c96cb6dbd659bf1446e2f3fce58172ff91b-8090.",
    ),
    (
        "veritee fetch 2c0a0c96cb6dbd659bf1446e2f3fce58172ff91b --gateway dstack.example -o evidence.json",
        Dry,
        0,
        "evidence.json:2c0a0c96cb6dbd659bf1446e2f3fce58172ff91b-8090.dstack.example",
    ),
    (
        "veritee fetch 'https://app.example/attestation?nonce={nonce}' -o evidence.json",
        Dry,
        0,
        "evidence.json:app.example/attestation",
    ),
    (
        "veritee fetch app.example --resolver https://resolver.example/dns-query -o evidence.json",
        Dry,
        0,
        "evidence.json:resolver.example",
    ),
    (
        "veritee fetch ra-tls://kms.internal:8443 --allow-local -o evidence.json",
        Dry,
        0,
        "evidence.json:kms.internal",
    ),
    // Without a time it is judged now, and this collateral has ended.
    ("veritee verify evidence.json --all --offline", Whole, 11, "ended"),
    ("veritee collateral fetch quote.bin -o collateral.json", Alone, 3, "trustedservices.intel.com"),
    ("veritee collateral fetch --fmspc 90c06f000000 --ca platform", Alone, 3, "trustedservices.intel.com"),
    ("veritee collateral fetch evidence.json --gpus", Alone, 3, "trustedservices.intel.com"),
    (
        "veritee collateral fetch quote.bin --pccs https://pccs.example --evaluation early",
        Alone,
        3,
        "pccs.example",
    ),
    ("veritee collateral show", Whole, 0, "90c06f000000"),
    ("veritee collateral check --as-of 2026-03-15", Whole, 0, "1 entries verified"),
    ("veritee collateral prune", Whole, 0, "dropped"),
    ("veritee collateral export snapshot/", Whole, 0, "files in snapshot"),
    ("veritee collateral import collateral/ --as-of 2026-03-15", Whole, 0, "1 taken, 0 refused"),
    ("veritee gpu show gpus.json", Whole, 0, "96.00.CF"),
    (
        "veritee gpu verify gpus.json --gpu-collateral manifests/ --gpu-nonce $NONCE",
        Whole,
        13,
        "gpu-rim-missing",
    ),
    (
        "veritee gpu verify report.txt --certificate gpu-chain.pem --as-of 2024-06-01T00:00:00Z",
        Whole,
        13,
        "gpu-revocation-not-checked",
    ),
    ("veritee eventlog replay event_log.json", Whole, 0, "compose-hash"),
    // The log of another machine.
    ("veritee eventlog replay ccel.bin --quote quote.bin", Whole, 10, "rtmr0  DIFFERS"),
    ("veritee measure --vm-config vm_config.json", Whole, 0, "rtmr0  bc122d143ab76856"),
    (
        "veritee measure --vm-config vm_config.json --image dstack-0.5.5/ --quote quote.bin",
        Whole,
        11,
        "is not the image's",
    ),
    ("veritee measure --quote evidence.json --format json", Whole, 0, "\"rtmr0\""),
    ("veritee audit app-compose.json", Whole, 12, "DP-CMP-001"),
    ("veritee audit app-compose.json --show findings,questions", Whole, 12, "M10"),
    ("veritee audit docker-compose.yml --fail-on medium", Whole, 12, "DP-IMG-"),
    (
        "veritee audit . --compose app-compose.json --format sarif -o findings.sarif",
        Whole,
        12,
        "findings.sarif:\"version\": \"2.1.0\"",
    ),
    ("veritee diff old-app-compose.json new-app-compose.json", Whole, 12, "privileged"),
    ("veritee diff last-week.json today.json --format json", Whole, 0, "\"schema\""),
    ("veritee trace evidence.json --image deployed.tar --source app/", Whole, 13, "R0  "),
    ("veritee trace docker-compose.yml --image deployed.tar --format json", Whole, 13, "veritee/trace/v1"),
    (
        "veritee verify-bundle --bundle sig --certificate-identity $ID --certificate-oidc-issuer $BY $OF",
        Whole,
        0,
        "the bundle holds: signed by https://github.com/prefix-dev/sigstore-example",
    ),
    (
        "veritee verify evidence.json --policy policy.toml --container-image deployed.tar --source app/",
        Whole,
        0,
        "VERIFIED",
    ),
    ("veritee image fetch app.example/team/app:v1 --layers -o deployed", Alone, 3, "app.example"),
    ("veritee image fetch nginx:1.29 --registry https://mirror.example -o nginx", Alone, 3, "mirror.example"),
    ("veritee image inspect deployed.tar", Whole, 0, "text files read"),
    ("veritee trace docker-compose.yml --image deployed.tar --recipe", Whole, 13, "R0  "),
    ("veritee image compare deployed.tar rebuilt.tar", Whole, 0, "S4  THE SAME CONTENT"),
    ("veritee image compare deployed.tar rebuilt.tar --format json", Whole, 0, "\"rung\": \"S4\""),
    (
        "veritee evidence convert info.json --quote quote.bin --collateral collateral.json -o evidence.json",
        Whole,
        0,
        "evidence.json:veritee/evidence/v1",
    ),
    ("veritee evidence forms", Whole, 0, "guest agent page of port 8090"),
    ("veritee render report.json --format markdown > report.md", Whole, 0, "report.md:2c0a0c96"),
    (
        "veritee verify evidence.json --policy policy.toml --format json -o report.json",
        Whole,
        0,
        "report.json:\"outcome\": \"verified\"",
    ),
    ("veritee sign report.json --key key.pem -o report.sealed", Whole, 0, "report.sealed:vnd.in-toto+json"),
    ("veritee sign report.json --key key.pem --form badge -o badge.svg", Whole, 0, "badge.svg:NOT CHECKED"),
    (
        "veritee sign report.json --key key.pem --form ear --issued 2026-03-15 -o report.jwt",
        Whole,
        0,
        "report.jwt:ey",
    ),
    ("veritee verify-report report.sealed --key public.pem", Whole, 0, "nothing was verified anew"),
    (
        "veritee verify-report report.sealed --key public.pem --evidence evidence.json --policy policy.toml",
        Whole,
        0,
        "the evidence and the policy given is the report's",
    ),
    ("veritee verify-report badge.svg --key public.pem", Whole, 0, "not checked: "),
    (
        "veritee serve --collateral collateral/ --policy policy.toml",
        Serving,
        0,
        "listening on http://127.0.0.1:",
    ),
    ("veritee serve --listen 127.0.0.1:8080 --image dstack-0.5.5/ --jobs 2", Serving, 0, "stopped"),
    (
        "veritee serve --allow-fetch api.trustedservices.intel.com,certificates.trustedservices.intel.com",
        Serving,
        0,
        "stopped",
    ),
    ("veritee serve --listen 0.0.0.0:8080 --tokens tokens.txt", Serving, 0, "stopped"),
    ("veritee serve --site site/index.html", Serving, 0, "stopped"),
    ("veritee site --wasm veritee.wasm -o site", Whole, 0, "one file"),
    ("veritee explain tcb-out-of-date", Whole, 0, "# tcb-out-of-date"),
    ("veritee explain DP-IMG-002", Whole, 0, "DP-IMG-002"),
    ("veritee explain 'Stage 1'", Whole, 0, "Stage 1"),
    ("veritee explain --list", Whole, 0, "tcb-out-of-date"),
    ("veritee review init report.json -o review.toml", Whole, 0, "review.toml:# M10: "),
    ("veritee review init evidence.json --source app/ -o review.toml", Whole, 0, "review.toml:# M10: "),
    (
        "veritee verify evidence.json --review review.toml --source app/ --policy policy.toml",
        Whole,
        0,
        "review",
    ),
    ("veritee policy init > policy.toml", Whole, 0, "policy.toml:veritee/policy/v1"),
    (
        "veritee policy init --from report.json -o policy.toml",
        Whole,
        0,
        "policy.toml:2c0a0c96cb6dbd659bf1446e2f3fce58172ff91b",
    ),
    ("veritee policy check policy.toml", Whole, 0, "quickstart"),
    ("veritee policy checks", Whole, 0, "quote.signature"),
    ("veritee completions bash -o veritee.bash", Whole, 0, "veritee.bash:complete"),
    ("veritee man -o veritee.1", Whole, 0, "veritee.1:.TH veritee 1"),
    ("veritee man batch -o veritee-batch.1", Whole, 0, "veritee-batch.1:.TH veritee-batch 1"),
];

/// The lines of a help under `Examples:`.
fn examples(help: &str) -> Vec<String> {
    let block = help.lines().skip_while(|line| !matches!(*line, "Example:" | "Examples:")).skip(1);
    block.take_while(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn every_command_has_examples_and_every_example_is_known() {
    let folder = Folder::empty();
    let mut seen = Vec::new();
    for command in commands(&folder) {
        let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        let help = folder.run(&[&arguments[..], &["--help"]].concat()).ends(0).out;
        let found = examples(&help);
        let has_commands = help.lines().any(|line| line == "Commands:");
        assert!(has_commands || !found.is_empty(), "`veritee {}` has no example", command.join(" "));
        for line in found {
            let example = line.strip_prefix("  ").filter(|example| example.contains("veritee "));
            let example =
                example.unwrap_or_else(|| panic!("an example in one line, of at most 98 columns: {line:?}"));
            assert!(
                ANSWERS.iter().any(|(known, ..)| *known == example),
                "the example `{example}` has no row in tests/cli/examples.rs"
            );
            seen.push(example.to_owned());
        }
    }
    let stale: Vec<&str> = ANSWERS
        .iter()
        .map(|(example, ..)| *example)
        .filter(|example| !seen.iter().any(|s| s == example))
        .collect();
    assert!(stale.is_empty(), "no help has these any more: {stale:#?}");
}

/// In a shell, with the program on its path and nothing else of the surroundings that matters.
fn shell(folder: &Folder, line: &str) -> Ran {
    let program = Path::new(env!("CARGO_BIN_EXE_veritee"));
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", program.parent().unwrap().display());
    let like = folder.command(&[]);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", line]).current_dir(folder.path());
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("ID", SIGNER).env("BY", veritee_provenance::commit::GITHUB_ISSUER).env("OF", SIGNED);
    command.env("PATH", path).env("NONCE", GPU_NONCE).stdin(std::process::Stdio::null());
    Ran::of(command.output().unwrap())
}

/// The line on a free port of loopback, told to stop once it listens; what it said, and its exit code.
fn until_it_listens(example: &str) -> String {
    let mut words: Vec<&str> = example.split(' ').collect();
    if let Some(at) = words.iter().position(|word| *word == "--listen") {
        words.drain(at..at + 2);
    }
    format!(
        "{} --listen 127.0.0.1:0 2> said & pid=$!; \
         until grep -q 'listening on' said || ! kill -0 $pid; do sleep 0.1; done; \
         kill -TERM $pid; wait $pid; code=$?; cat said >&2; exit $code",
        words.join(" ")
    )
}

/// Who signed the bundle of `test-vectors/provenance`, and what.
const SIGNER: &str =
    "https://github.com/prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/main";
const SIGNED: &str = "sha256:54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f";

/// What the quickstart's GPUs signed and its quote binds.
const GPU_NONCE: &str = "9a01356cb451dc2c3c0ce9a195245a0be984a3f73617f55f87913fc2f059cba7";

/// The app id of the quickstart.
const QUICKSTART: &str = "2c0a0c96cb6dbd659bf1446e2f3fce58172ff91b";

/// A folder with every file that an example names: the quickstart's machine, in all its parts.
fn prepared() -> Folder {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Folder::empty();
    let copy = |from: &str, to: &str| {
        let to = folder.file(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(root.join("test-vectors").join(from), to).unwrap();
    };
    copy("quickstart/evidence.json", "evidence.json");
    copy("quickstart/policy.toml", "policy.toml");
    copy("provenance/conda-attestation.sigstore.json", "sig");
    copy("images/repro-1.tar", "deployed.tar");
    copy("images/repro-2.tar", "rebuilt.tar");
    let evidence: serde_json::Value = serde_json::from_str(&folder.read("evidence.json")).unwrap();
    let part = |name: &str| evidence[name]["value"].as_str().unwrap().to_owned();
    let quote = part("quote");
    folder.write("quote.bin", hex::decode(&quote).unwrap());
    folder.write("quotes.hex", format!("{quote}\n{quote}\n"));
    for log in ["log.json", "event_log.json"] {
        folder.write(log, part("event_log"));
    }
    let compose = part("app_compose");
    folder.write("app-compose.json", &compose);
    let collateral = evidence["collateral"][0]["value"].as_str().unwrap();
    folder.write("collateral.json", collateral);
    for name in ["collateral", "quotes", "machines", "app", "dstack-0.5.5"] {
        std::fs::create_dir(folder.file(name)).unwrap();
    }
    folder.write("collateral/one.json", collateral);
    folder.write("quotes/one.bin", hex::decode(&quote).unwrap());
    folder.write("machines/one.json", folder.read("evidence.json"));
    folder.write("gpus.json", part("gpus"));
    folder.write("veritee.wasm", crate::sites::module());
    folder.run(&["site", "--wasm", "veritee.wasm", "-o", "site"]).ends(0);
    for manifest in std::fs::read_dir(root.join("test-vectors/gpu/manifests")).unwrap() {
        let name = manifest.unwrap().file_name().into_string().unwrap();
        copy(&format!("gpu/manifests/{name}"), &format!("manifests/{name}"));
    }
    copy("gpu/hopperAttestationReport.txt", "report.txt");
    copy("gpu/hopperCertChain.txt", "gpu-chain.pem");
    let digits = |name: &str| evidence["claims"][name]["value"].as_str().map(str::to_owned);
    let compose_hash = *veritee_model::ComposeHash::of(compose.as_bytes()).as_bytes();
    let app =
        hex::decode(digits("app_id").unwrap_or_else(|| QUICKSTART.to_owned())).unwrap().try_into().unwrap();
    let (world, registry) = crate::chains::governed(1_773_000_000, app, compose_hash, &[3; 91]);
    folder.write("chain.json", crate::chains::saved(&world, app, registry));
    folder.write("tokens.txt", "0123456789abcdef\n");
    crate::seals::keys(&folder, "key.pem", "public.pem");
    documents(&folder, &part("vm_config"), &compose);
    boot(&folder, root);
    made_before(&folder);
    folder
}

/// Composes, a page of the agent, a source tree.
fn documents(folder: &Folder, vm_config: &str, compose: &str) {
    let mut hardware: serde_json::Value = serde_json::from_str(vm_config).unwrap();
    hardware.as_object_mut().unwrap().remove("os_image_hash");
    folder.write("vm_config.json", hardware.to_string());
    let info = serde_json::json!({
        "tcb_info": { "app_compose": compose, "event_log": folder.read("log.json") }, "vm_config": vm_config,
    });
    folder.write("info.json", info.to_string());
    let service = "services:\n  web:\n    image: example/web:1\n";
    folder.write("docker-compose.yml", service);
    folder.write("app/docker-compose.yml", service);
    let of = |compose: &str| {
        serde_json::json!({
            "manifest_version": 2, "name": "a", "runner": "docker-compose", "docker_compose_file": compose,
        })
        .to_string()
    };
    folder.write("old-app-compose.json", of(service));
    folder.write("new-app-compose.json", of(&format!("{service}    privileged: true\n")));
}

/// A log of the firmware, and an image.
fn boot(folder: &Folder, root: &Path) {
    let vectors = std::fs::read_to_string(root.join("test-vectors/eventlog/ccel.json")).unwrap();
    let vectors: serde_json::Value = serde_json::from_str(&vectors).unwrap();
    folder.write("ccel.bin", hex::decode(vectors["tests"][0]["log"].as_str().unwrap()).unwrap());
    for (name, bytes) in forge::image().0 {
        folder.write(&format!("dstack-0.5.5/{name}"), bytes);
    }
}

/// What an earlier run of the program has left.
fn made_before(folder: &Folder) {
    for line in [
        "veritee collateral import collateral/ --as-of 2026-03-15",
        "veritee verify evidence.json --policy policy.toml --format json > report.json",
        "cp report.json last-week.json && cp report.json today.json",
        "veritee review init report.json --commit $(printf '%040d' 0) -o review.toml && sed -i 's/NAME, ORGANISATION/Jane Doe/' review.toml",
        "printf '%s' \"$(tr -d '\\n' < evidence.json)\" | gzip -c > evidences.jsonl.gz",
        "veritee batch machines/ --as-of 2026-03-15 > verdicts.jsonl; true",
        "veritee sign report.json --key key.pem -o report.sealed",
        "veritee sign report.json --key key.pem --form badge -o badge.svg",
        "veritee watch --database watch.redb --evidence evidence.json --once --policy policy.toml --offline",
    ] {
        shell(folder, line).ends(0);
    }
}

#[test]
fn every_example_answers_what_it_promises() {
    let prepared = prepared();
    let mut wrong = Vec::new();
    for (example, how, code, words) in ANSWERS {
        let folder = Folder::empty();
        crate::collaterals::copy(prepared.path(), folder.path());
        let line = match how {
            Dry => format!("{example} --dry-run"),
            Serving => until_it_listens(example),
            Whole | Alone => (*example).to_owned(),
        };
        // A template is made where none is yet: one that somebody has filled in would stay.
        if let Some((_, place)) = line.split_once(" init ").and_then(|(_, rest)| rest.split_once("-o ")) {
            let _ = std::fs::remove_file(folder.file(place));
        }
        let ran = shell(&folder, &line);
        let (file, words) = match words.split_once(':') {
            Some((file, words)) if example.contains(file) => (Some(file), words),
            _ => (None, *words),
        };
        let said = match file {
            Some(file) => std::fs::read_to_string(folder.file(file)).unwrap_or_default(),
            None => format!("{}{}", ran.out, ran.err),
        };
        if ran.code != *code || !said.contains(words) {
            let (said, err) = (veritee_model::text::shortened(&said, 3000), &ran.err);
            wrong.push(format!("{line}\nended with {} not {code}; `{words}` in:\n{said}\n{err}", ran.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
