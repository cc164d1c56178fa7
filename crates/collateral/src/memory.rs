//! The newest that was seen, so that an older one is noticed.
//!
//! Intel's signatures do not say that a document is the newest: whoever stands between can replay an older one that
//! is still in force, with a better TCB status or without a revocation. What is remembered is the highest
//! evaluation number and revocation list number and the latest date, of collateral that *verified*, under each root
//! apart.

use crate::need::{Evaluation, Need, tee_name};
use crate::service::ItemKind;
use core::fmt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use veritee_model::{Sha256Digest, UnixTime};
use veritee_quote::PreparedCollateral;
use veritee_quote::error::Source;

const VERSION: u32 = 1;

/// A verified document that is older than one that was seen before.
///
/// Not a verdict: servers behind one name can lag behind one another by hours, and another service can be weeks
/// behind. A lower *number* is worth more suspicion than an earlier date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// Which document.
    pub item: ItemKind,
    /// What it is about: `tdx 90c06f000000 standard`, `platform`.
    pub subject: String,
    /// The newest seen.
    pub seen: Mark,
    /// What came.
    pub got: Mark,
}

/// How new a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Evaluation data number or CRLNumber, hex without leading zeros.
    pub number: String,
    /// issueDate or thisUpdate.
    pub issued: UnixTime,
}

/// All that is remembered under one root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    version: u32,
    root: Sha256Digest,
    marks: BTreeMap<String, StoredMark>,
}

/// Number and date separately: the highest of each, which need not be of one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredMark {
    number: String,
    issued: UnixTime,
}

struct Observation {
    item: ItemKind,
    subject: String,
    mark: Mark,
}

impl Memory {
    /// An empty memory for one root.
    #[must_use]
    pub const fn new(root: Sha256Digest) -> Self {
        Self { version: VERSION, root, marks: BTreeMap::new() }
    }

    /// The root's key digest.
    #[must_use]
    pub const fn root(&self) -> Sha256Digest {
        self.root
    }

    pub(crate) const fn is_known_version(&self) -> bool {
        self.version == VERSION
    }

    /// How many documents it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Nothing was seen yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// What of `prepared` is older than what was seen. Empty under another root than the memory's.
    #[must_use]
    pub fn compare(&self, need: &Need, prepared: &PreparedCollateral) -> Vec<Rollback> {
        if prepared.root().spki_sha256() != self.root {
            return Vec::new();
        }
        observations(need, prepared)
            .into_iter()
            .filter_map(|observation| {
                let seen = self.marks.get(&observation.key())?;
                let older = number_order(&observation.mark.number) < number_order(&seen.number)
                    || observation.mark.issued < seen.issued;
                older.then(|| Rollback {
                    item: observation.item,
                    subject: observation.subject,
                    seen: Mark { number: seen.number.clone(), issued: seen.issued },
                    got: observation.mark,
                })
            })
            .collect()
    }

    /// Remembers what `prepared` shows to exist; true when something was new.
    ///
    /// Nothing is remembered of collateral under another root, and nothing can be from the future of the time that
    /// it was verified at: [`veritee_quote::Collateral::verify_at`] refuses what is not in force yet.
    pub fn remember(&mut self, need: &Need, prepared: &PreparedCollateral) -> bool {
        if prepared.root().spki_sha256() != self.root {
            return false;
        }
        let mut changed = false;
        for observation in observations(need, prepared) {
            let new = StoredMark { number: observation.mark.number.clone(), issued: observation.mark.issued };
            let seen = self.marks.entry(observation.key()).or_insert_with(|| {
                changed = true;
                new.clone()
            });
            if number_order(&new.number) > number_order(&seen.number) {
                seen.number = new.number;
                changed = true;
            }
            if new.issued > seen.issued {
                seen.issued = new.issued;
                changed = true;
            }
        }
        changed
    }
}

/// What of `came` is older than the same of `before`. Number first, then date: Intel signs old evaluations anew.
pub(crate) fn compare(need: &Need, before: &PreparedCollateral, came: &PreparedCollateral) -> Vec<Rollback> {
    observations(need, before)
        .into_iter()
        .zip(observations(need, came))
        .filter(|(seen, got)| {
            let age = |mark: &Mark| (number_order(&mark.number).0, mark.number.clone(), mark.issued);
            age(&got.mark) < age(&seen.mark)
        })
        .map(|(seen, got)| Rollback { item: got.item, subject: got.subject, seen: seen.mark, got: got.mark })
        .collect()
}

impl Observation {
    fn key(&self) -> String {
        format!("{} {}", self.item.name(), self.subject).trim_end().to_owned()
    }
}

fn observations(need: &Need, prepared: &PreparedCollateral) -> Vec<Observation> {
    let (root_number, pck_number) = prepared.crl_numbers();
    let issued = |source| {
        prepared.sources().iter().find(|dates| dates.source == source).map(|dates| dates.latest_issued)
    };
    let tee = tee_name(need.tee);
    // A set that was asked for by number is as old as its number says, on purpose.
    let set = match need.evaluation {
        Evaluation::Number(number) => format!("number {number}"),
        named => named.to_string(),
    };
    let hex_number = |number: u32| format!("{number:x}");
    let without_zeros = |hex: &str| match hex.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits => digits.to_owned(),
    };
    [
        (
            ItemKind::TcbInfo,
            format!("{tee} {} {set}", need.fmspc),
            hex_number(prepared.tcb_info().evaluation_number),
            Source::TcbInfo,
        ),
        (
            ItemKind::QeIdentity,
            format!("{tee} {set}"),
            hex_number(prepared.qe_identity().evaluation_number),
            Source::QeIdentity,
        ),
        (ItemKind::PckCrl, need.ca.name().to_owned(), without_zeros(pck_number), Source::PckCrl),
        (ItemKind::RootCaCrl, String::new(), without_zeros(root_number), Source::RootCaCrl),
    ]
    .into_iter()
    .filter_map(|(item, subject, number, source)| {
        let mark = Mark { number, issued: issued(source)? };
        Some(Observation { item, subject, mark })
    })
    .collect()
}

/// Orders hex numbers of any length: without leading zeros, the longer is the larger.
fn number_order(hex: &str) -> (usize, &str) {
    let digits = hex.trim_start_matches('0');
    (digits.len(), digits)
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u128::from_str_radix(&self.number, 16) {
            Ok(number) => write!(f, "number {number} of {}", self.issued),
            Err(_too_long) => write!(f, "number 0x{} of {}", self.number, self.issued),
        }
    }
}

impl fmt::Display for Rollback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {}", self.item)?;
        if !self.subject.is_empty() {
            write!(f, " ({})", self.subject)?;
        }
        write!(f, " is older than one seen before: seen {}, got {}", self.seen, self.got)
    }
}

#[cfg(test)]
mod tests {
    use super::number_order;

    #[test]
    fn numbers_are_ordered_by_value_whatever_their_zeros() {
        assert!(number_order("9") < number_order("10"));
        assert!(number_order("0009") < number_order("a"));
        assert_eq!(number_order("00a"), number_order("a"));
        assert!(number_order("ffffffffffffffffffffffffffffffffffffffff") > number_order("1"));
        assert_eq!(number_order("0"), number_order(""));
    }
}
