//! Payloads in a document that no reader took: never passed over without a word.
//!
//! A document may hold evidence of GPUs, reports of other platforms and answers of services in places and under names that
//! its form does not have. They are looked for by content (evidence of GPUs) and by the last word of their name (all
//! else), wherever they stand. Quotes are looked for in the text itself: see [`crate::stray`].

use crate::encoding;
use crate::json::{Object, Origin, Value};
use crate::readout::{Format, Note, Readout};
use crate::same::same_document;
use veritee_model::{Budget, Evidence, Item};

/// How deep documents are looked through, documents in strings of documents included.
const DEPTH: usize = 12;

/// Notes for one input.
const MOST: usize = 8;

/// Shorter texts are words, not payloads.
const SHORTEST: usize = 100;

/// The last word of a name that is given to payloads.
const LAST_WORDS: [&str; 8] =
    ["attestation", "attestations", "evidence", "evidences", "payload", "report", "reports", "token"];

/// Names that some reader takes wherever it is used: what it does not take of them, it says itself.
const READ: [&str; 8] = [
    "event_payload",
    "quote",
    "intel_quote",
    "attestation",
    "account_attestation",
    "model_attestations",
    "all_attestations",
    "gateway_attestation",
];

/// A note for each payload in `text` that is none of what was read.
pub(crate) fn payloads(text: &str, readout: &Readout, origin: &Origin, budget: &Budget) -> Vec<Note> {
    let body = text.trim_start();
    // Its own form has no member that is not read.
    let own = matches!(readout.format, Format::Veritee | Format::VeriteeSet);
    if own || !body.starts_with(['{', '[']) {
        return Vec::new();
    }
    let lower = text.to_ascii_lowercase();
    if !LAST_WORDS.iter().chain(&["bundles"]).any(|word| lower.contains(word)) {
        return Vec::new();
    }
    let Ok(document) = Value::parse(text, origin.clone(), budget) else { return Vec::new() };
    let machines = || readout.machines.iter().map(|machine| &machine.evidence);
    let mut search = Search {
        taken: machines().flat_map(sources).collect(),
        gpus: machines()
            .filter_map(|evidence| evidence.gpus.as_ref())
            .map(|item| item.bytes.as_slice())
            .collect(),
        quotes: machines()
            .filter_map(|evidence| Some(evidence.quote.as_ref()?.sha256().to_string()))
            .collect(),
        machines: readout.machines.iter().map(|machine| machine.label.as_str()).collect(),
        told: readout.notes.iter().map(ToString::to_string).collect(),
        notes: Vec::new(),
        budget,
    };
    search.look(&document, 0);
    search.notes
}

/// Where everything that was read came from.
fn sources(evidence: &Evidence) -> Vec<String> {
    let log = evidence.event_log.as_ref().map(|log| &log.item);
    let one = [
        evidence.quote.as_ref(),
        log,
        evidence.runtime_events.as_ref(),
        evidence.app_compose.as_ref(),
        evidence.vm_config.as_ref(),
        evidence.mr_config.as_ref(),
        evidence.certificates.as_ref(),
        evidence.gpus.as_ref(),
    ];
    let many = evidence.own_collateral().chain(&evidence.gpu_collateral);
    one.into_iter().flatten().chain(many).map(|item: &Item| item.source.clone()).collect()
}

struct Search<'r> {
    taken: Vec<String>,
    gpus: Vec<&'r [u8]>,
    /// SHA-256 of the quotes that were read.
    quotes: Vec<String>,
    /// JSON pointers to the machines.
    machines: Vec<&'r str>,
    /// What the reader has said itself.
    told: Vec<String>,
    notes: Vec<Note>,
    budget: &'r Budget,
}

impl Search<'_> {
    fn look(&mut self, value: &Value<'_>, depth: usize) {
        if depth > DEPTH || self.notes.len() >= MOST || self.taken.contains(&value.origin.source()) {
            return;
        }
        let next = depth.saturating_add(1);
        if let Ok(object) = value.object() {
            if is_of_gpus(&object) {
                return self.gpus(value);
            }
            // Its own form has no member that is not read.
            let own =
                object.get("schema").is_some_and(|schema| schema.raw().starts_with("\"veritee/evidence/"));
            if own && self.machines.contains(&value.origin.pointer.as_str()) {
                return;
            }
            for (name, member) in object.into_members() {
                if is_payload(&name, &member) && !self.holds_taken(&member) && !self.is_own(&member) {
                    self.payload(&member);
                } else {
                    self.look(&member, next);
                }
            }
        } else if holds_documents(value.raw())
            && let Ok(entries) = value.array()
        {
            if entries.first().and_then(|entry| entry.object().ok()).is_some_and(|entry| is_device(&entry)) {
                return self.gpus(value);
            }
            for entry in &entries {
                self.look(entry, next);
            }
        } else if (value.raw().starts_with("\"{") || value.raw().starts_with("\"["))
            && let Ok(Some(nested)) = value.nested()
            && let Ok(inner) = nested.value(self.budget)
        {
            self.look(&inner, next);
        }
    }

    fn gpus(&mut self, value: &Value<'_>) {
        if !self.gpus.iter().any(|known| same_document(known, value.raw().as_bytes())) {
            self.note(&value.origin, "evidence of GPUs");
        }
    }

    fn payload(&mut self, member: &Value<'_>) {
        let text = if member.is_string() { member.string().ok() } else { None };
        let bytes = text.as_deref().unwrap_or(member.raw()).as_bytes();
        if self.gpus.iter().any(|known| same_document(known, bytes)) {
            return;
        }
        let inside =
            text.as_deref().and_then(|text| Value::parse(text, member.origin.content(), self.budget).ok());
        let document = inside.as_ref().unwrap_or(member);
        let devices = document.array().ok().and_then(|entries| entries.first()?.object().ok());
        let of_gpus = document.object().is_ok_and(|object| is_of_gpus(&object))
            || devices.is_some_and(|device| is_device(&device));
        self.note(
            &member.origin,
            if of_gpus { "evidence of GPUs" } else { "a payload of a kind that is not read" },
        );
    }

    /// Whether something inside of this value was read.
    fn holds_taken(&self, value: &Value<'_>) -> bool {
        let place = value.origin.source();
        let inside = |source: &String| {
            source.strip_prefix(&place).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '#']))
        };
        let pointer = &value.origin.pointer;
        let within = |machine: &&str| {
            machine
                .strip_prefix(pointer.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '#']))
        };
        self.taken.iter().any(inside) || (!pointer.is_empty() && self.machines.iter().any(within))
    }

    /// Whether this is veritee's own document of a quote that was read: its items keep the places that they came from. Its
    /// digest is held against its bytes by whoever reads it, and a quote that nobody read is told by its own look.
    fn is_own(&self, value: &Value<'_>) -> bool {
        let Ok(object) = value.object() else { return false };
        let text = |object: &Object<'_>, name: &str| object.get(name).and_then(|value| value.string().ok());
        let quote = object.get("quote").and_then(|quote| text(&quote.object().ok()?, "sha256"));
        text(&object, "schema").is_some_and(|schema| schema.starts_with("veritee/evidence/"))
            && quote.is_some_and(|quote| self.quotes.contains(&quote))
    }

    fn note(&mut self, origin: &Origin, what: &'static str) {
        let place = origin.source();
        // Once is enough: some readers name what they leave out.
        if self.notes.len() < MOST && !self.told.iter().any(|told| told.starts_with(&format!("{place} "))) {
            self.notes.push(Note::NotRead { place, what });
        }
    }
}

/// An array whose first entry is no number: bytes hold no document.
fn holds_documents(raw: &str) -> bool {
    raw.strip_prefix('[')
        .is_some_and(|rest| !rest.trim_start().starts_with(|first: char| first.is_ascii_digit()))
}

/// Whether a member is a payload by its name and size. Quotes are found by their content.
fn is_payload(name: &str, value: &Value<'_>) -> bool {
    let name = name.to_ascii_lowercase();
    let last = name.rsplit(['_', '-', '.']).next().unwrap_or_default();
    let named = LAST_WORDS.contains(&last) && !READ.contains(&name.as_str());
    let raw = value.raw();
    let filled = raw.starts_with(['"', '{', '[']) && raw.len() > SHORTEST;
    named && filled && !begins_as_quote(raw.trim_matches('"'))
}

fn begins_as_quote(text: &str) -> bool {
    let bytes = text.get(..16).and_then(|begin| {
        let origin = Origin::new("");
        encoding::decode_hex(begin.strip_prefix("0x").unwrap_or(begin), &origin)
            .or_else(|_| encoding::decode_base64(begin, &origin))
            .ok()
    });
    bytes.is_some_and(|bytes| matches!(bytes.as_slice(), [3..=5, 0, 2, 0, ..]))
}

/// A container of devices, in the forms in which they travel.
fn is_of_gpus(object: &Object<'_>) -> bool {
    let list = |name: &str| object.get(name).is_some_and(|value| value.is_array() && value.raw().len() > 2);
    list("evidence_list")
        || list("device_evidence_list")
        || (list("evidences") && (object.has("nonce") || object.has("result_code")))
        || (list("bundles")
            && object.get("bundles").is_some_and(|value| value.raw().contains("\"evidence\"")))
        || is_device(object)
}

fn is_device(object: &Object<'_>) -> bool {
    object.has("certificate") && object.has("evidence")
}
