//! Attestation reports of confidential-inference services: an object with `intel_quote`, and an outer one that has
//! several of them in `gateway_attestation`, `model_attestations` or `all_attestations`.

use crate::draft::{Draft, merge};
use crate::dstack::add_machine;
use crate::error::ReadError;
use crate::json::Object;
use crate::readout::{Format, NamedEvidence, Note, Readout};
use crate::same::statement;
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
    let mut known = BTreeMap::new();
    for (index, machine) in machines.iter().enumerate() {
        known.entry(statement_digest(machine)).or_insert(index);
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

/// The outer object's own attestation is usually listed once more; what is said of one quote is said of one machine, and
/// has to be the same.
fn add_entry(
    entry: NamedEvidence,
    known: &mut BTreeMap<Sha256Digest, usize>,
    machines: &mut Vec<NamedEvidence>,
    notes: &mut Vec<Note>,
) -> Result<(), ReadError> {
    let statement = statement_digest(&entry);
    match known.get(&statement).and_then(|index| machines.get_mut(*index)) {
        Some(first) => merge(&mut first.evidence, entry.evidence, notes),
        None => {
            known.insert(statement, machines.len());
            machines.push(entry);
            Ok(())
        }
    }
}

fn statement_digest(machine: &NamedEvidence) -> Sha256Digest {
    let quote = machine.evidence.quote.as_ref().map_or(&[][..], |quote| quote.bytes.as_slice());
    Sha256Digest::of(statement(quote).unwrap_or(quote))
}

fn machine(object: &Object<'_>, budget: &Budget, notes: &mut Vec<Note>) -> Result<NamedEvidence, ReadError> {
    let mut draft = Draft::new(budget);
    add_machine(&mut draft, object)?;
    if draft.evidence.quote.is_none() {
        return Err(ReadError::MissingField { at: object.place(), field: "intel_quote" });
    }
    draft.gpus_member(object, "nvidia_payload")?;
    for (key, what) in NOT_READ {
        if let Some(value) = object.get(key).filter(|value| !value.is_null()) {
            draft.notes.push(Note::NotRead { place: value.origin.source(), what });
        }
    }
    Ok(draft.named(&object.origin.pointer, notes))
}
