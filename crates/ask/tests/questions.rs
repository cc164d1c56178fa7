//! Questions as other languages put them, and what they are answered.

use serde_json::{Value, json};
use std::path::Path;
use veritee_ask::{Answer, answer};
use veritee_model::Budget;

fn vector(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors").join(path)).unwrap()
}

fn ask(question: &Value, files: &[Vec<u8>]) -> Answer {
    answer(question.to_string().as_bytes(), files, &Budget::STANDARD)
}

fn told(answer: &Answer) -> Value {
    serde_json::from_slice(answer.part(0)).unwrap()
}

#[test]
fn what_it_is_and_what_files_are_for_is_told() {
    let about = told(&ask(&json!({"ask": "about"}), &[]));
    assert_eq!(
        (about["abi"].as_u64(), about["version"].as_str()),
        (Some(2), Some(env!("CARGO_PKG_VERSION")))
    );
    let files = [vector("quickstart/evidence.json"), vector("quickstart/policy.toml")];
    let names = json!([{"name": "evidence.json"}, {"name": "policy.toml"}]);
    let roles = told(&ask(&json!({"ask": "recognise", "files": names}), &files));
    assert_eq!(roles[0], json!({"role": "evidence", "form": "veritee evidence"}));
    assert_eq!(roles[1]["role"], "policy");
    let read = told(&ask(
        &json!({"ask": "read", "files": [{"name": "set.json"}]}),
        &[vector("evidence/evidence-set-v1.json")],
    ));
    assert_eq!(read["machines"], json!(["one"]), "{read}");
}

#[test]
fn a_verdict_comes_with_the_report_in_every_form_and_the_evidence() {
    let files = [vector("quickstart/evidence.json"), vector("quickstart/policy.toml")];
    let names =
        json!([{"name": "evidence.json", "role": "evidence"}, {"name": "policy.toml", "role": "policy"}]);
    let verdict = ask(&json!({"ask": "verify", "files": names, "now": 2_000_000_000}), &files);
    assert!(!verdict.failed);
    let short = told(&verdict);
    assert_eq!(
        (short["outcome"].as_str(), short["exit_code"].as_u64()),
        (Some("verified"), Some(0)),
        "{short}"
    );
    let report: Value = serde_json::from_slice(verdict.part(1)).unwrap();
    assert_eq!(report["as_of"], "2026-03-15T00:00:00Z", "the policy fixes it");
    assert!(verdict.part(2).starts_with(b"<!DOCTYPE html>") && verdict.part(3).starts_with(b"VERIFIED"));
    let evidence: Value = serde_json::from_slice(verdict.part(4)).unwrap();
    assert_eq!(evidence["schema"], "veritee/evidence/v1");
    assert!(verdict.part(5).is_empty());
}

#[test]
fn a_question_that_is_not_understood_is_refused_with_its_code() {
    let quote = [vector("quote/tdx_quote.bin")];
    let named = json!([{"name": "quote.bin"}]);
    for (question, files, code, words) in [
        (json!({"ask": "obey"}), &quote[..0], "question", "obey"),
        (json!({"ask": "verify", "files": [], "as_of": 1, "clock": true}), &quote[..0], "question", "clock"),
        (
            json!({"ask": "verify", "files": named, "as_of": 1}),
            &quote[..0],
            "question",
            "1 names for 0 files",
        ),
        (json!({"ask": "verify", "files": named}), &quote[..], "question", "as_of"),
        (json!({"ask": "verify", "files": named, "as_of": 1, "now": 1}), &quote[..], "question", "as_of"),
        (json!({"ask": "verify", "files": named, "as_of": -1}), &quote[..], "question", "-1"),
        (
            json!({"ask": "verify", "files": named, "as_of": 1, "nonce": "00"}),
            &quote[..],
            "question",
            "16 to 64",
        ),
        (
            json!({"ask": "verify", "files": named, "as_of": 1, "nonce": "xy"}),
            &quote[..],
            "question",
            "nonce",
        ),
        (
            json!({"ask": "verify", "files": named, "as_of": 1, "report_data": "00"}),
            &quote[..],
            "question",
            "report_data",
        ),
        (
            json!({"ask": "verify", "files": [{"name": "a", "role": "judge"}], "as_of": 1}),
            &quote[..],
            "question",
            "judge",
        ),
        (json!({"ask": "verify", "files": [], "as_of": 1}), &quote[..0], "evidence-missing", "no evidence"),
        (
            json!({"ask": "read", "files": [{"name": "a"}]}),
            &[b"x".to_vec()][..],
            "evidence-unrecognised",
            "a",
        ),
    ] {
        let refused = ask(&question, files);
        let why = told(&refused);
        assert!(refused.failed, "{question}");
        assert_eq!(why["code"], code, "{question}: {why}");
        assert!(why["message"].as_str().unwrap().contains(words), "{question}: {why}");
        assert!(refused.part(1).is_empty());
    }
    assert!(answer(b"\xff", &[], &Budget::STANDARD).failed);
}
