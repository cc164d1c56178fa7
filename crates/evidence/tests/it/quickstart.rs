//! The source of the quickstart converts into evidence of a production machine, exactly.

use crate::support::{BUDGET, read, vector};
use serde_json::Value;
use veritee_evidence::{Format, Note, convert, parts, to_json};
use veritee_model::ComposeHash;

const MODEL: &str = "/model_attestations/0";
const GATEWAY: &str = "/gateway_attestation";

#[test]
fn the_report_gives_both_machines_with_the_exact_bytes() {
    let bytes = vector("source/near_report.json");
    let report: Value = serde_json::from_slice(&bytes).unwrap();
    let readout = read(&bytes).unwrap();
    assert_eq!(readout.format, Format::InferenceReport);
    let labels: Vec<&str> = readout.machines.iter().map(|machine| machine.label.as_str()).collect();
    assert_eq!(labels, [GATEWAY, MODEL]);
    for (label, compose_hash) in [
        (MODEL, "c445f29994165e94e85bdfc4824f4bcba89b0a883f45e7912f1bfd7c2634a698"),
        (GATEWAY, "749f0c39826f472b060134c607b0c4f801a5751c4a30e3706b0a892d84853334"),
    ] {
        let evidence = convert("near_report.json", &bytes, Some(label), &BUDGET).unwrap();
        let source = report.pointer(label).unwrap();
        let quote = evidence.quote.unwrap();
        assert_eq!(hex::encode(&quote.bytes), source["intel_quote"]);
        assert_eq!(quote.source, format!("near_report.json#{label}/intel_quote"));
        let compose = evidence.app_compose.unwrap();
        assert_eq!(compose.bytes, source["info"]["tcb_info"]["app_compose"].as_str().unwrap().as_bytes());
        assert_eq!(ComposeHash::of(&compose.bytes).to_string(), compose_hash);
        let log: Value = serde_json::from_slice(&evidence.event_log.unwrap().item.bytes).unwrap();
        let wanted = match &source["event_log"] {
            Value::String(text) => serde_json::from_str(text).unwrap(),
            other => other.clone(),
        };
        assert_eq!(log, wanted);
        assert_eq!(
            evidence.vm_config.unwrap().bytes,
            source["info"]["vm_config"].as_str().unwrap().as_bytes()
        );
        let chain = evidence.certificates.unwrap().bytes;
        assert_eq!(chain, source["info"]["app_cert"].as_str().unwrap().as_bytes());
        // The gateway has no GPU, and its report no evidence of any.
        let gpus = evidence.gpus.map(|item| String::from_utf8(item.bytes).unwrap());
        assert_eq!(gpus.as_deref(), source["nvidia_payload"].as_str());
        assert_eq!(
            evidence.claims.values["request_nonce"].value,
            report.pointer(label).unwrap()["request_nonce"]
        );
        assert_eq!(evidence.claims.values["mrtd"].value, source["info"]["tcb_info"]["mrtd"]);
    }
}

#[test]
fn the_quote_of_the_certificate_is_another_one_and_a_note_says_so() {
    let readout = read(&vector("source/near_report.json")).unwrap();
    for label in [MODEL, GATEWAY] {
        let other = format!("input#{label}/info/app_cert/extensions/quote");
        assert!(
            readout.notes.iter().any(|note| matches!(
                note, Note::SecondCopy { part: "quote", other: found, equal: false, .. } if *found == other
            )),
            "{label}: {:?}",
            readout.notes
        );
    }
}

#[test]
fn several_machines_are_never_chosen_from_by_chance() {
    let bytes = vector("source/near_report.json");
    for label in [None, Some("/model_attestations/1"), Some("")] {
        let error = convert("near_report.json", &bytes, label, &BUDGET).unwrap_err();
        assert_eq!(error.reason().code(), "evidence-machine-not-chosen");
        assert!(
            error.to_string().contains(MODEL) && error.to_string().starts_with("near_report.json"),
            "{error}"
        );
    }
}

#[test]
fn evidence_with_its_collateral_survives_the_document() {
    let bytes = vector("source/near_report.json");
    for (label, file) in [(MODEL, "dcap-qvl-90c06f000000.json"), (GATEWAY, "dcap-qvl-b0c06f000000.json")] {
        let mut evidence = convert("near_report.json", &bytes, Some(label), &BUDGET).unwrap();
        let collateral = vector(&format!("source/{file}"));
        assert_eq!(parts::add_collateral(&mut evidence, &collateral, file, &BUDGET), Ok(1));
        let document = to_json(&evidence, "0.1.0");
        assert_eq!(convert("evidence.json", document.as_bytes(), None, &BUDGET).unwrap(), evidence);
    }
}
