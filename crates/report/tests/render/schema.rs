//! The published JSON Schema says what is written: every field of the types, and no other.

use crate::samples;
use serde_json::Value;
use std::collections::BTreeSet;
use veritee_model::{CheckId, Severity, Step};
use veritee_report::{json, jsonl};

fn published() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schemas/report-v1.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn errors(schema: &Value, document: &Value) -> Vec<String> {
    let validator = jsonschema::options().should_validate_formats(true).build(schema).unwrap();
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn every_rendered_report_is_valid() {
    let schema = published();
    jsonschema::meta::validate(&schema).unwrap();
    for (name, report) in samples::all() {
        for text in [json(&report), jsonl(&report)] {
            let document = serde_json::from_str(&text).unwrap();
            assert_eq!(errors(&schema, &document), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn the_schema_and_the_types_have_the_same_fields() {
    // The sample has every optional field; a new field of a type does not compile there until it is added.
    let document: Value = serde_json::from_str(&json(&samples::test_root())).unwrap();
    let mut written = BTreeSet::new();
    fields(&document, "", &mut written);
    let schema = published();
    let mut described = BTreeSet::new();
    properties(&schema, &schema, "", &mut described);
    assert_eq!(
        written.difference(&described).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "not in the schema"
    );
    assert_eq!(
        described.difference(&written).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "not in the report"
    );
}

fn fields(value: &Value, at: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, field) in map {
                out.insert(format!("{at}/{name}"));
                fields(field, &format!("{at}/{name}"), out);
            }
        }
        Value::Array(items) => {
            for item in items {
                fields(item, &format!("{at}/*"), out);
            }
        }
        _ => {}
    }
}

fn properties(schema: &Value, whole: &Value, at: &str, out: &mut BTreeSet<String>) {
    let target = match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => whole.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    for (name, property) in target.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = format!("{at}/{name}");
        assert!(property.get("description").is_some(), "{path} has no description");
        properties(property, whole, &path, out);
        out.insert(path);
    }
    if let Some(items) = target.get("items") {
        properties(items, whole, &format!("{at}/*"), out);
    }
}

#[test]
fn the_schema_lists_every_step_and_severity() {
    let schema = published();
    let steps: Vec<Value> = Step::ALL.iter().map(|step| step.name().into()).collect();
    assert_eq!(schema.pointer("/$defs/check/properties/step/enum"), Some(&Value::Array(steps)));
    let severities = [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    let severities: Vec<Value> = severities.iter().map(|severity| severity.name().into()).collect();
    assert_eq!(schema.pointer("/$defs/severity/enum"), Some(&Value::Array(severities)));
}

#[test]
fn the_schema_refuses_what_no_report_says() {
    let schema = published();
    let document: Value = serde_json::from_str(&json(&samples::refused())).unwrap();
    let failed =
        document["checks"].as_array().unwrap().iter().position(|check| check["outcome"] == "fail").unwrap();
    let refused = |what: &str, change: &dyn Fn(&mut Value)| {
        let mut changed = document.clone();
        change(&mut changed);
        assert_ne!(errors(&schema, &changed), Vec::<String>::new(), "{what}");
    };
    refused("a verified refusal", &|report| report["verdict"]["outcome"] = "verified".into());
    refused("another exit code", &|report| report["verdict"]["exit_code"] = 0.into());
    refused("a failure without a reason", &|report| {
        report["checks"][failed].as_object_mut().unwrap().remove("reason");
    });
    refused("a shortened register", &|report| report["quote"]["mrtd"] = "00".into());
    refused("a time without a zone", &|report| report["as_of"] = "2026-03-15T00:00:00".into());
    refused("another schema", &|report| report["schema"] = "veritee/report/v2".into());
    refused("no checks", &|report| {
        report.as_object_mut().unwrap().remove("checks");
    });
}

#[test]
fn the_samples_list_every_check() {
    for (name, report) in samples::all() {
        let listed: Vec<&str> = report.checks.iter().map(|check| check.id.id()).collect();
        let known: Vec<&str> = CheckId::ALL.iter().map(|id| id.id()).collect();
        assert_eq!(listed, known, "{name}");
    }
}
