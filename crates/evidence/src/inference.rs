//! Attestation reports of confidential-inference services: an object with `intel_quote`, and an outer one that has
//! several of them in `gateway_attestation`, `model_attestations` or `all_attestations`.

use crate::draft::Draft;
use crate::dstack::add_info;
use crate::error::ReadError;
use crate::json::{Object, Value};
use crate::readout::{Format, NamedEvidence, Note, Readout};
use std::collections::BTreeMap;
use veritee_model::{Budget, Sha256Digest};

/// Members that veritee has no reader for, and what they are.
const NOT_READ: &[(&str, &str)] = &[
    ("compose_manager_attestation", "another quote of the same machine"),
    ("ohttp_attestation", "a signature over an OHTTP key"),
];

/// Whether an object is such a report.
pub(crate) fn is_report(object: &Object<'_>) -> bool {
    ["intel_quote", "gateway_attestation", "model_attestations", "all_attestations"]
        .iter()
        .any(|key| object.has(key))
}

/// One machine for each attestation, labelled by JSON pointer; the outer object itself has the empty label.
pub(crate) fn read(object: &Object<'_>, budget: &Budget) -> Result<Readout, ReadError> {
    let (mut machines, mut notes) = (Vec::new(), Vec::new());
    if object.has("intel_quote") {
        machines.push(machine(object, budget, &mut notes)?);
    }
    if let Some(value) = object.get("gateway_attestation").filter(|value| !value.is_null()) {
        machines.push(machine(&value.object()?, budget, &mut notes)?);
    }
    let quotes = machines.iter().filter_map(|machine: &NamedEvidence| machine.evidence.quote.as_ref());
    let mut known = quotes.map(|quote| (quote.sha256(), quote.source.clone())).collect();
    for key in ["model_attestations", "all_attestations"] {
        let Some(value) = object.get(key).filter(|value| !value.is_null()) else { continue };
        for entry in value.array()? {
            add_entry(&entry, budget, &mut known, &mut machines, &mut notes)?;
        }
    }
    if machines.is_empty() {
        return Err(ReadError::NoMachine { at: object.place() });
    }
    Ok(Readout { format: Format::InferenceReport, machines, notes })
}

/// The outer object's own attestation is usually listed once more; the same quote is not taken twice.
fn add_entry(
    entry: &Value<'_>,
    budget: &Budget,
    known: &mut BTreeMap<Sha256Digest, String>,
    machines: &mut Vec<NamedEvidence>,
    notes: &mut Vec<Note>,
) -> Result<(), ReadError> {
    if entry.is_null() {
        notes.push(Note::Skipped { place: entry.origin.source() });
        return Ok(());
    }
    let mut own_notes = Vec::new();
    let machine = machine(&entry.object()?, budget, &mut own_notes)?;
    if let Some(quote) = &machine.evidence.quote {
        if let Some(taken) = known.get(&quote.sha256()) {
            let (taken, other) = (taken.clone(), quote.source.clone());
            notes.push(Note::SecondCopy { part: "machine's quote", taken, other, equal: true });
            return Ok(());
        }
        known.insert(quote.sha256(), quote.source.clone());
    }
    notes.extend(own_notes);
    machines.push(machine);
    Ok(())
}

fn machine(object: &Object<'_>, budget: &Budget, notes: &mut Vec<Note>) -> Result<NamedEvidence, ReadError> {
    let mut draft = Draft::new(budget);
    draft.quote_member(object, "intel_quote")?;
    if draft.evidence.quote.is_none() {
        return Err(ReadError::MissingField { at: object.place(), field: "intel_quote" });
    }
    draft.event_log_member(object, "event_log")?;
    draft.claim_members(object, &["report_data", "request_nonce"])?;
    draft.vm_config_member(object)?;
    draft.gpus_member(object, "nvidia_payload")?;
    if let Some(nested) = object.get("info").map(Value::nested).transpose()?.flatten() {
        add_info(&mut draft, &nested.value(budget)?.object()?)?;
    }
    for (key, what) in NOT_READ {
        if let Some(value) = object.get(key).filter(|value| !value.is_null()) {
            draft.notes.push(Note::NotRead { place: value.origin.source(), what });
        }
    }
    Ok(draft.named(&object.origin.pointer, notes))
}
