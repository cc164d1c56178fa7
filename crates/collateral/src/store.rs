//! Answers on disk, by content, for one user and any number of processes.
//!
//! ```text
//! lock                    held shared by readers, exclusively by writers
//! objects/<sha256>        exact bodies and chains, each named by its digest
//! index/<sha256>          entries: which objects are the collateral of which need, from where, since when
//! lists/<sha256>          entries: lists that are older than those and revoke what those do not
//! gpus/<sha256>           entries: manifests and answers of NVIDIA's about GPUs
//! platforms/<sha256>      entries: PCK certificates of quotes that carry none
//! memory/<root>           the newest that was seen under each root
//! ```
//!
//! Every file appears whole under its name or not at all; entries and memories begin with the digest of the rest;
//! objects are held to their name when they are read; and what is read is verified again, every time. So a store can
//! be killed, copied, shared and damaged: it can lose what it has, never change what is true.

mod entry;
mod folder;
mod gpus;
mod inventory;
mod lists;
mod platform;
mod sealed;

pub(crate) use entry::chain_cap;
pub(crate) use folder::{check_public, failed, read as read_file, write_public};
pub use gpus::GpuListed;
pub(crate) use gpus::{GpuKept, GpuPlace};
pub use inventory::{Checkup, Inventory, Listed, ListedItem, Pruned};
pub use lists::{Held, Holdings};

use crate::Error;
use crate::answers::{Answers, Checked, Received, item_of};
use crate::error::{Fault, FaultKind, StoreError};
use crate::memory::{self, Memory, Rollback};
use crate::need::Need;
use crate::service::{ItemKind, ServiceKind};
use entry::{Entry, EntryItem, Key};
use folder::{Folder, INDEX, MEMORY, Reading, Writing};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use veritee_model::{Budget, UnixTime};
use veritee_quote::{ExpiredItem, KnownCollateral, TrustRoot};

/// A folder of collateral that verified under one root. Cheap to clone; any number of them, in any number of
/// processes, may stand over one folder.
#[derive(Debug, Clone)]
pub struct Store {
    folder: Folder,
    root: TrustRoot,
    budget: Budget,
    /// The kept lists that were read so far, by name, and what they revoke.
    kept: Arc<Mutex<Option<KeptLists>>>,
}

/// The names of kept lists, and what they revoke.
type KeptLists = (BTreeSet<String>, KnownCollateral);

/// What the store has for a need. Everything in it was verified under the store's root at the time of asking.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// Collateral of which nothing has expired.
    Fresh(Box<Found>),
    /// Collateral of which something has expired; what, and when.
    Stale(Box<Found>, Vec<ExpiredItem>),
    /// Nothing that can be used; what was there and is not fit.
    Absent(Vec<Fault>),
}

/// Collateral from the store.
#[derive(Debug, Clone)]
pub struct Found {
    /// The answers as they came.
    pub answers: Answers,
    /// The collateral, verified.
    pub checked: Checked,
    /// By which interface it came.
    pub service: ServiceKind,
    /// What else was there for the need and could not be used.
    pub faults: Vec<Fault>,
}

/// What keeping an answer showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What of it is older than what was seen before.
    pub rollbacks: Vec<Rollback>,
    /// The memory could not be read and was begun anew: a rollback since then would not show.
    pub forgotten: Option<Fault>,
}

impl Store {
    /// Opens the folder, or makes it with its parents, readable by its owner only. Nothing larger than the budget allows
    /// is asked for, read or kept.
    ///
    /// # Errors
    /// When it is a link or no folder, belongs to another user, is writable by everybody (Unix), or cannot be made.
    pub fn open(folder: &Path, root: &TrustRoot, budget: &Budget) -> Result<Self, StoreError> {
        let kept = Arc::default();
        Ok(Self { folder: Folder::open(folder)?, root: root.clone(), budget: *budget, kept })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The root that everything is verified under.
    #[must_use]
    pub const fn root(&self) -> &TrustRoot {
        &self.root
    }

    pub(crate) const fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The newest usable collateral for `need`, whichever service it came from.
    ///
    /// An entry that is damaged, does not verify, or is of another subject than it is stored for is reported and
    /// otherwise as good as absent.
    ///
    /// # Errors
    /// When the store cannot be locked.
    pub fn lookup(&self, need: &Need, now: UnixTime) -> Result<Lookup, StoreError> {
        let mut faults = Vec::new();
        let mut best: Option<(bool, UnixTime, Found, Vec<ExpiredItem>)> = None;
        {
            let reading = self.folder.read_lock()?;
            for service in ServiceKind::ALL {
                let key = self.key(service, need);
                match self.load(&reading, &key, now) {
                    Ok(None) => {}
                    Err(fault) => faults.push(fault),
                    Ok(Some(found)) => {
                        let expired = found.checked.prepared.check_windows(now).unwrap_or_default();
                        let issued = found.checked.prepared.tcb_info().issue_date;
                        let rank = (expired.is_empty(), issued);
                        if best.as_ref().is_none_or(|(fresh, issued, ..)| rank > (*fresh, *issued)) {
                            best = Some((rank.0, rank.1, found, expired));
                        }
                    }
                }
            }
        }
        Ok(match best {
            None => Lookup::Absent(faults),
            Some((fresh, _, mut found, expired)) => {
                found.faults = faults;
                if fresh { Lookup::Fresh(Box::new(found)) } else { Lookup::Stale(Box::new(found), expired) }
            }
        })
    }

    /// Verifies answers and keeps them as the collateral of `need`, in place of what the same interface answered
    /// before: item by item the newer of the two, so that a store never goes back. What an older list revokes stays
    /// known. Remembers how new they are.
    ///
    /// # Errors
    /// [`Error::Refused`] when they are not what was needed, and then nothing is kept; [`Error::Store`] when they
    /// could not be written, and then what was there before still is.
    pub fn keep(
        &self,
        need: &Need,
        service: ServiceKind,
        answers: &Answers,
        now: UnixTime,
    ) -> Result<Kept, Error> {
        let checked = answers.check(need, &self.root, now, &self.budget)?;
        Ok(self.keep_checked(need, service, answers, &checked)?)
    }

    /// [`Self::keep`] for answers that [`Answers::check`] has passed.
    pub(crate) fn keep_checked(
        &self,
        need: &Need,
        service: ServiceKind,
        answers: &Answers,
        checked: &Checked,
    ) -> Result<Kept, StoreError> {
        let writing = self.folder.write_lock()?;
        writing.sweep()?;
        let key = self.key(service, need);
        // As old as they are: what could be loaded then can be now. One that does not load has nothing to keep.
        let before = self.load(writing.reading(), &key, checked.verified_at).ok().flatten();
        let newest = before.as_ref().map_or_else(
            || answers.clone(),
            |before| self.newest_of(need, before, (answers, checked), checked.verified_at),
        );
        let kept = newest.check(need, &self.root, checked.verified_at, &self.budget).ok();
        let standing = kept.as_ref().map_or(&checked.collateral, |kept| &kept.collateral);
        let mut known = self.known_by(writing.reading(), [standing])?;
        let given = Found { answers: answers.clone(), checked: checked.clone(), service, faults: Vec::new() };
        for set in before.iter().chain([&given]) {
            self.keep_lists(&writing, set, &mut known)?;
        }
        self.note_kept(&writing)?;
        let mut items = Vec::with_capacity(4);
        for received in newest.all() {
            let body = writing.keep(&received.body)?;
            let chain = match &received.chain {
                None => None,
                Some(chain) => Some(writing.keep(chain.as_bytes())?),
            };
            items.push(EntryItem::new(received, body, chain));
        }
        let entry = sealed::write(&Entry::new(&key, items));
        // The entry comes last: an entry without its objects never stands.
        writing.write(INDEX, &key.file_name(), &entry)?;
        let mut done = self.remember(&writing, need, service, checked)?;
        if let Some(before) = &before {
            for older in memory::compare(need, &before.checked.prepared, &checked.prepared) {
                if done.rollbacks.iter().all(|known| known.item != older.item) {
                    done.rollbacks.push(older);
                }
            }
        }
        Ok(done)
    }

    /// Of what is there and what came, of each item the one in force, and of two the newer; where those do not verify together (one is under a
    /// signer that a list revokes), what came beside the newer lists, and at last what came.
    fn newest_of(
        &self,
        need: &Need,
        before: &Found,
        (answers, checked): (&Answers, &Checked),
        now: UnixTime,
    ) -> Answers {
        let older = memory::compare(need, &before.checked.prepared, &checked.prepared);
        // As in a verdict: what has expired takes the place of nothing that is in force, whatever its number.
        let [was, came] =
            [&before.checked, checked].map(|it| it.prepared.check_windows(now).unwrap_or_default());
        let has = |expired: &[ExpiredItem], item| expired.iter().any(|it| item_of(it.source) == item);
        let stays = |item: ItemKind| match (has(&was, item), has(&came, item)) {
            (false, true) => true,
            (true, false) => false,
            _ => older.iter().any(|rollback| rollback.item == item),
        };
        let a_list = |item: ItemKind| matches!(item, ItemKind::PckCrl | ItemKind::RootCaCrl);
        let with = |wanted: &dyn Fn(ItemKind) -> bool| {
            let pick = |came: &Received, was: &Received| {
                if wanted(came.item) { was.clone() } else { came.clone() }
            };
            let was = &before.answers;
            Answers {
                tcb_info: pick(&answers.tcb_info, &was.tcb_info),
                qe_identity: pick(&answers.qe_identity, &was.qe_identity),
                pck_crl: pick(&answers.pck_crl, &was.pck_crl),
                root_ca_crl: pick(&answers.root_ca_crl, &was.root_ca_crl),
            }
        };
        let verifies = |answers: &Answers| answers.check(need, &self.root, now, &self.budget).is_ok();
        [
            with(&stays),
            with(&|item| stays(item) && a_list(item)),
            // What came is under a signer that the lists there revoke: what is there stays.
            before.answers.clone(),
        ]
        .into_iter()
        .find(verifies)
        .unwrap_or_else(|| answers.clone())
    }

    fn remember(
        &self,
        writing: &Writing<'_>,
        need: &Need,
        service: ServiceKind,
        checked: &Checked,
    ) -> Result<Kept, StoreError> {
        let (mut memory, forgotten) = self.load_memory(writing.reading());
        let rollbacks = memory.compare(need, &checked.prepared);
        // A file says by its name only that it is the standard set; were that believed, the early set under that
        // name would make every later standard set look old.
        let trusted_set = service != ServiceKind::Imported;
        if trusted_set && (memory.remember(need, &checked.prepared) || forgotten.is_some()) {
            writing.write(MEMORY, &self.memory_name(), &sealed::write(&memory))?;
        }
        Ok(Kept { rollbacks, forgotten })
    }

    /// What of verified collateral is older than what was seen before under its root.
    ///
    /// # Errors
    /// When the store cannot be locked.
    pub fn compare(&self, need: &Need, checked: &Checked) -> Result<Kept, StoreError> {
        let (memory, forgotten) = self.load_memory(&self.folder.read_lock()?);
        Ok(Kept { rollbacks: memory.compare(need, &checked.prepared), forgotten })
    }

    /// The rollback memory of the store's root, and what was wrong with it where it is begun anew.
    ///
    /// # Errors
    /// When the store cannot be locked.
    pub fn memory(&self) -> Result<(Memory, Option<Fault>), StoreError> {
        Ok(self.load_memory(&self.folder.read_lock()?))
    }

    fn load_memory(&self, reading: &Reading<'_>) -> (Memory, Option<Fault>) {
        let name = self.memory_name();
        let read = reading.read(MEMORY, &name, sealed::CAP).and_then(|bytes| {
            let memory: Memory = sealed::read(&bytes)?;
            if !memory.is_known_version() {
                return Err(FaultKind::Form("another version".to_owned()));
            }
            if memory.root() != self.root.spki_sha256() {
                return Err(FaultKind::Misplaced);
            }
            Ok(memory)
        });
        match read {
            Ok(memory) => (memory, None),
            Err(what) => {
                let fault =
                    (what != FaultKind::Missing).then(|| Fault { file: format!("{MEMORY}/{name}"), what });
                (Memory::new(self.root.spki_sha256()), fault)
            }
        }
    }

    fn memory_name(&self) -> String {
        self.root.spki_sha256().to_string()
    }

    /// Parts of other collateral that serve this need too and have not expired: the lists and the QE identity are
    /// the same for every processor family.
    pub(crate) fn shared_parts(&self, need: &Need, now: UnixTime) -> Result<Vec<Received>, StoreError> {
        let reading = self.folder.read_lock()?;
        let mut newest: Vec<(ItemKind, UnixTime, Received)> = Vec::new();
        for name in reading.names(INDEX)? {
            let Ok(Some((key, found))) = self.load_named(&reading, &name, now) else { continue };
            // An imported file names its own data set.
            if key.service == ServiceKind::Imported {
                continue;
            }
            let expired = found.checked.prepared.check_windows(now).unwrap_or_default();
            for received in found.answers.into_all() {
                let item = received.item;
                let same = match item {
                    ItemKind::TcbInfo => {
                        (key.need.tee, key.need.fmspc, key.need.evaluation)
                            == (need.tee, need.fmspc, need.evaluation)
                    }
                    ItemKind::QeIdentity => {
                        (key.need.tee, key.need.evaluation) == (need.tee, need.evaluation)
                    }
                    ItemKind::PckCrl => key.need.ca == need.ca,
                    ItemKind::RootCaCrl => true,
                };
                if !same || expired.iter().any(|expired| item_of(expired.source) == item) {
                    continue;
                }
                let issued = found
                    .checked
                    .prepared
                    .sources()
                    .iter()
                    .filter(|dates| item_of(dates.source) == item)
                    .map(|dates| dates.latest_issued)
                    .max()
                    .unwrap_or(received.fetched);
                match newest.iter_mut().find(|(kind, ..)| *kind == item) {
                    Some(slot) if issued <= slot.1 => {}
                    Some(slot) => *slot = (item, issued, received),
                    None => newest.push((item, issued, received)),
                }
            }
        }
        Ok(newest.into_iter().map(|(_, _, received)| received).collect())
    }

    fn key(&self, service: ServiceKind, need: &Need) -> Key {
        Key { root: self.root.spki_sha256(), service, need: *need }
    }

    /// The entry of a key, verified; `None` when there is none.
    fn load(&self, reading: &Reading<'_>, key: &Key, now: UnixTime) -> Result<Option<Found>, Fault> {
        Ok(self.load_named(reading, &key.file_name(), now)?.map(|(_, found)| found))
    }

    /// The entry in a file, verified; `None` when there is none, or none of this store's root.
    fn load_named(
        &self,
        reading: &Reading<'_>,
        name: &str,
        now: UnixTime,
    ) -> Result<Option<(Key, Found)>, Fault> {
        let Some((key, answers)) = self.load_unverified(reading, name)? else { return Ok(None) };
        let checked = answers.check(&key.need, &self.root, now, &self.budget).map_err(|error| Fault {
            file: format!("{INDEX}/{name}"),
            what: FaultKind::Refused(error.to_string()),
        })?;
        Ok(Some((key, Found { answers, checked, service: key.service, faults: Vec::new() })))
    }

    /// [`Self::load_named`] without a look at signatures and dates.
    fn load_unverified(&self, reading: &Reading<'_>, name: &str) -> Result<Option<(Key, Answers)>, Fault> {
        let fault = |what| Fault { file: format!("{INDEX}/{name}"), what };
        let bytes = match reading.read(INDEX, name, sealed::CAP) {
            Err(FaultKind::Missing) => return Ok(None),
            read => read.map_err(fault)?,
        };
        let entry: Entry = sealed::read(&bytes).map_err(fault)?;
        let key = entry.key().map_err(fault)?;
        if key.file_name() != name {
            return Err(fault(FaultKind::Misplaced));
        }
        if key.root != self.root.spki_sha256() {
            return Ok(None);
        }
        let answers = entry.answers(reading, &self.budget)?;
        Ok(Some((key, answers)))
    }
}
