//! The gateway's acme-info: a machine for each quote, and what each is said to bind.

use crate::support::*;
use serde_json::{Value, json};
use veritee_evidence::{Format, NamedEvidence, Note, Readout, parts};
use veritee_model::Item;
use veritee_model::evidence::ServedCertificates;

fn readout(answer: &Value) -> Readout {
    let readout = read(answer.to_string().as_bytes()).unwrap();
    assert_eq!(readout.format, Format::AcmeInfo);
    readout
}

fn with(pointer: &str, value: Value) -> Value {
    let mut answer = acme_info();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match answer.pointer_mut(parent).unwrap() {
        Value::Array(entries) => entries[key.parse::<usize>().unwrap()] = value,
        other => other[key] = value,
    }
    answer
}

fn labels(readout: &Readout) -> Vec<&str> {
    readout.machines.iter().map(|machine| machine.label.as_str()).collect()
}

#[test]
fn the_account_and_each_key_are_machines_with_what_their_quotes_bind() {
    let readout = readout(&acme_info());
    assert_eq!(labels(&readout), ["/account_quote", "/quoted_hist_keys/0", "/quoted_hist_keys/1"]);
    assert_eq!(readout.notes, []);
    let bound: Vec<(&str, &[u8], &str)> = readout
        .machines
        .iter()
        .map(|machine| machine.evidence.bound_content.as_ref().unwrap())
        .map(|bound| (bound.tag.as_str(), bound.content.as_slice(), bound.algorithm.as_str()))
        .collect();
    assert_eq!(bound[0], ("acme-account", &b"https://acme.example/acct/1"[..], "sha512"));
    assert_eq!(bound[1], ("zt-cert", &[0x0a, 0x0b][..], "sha512"));
    assert_eq!(bound[2], ("zt-cert", &[0x0c, 0x0d][..], "sha512"));
    for (last, machine) in readout.machines.iter().enumerate() {
        let evidence = &machine.evidence;
        assert_eq!(evidence.quote.as_ref().unwrap().bytes, [forged_quote(), vec![last as u8]].concat());
        assert_eq!(evidence.event_log.as_ref().unwrap().item.bytes, LOG.as_bytes());
        assert_eq!(evidence.vm_config.as_ref().unwrap().bytes, VM_CONFIG.as_bytes());
        assert_eq!(evidence.claims.values["report_data"].value, "ab");
    }
    assert_eq!(
        readout.machines[1].evidence.quote.as_ref().unwrap().source,
        "input#/quoted_hist_keys/0/quote#/quote"
    );
}

#[test]
fn an_account_without_a_quote_is_remarked_upon_and_no_error() {
    for answer in [with("/account_quote", json!("")), with("/account_quote", json!(null))] {
        let readout = readout(&answer);
        assert_eq!(labels(&readout), ["/quoted_hist_keys/0", "/quoted_hist_keys/1"]);
        let note = Note::NoQuote { place: "input#/account_quote".into(), what: "the ACME account" };
        assert_eq!(readout.notes, [note]);
        assert!(readout.notes[0].to_string().contains("has no quote of the ACME account"));
    }
    let readout = readout(&with("/quoted_hist_keys/1/quote", json!("")));
    assert_eq!(labels(&readout), ["/account_quote", "/quoted_hist_keys/0"]);
    assert!(
        matches!(&readout.notes[..], [Note::NoQuote { place, .. }] if place == "input#/quoted_hist_keys/1")
    );
}

#[test]
fn the_attestation_is_looked_into_where_there_is_no_quote() {
    let attestation = json!({ "attestation": hex::encode(scale_container(VM_CONFIG)) }).to_string();
    let mut answer = with("/quoted_hist_keys/0/quote", json!(""));
    answer["quoted_hist_keys"][0]["attestation"] = json!(attestation);
    let only = readout(&answer);
    assert_eq!(only.machines[1].label, "/quoted_hist_keys/0");
    assert_eq!(only.machines[1].evidence.quote.as_ref().unwrap().bytes, forged_quote());
    assert_eq!(only.machines[1].evidence.bound_content.as_ref().unwrap().tag, "zt-cert");
}

#[test]
fn quote_and_attestation_of_one_account_or_key_are_the_same_quote_or_refused() {
    let attestation = json!({ "attestation": hex::encode(scale_container(VM_CONFIG)) }).to_string();
    // The account's quote has one byte more than the container's.
    let other = read(with("/account_attestation", json!(attestation)).to_string().as_bytes()).unwrap_err();
    assert_eq!(other.reason().code(), "evidence-contradictory", "{other}");
    let quote = json!({ "quote": hex::encode(forged_quote()), "event_log": full_log() }).to_string();
    let mut answer = with("/quoted_hist_keys/0/quote", json!(quote));
    answer["quoted_hist_keys"][0]["attestation"] = json!(attestation);
    assert_eq!(readout(&answer).machines.len(), 3);
}

#[test]
fn what_older_gateways_add_is_remarked_upon_and_not_used() {
    let mut answer = acme_info();
    answer["hist_keys"] = json!(["0a0b"]);
    answer["active_cert"] = json!("-----BEGIN CERTIFICATE-----");
    answer["base_domain"] = json!("gateway.example");
    let readout = readout(&answer);
    let places: Vec<String> = readout.notes.iter().map(ToString::to_string).collect();
    for key in ["hist_keys", "active_cert", "base_domain"] {
        assert!(places.iter().any(|note| note.contains(&format!("input#/{key}"))), "{places:?}");
    }
    assert!(readout.machines.iter().all(|machine| machine.evidence.served.is_none()));
}

#[test]
fn an_answer_without_any_quote_has_no_machine() {
    for answer in [
        json!({ "account_uri": "https://acme.example/acct/1" }),
        json!({ "account_uri": "", "hist_keys": ["00"], "active_cert": "", "base_domain": "a.example" }),
        json!({ "account_uri": "x", "quoted_hist_keys": [], "account_quote": "" }),
        json!({ "account_uri": "x", "quoted_hist_keys": null }),
    ] {
        assert_eq!(code(answer.to_string().as_bytes()), "evidence-no-machine", "{answer}");
    }
}

#[test]
fn an_answer_of_another_form_is_refused_with_the_place() {
    let rows = [
        ("/quoted_hist_keys", json!({}), "/quoted_hist_keys"),
        ("/quoted_hist_keys/0", json!("x"), "/quoted_hist_keys/0"),
        ("/quoted_hist_keys/0/public_key", json!("xyz"), "/quoted_hist_keys/0/public_key"),
        ("/quoted_hist_keys/0/public_key", json!(""), "/quoted_hist_keys/0"),
        ("/quoted_hist_keys/0/quote", json!("{"), "/quoted_hist_keys/0/quote#"),
        ("/quoted_hist_keys/0/quote", json!("{\"event_log\": \"[]\"}"), "/quoted_hist_keys/0/quote#"),
        ("/account_quote", json!("[]"), "/account_quote#"),
        ("/account_uri", json!(1), "/account_uri"),
    ];
    for (pointer, value, place) in rows {
        let error = read(with(pointer, value.clone()).to_string().as_bytes()).unwrap_err();
        assert_eq!(error.reason().code(), "evidence-malformed", "{pointer} {value}: {error}");
        assert_eq!(error.place().pointer, place, "{value}");
    }
    let doubled =
        acme_info().to_string().replacen("\"account_uri\":", "\"account_uri\":\"y\",\"account_uri\":", 1);
    assert_eq!(code(doubled.as_bytes()), "evidence-duplicate-key");
}

#[test]
fn a_handshake_goes_to_all_but_the_machines_of_other_keys_where_one_has_the_shown_key() {
    let certificate = certificate(&[]);
    let served =
        |chain: &[u8]| ServedCertificates { server: "a.example:443".into(), chain: Item::new(chain, "x") };
    let key = parsed_key(certificate.der());
    let machines = |keys: [&str; 2]| {
        let mut answer = acme_info();
        for (index, key) in keys.iter().enumerate() {
            answer["quoted_hist_keys"][index]["public_key"] = json!(key);
        }
        readout(&answer).machines
    };
    let having = |machines: &[NamedEvidence]| -> Vec<String> {
        let with = machines.iter().filter(|machine| machine.evidence.served.is_some());
        with.map(|machine| machine.label.clone()).collect()
    };
    let mut known = machines(["0a", &key]);
    parts::add_served(&mut known, &served(certificate.pem().as_bytes()));
    assert_eq!(having(&known), ["/account_quote", "/quoted_hist_keys/1"]);
    for chain in [certificate.pem().as_bytes(), b"", b"not PEM"] {
        let mut unknown = machines(["0a", "0b"]);
        parts::add_served(&mut unknown, &served(chain));
        assert_eq!(having(&unknown).len(), 3);
    }
}

#[test]
fn the_gateway_s_app_info_and_the_legacy_worker_info_are_info_answers() {
    let legacy: Value = serde_json::from_str(&tcb_info()).unwrap();
    let mut legacy = legacy;
    legacy["rootfs_hash"] = json!("00");
    for tcb_info in [json!(tcb_info()), json!(legacy.to_string()), legacy] {
        let pem = certificate(&[(QUOTE, forged_quote())]).pem();
        let info = json!({ "app_id": "01", "app_name": "gateway", "app_cert": pem, "tcb_info": tcb_info,
            "public_logs": true, "public_sysinfo": true });
        let readout = read(info.to_string().as_bytes()).unwrap();
        assert_eq!(readout.format, Format::Info);
        let evidence = &readout.machines[0].evidence;
        assert!(evidence.quote.is_some() && evidence.app_compose.is_some() && evidence.event_log.is_some());
        assert!(evidence.claims.values.contains_key("mrtd"));
    }
}

fn parsed_key(der: &[u8]) -> String {
    use x509_parser::prelude::FromDer as _;
    let (_, certificate) = x509_parser::certificate::X509Certificate::from_der(der).unwrap();
    hex::encode(certificate.public_key().raw)
}
