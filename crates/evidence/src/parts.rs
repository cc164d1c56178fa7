//! Parts that come in files of their own, added to evidence that was read.
//!
//! A quote, log or compose beside one that is there already has to say the same: whoever wants another one judged leaves
//! the first out. Of what is no more than a hint or another question (vm_config, certificates) the one that is given is
//! taken, and the returned note says so.

use crate::certificate;
use crate::draft::{merge, two_values};
use crate::encoding::{self, Encoding};
use crate::error::ReadError;
use crate::forms::{Form, Slot, recognise};
use crate::ingress::utf8;
use crate::json::{Object, Origin, Value};
use crate::read::{read, unrecognised};
use crate::readout::{Format, NamedEvidence, Note, Readout};
use crate::same::{one_boot, same_bytes, same_document, same_quote};
use crate::{SCHEMA, SET_SCHEMA, document};
use std::borrow::Cow;
use veritee_model::evidence::{EventLogFormat, EventLogItem, ServedCertificates};
use veritee_model::{Budget, Evidence, Item};

/// Where the signature of a CCEL's first record stands (TCG PC Client Platform Firmware Profile, section 10.4.5.1).
const CCEL_SIGNATURE: (usize, &[u8]) = (32, b"Spec ID Event03\0");

/// How deep collateral may be nested inside another object.
const COLLATERAL_NESTING: usize = 4;

/// Adds a document at one of the places that take a part ([`Slot::is_part`]).
///
/// # Errors
/// When its form is not read there ([`ReadError::Elsewhere`] names the places that read it), when it lacks the part
/// ([`ReadError::LacksPart`]), when it cannot be read, or when it says something else than what is there already.
pub fn add(
    slot: Slot,
    evidence: &mut Evidence,
    bytes: &[u8],
    source: &str,
    budget: &Budget,
) -> Result<Vec<Note>, ReadError> {
    let origin = Origin::new(source);
    // The app_compose is never looked into: whatever stands in it, its bytes are what is measured.
    let known =
        if slot == Slot::AppCompose && is_compose(bytes) { None } else { recognise(source, bytes, budget) };
    if let Some(form) = known.filter(|form| !form.is_read_at(slot)) {
        return Err(ReadError::Elsewhere { at: origin.place(), form, slot });
    }
    let added = match slot {
        Slot::Quote => add_quote(evidence, bytes, source, budget),
        Slot::EventLog => add_event_log(evidence, bytes, source, budget),
        Slot::AppCompose => add_app_compose(evidence, bytes, source, budget),
        Slot::VmConfig => add_vm_config(evidence, bytes, source, budget),
        Slot::MrConfig => add_mr_config(evidence, bytes, source, budget),
        Slot::Certificate => add_certificates(evidence, bytes, source, budget),
        Slot::Gpus => add_gpus(evidence, bytes, source, budget),
        Slot::Collateral => add_collateral(evidence, bytes, source, budget).map(|_count| None),
        Slot::GpuCollateral => {
            evidence.gpu_collateral.push(Item::new(bytes, source));
            Ok(None)
        }
        Slot::Chain => add_chain(evidence, bytes, source, budget),
        _ => Err(unrecognised(bytes, &origin)),
    };
    match (added, known) {
        (
            Err(ReadError::MissingField { .. } | ReadError::Unrecognised { .. }),
            Some(form @ Form::Evidence(_)),
        ) => Err(ReadError::LacksPart { at: origin.place(), form, slot }),
        (added, _) => Ok(added?.into_iter().collect()),
    }
}

/// Adds a quote: binary, hex, base64 or an array of bytes, or the one of evidence in any form.
///
/// # Errors
/// When it is none of these, or another one than the evidence has.
pub fn add_quote(
    evidence: &mut Evidence,
    bytes: &[u8],
    source: &str,
    budget: &Budget,
) -> Result<Option<Note>, ReadError> {
    let origin = Origin::new(source);
    let found = read(source, bytes, budget)?.select(None).map_err(|error| error.in_input(source))?;
    let missing = ReadError::MissingField { at: origin.place(), field: "quote" };
    let item = found.quote.ok_or(missing)?;
    put_same(&mut evidence.quote, item, "quote", &origin, same_quote)
}

/// Adds evidence of GPUs: a document by itself, kept as it is, or the one that evidence of a machine has inside.
///
/// # Errors
/// When evidence of a machine has none, or when there is another one already.
pub fn add_gpus(
    evidence: &mut Evidence,
    bytes: &[u8],
    source: &str,
    budget: &Budget,
) -> Result<Option<Note>, ReadError> {
    let origin = Origin::new(source);
    let item = match inside(source, bytes, budget).ok().flatten() {
        Some(found) => {
            let missing = ReadError::MissingField { at: origin.place(), field: "nvidia_payload" };
            found.gpus.ok_or(missing)?
        }
        None => Item::new(bytes, source),
    };
    put_same(&mut evidence.gpus, item, "GPU evidence", &origin, same_document)
}

/// Adds an `app_compose`: the bytes of the file, exactly, or those of the string in a `tcb_info` or an answer that has one
/// inside.
///
/// # Errors
/// When it is larger than the budget, or another one than the evidence has.
pub fn add_app_compose(
    evidence: &mut Evidence,
    bytes: &[u8],
    source: &str,
    budget: &Budget,
) -> Result<Option<Note>, ReadError> {
    let found = match is_compose(bytes) {
        true => None,
        false => match inside(source, bytes, budget)? {
            Some(found) => {
                let at = Origin::new(source).place();
                Some(found.app_compose.ok_or(ReadError::MissingField { at, field: "app_compose" })?)
            }
            None => None,
        },
    };
    let item = found.unwrap_or_else(|| Item::new(bytes, source));
    limit(&item.bytes, budget.app_compose_bytes, "bytes of app_compose", source)?;
    put_same(&mut evidence.app_compose, item, "app_compose", &Origin::new(source), same_bytes)
}

/// Adds what endpoints of a chain answered: the document by itself, or the one inside veritee's evidence. What stands in it
/// is read where it is judged.
///
/// # Errors
/// When it is neither, or the evidence has none.
fn add_chain(
    evidence: &mut Evidence,
    bytes: &[u8],
    source: &str,
    budget: &Budget,
) -> Result<Option<Note>, ReadError> {
    let origin = Origin::new(source);
    let opened = encoding::unwrapped(bytes, &origin, budget)?;
    let item = match inside(source, &opened, budget)? {
        Some(found) => found.chain.ok_or(ReadError::MissingField { at: origin.place(), field: "chain" })?,
        None => {
            // What is recorded says so. Of anything else nobody could say more than that it proves nothing.
            let object = Value::parse(utf8(&opened, &origin)?, origin.clone(), budget)?.object()?;
            if !schema_of(&object)?.is_some_and(|schema| schema.starts_with("veritee/chain/")) {
                return Err(unrecognised(&opened, &origin));
            }
            Item::new(opened.into_owned(), source)
        }
    };
    Ok(put(&mut evidence.chain, item, "chain reads"))
}

/// Adds a `vm_config`: JSON, or a JSON string that holds it.
///
/// # Errors
/// When it is not one JSON object in UTF-8 without duplicate keys.
pub fn add_vm_config(
    evidence: &mut Evidence,
    bytes: &[u8],
    source: &str,
    budget: &Budget,
) -> Result<Option<Note>, ReadError> {
    let origin = Origin::new(source);
    let bytes = encoding::unwrapped(bytes, &origin, budget)?;
    if let Some(found) = inside(source, &bytes, budget)? {
        let missing = ReadError::MissingField { at: origin.place(), field: "vm_config" };
        return Ok(put(&mut evidence.vm_config, found.vm_config.ok_or(missing)?, "vm_config"));
    }
    let bytes = bytes.as_ref();
    limit(bytes, budget.collateral_json_bytes, "bytes of vm_config", source)?;
    let value = Value::parse(utf8(bytes, &origin)?, origin, budget)?;
    let item = if value.is_string() {
        let text = value.string()?;
        Value::parse(&text, value.origin.content(), budget)?.object()?;
        Item::new(text, source)
    } else {
        value.object()?;
        Item::new(bytes, source)
    };
    Ok(put(&mut evidence.vm_config, item, "vm_config"))
}

/// Adds a certificate chain, PEM or DER. Its leaf may carry a quote, which is not taken out of it, or none: what
/// counts is whether the evidence's quote binds the leaf's key.
///
/// # Errors
/// When it cannot be read.
pub fn add_certificates(
    evidence: &mut Evidence,
    bytes: &[u8],
    source: &str,
    budget: &Budget,
) -> Result<Option<Note>, ReadError> {
    let alone = matches!(bytes.trim_ascii_start(), [0x30 | b'-', ..]);
    if let Some(found) = if alone { None } else { inside(source, bytes, budget)? } {
        let missing = ReadError::MissingField { at: Origin::new(source).place(), field: "app_cert" };
        return put_certificates(evidence, found.certificates.ok_or(missing)?, budget);
    }
    let origin = Origin::new(source).recognised(Format::RaTls);
    let unwrapped = encoding::unwrapped(bytes, &origin, budget)?;
    let bytes = unwrapped.as_ref();
    let pem = match bytes {
        [0x30, ..] => {
            certificate::read_der(bytes, &origin, budget)?;
            certificate::to_pem(bytes)
        }
        _ => veritee_model::pem::with_line_ends(utf8(bytes, &origin)?).into_owned(),
    };
    certificate::read_pem(&pem, &origin, budget)?;
    put_certificates(evidence, Item::new(pem, source), budget)
}

fn put_certificates(
    evidence: &mut Evidence,
    chain: Item,
    budget: &Budget,
) -> Result<Option<Note>, ReadError> {
    let note = put(&mut evidence.certificates, chain, "certificate chain");
    (evidence.certificate_quote, evidence.certificate_logs) =
        certificate::inside_leaf(evidence.certificates.as_ref(), budget);
    certificate::one_log(evidence, budget)?;
    Ok(note)
}

/// Adds what a server showed on TLS to the machines of one input.
///
/// A gateway publishes a quote for each key that it has had, and the one in use contradicts none of the others: where
/// some machine's quote is said to bind the served key (tag `zt-cert`), those that are said to bind another key do not
/// get the record. The record is compared with what the quotes bind by a later step; a chain that cannot be read is
/// left for it to fail on.
pub fn add_served(machines: &mut [NamedEvidence], served: &ServedCertificates) {
    let key = certificate::leaf_key(&served.chain.bytes);
    let bound = |machine: &NamedEvidence| {
        let bound = machine.evidence.bound_content.as_ref().filter(|bound| bound.tag == "zt-cert");
        bound.map(|bound| key.as_ref() == Some(&bound.content))
    };
    let known = machines.iter().any(|machine| bound(machine) == Some(true));
    for machine in machines.iter_mut().filter(|machine| !known || bound(machine) != Some(false)) {
        machine.evidence.served = Some(served.clone());
    }
}

/// Adds an event log: dstack's JSON, a JSON string that holds it, hex of it, a raw CCEL area, or any form of one machine's
/// evidence that has it inside (`tcb_info`, `Info`, GetQuote, the page of port 8090).
///
/// # Errors
/// When it is none of these, larger than the budget, of another quote, or of another boot than the log that is there. The events themselves are read by a later step.
pub fn add_event_log(
    evidence: &mut Evidence,
    bytes: &[u8],
    source: &str,
    budget: &Budget,
) -> Result<Option<Note>, ReadError> {
    let origin = Origin::new(source);
    let bytes = encoding::unwrapped(bytes, &origin, budget)?;
    let log = match inside(source, &bytes, budget)? {
        // Answers of the agent and its page have the log inside.
        Some(found) => {
            if let (Some(own), Some(other)) = (&evidence.quote, &found.quote)
                && !same_quote(&own.bytes, &other.bytes)
            {
                return Err(two_values("quote", own, &origin));
            }
            let missing = ReadError::MissingField { at: origin.place(), field: "event_log" };
            found.event_log.ok_or(missing)?
        }
        None => {
            limit(&bytes, budget.event_log_bytes, "bytes of event log", source)?;
            let (bytes, format) = event_log_format(bytes.into_owned(), &origin, budget)?;
            EventLogItem { item: Item::new(bytes, source), format }
        }
    };
    if let Some(taken) = &evidence.event_log
        && one_boot(taken, &log).is_none()
    {
        return Err(two_values("event log", &taken.item, &origin));
    }
    let taken = evidence.event_log.take().map(|taken| taken.item);
    let note = taken.map(|taken| replaced("event log", &taken, &log.item));
    evidence.event_log = Some(log);
    certificate::one_log(evidence, budget)?;
    Ok(note)
}

/// Adds the document behind MRCONFIGID.
///
/// # Errors
/// When it is larger than the budget, or another one than the evidence has.
pub fn add_mr_config(
    evidence: &mut Evidence,
    bytes: &[u8],
    source: &str,
    budget: &Budget,
) -> Result<Option<Note>, ReadError> {
    let item = match inside(source, bytes, budget)? {
        Some(found) => {
            let missing = ReadError::MissingField { at: Origin::new(source).place(), field: "mr_config" };
            found.mr_config.ok_or(missing)?
        }
        None => {
            let origin = Origin::new(source);
            if crate::forms::part_of(bytes, &origin, budget) != Some(crate::Recognised::MrConfig) {
                return Err(unrecognised(bytes, &origin));
            }
            Item::new(bytes, source)
        }
    };
    limit(&item.bytes, budget.collateral_json_bytes, "bytes of mr_config", source)?;
    let slot = &mut evidence.mr_config;
    put_same(slot, item, "mr_config", &Origin::new(source), same_document)
}

/// Adds the evidence of a dstack-ingress folder, or of veritee's own document that has it inside: its files, and its quote
/// and log, which have to be those of the evidence where that has its own. Only the folder's own quote can bind its files.
///
/// # Errors
/// When it is of a form that holds no such files, when it could and does not, or when the evidence has another quote or log.
pub fn add_ingress(evidence: &mut Evidence, found: Readout, source: &str) -> Result<Vec<Note>, ReadError> {
    let (form, slot, at) = (Form::Evidence(found.format), Slot::Ingress, Origin::new(source).place());
    if !form.is_read_at(slot) {
        return Err(ReadError::Elsewhere { at, form, slot });
    }
    let folder = found.select(None).map_err(|error| error.in_input(source))?;
    let Some(ingress) = folder.ingress.clone() else {
        return Err(ReadError::LacksPart { at, form, slot });
    };
    let mut notes = Vec::new();
    merge(evidence, folder, &mut notes)?;
    evidence.ingress = Some(ingress);
    Ok(notes)
}

/// Adds collateral: dcap-qvl's JSON, an object or array that has it inside, or veritee evidence that has some,
/// that of the machines it links to included. Returns how many documents were added.
///
/// # Errors
/// When the file is not JSON, has a key twice in an object that was looked into, or has no collateral.
pub fn add_collateral(
    evidence: &mut Evidence,
    bytes: &[u8],
    source: &str,
    budget: &Budget,
) -> Result<usize, ReadError> {
    limit(bytes, budget.input_bytes, "bytes of collateral", source)?;
    let origin = Origin::new(source);
    let unwrapped = encoding::unwrapped(bytes, &origin, budget)?;
    let bytes = unwrapped.as_ref();
    let text = without_string(utf8(bytes, &origin)?, &origin, budget)?;
    let value = Value::parse(&text, origin.clone(), budget)?;
    let schema = if value.is_object() { schema_of(&value.object()?)? } else { None };
    let of = |readout: Readout| {
        let machines = readout.machines.iter();
        machines.flat_map(|machine| machine.evidence.all_collateral().cloned()).collect::<Vec<_>>()
    };
    let found = match schema.as_deref() {
        Some(SCHEMA) => of(document::read_value(&value.object()?, SCHEMA, budget)?),
        Some(SET_SCHEMA) => of(document::read_set(&value.object()?, SET_SCHEMA, budget)?),
        _ => {
            let mut found = Vec::new();
            let mut left = budget.input_bytes;
            find_collateral(&value, 0, (budget, &mut left), &mut found)?;
            found
        }
    };
    if found.is_empty() {
        return Err(unrecognised(bytes, &origin));
    }
    let count = found.len();
    evidence.collateral.extend(found);
    Ok(count)
}

/// The one machine whose evidence this is, where it is evidence in any form but a bare quote. A part by itself is none.
fn inside(source: &str, bytes: &[u8], budget: &Budget) -> Result<Option<Evidence>, ReadError> {
    match read(source, bytes, budget) {
        Ok(readout) if readout.format == Format::Quote => Ok(None),
        Ok(readout) => readout.select(None).map(Some).map_err(|error| error.in_input(source)),
        Err(ReadError::OnlyAPart { .. } | ReadError::Unrecognised { .. }) => Ok(None),
        Err(error) if error.place().recognised.is_some_and(|format| format != Format::RaTls) => Err(error),
        Err(_no_evidence) => Ok(None),
    }
}

/// Whether the bytes are an app_compose as it was deployed, which is never looked into.
fn is_compose(bytes: &[u8]) -> bool {
    let has = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
    has(b"\"docker_compose_file\":") || has(b"\"docker_compose_file\" :") || has(b"\"manifest_version\"")
}

fn find_collateral(
    value: &Value<'_>,
    depth: usize,
    (budget, left): (&Budget, &mut usize),
    found: &mut Vec<Item>,
) -> Result<(), ReadError> {
    if depth > COLLATERAL_NESTING {
        return Ok(());
    }
    let next = depth.saturating_add(1);
    if value.is_array() {
        for entry in value.array()? {
            find_collateral(&entry, next, (budget, left), found)?;
        }
    } else if value.is_object() {
        let object = value.object()?;
        if object.has("tcb_info") && object.has("qe_identity") {
            found.push(Item::new(value.raw(), value.origin.source()));
            return Ok(());
        }
        for member in object.into_members().into_values() {
            find_collateral(&member, next, (budget, left), found)?;
        }
    } else if value.is_string() {
        // The body of an answer, as text or in base64.
        let (text, origin) = (value.string()?, value.origin.content());
        let body = if text.starts_with(['{', '[']) {
            Some(text)
        } else {
            encoding::body(&text, &origin, budget, left)
        };
        if let Some(inner) = body.as_deref().and_then(|body| Value::parse(body, origin, budget).ok()) {
            find_collateral(&inner, next, (budget, left), found)?;
        }
    }
    Ok(())
}

/// The text of collateral, where it is a document in a string: what a program prints that has encoded it twice.
fn without_string<'t>(text: &'t str, origin: &Origin, budget: &Budget) -> Result<Cow<'t, str>, ReadError> {
    if !text.trim_start().starts_with('"') {
        return Ok(Cow::Borrowed(text));
    }
    Value::parse(text, origin.clone(), budget)?.string().map(Cow::Owned)
}

fn schema_of(object: &Object<'_>) -> Result<Option<String>, ReadError> {
    object.get("schema").filter(|value| value.is_string()).map(Value::string).transpose()
}

/// Which form an event log has; a JSON string or hex around it is taken off, once each.
pub(crate) fn event_log_format(
    bytes: Vec<u8>,
    origin: &Origin,
    budget: &Budget,
) -> Result<(Vec<u8>, EventLogFormat), ReadError> {
    let mut bytes = bytes;
    for _ in 0..3 {
        if is_ccel(&bytes) {
            return Ok((bytes, EventLogFormat::Ccel));
        }
        let text = utf8(&bytes, origin)?;
        match text.trim_start().as_bytes().first() {
            Some(b'[') => match Value::parse(text, origin.clone(), budget)?.bytes() {
                Some(inner) if !inner.is_empty() => bytes = inner,
                _ => return Ok((bytes, EventLogFormat::DstackJson)),
            },
            Some(b'"') => bytes = Value::parse(text, origin.clone(), budget)?.string()?.into_bytes(),
            _ => match encoding::detect(text) {
                Some(Encoding::Hex) => bytes = encoding::decode_hex(text, origin)?,
                Some(Encoding::Base64) => bytes = encoding::decode_base64(text, origin)?,
                None => return Err(unrecognised(&bytes, origin)),
            },
        }
    }
    Err(unrecognised(&bytes, origin))
}

/// Whether the bytes begin as a CCEL area does.
pub(crate) fn is_ccel(bytes: &[u8]) -> bool {
    let (offset, signature) = CCEL_SIGNATURE;
    bytes.get(offset..).is_some_and(|rest| rest.starts_with(signature))
}

fn limit(bytes: &[u8], limit: usize, what: &'static str, source: &str) -> Result<(), ReadError> {
    if bytes.len() > limit {
        return Err(ReadError::TooLarge { at: Origin::new(source).place(), what, limit });
    }
    Ok(())
}

/// Takes the part that is given; an error when the evidence has another one that says something else.
fn put_same(
    slot: &mut Option<Item>,
    item: Item,
    part: &'static str,
    origin: &Origin,
    same: fn(&[u8], &[u8]) -> bool,
) -> Result<Option<Note>, ReadError> {
    match slot {
        Some(taken) if !same(&taken.bytes, &item.bytes) => Err(two_values(part, taken, origin)),
        _ => Ok(put(slot, item, part)),
    }
}

fn put(slot: &mut Option<Item>, item: Item, part: &'static str) -> Option<Note> {
    let note = slot.as_ref().map(|dropped| replaced(part, dropped, &item));
    *slot = Some(item);
    note
}

fn replaced(part: &'static str, dropped: &Item, item: &Item) -> Note {
    Note::Replaced {
        part,
        dropped: dropped.source.clone(),
        taken: item.source.clone(),
        equal: dropped.bytes == item.bytes,
    }
}
