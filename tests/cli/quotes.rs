//! `veritee quote`.

use crate::program::{AS_OF, Folder, machine};
use serde_json::Value;
use veritee_testkit::{Shape, Universe};

#[test]
fn showing_a_quote_says_that_nothing_is_verified() {
    let folder = Folder::new();
    let human = folder.run(&["quote", "show", "quote.bin"]).ends(0).out;
    assert_eq!(human.matches("NOT VERIFIED").count(), 2);
    let shown: Value =
        serde_json::from_str(&folder.run(&["quote", "show", "quote.bin", "--format", "json"]).ends(0).out)
            .unwrap();
    assert_eq!((&shown["schema"], &shown["verified"]), (&"veritee/quote/v1".into(), &false.into()));
    let quote = machine().forge().platform.quote;
    assert_eq!(shown["bytes"], quote.len());
    assert!(human.contains(&hex::encode(&quote[184..232])), "MRTD in full");
}

#[test]
fn a_forged_quote_is_shown_all_the_same_but_not_verified() {
    let folder = Folder::new();
    let mut quote = machine().forge().platform.quote;
    quote[600] ^= 1;
    folder.write("forged.bin", &quote);
    folder.run(&["quote", "show", "forged.bin"]).ends(0);
    let arguments = [
        "quote",
        "verify",
        "forged.bin",
        "--collateral",
        "collateral.json",
        "--policy",
        "policy.toml",
        "--root",
        "root.pem",
        "--as-of",
        AS_OF,
    ];
    let ran = folder.run(&[&arguments[..], &["--format", "json"]].concat()).ends(10);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["verdict"]["reasons"][0], "quote-signature");
}

#[test]
fn a_quote_of_a_version_that_is_not_read_is_refused_by_name_in_every_spelling() {
    let folder = Folder::new();
    let mut quote = machine().forge().platform.quote;
    quote[..2].copy_from_slice(&6_u16.to_le_bytes());
    let spellings = [
        ("v6.bin", quote.clone()),
        ("v6.hex", hex::encode(&quote).into_bytes()),
        ("v6.json", format!("{{\"quote\":\"{}\"}}", hex::encode(&quote)).into_bytes()),
    ];
    for (name, bytes) in spellings {
        folder.write(name, &bytes);
        let verify = ["quote", "verify", name, "--collateral", "collateral.json", "--root", "root.pem"];
        let ran = folder.run(&[&verify[..], &["--as-of", AS_OF, "--format", "json"]].concat()).ends(11);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(report["verdict"]["reasons"][0], "quote-version-unsupported", "{name}");
    }
}

#[test]
fn verifying_a_quote_judges_the_first_two_steps_and_no_more() {
    let folder = Folder::new();
    let arguments = [
        "quote",
        "verify",
        "quote.bin",
        "--collateral",
        "collateral.json",
        "--policy",
        "policy.toml",
        "--root",
        "root.pem",
        "--as-of",
        AS_OF,
    ];
    let ran = folder.run(&[&arguments[..], &["--format", "json"]].concat()).ends(0);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["kind"], "quote");
    let checks = report["checks"].as_array().unwrap();
    assert_eq!(checks.len(), veritee_model::CheckId::ALL.len());
    for check in checks {
        let asked = matches!(check["step"].as_str().unwrap(), "quote" | "platform");
        assert_eq!(check["reason"] == "not-asked", !asked && check["outcome"] == "not-checked", "{check}");
        assert!(asked || check["required"] == false, "{check}");
    }
    // One that is a month too late is refused, one without collateral incomplete.
    let late: Vec<&str> =
        arguments.iter().map(|it| if *it == AS_OF { "2026-12-15T00:00:00Z" } else { *it }).collect();
    folder.run(&late).ends(11);
    folder.run(&["quote", "verify", "quote.bin", "--as-of", AS_OF, "--offline"]).ends(13);
}

#[test]
fn quotes_of_every_kind_are_shown() {
    let folder = Folder::new();
    for shape in Shape::ALL {
        folder.write("any.bin", Universe::with_shape(1, shape).forge().quote);
        let shown = folder.run(&["quote", "show", "any.bin", "--format", "json"]).ends(0).out;
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["header"]["version"], shape.version(), "{shape:?}");
    }
    folder.run(&["quote", "show", "app-compose.json"]).ends(3);
}

#[test]
fn an_enclave_is_shown_and_bound_by_the_words_for_sgx() {
    let forged = Universe::with_shape(7, Shape::SgxV3).forge();
    let folder = Folder::empty();
    folder.write("quote.bin", &forged.quote);
    folder.write("collateral.json", forged.collateral_json());
    folder.write("root.der", &forged.root_der);
    let quote = veritee_quote::Quote::parse(&forged.quote).unwrap();
    let veritee_quote::Body::Sgx(enclave) = quote.body() else { panic!("no enclave") };
    let root = veritee_quote::TrustRoot::from_der(&forged.root_der).unwrap();
    let judge = |words: &str, command: &[&str]| {
        let policy = format!(
            "schema = \"veritee/policy/v1\"\nname = \"sgx\"\n[root]\nspki_sha256 = \"{}\"\nreason = \"a forged universe\"\n{words}",
            root.spki_sha256()
        );
        folder.write("policy.toml", policy);
        let rules = [
            "quote.bin",
            "--collateral",
            "collateral.json",
            "--policy",
            "policy.toml",
            "--root",
            "root.der",
            "--as-of",
            AS_OF,
            "--offline",
        ];
        folder.run(&[command, &rules].concat())
    };
    let verify = |words: &str| judge(words, &["quote", "verify"]);
    let shown = verify("").ends(0).out;
    let (code, signer) = (enclave.mr_enclave.to_string(), enclave.mr_signer.to_string());
    assert!(shown.contains(&code) && shown.contains(&signer), "{shown}");
    assert!(!shown.contains("TDX module"), "{shown}");
    let other = "ab".repeat(32);
    let (product, version) = (enclave.isv_product_id, enclave.isv_svn);
    for (words, code) in [
        (format!("mrenclave = [\"{code}\"]"), 0),
        (format!("mrenclave = [\"{other}\", \"{code}\"]\nmrsigner = [\"{signer}\"]"), 0),
        (format!("mrenclave = [\"{other}\"]"), 11),
        (format!("mrsigner = [\"{other}\"]"), 11),
        (format!("isv_prod_id = {product}\nisv_svn = {version}"), 0),
        (format!("isv_prod_id = {}", product + 1), 11),
        (format!("isv_svn = {}", version + 1), 11),
        (format!("config_id = \"{}\"", "ab".repeat(64)), 11),
        ("mrenclave = []".to_owned(), 2),
        (format!("mr_enclave = [\"{other}\"]\nminimum_isv_svn = 0"), 11),
        ("mrenclave = [\"00\"]".to_owned(), 2),
    ] {
        let words = format!("[sgx]\n{words}\n");
        verify(&words).ends(code);
        judge(&words, &["batch"]).ends(code);
    }
    // Named of a TD, there is nothing that could fit.
    let machine = Folder::new();
    let policy = machine.read("policy.toml") + &format!("\n[sgx]\nmrenclave = [\"{code}\"]\n");
    machine.write("policy.toml", policy);
    machine.verify("evidence.json", &[]).ends(11);
}
