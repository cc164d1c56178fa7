//! veritee's own document: exact, deterministic, of its schema, and refused when anything in it was changed.

use crate::support::{BUDGET, COMPOSE, LOG, code, forged_quote, read, repository, vector};
use proptest::prelude::*;
use serde_json::{Value, json};
use veritee_evidence::{Format, NamedEvidence, SET_SCHEMA, convert, parts, set_to_json, to_json};
use veritee_model::evidence::{
    BoundContent, CaaAnswers, Claim, EventLogFormat, EventLogItem, IngressEvidence, KmsKeys, Replica,
    ServedCertificates, Target,
};
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
        served: Some(ServedCertificates { server: "a.example:443".into(), chain: item(b"chain", "m") }),
        target: Some(Target {
            asked: "https://a.example/\u{202e}".into(),
            app_id: Some("ab".repeat(20)),
            instance_id: Some("cd".repeat(20)),
            domain: Some("a.example".into()),
        }),
        replicas: vec![
            Replica { label: "n/1".into(), values: [("app_id".to_owned(), "ab".repeat(20))].into() },
            Replica { label: "n/2".into(), values: [].into() },
        ],
        caa: Some(CaaAnswers { domain: "a.example".into(), answers: item(b"[]", "o") }),
        chain: Some(item(b"{\"schema\":\"veritee/chain/v1\"}", "p")),
        kms: Some(Box::new(Evidence { quote: Some(item(&forged_quote(), "q")), ..Evidence::default() })),
        gateway: Some(Box::new(Evidence {
            app_compose: Some(item(COMPOSE.as_bytes(), "r")),
            kms: Some(Box::default()),
            ..Evidence::default()
        })),
        ..Evidence::default()
    };
    evidence.quote.as_mut().unwrap().obtained = Some("2026-03-15T00:00:00Z".into());
    evidence
        .claims
        .values
        .insert("mrtd".into(), Claim { value: "aa\u{202e}\u{1b}[2J".into(), source: "l".into() });
    evidence
}

fn published(file: &str) -> Value {
    let text = std::fs::read(repository().join("docs/schemas").join(file)).unwrap();
    let schema: Value = serde_json::from_slice(&text).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    schema
}

fn schema() -> jsonschema::Validator {
    jsonschema::validator_for(&published("evidence-v1.schema.json")).unwrap()
}

/// The set's schema; what it says of one machine is the other schema.
fn set_schema() -> jsonschema::Validator {
    let mut schema = published("evidence-set-v1.schema.json");
    let evidence = schema.pointer_mut("/properties/machines/items/properties/evidence").unwrap();
    assert_eq!(evidence["$ref"], "evidence-v1.schema.json");
    *evidence = published("evidence-v1.schema.json");
    jsonschema::validator_for(&schema).unwrap()
}

fn machines() -> Vec<NamedEvidence> {
    let named = |label: &str, evidence| NamedEvidence { label: label.to_owned(), evidence };
    vec![named("one/1", full_evidence()), named("", Evidence::default()), named("\u{1b}[2J", full_evidence())]
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
#[allow(clippy::too_many_lines, reason = "a table")]
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
        (change("/served", json!("chain")), "evidence-malformed"),
        (change("/target/app_id", json!("AB".repeat(20))), "evidence-malformed"),
        (change("/target/app_id", json!("ab".repeat(19))), "evidence-malformed"),
        (change("/target/domain", json!(null)), "evidence-malformed"),
        (change("/replicas", json!({})), "evidence-malformed"),
        (change("/replicas/0/values/app_id", json!(1)), "evidence-malformed"),
        (change("/caa/answers", json!([])), "evidence-malformed"),
        (change("/chain", json!("{}")), "evidence-malformed"),
        (change("/kms", json!([])), "evidence-malformed"),
        (change("/kms/schema", json!("veritee/evidence/v2")), "evidence-schema-unknown"),
        (change("/gateway/kms/collateral", json!({})), "evidence-malformed"),
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
        "/served/extra",
        "/served/chain/extra",
        "/target/extra",
        "/replicas/1/extra",
        "/caa/extra",
        "/chain/extra",
        "/kms/extra",
        "/gateway/kms/extra",
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
        "/served/server",
        "/served/chain",
        "/target/asked",
        "/replicas/0/label",
        "/replicas/1/values",
        "/caa/domain",
        "/caa/answers",
        "/chain/sha256",
        "/kms/schema",
        "/gateway/tool",
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
        "/served/chain",
        "/caa/answers",
        "/chain",
        "/kms/quote",
        "/gateway/app_compose",
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

#[test]
fn a_document_of_before_the_network_is_read_as_before() {
    let mut document: Value = serde_json::from_str(&to_json(&full_evidence(), "0.1.0")).unwrap();
    for member in ["served", "target", "replicas", "caa", "chain", "kms", "gateway"] {
        document.as_object_mut().unwrap().remove(member).unwrap();
    }
    let before = Evidence {
        served: None,
        target: None,
        replicas: Vec::new(),
        caa: None,
        chain: None,
        kms: None,
        gateway: None,
        ..full_evidence()
    };
    assert_eq!(convert("old", document.to_string().as_bytes(), None, &BUDGET).unwrap(), before);
}

#[test]
fn every_machine_of_a_set_comes_back_exactly_under_its_label() {
    let text = set_to_json(&machines(), "0.1.0");
    assert_eq!(text, set_to_json(&machines(), "0.1.0"));
    let readout = read(text.as_bytes()).unwrap();
    assert_eq!((readout.format, &readout.machines), (Format::VeriteeSet, &machines()));
    for NamedEvidence { label, evidence } in machines() {
        assert_eq!(convert("set", text.as_bytes(), Some(&label), &BUDGET).unwrap(), evidence);
    }
    for label in [None, Some("one/2")] {
        let error = convert("set", text.as_bytes(), label, &BUDGET).unwrap_err();
        assert_eq!(error.reason().code(), "evidence-machine-not-chosen");
        assert!(error.to_string().contains("one/1"), "{error}");
    }
    let one = set_to_json(&machines()[..1], "0.1.0");
    assert_eq!(convert("set", one.as_bytes(), None, &BUDGET).unwrap(), full_evidence());
    let hazardous = |character: char| character != '\n' && veritee_model::text::is_hazardous(character);
    assert!(!text.chars().any(hazardous));
}

#[test]
fn a_set_that_the_schema_refuses_the_reader_refuses_too() {
    let schema = set_schema();
    let good: Value = serde_json::from_str(&set_to_json(&machines(), "0.1.0")).unwrap();
    assert!(schema.is_valid(&good));
    assert_eq!(good["schema"], SET_SCHEMA);
    let change = |pointer: &str, value: Value| {
        let mut document = good.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Array(entries) => entries[key.parse::<usize>().unwrap()] = value,
            other => other[key] = value,
        }
        document
    };
    let machine = good["machines"][1].clone();
    let rows = [
        (change("/schema", json!("veritee/evidence-set/v2")), "evidence-schema-unknown"),
        (change("/machines", json!([])), "evidence-no-machine"),
        (change("/machines", json!({})), "evidence-malformed"),
        (change("/extra", json!(1)), "evidence-malformed"),
        (change("/tool/extra", json!("x")), "evidence-malformed"),
        (change("/machines/1/extra", json!(1)), "evidence-malformed"),
        (change("/machines/1/label", json!(1)), "evidence-malformed"),
        (change("/machines/1", json!({ "label": "x" })), "evidence-malformed"),
        (change("/machines/1/evidence/schema", json!(SET_SCHEMA)), "evidence-schema-unknown"),
        (change("/machines/1/evidence/schema", json!("veritee/evidence/v2")), "evidence-schema-unknown"),
        (change("/machines/1/evidence", good.clone()), "evidence-schema-unknown"),
        (change("/machines/1/evidence", machine), "evidence-malformed"),
        (change("/machines/0/evidence/extra", json!(1)), "evidence-malformed"),
    ];
    for (document, wanted) in rows {
        assert!(!schema.is_valid(&document), "{document}");
        assert_eq!(code(document.to_string().as_bytes()), wanted, "{document}");
    }
}

#[test]
fn a_label_given_twice_is_refused() {
    let mut twice = machines();
    twice[2].label = "one/1".to_owned();
    let error = read(set_to_json(&twice, "0.1.0").as_bytes()).unwrap_err();
    assert_eq!(error.reason().code(), "evidence-duplicate-key");
    assert_eq!(error.place().pointer, "/machines/2/label");
}

#[test]
fn a_digest_inside_a_set_is_checked() {
    let mut document: Value = serde_json::from_str(&set_to_json(&machines(), "0.1.0")).unwrap();
    document["machines"][2]["evidence"]["served"]["chain"]["value"] = json!("other");
    let error = read(document.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.reason().code(), "evidence-digest-mismatch");
    assert_eq!(error.place().pointer, "/machines/2/evidence/served/chain");
}

#[test]
fn the_collateral_of_a_set_can_be_used_for_another_machine() {
    let mut evidence = Evidence::default();
    let count =
        parts::add_collateral(&mut evidence, set_to_json(&machines(), "0.1.0").as_bytes(), "set", &BUDGET);
    assert_eq!(count.unwrap(), 4);
    assert_eq!(evidence.collateral[..2], full_evidence().collateral);
}

proptest! {
    #[test]
    fn any_bytes_come_back_exactly(bytes in proptest::collection::vec(any::<u8>(), 0..64), text in ".{0,32}") {
        let mut evidence = full_evidence();
        evidence.app_compose = Some(Item::new(text.clone(), text.clone()));
        evidence.certificates = Some(Item::new(bytes.clone(), "x"));
        evidence.quote = Some(Item::new(bytes.clone(), text.clone()));
        let chain = Item::new(bytes.clone(), text.clone());
        evidence.served = Some(ServedCertificates { server: text.clone(), chain });
        let domain = Some(text.clone());
        evidence.target = Some(Target { asked: text.clone(), app_id: None, domain, ..Target::default() });
        let values = [(text.clone(), text.clone())].into();
        evidence.replicas = vec![Replica { label: text.clone(), values }];
        evidence.caa = Some(CaaAnswers { domain: text.clone(), answers: Item::new(bytes, text.clone()) });
        evidence.claims.values.insert(text.clone(), Claim { value: text.clone(), source: text.clone() });
        prop_assert_eq!(&back(&evidence), &evidence);
        let machines = vec![NamedEvidence { label: text, evidence }];
        prop_assert_eq!(read(set_to_json(&machines, "1").as_bytes()).unwrap().machines, machines);
    }
}
