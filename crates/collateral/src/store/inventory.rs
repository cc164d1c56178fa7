//! What is in the store, whether it is whole, and getting rid of what has served.

use super::entry::Entry;
use super::folder::{GPUS, INDEX, LISTS, OBJECTS, PLATFORMS, Reading};
use super::gpus::GpuEntry;
use super::lists::ListEntry;
use super::platform::PlatformEntry;
use super::{Found, Store, sealed};
use crate::answers::item_of;
use crate::error::{Fault, FaultKind, StoreError};
use crate::need::Need;
use crate::service::{ItemKind, ServiceKind};
use std::collections::BTreeSet;
use veritee_model::{Sha256Digest, UnixTime};
use veritee_quote::ExpiredItem;

/// All entries of the store's root.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// What is there, in the order of needs.
    pub entries: Vec<Listed>,
    /// What is there and cannot be used.
    pub faults: Vec<Fault>,
}

/// One entry, verified at the time of asking.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Listed {
    /// What it is the collateral of.
    pub need: Need,
    /// By which interface it came.
    pub service: ServiceKind,
    /// Evaluation data number of the TCB info.
    pub number: u32,
    /// Evaluation data number of the QE identity.
    pub qe_identity_number: u32,
    /// CRLNumber of the PCK CA's list, hex.
    pub pck_crl_number: String,
    /// CRLNumber of the root's list, hex.
    pub root_ca_crl_number: String,
    /// Its four parts.
    pub items: Vec<ListedItem>,
    /// What has expired; empty when it is in force.
    pub expired: Vec<ExpiredItem>,
    /// When the first part of it expires.
    pub expires: UnixTime,
    /// SHA-256 of the collateral in dcap-qvl's JSON form.
    pub sha256: Sha256Digest,
}

/// One part of an entry.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ListedItem {
    /// Which.
    pub item: ItemKind,
    /// Who gave it.
    pub url: String,
    /// When.
    pub fetched: UnixTime,
    /// issueDate or thisUpdate.
    pub issued: UnixTime,
    /// nextUpdate, or the end of a certificate of its chain when that comes first.
    pub expires: UnixTime,
    /// Bytes of the body.
    pub bytes: usize,
    /// SHA-256 of the body.
    pub sha256: Sha256Digest,
}

/// What a check of the whole store found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkup {
    /// Entries that verify.
    pub entries: usize,
    /// Objects that are what they were.
    pub objects: usize,
    /// Everything else.
    pub faults: Vec<Fault>,
}

/// What was dropped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Entries that had expired.
    pub expired: Vec<Need>,
    /// Entries that could not be used any more, with what was wrong.
    pub broken: Vec<Fault>,
    /// Entries that had expired and whose revocation lists are kept, because nothing else names what they revoke.
    pub lists_kept: Vec<Need>,
    /// Lists that had been kept for what they revoke and are damaged or gone: what they alone revoked is not known any more.
    pub lists_lost: Vec<Fault>,
    /// What NVIDIA had said of GPUs and was no longer in force.
    pub gpus: usize,
    /// Objects that nothing named any more.
    pub objects: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Files that killed writers had left.
    pub temporaries: usize,
    /// Files of another version were met: objects that nothing seems to need were kept for their sake.
    pub unknown: Vec<Fault>,
}

impl Store {
    /// Everything under the store's root, verified at `now`.
    ///
    /// # Errors
    /// When the store cannot be locked or listed.
    pub fn list(&self, now: UnixTime) -> Result<Inventory, StoreError> {
        let reading = self.folder.read_lock()?;
        let mut inventory = Inventory { entries: Vec::new(), faults: Vec::new() };
        for name in reading.names(INDEX)? {
            match self.load_named(&reading, &name, now) {
                Ok(None) => {}
                Ok(Some((key, found))) => inventory.entries.push(listed(&key.need, &found, now)),
                Err(fault) => inventory.faults.push(fault),
            }
        }
        inventory.faults.extend(self.lost_lists(&reading)?);
        inventory.entries.sort_by_key(|entry| (entry.need, entry.service));
        Ok(inventory)
    }

    /// Verifies every entry of the store's root at `now` and every object, named or not.
    ///
    /// # Errors
    /// When the store cannot be locked or listed.
    pub fn check(&self, now: UnixTime) -> Result<Checkup, StoreError> {
        let reading = self.folder.read_lock()?;
        let mut checkup = Checkup { entries: 0, objects: 0, faults: Vec::new() };
        for name in reading.names(INDEX)? {
            match self.load_named(&reading, &name, now) {
                Ok(None) => {}
                Ok(Some(_)) => checkup.entries = checkup.entries.saturating_add(1),
                Err(fault) => checkup.faults.push(fault),
            }
        }
        checkup.faults.extend(self.lost_lists(&reading)?);
        checkup.faults.extend(self.check_gpus(&reading)?);
        let (named, unknown) = referenced(&reading)?;
        checkup.faults.extend(unknown.into_iter().filter(|fault| fault.what == FaultKind::Damaged));
        let present = reading.names(OBJECTS)?;
        for name in named.iter().filter(|name| present.binary_search(name).is_err()) {
            checkup.faults.push(Fault { file: format!("{OBJECTS}/{name}"), what: FaultKind::Missing });
        }
        for name in present {
            let cap = self.budget.crl_bytes.saturating_mul(2).max(self.budget.collateral_json_bytes);
            let what = match reading.read(OBJECTS, &name, cap) {
                Ok(bytes) if Sha256Digest::of(&bytes).to_string() != name => Some(FaultKind::Damaged),
                Ok(_) if !named.contains(&name) => Some(FaultKind::Unreferenced),
                Ok(_) => None,
                Err(what) => Some(what),
            };
            match what {
                None => checkup.objects = checkup.objects.saturating_add(1),
                Some(what) => checkup.faults.push(Fault { file: format!("{OBJECTS}/{name}"), what }),
            }
        }
        if let (_, Some(fault)) = self.load_memory(&reading) {
            checkup.faults.push(fault);
        }
        checkup.faults.sort_by(|one, other| one.file.cmp(&other.file));
        checkup.faults.dedup();
        Ok(checkup)
    }

    /// Drops entries of the store's root of which a part expired more than `keep` seconds before `now`, entries
    /// whose files are damaged or missing, objects that nothing names, and what killed writers left.
    ///
    /// Of an entry that is dropped the lists are kept where they revoke what nothing else in the store does.
    ///
    /// Entries that do not *verify* stay: with a clock that is wrong that could be all of them. The rollback memory
    /// stays too.
    ///
    /// # Errors
    /// When the store cannot be locked, listed or written.
    pub fn prune(&self, now: UnixTime, keep: u64) -> Result<Pruned, StoreError> {
        let writing = self.folder.write_lock()?;
        let mut pruned = Pruned { temporaries: writing.sweep()?, ..Pruned::default() };
        let mut leaving = Vec::new();
        let mut staying = Vec::new();
        for name in writing.reading().names(INDEX)? {
            match self.load_named(writing.reading(), &name, now) {
                Ok(Some((key, found))) => {
                    let expired = found.checked.prepared.check_windows(now).unwrap_or_default();
                    let long_ago = expired.iter().any(|item| now.since(item.until) > keep);
                    if long_ago {
                        leaving.push((name, key.need, found));
                    } else {
                        staying.push(found);
                    }
                }
                Err(fault) if is_lost(&fault.what) => {
                    writing.remove(INDEX, &name)?;
                    pruned.broken.push(fault);
                }
                Ok(None) | Err(_) => {}
            }
        }
        let mut known =
            self.known_by(writing.reading(), staying.iter().map(|found| &found.checked.collateral))?;
        for (name, need, found) in leaving {
            // The lists first: whenever this is interrupted, what they revoke stands somewhere.
            if self.keep_lists(&writing, &found, &mut known)? {
                pruned.lists_kept.push(need);
            }
            writing.remove(INDEX, &name)?;
            pruned.expired.push(need);
        }
        pruned.lists_lost = self.forget_lost_lists(&writing)?;
        pruned.gpus = self.prune_gpus(&writing, now, keep)?;
        let (named, unknown) = referenced(writing.reading())?;
        for fault in unknown {
            if let (true, Some((part, name))) = (is_lost(&fault.what), fault.file.split_once('/')) {
                writing.remove(part, name)?;
                pruned.broken.push(fault);
            } else {
                pruned.unknown.push(fault);
            }
        }
        if !pruned.unknown.is_empty() {
            return Ok(pruned);
        }
        for name in writing.reading().names(OBJECTS)? {
            if named.contains(&name) {
                continue;
            }
            let cap = self.budget.crl_bytes.saturating_mul(2);
            let bytes = writing.reading().read(OBJECTS, &name, cap).map_or(0, |bytes| bytes.len());
            writing.remove(OBJECTS, &name)?;
            pruned.objects = pruned.objects.saturating_add(1);
            pruned.bytes = pruned.bytes.saturating_add(bytes);
        }
        pruned.expired.sort_unstable();
        Ok(pruned)
    }
}

/// Gone for good, whatever the clock says.
pub(super) const fn is_lost(what: &FaultKind) -> bool {
    matches!(
        what,
        FaultKind::Damaged
            | FaultKind::Missing
            | FaultKind::TooLarge
            | FaultKind::Misplaced
            | FaultKind::NotAFile
    )
}

/// Objects that any entry names, of whatever root, and entries that cannot be asked.
fn referenced(reading: &Reading<'_>) -> Result<(BTreeSet<String>, Vec<Fault>), StoreError> {
    let mut named = BTreeSet::new();
    let mut faults = Vec::new();
    for part in [INDEX, PLATFORMS, LISTS, GPUS] {
        for name in reading.names(part)? {
            let read = reading.read(part, &name, sealed::CAP);
            let objects = read.and_then(|bytes| objects_of(part, &bytes));
            match objects {
                Ok(objects) => named.extend(objects),
                Err(what) => faults.push(Fault { file: format!("{part}/{name}"), what }),
            }
        }
    }
    Ok((named, faults))
}

fn objects_of(part: &str, bytes: &[u8]) -> Result<Vec<String>, FaultKind> {
    let digests: Vec<Sha256Digest> = match part {
        PLATFORMS => sealed::read::<PlatformEntry>(bytes)?.objects().to_vec(),
        LISTS => sealed::read::<ListEntry>(bytes)?.objects().collect(),
        GPUS => sealed::read::<GpuEntry>(bytes)?.objects().collect(),
        _ => sealed::read::<Entry>(bytes)?.objects().collect(),
    };
    Ok(digests.iter().map(Sha256Digest::to_string).collect())
}

fn listed(need: &Need, found: &Found, now: UnixTime) -> Listed {
    let prepared = &found.checked.prepared;
    let (root_ca_crl_number, pck_crl_number) = prepared.crl_numbers();
    let items: Vec<ListedItem> = found
        .answers
        .all()
        .into_iter()
        .map(|received| {
            let dates = prepared.sources().iter().filter(|dates| item_of(dates.source) == received.item);
            ListedItem {
                item: received.item,
                url: received.url.clone(),
                fetched: received.fetched,
                // The document is always younger than the certificates that vouch for it.
                issued: dates.clone().map(|dates| dates.latest_issued).max().unwrap_or(received.fetched),
                expires: dates.map(|dates| dates.expires).min().unwrap_or(received.fetched),
                bytes: received.body.len(),
                sha256: received.sha256(),
            }
        })
        .collect();
    Listed {
        need: *need,
        service: found.service,
        number: found.checked.numbers.0,
        qe_identity_number: found.checked.numbers.1,
        pck_crl_number: pck_crl_number.to_owned(),
        root_ca_crl_number: root_ca_crl_number.to_owned(),
        expired: prepared.check_windows(now).unwrap_or_default(),
        expires: items.iter().map(|item| item.expires).min().unwrap_or(now),
        sha256: Sha256Digest::of(found.checked.collateral.to_json().as_bytes()),
        items,
    }
}
