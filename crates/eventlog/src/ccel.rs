//! The binary log of the firmware (CCEL), little-endian throughout.
//!
//! ```text
//! header record   u32 index (any), u32 type 3, 20 zero bytes, u32 size, "Spec ID Event03\0" ...
//! record          u32 index, u32 type, u32 count, count x { u16 algorithm, digest }, u32 size, payload
//! end             u32 0xFFFFFFFF where an index would stand, or the end of the bytes
//! ```
//!
//! Index 1 to 4 are RTMR0 to RTMR3 (Intel TDX Virtual Firmware Design Guide); index 0 is not a register of the TD and
//! is skipped, like `EV_NO_ACTION`, which is never extended (TCG PC Client Platform Firmware Profile). The area
//! is filled by the firmware and handed over by whoever sends it: not one byte is a fact before the replay.
//!
//! Confidential Containers' attestation agent appends records of its own for RTMR3 (`EV_EVENT_TAG`, tag `AAEL`): they are
//! read, their digests recomputed. Nothing else of RTMR3 stands in such a log.

use crate::error::EventLogError;
use crate::event::{EV_NO_ACTION, Event, RUNTIME_EVENT_TYPE, is_of_agent};
use crate::log::{Place, boot_event};
use core::fmt;
use veritee_model::{Budget, RtmrIndex, Sha384Digest};

/// What is wrong with a binary log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CcelProblem {
    /// It ends inside something.
    Truncated {
        /// Inside what.
        inside: &'static str,
        /// Bytes needed.
        needed: usize,
        /// Bytes left.
        left: usize,
    },
    /// The first record is not the specification identifier of a crypto-agile log.
    NotSpecId,
    /// The specification identifier names no SHA-384.
    Sha384NotListed,
    /// A record has no digest, or more than any log has.
    DigestCount {
        /// Digests found.
        got: u32,
    },
    /// A digest is of another algorithm than SHA-384, which is what a TD's registers are extended with.
    Algorithm {
        /// The TCG's algorithm identifier.
        id: u16,
    },
}

impl fmt::Display for CcelProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { inside, needed, left } => {
                write!(f, "{inside} of {needed} bytes where {left} are left")
            }
            Self::NotSpecId => write!(f, "not the `Spec ID Event03` record of a TCG log"),
            Self::Sha384NotListed => write!(f, "the log's list of algorithms has no sha384"),
            Self::DigestCount { got } => write!(f, "{got} digests, expected 1"),
            Self::Algorithm { id } => {
                write!(f, "digest of {} ({id:#06x}), expected sha384 (0x000c)", algorithm_name(*id))
            }
        }
    }
}

const SHA384: u16 = 0x000C;
const END: u32 = 0xFFFF_FFFF;

/// The name of a hash algorithm (TCG Algorithm Registry).
const fn algorithm_name(id: u16) -> &'static str {
    match id {
        0x0004 => "sha1",
        0x000B => "sha256",
        SHA384 => "sha384",
        0x000D => "sha512",
        0x0012 => "sm3-256",
        0x0027 => "sha3-256",
        0x0028 => "sha3-384",
        0x0029 => "sha3-512",
        _ => "an unknown algorithm",
    }
}

pub(crate) fn read(bytes: &[u8], budget: &Budget) -> Result<Vec<Event>, EventLogError> {
    let mut reader = Reader { bytes, at: 0, index: None };
    read_header(&mut reader)?;
    let mut events = Vec::new();
    let mut index = 0_usize;
    while !reader.at_end() {
        reader.index = Some(index);
        if index >= budget.events {
            return Err(EventLogError::TooManyEvents { limit: budget.events, at: reader.at });
        }
        events.extend(read_record(&mut reader, index, budget)?);
        index = index.saturating_add(1);
    }
    Ok(events)
}

/// `TCG_PCClientPCREvent` with `TCG_EfiSpecIDEvent`: signature, class, version, UINTN size, algorithms, vendor data.
fn read_header(reader: &mut Reader<'_>) -> Result<(), EventLogError> {
    let start = reader.at;
    let wrong = EventLogError::Ccel { index: None, at: start, problem: CcelProblem::NotSpecId };
    let _index = reader.u32("header record")?;
    let event_type = reader.u32("header record")?;
    let digest = reader.take(20, "header record")?;
    if event_type != EV_NO_ACTION || digest.iter().any(|byte| *byte != 0) {
        return Err(wrong);
    }
    let size = reader.u32("header record")?;
    let body_at = reader.at;
    let body = reader.take(to_usize(size), "header payload")?;
    let mut inner = Reader { bytes: body, at: 0, index: None };
    if inner.take(16, "header payload").ok() != Some(b"Spec ID Event03\0") {
        return Err(wrong);
    }
    let shifted = |error: EventLogError| match error {
        EventLogError::Ccel { index, at, problem } => {
            EventLogError::Ccel { index, at: at.saturating_add(body_at), problem }
        }
        error => error,
    };
    let listed = lists_sha384(&mut inner).map_err(shifted)?;
    if listed {
        return Ok(());
    }
    Err(EventLogError::Ccel { index: None, at: body_at, problem: CcelProblem::Sha384NotListed })
}

fn lists_sha384(body: &mut Reader<'_>) -> Result<bool, EventLogError> {
    body.take(8, "header payload")?;
    let algorithms = body.u32("header payload")?;
    let mut found = false;
    for _ in 0..algorithms {
        let id = body.u16("list of algorithms")?;
        let size = body.u16("list of algorithms")?;
        found |= id == SHA384 && usize::from(size) == Sha384Digest::LEN;
    }
    Ok(found)
}

fn read_record(
    reader: &mut Reader<'_>,
    index: usize,
    budget: &Budget,
) -> Result<Option<Event>, EventLogError> {
    let offset = reader.at;
    let register_index = reader.u32("record")?;
    let event_type = reader.u32("record")?;
    let count = reader.u32("record")?;
    if count != 1 {
        return Err(reader.problem(offset, CcelProblem::DigestCount { got: count }));
    }
    let algorithm_at = reader.at;
    let algorithm = reader.u16("digest")?;
    if algorithm != SHA384 {
        return Err(reader.problem(algorithm_at, CcelProblem::Algorithm { id: algorithm }));
    }
    let digest_at = reader.at;
    let digest: [u8; 48] = *reader.chunk("digest")?;
    let size = to_usize(reader.u32("record")?);
    let payload_at = reader.at;
    let payload = reader.take(size, "payload")?;
    if size > budget.event_payload_bytes {
        let limit = budget.event_payload_bytes;
        return Err(EventLogError::PayloadTooLarge { index, at: payload_at, limit, got: size });
    }
    let Some(imr) = register_index.checked_sub(1) else { return Ok(None) };
    let register =
        RtmrIndex::from_index(imr).ok_or(EventLogError::RegisterUnknown { index, at: offset, imr })?;
    // Of RTMR3 only what an agent in the guest appends: it has no name, so that no identity is ever read out of it.
    let of_agent = is_of_agent(event_type, payload);
    if (register == RtmrIndex::Rtmr3) != of_agent || event_type == RUNTIME_EVENT_TYPE {
        return Err(EventLogError::RegisterWrong { index, at: offset, register, event_type });
    }
    if event_type == EV_NO_ACTION {
        return Ok(None);
    }
    let place = Place { index, offset, digest_at, register };
    boot_event(&place, event_type, Sha384Digest::new(digest), payload.to_vec()).map(Some)
}

/// Where `usize` has 16 bits, what does not fit cannot be in memory either.
fn to_usize(size: u32) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    index: Option<usize>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn at_end(&self) -> bool {
        let rest = self.rest();
        // dstack's firmware fills the area with ones, td-shim before 2023 with zeros. A record has a one within its first
        // twelve bytes, so that the look ahead is short wherever records follow.
        rest.is_empty() || rest.starts_with(&END.to_le_bytes()) || rest.iter().all(|byte| *byte == 0)
    }

    fn problem(&self, at: usize, problem: CcelProblem) -> EventLogError {
        EventLogError::Ccel { index: self.index, at, problem }
    }

    fn take(&mut self, size: usize, inside: &'static str) -> Result<&'a [u8], EventLogError> {
        let left = self.rest();
        let Some((taken, _)) = left.split_at_checked(size) else {
            let problem = CcelProblem::Truncated { inside, needed: size, left: left.len() };
            return Err(self.problem(self.at, problem));
        };
        self.at = self.at.saturating_add(size);
        Ok(taken)
    }

    fn chunk<const N: usize>(&mut self, inside: &'static str) -> Result<&'a [u8; N], EventLogError> {
        let at = self.at;
        let problem = CcelProblem::Truncated { inside, needed: N, left: self.rest().len() };
        let error = self.problem(at, problem);
        self.take(N, inside)?.first_chunk().ok_or(error)
    }

    fn u32(&mut self, inside: &'static str) -> Result<u32, EventLogError> {
        self.chunk(inside).map(|bytes| u32::from_le_bytes(*bytes))
    }

    fn u16(&mut self, inside: &'static str) -> Result<u16, EventLogError> {
        self.chunk(inside).map(|bytes| u16::from_le_bytes(*bytes))
    }
}
