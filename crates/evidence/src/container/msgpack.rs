//! Version 1: a msgpack map with field names, as `rmp-serde` writes dstack's structs.
//!
//! `Vec<u8>` becomes an array of integers there and `serde_human_bytes` a binary string; both are taken wherever
//! bytes are expected. Payloads of run-time events may also be base64 text. Fields that dstack does not have and
//! fields given twice are refused.

use super::{Container, Event, events_json};
use crate::encoding;
use crate::error::{BinaryProblem, ReadError};
use crate::json::Origin;
use rmpv::ValueRef;
use veritee_model::Budget;

/// Containers of dstack are nested six levels deep; the library counts two for a string inside a map.
const DEPTH: usize = 32;

pub(super) fn read(bytes: &[u8], origin: &Origin, budget: &Budget) -> Result<Container, ReadError> {
    let fail = |problem| ReadError::Binary { at: origin.place(), problem };
    let mut rest = bytes;
    let value = rmpv::decode::read_value_ref_with_max_depth(&mut rest, DEPTH)
        .map_err(|_unreadable| fail(BinaryProblem::Msgpack))?;
    if !rest.is_empty() {
        return Err(fail(BinaryProblem::TrailingBytes { count: rest.len() }));
    }
    let mut container = Map::new(value, "attestation", origin)?;
    if container.take("version")?.as_u64() != Some(1) {
        return Err(fail(BinaryProblem::Version));
    }
    let mut platform = container.map("platform")?;
    let mut stack = container.map("stack")?;
    container.finish()?;
    if let Some(platform) = unsupported(&platform.string("kind")?) {
        return Err(ReadError::PlatformUnsupported { at: origin.member("platform").place(), platform });
    }
    let mut platform_data = platform.map("data")?;
    platform.finish()?;
    let kind = stack.string("kind")?;
    let mut stack_data = stack.map("data")?;
    stack.finish()?;
    let quote = platform_data.bytes("quote")?;
    let events = platform_data.list("event_log", budget.events, event)?;
    platform_data.finish()?;
    let report_data = stack_data.bytes("report_data")?;
    let report_data = <[u8; 64]>::try_from(report_data)
        .map_err(|_other_length| fail(BinaryProblem::FieldType { field: "report_data" }))?;
    let runtime_events = stack_data.list("runtime_events", budget.events, runtime_event)?;
    let config = stack_data.string("config")?;
    let report_data_payload = match kind.as_str() {
        "dstack" => None,
        "dstack-pod" => Some(stack_data.string("report_data_payload")?),
        _ => return Err(fail(BinaryProblem::FieldType { field: "stack.kind" })),
    };
    stack_data.finish()?;
    Ok(Container {
        quote,
        event_log: events_json(&events, origin)?,
        runtime_events: events_json(&runtime_events, origin)?,
        report_data,
        config,
        report_data_payload,
    })
}

fn unsupported(kind: &str) -> Option<&'static str> {
    match kind {
        "tdx" => None,
        "gcp-tdx" => Some("gcp-tdx"),
        "nitro-enclave" => Some("nitro-enclave"),
        "aws-nitro-tpm" => Some("aws-nitro-tpm"),
        "sev-snp" => Some("sev-snp"),
        _ => Some("unknown"),
    }
}

fn event(mut map: Map<'_>) -> Result<Event, ReadError> {
    let event = Event {
        imr: map.u32("imr")?,
        event_type: map.u32("event_type")?,
        digest: if map.has("digest") { map.bytes("digest")? } else { Vec::new() },
        event: map.string("event")?,
        event_payload: map.bytes("event_payload")?,
        version: map.version()?,
        preimage: match map.optional("preimage") {
            None | Some(ValueRef::Nil) => None,
            Some(value) => Some(map.text(&value, "preimage")?),
        },
    };
    map.finish()?;
    Ok(event)
}

fn runtime_event(mut map: Map<'_>) -> Result<Event, ReadError> {
    let name = map.string("event")?;
    let payload = match map.take("payload")? {
        ValueRef::String(text) => {
            let text = map.text(&ValueRef::String(text), "payload")?;
            encoding::decode_base64(&text, &map.origin.member("payload"))?
        }
        value => map.octets(&value, "payload")?,
    };
    let event = Event::runtime(name, payload, map.version()?);
    map.finish()?;
    Ok(event)
}

/// The fields of one map that are still to be taken.
struct Map<'a> {
    fields: Vec<(String, ValueRef<'a>)>,
    origin: Origin,
}

impl<'a> Map<'a> {
    fn new(value: ValueRef<'a>, field: &'static str, origin: &Origin) -> Result<Self, ReadError> {
        let fail = |problem| ReadError::Binary { at: origin.place(), problem };
        let ValueRef::Map(pairs) = value else { return Err(fail(BinaryProblem::FieldType { field })) };
        let mut fields: Vec<(String, ValueRef<'a>)> = Vec::new();
        for (key, value) in pairs {
            let ValueRef::String(key) = key else { return Err(fail(BinaryProblem::FieldUnexpected)) };
            let key = key.as_str().ok_or_else(|| fail(BinaryProblem::NotUtf8))?;
            // dstack's maps have seven fields at most.
            if fields.len() >= 16 || fields.iter().any(|(known, _)| known == key) {
                return Err(fail(BinaryProblem::FieldUnexpected));
            }
            fields.push((key.to_owned(), value));
        }
        Ok(Self { fields, origin: origin.clone() })
    }

    fn fail(&self, problem: BinaryProblem) -> ReadError {
        ReadError::Binary { at: self.origin.place(), problem }
    }

    fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|(key, _)| key == field)
    }

    fn optional(&mut self, field: &'static str) -> Option<ValueRef<'a>> {
        let index = self.fields.iter().position(|(key, _)| key == field)?;
        Some(self.fields.swap_remove(index).1)
    }

    fn take(&mut self, field: &'static str) -> Result<ValueRef<'a>, ReadError> {
        self.optional(field).ok_or_else(|| self.fail(BinaryProblem::FieldMissing { field }))
    }

    fn map(&mut self, field: &'static str) -> Result<Self, ReadError> {
        let value = self.take(field)?;
        Map::new(value, field, &self.origin.member(field))
    }

    fn list<T>(
        &mut self,
        field: &'static str,
        limit: usize,
        entry: impl Fn(Self) -> Result<T, ReadError>,
    ) -> Result<Vec<T>, ReadError> {
        let ValueRef::Array(values) = self.take(field)? else {
            return Err(self.fail(BinaryProblem::FieldType { field }));
        };
        let origin = self.origin.member(field);
        if values.len() > limit {
            let problem = BinaryProblem::TooManyEvents { limit };
            return Err(ReadError::Binary { at: origin.place(), problem });
        }
        values
            .into_iter()
            .enumerate()
            .map(|(index, value)| entry(Map::new(value, field, &origin.member(&index.to_string()))?))
            .collect()
    }

    fn bytes(&mut self, field: &'static str) -> Result<Vec<u8>, ReadError> {
        let value = self.take(field)?;
        self.octets(&value, field)
    }

    fn octets(&self, value: &ValueRef<'_>, field: &'static str) -> Result<Vec<u8>, ReadError> {
        let fail = || self.fail(BinaryProblem::FieldType { field });
        match value {
            ValueRef::Binary(bytes) => Ok(bytes.to_vec()),
            ValueRef::Array(values) => values
                .iter()
                .map(|value| value.as_u64().and_then(|byte| u8::try_from(byte).ok()).ok_or_else(fail))
                .collect(),
            _ => Err(fail()),
        }
    }

    fn string(&mut self, field: &'static str) -> Result<String, ReadError> {
        let value = self.take(field)?;
        self.text(&value, field)
    }

    fn text(&self, value: &ValueRef<'_>, field: &'static str) -> Result<String, ReadError> {
        let ValueRef::String(text) = value else {
            return Err(self.fail(BinaryProblem::FieldType { field }));
        };
        text.as_str().map(str::to_owned).ok_or_else(|| self.fail(BinaryProblem::NotUtf8))
    }

    fn u32(&mut self, field: &'static str) -> Result<u32, ReadError> {
        let value = self.take(field)?.as_u64().and_then(|value| u32::try_from(value).ok());
        value.ok_or_else(|| self.fail(BinaryProblem::FieldType { field }))
    }

    /// Absent and 1 mean the same and are written the same.
    fn version(&mut self) -> Result<Option<u64>, ReadError> {
        match self.optional("version") {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(1) => Ok(None),
                Some(version) => Ok(Some(version)),
                None => Err(self.fail(BinaryProblem::FieldType { field: "version" })),
            },
        }
    }

    fn finish(self) -> Result<(), ReadError> {
        if self.fields.is_empty() { Ok(()) } else { Err(self.fail(BinaryProblem::FieldUnexpected)) }
    }
}
