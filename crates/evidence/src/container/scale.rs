//! Version 0: SCALE (`parity-scale-codec`), fields in the order of dstack's structs.

use super::{Container, Event, events_json};
use crate::error::{BinaryProblem, ReadError};
use crate::json::Origin;
use veritee_model::Budget;

/// Platforms by their discriminant.
const PLATFORMS: [&str; 5] = ["tdx", "gcp-tdx", "nitro-enclave", "sev-snp", "aws-nitro-tpm"];

pub(super) fn read(bytes: &[u8], origin: &Origin, budget: &Budget) -> Result<Container, ReadError> {
    let mut reader = Reader { bytes, position: 0, origin };
    let _version = reader.byte()?;
    let platform = reader.byte()?;
    if platform != 0 {
        let platform = PLATFORMS.get(usize::from(platform)).copied().unwrap_or("unknown");
        return Err(ReadError::PlatformUnsupported { at: origin.at(1), platform });
    }
    let quote = reader.vector()?.to_vec();
    let events = reader.list(budget.events, |reader| {
        Ok(Event {
            imr: reader.u32()?,
            event_type: reader.u32()?,
            digest: reader.vector()?.to_vec(),
            event: reader.string()?,
            event_payload: reader.vector()?.to_vec(),
            version: None,
            preimage: None,
        })
    })?;
    let runtime_events = reader.list(budget.events, |reader| {
        Ok(Event::runtime(reader.string()?, reader.vector()?.to_vec(), None))
    })?;
    let report_data = reader.array()?;
    let config = reader.string()?;
    let left = bytes.len().saturating_sub(reader.position);
    if left > 0 {
        return Err(reader.fail(BinaryProblem::TrailingBytes { count: left }));
    }
    Ok(Container {
        quote,
        event_log: events_json(&events, origin)?,
        runtime_events: events_json(&runtime_events, origin)?,
        report_data,
        config,
        report_data_payload: None,
    })
}

struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    origin: &'a Origin,
}

impl<'a> Reader<'a> {
    fn fail(&self, problem: BinaryProblem) -> ReadError {
        ReadError::Binary { at: self.origin.at(self.position), problem }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], ReadError> {
        let left = self.bytes.get(self.position..).unwrap_or_default();
        let Some(taken) = left.get(..count) else {
            return Err(self.fail(BinaryProblem::Truncated { needed: count, left: left.len() }));
        };
        self.position = self.position.saturating_add(count);
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    fn byte(&mut self) -> Result<u8, ReadError> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Result<u32, ReadError> {
        self.array().map(u32::from_le_bytes)
    }

    /// A compact number: two mode bits, then 6, 14 or 30 bits, or four bytes of their own; shortest form only.
    fn compact(&mut self) -> Result<usize, ReadError> {
        let start = self.position;
        let first = self.byte()?;
        let low = u32::from(first >> 2);
        let (value, smallest) = match first & 0b11 {
            0 => (low, 0),
            1 => (low | (u32::from(self.byte()?) << 6), 1 << 6),
            2 => {
                let [a, b, c] = self.array()?;
                (low | (u32::from_le_bytes([a, b, c, 0]) << 6), 1 << 14)
            }
            _ if low == 0 => (self.u32()?, 1 << 30),
            _ => (0, 1),
        };
        let size = usize::try_from(value).ok().filter(|_| value >= smallest);
        size.ok_or(ReadError::Binary { at: self.origin.at(start), problem: BinaryProblem::CompactLength })
    }

    fn vector(&mut self) -> Result<&'a [u8], ReadError> {
        let length = self.compact()?;
        self.take(length)
    }

    fn string(&mut self) -> Result<String, ReadError> {
        let start = self.position;
        let bytes = self.vector()?;
        let text = core::str::from_utf8(bytes);
        let at = self.origin.at(start);
        text.map(str::to_owned).map_err(|_bad| ReadError::Binary { at, problem: BinaryProblem::NotUtf8 })
    }

    fn list<T>(
        &mut self,
        limit: usize,
        mut entry: impl FnMut(&mut Self) -> Result<T, ReadError>,
    ) -> Result<Vec<T>, ReadError> {
        let start = self.position;
        let count = self.compact()?;
        if count > limit {
            let problem = BinaryProblem::TooManyEvents { limit };
            return Err(ReadError::Binary { at: self.origin.at(start), problem });
        }
        let mut out = Vec::new();
        for _ in 0..count {
            out.push(entry(self)?);
        }
        Ok(out)
    }
}
