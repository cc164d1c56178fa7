//! What was seen of an application at a time.

use super::{DIGEST, INDEX, KEPT, Key, PENDING, RECORDS, Store, Written};
use crate::chain::Chain;
use crate::error::StoreError;
use crate::record::{Observation, SCHEMA};
use crate::store::guard::Doing as _;
use redb::{ReadTransaction, ReadableTable};
use veritee_model::{Sha256Digest, UnixTime};

/// What was seen of one target at or before a time.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The last look at or before the time.
    pub last: Written,
    /// Where that one reached no verdict: the last one that did.
    pub verdict: Option<Written>,
    /// The first look after the time.
    pub next: Option<Written>,
}

/// The digest and the bytes of a stored record, once they fit together.
pub(super) fn split(number: u64, value: &[u8]) -> Result<(Sha256Digest, &[u8]), StoreError> {
    let damaged = |detail: String| StoreError::Damaged { doing: "reading a record", detail };
    let Some((hash, bytes)) = value.split_at_checked(DIGEST) else {
        return Err(damaged(format!("record {number}: cut after {} bytes", value.len())));
    };
    let found = Sha256Digest::of(bytes);
    if found.as_bytes().as_slice() != hash {
        return Err(damaged(format!(
            "record {number}: its bytes do not have the hash that stands beside them"
        )));
    }
    Ok((found, bytes))
}

fn written(records: &impl ReadableTable<u64, &'static [u8]>, number: u64) -> Result<Written, StoreError> {
    let damaged = |detail: String| StoreError::Damaged { doing: "reading a record", detail };
    let value = records.get(number).doing("reading a record")?;
    let value =
        value.ok_or_else(|| damaged(format!("record {number}: the index names it, and it is not there")))?;
    let (hash, bytes) = split(number, value.value())?;
    let observation: Observation =
        serde_json::from_slice(bytes).map_err(|error| damaged(format!("record {number}: {error}")))?;
    if observation.number != number || observation.schema != SCHEMA {
        return Err(damaged(format!("record {number}: says that it is record {}", observation.number)));
    }
    Ok(Written { bytes: bytes.to_vec(), hash, observation })
}

/// Time and number of the last key at or before a time, and of the first one after it.
fn around(
    index: &impl ReadableTable<Key<'static>, ()>,
    (subject, target, kind): (&str, &str, u8),
    at: UnixTime,
) -> Result<[Option<(u64, u64)>; 2], StoreError> {
    let doing = "reading the index";
    let until = at.seconds();
    let place = |found: Option<Result<(redb::AccessGuard<'_, Key<'static>>, _), redb::StorageError>>| {
        let found = found.transpose().doing(doing)?;
        Ok::<_, StoreError>(found.map(|(key, _): (_, redb::AccessGuard<'_, ()>)| {
            let (.., time, number) = key.value();
            (time, number)
        }))
    };
    let first = (subject, target, kind, 0, 0);
    let last = (subject, target, kind, until, u64::MAX);
    let end = (subject, target, kind, u64::MAX, u64::MAX);
    let before = place(index.range(first..=last).doing(doing)?.next_back())?;
    let after = place(index.range(last..=end).doing(doing)?.next())?;
    Ok([before, after])
}

/// Targets under which a subject was seen.
fn targets(index: &impl ReadableTable<Key<'static>, ()>, subject: &str) -> Result<Vec<String>, StoreError> {
    let doing = "reading the index";
    let mut targets: Vec<String> = Vec::new();
    loop {
        let from = match targets.last() {
            None => (subject, "", 0, 0, 0),
            Some(target) => (subject, target.as_str(), u8::MAX, u64::MAX, u64::MAX),
        };
        let next = index.range(from..).doing(doing)?.next().transpose().doing(doing)?;
        let Some((key, _)) = next else { return Ok(targets) };
        let (found, target, ..) = key.value();
        if found != subject {
            return Ok(targets);
        }
        // Keys go up: a damaged index must not hold the walk.
        if targets.last().is_some_and(|last| last.as_str() >= target) {
            return Err(StoreError::Damaged { doing, detail: "its keys are out of order".to_owned() });
        }
        let target = target.to_owned();
        drop(key);
        targets.push(target);
    }
}

impl Store {
    /// What was last seen at or before a time of each target under which a subject was seen until then. Nothing is carried
    /// beyond what was seen. A subject is a target in the words it was watched under, or an app id in hex. The last look
    /// need not be of the subject any more: it may have failed, or shown another application
    /// ([`Observation::subjects`] says so).
    ///
    /// # Errors
    /// When the database is damaged or the system refuses.
    pub fn at(&self, subject: &str, at: UnixTime) -> Result<Vec<Answer>, StoreError> {
        self.view("reading the index", |read| {
            let records = read.open_table(RECORDS).doing("reading a record")?;
            let index = read.open_table(INDEX).doing("reading the index")?;
            let mut answers = Vec::new();
            for target in targets(&index, subject)? {
                let seen = |kind| Ok::<_, StoreError>(around(&index, (subject, &target, kind), at)?[0]);
                if seen(0)?.or(seen(1)?).is_none() {
                    // It was this subject's only later.
                    continue;
                }
                // Every look at the target counts, also one that failed or showed another application.
                let [judged, judged_after] = around(&index, (&target, &target, 0), at)?;
                let [failed, failed_after] = around(&index, (&target, &target, 1), at)?;
                let Some((_, last)) = judged.max(failed) else { continue };
                let next = [judged_after, failed_after].into_iter().flatten().min();
                let verdict = judged.filter(|(_, number)| *number != last);
                answers.push(Answer {
                    last: written(&records, last)?,
                    verdict: verdict.map(|(_, number)| written(&records, number)).transpose()?,
                    next: next.map(|(_, number)| written(&records, number)).transpose()?,
                });
            }
            Ok(answers)
        })
    }

    /// Number and hash of the last record: what to keep elsewhere. Nothing where there is none.
    ///
    /// # Errors
    /// As [`Self::at`].
    pub fn head(&self) -> Result<Option<(u64, Sha256Digest)>, StoreError> {
        self.view("reading the last record", |read| {
            let records = read.open_table(RECORDS).doing("reading the last record")?;
            let chain = super::end(&records)?;
            Ok((chain.length() > 0).then(|| (chain.length(), chain.head())))
        })
    }

    /// Hands out the exact bytes of every record in order, each followed and checked first, until there is none or the
    /// taker wants no more.
    ///
    /// # Errors
    /// Where the chain is broken, after the records before it; and when the database is damaged.
    pub fn each(&self, mut take: impl FnMut(&[u8]) -> bool) -> Result<Chain, StoreError> {
        self.view("reading the records", |read| {
            let mut chain = Chain::new();
            walk(read, |number, value| {
                let (_, bytes) = split(number, value)?;
                chain.take(bytes)?;
                Ok(take(bytes))
            })?;
            Ok(chain)
        })
    }

    /// Bytes that were kept, by their digest.
    ///
    /// # Errors
    /// When they do not have this digest, and as [`Self::at`].
    pub fn kept(&self, digest: &Sha256Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.view("reading kept bytes", |read| {
            let kept = read.open_table(KEPT).doing("reading kept bytes")?;
            let Some(value) = kept.get(digest.as_bytes().as_slice()).doing("reading kept bytes")? else {
                return Ok(None);
            };
            let bytes = value.value().to_vec();
            if Sha256Digest::of(&bytes) == *digest {
                return Ok(Some(bytes));
            }
            let detail = format!("the bytes kept as {digest} have another hash");
            Err(StoreError::Damaged { doing: "reading kept bytes", detail })
        })
    }

    /// The oldest records that were not announced yet, up to so many.
    ///
    /// # Errors
    /// As [`Self::at`].
    pub fn pending(&self, most: usize) -> Result<Vec<Written>, StoreError> {
        self.view("reading what is not announced", |read| {
            let records = read.open_table(RECORDS).doing("reading a record")?;
            let pending = read.open_table(PENDING).doing("reading what is not announced")?;
            let mut out = Vec::new();
            for entry in pending.iter().doing("reading what is not announced")?.take(most) {
                let (number, _) = entry.doing("reading what is not announced")?;
                out.push(written(&records, number.value())?);
            }
            Ok(out)
        })
    }
}

/// Every stored record in the order of its number, until the taker wants no more.
pub(super) fn walk(
    read: &ReadTransaction,
    mut take: impl FnMut(u64, &[u8]) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let records = read.open_table(RECORDS).doing("reading the records")?;
    for entry in records.iter().doing("reading the records")? {
        let (number, value) = entry.doing("reading the records")?;
        if !take(number.value(), value.value())? {
            break;
        }
    }
    Ok(())
}
