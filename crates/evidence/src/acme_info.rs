//! The gateway's answer to `/.dstack/acme-info` (`gateway/rpc/proto/gateway_rpc.proto`, `AcmeInfoResponse`): quotes
//! that bind its ACME account and each TLS key that it has had a certificate for.
//!
//! Every quote was made when its account or key was: they tell where a key was born, not which machine serves now.

use crate::container::Container;
use crate::draft::Draft;
use crate::dstack::add_machine;
use crate::encoding;
use crate::error::ReadError;
use crate::json::{Object, Origin, Value};
use crate::readout::{Format, NamedEvidence, Note, Readout};
use veritee_model::Budget;
use veritee_model::evidence::BoundContent;

/// Members that say nothing which a quote backs, and what they are.
const NOT_READ: &[(&str, &str)] = &[
    ("hist_keys", "keys without quotes"),
    ("active_cert", "the certificate in use as the gateway tells it; a handshake shows the served one"),
    ("base_domain", "the domain as the gateway tells it"),
];

/// Whether an object is such an answer.
pub(crate) fn is_answer(object: &Object<'_>) -> bool {
    ["account_uri", "account_quote", "account_attestation", "quoted_hist_keys"]
        .iter()
        .any(|key| object.get(key).is_some_and(|value| !value.is_null()))
}

/// One machine for the account's quote and one for each quoted key, labelled by JSON pointer.
pub(crate) fn read(object: &Object<'_>, budget: &Budget) -> Result<Readout, ReadError> {
    let (mut machines, mut notes) = (Vec::new(), Vec::new());
    let account = object.text("account_uri")?.map(|(uri, _)| bound("acme-account", uri.into_bytes()));
    let found = machine(object, "account_quote", "account_attestation", account, budget)?;
    let origin = object.origin.member("account_quote");
    add(found, &origin, "the ACME account", &mut machines, &mut notes);
    let keys = object.get("quoted_hist_keys").filter(|value| !value.is_null());
    for entry in keys.map(Value::array).transpose()?.unwrap_or_default() {
        let key = entry.object()?;
        let Some((text, origin)) = key.text("public_key")? else {
            return Err(ReadError::MissingField { at: key.place(), field: "public_key" });
        };
        let content = bound("zt-cert", encoding::decode(&text, &origin)?);
        let found = machine(&key, "quote", "attestation", Some(content), budget)?;
        add(found, &entry.origin, "this TLS key", &mut machines, &mut notes);
    }
    for (key, what) in NOT_READ {
        if let Some(value) = object.get(key).filter(|value| !is_empty(value)) {
            notes.push(Note::NotRead { place: value.origin.source(), what });
        }
    }
    if machines.is_empty() {
        return Err(ReadError::NoMachine { at: object.place() });
    }
    Ok(Readout { format: Format::AcmeInfo, machines, notes })
}

fn bound(tag: &str, content: Vec<u8>) -> BoundContent {
    BoundContent { tag: tag.to_owned(), content, algorithm: "sha512".to_owned() }
}

fn is_empty(value: &Value<'_>) -> bool {
    value.is_null() || matches!(value.raw(), "\"\"" | "[]")
}

fn add(
    draft: Option<Draft<'_>>,
    origin: &Origin,
    what: &'static str,
    machines: &mut Vec<NamedEvidence>,
    notes: &mut Vec<Note>,
) {
    match draft {
        Some(draft) => machines.push(draft.named(&origin.pointer, notes)),
        None => notes.push(Note::NoQuote { place: origin.source(), what }),
    }
}

/// What the members `quote` (a GetQuote answer in a string) and `attestation` (an Attest answer in a string) hold.
/// Both tell of the same moment, so their quotes have to be over the same report.
fn machine<'b>(
    object: &Object<'_>,
    quote: &str,
    attestation: &str,
    content: Option<BoundContent>,
    budget: &'b Budget,
) -> Result<Option<Draft<'b>>, ReadError> {
    let mut draft = Draft::new(budget);
    draft.evidence.bound_content = content;
    if let Some(nested) = object.get(quote).map(Value::nested).transpose()?.flatten() {
        let answer = nested.value(budget)?.object()?;
        add_machine(&mut draft, &answer)?;
        if draft.evidence.quote.is_none() {
            return Err(ReadError::MissingField { at: answer.place(), field: "quote" });
        }
    }
    let Some(nested) = object.get(attestation).map(Value::nested).transpose()?.flatten() else {
        return Ok(draft.evidence.quote.is_some().then_some(draft));
    };
    let answer = nested.value(budget)?.object()?;
    let Some((text, origin)) = answer.text("attestation")? else {
        return Err(ReadError::MissingField { at: answer.place(), field: "attestation" });
    };
    let bytes = encoding::decode(&text, &origin)?;
    draft.container(Container::read(&bytes, &origin, budget)?, &origin)?;
    Ok(Some(draft))
}
