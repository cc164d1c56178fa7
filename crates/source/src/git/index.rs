//! The index of a pack, version 2, read where it is needed: its table of first bytes once, names one by one.
//!
//! Layout (gitformat-pack(5)): magic and version, 256 words that say how many names begin with a byte no greater than
//! this one, the names sorted, a checksum of four bytes each, an offset of four bytes each, large offsets of eight.

use super::DIGITS;
use crate::notice::Notice;
use crate::reading::Reading;

/// Bytes of a name.
const NAME: u64 = 20;
/// Bytes before the names.
const BEFORE_NAMES: u64 = 8 + 256 * 4;

#[derive(Debug, Clone)]
pub(super) struct Index {
    path: String,
    /// How many names begin with a byte no greater than this one.
    fanout: Vec<u32>,
}

impl Index {
    /// Reads the table. What is not of its form is named, and answers nothing.
    pub(super) fn open(reading: &mut Reading<'_>, path: &str) -> Option<Self> {
        let size = reading.size(path)?;
        let head = reading.range(path, 0, usize::try_from(BEFORE_NAMES).ok()?)?;
        let index = Self::parse(path, &head).filter(|index| {
            // The names and offsets that it speaks of have to be there.
            index
                .total()
                .checked_mul(28)
                .and_then(|bytes| bytes.checked_add(BEFORE_NAMES))
                .is_some_and(|least| least <= size)
        });
        if index.is_none() {
            reading.note(Notice::Unreadable(path.to_owned()));
        }
        index
    }

    fn parse(path: &str, head: &[u8]) -> Option<Self> {
        let words = head.strip_prefix(b"\xfftOc\0\0\0\x02")?;
        let fanout: Vec<u32> =
            words.chunks_exact(4).filter_map(|word| word.try_into().ok().map(u32::from_be_bytes)).collect();
        let sorted = fanout.windows(2).all(|pair| matches!(pair, [one, other] if one <= other));
        (fanout.len() == 256 && sorted).then(|| Self { path: path.to_owned(), fanout })
    }

    fn total(&self) -> u64 {
        self.fanout.last().copied().map_or(0, u64::from)
    }

    pub(super) fn pack(&self) -> String {
        format!("{}.pack", self.path.strip_suffix(".idx").unwrap_or(&self.path))
    }

    /// Positions of the names that begin with this byte.
    fn bucket(&self, first: u8) -> core::ops::Range<u64> {
        let upto = |byte: u8| self.fanout.get(usize::from(byte)).copied().map_or(0, u64::from);
        first.checked_sub(1).map_or(0, upto)..upto(first)
    }

    /// Position of the first name that is not below a prefix of hex digits: found by halving, twenty bytes a look.
    pub(super) fn lower_bound(&self, reading: &mut Reading<'_>, prefix: &str) -> Option<u64> {
        let first = u8::from_str_radix(prefix.get(..2)?, 16).ok()?;
        let core::ops::Range { start: mut low, end: mut high } = self.bucket(first);
        while low < high {
            let middle = low.checked_add(high.checked_sub(low)? / 2)?;
            if self.name(reading, middle)?.as_str() < prefix {
                low = middle.checked_add(1)?;
            } else {
                high = middle;
            }
        }
        Some(low)
    }

    /// The name at a position; an empty one behind the last.
    pub(super) fn name(&self, reading: &mut Reading<'_>, position: u64) -> Option<String> {
        if position >= self.total() {
            return Some(String::new());
        }
        let offset = position.checked_mul(NAME)?.checked_add(BEFORE_NAMES)?;
        let name = hex::encode(reading.range(&self.path, offset, DIGITS / 2)?);
        if name.len() == DIGITS {
            return Some(name);
        }
        reading.note(Notice::Unreadable(self.path.clone()));
        None
    }

    /// Where an object stands in the pack: `Some(None)` when it is not in it.
    #[expect(clippy::option_option, reason = "not there and not readable are two answers")]
    pub(super) fn find(&self, reading: &mut Reading<'_>, object: &str) -> Option<Option<u64>> {
        let position = self.lower_bound(reading, object)?;
        if self.name(reading, position)? != object {
            return Some(None);
        }
        self.offset(reading, position).map(Some)
    }

    /// Where the entry at a position begins in the pack.
    pub(super) fn offset(&self, reading: &mut Reading<'_>, position: u64) -> Option<u64> {
        let offsets = self.total().checked_mul(24)?.checked_add(BEFORE_NAMES)?;
        let small = self.word(reading, offsets.checked_add(position.checked_mul(4)?)?)?;
        if small & 0x8000_0000 == 0 {
            return Some(u64::from(small));
        }
        let large = self.total().checked_mul(28)?.checked_add(BEFORE_NAMES)?;
        let at = large.checked_add(u64::from(small & 0x7fff_ffff).checked_mul(8)?)?;
        let high = u64::from(self.word(reading, at)?);
        let low = u64::from(self.word(reading, at.checked_add(4)?)?);
        Some((high << 32) | low)
    }

    fn word(&self, reading: &mut Reading<'_>, at: u64) -> Option<u32> {
        let bytes = reading.range(&self.path, at, 4)?;
        let word = bytes.try_into().ok().map(u32::from_be_bytes);
        if word.is_none() {
            reading.note(Notice::Unreadable(self.path.clone()));
        }
        word
    }
}
