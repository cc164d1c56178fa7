//! Everything in the database held against its records.

use super::query::{split, walk};
use super::{INDEX, KEPT, KNOWN, PENDING, Store, keys, known_in};
use crate::chain::Chain;
use crate::compare::Known;
use crate::error::StoreError;
use crate::record::Observation;
use crate::store::guard::Doing as _;
use core::fmt;
use redb::{ReadTransaction, ReadableTable as _, ReadableTableMetadata as _};
use std::collections::BTreeMap;
use veritee_model::Sha256Digest;
use veritee_model::text::{inert, shortened};

/// Flaws that are listed; what is behind them is counted.
const MOST: usize = 20;

/// What a check of the whole database found.
#[derive(Debug, Clone)]
pub struct Audit {
    /// The chain, as far as it fits.
    pub chain: Chain,
    /// What does not fit; empty where all of it does.
    pub flaws: Vec<Flaw>,
    /// How many flaws there are.
    pub flaw_count: usize,
    /// Targets.
    pub targets: usize,
    /// Pieces of bytes that are kept.
    pub kept: u64,
    /// Records that were not announced yet.
    pub pending: u64,
    /// Whether the wanted hash is that of one of the records; `None` where none was wanted.
    pub has_head: Option<bool>,
}

/// Something that does not fit the records.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// A record is damaged, or does not follow the one before it; nothing behind it was looked at.
    Record {
        /// Where and why.
        detail: String,
    },
    /// A record's changes are not those that follow from the records before it.
    Changes {
        /// Its number.
        number: u64,
    },
    /// A record cannot be found by one of its names.
    NotIndexed {
        /// Its number.
        number: u64,
        /// The name.
        subject: String,
    },
    /// The index names records that are not there.
    IndexSurplus {
        /// How many.
        entries: u64,
    },
    /// What is known of a target is not what its records say.
    Known {
        /// The target.
        target: String,
    },
    /// Bytes that a record says are kept are not there, or others.
    Kept {
        /// Number of the record.
        number: u64,
        /// Their digest.
        sha256: Sha256Digest,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record { detail } => f.write_str(detail),
            Self::Changes { number } => {
                write!(f, "record {number}: its changes are not those that follow from the records before it")
            }
            Self::NotIndexed { number, subject } => {
                write!(f, "record {number}: the index does not name it under {}", quoted(subject))
            }
            Self::IndexSurplus { entries } => {
                write!(f, "the index has {entries} entries that belong to no record")
            }
            Self::Known { target } => {
                write!(f, "what is known of {} is not what its records say", quoted(target))
            }
            Self::Kept { number, sha256 } => {
                write!(f, "record {number}: bytes kept as {sha256} are not there or not those")
            }
        }
    }
}

fn quoted(text: &str) -> String {
    inert(&shortened(text, 100))
}

/// The check at work.
struct Work {
    audit: Audit,
    known: BTreeMap<String, Known>,
    entries: u64,
    wanted: Option<Sha256Digest>,
}

impl Work {
    fn flaw(&mut self, flaw: Flaw) {
        self.audit.flaw_count = self.audit.flaw_count.saturating_add(1);
        if self.audit.flaws.len() < MOST {
            self.audit.flaws.push(flaw);
        }
    }

    fn record(&mut self, record: &Observation) {
        if self.wanted == Some(self.audit.chain.head()) {
            self.audit.has_head = Some(true);
        }
        let known = self.known.entry(record.target.clone()).or_default();
        let (changes, unshown) = known.compare(&record.facts);
        known.learn(record.number, &record.facts);
        if changes != record.changes || unshown != record.unshown {
            self.flaw(Flaw::Changes { number: record.number });
        }
    }

    /// Whatever else the database has for a record.
    fn beside(&mut self, read: &ReadTransaction, record: &Observation) -> Result<(), StoreError> {
        let index = read.open_table(INDEX).doing("reading the index")?;
        for key in keys(record) {
            if index.get(key).doing("reading the index")?.is_none() {
                self.flaw(Flaw::NotIndexed { number: record.number, subject: key.0.to_owned() });
            } else {
                self.entries = self.entries.saturating_add(1);
            }
        }
        let kept = read.open_table(KEPT).doing("reading kept bytes")?;
        for item in record.machines.iter().flat_map(|machine| &machine.kept) {
            let found = kept.get(item.sha256.as_bytes().as_slice()).doing("reading kept bytes")?;
            if found.is_none_or(|bytes| Sha256Digest::of(bytes.value()) != item.sha256) {
                self.flaw(Flaw::Kept { number: record.number, sha256: item.sha256 });
            }
        }
        Ok(())
    }

    /// What the database has beyond its records.
    fn rest(&mut self, read: &ReadTransaction) -> Result<(), StoreError> {
        let index = read.open_table(INDEX).doing("reading the index")?;
        let entries = index.len().doing("reading the index")?;
        if entries > self.entries {
            self.flaw(Flaw::IndexSurplus { entries: entries.saturating_sub(self.entries) });
        }
        let stored = read.open_table(KNOWN).doing("reading what is known")?;
        let mut wrong = Vec::new();
        for entry in stored.iter().doing("reading what is known")? {
            let (target, bytes) = entry.doing("reading what is known")?;
            if self.known.remove(target.value()).as_ref() != known_in(bytes.value()).ok().as_ref() {
                wrong.push(target.value().to_owned());
            }
        }
        wrong.extend(core::mem::take(&mut self.known).into_keys());
        for target in wrong {
            self.flaw(Flaw::Known { target });
        }
        self.audit.kept =
            read.open_table(KEPT).doing("reading kept bytes")?.len().doing("reading kept bytes")?;
        let pending = read.open_table(PENDING).doing("reading what is not announced")?;
        self.audit.pending = pending.len().doing("reading what is not announced")?;
        Ok(())
    }
}

impl Store {
    /// Follows every record and holds the index, what is known, and what is kept against them. With a wanted hash it says
    /// too whether one of the records has it: then nothing up to that record was changed, and nothing before it is missing.
    ///
    /// # Errors
    /// When the database cannot be read at all; what does not fit is in [`Audit::flaws`].
    pub fn audit(&self, wanted: Option<Sha256Digest>) -> Result<Audit, StoreError> {
        self.view("checking it", |read| {
            let audit = Audit {
                chain: Chain::new(),
                flaws: Vec::new(),
                flaw_count: 0,
                targets: 0,
                kept: 0,
                pending: 0,
                has_head: wanted.map(|_| false),
            };
            let mut work = Work { audit, known: BTreeMap::new(), entries: 0, wanted };
            let mut broken = None;
            walk(read, |number, value| {
                let followed = split(number, value)
                    .and_then(|(_, bytes)| work.audit.chain.take(bytes).map_err(StoreError::from));
                match followed {
                    Ok(record) => {
                        work.record(&record);
                        work.beside(read, &record)?;
                        Ok(true)
                    }
                    Err(error) => {
                        broken = Some(error.to_string());
                        Ok(false)
                    }
                }
            })?;
            work.audit.targets = work.known.len();
            match broken {
                Some(detail) => work.flaw(Flaw::Record { detail }),
                None => work.rest(read)?,
            }
            Ok(work.audit)
        })
    }
}
