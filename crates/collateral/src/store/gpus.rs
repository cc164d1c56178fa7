//! What NVIDIA says of GPUs, as it was fetched: manifests by identifier, answers by the certificate that they are about,
//! lists by their CA.
//!
//! Held to its digest when it is read, and verified by who uses it: answers and lists verify with the chain of a device only.

use super::entry::{load_object, object_path};
use super::folder::{GPUS, Reading, Writing};
use super::{Store, sealed};
use crate::error::{Fault, FaultKind, StoreError};
use serde::{Deserialize, Serialize};
use veritee_gpu::Roots;
use veritee_model::{Sha256Digest, UnixTime};

const VERSION: u32 = 1;
/// Items of one entry: NVIDIA signs the same identifier anew.
const ITEMS: usize = 8;

/// What something is kept as.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GpuPlace {
    /// A manifest, by its identifier.
    Manifest(String),
    /// An answer, by the digest of issuer and serial number.
    Answer(String),
    /// A revocation list, by the digest of its CA's name and key.
    List(String),
}

impl GpuPlace {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Manifest(_) => "manifest",
            Self::Answer(_) => "answer",
            Self::List(_) => "list",
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Manifest(name) | Self::Answer(name) | Self::List(name) => name,
        }
    }
}

/// Something that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GpuKept {
    pub(crate) bytes: Vec<u8>,
    pub(crate) url: String,
    pub(crate) fetched: UnixTime,
    /// `None` for what holds for ever: a revocation.
    pub(crate) until: Option<UnixTime>,
}

/// What is kept, and as what.
pub(crate) type Placed = Vec<(GpuPlace, GpuKept)>;

/// One item about GPUs in the store.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GpuListed {
    /// `manifest`, `answer` or `list`.
    pub kind: &'static str,
    /// Identifier of the manifest, or the digest by which the answer or the list is found.
    pub name: String,
    /// Who gave it.
    pub url: String,
    /// When.
    pub fetched: UnixTime,
    /// In force until; `None` for what holds for ever.
    pub until: Option<UnixTime>,
    /// Bytes of it.
    pub bytes: usize,
    /// SHA-256 of it.
    pub sha256: Sha256Digest,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GpuEntry {
    version: u32,
    root: Sha256Digest,
    kind: String,
    name: String,
    items: Vec<GpuEntryItem>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GpuEntryItem {
    url: String,
    fetched: UnixTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<UnixTime>,
    body: Sha256Digest,
}

impl GpuEntry {
    pub(super) fn objects(&self) -> impl Iterator<Item = Sha256Digest> {
        self.items.iter().map(|item| item.body)
    }

    fn place(&self) -> Option<GpuPlace> {
        match self.kind.as_str() {
            "manifest" => Some(GpuPlace::Manifest(self.name.clone())),
            "answer" => Some(GpuPlace::Answer(self.name.clone())),
            "list" => Some(GpuPlace::List(self.name.clone())),
            _ => None,
        }
    }
}

/// Both of NVIDIA's roots: what those of a test vouch for never meets NVIDIA's.
fn root_of(roots: &Roots) -> Sha256Digest {
    Sha256Digest::of(format!("{}\n{}\n", roots.device_sha256(), roots.manifest_sha256()).as_bytes())
}

/// Hex only: nothing of an identifier can walk through folders.
fn file_name(root: Sha256Digest, place: &GpuPlace) -> String {
    let text = format!("veritee gpu entry 1\n{root}\n{}\n{}\n", place.kind(), place.name());
    Sha256Digest::of(text.as_bytes()).to_string()
}

impl Store {
    /// What is kept at a place, each held to its digest.
    pub(crate) fn gpu_kept(
        &self,
        roots: &Roots,
        place: &GpuPlace,
    ) -> Result<(Vec<GpuKept>, Vec<Fault>), StoreError> {
        let reading = self.folder.read_lock()?;
        Ok(match read_entry(&reading, &file_name(root_of(roots), place)) {
            Ok(None) => (Vec::new(), Vec::new()),
            Ok(Some(entry)) => self.load_items(&reading, &entry),
            Err(fault) => (Vec::new(), vec![fault]),
        })
    }

    /// Everything about GPUs that is kept under these roots.
    pub(crate) fn gpu_entries(&self, roots: &Roots) -> Result<(Placed, Vec<Fault>), StoreError> {
        let reading = self.folder.read_lock()?;
        let (root, mut all, mut faults) = (root_of(roots), Vec::new(), Vec::new());
        for name in reading.names(GPUS)? {
            match read_entry(&reading, &name) {
                Ok(Some(entry)) if entry.root == root => {
                    let (kept, found) = self.load_items(&reading, &entry);
                    faults.extend(found);
                    let place = entry.place();
                    all.extend(
                        place
                            .into_iter()
                            .flat_map(|place| kept.iter().map(move |kept| (place.clone(), kept.clone()))),
                    );
                }
                Ok(_) => {}
                Err(fault) => faults.push(fault),
            }
        }
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok((all, faults))
    }

    /// The same, described.
    ///
    /// # Errors
    /// When the store cannot be locked or listed.
    pub fn list_gpus(&self, roots: &Roots) -> Result<(Vec<GpuListed>, Vec<Fault>), StoreError> {
        let (entries, faults) = self.gpu_entries(roots)?;
        let listed = entries.into_iter().map(|(place, kept)| GpuListed {
            kind: place.kind(),
            name: place.name().to_owned(),
            url: kept.url,
            fetched: kept.fetched,
            until: kept.until,
            bytes: kept.bytes.len(),
            sha256: Sha256Digest::of(&kept.bytes),
        });
        Ok((listed.collect(), faults))
    }

    /// Keeps something beside what is there. Of answers and lists the newest stays and every revocation: none is ever taken
    /// back.
    pub(crate) fn keep_gpu(&self, roots: &Roots, place: &GpuPlace, new: &GpuKept) -> Result<(), StoreError> {
        let writing = self.folder.write_lock()?;
        writing.sweep()?;
        let root = root_of(roots);
        let name = file_name(root, place);
        // One that cannot be read has nothing to keep.
        let mut items =
            read_entry(writing.reading(), &name).ok().flatten().map_or_else(Vec::new, |entry| entry.items);
        let body = writing.keep(&new.bytes)?;
        items.retain(|item| item.body != body);
        if !matches!(place, GpuPlace::Manifest(_)) {
            items.retain(|item| item.until.is_none());
        }
        items.push(GpuEntryItem { url: new.url.clone(), fetched: new.fetched, until: new.until, body });
        if items.len() > ITEMS {
            items.remove(0);
        }
        let (kind, text) = (place.kind().to_owned(), place.name().to_owned());
        let entry = GpuEntry { version: VERSION, root, kind, name: text, items };
        writing.write(GPUS, &name, &sealed::write(&entry))
    }

    /// Drops what was in force until more than `keep` seconds before `now`. Revocations stay.
    pub(super) fn prune_gpus(
        &self,
        writing: &Writing<'_>,
        now: UnixTime,
        keep: u64,
    ) -> Result<usize, StoreError> {
        let mut dropped = 0_usize;
        for name in writing.reading().names(GPUS)? {
            let Ok(Some(mut entry)) = read_entry(writing.reading(), &name) else { continue };
            let before = entry.items.len();
            entry.items.retain(|item| item.until.is_none_or(|until| now.since(until) <= keep));
            dropped = dropped.saturating_add(before.saturating_sub(entry.items.len()));
            if entry.items.is_empty() {
                writing.remove(GPUS, &name)?;
            } else if entry.items.len() < before {
                writing.write(GPUS, &name, &sealed::write(&entry))?;
            }
        }
        Ok(dropped)
    }

    /// Faults of entries and of what they name.
    pub(super) fn check_gpus(&self, reading: &Reading<'_>) -> Result<Vec<Fault>, StoreError> {
        let mut faults = Vec::new();
        for name in reading.names(GPUS)? {
            match read_entry(reading, &name) {
                Ok(Some(entry)) => faults.extend(self.load_items(reading, &entry).1),
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
        }
        Ok(faults)
    }

    fn load_items(&self, reading: &Reading<'_>, entry: &GpuEntry) -> (Vec<GpuKept>, Vec<Fault>) {
        let cap = self.budget.gpu_manifest_bytes.max(self.budget.gpu_statement_bytes);
        let (mut kept, mut faults) = (Vec::new(), Vec::new());
        for item in &entry.items {
            match load_object(reading, item.body, cap) {
                Ok(bytes) => {
                    kept.push(GpuKept {
                        bytes,
                        url: item.url.clone(),
                        fetched: item.fetched,
                        until: item.until,
                    });
                }
                Err(fault) => faults.push(Fault { file: object_path(item.body), what: fault.what }),
            }
        }
        (kept, faults)
    }
}

fn read_entry(reading: &Reading<'_>, name: &str) -> Result<Option<GpuEntry>, Fault> {
    let fault = |what| Fault { file: format!("{GPUS}/{name}"), what };
    let bytes = match reading.read(GPUS, name, sealed::CAP) {
        Err(FaultKind::Missing) => return Ok(None),
        read => read.map_err(fault)?,
    };
    let entry: GpuEntry = sealed::read(&bytes).map_err(fault)?;
    if entry.version != VERSION {
        return Err(fault(FaultKind::Form(format!("version {}", entry.version))));
    }
    let place = entry.place().ok_or_else(|| fault(FaultKind::Form("an unknown kind".to_owned())))?;
    if file_name(entry.root, &place) != name {
        return Err(fault(FaultKind::Misplaced));
    }
    Ok(Some(entry))
}
