//! Evidence inside another document: an envelope of a service, an answer under a name of its own. What is found is named
//! by JSON pointer.

use crate::draft::add_entry;
use crate::encoding;
use crate::error::{Place, ReadError};
use crate::json::{Origin, Value};
use crate::other;
use crate::read::{is_machine, read_object, read_unwrapped};
use crate::readout::{Format, NamedEvidence, Note, Readout};
use crate::stray::strays;
use crate::unread;
use std::collections::BTreeMap;
use veritee_model::{Budget, Evidence, Item, Sha256Digest};

/// How deep envelopes are opened. Each level is looked through once, so that the cost is a small multiple of the input.
const DEPTH: usize = 10;

/// Machines in one document.
const MACHINES: usize = 256;

/// What lies inside a document that is no evidence itself; nothing when there is no evidence in it.
///
/// # Errors
/// When evidence was found and cannot be read, when there are too many machines in it, or when what was found is of
/// another platform.
pub(crate) fn read(value: &Value<'_>, budget: &Budget) -> Result<Option<Readout>, ReadError> {
    let (machines, notes, known) = (Vec::new(), Vec::new(), BTreeMap::new());
    let (bare, bodies, listed, other, left) = (Vec::new(), Vec::new(), Vec::new(), None, budget.input_bytes);
    let (found, lists) = ((0, 0), 0);
    let mut search =
        Search { machines, notes, known, bare, listed, found, lists, other, bodies, left, budget };
    search.look(value, 0)?;
    search.name_the_rest(value)?;
    search.take_bare()?;
    let Search { machines, notes, other, bodies, .. } = search;
    match other {
        _ if !machines.is_empty() => {
            let mut readout = Readout { format: Format::Envelope, machines, notes };
            for (origin, text) in bodies {
                let strays = strays(&text, &readout, &origin, budget);
                let payloads = unread::payloads(&text, &readout, &origin, budget);
                readout.notes.extend(strays.into_iter().chain(payloads));
            }
            Ok(Some(readout))
        }
        Some((at, platform)) => Err(ReadError::PlatformUnsupported { at, platform }),
        None => Ok(None),
    }
}

/// Shorter texts hold no quote.
const SHORTEST: usize = 576;

/// A JSON string that begins as a quote does in hex or base64.
fn begins_as_quote(raw: &str) -> bool {
    const BEGINS: [&str; 6] = ["03000200", "04000200", "05000200", "AwACA", "BAACA", "BQACA"];
    let text = raw.trim_start_matches('"');
    let text = text.strip_prefix("0x").unwrap_or(text);
    raw.len() > SHORTEST && BEGINS.iter().any(|begin| text.starts_with(begin))
}

/// Numbers that begin as a quote does.
fn quote_in_numbers(value: &Value<'_>) -> Option<Vec<u8>> {
    if !value.holds_numbers() || value.raw().len() < SHORTEST {
        return None;
    }
    value.bytes().filter(|bytes| matches!(bytes.as_slice(), [3..=5, 0, 2, 0, ..]))
}

/// An entry of a list, and whether a machine, or a bare quote, lies in it.
struct Listed {
    list: usize,
    origin: Origin,
    machine: bool,
    bare: bool,
}

struct Search<'b> {
    machines: Vec<NamedEvidence>,
    notes: Vec<Note>,
    known: BTreeMap<Sha256Digest, usize>,
    /// Quotes under names that no writer of dstack's uses.
    bare: Vec<NamedEvidence>,
    /// Entries of lists, with what was found in each.
    listed: Vec<Listed>,
    /// Machines and bare quotes that were found so far, those included that another one has said already.
    found: (usize, usize),
    /// Lists so far.
    lists: usize,
    /// Where a token of an attestation service stands, or an attestation of another platform, the first of them.
    other: Option<(Box<Place>, &'static str)>,
    /// What strings held in base64 or hex.
    bodies: Vec<(Origin, String)>,
    /// Bytes that may still be inflated.
    left: usize,
    budget: &'b Budget,
}

impl Search<'_> {
    fn look(&mut self, value: &Value<'_>, depth: usize) -> Result<(), ReadError> {
        if depth > DEPTH {
            return Ok(());
        }
        let next = depth.saturating_add(1);
        if let Some(bytes) = quote_in_numbers(value) {
            self.note_bare(value, bytes);
        } else if value.is_object() {
            let object = value.object()?;
            self.note_other(value, other::object(&object));
            if is_machine(&object) {
                return match read_object(&object, self.budget) {
                    // Beside machines of ours one of another platform is named where there is nothing else.
                    Err(ReadError::PlatformUnsupported { platform, .. }) => {
                        self.note_other(value, Some(platform));
                        Ok(())
                    }
                    readout => self.take(&object.origin.pointer, readout?, value),
                };
            }
            for member in object.into_members().into_values() {
                self.look(&member, next)?;
            }
        } else if value.is_array() {
            if value.holds_numbers() {
                self.note_other(value, value.bytes().and_then(|bytes| other::binary(&bytes)));
            }
            // A list of numbers, or one that is too long, has no machines in it.
            let entries = value.array().unwrap_or_default();
            self.lists = self.lists.saturating_add(1);
            let list = self.lists;
            let mut listed = Vec::new();
            for entry in &entries {
                let (machines, bare) = self.found;
                self.look(entry, next)?;
                let (machine, bare) = (self.found.0 > machines, self.found.1 > bare);
                listed.push(Listed { list, origin: entry.origin.clone(), machine, bare });
            }
            // Of a list without any machine nothing is missing.
            if listed.iter().any(|entry| entry.machine || entry.bare) {
                self.listed.extend(listed);
            }
        } else if value.is_string() {
            self.look_inside(value, next)?;
        }
        Ok(())
    }

    /// A string may hold a document of its own, or a token.
    fn look_inside(&mut self, value: &Value<'_>, next: usize) -> Result<(), ReadError> {
        let raw = value.raw();
        if begins_as_quote(raw) {
            if let Ok(bytes) = encoding::decode(&value.string()?, &value.origin) {
                self.note_bare(value, bytes);
            }
        } else if raw.starts_with("\"eyJ") && other::is_token(&value.string()?) {
            self.note_other(value, Some(other::TOKEN));
        } else if encoding::begins_encoded(raw.trim_start_matches('"').as_bytes()) {
            self.look_into_body(value, next)?;
        } else if other::begins(raw.trim_start_matches('"')) {
            let bytes = encoding::decode(&value.string()?, &value.origin);
            self.note_other(value, bytes.ok().and_then(|bytes| other::binary(&bytes)));
        } else if (raw.starts_with("\"{") || raw.starts_with("\"["))
            && let Some(nested) = value.nested()?
            && let Ok(inner) = nested.value(self.budget)
        {
            self.look(&inner, next)?;
        }
        Ok(())
    }

    /// What a string holds in base64 is read as what stands in it as text is, and looked through for what nobody read.
    fn look_into_body(&mut self, value: &Value<'_>, next: usize) -> Result<(), ReadError> {
        let origin = value.origin.content();
        let Some(text) = encoding::body(&value.string()?, &origin, self.budget, &mut self.left) else {
            return Ok(());
        };
        if let Ok(inner) = Value::parse(&text, origin.clone(), self.budget) {
            self.look(&inner, next)?;
        } else if let Ok(readout) = read_unwrapped(text.as_bytes(), &origin, self.budget) {
            self.take(&origin.pointer, readout, value)?;
        }
        self.bodies.push((origin, text));
        Ok(())
    }

    fn note_other(&mut self, value: &Value<'_>, platform: Option<&'static str>) {
        if self.other.is_none()
            && let Some(platform) = platform
        {
            self.other = Some((value.place(), platform));
        }
    }

    fn note_bare(&mut self, value: &Value<'_>, bytes: Vec<u8>) {
        self.found.1 = self.found.1.saturating_add(1);
        if self.bare.len() < MACHINES {
            let quote = Some(Item::new(bytes, value.origin.source()));
            let evidence = Evidence { quote, ..Evidence::default() };
            self.bare.push(NamedEvidence { label: value.origin.pointer.clone(), evidence });
        }
    }

    /// Names each entry without a machine that stands in a list beside machines: who asked for all of them is told which
    /// one has no answer.
    fn name_the_rest(&mut self, document: &Value<'_>) -> Result<(), ReadError> {
        let known = !self.machines.is_empty();
        let counts = |entry: &Listed| if known { entry.machine } else { entry.bare };
        let listed = core::mem::take(&mut self.listed);
        for list in listed.chunk_by(|one, other| one.list == other.list) {
            if !list.iter().any(counts) {
                continue;
            }
            for entry in list.iter().filter(|entry| !counts(entry)) {
                if self.notes.len() >= MACHINES {
                    return Err(ReadError::TooLarge {
                        at: document.place(),
                        what: "entries without a machine in one document",
                        limit: MACHINES,
                    });
                }
                let (place, pointer) = (entry.origin.source(), entry.origin.pointer.clone());
                self.notes.push(Note::NoMachine { place, pointer });
            }
        }
        Ok(())
    }

    /// Where there is nothing with a known name, the quotes under other names are the machines.
    fn take_bare(&mut self) -> Result<(), ReadError> {
        if !self.machines.is_empty() {
            return Ok(());
        }
        for entry in core::mem::take(&mut self.bare) {
            add_entry(entry, &mut self.known, &mut self.machines, &mut self.notes)?;
        }
        Ok(())
    }

    fn take(&mut self, pointer: &str, readout: Readout, value: &Value<'_>) -> Result<(), ReadError> {
        self.notes.extend(readout.notes);
        for machine in readout.machines {
            self.found.0 = self.found.0.saturating_add(1);
            if self.machines.len() >= MACHINES {
                return Err(ReadError::TooLarge {
                    at: value.place(),
                    what: "machines in one document",
                    limit: MACHINES,
                });
            }
            let label = if machine.label.is_empty() { pointer.to_owned() } else { machine.label };
            let entry = NamedEvidence { label, evidence: machine.evidence };
            add_entry(entry, &mut self.known, &mut self.machines, &mut self.notes)?;
        }
        Ok(())
    }
}
