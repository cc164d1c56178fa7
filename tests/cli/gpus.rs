//! `veritee gpu`, and GPUs in whole verdicts: what is said, in every form, and what is never said.

use crate::program::Folder;
use serde_json::Value;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/");

/// Words that would say more than any report of a GPU shows.
const FORBIDDEN: [&str; 11] = [
    "gpus are attached",
    "gpus attached",
    "plugged into",
    "gpus of this machine are",
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

#[test]
fn what_is_not_shown_stands_in_every_form_and_nothing_says_more() {
    let folder = Folder::new();
    let sentence = |text: &str| {
        text.split_whitespace().collect::<Vec<_>>().join(" ").contains("Not shown by any of this")
    };
    for format in ["human", "json", "jsonl", "sarif", "markdown", "html"] {
        let mut arguments = sample("2024-06-01T00:00:00Z");
        arguments.extend(["--format".to_owned(), format.to_owned()]);
        let alone: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (evidence, policy) = (vector("quickstart/evidence.json"), vector("quickstart/policy.toml"));
        let whole = ["verify", &evidence, "--policy", &policy, "--offline", "-v", "--format", format];
        for text in [folder.run(&alone).ends(0).out, folder.run(&whole).ends(0).out] {
            assert!(sentence(&text), "{format}");
            let lower = text.to_lowercase();
            for word in FORBIDDEN {
                assert!(!lower.contains(word), "{format}: {word}");
            }
        }
    }
    let evidence = vector("quickstart/evidence.json");
    for format in ["human", "json", "jsonl"] {
        let text = folder.run(&["gpu", "show", &evidence, "--format", format]).ends(0).out;
        assert!(sentence(&text), "{format}");
        for word in FORBIDDEN {
            assert!(!text.to_lowercase().contains(word), "{format}: {word}");
        }
    }
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
