//! Attestation reports of confidential-inference services: an object with `intel_quote`, and an outer one that has
//! several of them in `gateway_attestation`, `model_attestations` or `all_attestations`.

use crate::draft::{Draft, add_entry};
use crate::dstack::add_machine;
use crate::error::ReadError;
use crate::json::Object;
use crate::readout::{Format, NamedEvidence, Note, Readout};
use std::collections::BTreeMap;
use veritee_model::Budget;

/// Members that veritee has no reader for, and what they are.
const NOT_READ: &[(&str, &str)] = &[
    ("compose_manager_attestation", "another quote of the same machine"),
    ("ohttp_attestation", "a signature over an OHTTP key"),
];

/// Whether an object is such a report.
pub(crate) fn is_report(object: &Object<'_>) -> bool {
    ["intel_quote", "gateway_attestation", "model_attestations", "all_attestations"]
        .iter()
        .any(|key| object.get(key).is_some_and(|value| !value.is_null()))
}

/// One machine for each attestation, labelled by JSON pointer; the outer object itself has the empty label.
pub(crate) fn read(object: &Object<'_>, budget: &Budget) -> Result<Readout, ReadError> {
    let (mut machines, mut notes) = (Vec::new(), Vec::new());
    if object.get("intel_quote").is_some_and(|value| !value.is_null()) {
        machines.push(machine(object, budget, &mut notes)?);
    }
    if let Some(value) = object.get("gateway_attestation").filter(|value| !value.is_null()) {
        machines.push(machine(&value.object()?, budget, &mut notes)?);
    }
    let (own, mut known) = (core::mem::take(&mut machines), BTreeMap::new());
    for machine in own {
        add_entry(machine, &mut known, &mut machines, &mut notes)?;
    }
    let mut without = Vec::new();
    let mut listed = 0_usize;
    for key in ["model_attestations", "all_attestations"] {
        let Some(value) = object.get(key).filter(|value| !value.is_null()) else { continue };
        for entry in value.array()? {
            listed = listed.saturating_add(1);
            if entry.is_null() {
                without.push(entry.origin.source());
                continue;
            }
            let entry = machine(&entry.object()?, budget, &mut notes)?;
            add_entry(entry, &mut known, &mut machines, &mut notes)?;
        }
    }
    notes.extend(Note::without_quote(without, listed));
    if machines.is_empty() {
        return Err(ReadError::NoMachine { at: object.place() });
    }
    Ok(Readout { format: Format::InferenceReport, machines, notes })
}

fn machine(object: &Object<'_>, budget: &Budget, notes: &mut Vec<Note>) -> Result<NamedEvidence, ReadError> {
    let mut draft = Draft::new(budget);
    add_machine(&mut draft, object)?;
    if draft.evidence.quote.is_none() {
        return Err(ReadError::MissingField { at: object.place(), field: "intel_quote" });
    }
    for (key, what) in NOT_READ {
        if let Some(value) = object.get(key).filter(|value| !value.is_null()) {
            draft.notes.push(Note::NotRead { place: value.origin.source(), what });
        }
    }
    Ok(draft.named(&object.origin.pointer, notes))
}
