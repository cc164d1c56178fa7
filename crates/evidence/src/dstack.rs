//! Answers of dstack's guest agent and requests to its verifier (`guest-agent/rpc`, `verifier/src/types.rs`).

use crate::container::Container;
use crate::draft::Draft;
use crate::encoding;
use crate::error::ReadError;
use crate::json::{Object, Value};
use crate::readout::{Format, Note, Readout};
use veritee_model::Budget;

/// What `tcb_info` asserts.
const TCB_INFO_CLAIMS: &[&str] = &[
    "mrtd",
    "rtmr0",
    "rtmr1",
    "rtmr2",
    "rtmr3",
    "mr_aggregated",
    "os_image_hash",
    "compose_hash",
    "device_id",
];

/// What `Info` asserts besides.
const INFO_CLAIMS: &[&str] = &[
    "app_id",
    "instance_id",
    "device_id",
    "mr_aggregated",
    "os_image_hash",
    "compose_hash",
    "key_provider_info",
    "report_data",
];

/// `{quote, event_log, report_data, vm_config, attestation}`, `{attestation}`, and dstack-verifier's request, which
/// has the same fields less `report_data` and with `debug`.
pub(crate) fn read_quote_object(
    object: &Object<'_>,
    format: Format,
    budget: &Budget,
) -> Result<Readout, ReadError> {
    let mut draft = Draft::new(budget);
    add_machine(&mut draft, object)?;
    require_quote(&draft, object, if format == Format::Attest { "attestation" } else { "quote" })?;
    Ok(Readout::one(format, draft.evidence, draft.notes))
}

/// Everything that an object about one machine holds, under every name that is in use for it. One reader for all
/// forms: what one of them leaves out could be the second quote that another program takes.
pub(crate) fn add_machine(draft: &mut Draft<'_>, object: &Object<'_>) -> Result<(), ReadError> {
    add_parts(draft, object)?;
    draft.claim_members(object, &["report_data", "request_nonce"])?;
    let attestation = object.get("attestation").filter(|value| !value.is_null());
    if let Some(value) = attestation.filter(|value| !value.is_string()) {
        let what = "an attestation that is no container of dstack's";
        draft.notes.push(Note::NotRead { place: value.origin.source(), what });
    } else if let Some((text, origin)) = object.text("attestation")? {
        let bytes = encoding::decode(&text, &origin)?;
        if let [3..=5, 0, 2, 0, ..] = bytes.as_slice() {
            draft.quote(bytes, &origin)?;
        } else {
            draft.container(Container::read(&bytes, &origin, draft.budget)?, &origin)?;
        }
    }
    if let Some(nested) = object.get("info").map(Value::nested).transpose()?.flatten() {
        let info = nested.value(draft.budget)?.object()?;
        add_parts(draft, &info)?;
        add_info(draft, &info)?;
    }
    if is_info(object) { add_info(draft, object) } else { Ok(()) }
}

/// The parts that an object of any level has in members of its own. Every level is asked for all of them: an answer
/// that has its compose in `tcb_info` can have another one beside it, which some other program takes.
fn add_parts(draft: &mut Draft<'_>, object: &Object<'_>) -> Result<(), ReadError> {
    quotes_and_logs(draft, object)?;
    draft.vm_config_member(object)?;
    if object.has("mrtd") || object.has("app_compose") {
        add_asserted(draft, object)?;
    }
    Ok(())
}

/// Whether it has what an `Info` answer has, in a form that can be one: a name alone makes none.
pub(crate) fn is_info(object: &Object<'_>) -> bool {
    let some = |key: &str| object.get(key).filter(|value| !value.is_null());
    some("tcb_info").is_some_and(|value| value.is_string() || value.is_object())
        || some("app_cert").is_some_and(|value| value.is_string())
}

fn quotes_and_logs(draft: &mut Draft<'_>, object: &Object<'_>) -> Result<(), ReadError> {
    for key in ["quote", "intel_quote"] {
        draft.quote_member(object, key)?;
    }
    for key in ["event_log", "eventlog", "eventLog", "cc_eventlog"] {
        draft.event_log_member(object, key)?;
    }
    for key in ["collateral", "quote_collateral"] {
        draft.collateral_member(object, key);
    }
    for key in ["nvidia_payload", "gpu_evidence"] {
        draft.gpus_member(object, key)?;
    }
    Ok(())
}

/// The guest agent's answer to `Info`. Its quote is inside `app_cert`.
pub(crate) fn read_info(object: &Object<'_>, budget: &Budget) -> Result<Readout, ReadError> {
    let mut draft = Draft::new(budget);
    add_machine(&mut draft, object)?;
    Ok(Readout::one(Format::Info, draft.evidence, draft.notes))
}

/// `tcb_info` by itself; it has no quote.
pub(crate) fn read_tcb_info(
    object: &Object<'_>,
    format: Format,
    budget: &Budget,
) -> Result<Readout, ReadError> {
    let mut draft = Draft::new(budget);
    add_machine(&mut draft, object)?;
    Ok(Readout::one(format, draft.evidence, draft.notes))
}

/// Adds what an `Info` object holds to what is there already.
pub(crate) fn add_info(draft: &mut Draft<'_>, object: &Object<'_>) -> Result<(), ReadError> {
    draft.claim_members(object, INFO_CLAIMS)?;
    let tcb_info = object.get("tcb_info").filter(|value| value.is_string() || value.is_object());
    if let Some(nested) = tcb_info.map(Value::nested).transpose()?.flatten() {
        add_tcb_info(draft, &nested.value(draft.budget)?.object()?)?;
    }
    if let Some((pem, origin)) = object.text("app_cert")? {
        draft.certificates(pem, &origin)?;
    }
    if let Some(value) = object.get("app_certificates").filter(|value| !value.is_null()) {
        let what = "certificates without their bytes";
        draft.notes.push(Note::NotRead { place: value.origin.source(), what });
    }
    Ok(())
}

/// Adds what a `tcb_info` object holds to what is there already.
pub(crate) fn add_tcb_info(draft: &mut Draft<'_>, object: &Object<'_>) -> Result<(), ReadError> {
    quotes_and_logs(draft, object)?;
    draft.vm_config_member(object)?;
    add_asserted(draft, object)
}

/// What `tcb_info` says beside its log.
fn add_asserted(draft: &mut Draft<'_>, object: &Object<'_>) -> Result<(), ReadError> {
    draft.claim_members(object, TCB_INFO_CLAIMS)?;
    // What is measured is a text. One that a service has unpacked cannot be put together again byte for byte.
    if let Some(value) = object.get("app_compose").filter(|value| value.is_object()) {
        let what = "an app_compose that is no text: its bytes are not those that were measured";
        draft.notes.push(Note::NotRead { place: value.origin.source(), what });
    } else if let Some((text, origin)) = object.text("app_compose")? {
        draft.app_compose(text, &origin)?;
    }
    Ok(())
}

fn require_quote(draft: &Draft<'_>, object: &Object<'_>, field: &'static str) -> Result<(), ReadError> {
    if draft.evidence.quote.is_some() {
        return Ok(());
    }
    Err(ReadError::MissingField { at: object.place(), field })
}
