//! veritee's own document: exact, deterministic, of its schema, and refused when anything in it was changed.

use crate::support::{BUDGET, COMPOSE, LOG, code, forged_quote, read, repository, vector};
use proptest::prelude::*;
use serde_json::{Value, json};
use veritee_evidence::{Format, convert, to_json};
use veritee_model::evidence::{BoundContent, Claim, EventLogFormat, EventLogItem, IngressEvidence, KmsKeys};
use veritee_model::{Evidence, Item};

/// Evidence that has every part.
pub(crate) fn full_evidence() -> Evidence {
    let item = |bytes: &[u8], source: &str| Item::new(bytes, source);
    let mut evidence = Evidence {
        quote: Some(item(&forged_quote(), "a")),
        event_log: Some(EventLogItem { item: item(LOG.as_bytes(), "b"), format: EventLogFormat::DstackJson }),
        runtime_events: Some(item(b"[]", "c")),
        app_compose: Some(item(COMPOSE.as_bytes(), "d")),
        vm_config: Some(item(b"{}", "e")),
        mr_config: Some(item(b"{}", "f")),
        certificates: Some(item(b"-----BEGIN CERTIFICATE-----", "g")),
        collateral: vec![item(b"{}", "h"), item(b"{ }", "i")],
        kms_keys: Some(KmsKeys { ca_spki: vec![1, 2], k256: vec![3] }),
        ingress: Some(IngressEvidence {
            sums: item(b"sum  file\n", "j"),
            files: [("cert-a.pem".to_owned(), item(b"\xff\x00", "k"))].into(),
        }),
        bound_content: Some(BoundContent {
            tag: "app-data".into(),
            content: b"x".to_vec(),
            algorithm: "sha512".into(),
        }),
        ..Evidence::default()
    };
    evidence.quote.as_mut().unwrap().obtained = Some("2026-03-15T00:00:00Z".into());
    evidence
        .claims
        .values
        .insert("mrtd".into(), Claim { value: "aa\u{202e}\u{1b}[2J".into(), source: "l".into() });
    evidence
}

fn schema() -> jsonschema::Validator {
    let text = std::fs::read(repository().join("docs/schemas/evidence-v1.schema.json")).unwrap();
    let schema: Value = serde_json::from_slice(&text).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::validator_for(&schema).unwrap()
}

fn back(evidence: &Evidence) -> Evidence {
    convert("document", to_json(evidence, "0.1.0").as_bytes(), None, &BUDGET).unwrap()
}

#[test]
fn every_part_comes_back_exactly_and_twice_the_same() {
    let evidence = full_evidence();
    assert_eq!(back(&evidence), evidence);
    assert_eq!(to_json(&evidence, "0.1.0"), to_json(&evidence, "0.1.0"));
    assert_eq!(read(to_json(&evidence, "1").as_bytes()).unwrap().format, Format::Veritee);
    assert_eq!(back(&Evidence::default()), Evidence::default());
}

#[test]
fn a_raw_ccel_comes_back_exactly() {
    let bytes: Vec<u8> = (0..=255).collect();
    let log = EventLogItem { item: Item::new(bytes, "ccel"), format: EventLogFormat::Ccel };
    let evidence = Evidence { event_log: Some(log), ..Evidence::default() };
    assert_eq!(back(&evidence), evidence);
}

#[test]
fn no_character_of_the_document_acts_on_a_terminal() {
    let text = to_json(&full_evidence(), "0.1.0");
    let hazardous = |character: char| character != '\n' && veritee_model::text::is_hazardous(character);
    assert!(!text.chars().any(hazardous));
}

#[test]
fn documents_are_of_the_published_schema() {
    let schema = schema();
    let report = vector("source/near_report.json");
    let model = convert("r", &report, Some("/model_attestations/0"), &BUDGET).unwrap();
    for evidence in [full_evidence(), Evidence::default(), model] {
        let document: Value = serde_json::from_str(&to_json(&evidence, "0.1.0")).unwrap();
        let errors: Vec<String> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}

#[test]
fn what_the_schema_refuses_the_reader_refuses_too() {
    let schema = schema();
    let good: Value = serde_json::from_str(&to_json(&full_evidence(), "0.1.0")).unwrap();
    let change = |pointer: &str, value: Value| {
        let mut document = good.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[key] = value;
        document
    };
    let remove = |pointer: &str| {
        let mut document = good.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key).unwrap();
        document
    };
    let mut bad = vec![
        (change("/schema", json!("veritee/evidence/v2")), "evidence-schema-unknown"),
        (change("/quote/encoding", json!("rot13")), "evidence-malformed"),
        (change("/quote/value", json!("0")), "evidence-malformed"),
        (change("/quote/sha256", json!("00")), "evidence-malformed"),
        (change("/event_log/format", json!("text")), "evidence-malformed"),
        (change("/collateral", json!({})), "evidence-malformed"),
        (change("/quote", json!(null)), "evidence-malformed"),
        (change("/claims/mrtd/value", json!(1)), "evidence-malformed"),
    ];
    for pointer in [
        "/extra",
        "/tool/extra",
        "/quote/extra",
        "/event_log/extra",
        "/kms_keys/extra",
        "/kms_keys/k256/extra",
        "/ingress/extra",
        "/bound_content/extra",
        "/claims/mrtd/extra",
    ] {
        bad.push((change(pointer, json!("x")), "evidence-malformed"));
    }
    for pointer in [
        "/tool",
        "/tool/name",
        "/quote/sha256",
        "/quote/value",
        "/quote/encoding",
        "/quote/source",
        "/collateral",
        "/claims",
        "/event_log/format",
        "/ingress/sums",
        "/kms_keys/ca_spki",
        "/bound_content/tag",
    ] {
        bad.push((remove(pointer), "evidence-malformed"));
    }
    for (document, wanted) in bad {
        assert!(!schema.is_valid(&document), "{document}");
        assert_eq!(code(document.to_string().as_bytes()), wanted, "{document}");
    }
}

#[test]
fn an_item_whose_bytes_were_changed_is_named() {
    let good = to_json(&full_evidence(), "0.1.0");
    let document: Value = serde_json::from_str(&good).unwrap();
    for pointer in [
        "/quote",
        "/event_log",
        "/runtime_events",
        "/app_compose",
        "/vm_config",
        "/mr_config",
        "/certificates",
        "/collateral/1",
        "/kms_keys/ca_spki",
        "/kms_keys/k256",
        "/ingress/sums",
        "/ingress/files/cert-a.pem",
        "/bound_content/content",
    ] {
        let mut changed = document.clone();
        let item = changed.pointer_mut(pointer).unwrap();
        item["encoding"] = json!("utf8");
        item["value"] = json!("changed");
        let error = read(changed.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.reason().code(), "evidence-digest-mismatch", "{pointer}");
        assert_eq!(error.place().pointer, pointer);
    }
}

#[test]
fn a_claim_item_or_file_given_twice_is_refused() {
    let good = to_json(&full_evidence(), "0.1.0");
    for key in ["\"quote\": {", "\"mrtd\": {", "\"cert-a.pem\": {", "\"sha256\": \"", "\"schema\": \""] {
        let (head, tail) = good.split_once(key).unwrap();
        let doubled = format!("{head}{}0{} {key}{tail}", key, if key.ends_with('{') { "}," } else { "\"," });
        let doubled = doubled.replace("{0},", "{},");
        assert_eq!(code(doubled.as_bytes()), "evidence-duplicate-key", "{key}");
    }
}

proptest! {
    #[test]
    fn any_bytes_come_back_exactly(bytes in proptest::collection::vec(any::<u8>(), 0..64), text in ".{0,32}") {
        let mut evidence = full_evidence();
        evidence.app_compose = Some(Item::new(text.clone(), text.clone()));
        evidence.certificates = Some(Item::new(bytes.clone(), "x"));
        evidence.quote = Some(Item::new(bytes, text.clone()));
        evidence.claims.values.insert(text.clone(), Claim { value: text.clone(), source: text });
        prop_assert_eq!(back(&evidence), evidence);
    }
}
