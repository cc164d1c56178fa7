//! The database: one file of redb's.
//!
//! A record is acknowledged when [`Store::append`] returns: the commit is on the disk by then, in two phases, with what a
//! restart needs. A process that is killed at any moment leaves the last commit. One process writes at a time; others may
//! read beside it.

mod audit;
mod guard;
mod query;

pub use audit::{Audit, Flaw};
pub use query::Answer;

use crate::chain::Chain;
use crate::compare::Known;
use crate::error::StoreError;
use crate::record::{Draft, Observation, RECORD_BYTES};
use guard::{Doing as _, guarded};
use redb::{
    Builder, ConcurrencyMode, Database, DatabaseError, ReadOnlyDatabase, ReadTransaction,
    ReadableDatabase as _, ReadableTable, TableDefinition, WriteTransaction,
};
use std::path::{Path, PathBuf};
use veritee_model::Sha256Digest;

/// What the database calls itself.
pub(crate) const FORMAT: &str = "veritee/watch/v1";

/// Memory for pages.
const CACHE: usize = 64 << 20;
/// Bytes of the digest that stands before each record.
const DIGEST: usize = 32;

/// Number to digest and exact bytes.
const RECORDS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("records");
/// Subject, target, whether there was no verdict, time, number.
type Key<'a> = (&'a str, &'a str, u8, u64, u64);
const INDEX: TableDefinition<'_, Key<'static>, ()> = TableDefinition::new("index");
/// Target to what was last shown of it: made of the records, and checked against them by [`Store::audit`].
const KNOWN: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("known");
/// Digest to bytes.
const KEPT: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("kept");
/// Records that nobody has been told of yet.
const PENDING: TableDefinition<'_, u64, ()> = TableDefinition::new("pending");
const META: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");

/// An open database.
pub struct Store {
    path: PathBuf,
    handle: Option<Handle>,
}

enum Handle {
    Writer(Database),
    Reader(ReadOnlyDatabase),
}

/// A record that is in the database.
#[derive(Debug, Clone)]
pub struct Written {
    /// What it says.
    pub observation: Observation,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
    /// Their hash: the head of the chain while no other follows.
    pub hash: Sha256Digest,
}

impl core::fmt::Debug for Store {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    // Readers beside the writer need locks on ranges of bytes, which redb has for these.
    if cfg!(any(target_os = "linux", target_vendor = "apple", windows)) {
        builder.set_concurrency_mode(ConcurrencyMode::SingleWriter);
    }
    builder
}

impl Store {
    /// Opens a database for writing; makes it where there is none. It appears whole or not at all.
    ///
    /// # Errors
    /// When another process writes to it, or it is not one of this kind, or damaged, or the system refuses.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(path)?,
            Err(error) => return Err(StoreError::Io(error)),
            Ok(_) => {}
        }
        let database = guarded("opening it", || builder().open(path).doing("opening it"))?;
        let store = Self { path: path.to_owned(), handle: Some(Handle::Writer(database)) };
        store.is_ours()?;
        Ok(store)
    }

    /// Opens a database for reading only, beside a process that may be writing to it. After a writer was killed it is put
    /// in order first, as the next writer would do it: no record is changed by that.
    ///
    /// # Errors
    /// When there is none, or it is not one of this kind, or damaged, or the system refuses.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        let database = guarded("opening it", || match builder().open_read_only(path) {
            Err(DatabaseError::RepairAborted) => {
                drop(builder().open(path).doing("putting it in order")?);
                builder().open_read_only(path).doing("opening it")
            }
            opened => opened.doing("opening it"),
        })?;
        let store = Self { path: path.to_owned(), handle: Some(Handle::Reader(database)) };
        store.is_ours()?;
        Ok(store)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn is_ours(&self) -> Result<(), StoreError> {
        self.view("reading its format", |read| {
            let meta = read.open_table(META).doing("reading its format")?;
            let format = meta.get("format").doing("reading its format")?;
            match format.as_ref().map(redb::AccessGuard::value) {
                Some(FORMAT) => Ok(()),
                Some(other) => Err(StoreError::Version { got: veritee_model::text::inert(other) }),
                None => Err(StoreError::NotADatabase { detail: "it has no format".to_owned() }),
            }
        })
    }

    /// Reads one state of the database.
    fn view<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        guarded(doing, || {
            let read = match self.handle.as_ref().ok_or(StoreError::Closed)? {
                Handle::Writer(database) => database.begin_read().doing(doing)?,
                Handle::Reader(database) => database.begin_read().doing(doing)?,
            };
            work(&read)
        })
    }

    /// Changes the database, whole or not at all; on the disk when it returns.
    fn change<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&WriteTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Some(Handle::Writer(database)) = &self.handle else { return Err(StoreError::Closed) };
        guarded(doing, || {
            let mut write = database.begin_write().doing(doing)?;
            write.set_quick_repair(true);
            let done = work(&write)?;
            write.commit().doing(doing)?;
            Ok(done)
        })
    }

    /// Puts looks behind the chain, each compared with what was last shown of its target. With `announce`, those that
    /// somebody should know of are put down as not announced yet, in the same step.
    ///
    /// # Errors
    /// When it was opened for reading, or is damaged, or a record is too large, or the system refuses. Then none of them
    /// is in the chain.
    pub fn append(&mut self, drafts: &[Draft], announce: bool) -> Result<Vec<Written>, StoreError> {
        self.change("appending a record", |write| {
            let mut records = write.open_table(RECORDS).doing("appending a record")?;
            let mut index = write.open_table(INDEX).doing("appending to the index")?;
            let mut known = write.open_table(KNOWN).doing("appending what is known")?;
            let mut kept = write.open_table(KEPT).doing("keeping bytes")?;
            let mut pending = write.open_table(PENDING).doing("noting an announcement")?;
            let mut chain = end(&records)?;
            let mut written = Vec::new();
            for draft in drafts {
                let mut last = match known.get(draft.target.as_str()).doing("reading what is known")? {
                    Some(bytes) => known_in(bytes.value())?,
                    None => Known::default(),
                };
                let (changes, unshown) = last.compare(&draft.facts);
                let record = draft.at_place(&chain, changes, unshown);
                let bytes = line(&record)?;
                if bytes.len() > RECORD_BYTES {
                    return Err(StoreError::TooLarge { bytes: bytes.len() });
                }
                let observation = chain.take(&bytes)?;
                let (number, hash) = (observation.number, chain.head());
                let mut value = hash.as_bytes().to_vec();
                value.extend_from_slice(&bytes);
                records.insert(number, value.as_slice()).doing("appending a record")?;
                for key in keys(&observation) {
                    index.insert(key, ()).doing("appending to the index")?;
                }
                last.learn(number, &observation.facts);
                known
                    .insert(draft.target.as_str(), json(&last)?.as_slice())
                    .doing("appending what is known")?;
                for item in &draft.kept {
                    let digest = Sha256Digest::of(item);
                    kept.insert(digest.as_bytes().as_slice(), item.as_slice()).doing("keeping bytes")?;
                }
                if announce && !observation.changes.is_empty() {
                    pending.insert(number, ()).doing("noting an announcement")?;
                }
                written.push(Written { observation, bytes, hash });
            }
            Ok(written)
        })
    }

    /// The record with this number was announced.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn announced(&mut self, number: u64) -> Result<(), StoreError> {
        self.change("noting an announcement", |write| {
            let mut pending = write.open_table(PENDING).doing("noting an announcement")?;
            pending.remove(number).doing("noting an announcement")?;
            Ok(())
        })
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            // What was acknowledged is on the disk. Closing a damaged file may fail; nothing depends on it.
            let _ = guarded("closing it", || {
                drop(handle);
                Ok(())
            });
        }
    }
}

/// Where the next record goes: behind the last one, which is read again and hashed again.
fn end(records: &impl ReadableTable<u64, &'static [u8]>) -> Result<Chain, StoreError> {
    let Some((number, value)) = records.last().doing("reading the last record")? else {
        return Ok(Chain::new());
    };
    let number = number.value();
    let (hash, _) = query::split(number, value.value())?;
    Ok(Chain::behind(number, hash))
}

/// The places of a record in the index.
fn keys(record: &Observation) -> impl Iterator<Item = Key<'_>> {
    let none = u8::from(record.failure.is_some());
    let place = move |subject| (subject, record.target.as_str(), none, record.at.seconds(), record.number);
    record.subjects.iter().map(String::as_str).map(place)
}

fn known_in(bytes: &[u8]) -> Result<Known, StoreError> {
    serde_json::from_slice(bytes)
        .map_err(|error| StoreError::Damaged { doing: "reading what is known", detail: error.to_string() })
}

/// A record as it is hashed, printed and exported: characters that a terminal would obey are written as `\uXXXX`, which is
/// the same text.
fn line(record: &Observation) -> Result<Vec<u8>, StoreError> {
    let text = serde_json::to_string(record).map_err(|error| StoreError::Io(std::io::Error::other(error)))?;
    Ok(veritee_model::text::inert_json(&text).into_bytes())
}

/// Writing values of this crate cannot fail; if it did, nothing would be written.
fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::Io(std::io::Error::other(error)))
}

/// Makes a database beside its place, and gives it its name when it is whole. Where somebody was faster, theirs stays.
fn create(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let place = tempfile::Builder::new()
        .prefix(".veritee-watch-")
        .tempfile_in(folder)
        .map_err(StoreError::Io)?
        .into_temp_path();
    guarded("making it", || {
        let database = builder().create(&place).doing("making it")?;
        let mut write = database.begin_write().doing("making it")?;
        write.set_quick_repair(true);
        write.open_table(RECORDS).doing("making it")?;
        write.open_table(INDEX).doing("making it")?;
        write.open_table(KNOWN).doing("making it")?;
        write.open_table(KEPT).doing("making it")?;
        write.open_table(PENDING).doing("making it")?;
        write.open_table(META).doing("making it")?.insert("format", FORMAT).doing("making it")?;
        write.commit().doing("making it")?;
        database.close().doing("making it")
    })?;
    match place.persist_noclobber(path) {
        Ok(()) => {}
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(StoreError::Io(error.error)),
    }
    // So that the name, too, is there after the power failed.
    #[cfg(unix)]
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::Io)?;
    Ok(())
}
