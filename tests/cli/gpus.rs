//! `veritee gpu`, and GPUs in whole verdicts: what is said, in every form, and what is never said.

use crate::program::Folder;
use serde_json::Value;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/");

/// Words that would say more than any report of a GPU shows.
const FORBIDDEN: [&str; 17] = [
    "gpus are attached",
    "gpus attached",
    "attached to this machine",
    "gpus of this machine",
    "gpus in this machine",
    "bound to this machine",
    "gpus are protected",
    "secure boot",
    "confidential computing on",
    "plugged into",
    "gpus belong to",
    "confidential mode is on",
    "confidential computing is on",
    "confidential computing is enabled",
    "in confidential mode",
    "cc mode: on",
    "cc_mode",
];

fn vector(name: &str) -> String {
    format!("{VECTORS}{name}")
}

/// Arguments of `gpu verify` for the complete sample of 2023.
fn sample(as_of: &str) -> Vec<String> {
    let mut arguments = vec!["gpu".to_owned(), "verify".to_owned(), vector("gpu/attestationReport.txt")];
    arguments.extend(["--certificate".to_owned(), vector("gpu/gpuAkCertChain.txt")]);
    for manifest in ["Driver_RIM_test_no_gpu.swidtag", "1010_0200_882_96005E0001_test_no_gpu.swidtag"] {
        arguments.extend(["--gpu-collateral".to_owned(), vector(&format!("gpu/{manifest}"))]);
    }
    arguments.extend(["--as-of".to_owned(), as_of.to_owned()]);
    arguments
}

fn json(arguments: &[String], code: i32) -> Value {
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    arguments.extend(["--format", "json"]);
    serde_json::from_str(&Folder::new().run(&arguments).ends(code).out).unwrap()
}

fn check<'a>(report: &'a Value, id: &str) -> &'a Value {
    report["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap()
}

#[test]
fn the_complete_sample_is_equal_in_all_33_values_in_2024_and_expired_today() {
    let report = json(&sample("2024-06-01T00:00:00Z"), 0);
    assert_eq!(check(&report, "gpu.genuine")["outcome"], "pass");
    let measurements = check(&report, "gpu.measurements");
    assert_eq!(measurements["outcome"], "pass");
    assert!(
        measurements["detail"].as_str().unwrap().starts_with("33 of 33 measurements equal"),
        "{measurements}"
    );
    for (id, reason) in [
        ("gpu.firmware-identity", "gpu-fwid-absent"),
        ("gpu.revocation", "gpu-revocation-not-checked"),
        ("gpu.nonce", "gpu-test-nonce"),
        ("gpu.count", "gpu-count-not-measured"),
    ] {
        assert_eq!(
            (&check(&report, id)["outcome"], &check(&report, id)["reason"]),
            (&"not-checked".into(), &reason.into())
        );
    }
    let today = json(&sample("2026-11-29T00:00:00Z"), 13);
    let measurements = check(&today, "gpu.measurements");
    assert_eq!(measurements["reason"], "gpu-rim-expired");
    assert!(measurements["detail"].as_str().unwrap().contains("2025-06-2"), "{measurements}");
    assert_eq!(check(&today, "gpu.genuine")["outcome"], "pass");
}

#[test]
fn the_eight_gpus_of_the_quickstart_are_genuine_bound_and_not_compared() {
    let arguments = [
        "verify",
        &vector("quickstart/evidence.json"),
        "--policy",
        &vector("quickstart/policy.toml"),
        "--offline",
    ]
    .map(str::to_owned);
    let report = json(&arguments, 0);
    for id in ["gpu.evidence", "gpu.genuine", "gpu.firmware-identity", "gpu.set", "gpu.count", "gpu.nonce"] {
        assert_eq!(check(&report, id)["outcome"], "pass", "{id}");
    }
    assert!(check(&report, "gpu.nonce")["detail"].as_str().unwrap().contains("report-data-second-half"));
    assert_eq!(check(&report, "gpu.measurements")["reason"], "gpu-rim-missing");
    let next = check(&report, "gpu.measurements")["explain"].as_str().unwrap();
    assert!(
        next.contains("NV_GPU_DRIVER_GH100_570.172.08")
            && next.contains("NV_GPU_VBIOS_G520_0280_895_9600CF0002")
    );
    assert_eq!(check(&report, "gpu.switches")["reason"], "gpu-switches-not-attested");
    // The same evidence as it was before GPUs were read: the measured machine has GPUs, and nothing speaks of them.
    let without = [
        "verify",
        &vector("quickstart/evidence-without-gpus.json"),
        "--policy",
        &vector("quickstart/policy.toml"),
        "--offline",
    ]
    .map(str::to_owned);
    let report = json(&without, 0);
    assert_eq!(check(&report, "gpu.evidence")["reason"], "gpu-evidence-absent");
    // The machine with its GPUs in a policy that requires them.
    let folder = Folder::new();
    let policy = std::fs::read_to_string(vector("quickstart/policy.toml")).unwrap();
    folder.write("required.toml", (policy + "\n[gpu]\nrequired = true\n").as_bytes());
    folder
        .run(&["verify", &vector("quickstart/evidence.json"), "--policy", "required.toml", "--offline"])
        .ends(13);
}

/// Nothing in a text says or suggests more than reports show.
#[track_caller]
fn says_no_more(text: &str, place: &str) {
    let lower = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    for word in FORBIDDEN {
        assert!(!lower.contains(word), "{place}: {word}");
    }
}

/// And the fixed sentence stands in it.
#[track_caller]
fn says_what_is_not_shown(text: &str, place: &str) {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("Not shown by any of this"), "{place}");
    says_no_more(text, place);
}

const FORMS: [&str; 6] = ["human", "json", "jsonl", "sarif", "markdown", "html"];

#[test]
fn what_is_not_shown_stands_in_every_form_and_nothing_says_more() {
    let folder = Folder::new();
    let (evidence, policy) = (vector("quickstart/evidence.json"), vector("quickstart/policy.toml"));
    for format in FORMS {
        for verbose in ["-q", "-v", "-vv"] {
            let mut arguments = sample("2024-06-01T00:00:00Z");
            arguments.extend(["--format".to_owned(), format.to_owned()]);
            let mut alone: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let mut whole = vec!["verify", &evidence, "--policy", &policy, "--offline", "--format", format];
            if verbose != "-q" {
                alone.push(verbose);
                whole.push(verbose);
            }
            for arguments in [alone, whole] {
                let ran = folder.run(&arguments).ends(0);
                says_what_is_not_shown(&ran.out, format);
                says_no_more(&ran.err, format);
            }
        }
    }
    for format in ["human", "json", "jsonl"] {
        let text = folder.run(&["gpu", "show", &evidence, "--format", format]).ends(0).out;
        says_what_is_not_shown(&text, format);
    }
}

#[test]
fn saved_reports_batches_and_pages_say_no_more_either() {
    let folder = Folder::new();
    let (evidence, policy) = (vector("quickstart/evidence.json"), vector("quickstart/policy.toml"));
    let whole =
        ["verify", &evidence, "--policy", &policy, "--offline", "--format", "json", "-o", "saved.json"];
    folder.run(&whole).ends(0);
    for format in FORMS {
        let text = folder.run(&["render", "saved.json", "--format", format]).ends(0).out;
        says_what_is_not_shown(&text, format);
    }
    let mut alone = sample("2024-06-01T00:00:00Z");
    alone.extend(["--format", "json", "-o", "alone.json"].map(str::to_owned));
    folder.run(&alone.iter().map(String::as_str).collect::<Vec<_>>()).ends(0);
    for format in FORMS {
        let text = folder.run(&["render", "alone.json", "--format", format]).ends(0).out;
        says_what_is_not_shown(&text, format);
        assert!(!text.contains("Intel SGX Root CA"), "{format}: GPUs alone rest on no root of Intel's");
    }
    let line: Value = serde_json::from_slice(&std::fs::read(&evidence).unwrap()).unwrap();
    folder.write("lines.jsonl", format!("{line}\n"));
    let batch = folder.run(&["batch", "lines.jsonl", "--policy", &policy, "--offline"]).ends(0);
    says_no_more(&batch.out, "batch");
    says_no_more(&batch.err, "batch");
    let list = folder.run(&["explain", "--list"]).ends(0).out;
    let codes: Vec<&str> =
        list.split_whitespace().filter(|word| word.starts_with("gpu-") || word.starts_with("gpu.")).collect();
    assert!(codes.len() > 55, "{codes:?}");
    for code in codes {
        says_no_more(&folder.run(&["explain", code]).ends(0).out, code);
    }
    for arguments in
        [&["gpu", "--help"][..], &["gpu", "verify", "--help"], &["policy", "init"], &["policy", "checks"]]
    {
        says_no_more(&folder.run(arguments).ends(0).out, arguments[0]);
    }
}

#[test]
fn comparisons_batches_and_stores_say_no_more_either() {
    let folder = Folder::new();
    let (evidence, without) =
        (vector("quickstart/evidence.json"), vector("quickstart/evidence-without-gpus.json"));
    for pair in [[&evidence, &without], [&without, &evidence], [&evidence, &evidence]] {
        for format in ["human", "json", "markdown"] {
            let ran = folder.run(&["diff", pair[0], pair[1], "--format", format]);
            assert!(matches!(ran.code, 0 | 2 | 12), "{format}: {}", ran.err);
            says_no_more(&ran.out, "diff");
            says_no_more(&ran.err, "diff");
        }
    }
    let line: Value = serde_json::from_slice(&std::fs::read(&evidence).unwrap()).unwrap();
    folder.write("lines.jsonl", format!("{line}\n"));
    let policy = vector("quickstart/policy.toml");
    let batch = folder.run(&["batch", "lines.jsonl", "--policy", &policy, "--offline"]).ends(0);
    let batch: Value = serde_json::from_str(batch.out.lines().next().unwrap()).unwrap();
    assert!(batch["notices"].as_array().unwrap().contains(&"gpu-not-shown".into()), "{batch}");
    for arguments in [
        &["collateral", "fetch", "--help"][..],
        &["collateral", "import", "--help"],
        &["collateral", "show"],
        &["verify", "--help"],
        &["evidence", "forms"],
        &["evidence", "convert", &evidence],
        &["explain", "--list"],
    ] {
        says_no_more(&folder.run(arguments).out, arguments[1]);
    }
}

/// A gateway without a GPU shows its own quote and the GPUs of the machine behind it, over one nonce. Both are genuine.
#[test]
fn the_genuine_gpus_of_another_machine_beside_a_genuine_quote_over_the_same_nonce_are_refused() {
    let folder = Folder::new();
    let report: Value =
        serde_json::from_slice(&std::fs::read(vector("source/near_report.json")).unwrap()).unwrap();
    let payload = report["model_attestations"][0]["nvidia_payload"].as_str().unwrap();
    folder.write("gpus.json", payload);
    let gateway = vector("quickstart/gateway.json");
    let given = ["verify", &gateway, "--gpus", "gpus.json", "--as-of", "2026-10-20T00:00:00Z", "--offline"];
    let ran = folder.run(&[&given[..], &["--format", "json"]].concat()).ends(11);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    for id in ["gpu.genuine", "gpu.set", "gpu.nonce", "os.virtual-hardware"] {
        assert_eq!(check(&report, id)["outcome"], "pass", "{id}");
    }
    assert!(check(&report, "os.virtual-hardware")["detail"].as_str().unwrap().contains("0 GPU, 0 NVSwitch"));
    let count = check(&report, "gpu.count");
    assert_eq!((&count["outcome"], &count["reason"]), (&"fail".into(), &"gpu-other-machine".into()));
    assert!(count["detail"].as_str().unwrap().contains("another machine"), "{count}");
    assert!(report["verdict"]["reasons"].as_array().unwrap().contains(&"gpu-other-machine".into()));
}

/// Answers and lists verify with a device's chain: without the evidence nobody knows whose they are.
#[test]
fn answers_that_are_brought_along_are_taken_with_the_evidence_that_they_are_about() {
    use veritee_testkit::gpu::{AnswerSpec, GpuKind, device_chain};
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("brought")).unwrap();
    let time = veritee_model::UnixTime::parse("2024-06-01T00:00:00Z").unwrap();
    let stranger = device_chain(16, GpuKind::Hopper, "gpu 0", [0; 48]);
    folder.write("brought/answer.der", AnswerSpec::good(16, &stranger[1], time).forge());
    let manifest = std::fs::read(vector("gpu/Driver_RIM_test_no_gpu.swidtag")).unwrap();
    folder.write("brought/NV_GPU_DRIVER_GH100_545.00.swidtag", manifest);
    let import = |more: &[&str]| {
        let given =
            ["collateral", "import", "brought", "--as-of", "2024-06-01T00:00:00Z", "--store", "store"];
        folder.run(&[&given[..], more].concat()).ends(0).out
    };
    let alone = import(&[]);
    assert!(alone.contains("not taken: answer.der: which devices it is about, --gpus says"), "{alone}");
    assert!(alone.contains("1 taken, 0 refused"), "{alone}");
    let with = import(&["--gpus", &vector("quickstart/evidence.json")]);
    assert!(with.contains("not taken: answer.der: it is about no device of the evidence"), "{with}");
    let none =
        ["collateral", "import", "brought", "--store", "store", "--gpus", &vector("quickstart/gateway.json")];
    assert!(folder.run(&none).ends(3).err.contains("has no evidence of GPUs"));
}

/// dstack 0.6 writes what its guest saw of its GPUs into the event log: that is what the guest said, in every form.
#[test]
fn what_the_guest_said_of_its_gpus_is_not_said_by_us() {
    let payload = r#"{"version":2,"provider":"nvidia","devices":8,"cc_mode":"on","devtools":false,"evidence_sha256":"33"}"#;
    let machine = crate::program::machine().change(|machine| {
        let at = machine.events.iter().position(|event| event.name == "instance-id").unwrap();
        let hash = veritee_testkit::dstack::event::Event::runtime("gpu-policy-hash", &[7; 32]);
        machine.events.insert(at, hash);
        let gate = veritee_testkit::dstack::event::Event::runtime("gpu-attestation", payload.as_bytes());
        machine.events.insert(at + 1, gate);
    });
    let folder = Folder::of(&machine);
    for format in FORMS {
        let text = folder.verify("evidence.json", &["--offline", "--format", format, "-vv"]).ends(0).out;
        says_what_is_not_shown(&text, format);
    }
    let report = folder.verify("evidence.json", &["--offline", "--format", "json"]).ends(0).out;
    let gate = check(&serde_json::from_str(&report).unwrap(), "gpu.boot-gate")["detail"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(gate.contains("the measured guest code says that it saw 8 GPUs pass its own check"), "{gate}");
    assert!(gate.contains(&"07".repeat(32)), "{gate}");
}

/// The certificates and manifests of the sample are NVIDIA's own, so a server on loopback can serve them.
#[test]
fn manifests_are_fetched_when_asked_for_kept_and_used_offline() {
    let server = veritee_loopback::Server::http();
    for (id, name) in [
        ("NV_GPU_DRIVER_GH100_545.00", "Driver_RIM_test_no_gpu.swidtag"),
        ("NV_GPU_VBIOS_1010_0200_882_96005E0001", "1010_0200_882_96005E0001_test_no_gpu.swidtag"),
    ] {
        let manifest = std::fs::read(vector(&format!("gpu/{name}"))).unwrap();
        let rim = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, manifest);
        let answer = serde_json::json!({ "id": id, "rim": rim }).to_string();
        server.on(&format!("/v1/rim/{id}"), [veritee_loopback::Reply::json(answer)]);
    }
    server.otherwise(|_| veritee_loopback::Reply::status(503));
    let folder = Folder::new();
    let (report, chain) = (vector("gpu/attestationReport.txt"), vector("gpu/gpuAkCertChain.txt"));
    let base64 = |path: &str| {
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, std::fs::read(path).unwrap())
    };
    let hex = std::fs::read_to_string(&report).unwrap();
    folder.write(
        "gpus.json",
        serde_json::json!([{ "evidence": hex.trim(), "certificate": base64(&chain) }]).to_string(),
    );
    let (rim, ocsp) = (server.url(""), server.url("/ocsp"));
    let at = ["--as-of", "2024-06-01T00:00:00Z", "--store", "store"];
    let fetch = |more: &[&str]| {
        let given = [
            "collateral",
            "fetch",
            "gpus.json",
            "--gpus",
            "--gpu-rim",
            &rim,
            "--gpu-ocsp",
            &ocsp,
            "--allow-local",
        ];
        folder.run(&[&given[..], &at, more].concat())
    };
    // NVIDIA's responder cannot be played: its answers are missing, and what was had is kept.
    let first = fetch(&[]).ends(3);
    assert!(first.out.contains("NV_GPU_DRIVER_GH100_545.00: 21 reference values"), "{}", first.out);
    assert!(first.out.contains("missing: GH100 A01 GSP BROM"), "{}", first.out);
    let manifests = |server: &veritee_loopback::Server| {
        server.requests().iter().filter(|request| request.path.starts_with("/v1/rim/")).count()
    };
    assert_eq!(manifests(&server), 2);
    fetch(&["--format", "json"]).ends(3);
    assert_eq!(manifests(&server), 2, "manifests in force are not asked for again");
    // From here on nobody is asked.
    let asked = server.requests().len();
    let verify = |more: &[&str]| folder.run(&[&["gpu", "verify", "gpus.json"], &at[..], more].concat());
    let verified = verify(&["--format", "json"]).ends(0);
    let verified: Value = serde_json::from_str(&verified.out).unwrap();
    assert!(
        check(&verified, "gpu.measurements")["detail"].as_str().unwrap().starts_with("33 of 33"),
        "{verified}"
    );
    let shown = folder.run(&[&["collateral", "show"], &at[..]].concat()).ends(0).out;
    assert_eq!(shown.matches("GPU manifest").count(), 2, "{shown}");
    folder.run(&[&["collateral", "check"], &at[..]].concat()).ends(0);
    folder.run(&[&["collateral", "export", "carried"], &at[..]].concat()).ends(0);
    let carried =
        ["gpu", "verify", "gpus.json", "--as-of", "2024-06-01T00:00:00Z", "--gpu-collateral", "carried"];
    folder.run(&carried).ends(0);
    let other = ["collateral", "import", "carried", "--as-of", "2024-06-01T00:00:00Z", "--store", "other"];
    let taken = folder.run(&other).ends(0).out;
    assert!(
        taken.contains("taken: NV_GPU_DRIVER_GH100_545.00") && taken.contains("2 taken, 0 refused"),
        "{taken}"
    );
    // Expired ones are dropped when somebody says so.
    let prune = ["collateral", "prune", "--as-of", "2026-11-29T00:00:00Z", "--store", "other"];
    let pruned = folder.run(&prune).ends(0).out;
    assert!(pruned.contains("2 items about GPUs"), "{pruned}");
    assert_eq!(server.requests().len(), asked);
    assert!(!folder.path().join("cache").exists(), "the store that was named, no other");
}

#[test]
fn nvidia_is_not_asked_unless_somebody_says_so() {
    let folder = Folder::new();
    let evidence = vector("quickstart/evidence.json");
    // The service cannot be reached: what would be asked without permission would fail.
    for arguments in [
        &["verify", &evidence, "--policy", &vector("quickstart/policy.toml")][..],
        &["gpu", "verify", &evidence],
        &["gpu", "show", &evidence],
    ] {
        let ran = folder.run(arguments);
        assert!(!ran.err.contains("nvidia.com"), "{}", ran.err);
    }
    let none = folder.run(&["collateral", "fetch", &vector("quickstart/gateway.json"), "--gpus"]).ends(3);
    assert!(none.err.contains("has no evidence of GPUs"), "{}", none.err);
    folder.run(&["collateral", "fetch", &evidence, "--gpu-rim", "https://h.example"]).ends(2);
}

#[test]
fn what_a_service_said_is_shown_as_such_and_never_counted() {
    let folder = Folder::new();
    let encode = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text);
    let claims = r#"{"iss":"https://service.example","x-nvidia-overall-att-result":true,"secboot":true,"dbgstat":"disabled"}"#;
    let token = format!("{}.{}.AAAA", encode("{\"alg\":\"ES384\"}"), encode(claims));
    folder.write("token.json", serde_json::json!([["JWT", token], {}]).to_string());
    let shown = folder.run(&["gpu", "show", "token.json"]).ends(0).out;
    assert!(shown.contains("the_service_said") && shown.contains("https://service.example"), "{shown}");
    assert!(!shown.contains("secboot") && !shown.contains("dbgstat"), "{shown}");
    says_what_is_not_shown(&shown, "gpu show");
    let verified = folder.run(&["gpu", "verify", "token.json", "--format", "json"]).ends(13).out;
    assert_eq!(
        check(&serde_json::from_str(&verified).unwrap(), "gpu.evidence")["reason"],
        "gpu-service-answer"
    );
}

/// Names and versions out of containers, certificates and tokens reach no terminal and no page as they are.
#[test]
fn hostile_text_is_inert_in_every_form() {
    use veritee_testkit::gpu::{DeviceSpec, GpuKind};
    let folder = Folder::new();
    let mut named = DeviceSpec::gpu(16, GpuKind::Hopper, "gpu 0", [0x5a; 32], &[]);
    named.chain[4].subject.set_common_name("NVIDIA \u{1b}[2J\u{202e}<script>alert(1)</script>");
    named.arch = "HOPPER\u{1b}[31m\u{202e}".into();
    folder.write("named.json", veritee_testkit::gpu::payload(&[named.clone()]));
    let mut versions = named.entry();
    versions["driver_version"] = "1\u{1b}[2J<b>".into();
    versions["nonce"] = "\u{7}\u{9b}31m".into();
    folder.write("versions.json", serde_json::json!([versions]).to_string());
    let hex = std::fs::read_to_string(vector("gpu/attestationReport.txt")).unwrap();
    let chain = std::fs::read_to_string(vector("gpu/gpuAkCertChain.txt")).unwrap();
    let claimed =
        serde_json::json!([{ "evidence": hex.trim(), "certificate": chain, "arch": "X\u{1b}[2J<i>" }]);
    folder.write("claimed.json", claimed.to_string());
    for file in ["named.json", "versions.json", "claimed.json"] {
        for format in FORMS {
            let ran = folder.run(&["gpu", "verify", file, "--format", format, "-vv"]);
            assert!(matches!(ran.code, 10 | 11), "{file}: {}", ran.code);
            for text in [&ran.out, &ran.err] {
                let inert = |character: char| !character.is_control() || character == '\n';
                assert!(text.chars().all(inert) && !text.contains('\u{202e}'), "{file} {format}: {text:?}");
                assert!(format != "html" || !text.contains("<script>") && !text.contains("<i>"), "{text}");
            }
        }
        let shown = folder.run(&["gpu", "show", file]).ends(0).out;
        assert!(shown.chars().all(|character| !character.is_control() || character == '\n'), "{shown:?}");
    }
}

/// Lines of a batch share what the judging side gives, and `verify --all` does not drop it.
#[test]
fn manifests_beside_a_batch_count_for_every_line() {
    let folder = Folder::new();
    let (evidence, policy) = (vector("quickstart/evidence.json"), vector("quickstart/policy.toml"));
    let line: Value = serde_json::from_slice(&std::fs::read(&evidence).unwrap()).unwrap();
    folder.write("lines.jsonl", format!("{line}\n{line}\n"));
    let bad = std::fs::read_to_string(vector("gpu/Driver_RIM_test_no_gpu.swidtag")).unwrap();
    // It says that it is for these GPUs' driver, and its digest is another.
    folder.write("changed.xml", bad.replace("545.00", "570.172.08"));
    let given = ["--policy", &policy, "--offline", "--gpu-collateral", "changed.xml"];
    let batch = folder.run(&[&["batch", "lines.jsonl"], &given[..]].concat()).ends(11);
    assert_eq!(batch.out.matches("gpu-rim-signature").count(), 2, "{}", batch.out);
    folder.run(&[&["verify", &evidence, "--all"], &given[..]].concat()).ends(11);
}

#[test]
fn showing_reports_says_that_nothing_is_verified() {
    let folder = Folder::new();
    let human = folder.run(&["gpu", "show", &vector("gpu/attestationReport.txt")]).ends(0).out;
    assert_eq!(human.matches("NOT VERIFIED").count(), 2);
    assert!(human.contains("545.00") && human.contains("96.00.5E.00.01"), "{human}");
    let missing = folder.run(&["gpu", "show", &vector("quickstart/gateway.json")]).ends(3);
    assert!(missing.err.contains("has no evidence of GPUs"), "{}", missing.err);
}

#[test]
fn a_report_without_its_chain_is_incomplete_and_a_changed_one_is_forged() {
    let folder = Folder::new();
    folder.run(&["gpu", "verify", &vector("gpu/attestationReport.txt")]).ends(13);
    let report = std::fs::read_to_string(vector("gpu/attestationReport.txt")).unwrap();
    folder.write("changed.txt", report.replacen("0b42836f", "0b42836e", 1).as_bytes());
    let chain = vector("gpu/gpuAkCertChain.txt");
    folder.run(&["gpu", "verify", "changed.txt", "--certificate", &chain]).ends(10);
    let other = "11".repeat(32);
    folder
        .run(&[
            "gpu",
            "verify",
            &vector("gpu/attestationReport.txt"),
            "--certificate",
            &chain,
            "--gpu-nonce",
            &other,
        ])
        .ends(11);
}
