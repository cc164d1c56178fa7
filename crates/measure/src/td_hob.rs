//! The TD HOB: the list of memory ranges that QEMU hands to the firmware, event 1 of RTMR0.
//!
//! Source: UEFI Platform Initialization Specification 1.8, volume 3 (hand-off blocks); TDX Virtual Firmware Design
//! Guide, section 4.2; QEMU's `tdvf-hob.c` behaviour as described in `docs/measurement.md`.

use crate::shape::{HIGH_MEMORY, SPLIT_AT, SPLIT_FROM};
use core::fmt;

const PAGE: u64 = 0x1000;
/// Ranges of a firmware. Real ones have 4.
const MAX_RANGES: usize = 32;

/// A range of guest physical addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// First byte.
    pub start: u64,
    /// Bytes.
    pub length: u64,
}

impl Range {
    const fn end(self) -> u64 {
        self.start.saturating_add(self.length)
    }
}

/// Which memory the firmware asks to be accepted before it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirmwareMemory {
    /// Where the HOB itself lies.
    hob_base: u64,
    /// Accepted ranges, ascending, apart from each other.
    accepted: Vec<Range>,
}

/// Why a TD HOB cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TdHobError {
    /// The witness ends in the middle of a number, or one exceeds 64 bits or is longer than it needs to be.
    WitnessNumber {
        /// Byte offset of the number.
        at: usize,
    },
    /// There are bytes after the witness.
    WitnessTrailing {
        /// Byte offset of the first.
        at: usize,
    },
    /// The firmware names more ranges than any real one.
    TooManyRanges {
        /// Ranges allowed.
        most: u64,
        /// Ranges named.
        got: u64,
    },
    /// A range is empty, not of whole pages, beyond 52 bits of address, or overlaps another.
    BadRange {
        /// Its position, from 0, in order of address.
        index: usize,
    },
    /// No range is named.
    NoRange,
    /// The machine's RAM ends before the firmware's memory does.
    MemoryTooSmall {
        /// Bytes that the firmware needs below the split at 4 GiB.
        least: u64,
        /// Bytes of RAM.
        got: u64,
    },
}

impl fmt::Display for TdHobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WitnessNumber { at } => {
                write!(f, "td hob witness, byte {at}: expected a shortest leb128 number")
            }
            Self::WitnessTrailing { at } => write!(f, "td hob witness, byte {at}: expected the end"),
            Self::TooManyRanges { most, got } => {
                write!(f, "firmware memory: expected at most {most} ranges, got {got}")
            }
            Self::BadRange { index } => {
                write!(f, "firmware memory, range {index}: expected whole pages of their own below 2^52")
            }
            Self::NoRange => f.write_str("firmware memory: expected at least one range"),
            Self::MemoryTooSmall { least, got } => {
                write!(f, "ram: the firmware needs more than {least} bytes, got {got}")
            }
        }
    }
}

impl core::error::Error for TdHobError {}

impl FirmwareMemory {
    /// Checks and sorts the ranges.
    ///
    /// # Errors
    /// When there is none or too many, or one is empty, misaligned, too high, or overlaps another.
    pub fn new(hob_base: u64, mut accepted: Vec<Range>) -> Result<Self, TdHobError> {
        if accepted.is_empty() {
            return Err(TdHobError::NoRange);
        }
        if accepted.len() > MAX_RANGES {
            let got = u64::try_from(accepted.len()).unwrap_or(u64::MAX);
            return Err(TdHobError::TooManyRanges { most: 32, got });
        }
        accepted.sort_by_key(|range| range.start);
        let mut last_end = 0;
        for (index, range) in accepted.iter().enumerate() {
            let pages = range.start % PAGE == 0 && range.length % PAGE == 0 && range.length > 0;
            let end = range.start.checked_add(range.length).filter(|end| *end <= 1 << 52);
            match end {
                Some(end) if pages && range.start >= last_end => last_end = end,
                _ => return Err(TdHobError::BadRange { index }),
            }
        }
        Ok(Self { hob_base, accepted })
    }

    /// The memory of dstack's OVMF builds of the "pre202505" layout: images 0.5.3 to 0.6.0.
    #[must_use]
    pub fn pre202505() -> Self {
        Self {
            hob_base: 0x80_9000,
            accepted: vec![
                Range { start: 0x80_0000, length: 0x6000 },
                Range { start: 0x80_9000, length: 0x2000 },
                Range { start: 0x80_b000, length: 0x2000 },
                Range { start: 0x81_0000, length: 0x1_0000 },
            ],
        }
    }

    /// Reads a lite manifest's witness: unsigned LEB128 numbers `base, hob, n, n × (start, count)` in pages, starts
    /// relative to the base. The witness is the prover's.
    ///
    /// # Errors
    /// When a number is cut off, too large or not in its shortest form, a range is impossible, or bytes remain.
    pub fn from_witness(witness: &[u8]) -> Result<Self, TdHobError> {
        let mut reader = Leb128 { bytes: witness, at: 0 };
        let base = reader.number()?;
        let hob = reader.page(base)?;
        let count = reader.number()?;
        if count > 32 {
            return Err(TdHobError::TooManyRanges { most: 32, got: count });
        }
        let mut accepted = Vec::new();
        for index in 0..usize::try_from(count).unwrap_or(MAX_RANGES) {
            let start = reader.page(base)?;
            let pages = reader.number()?;
            let length = pages.checked_mul(PAGE).ok_or(TdHobError::BadRange { index })?;
            accepted.push(Range { start, length });
        }
        if reader.at < witness.len() {
            return Err(TdHobError::WitnessTrailing { at: reader.at });
        }
        Self::new(hob, accepted)
    }

    /// The TD HOB for a machine with `memory` bytes of RAM.
    ///
    /// # Errors
    /// When the RAM ends before the firmware's memory does.
    pub fn td_hob(&self, memory: u64) -> Result<Vec<u8>, TdHobError> {
        let last_end = self.accepted.last().map_or(0, |range| range.end());
        let split = memory >= SPLIT_FROM;
        let low_end = if split { SPLIT_AT } else { memory };
        if last_end >= low_end {
            return Err(TdHobError::MemoryTooSmall { least: last_end, got: memory });
        }
        let mut list = HandOffList::default();
        let mut free_from = 0;
        for range in &self.accepted {
            if range.start > free_from {
                list.unaccepted(free_from, range.start.saturating_sub(free_from));
            }
            list.accepted(range.start, range.length);
            free_from = range.end();
        }
        list.unaccepted(free_from, low_end.saturating_sub(free_from));
        if split {
            list.unaccepted(HIGH_MEMORY, memory.saturating_sub(SPLIT_AT));
        }
        Ok(list.finish(self.hob_base))
    }
}

/// Resource descriptors behind a PHIT hand-off block. The end block is not part of what is measured.
#[derive(Default)]
struct HandOffList(Vec<u8>);

impl HandOffList {
    /// `EFI_RESOURCE_SYSTEM_MEMORY`.
    fn accepted(&mut self, start: u64, length: u64) {
        self.resource(0, start, length);
    }

    /// `EFI_RESOURCE_MEMORY_UNACCEPTED`.
    fn unaccepted(&mut self, start: u64, length: u64) {
        self.resource(7, start, length);
    }

    fn resource(&mut self, kind: u32, start: u64, length: u64) {
        self.0.extend_from_slice(&[3, 0, 48, 0, 0, 0, 0, 0]);
        self.0.extend_from_slice(&[0; 16]);
        self.0.extend_from_slice(&kind.to_le_bytes());
        // Present, initialized, tested.
        self.0.extend_from_slice(&7_u32.to_le_bytes());
        self.0.extend_from_slice(&start.to_le_bytes());
        self.0.extend_from_slice(&length.to_le_bytes());
    }

    fn finish(self, hob_base: u64) -> Vec<u8> {
        let total = u64::try_from(self.0.len()).unwrap_or(u64::MAX).saturating_add(56);
        let mut out = vec![1, 0, 56, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0];
        out.extend_from_slice(&[0; 32]);
        out.extend_from_slice(&hob_base.saturating_add(total).saturating_add(8).to_le_bytes());
        out.extend_from_slice(&self.0);
        out
    }
}

struct Leb128<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Leb128<'_> {
    fn number(&mut self) -> Result<u64, TdHobError> {
        let start = self.at;
        let error = TdHobError::WitnessNumber { at: start };
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or(error)?;
            self.at = self.at.saturating_add(1);
            let bits = u64::from(byte & 0x7f);
            if bits.checked_shl(shift).map(|shifted| shifted >> shift) != Some(bits) {
                return Err(error);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                // A zero as last byte of several would make a second spelling of the same number.
                return if byte == 0 && shift > 0 { Err(error) } else { Ok(value) };
            }
        }
        Err(error)
    }

    /// A page number relative to `base`, as an address.
    fn page(&mut self, base: u64) -> Result<u64, TdHobError> {
        let at = self.at;
        let page = self.number()?;
        base.checked_add(page).and_then(|page| page.checked_mul(PAGE)).ok_or(TdHobError::WitnessNumber { at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use veritee_model::Sha384Digest;

    #[test]
    fn the_witness_of_a_real_image_names_the_known_memory() {
        let witness = hex::decode("80100904000609020b021010").unwrap();
        assert_eq!(FirmwareMemory::from_witness(&witness).unwrap(), FirmwareMemory::pre202505());
    }

    #[test]
    fn digests_of_real_machines_are_reproduced() {
        for (memory, digest) in [
            (
                2_u64 << 30,
                "0b8772e5b0b41b83e6044a68397e02f49fb47066b4fbe4917ea2c45c64f323fdacbb37948f821ebaf8bc9c938ba8a749",
            ),
            (
                4 << 30,
                "5b684faf8d02a733945f821d9cdd170802e72103977acf66949c9382500283adc90cbec57f8e7653f8bee1cab83689de",
            ),
            (
                8 << 30,
                "2e070cda358b5aa00f27cca25c47381bb564f4be3a84d059805a73cbbde764ed8341f7e09915b5e7b370f9c08a743fbd",
            ),
        ] {
            let hob = FirmwareMemory::pre202505().td_hob(memory).unwrap();
            assert_eq!(hob.len(), if memory == 2 << 30 { 440 } else { 488 });
            assert_eq!(Sha384Digest::of(&hob).to_string(), digest);
        }
    }

    #[test]
    fn a_witness_with_a_second_spelling_an_overlap_or_more_bytes_is_refused() {
        for (witness, why) in [
            ("8010", "cut off"),
            ("8010090400", "cut off"),
            ("80100904000609020b02101000", "trailing"),
            ("80108900040006", "number in a longer form"),
            ("ffffffffffffffffff7f0901", "beyond 64 bits"),
            ("801009020006050200", "overlap"),
            ("8010090100ffffffffffffffff7f", "too long"),
            ("8010090100", "no length"),
            ("801009010000", "empty range"),
            ("801009ffffffff0f0006", "a billion ranges"),
            ("80100900", "no range"),
        ] {
            let witness = hex::decode(witness).unwrap();
            assert!(FirmwareMemory::from_witness(&witness).is_err(), "{why}");
        }
    }

    #[test]
    fn a_machine_whose_ram_ends_inside_the_firmware_has_no_hob() {
        assert!(matches!(
            FirmwareMemory::pre202505().td_hob(0x82_0000),
            Err(TdHobError::MemoryTooSmall { least: 0x82_0000, got: 0x82_0000 })
        ));
        assert!(FirmwareMemory::pre202505().td_hob(0x82_1000).is_ok());
    }
}
