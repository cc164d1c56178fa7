//! dstack's attestation container (`dstack-attest/src/attestation.rs`, `v1.rs`): SCALE as version 0, a msgpack map
//! with names as version 1. The first byte tells them apart.
//!
//! A container carries its events in binary. They are written down as dstack's event log JSON, field by field; the
//! meaning of a log is in its fields, none of its bytes are measured.

mod msgpack;
mod scale;

use crate::error::{BinaryProblem, ReadError};
use crate::json::Origin;
use serde::Serialize;
use veritee_model::Budget;

/// Event type of dstack's run-time events.
const RUNTIME_EVENT: u32 = 0x0800_0001;

/// What a container holds.
#[derive(Debug)]
pub(crate) struct Container {
    pub(crate) quote: Vec<u8>,
    /// dstack event log JSON; none when the list is empty.
    pub(crate) event_log: Option<Vec<u8>>,
    /// The same form; none when the list is empty.
    pub(crate) runtime_events: Option<Vec<u8>>,
    pub(crate) report_data: [u8; 64],
    pub(crate) config: String,
    pub(crate) report_data_payload: Option<String>,
}

/// One event as dstack's JSON spells it.
#[derive(Debug, Serialize)]
struct Event {
    imr: u32,
    event_type: u32,
    #[serde(serialize_with = "hex::serialize")]
    digest: Vec<u8>,
    event: String,
    #[serde(serialize_with = "hex::serialize")]
    event_payload: Vec<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preimage: Option<String>,
}

impl Event {
    fn runtime(event: String, event_payload: Vec<u8>, version: Option<u64>) -> Self {
        let (imr, event_type, digest) = (3, RUNTIME_EVENT, Vec::new());
        Self { imr, event_type, digest, event, event_payload, version, preimage: None }
    }
}

impl Container {
    /// Whether the bytes begin as a container does.
    pub(crate) const fn begins(bytes: &[u8]) -> bool {
        matches!(bytes, [0x00 | 0x80..=0x8f | 0xde | 0xdf, ..])
    }

    pub(crate) fn read(bytes: &[u8], origin: &Origin, budget: &Budget) -> Result<Self, ReadError> {
        if bytes.len() > budget.attestation_bytes {
            let limit = budget.attestation_bytes;
            return Err(ReadError::TooLarge { at: origin.place(), what: "bytes of attestation", limit });
        }
        match bytes.first() {
            Some(0x00) => scale::read(bytes, origin, budget),
            Some(0x80..=0x8f | 0xde | 0xdf) => msgpack::read(bytes, origin, budget),
            _ => Err(ReadError::Unrecognised {
                at: origin.place(),
                length: bytes.len(),
                first: bytes.iter().take(24).copied().collect(),
            }),
        }
    }
}

fn events_json(events: &[Event], origin: &Origin) -> Result<Option<Vec<u8>>, ReadError> {
    if events.is_empty() {
        return Ok(None);
    }
    // A list of these can always be written; the error is passed on all the same.
    serde_json::to_vec(events).map(Some).map_err(|_cannot_happen| ReadError::Binary {
        at: origin.place(),
        problem: BinaryProblem::FieldUnexpected,
    })
}
