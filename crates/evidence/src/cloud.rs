//! Phala Cloud's attestations of an application: `{app_id, instances: [{quote, eventlog?, tcb_info?, ...}], ...}`.

use crate::draft::Draft;
use crate::dstack::add_machine;
use crate::error::ReadError;
use crate::json::Object;
use crate::readout::{Format, Note, Readout};
use veritee_model::Budget;

/// One machine for each running instance, labelled by JSON pointer.
pub(crate) fn read(object: &Object<'_>, budget: &Budget) -> Result<Readout, ReadError> {
    let instances = object.get("instances").map(crate::json::Value::array).transpose()?.unwrap_or_default();
    let (mut machines, mut notes) = (Vec::new(), Vec::new());
    let mut without = Vec::new();
    for instance in &instances {
        let label = instance.origin.pointer.clone();
        let mut draft = Draft::new(budget);
        if !instance.is_null() {
            add_machine(&mut draft, &instance.object()?)?;
        }
        if draft.evidence.quote.is_none() {
            without.push(instance.origin.source());
        }
        if draft.evidence.quote.is_none() && draft.evidence.app_compose.is_none() {
            continue;
        }
        draft.claim_members(object, &["app_id"])?;
        // Beside the list it is said of every machine in it.
        if let Some((compose, origin)) = object.text("app_compose")? {
            draft.app_compose(compose, &origin)?;
        }
        machines.push(draft.named(&label, &mut notes));
    }
    notes.extend(Note::without_quote(without, instances.len()));
    if machines.is_empty() {
        return Err(ReadError::NoMachine { at: object.place() });
    }
    for (key, what) in [
        ("kms_guest_agent_info", "the KMS's Info, without certificates to check it by"),
        ("gateway_guest_agent_info", "the gateway's Info, without certificates to check it by"),
    ] {
        if let Some(value) = object.get(key).filter(|value| !value.is_null()) {
            notes.push(Note::NotRead { place: value.origin.source(), what });
        }
    }
    Ok(Readout { format: Format::CloudAttestations, machines, notes })
}
