//! Snapshots: collateral as files that any verifier with dcap-qvl's form reads, and back.

use crate::answers::Answers;
use crate::error::{Error, Fault, FaultKind};
use crate::memory::Rollback;
use crate::need::{Evaluation, Need};
use crate::obtain::At;
use crate::service::ServiceKind;
use crate::store::{Lookup, Store, check_public, failed, read_file, write_public};
use std::path::Path;
use veritee_model::{Item, Sha256Digest, UnixTime};
use veritee_quote::{Collateral, Expiry};

/// One file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// What it is the collateral of.
    pub need: Need,
    /// Its name in the folder.
    pub name: String,
    /// Its bytes.
    pub bytes: usize,
    /// SHA-256 of it.
    pub sha256: Sha256Digest,
    /// When the first part of it expires, or did.
    pub expires: Option<UnixTime>,
}

/// A snapshot that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The files.
    pub written: Vec<Written>,
    /// Needs that the store has nothing for.
    pub absent: Vec<Need>,
    /// What of the store could not be used.
    pub faults: Vec<Fault>,
}

/// Files that were read into a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Imported {
    /// What was read.
    pub needs: Vec<Need>,
    /// What of it is older than what was seen before.
    pub rollbacks: Vec<Rollback>,
    /// Files that were refused, with why.
    pub refused: Vec<Fault>,
    /// What lies in the folder and was not read: its name does not end in `.json`, or it is no plain file.
    pub passed_over: Vec<String>,
    /// Files, refused or not, of which the lists were kept for what they revoke and nothing else here does.
    pub revoking: Vec<String>,
}

/// Writes the collateral of `needs`, or of everything in the store, into `folder`: one file each, named by
/// [`Need::file_name`], in the form of [`Collateral::to_json`]. Expired collateral too: a verdict of then needs it.
///
/// # Errors
/// [`Error::Store`] when the store cannot be read or the folder cannot be written.
pub fn snapshot(
    store: &Store,
    needs: Option<&[Need]>,
    folder: &Path,
    now: UnixTime,
) -> Result<Snapshot, Error> {
    std::fs::create_dir_all(folder).map_err(failed("make the folder", folder))?;
    let mut snapshot = Snapshot { written: Vec::new(), absent: Vec::new(), faults: Vec::new() };
    let mut wanted = match needs {
        Some(needs) => {
            snapshot.faults = store.lost()?;
            needs.to_vec()
        }
        None => {
            let inventory = store.list(now)?;
            snapshot.faults = inventory.faults;
            inventory.entries.into_iter().map(|entry| entry.need).collect()
        }
    };
    wanted.sort_unstable();
    wanted.dedup();
    for need in &wanted {
        check_public(folder, &need.file_name())?;
    }
    let mut whole = None;
    for need in wanted {
        match store.lookup(&need, now)? {
            Lookup::Absent(faults) => {
                snapshot.faults.extend(faults);
                snapshot.absent.push(need);
            }
            Lookup::Fresh(found) | Lookup::Stale(found, _) => {
                let expires = found.checked.prepared.sources().iter().map(|dates| dates.expires).min();
                let written = write(folder, need, need.file_name(), &found.checked.collateral, expires)?;
                snapshot.written.push(written);
                whole = whole.or(Some((need, found.checked.collateral)));
            }
        }
    }
    // What the store knows to be revoked goes along.
    if let Some((need, whole)) = whole {
        for (number, set) in store.revoking_sets(&whole)?.iter().enumerate() {
            let name = format!("revocations-{number}.json");
            snapshot.written.push(write(folder, need, name, set, None)?);
        }
    }
    Ok(snapshot)
}

fn write(
    folder: &Path,
    need: Need,
    name: String,
    collateral: &Collateral,
    expires: Option<UnixTime>,
) -> Result<Written, Error> {
    let json = collateral.to_json();
    write_public(folder, &name, json.as_bytes())?;
    let sha256 = Sha256Digest::of(json.as_bytes());
    Ok(Written { need, name, bytes: json.len(), sha256, expires })
}

/// Reads every `*.json` of a folder into the store, verified under the store's root at the as-of time; expired ones too.
///
/// A file's name can say that it is the standard or the early set, which its content cannot; without such a name it
/// is kept under its evaluation data number. Nothing is added to the rollback memory by a name's word. A file that
/// does not verify is refused, the rest are read; but what a genuine list in it revokes is kept all the same.
///
/// # Errors
/// [`Error::Store`] when the folder cannot be listed or the store cannot be written.
pub fn import(store: &Store, folder: &Path, at: impl Into<At>) -> Result<Imported, Error> {
    let at = at.into();
    let mut names = Vec::new();
    let mut imported = Imported::default();
    for entry in std::fs::read_dir(folder).map_err(failed("list", folder))? {
        let entry = entry.map_err(failed("list", folder))?;
        let path = entry.path();
        // Bytes that are no text are escaped, so that no name hides a file.
        let name = match entry.file_name().into_string() {
            Ok(name) => name,
            Err(name) => name.as_encoded_bytes().escape_ascii().to_string(),
        };
        let ends = |end: &str| name.to_ascii_lowercase().ends_with(end);
        if ends(".json") && !path.is_dir() {
            names.push((name, path));
        } else if ![".xml", ".swidtag"].into_iter().any(ends) {
            // Manifests of GPUs are `import_gpus`'s.
            imported.passed_over.push(name);
        }
    }
    names.sort_unstable();
    imported.passed_over.sort_unstable();
    let mut given = Vec::with_capacity(names.len());
    for (name, path) in names {
        match read_file(&path, store.budget().input_bytes) {
            Ok(bytes) => given.push(Offered::Set(Item::new(bytes, name))),
            Err(what) => imported.refused.push(Fault { file: name, what }),
        }
    }
    let all = import_all(store, given, at)?;
    imported.refused.extend(all.refused);
    imported.refused.sort_unstable_by(|one, other| one.file.cmp(&other.file));
    Ok(Imported { refused: imported.refused, passed_over: imported.passed_over, ..all })
}

/// Collateral that is offered to a store.
#[derive(Debug, Clone)]
pub enum Offered {
    /// A set, in the form of [`Collateral::from_json`]. One whose source ends in [`Need::file_name`] is kept under that need.
    Set(Item),
    /// A set of which only what its lists revoke counts; one of the two may be empty.
    Lists(Item),
}

/// Takes in what is genuine, item by item the newer of what is there and what came, and everything that any of it revokes.
///
/// # Errors
/// [`Error::Store`] when the store cannot be read or written.
pub fn import_all(
    store: &Store,
    given: impl IntoIterator<Item = Offered>,
    at: impl Into<At>,
) -> Result<Imported, Error> {
    let at = at.into();
    let mut imported = Imported::default();
    // Held against all that the store has in the end, which is read once for all of them.
    let mut revoking = Vec::new();
    for offered in given {
        let (item, whole) = match offered {
            Offered::Set(item) => (item, true),
            Offered::Lists(item) => (item, false),
        };
        let name = item.source;
        let taken = whole.then(|| import_one(store, &name, &item.bytes, at));
        let refused = match taken.transpose() {
            Ok(None) => None,
            Ok(Some((need, rollbacks))) => {
                imported.needs.push(need);
                imported.rollbacks.extend(rollbacks);
                continue;
            }
            Err(Error::Store(error)) => return Err(error.into()),
            Err(error) => Some(FaultKind::Refused(error.to_string())),
        };
        if let Ok(collateral) = Collateral::from_json_within(&item.bytes, store.budget()) {
            revoking.push((name.clone(), collateral));
        }
        imported.refused.extend(refused.map(|what| Fault { file: name, what }));
    }
    imported.revoking = store.keep_revocations(revoking, at.clock)?;
    Ok(imported)
}

fn import_one(
    store: &Store,
    name: &str,
    bytes: &[u8],
    At { as_of: now, clock }: At,
) -> Result<(Need, Vec<Rollback>), Error> {
    let refused = |fault| Error::Refused { item: "collateral", url: name.to_owned(), fault };
    let in_collateral = |error| refused(crate::AnswerFault::Collateral(Box::new(error)));
    let collateral = Collateral::from_json_within(bytes, store.budget()).map_err(in_collateral)?;
    let prepared =
        collateral.verify_within(store.root(), now, Expiry::Report, store.budget()).map_err(in_collateral)?;
    let (tee, fmspc, ca) = (prepared.tee(), prepared.fmspc(), prepared.ca());
    let file = name.rsplit('/').next().unwrap_or(name);
    let named = Need::from_file_name(file)
        .filter(|named| (named.tee, named.fmspc, named.ca) == (tee, fmspc, ca))
        .map(|named| named.evaluation);
    let number = Evaluation::Number(prepared.tcb_info().evaluation_number);
    let need = Need { tee, fmspc, ca, evaluation: named.unwrap_or(number) };
    let answers = Answers::from_collateral(&collateral, name, clock, store.budget()).map_err(refused)?;
    let kept = store.keep(&need, ServiceKind::Imported, &answers, now)?;
    Ok((need, kept.rollbacks))
}
