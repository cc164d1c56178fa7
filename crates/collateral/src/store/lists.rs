//! Revocation lists that are no longer the newest and name what the newest do not: no revocation is ever taken back,
//! so a store that has seen one does not forget it with the entry that it came in.

use super::entry::EntryItem;
use super::folder::{LISTS, MEMORY, Reading, Writing};
use super::{Found, Store, sealed};
use crate::answers::Received;
use crate::error::{Fault, FaultKind, StoreError};
use crate::need::Need;
use crate::service::ItemKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use veritee_model::{Item, Sha256Digest, UnixTime};
use veritee_quote::{Collateral, KnownCollateral, Origin, PcsAnswers};

const VERSION: u32 = 1;

/// Both lists of a set, and nothing else of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListEntry {
    version: u32,
    root: Sha256Digest,
    items: Vec<EntryItem>,
}

impl ListEntry {
    pub(super) fn objects(&self) -> impl Iterator<Item = Sha256Digest> {
        self.items.iter().flat_map(EntryItem::objects)
    }
}

/// Which lists were kept under one root: what is not there any more is lost, and not merely unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptLists {
    version: u32,
    root: Sha256Digest,
    names: BTreeSet<String>,
}

/// Something that the store holds under its root.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Held {
    /// What it is the collateral of; `None` where nothing but what its lists revoke counts.
    pub need: Option<Need>,
    /// dcap-qvl's JSON form, with its source and when it was fetched.
    pub item: Item,
}

/// Everything that a store holds under its root.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Holdings {
    /// What can be used.
    pub held: Vec<Held>,
    /// What is damaged, and could be had again.
    pub faults: Vec<Fault>,
    /// Lists that were kept for what they revoke and that are not there any more, or damaged. Nothing else here revoked
    /// the same when they were kept.
    pub lost: Vec<Fault>,
}

/// The list's own name, where what is wrong is an object of it.
fn about_list(name: &str, fault: Fault) -> Fault {
    let own = format!("{LISTS}/{name}");
    if fault.file == own {
        return fault;
    }
    Fault { what: FaultKind::Refused(format!("{}: {}", fault.file, fault.what)), file: own }
}

impl Store {
    /// Everything that the store holds under its root, of every need and interface, and the lists that it keeps for
    /// what they revoke. What cannot be used is named.
    ///
    /// # Errors
    /// When the store cannot be locked or listed.
    pub fn holdings(&self, now: UnixTime) -> Result<Holdings, StoreError> {
        let reading = self.folder.read_lock()?;
        let mut holdings = Holdings::default();
        for name in reading.names(super::folder::INDEX)? {
            match self.load_unverified(&reading, &name) {
                Ok(Some((key, answers))) => {
                    let source = crate::obtain::source_text(key.service, &answers);
                    let checked = answers.check(&key.need, &self.root, now, &self.budget);
                    // What is not in force yet, or stands under a signer that is revoked, decides nothing; what its lists
                    // name is revoked all the same.
                    let (need, collateral) = match checked {
                        Ok(checked) => (Some(key.need), checked.collateral),
                        Err(error) => match answers.collateral(&self.budget) {
                            Ok(collateral) => (None, collateral),
                            Err(_unreadable) => {
                                let what = FaultKind::Refused(error.to_string());
                                let file = format!("{}/{name}", super::folder::INDEX);
                                holdings.faults.push(Fault { file, what });
                                continue;
                            }
                        },
                    };
                    let mut item = Item::new(collateral.to_json(), source);
                    item.obtained = Some(answers.fetched().to_string());
                    holdings.held.push(Held { need, item });
                }
                Ok(None) => {}
                Err(fault) => holdings.faults.push(fault),
            }
        }
        for name in reading.names(LISTS)? {
            match self.load_lists(&reading, &name) {
                Ok(Some((collateral, source))) => {
                    let item = Item::new(collateral.to_json(), source);
                    holdings.held.push(Held { need: None, item });
                }
                Ok(None) => {}
                Err(fault) => holdings.lost.push(about_list(&name, fault)),
            }
        }
        holdings.lost.extend(self.gone(&reading)?);
        Ok(holdings)
    }

    /// [`Self::lost_lists`], with a lock of its own.
    pub(crate) fn lost(&self) -> Result<Vec<Fault>, StoreError> {
        self.lost_lists(&self.folder.read_lock()?)
    }

    /// Every list that was kept under this root and cannot be used any more.
    pub(super) fn lost_lists(&self, reading: &Reading<'_>) -> Result<Vec<Fault>, StoreError> {
        let mut lost = self.gone(reading)?;
        for name in reading.names(LISTS)? {
            lost.extend(self.load_lists(reading, &name).err().map(|fault| about_list(&name, fault)));
        }
        Ok(lost)
    }

    /// Those that were kept and have no file any more; or what says which were kept, where that is damaged.
    fn gone(&self, reading: &Reading<'_>) -> Result<Vec<Fault>, StoreError> {
        let kept = match self.kept_names(reading) {
            Ok(kept) => kept,
            Err(fault) => return Ok(vec![fault]),
        };
        let there = reading.names(LISTS)?;
        let gone = kept.into_iter().filter(|name| there.binary_search(name).is_err());
        Ok(gone.map(|name| Fault { file: format!("{LISTS}/{name}"), what: FaultKind::Missing }).collect())
    }

    fn kept_names(&self, reading: &Reading<'_>) -> Result<BTreeSet<String>, Fault> {
        let name = self.kept_lists_name();
        let fault = |what| Fault { file: format!("{MEMORY}/{name}"), what };
        let bytes = match reading.read(MEMORY, &name, sealed::CAP) {
            Err(FaultKind::Missing) => return Ok(BTreeSet::new()),
            read => read.map_err(fault)?,
        };
        let kept: KeptLists = sealed::read(&bytes).map_err(fault)?;
        if kept.version != VERSION {
            return Err(fault(FaultKind::Form(format!("version {}", kept.version))));
        }
        if kept.root != self.root.spki_sha256() {
            return Err(fault(FaultKind::Misplaced));
        }
        Ok(kept.names)
    }

    fn kept_lists_name(&self) -> String {
        format!("{}-lists", self.root.spki_sha256())
    }

    fn write_kept_names(&self, writing: &Writing<'_>, names: BTreeSet<String>) -> Result<(), StoreError> {
        let kept = KeptLists { version: VERSION, root: self.root.spki_sha256(), names };
        writing.write(MEMORY, &self.kept_lists_name(), &sealed::write(&kept))
    }

    /// Writes down which lists are kept, once for all that one writer keeps and after them: one that is killed before leaves
    /// lists that are there, never such as seem lost. A note that is damaged stays so until somebody prunes.
    pub(super) fn note_kept(&self, writing: &Writing<'_>) -> Result<(), StoreError> {
        self.known_kept(writing.reading())?;
        let there = {
            let kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            kept.as_ref().map(|(seen, _)| seen.clone()).unwrap_or_default()
        };
        let Ok(before) = self.kept_names(writing.reading()) else { return Ok(()) };
        if there.is_subset(&before) {
            return Ok(());
        }
        self.write_kept_names(writing, before.into_iter().chain(there).collect())
    }

    /// Lets go of the lists that are lost: their files, and that they were kept. What stood there before this was written down
    /// is written down now. Returns what was let go of.
    pub(super) fn forget_lost_lists(&self, writing: &Writing<'_>) -> Result<Vec<Fault>, StoreError> {
        let mut forgotten = self.gone(writing.reading())?;
        let before = self.kept_names(writing.reading()).ok();
        let mut names = BTreeSet::new();
        for name in writing.reading().names(LISTS)? {
            match self.load_lists(writing.reading(), &name) {
                Ok(Some(_)) => {
                    names.insert(name);
                }
                Ok(None) => {}
                Err(fault) if super::inventory::is_lost(&fault.what) => {
                    writing.remove(LISTS, &name)?;
                    forgotten.push(about_list(&name, fault));
                }
                // Of another version, or not to be verified: another program may read it.
                Err(_) => {
                    if before.as_ref().is_some_and(|before| before.contains(&name)) {
                        names.insert(name);
                    }
                }
            }
        }
        if before.as_ref() != Some(&names) {
            self.write_kept_names(writing, names)?;
        }
        Ok(forgotten)
    }

    /// The sets of lists that are kept for what they revoke.
    pub(super) fn kept_lists(&self, reading: &Reading<'_>) -> Result<Vec<(Collateral, String)>, StoreError> {
        let mut lists = Vec::new();
        for name in reading.names(LISTS)? {
            if let Ok(Some(found)) = self.load_lists(reading, &name) {
                lists.push(found);
            }
        }
        Ok(lists)
    }

    /// The lists in a file; `None` when they are of another root.
    pub(super) fn load_lists(
        &self,
        reading: &Reading<'_>,
        name: &str,
    ) -> Result<Option<(Collateral, String)>, Fault> {
        let fault = |what| Fault { file: format!("{LISTS}/{name}"), what };
        let entry: ListEntry =
            reading.read(LISTS, name, sealed::CAP).and_then(|bytes| sealed::read(&bytes)).map_err(fault)?;
        if entry.version != VERSION {
            return Err(fault(FaultKind::Form(format!("version {}", entry.version))));
        }
        if entry.root != self.root.spki_sha256() {
            return Ok(None);
        }
        let mut received = Vec::with_capacity(2);
        for item in &entry.items {
            received.push(item.load(reading, &self.budget)?);
        }
        let of = |kind| received.iter().find(|item: &&Received| item.item == kind);
        let (pck, root) = (of(ItemKind::PckCrl), of(ItemKind::RootCaCrl));
        // Where one is not there, the other stands in its place while both are decoded.
        let Some(first) = pck.or(root) else {
            return Err(fault(FaultKind::Form("no list".to_owned())));
        };
        let answers = PcsAnswers {
            tcb_info_body: br#"{"tcbInfo":{},"signature":""}"#,
            tcb_info_issuer_chain: "",
            qe_identity_body: br#"{"enclaveIdentity":{},"signature":""}"#,
            qe_identity_issuer_chain: "",
            pck_crl: &pck.unwrap_or(first).body,
            pck_crl_issuer_chain: pck.and_then(|pck| pck.chain.as_deref()).unwrap_or_default(),
            root_ca_crl: &root.unwrap_or(first).body,
            pck_certificate_chain: None,
        };
        let only = |lists: Collateral| {
            let mut parts = lists.parts().clone();
            if pck.is_none() {
                parts.pck_crl.clear();
            }
            if root.is_none() {
                parts.root_ca_crl.clear();
            }
            Collateral::from_parts(parts)
        };
        Collateral::from_pcs_within(&answers, &self.budget)
            .map(|lists| Some((only(lists), format!("lists kept of {}", first.url))))
            .map_err(|error| fault(FaultKind::Refused(error.to_string())))
    }

    /// Keeps the lists of a set that leaves the store, or that is not let in, where they name something that nothing
    /// in `remaining` does. True when they were kept.
    pub(super) fn keep_lists(
        &self,
        writing: &Writing<'_>,
        leaving: &Found,
        remaining: &mut KnownCollateral,
    ) -> Result<bool, StoreError> {
        let lists = [&leaving.answers.pck_crl, &leaving.answers.root_ca_crl];
        self.keep_both(writing, &leaving.checked.collateral, lists, remaining)
    }

    /// Keeps the lists of collateral that is refused as a whole, each by its name: what they revoke is true whatever stands
    /// beside them. The names of those that name something that nothing here does. What is here is read once.
    pub(crate) fn keep_revocations(
        &self,
        offered: Vec<(String, Collateral)>,
        clock: UnixTime,
    ) -> Result<Vec<String>, StoreError> {
        if offered.is_empty() {
            return Ok(Vec::new());
        }
        let writing = self.folder.write_lock()?;
        let mut known = self.known_kept(writing.reading())?;
        for name in writing.reading().names(super::folder::INDEX)? {
            if let Ok(Some((_, found))) = self.load_named(writing.reading(), &name, clock) {
                known.add_revocations(&found.checked.collateral, Origin::Store, "store");
            }
        }
        let mut kept = Vec::new();
        for (name, collateral) in offered {
            let parts = collateral.parts();
            let received = |item, body: &[u8], chain: Option<&str>| Received {
                item,
                url: name.clone(),
                fetched: clock,
                body: body.into(),
                chain: chain.map(Arc::from),
            };
            let pck = received(ItemKind::PckCrl, &parts.pck_crl, Some(&parts.pck_crl_issuer_chain));
            let root = received(ItemKind::RootCaCrl, &parts.root_ca_crl, None);
            if self.keep_both(&writing, &collateral, [&pck, &root], &mut known)? {
                kept.push(name);
            }
        }
        self.note_kept(&writing)?;
        Ok(kept)
    }

    /// The lists that are kept for what they revoke, each beside the documents of a set that verifies, so that any
    /// reader takes them for collateral.
    pub(crate) fn revoking_sets(&self, whole: &Collateral) -> Result<Vec<Collateral>, StoreError> {
        let lists = self.kept_lists(&self.folder.read_lock()?)?;
        let beside = |(lists, _): (Collateral, String)| {
            let lists = lists.parts();
            let mut parts = whole.parts().clone();
            if !lists.root_ca_crl.is_empty() {
                parts.root_ca_crl.clone_from(&lists.root_ca_crl);
            }
            if !lists.pck_crl.is_empty() {
                parts.pck_crl.clone_from(&lists.pck_crl);
                parts.pck_crl_issuer_chain.clone_from(&lists.pck_crl_issuer_chain);
            }
            Collateral::from_parts(parts)
        };
        Ok(lists.into_iter().map(beside).collect())
    }

    fn keep_both(
        &self,
        writing: &Writing<'_>,
        collateral: &Collateral,
        lists: [&Received; 2],
        remaining: &mut KnownCollateral,
    ) -> Result<bool, StoreError> {
        if !remaining.add_revocations(collateral, Origin::Bystander, "leaving") {
            return Ok(false);
        }
        let mut items = Vec::with_capacity(2);
        let mut name = String::from("veritee lists 1\n");
        for received in lists.into_iter().filter(|received| !received.body.is_empty()) {
            let body = writing.keep(&received.body)?;
            let chain = match &received.chain {
                None => None,
                Some(chain) => Some(writing.keep(chain.as_bytes())?),
            };
            name.push_str(&format!("{body}\n{chain:?}\n"));
            items.push(EntryItem::new(received, body, chain));
        }
        let entry = ListEntry { version: VERSION, root: self.root.spki_sha256(), items };
        let name = Sha256Digest::of(name.as_bytes()).to_string();
        // What stands in its place and is none would be in the way.
        if self.load_lists(writing.reading(), &name).is_err() {
            writing.remove(LISTS, &name)?;
        }
        writing.write(LISTS, &name, &sealed::write(&entry))?;
        Ok(true)
    }

    /// What is known by the lists of these sets and by those that are kept already.
    pub(super) fn known_by<'a>(
        &self,
        reading: &Reading<'_>,
        sets: impl IntoIterator<Item = &'a Collateral>,
    ) -> Result<KnownCollateral, StoreError> {
        let mut known = self.known_kept(reading)?;
        for set in sets {
            known.add_revocations(set, Origin::Store, "store");
        }
        Ok(known)
    }

    /// What is known by the lists that are kept. Each is named by its content, read and verified once for all that this
    /// store is asked, so that to keep many lists costs no more than their number.
    fn known_kept(&self, reading: &Reading<'_>) -> Result<KnownCollateral, StoreError> {
        let names = reading.names(LISTS)?;
        let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (seen, known) =
            kept.get_or_insert_with(|| (BTreeSet::new(), KnownCollateral::new(&self.root, &self.budget)));
        // Where some have gone, what they alone revoked is not kept any more.
        if !seen.iter().all(|name| names.contains(name)) {
            *seen = BTreeSet::new();
            *known = KnownCollateral::new(&self.root, &self.budget);
        }
        for name in names {
            if seen.contains(&name) {
                continue;
            }
            if let Ok(Some((lists, source))) = self.load_lists(reading, &name) {
                known.add_revocations(&lists, Origin::Store, &source);
                seen.insert(name);
            }
        }
        Ok(known.clone())
    }
}
