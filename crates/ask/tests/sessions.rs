//! Questions in a row: no answer depends on what was asked before. And the questions beside `verify`.

use serde_json::{Value, json};
use std::path::Path;
use veritee_ask::{Answer, Session, answer};
use veritee_model::{Budget, Sha256Digest};

const QUOTED: u64 = 1_752_833_762;
const SPRING: u64 = 1_772_323_200;

fn vector(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors").join(path)).unwrap()
}

fn told(answer: &Answer) -> Value {
    serde_json::from_slice(answer.part(0)).unwrap()
}

fn all(answer: &Answer) -> (bool, Vec<Vec<u8>>) {
    (answer.failed, (0..5).map(|part| answer.part(part).to_vec()).collect())
}

fn alone(question: &Value, files: &[Vec<u8>]) -> Answer {
    answer(question.to_string().as_bytes(), files, &Budget::STANDARD)
}

fn quote_question(as_of: u64) -> Value {
    let files = json!([{"name": "quote.bin"}, {"name": "set.json", "role": "collateral"}]);
    json!({"ask": "verify-quote", "files": files, "as_of": as_of})
}

fn quote_files(name: &str) -> Vec<Vec<u8>> {
    vec![vector(&format!("quote/{name}.bin")), vector(&format!("quote/{name}.collateral.json"))]
}

/// Questions that share rules with a neighbour, and questions that differ from it in one thing.
fn questions() -> Vec<(Value, Vec<Vec<u8>>)> {
    let named = json!([{"name": "evidence.json"}, {"name": "policy.toml", "role": "policy"}]);
    let verify = |time: &str| json!({"ask": "verify", "files": named, time: SPRING});
    let policed = |evidence: &str, policy: &[u8]| vec![vector(evidence), policy.to_vec()];
    let policy = vector("quickstart/policy.toml");
    let set = json!({"ask": "verify", "files": [{"name": "set.json"}], "as_of": SPRING});
    let beside = |collateral: &str| {
        let files = json!([{"name": "quote.bin"}, {"name": collateral, "role": "collateral"}]);
        json!({"ask": "verify", "files": files, "as_of": QUOTED})
    };
    let mut changed = policy.clone();
    changed.extend_from_slice(b"\n# changed\n");
    let mut broken = quote_files("tdx_quote");
    broken[1].truncate(1000);
    let mut forged = quote_files("tdx_quote");
    forged[0][200] ^= 1;
    let mut unremembered = quote_question(QUOTED);
    unremembered["remember"] = json!(false);
    vec![
        (verify("as_of"), policed("quickstart/evidence.json", &policy)),
        (verify("as_of"), policed("quickstart/gateway.json", &policy)),
        (verify("as_of"), policed("quickstart/gateway.json", &changed)),
        (verify("now"), policed("quickstart/evidence.json", &policy)),
        (verify("as_of"), policed("quickstart/evidence.json", b"nonsense = [")),
        (set, vec![vector("evidence/evidence-set-v1.json")]),
        (beside("set.json"), quote_files("tdx_quote")),
        (beside("other.json"), quote_files("tdx_quote")),
        (beside("set.json"), quote_files("tdx_quote_outdated")),
        (beside("set.json"), broken.clone()),
        (quote_question(QUOTED), quote_files("tdx_quote")),
        (quote_question(QUOTED), forged),
        (unremembered, quote_files("tdx_quote")),
        (quote_question(SPRING * 2), quote_files("tdx_quote")),
        (quote_question(QUOTED), quote_files("tdx_quote_outdated")),
        (quote_question(QUOTED), quote_files("sgx_quote")),
        (quote_question(QUOTED), broken),
        (json!({"ask": "about"}), Vec::new()),
    ]
}

#[test]
fn no_answer_depends_on_what_was_asked_before() {
    let questions = questions();
    let fresh: Vec<_> = questions.iter().map(|(question, files)| all(&alone(question, files))).collect();
    let mut session = Session::new(&Budget::STANDARD);
    let mut ask = |number: usize| {
        let (question, files) = &questions[number];
        let found = all(&session.answer(question.to_string().as_bytes(), files));
        assert!(found == fresh[number], "question {number} is answered otherwise in a session: {question}");
    };
    // Each twice; then back again; then every third after every fifth.
    let count = questions.len();
    for number in (0..count).chain((0..count).rev()) {
        ask(number);
        ask(number);
    }
    for step in 0..count {
        ask(step * 5 % count);
        ask(step * 3 % count);
    }
    assert!(fresh.iter().any(|(failed, _)| *failed) && fresh.iter().any(|(failed, _)| !failed));
}

#[test]
fn a_quote_alone_is_answered_in_short() {
    let verdict = alone(&quote_question(QUOTED), &quote_files("tdx_quote"));
    assert!(!verdict.failed, "{}", told(&verdict));
    let short = told(&verdict);
    assert_eq!(
        (&short["outcome"], &short["exit_code"], &short["tcb_status"], &short["genuine"]),
        (&json!("verified"), &json!(0), &json!("UpToDate"), &json!(true)),
        "{short}"
    );
    assert_eq!(short["mrtd"].as_str().unwrap().len(), 96);
    assert_eq!(short["rtmrs"].as_array().unwrap().len(), 4);
    let checks: Value = serde_json::from_slice(verdict.part(1)).unwrap();
    assert_eq!(checks["verdict"]["outcome"], "verified");
    assert!(!checks["checks"].as_array().unwrap().is_empty());

    let mut forged = quote_files("tdx_quote");
    forged[0][200] ^= 1;
    let mut question = quote_question(QUOTED);
    question["forms"] = json!([]);
    let refused = alone(&question, &forged);
    let short = told(&refused);
    assert_eq!((&short["outcome"], &short["genuine"]), (&json!("not-genuine"), &json!(false)), "{short}");
    assert!(short["tcb_status"].is_null() && !short["reasons"].as_array().unwrap().is_empty(), "{short}");
    assert!(refused.part(1).is_empty());
}

#[test]
fn forms_that_nobody_asked_for_are_not_rendered_and_those_asked_for_are_the_same() {
    let files = [vector("quickstart/evidence.json")];
    let mut question = json!({"ask": "verify", "files": [{"name": "evidence.json"}], "as_of": SPRING});
    let whole = alone(&question, &files);
    assert!((0..5).all(|part| !whole.part(part).is_empty()));
    for (form, part) in [("json", 1), ("html", 2), ("text", 3), ("evidence", 4)] {
        question["forms"] = json!([form]);
        let one = alone(&question, &files);
        assert_eq!(one.part(0), whole.part(0));
        for other in 1..5 {
            let expected = if other == part { whole.part(other) } else { &[] };
            assert!(one.part(other) == expected, "{form}: part {other}");
        }
    }
    question["forms"] = json!(["pdf"]);
    assert_eq!(told(&alone(&question, &files))["code"], "question");
}

#[test]
fn documents_that_nothing_vouches_for_are_audited_replayed_measured_and_hashed() {
    let evidence: Value = serde_json::from_slice(&vector("quickstart/evidence.json")).unwrap();
    let text = |name: &str| evidence[name]["value"].as_str().unwrap().as_bytes().to_vec();
    let named = json!([{"name": "file"}]);

    let compose = [text("app_compose")];
    let audit = alone(&json!({"ask": "audit", "files": named, "as_of": SPRING, "forms": ["json"]}), &compose);
    assert!(!audit.failed, "{}", told(&audit));
    let report: Value = serde_json::from_slice(audit.part(1)).unwrap();
    assert!(!report["findings"].as_array().unwrap().is_empty());
    assert_eq!(report["verdict"]["outcome"], told(&audit)["outcome"]);

    let hash = told(&alone(&json!({"ask": "compose-hash", "files": named}), &compose));
    assert_eq!(hash["compose_hash"], json!(Sha256Digest::of(&compose[0])));

    let replay = told(&alone(&json!({"ask": "replay", "files": named}), &[text("event_log")]));
    assert_eq!((&replay["schema"], &replay["verified"]), (&json!("veritee/replay/v1"), &json!(false)));
    assert_eq!(replay["registers"].as_array().unwrap().len(), 4);

    let measure = told(&alone(&json!({"ask": "measure", "files": named}), &[text("vm_config")]));
    assert_eq!((&measure["schema"], &measure["verified"]), (&json!("veritee/measure/v1"), &json!(false)));
}

#[test]
fn a_question_about_one_file_refuses_what_it_would_not_look_at() {
    let one = [b"{}".to_vec()];
    let two = [b"{}".to_vec(), b"{}".to_vec()];
    let quote = [vector("quote/tdx_quote.bin")];
    let (named, both) = (json!([{"name": "a"}]), json!([{"name": "a"}, {"name": "b"}]));
    let beside = |role: &str| json!([{"name": "a"}, {"name": "b", "role": role}]);
    for (question, files, code) in [
        (json!({"ask": "compose-hash", "files": []}), &one[..0], "evidence-missing"),
        (json!({"ask": "compose-hash", "files": both}), &two[..], "question"),
        (json!({"ask": "compose-hash", "files": beside("policy")}), &two[..], "question"),
        (json!({"ask": "replay", "files": beside("collateral")}), &two[..], "question"),
        (json!({"ask": "replay", "files": named}), &one[..], "evidence-unrecognised"),
        (json!({"ask": "replay", "files": named}), &quote[..], "event-log-missing"),
        (json!({"ask": "measure", "files": named}), &[b"x".to_vec()][..], "vm-config-unreadable"),
        (json!({"ask": "audit", "files": beside("collateral"), "as_of": 1}), &two[..], "question"),
        (json!({"ask": "audit", "files": named}), &one[..], "question"),
        (json!({"ask": "audit", "files": named, "as_of": 1, "nonce": "00"}), &one[..], "question"),
        (json!({"ask": "verify-quote", "files": named}), &one[..], "question"),
        (json!({"ask": "verify-quote", "files": named, "as_of": 1, "select": "a"}), &one[..], "question"),
        (json!({"ask": "verify-quote", "files": beside("gpu-collateral"), "as_of": 1}), &two[..], "question"),
        (
            json!({"ask": "verify-quote", "files": named, "as_of": 1}),
            &[b"x".to_vec()][..],
            "evidence-unrecognised",
        ),
    ] {
        let refused = alone(&question, files);
        assert!(refused.failed, "{question}");
        assert_eq!(told(&refused)["code"], code, "{question}: {}", told(&refused));
    }
}
