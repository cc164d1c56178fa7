//! Phala Cloud's attestations of an application: `{app_id, instances: [{quote, eventlog?, tcb_info?, ...}], ...}`.

use crate::draft::Draft;
use crate::dstack::add_tcb_info;
use crate::error::ReadError;
use crate::json::Object;
use crate::readout::{Format, Note, Readout};
use veritee_model::Budget;

/// One machine for each running instance, labelled by JSON pointer.
pub(crate) fn read(object: &Object<'_>, budget: &Budget) -> Result<Readout, ReadError> {
    let instances = object.get("instances").map(crate::json::Value::array).transpose()?.unwrap_or_default();
    let (mut machines, mut notes) = (Vec::new(), Vec::new());
    for instance in &instances {
        let label = instance.origin.pointer.clone();
        let entry = if instance.is_null() { None } else { Some(instance.object()?) };
        let mut draft = Draft::new(budget);
        if let Some(entry) = &entry {
            draft.quote_member(entry, "quote")?;
            draft.event_log_member(entry, "eventlog")?;
            draft.event_log_member(entry, "event_log")?;
            draft.vm_config_member(entry)?;
            let tcb_info = entry.get("tcb_info").map(crate::json::Value::nested).transpose()?.flatten();
            if let Some(nested) = tcb_info {
                add_tcb_info(&mut draft, &nested.value(budget)?.object()?)?;
            }
        }
        if draft.evidence.quote.is_none() && draft.evidence.app_compose.is_none() {
            notes.push(Note::Skipped { place: instance.origin.source() });
            continue;
        }
        draft.claim_members(object, &["app_id"])?;
        machines.push(draft.named(&label, &mut notes));
    }
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
