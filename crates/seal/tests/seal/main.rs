//! What was signed comes back; what was changed, by whatever way, does not, each way with its own reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod badge;
mod token;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use serde_json::{Value, json};
use veritee_model::report::Input;
use veritee_model::{Check, CheckId, Reason, Report, Sha256Digest, VerdictOutcome};
use veritee_seal::{
    PublicKey, SealError, SigningKey, Statement, Tool, open, same_evidence, same_policy, seal,
};

const REPORTS: [(&str, &str); 5] = [
    ("verified", include_str!("../../../report/tests/snapshots/verified.json")),
    ("refused", include_str!("../../../report/tests/snapshots/refused.json")),
    ("not-genuine", include_str!("../../../report/tests/snapshots/not-genuine.json")),
    ("incomplete", include_str!("../../../report/tests/snapshots/incomplete.json")),
    ("test-root", include_str!("../../../report/tests/snapshots/test-root.json")),
];

/// The saved bytes, and what a reader makes of them.
pub(crate) fn sample(name: &str) -> (Vec<u8>, Report) {
    let (_, text) = REPORTS.iter().find(|(known, _)| *known == name).unwrap();
    (text.as_bytes().to_vec(), serde_json::from_str(text).unwrap())
}

/// A report of which every check was made and passed, under the default policy.
pub(crate) fn verified() -> Report {
    let (_, mut report) = sample("verified");
    report.checks = CheckId::ALL.iter().map(|id| Check::pass(*id, "as it should be")).collect();
    report.verdict.outcome = VerdictOutcome::Verified;
    report.verdict.exit_code = 0;
    report.verdict.reasons.clear();
    assert!(report.policy.loosened.is_empty() && report.root.as_ref().unwrap().intel);
    report
}

pub(crate) fn ed25519() -> SigningKey {
    let random = SystemRandom::new();
    let der = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
    SigningKey::from_pkcs8(der.as_ref(), &random).unwrap()
}

pub(crate) fn p256() -> SigningKey {
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    SigningKey::from_pkcs8(der.as_ref(), &random).unwrap()
}

pub(crate) fn tool() -> Tool {
    Tool { version: "0.1.0".to_owned(), sha256: Some(Sha256Digest::of(b"the program")) }
}

pub(crate) fn sealed_by(name: &str, keys: &[SigningKey]) -> String {
    let (bytes, report) = sample(name);
    seal(&bytes, &Statement::of(&report, &bytes, tool()), keys, &SystemRandom::new()).unwrap()
}

/// The sealed report with one line changed as JSON.
fn changed(sealed: &str, line: usize, change: impl FnOnce(&mut Value)) -> String {
    let mut lines: Vec<String> = sealed.lines().map(str::to_owned).collect();
    let mut envelope: Value = serde_json::from_str(&lines[line]).unwrap();
    change(&mut envelope);
    lines[line] = envelope.to_string();
    lines.join("\n") + "\n"
}

fn reason(sealed: impl AsRef<[u8]>, key: &PublicKey) -> Reason {
    open(sealed.as_ref(), std::slice::from_ref(key)).unwrap_err().reason()
}

#[test]
fn what_was_signed_comes_back_byte_for_byte_with_a_statement_that_fits() {
    for key in [ed25519(), p256()] {
        for (name, _) in REPORTS {
            let (bytes, report) = sample(name);
            let opened =
                open(sealed_by(name, std::slice::from_ref(&key)).as_bytes(), &[key.public().clone()])
                    .unwrap();
            assert_eq!(opened.report, bytes, "{name}");
            opened.agrees(&report).unwrap();
            let summary = &opened.statement.predicate;
            assert_eq!(summary.veritee.outcome, report.verdict.outcome);
            assert_eq!(summary.veritee.tool, tool());
            assert_eq!(opened.statement.subject[0].digest.sha256, Sha256Digest::of(&bytes));
            assert_eq!(summary.input_attestations.len(), report.inputs.len());
        }
    }
}

#[test]
fn the_statement_is_an_in_toto_verification_summary_that_passes_only_what_was_verified() {
    let (bytes, whole) = (b"report".to_vec(), verified());
    let all = REPORTS.iter().map(|(name, _)| (*name, sample(name)));
    for (name, (bytes, report)) in all.chain([("whole", (bytes, whole))]) {
        let statement = serde_json::to_value(Statement::of(&report, &bytes, tool())).unwrap();
        assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
        assert_eq!(statement["predicateType"], "https://slsa.dev/verification_summary/v1");
        let verified = report.verdict.exit_code == 0;
        let result = if verified { "PASSED" } else { "FAILED" };
        assert_eq!(statement["predicate"]["verificationResult"], result, "{name}");
        assert_eq!(statement["predicate"]["verifiedLevels"], json!([]));
        let open = report.checks.iter().filter(|check| check.outcome == veritee_model::Outcome::NotChecked);
        assert_eq!(statement["predicate"]["veritee"]["not_checked"].as_array().unwrap().len(), open.count());
    }
}

#[test]
fn what_is_signed_is_the_encoding_that_dsse_names() {
    // The protocol's own example of the encoding: lengths in bytes of the UTF-8 text.
    let key = ed25519();
    let sealed = sealed_by("verified", std::slice::from_ref(&key));
    let envelope: Value = serde_json::from_str(sealed.lines().next().unwrap()).unwrap();
    let (bytes, _) = sample("verified");
    let kind = "application/vnd.veritee.report.v1+json";
    assert_eq!(envelope["payloadType"], kind);
    let signed = [format!("DSSEv1 {} {kind} {} ", kind.len(), bytes.len()).as_bytes(), &bytes].concat();
    let signature = STANDARD.decode(envelope["signatures"][0]["sig"].as_str().unwrap()).unwrap();
    assert!(key.public().verifies(&signed, &signature));
    assert_eq!(envelope["signatures"][0]["keyid"], key.public().id());
}

#[test]
fn no_changed_byte_of_payload_type_or_signature_opens() {
    for key in [ed25519(), p256()] {
        let sealed = sealed_by("refused", std::slice::from_ref(&key));
        for line in [0, 1] {
            let flip = |field: &mut Value, at: usize| {
                let mut bytes = STANDARD.decode(field.as_str().unwrap()).unwrap();
                let at = at % bytes.len();
                bytes[at] ^= 1;
                *field = STANDARD.encode(bytes).into();
            };
            for at in (0..6000).step_by(97) {
                let payload = changed(&sealed, line, |envelope| flip(&mut envelope["payload"], at));
                assert_eq!(reason(payload, key.public()), Reason::SealSignature);
            }
            for at in 0..72 {
                let signature =
                    changed(&sealed, line, |envelope| flip(&mut envelope["signatures"][0]["sig"], at));
                assert_eq!(reason(signature, key.public()), Reason::SealSignature);
            }
        }
    }
}

#[test]
fn whatever_byte_of_the_file_is_changed_nothing_else_is_shown() {
    let key = ed25519();
    let sealed = sealed_by("incomplete", std::slice::from_ref(&key)).into_bytes();
    let keys = [key.public().clone()];
    let whole = open(&sealed, &keys).unwrap();
    let mut held = 0;
    for at in (0..sealed.len()).step_by(31) {
        for bit in [0, 5] {
            let mut other = sealed.clone();
            other[at] ^= 1 << bit;
            // What is not signed may be anything: the name of a key, blanks between members.
            if let Ok(opened) = open(&other, &keys) {
                assert_eq!(opened, whole, "byte {at}");
                held += 1;
            }
        }
        assert!(open(&sealed[..at], &keys).is_err(), "cut at {at}");
    }
    assert!(held < 200, "{held}");
}

#[test]
fn an_envelope_of_another_type_is_refused_whoever_signed_it() {
    let key = ed25519();
    let sealed = sealed_by("verified", std::slice::from_ref(&key));
    let lines: Vec<&str> = sealed.lines().collect();
    let swapped = format!("{}\n{}\n", lines[1], lines[0]);
    assert_eq!(reason(&swapped, key.public()), Reason::SealPayloadType);
    assert_eq!(reason(format!("{0}\n{0}\n", lines[0]), key.public()), Reason::SealPayloadType);
    for kind in ["application/json", "", "application/vnd.veritee.report.v1+json ", "\u{1b}[2J"] {
        let other = changed(&sealed, 0, |envelope| envelope["payloadType"] = kind.into());
        let error = open(other.as_bytes(), &[key.public().clone()]).unwrap_err();
        assert_eq!(error.reason(), Reason::SealPayloadType, "{kind}");
        assert!(!error.to_string().contains('\u{1b}'));
    }
}

#[test]
fn only_the_key_that_was_given_counts_and_a_name_is_a_hint() {
    let (key, other) = (ed25519(), p256());
    let sealed = sealed_by("verified", std::slice::from_ref(&key));
    assert_eq!(reason(&sealed, other.public()), Reason::SealKeyAbsent);
    // Another's signature under our name, as anybody can write it.
    let named = |name: Value| {
        [0, 1].into_iter().fold(sealed.clone(), |sealed, line| {
            changed(&sealed, line, |envelope| envelope["signatures"][0]["keyid"] = name.clone())
        })
    };
    assert_eq!(reason(named(other.public().id().into()), other.public()), Reason::SealSignature);
    for hint in [json!(""), json!(other.public().id()), Value::Null] {
        assert!(open(named(hint).as_bytes(), &[key.public().clone()]).is_ok());
    }
    let without = [0, 1].into_iter().fold(sealed.clone(), |sealed, line| {
        changed(&sealed, line, |envelope| {
            envelope["signatures"][0].as_object_mut().unwrap().remove("keyid");
        })
    });
    assert!(open(without.as_bytes(), &[key.public().clone()]).is_ok());
    assert_eq!(reason(named(7.into()), key.public()), Reason::SealMalformed);
    assert_eq!(open(sealed.as_bytes(), &[]).unwrap_err().reason(), Reason::SealKeyUnusable);
}

#[test]
fn of_several_signatures_each_key_given_has_to_be_among_them_in_both_envelopes() {
    let keys = [ed25519(), p256(), ed25519()];
    let sealed = sealed_by("verified", &keys);
    let public: Vec<PublicKey> = keys.iter().map(|key| key.public().clone()).collect();
    assert!(open(sealed.as_bytes(), &public).is_ok());
    for key in &public {
        assert!(open(sealed.as_bytes(), std::slice::from_ref(key)).is_ok());
    }
    let stranger = ed25519();
    let with_stranger = [public.clone(), vec![stranger.public().clone()]].concat();
    assert_eq!(open(sealed.as_bytes(), &with_stranger).unwrap_err().reason(), Reason::SealKeyAbsent);
    for line in [0, 1] {
        let less = changed(&sealed, line, |envelope| {
            envelope["signatures"].as_array_mut().unwrap().remove(1);
        });
        assert_eq!(open(less.as_bytes(), &public).unwrap_err().reason(), Reason::SealKeyAbsent);
    }
    let none = changed(&sealed, 0, |envelope| envelope["signatures"] = json!([]));
    assert_eq!(reason(none, &public[0]), Reason::SealMalformed);
    let many = changed(&sealed, 0, |envelope| {
        let one = envelope["signatures"][0].clone();
        envelope["signatures"] = vec![one; 9].into();
    });
    assert_eq!(reason(many, &public[0]), Reason::SealMalformed);
}

#[test]
fn a_member_that_stands_twice_is_refused_in_either_order() {
    let key = ed25519();
    let sealed = sealed_by("verified", std::slice::from_ref(&key));
    for member in ["payload", "payloadType", "signatures", "comment"] {
        let addition = format!("{{\"{member}\":\"\",\"{member}\":\"\",");
        let twice = sealed.replacen('{', &addition, 1);
        assert_eq!(reason(&twice, key.public()), Reason::SealDuplicateMember, "{member}");
    }
    let first = sealed.replacen("{\"payload\":", "{\"payload\":\"\",\"payload\":", 1);
    assert_eq!(reason(&first, key.public()), Reason::SealDuplicateMember);
    let escaped = sealed.replacen("{\"payload\":", "{\"p\\u0061yload\":\"\",\"payload\":", 1);
    assert_eq!(reason(&escaped, key.public()), Reason::SealDuplicateMember);
    let within = sealed.replacen("{\"keyid\":", "{\"keyid\":\"\",\"keyid\":", 1);
    assert_eq!(reason(&within, key.public()), Reason::SealDuplicateMember);
    // What DSSE does not name, and stands there once, is nobody's.
    let more = changed(&sealed, 0, |envelope| envelope["comment"] = "unsigned".into());
    assert!(open(more.as_bytes(), &[key.public().clone()]).is_ok());
}

#[test]
fn nothing_follows_an_envelope_or_the_last_line() {
    let key = ed25519();
    let sealed = sealed_by("verified", std::slice::from_ref(&key));
    let lines: Vec<&str> = sealed.lines().collect();
    for more in ["x", "{}", lines[0]] {
        let behind_first = format!("{}{more}\n{}\n", lines[0], lines[1]);
        assert_eq!(reason(behind_first, key.public()), Reason::SealTrailingData, "{more}");
        let behind_second = format!("{}\n{}{more}\n", lines[0], lines[1]);
        assert_eq!(reason(behind_second, key.public()), Reason::SealTrailingData, "{more}");
        let third = format!("{sealed}{more}\n");
        assert_eq!(reason(third, key.public()), Reason::SealTrailingData, "{more}");
    }
    assert_eq!(reason(format!("{sealed}\n"), key.public()), Reason::SealTrailingData);
    assert!(open(sealed.trim_end().as_bytes(), &[key.public().clone()]).is_ok());
}

#[test]
fn base64_is_read_in_both_alphabets_and_in_no_other_form() {
    let key = p256();
    let sealed = sealed_by("verified", std::slice::from_ref(&key));
    let recoded = |encode: &dyn Fn(&[u8]) -> String| {
        changed(&sealed, 0, |envelope| {
            let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
            let signature = STANDARD.decode(envelope["signatures"][0]["sig"].as_str().unwrap()).unwrap();
            envelope["payload"] = encode(&payload).into();
            envelope["signatures"][0]["sig"] = encode(&signature).into();
        })
    };
    let public = [key.public().clone()];
    assert!(open(recoded(&|bytes| URL_SAFE.encode(bytes)).as_bytes(), &public).is_ok());
    type Spoil<'a> = &'a dyn Fn(String) -> String;
    let spoils: [(&str, Spoil<'_>); 6] = [
        ("both alphabets", &|text| format!("-/{}", &text[2..])),
        ("a line break", &|text| format!("{}\n{}", &text[..4], &text[4..])),
        ("a blank", &|text| format!("{text} ")),
        ("more padding", &|text| format!("{text}=")),
        ("another character", &|text| format!("*{}", &text[1..])),
        ("a cut", &|text| text[..text.len() - 1].to_owned()),
    ];
    for (what, spoil) in spoils {
        let spoilt = changed(&sealed, 0, |envelope| {
            envelope["payload"] = spoil(envelope["payload"].as_str().unwrap().to_owned()).into();
        });
        assert_eq!(reason(spoilt, &public[0]), Reason::SealEncoding, "{what} in the payload");
        let spoilt = changed(&sealed, 1, |envelope| {
            let text = envelope["signatures"][0]["sig"].as_str().unwrap().to_owned();
            envelope["signatures"][0]["sig"] = spoil(text).into();
        });
        assert_eq!(reason(spoilt, &public[0]), Reason::SealEncoding, "{what} in the signature");
    }
    // No padding, and bits left over, where there is any.
    let odd = |length: usize, encode: &dyn Fn(&[u8]) -> String| {
        changed(&sealed, 0, |envelope| envelope["payload"] = encode(&vec![0x41; length]).into())
    };
    assert_eq!(reason(odd(4, &|it| STANDARD_NO_PAD.encode(it)), &public[0]), Reason::SealEncoding);
    assert_eq!(reason(odd(4, &|_| "QUFBQR==".to_owned()), &public[0]), Reason::SealEncoding);
}

#[test]
fn what_is_no_envelope_is_told_from_what_is_a_bad_one() {
    let key = ed25519();
    let sealed = sealed_by("verified", std::slice::from_ref(&key));
    let first = sealed.lines().next().unwrap();
    let deep = "[".repeat(100_000);
    for text in ["", "\n", "null", "[]", "{}", "\"x\"", "{\"payload\":1}", deep.as_str(), first] {
        assert_eq!(reason(text, key.public()), Reason::SealMalformed, "{}", &text[..text.len().min(20)]);
    }
    assert_eq!(reason(b"\xff\xfe", key.public()), Reason::SealMalformed);
    for (member, value) in [
        ("payload", json!(7)),
        ("payloadType", Value::Null),
        ("signatures", json!({"sig": ""})),
        ("signatures", json!([[]])),
        ("signatures", json!([{"keyid": ""}])),
    ] {
        let bad = changed(&sealed, 0, |envelope| envelope[member] = value.clone());
        assert_eq!(reason(bad, key.public()), Reason::SealMalformed, "{member} {value}");
    }
    let crowd: String = (0..200).map(|at| format!("\"m{at}\":0,")).collect();
    assert_eq!(reason(sealed.replacen('{', &format!("{{{crowd}"), 1), key.public()), Reason::SealMalformed);
}

/// A statement that the signer signed, with something in it changed before.
fn statement_with(key: &SigningKey, change: impl FnOnce(&mut Value)) -> Result<(), SealError> {
    let (bytes, report) = sample("refused");
    let mut value = serde_json::to_value(Statement::of(&report, &bytes, tool())).unwrap();
    change(&mut value);
    let statement: Statement = serde_json::from_value(value).unwrap();
    let sealed = seal(&bytes, &statement, std::slice::from_ref(key), &SystemRandom::new()).unwrap();
    open(sealed.as_bytes(), &[key.public().clone()])?.agrees(&report)
}

#[test]
fn a_statement_that_says_more_than_its_report_is_refused_although_it_is_signed() {
    let key = ed25519();
    statement_with(&key, |_| ()).unwrap();
    let zeros = "00".repeat(32);
    let changes: [(&str, &str, Value); 11] = [
        ("report", "/subject/0/digest/sha256", json!(zeros)),
        ("evidence", "/predicate/inputAttestations", json!([])),
        ("policy", "/predicate/policy/uri", json!("urn:veritee:policy:strict")),
        ("policy", "/predicate/veritee/loosened", json!(["nothing"])),
        ("time", "/predicate/timeVerified", json!("2036-01-01T00:00:00Z")),
        ("verdict", "/predicate/verificationResult", json!("PASSED")),
        ("verdict", "/predicate/veritee/outcome", json!("verified")),
        ("verdict", "/predicate/veritee/headline", json!("VERIFIED")),
        ("verdict", "/predicate/veritee/stage", json!("incomplete")),
        ("not checked", "/predicate/veritee/not_checked", json!([])),
        ("another member", "/predicate/veritee/kind", json!("quote")),
    ];
    for (what, place, value) in changes {
        let error =
            statement_with(&key, |statement| *statement.pointer_mut(place).unwrap() = value).unwrap_err();
        assert_eq!(error.reason(), Reason::SealStatementMismatch, "{place}");
        assert!(error.to_string().contains(what), "{place}: {error}");
    }
    let other = statement_with(&key, |statement| statement["predicateType"] = "https://example.org".into());
    assert_eq!(other.unwrap_err().reason(), Reason::SealMalformed);
}

#[test]
fn the_statement_of_one_report_does_not_go_with_another() {
    let key = ed25519();
    let keys = std::slice::from_ref(&key);
    let (good, bad) = (sealed_by("verified", keys), sealed_by("refused", keys));
    let mixed = format!("{}\n{}\n", bad.lines().next().unwrap(), good.lines().nth(1).unwrap());
    let opened = open(mixed.as_bytes(), &[key.public().clone()]).unwrap();
    let error = opened.agrees(&sample("refused").1).unwrap_err();
    assert_eq!(error.reason(), Reason::SealStatementMismatch);
    assert!(error.to_string().contains("digests of report"), "{error}");
}

#[test]
fn other_evidence_and_another_policy_are_told() {
    let (_, report) = sample("verified");
    let kept: Vec<Input> = report.inputs.iter().filter(|it| it.name != "collateral").cloned().collect();
    assert!(!kept.is_empty());
    same_evidence(&report, &kept).unwrap();
    // Whoever checks may bring other collateral, or none.
    let brought = Input { name: "collateral".to_owned(), sha256: Sha256Digest::of(b"x"), ..kept[0].clone() };
    same_evidence(&report, &[kept.clone(), vec![brought]].concat()).unwrap();
    for at in 0..kept.len() {
        let mut other = kept.clone();
        other[at].sha256 = Sha256Digest::of(b"another");
        assert_eq!(same_evidence(&report, &other).unwrap_err().reason(), Reason::SealEvidenceMismatch);
        let mut less = kept.clone();
        less.remove(at);
        assert_eq!(same_evidence(&report, &less).unwrap_err().reason(), Reason::SealEvidenceMismatch);
    }
    let more = Input { name: "gpus".to_owned(), ..kept[0].clone() };
    let more = same_evidence(&report, &[kept, vec![more]].concat());
    assert_eq!(more.unwrap_err().reason(), Reason::SealEvidenceMismatch);

    let digest = Sha256Digest::of(b"policy");
    let mut under = report.clone();
    under.policy.sha256 = Some(digest);
    same_policy(&under, digest).unwrap();
    let other = same_policy(&under, Sha256Digest::of(b"loose")).unwrap_err();
    assert_eq!(other.reason(), Reason::SealPolicyMismatch);
    under.policy.sha256 = None;
    let built_in = same_policy(&under, digest).unwrap_err();
    assert!(built_in.to_string().contains("built-in"), "{built_in}");
}

#[test]
fn keys_are_read_in_the_one_form_that_each_has() {
    for key in [ed25519(), p256()] {
        let spki = key.public().spki();
        assert_eq!(PublicKey::from_spki(&spki).unwrap(), *key.public());
        for at in [0, 5, spki.len() - 33] {
            let mut other = spki.clone();
            other[at.min(11)] ^= 1;
            let error = PublicKey::from_spki(&other).unwrap_err();
            assert_eq!(error.reason(), Reason::SealKeyUnusable);
        }
        assert!(PublicKey::from_spki(&[spki.clone(), vec![0]].concat()).is_err());
        assert!(PublicKey::from_spki(&spki[..spki.len() - 1]).is_err());
        assert!(!format!("{key:?}").contains("pair"), "the private half is never printed");
    }
    // A compressed point: the other reading of the same key.
    let point = p256().public().spki();
    let compressed = [&[0x30, 0x39], &point[2..23], &[0x03, 0x22, 0x00, 0x02], &point[27..59]].concat();
    assert!(PublicKey::from_spki(&compressed).is_err());
    for der in [&b""[..], b"\x30\x00", &point] {
        let error = SigningKey::from_pkcs8(der, &SystemRandom::new()).unwrap_err();
        assert_eq!(error.reason(), Reason::SealKeyUnusable);
    }
}
