//! What dstack derives from run-time events and registers: for whoever replays a log, and for whoever reads a report of it.

use crate::bytes::{Rtmr, Sha256Digest, Sha384Digest};
use crate::report::{EventFact, QuoteFacts};

/// Type of dstack's run-time events (`DSTACK_RUNTIME_EVENT_TYPE`, not assigned by the TCG).
pub const RUNTIME_EVENT_TYPE: u32 = 0x0800_0001;

/// How the digest of a run-time event is made (dstack: `event_log_version`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventVersion {
    /// `SHA-384(LE32(type) || ":" || name || ":" || payload)`. A colon in the name makes it fit two readings.
    V1,
    /// `SHA-384` of the canonical JSON `{"name":..,"payload":"<hex>","type":134217729}` (RFC 8785).
    V2,
}

impl EventVersion {
    /// The number that logs carry.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }

    /// The bytes that are hashed for a run-time event.
    #[must_use]
    pub fn preimage(self, name: &str, payload: &[u8]) -> Vec<u8> {
        match self {
            Self::V1 => {
                [&RUNTIME_EVENT_TYPE.to_le_bytes()[..], b":", name.as_bytes(), b":", payload].concat()
            }
            // serde_json escapes strings as RFC 8785 asks: short forms, lower-case \u00xx, all else as it is.
            Self::V2 => format!(
                "{{\"name\":{},\"payload\":\"{}\",\"type\":{RUNTIME_EVENT_TYPE}}}",
                serde_json::Value::from(name),
                hex::encode(payload)
            )
            .into_bytes(),
        }
    }

    /// The digest of a run-time event.
    #[must_use]
    pub fn digest(self, name: &str, payload: &[u8]) -> Sha384Digest {
        Sha384Digest::of(&self.preimage(name, payload))
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::V1 => Self::V2,
            Self::V2 => Self::V1,
        }
    }
}

/// `mr_aggregated`: `SHA-256(MRTD || RTMR0 || .. || RTMR3)`, with `MRCONFIGID || MROWNER || MROWNERCONFIG` appended
/// when any of those is not zero (dstack: `decode_mr`). Each of 48 bytes.
#[must_use]
pub fn mr_aggregated(mrtd: &[u8; 48], rtmrs: [&Rtmr; 4], configuration: [&[u8; 48]; 3]) -> Sha256Digest {
    let mut joined = mrtd.to_vec();
    for register in rtmrs {
        joined.extend(register.as_bytes());
    }
    if configuration.iter().any(|register| register.iter().any(|byte| *byte != 0)) {
        configuration.iter().for_each(|register| joined.extend(*register));
    }
    Sha256Digest::of(&joined)
}

impl QuoteFacts {
    /// `mr_aggregated` of these registers.
    #[must_use]
    pub fn mr_aggregated(&self) -> Sha256Digest {
        let configuration =
            [self.mr_config_id.as_bytes(), self.mr_owner.as_bytes(), self.mr_owner_config.as_bytes()];
        let rtmrs = [&self.rtmr0, &self.rtmr1, &self.rtmr2, &self.rtmr3];
        mr_aggregated(self.mrtd.as_bytes(), rtmrs, configuration)
    }
}

impl EventFact {
    /// The bytes of the payload that the digest is of: the text as it stands, or what it spells in hex. Nothing where it
    /// is of neither: the payload is another event's.
    #[must_use]
    pub fn digested(&self) -> Option<Vec<u8>> {
        let readings = [Some(self.payload.as_bytes().to_vec()), hex::decode(&self.payload).ok()];
        readings.into_iter().flatten().find(|payload| {
            [EventVersion::V1, EventVersion::V2]
                .into_iter()
                .any(|version| version.digest(&self.name, payload) == self.digest)
        })
    }
}
