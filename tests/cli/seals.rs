//! `sign` and `verify-report`: whose word a report is, and that it is still the same.

use crate::program::Folder;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use veritee_seal::SigningKey;
use veritee_testkit::der;

fn quickstart(file: &str) -> String {
    format!("{}/test-vectors/quickstart/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// `NAME.pem` and `NAME.pub`.
fn key(folder: &Folder, name: &str, pkcs8: &[u8]) {
    let key = SigningKey::from_pkcs8(pkcs8, &SystemRandom::new()).unwrap();
    folder.write(&format!("{name}.pem"), der::pem("PRIVATE KEY", pkcs8));
    folder.write(&format!("{name}.pub"), der::pem("PUBLIC KEY", &key.public().spki()));
}

/// An Ed25519 key, both halves.
pub(crate) fn keys(folder: &Folder, private: &str, public: &str) {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let key = SigningKey::from_pkcs8(pkcs8.as_ref(), &SystemRandom::new()).unwrap();
    folder.write(private, der::pem("PRIVATE KEY", pkcs8.as_ref()));
    folder.write(public, der::pem("PUBLIC KEY", &key.public().spki()));
}

/// The report of the quickstart, and two keys.
fn folder() -> Folder {
    let folder = Folder::empty();
    let random = SystemRandom::new();
    key(&folder, "ed", Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref());
    let p256 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    key(&folder, "ec", p256.as_ref());
    let (evidence, policy) = (quickstart("evidence.json"), quickstart("policy.toml"));
    folder.run(&["verify", &evidence, "--policy", &policy, "--format", "json", "-o", "report.json"]).ends(0);
    folder
}

#[test]
fn a_sealed_report_shows_as_the_report_and_ends_with_its_code() {
    let folder = folder();
    let shown = folder.run(&["render", "report.json", "--format", "json"]).ends(0).out;
    for keys in [vec!["ed"], vec!["ec"], vec!["ed", "ec"]] {
        let private: Vec<String> = keys.iter().map(|name| format!("--key={name}.pem")).collect();
        let public: Vec<String> = keys.iter().map(|name| format!("--key={name}.pub")).collect();
        let private: Vec<&str> = private.iter().map(String::as_str).collect();
        let public: Vec<&str> = public.iter().map(String::as_str).collect();
        folder.run(&[&["sign", "report.json", "-o", "sealed"], private.as_slice()].concat()).ends(0);
        let opened =
            folder.run(&[&["verify-report", "sealed", "--format", "json"], public.as_slice()].concat());
        assert_eq!(opened.code, 0, "{}", opened.err);
        assert_eq!(opened.out, shown);
        assert!(opened.err.contains("nothing was verified anew"), "{}", opened.err);
        assert!(opened.err.contains("neither evidence nor policy was compared"), "{}", opened.err);
    }
    folder.run(&["sign", "report.json", "--key", "ed.pem", "-o", "sealed"]).ends(0);
    let (evidence, policy) = (quickstart("evidence.json"), quickstart("policy.toml"));
    let same = ["verify-report", "sealed", "--key", "ed.pub", "--evidence", &evidence, "--policy", &policy];
    let compared = folder.run(&same).ends(0);
    assert!(compared.err.contains("the evidence and the policy given is the report's"), "{}", compared.err);
    let human = folder.run(&["render", "report.json"]).ends(0).out;
    assert_eq!(compared.out, human);
}

#[test]
fn what_does_not_hold_ends_without_a_verdict_and_names_its_reason() {
    let folder = folder();
    folder.run(&["sign", "report.json", "--key", "ed.pem", "-o", "sealed"]).ends(0);
    let sealed = folder.read("sealed");
    folder.write("flipped", sealed.replacen("{\"payload\":\"ew", "{\"payload\":\"fw", 1));
    folder.write("longer", format!("{sealed}{{}}\n"));
    folder.write("shorter", sealed.lines().next().unwrap());
    folder.write("twice", sealed.replacen("{\"payload\"", "{\"payload\":\"\",\"payload\"", 1));
    let (gateway, policy) = (quickstart("gateway.json"), folder.file("other.toml"));
    folder.write("other.toml", "name = \"other\"\n");
    let policy = policy.to_str().unwrap().to_owned();
    for (file, more, code) in [
        ("flipped", vec![], "seal-signature"),
        ("longer", vec![], "seal-trailing-data"),
        ("shorter", vec![], "seal-malformed"),
        ("twice", vec![], "seal-duplicate-member"),
        ("report.json", vec![], "seal-malformed"),
        ("sealed", vec!["--key", "ec.pub"], "seal-key-absent"),
        ("sealed", vec!["--evidence", gateway.as_str()], "seal-evidence-mismatch"),
        ("sealed", vec!["--policy", policy.as_str()], "seal-policy-mismatch"),
        ("sealed", vec!["--key", "ec.pem"], "seal-key-unusable"),
    ] {
        let ran = folder.run(&[&["verify-report", file, "--key", "ed.pub"], more.as_slice()].concat());
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{file} {more:?}: {}", ran.err);
        assert!(ran.err.contains(&format!("({code})")), "{file} {more:?}: {}", ran.err);
        folder.run(&["explain", code]).ends(0);
    }
}

#[test]
fn a_report_that_contradicts_itself_is_not_signed_and_keys_of_other_kinds_do_not_sign() {
    let folder = folder();
    let report = folder.read("report.json");
    folder.write("edited.json", report.replacen("\"exit_code\": 0", "\"exit_code\": 11", 1));
    let edited = folder.run(&["sign", "edited.json", "--key", "ed.pem"]).ends(3);
    assert_eq!(edited.out, "");
    let pem = folder.read("ed.pem");
    folder.write("old.pem", pem.replace("PRIVATE KEY", "EC PRIVATE KEY"));
    folder.write("two.pem", format!("{pem}{pem}"));
    folder.write("bad.pem", der::pem("PRIVATE KEY", &[0x30, 0]));
    for file in ["old.pem", "two.pem", "bad.pem", "report.json", "ed.pub"] {
        let ran = folder.run(&["sign", "report.json", "--key", file]).ends(3);
        assert!(ran.err.contains("(seal-key-unusable)") && ran.out.is_empty(), "{file}: {}", ran.err);
    }
    folder.run(&["sign", "report.json", "--key", "ed.pem", "--key", "ed.pem"]).ends(2);
    folder.run(&["sign", "report.json"]).ends(2);
    folder.run(&["verify-report", "report.json"]).ends(2);
}

#[test]
fn a_badge_says_what_was_not_checked_and_is_checked_byte_by_byte() {
    let folder = folder();
    folder.run(&["sign", "report.json", "--key", "ec.pem", "--form", "badge", "-o", "badge.svg"]).ends(0);
    let ran = folder.run(&["verify-report", "badge.svg", "--key", "ec.pub"]).ends(0);
    assert!(ran.out.starts_with("VERIFIED\nas of 2026-03-15T00:00:00Z\n"), "{}", ran.out);
    assert!(ran.out.contains("\nnot checked: binding.nonce\n"), "{}", ran.out);
    let badge = folder.read("badge.svg");
    assert!(badge.contains("NOT CHECKED ("), "{badge}");
    folder.write("badge.svg", badge.replacen("as of 2026", "as of 2036", 1));
    let changed = folder.run(&["verify-report", "badge.svg", "--key", "ec.pub"]).ends(3);
    assert!(changed.err.contains("(seal-badge-mismatch)"), "{}", changed.err);
}

#[test]
fn a_token_is_the_same_for_the_same_report_key_and_time() {
    let folder = folder();
    let ask = [
        "sign",
        "report.json",
        "--key",
        "ed.pem",
        "--form",
        "ear",
        "--issued",
        "2026-11-30",
        "--expires",
        "2026-12-01",
    ];
    let token = folder.run(&ask).ends(0).out;
    assert_eq!(token, folder.run(&ask).ends(0).out);
    assert_eq!(token.trim_end().split('.').count(), 3);
    let both = ["sign", "report.json", "--key", "ed.pem", "--key", "ec.pem", "--form", "ear"];
    assert!(folder.run(&both).ends(2).err.contains("one signature"));
    folder.run(&["sign", "report.json", "--key", "ed.pem", "--issued", "2026-11-30"]).ends(2);
    let past = ["sign", "report.json", "--key", "ed.pem", "--form", "ear", "--expires", "2020-01-01"];
    folder.run(&past).ends(2);
}
