//! Finding out by content which form an input has.

use crate::container::Container;
use crate::draft::Draft;
use crate::encoding::{self, Encoding};
use crate::error::{BinaryProblem, CertificateProblem, ReadError, Recognised};
use crate::gzip;
use crate::ingress::utf8;
use crate::json::{Object, Origin, Value};
use crate::readout::{Format, NamedEvidence, Readout};
use crate::stray::strays;
use crate::{
    acme_info, certificate, cloud, document, dstack, forms, html, inference, inside, other, parts, unread,
};
use std::borrow::Cow;
use veritee_model::{Budget, Evidence, Item};

/// Reads evidence in any known form; `name` is what the input is called in messages and sources.
///
/// Every byte is the attacker's. The form is found by content alone, never by `name`. Nothing that is read is
/// verified; see the crate's documentation for what is.
///
/// # Errors
/// [`ReadError`], which says where, what was expected and what to do next.
pub fn read(name: &str, bytes: &[u8], budget: &Budget) -> Result<Readout, ReadError> {
    let origin = Origin::new(name);
    if bytes.len() > budget.input_bytes {
        let limit = budget.input_bytes;
        return Err(ReadError::TooLarge { at: origin.place(), what: "bytes of input", limit });
    }
    let unwrapped = encoding::unwrapped(bytes, &origin, budget)?;
    let bytes = unwrapped.as_ref();
    if bytes.starts_with(&gzip::MAGIC) {
        // Once is how files are compressed.
        return Err(ReadError::Binary { at: origin.place(), problem: BinaryProblem::Gzip });
    }
    let mut readout = read_unwrapped(bytes, &origin, budget)?;
    if let Ok(text) = core::str::from_utf8(bytes) {
        let strays = strays(text, &readout, &origin, budget);
        readout.notes.extend(strays);
        let payloads = unread::payloads(text, &readout, &origin, budget);
        readout.notes.extend(payloads);
    }
    Ok(readout)
}

/// What stands inside of what its way added: gzip with all its members, once, a byte order mark, UTF-16. Other bytes are as they came.
///
/// # Errors
/// When the stream is damaged or longer than the budget, or a UTF-16 text has half a character.
pub fn unwrapped<'a>(name: &str, bytes: &'a [u8], budget: &Budget) -> Result<Cow<'a, [u8]>, ReadError> {
    encoding::unwrapped(bytes, &Origin::new(name), budget)
}

/// Whether [`unwrapped`] would take something off a document that begins so. It asks for no more than the first 64 bytes.
#[must_use]
pub fn wraps(head: &[u8]) -> bool {
    encoding::wraps(head)
}

/// Bytes that are written as text: hex with an optional `0x`, or base64 of either alphabet, white space ignored. Nothing
/// where the text is neither.
#[must_use]
pub fn decoded(text: &str) -> Option<Vec<u8>> {
    encoding::decode(text, &Origin::new("")).ok()
}

/// The same without what its way added, and without a look for what no reader took.
pub(crate) fn read_unwrapped(bytes: &[u8], origin: &Origin, budget: &Budget) -> Result<Readout, ReadError> {
    let known = match read_binary(bytes, origin, budget) {
        Some(readout) => readout,
        None if !bytes.first().is_some_and(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) => {
            Err(unrecognised(bytes, origin))
        }
        None => utf8(bytes, origin).and_then(|text| read_text(text, origin, budget)),
    };
    match known {
        // A name for what it is says more than what it is not.
        Err(
            error @ (ReadError::Unrecognised { .. } | ReadError::Page { .. } | ReadError::Certificate { .. }),
        ) => match forms::part_of(bytes, origin, budget) {
            Some(part) => Err(ReadError::OnlyAPart { at: origin.place(), part }),
            None => Err(error),
        },
        known => known,
    }
}

/// Reads evidence and gives that of one machine: the one with the label, or the only one.
///
/// With [`crate::to_json`] this is `veritee evidence convert`.
///
/// # Errors
/// What [`read()`] and [`Readout::select`] return.
pub fn convert(
    name: &str,
    bytes: &[u8],
    label: Option<&str>,
    budget: &Budget,
) -> Result<Evidence, ReadError> {
    let readout = read(name, bytes, budget)?;
    readout.select(label).map_err(|error| error.in_input(name))
}

fn read_binary(bytes: &[u8], origin: &Origin, budget: &Budget) -> Option<Result<Readout, ReadError>> {
    if parts::is_ccel(bytes) {
        return Some(Err(ReadError::OnlyAPart { at: origin.place(), part: Recognised::Ccel }));
    }
    if other::is_archive(bytes) {
        return Some(Err(ReadError::OnlyAPart { at: origin.place(), part: Recognised::Archive }));
    }
    if let Some(platform) = other::binary(bytes) {
        return Some(Err(ReadError::PlatformUnsupported { at: origin.place(), platform }));
    }
    match bytes {
        _ if is_quote(bytes) => {
            let item = Item::new(bytes, origin.source());
            let evidence = Evidence { quote: Some(item), ..Evidence::default() };
            Some(Ok(Readout::one(Format::Quote, evidence, Vec::new())))
        }
        // A DER sequence longer than 127 bytes.
        [0x30, 0x81..=0x84, ..] => Some(read_der(bytes, origin, budget)),
        _ if Container::begins(bytes) => Some(read_container(bytes, origin, budget)),
        _ => None,
    }
}

/// Whether these are the bytes of a quote. It begins with its version, 16 bits little-endian. One of a version that nobody
/// here reads is known by the vendor of the quoting enclave (Intel's, the same in every version's header): it is for the
/// engine to refuse it by name.
fn is_quote(bytes: &[u8]) -> bool {
    /// Intel, as the header of a quote names it at byte 12 (Intel SGX ECDSA quote library API, "Quote Format").
    const VENDOR: [u8; 16] =
        [0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07];
    matches!(bytes, [3..=5, 0, ..]) || bytes.get(12..28) == Some(VENDOR.as_slice())
}

fn read_container(bytes: &[u8], origin: &Origin, budget: &Budget) -> Result<Readout, ReadError> {
    let origin = origin.clone().recognised(Format::Container);
    let mut draft = Draft::new(budget);
    draft.container(Container::read(bytes, &origin, budget)?, &origin)?;
    Ok(Readout::one(Format::Container, draft.evidence, draft.notes))
}

fn read_der(der: &[u8], origin: &Origin, budget: &Budget) -> Result<Readout, ReadError> {
    let origin = origin.clone().recognised(Format::RaTls);
    // The size is checked before the text is made.
    certificate::read_der(der, &origin, budget)?;
    read_certificates(certificate::to_pem(der), &origin, budget)
}

fn read_certificates(pem: String, origin: &Origin, budget: &Budget) -> Result<Readout, ReadError> {
    let mut draft = Draft::new(budget);
    let pem = veritee_model::pem::with_line_ends(&pem).into_owned();
    let leaf = certificate::read_pem(&pem, origin, budget)?;
    if leaf.quote.is_none() && leaf.attestation.is_none() {
        let problem = CertificateProblem::NoQuote;
        return Err(ReadError::Certificate { at: origin.place(), problem });
    }
    draft.certificates(pem, origin)?;
    if let Some(app_id) = leaf.app_id {
        draft.claim("app_id", &hex::encode(app_id), &origin.member("extensions").member("app-id"))?;
    }
    Ok(Readout::one(Format::RaTls, draft.evidence, draft.notes))
}

fn read_text(text: &str, origin: &Origin, budget: &Budget) -> Result<Readout, ReadError> {
    let body = text.trim_start();
    match body.as_bytes() {
        [b'{', ..] => {
            let value = Value::parse(text, origin.clone(), budget)?;
            if let Some(readout) = value.bytes().and_then(|bytes| read_binary(&bytes, origin, budget)) {
                return readout;
            }
            match read_object(&value.object()?, budget) {
                Err(error) if may_lie_deeper(&error, origin) => match inside::read(&value, budget) {
                    Ok(Some(readout)) if is_unknown(&error) || holds_a_machine(&readout) => Ok(readout),
                    Err(other) if is_unknown(&error) => Err(other),
                    _ => Err(error),
                },
                known => known,
            }
        }
        [b'[', ..] => {
            let value = Value::parse(text, origin.clone(), budget)?;
            match value.bytes().and_then(|bytes| read_binary(&bytes, origin, budget)) {
                Some(readout) => readout,
                None => inside::read(&value, budget)?.ok_or_else(|| read_array(&value, text)),
            }
        }
        [b'"', ..] => {
            let value = Value::parse(text, origin.clone(), budget)?;
            let (inner, origin) = (value.string()?, value.origin.content());
            match inner.trim_start().as_bytes() {
                // A document in a string, once: what a program prints that has encoded it twice.
                [b'{' | b'[', ..] => read_text(&inner, &origin, budget),
                _ => read_encoded(&inner, &origin, budget),
            }
        }
        [b'<', ..] => html::read(text, &origin.clone().recognised(Format::AgentPage), budget),
        _ if other::is_token(body) => {
            Err(ReadError::PlatformUnsupported { at: origin.place(), platform: other::TOKEN })
        }
        _ if body.starts_with("-----BEGIN ") => {
            let origin = origin.clone().recognised(Format::RaTls);
            read_certificates(text.to_owned(), &origin, budget)
        }
        _ => read_encoded(text, origin, budget),
    }
}

/// Whether a document was only taken for a form by the name of a member: under other names, beside a list without
/// machines, or below the member itself there may be evidence.
fn may_lie_deeper(error: &ReadError, origin: &Origin) -> bool {
    let pointer = &error.place().pointer;
    match error {
        ReadError::Unrecognised { .. } | ReadError::NoMachine { .. } | ReadError::MissingField { .. } => {
            *pointer == origin.pointer
        }
        ReadError::WrongType { .. } => ["quote", "attestation", "instances"]
            .iter()
            .any(|member| *pointer == origin.member(member).pointer),
        _ => false,
    }
}

const fn is_unknown(error: &ReadError) -> bool {
    matches!(error, ReadError::Unrecognised { .. })
}

/// More than a quote under a name that no writer of dstack's uses.
fn holds_a_machine(readout: &Readout) -> bool {
    let bare = |machine: &NamedEvidence| {
        machine.evidence.quote.as_ref().is_some_and(|quote| quote.source.ends_with(&machine.label))
    };
    readout.machines.iter().any(|machine| !bare(machine))
}

/// Hex or base64 of one of the binary forms.
fn read_encoded(text: &str, origin: &Origin, budget: &Budget) -> Result<Readout, ReadError> {
    let bytes = match encoding::detect(text) {
        Some(Encoding::Hex) => encoding::decode_hex(text, origin)?,
        Some(Encoding::Base64) => match encoding::decode_base64(text, origin) {
            Ok(bytes) => bytes,
            // A long text with no spaces was base64 gone wrong; a word was not.
            Err(error) if text.len() > 64 => return Err(error),
            Err(_) => return Err(unrecognised(text.as_bytes(), origin)),
        },
        None => return Err(hex_gone_wrong(text, origin)),
    };
    match read_binary(&bytes, origin, budget) {
        // A few letters are a word, whatever they decode to.
        Some(Err(_)) if text.len() <= 64 => Err(unrecognised(text.as_bytes(), origin)),
        Some(readout) => readout,
        None => Err(hex_gone_wrong(text, origin)),
    }
}

/// A text that begins with the hex of a quote or container header is reported at its first bad digit.
fn hex_gone_wrong(text: &str, origin: &Origin) -> ReadError {
    let body = text.trim_start();
    let begins = ["03000200", "04000200", "05000200", "00000"].iter().any(|header| body.starts_with(header));
    match encoding::decode_hex(text, origin) {
        Err(error) if begins => error,
        _ => unrecognised(text.as_bytes(), origin),
    }
}

pub(crate) fn read_object(object: &Object<'_>, budget: &Budget) -> Result<Readout, ReadError> {
    let has = |key: &str| object.has(key);
    let only = |part| Err(ReadError::OnlyAPart { at: object.place(), part });
    if let Some(schema) = object.get("schema").filter(|value| value.is_string()) {
        let schema = schema.string()?;
        if schema.starts_with("veritee/report/") {
            return only(Recognised::Report);
        }
        if schema.starts_with("veritee/chain/") {
            return only(Recognised::ChainReads);
        }
        if schema.starts_with("veritee/evidence-set/") {
            return document::read_set(object, &schema, budget);
        }
        if schema.starts_with("veritee/") {
            return document::read_value(object, &schema, budget);
        }
    }
    let as_form = |format| object.with_format(format);
    if has("tcb_info_signature") || has("qe_identity_signature") {
        return only(Recognised::Collateral);
    }
    if inference::is_report(object) {
        return inference::read(&as_form(Format::InferenceReport), budget);
    }
    if acme_info::is_answer(object) {
        return acme_info::read(&as_form(Format::AcmeInfo), budget);
    }
    // A list of this name beside a quote is the form's where it has entries.
    let instances = object.get("instances").filter(|value| value.is_array());
    if instances.is_some_and(|value| !is_quote_object(object) || value.array().is_ok_and(|it| !it.is_empty()))
    {
        return cloud::read(&as_form(Format::CloudAttestations), budget);
    }
    if is_quote_object(object) {
        let format = quote_object_format(object);
        return dstack::read_quote_object(&as_form(format), format, budget);
    }
    if has("mrtd") && (has("rtmr0") || has("event_log") || has("app_compose")) {
        return dstack::read_tcb_info(&as_form(Format::TcbInfo), Format::TcbInfo, budget);
    }
    if dstack::is_info(object) {
        return dstack::read_info(&as_form(Format::Info), budget);
    }
    if has("docker_compose_file") || has("manifest_version") {
        return only(Recognised::AppCompose);
    }
    if has("cpu_count") && has("memory_size") {
        return only(Recognised::VmConfig);
    }
    // By the name alone, where no other form fits: what is wrong with it is said.
    if has("instances") {
        return cloud::read(&as_form(Format::CloudAttestations), budget);
    }
    let info = as_form(Format::Info);
    if let Some(value) =
        info.get("tcb_info").or_else(|| info.get("app_cert")).filter(|value| !value.is_null())
    {
        return Err(value.wrong_type("a string"));
    }
    Err(object.unrecognised())
}

/// A quote or container in a form that some writer gives it; an object under one of the names is another document.
fn is_quote_object(object: &Object<'_>) -> bool {
    object.get("quote").is_some_and(|value| !value.is_object() || value.sole_bytes().is_some())
        || object.get("attestation").is_some_and(|value| !value.is_object())
}

/// Whether an object by itself is a machine's evidence in some form.
pub(crate) fn is_machine(object: &Object<'_>) -> bool {
    /// Shorter texts of these names are words or numbers.
    const SHORTEST: usize = 100;
    let text = |key: &str| {
        object.get(key).is_some_and(|value| {
            let bytes =
                |value: &Value<'_>| value.is_object() && key != "attestation" && value.sole_bytes().is_some();
            value.raw().len() > SHORTEST && (value.is_string() || value.bytes().is_some() || bytes(value))
        })
    };
    ["quote", "intel_quote", "app_cert", "attestation"].iter().any(|key| text(key))
        || (object.has("mrtd") && object.has("rtmr0") && object.has("event_log"))
}

/// dstack-verifier's request has no `report_data`, and `debug` besides; an Attest answer has nothing but its container.
fn quote_object_format(object: &Object<'_>) -> Format {
    let given = |key: &str| object.get(key).is_some_and(|value| !value.is_null() && value.raw() != "\"\"");
    if object.has("debug") {
        Format::VerifierRequest
    } else if !given("quote") {
        Format::Attest
    } else if object.has("report_data") {
        Format::GetQuote
    } else {
        Format::VerifierRequest
    }
}

/// No array is evidence; the most likely one is an event log.
fn read_array(value: &Value<'_>, text: &str) -> ReadError {
    let first = value.array().ok().and_then(|entries| entries.first().and_then(|entry| entry.object().ok()));
    match first {
        Some(event) if event.has("imr") && event.has("digest") => {
            ReadError::OnlyAPart { at: value.place(), part: Recognised::EventLog }
        }
        _ => unrecognised(text.as_bytes(), &value.origin),
    }
}

pub(crate) fn unrecognised(bytes: &[u8], origin: &Origin) -> ReadError {
    ReadError::Unrecognised {
        at: origin.place(),
        length: bytes.len(),
        first: bytes.iter().take(24).copied().collect(),
    }
}
