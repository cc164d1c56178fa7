//! Files in memory against the examples: what each is for, and the verdict on them.

use std::path::Path;
use veritee_model::{Budget, UnixTime};
use veritee_offline::{AsOf, Error, File, Given, Role, role, verify};
use veritee_verify::Expected;

fn vector(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors").join(path)).unwrap()
}

const SPRING: AsOf = AsOf::At(UnixTime::from_seconds(1_772_323_200));

fn given<'a>(evidence: &'a [File<'a>], policy: Option<&'a [u8]>, as_of: AsOf) -> Given<'a> {
    Given {
        evidence,
        select: None,
        collateral: &[],
        gpu_collateral: &[],
        policy,
        as_of,
        expected: &Expected::Nothing,
        budget: &Budget::STANDARD,
    }
}

#[test]
fn the_content_of_a_file_says_what_it_is_for() {
    let collateral = vector("quote/tdx_quote.collateral.json");
    let parts: serde_json::Value = serde_json::from_slice(&collateral).unwrap();
    let pem = |name: &str| parts[name].as_str().unwrap().as_bytes().to_vec();
    for (name, bytes, expected) in [
        ("evidence.json", vector("quickstart/evidence.json"), Role::Evidence),
        ("policy.toml", vector("quickstart/policy.toml"), Role::Policy),
        ("quote.bin", vector("quote/tdx_quote.bin"), Role::Evidence),
        ("page.html", vector("evidence/agent-page.html"), Role::Evidence),
        ("set.json", collateral, Role::Collateral),
        ("crl", hex::decode(pem("pck_crl")).unwrap(), Role::Collateral),
        ("chain.pem", pem("tcb_info_issuer_chain"), Role::Collateral),
        ("manifest.xml", manifest(), Role::GpuCollateral),
        (
            "app-compose.json",
            br#"{"manifest_version": 2, "docker_compose_file": ""}"#.to_vec(),
            Role::Evidence,
        ),
        ("letter.txt", b"Dear reader".to_vec(), Role::Evidence),
        ("empty", Vec::new(), Role::Evidence),
    ] {
        let (found, form) = role(&File { name, bytes: &bytes }, &Budget::STANDARD);
        assert_eq!(found, expected, "{name}: {form:?}");
    }
}

fn manifest() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/gpu/manifests");
    let first = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    std::fs::read(first.path()).unwrap()
}

#[test]
fn the_example_is_verified_and_its_evidence_repeats_the_verdict() {
    let (bytes, policy) = (vector("quickstart/evidence.json"), vector("quickstart/policy.toml"));
    let file = [File { name: "evidence.json", bytes: &bytes }];
    // The policy fixes the time where the caller leaves it to it, and not otherwise.
    let now = AsOf::Unless(UnixTime::from_seconds(2_000_000_000));
    let verified = verify(&given(&file, Some(&policy), now)).unwrap();
    assert_eq!(verified.report.verdict.exit_code, 0);
    let late = AsOf::At(UnixTime::from_seconds(2_000_000_000));
    assert_eq!(verify(&given(&file, Some(&policy), late)).unwrap().report.verdict.exit_code, 11);
    let saved = verified.evidence();
    let again = [File { name: "evidence.json", bytes: saved.as_bytes() }];
    let again = verify(&given(&again, Some(&policy), now)).unwrap();
    assert_eq!(again.report.verdict.exit_code, 0);
}

#[test]
fn what_cannot_be_judged_has_a_code_and_a_next_step() {
    let letter = [File { name: "letter.txt", bytes: b"Dear reader" }];
    let bytes = vector("quote/tdx_quote.bin");
    let quote = [File { name: "quote.bin", bytes: &bytes }];
    let twice = [quote[0], quote[0]];
    let crl = [File { name: "tcb.json", bytes: br#"{"tcbInfo": {}, "signature": "00"}"# }];
    for (given, code) in [
        (given(&[], None, SPRING), "evidence-missing"),
        (given(&twice, None, SPRING), "name-twice"),
        (given(&letter, None, SPRING), "evidence-unrecognised"),
        (given(&quote, Some(b"schema = 1"), SPRING), "policy-unreadable"),
        (given(&quote, Some(b"\xff"), SPRING), "policy-unreadable"),
        (Given { collateral: &letter, ..given(&quote, None, SPRING) }, "evidence-malformed"),
        (Given { collateral: &crl, ..given(&quote, None, SPRING) }, "collateral-incomplete"),
    ] {
        let error: Error = verify(&given).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(!error.next_step().is_empty() && !error.to_string().is_empty());
    }
}
