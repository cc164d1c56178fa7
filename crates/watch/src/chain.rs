//! Following records one by one.

use crate::record::{Observation, RECORD_BYTES, SCHEMA};
use core::fmt;
use veritee_model::text::{inert, shortened};
use veritee_model::{Sha256Digest, UnixTime};

/// Follows a chain from its first record on.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Records that fit so far.
    length: u64,
    /// Hash of the last one.
    head: Sha256Digest,
    /// Time of the last one.
    last: Option<UnixTime>,
    /// Numbers of records that are earlier than the one before them, by the clock.
    backwards: Vec<u64>,
}

/// Where and why a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Break {
    /// A record is too large.
    TooLarge {
        /// The place where it should stand, from 1.
        place: u64,
        /// Its length.
        bytes: usize,
    },
    /// A record cannot be read.
    Malformed {
        /// The place where it stands.
        place: u64,
        /// What is wrong.
        detail: String,
    },
    /// A record is of another format.
    Schema {
        /// The place where it stands.
        place: u64,
        /// What it calls itself.
        got: String,
    },
    /// A record is missing, repeated or out of its place.
    Number {
        /// The place where it stands.
        place: u64,
        /// The number that it has.
        got: u64,
    },
    /// A record does not follow the one before it: one of the two was changed.
    Previous {
        /// The place where it stands.
        place: u64,
        /// The hash of the record before it.
        expected: Sha256Digest,
        /// The hash that it names.
        got: Sha256Digest,
    },
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { place, bytes } => {
                write!(f, "record {place}: expected up to {RECORD_BYTES} bytes, got {bytes}")
            }
            Self::Malformed { place, detail } => write!(f, "record {place}: {detail}"),
            Self::Schema { place, got } => {
                write!(f, "record {place}: expected the schema {SCHEMA}, got {}", inert(&shortened(got, 60)))
            }
            Self::Number { place, got } => {
                write!(
                    f,
                    "record {place}: has the number {got}: records were taken out, put in or moved here"
                )
            }
            Self::Previous { place, expected, got } => write!(
                f,
                "record {place}: names {got} as the record before it, which hashes to {expected}: record {} or its \
                 successor was changed",
                place.saturating_sub(1)
            ),
        }
    }
}

impl core::error::Error for Break {}

impl Default for Chain {
    fn default() -> Self {
        Self { length: 0, head: Sha256Digest::new([0; 32]), last: None, backwards: Vec::new() }
    }
}

impl Chain {
    /// A chain without records.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on behind a record that is known.
    #[must_use]
    pub(crate) fn behind(length: u64, head: Sha256Digest) -> Self {
        Self { length, head, ..Self::default() }
    }

    /// Takes the exact bytes of the next record.
    ///
    /// # Errors
    /// Where they do not follow.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Observation, Break> {
        let place = self.next();
        if bytes.len() > RECORD_BYTES {
            return Err(Break::TooLarge { place, bytes: bytes.len() });
        }
        let record: Observation = serde_json::from_slice(bytes).map_err(|error| Break::Malformed {
            place,
            detail: inert(&shortened(&error.to_string(), 200)),
        })?;
        if record.schema != SCHEMA {
            return Err(Break::Schema { place, got: record.schema });
        }
        if record.number != place {
            return Err(Break::Number { place, got: record.number });
        }
        if record.previous != self.head {
            return Err(Break::Previous { place, expected: self.head, got: record.previous });
        }
        if self.last.is_some_and(|last| record.at < last) {
            self.backwards.push(place);
        }
        self.last = Some(record.at);
        self.length = place;
        self.head = Sha256Digest::of(bytes);
        Ok(record)
    }

    /// The number that the next record must have.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.length.saturating_add(1)
    }

    /// How many records fit so far.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// The hash of the last of them; zeros where there is none.
    #[must_use]
    pub const fn head(&self) -> Sha256Digest {
        self.head
    }

    /// Records that are earlier than the one before them: the watcher's clock was set back.
    #[must_use]
    pub fn backwards(&self) -> &[u64] {
        &self.backwards
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Draft;

    fn lines(count: u64) -> Vec<Vec<u8>> {
        let mut chain = Chain::new();
        let mut out = Vec::new();
        for number in 0..count {
            let draft = Draft::new("app", UnixTime::from_seconds(1_000 + number), "1.0");
            let record = draft.at_place(&chain, Vec::new(), Vec::new());
            let bytes = serde_json::to_vec(&record).unwrap();
            chain.take(&bytes).unwrap();
            out.push(bytes);
        }
        out
    }

    fn follow(lines: &[Vec<u8>]) -> Result<Chain, Break> {
        let mut chain = Chain::new();
        for line in lines {
            chain.take(line)?;
        }
        Ok(chain)
    }

    #[test]
    fn every_single_change_is_told_at_its_place() {
        let good = lines(6);
        assert_eq!(follow(&good).unwrap().length(), 6);
        let mut cut = good.clone();
        cut.remove(2);
        assert_eq!(follow(&cut).unwrap_err(), Break::Number { place: 3, got: 4 });
        let mut twice = good.clone();
        twice.insert(2, good[1].clone());
        assert_eq!(follow(&twice).unwrap_err(), Break::Number { place: 3, got: 2 });
        let mut swapped = good.clone();
        swapped.swap(1, 2);
        assert_eq!(follow(&swapped).unwrap_err(), Break::Number { place: 2, got: 3 });
        let mut changed = good.clone();
        changed[3] = String::from_utf8(good[3].clone()).unwrap().replace("\"app\"", "\"apq\"").into_bytes();
        assert!(matches!(follow(&changed).unwrap_err(), Break::Previous { place: 5, .. }));
        // The same content in other bytes is another record.
        let mut spaced = good.clone();
        spaced[0] = String::from_utf8(good[0].clone()).unwrap().replacen(',', ", ", 1).into_bytes();
        assert!(matches!(follow(&spaced).unwrap_err(), Break::Previous { place: 2, .. }));
    }

    #[test]
    fn every_changed_byte_breaks_the_chain_or_changes_its_head() {
        let good = lines(3);
        let head = follow(&good).unwrap().head();
        for line in 0..3 {
            for at in 0..good[line].len() {
                let mut changed = good.clone();
                changed[line][at] ^= 1;
                assert!(follow(&changed).map_or(true, |chain| chain.head() != head), "{line} {at}");
            }
        }
    }

    #[test]
    fn a_clock_that_was_set_back_is_told_and_is_no_break() {
        let mut chain = Chain::new();
        for seconds in [100, 90, 95] {
            let record =
                Draft::new("app", UnixTime::from_seconds(seconds), "1.0").at_place(&chain, vec![], vec![]);
            chain.take(&serde_json::to_vec(&record).unwrap()).unwrap();
        }
        assert_eq!(chain.backwards(), [2]);
    }
}
