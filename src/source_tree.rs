//! A source tree on disk: the files that `veritee-source` asks for. Links are not followed, and only regular files are
//! opened: a pipe would be waited for.

use crate::failure::Failure;
use crate::input::shown;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{File, FileType, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use veritee_model::Budget;
use veritee_source::{Entry, Files, FilesError, Kind, OpenError, SourceTree as _, Tree};

/// A tree behind a folder; copies share the history and what it may cost.
pub(crate) type Folder = Arc<Tree<Disk>>;

/// Lists the files. More than the budget allows is refused rather than passed over in silence.
pub(crate) fn open(root: &Path, budget: &Budget) -> Result<Folder, Failure> {
    let tree = Tree::open(Disk::new(root.to_owned()), budget).map(Arc::new).map_err(|error| {
        let failure = Failure::unobtainable(format!("{}: {error}", shown(root)));
        match error {
            OpenError::TooManyFiles { .. } => {
                failure.help("audit the folder of the service, or a clone without generated files")
            }
            _ => failure,
        }
    })?;
    // One that has a history and nothing checked out is a tree still.
    if tree.paths().is_empty() && tree.head().is_none() {
        return Err(crate::input::nothing_in(root));
    }
    Ok(tree)
}

/// Files below a folder.
#[derive(Debug)]
pub(crate) struct Disk {
    root: PathBuf,
    /// Where paths lead whose last names are no text, by what they are called here.
    odd: Mutex<BTreeMap<String, PathBuf>>,
}

impl Disk {
    /// Files below a folder.
    pub(crate) const fn new(root: PathBuf) -> Self {
        Self { root, odd: Mutex::new(BTreeMap::new()) }
    }

    /// The repository of a worktree may stand anywhere: an absolute path replaces the root.
    fn at(&self, path: &str) -> PathBuf {
        let odd = self.odd.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut known = path;
        while !odd.is_empty() {
            if let Some(real) = odd.get(known) {
                let rest = path.get(known.len()..).unwrap_or_default().trim_start_matches('/');
                return if rest.is_empty() { real.clone() } else { real.join(rest) };
            }
            let Some((above, _)) = known.rsplit_once('/') else { break };
            known = above;
        }
        self.root.join(path)
    }

    /// A name that is no text, as one that no other entry of its folder has. How it begins and ends stays: what a file is
    /// goes by that.
    fn called(&self, folder: &str, name: &OsStr, taken: &BTreeSet<String>) -> String {
        let mut called = name.as_encoded_bytes().escape_ascii().to_string();
        while taken.contains(&called) {
            called = called.replacen("\\x", "\\\\x", 1);
        }
        let path = if folder.is_empty() { called.clone() } else { format!("{folder}/{called}") };
        let real = self.at(folder).join(name);
        self.odd.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(path, real);
        called
    }
}

fn said(error: &std::io::Error) -> FilesError {
    FilesError(error.to_string())
}

fn kind(kind: FileType, size: impl FnOnce() -> u64) -> Kind {
    if kind.is_dir() {
        Kind::Folder
    } else if kind.is_file() {
        Kind::File(size())
    } else if kind.is_symlink() {
        Kind::Link
    } else {
        Kind::Special
    }
}

impl Files for Disk {
    fn kind(&self, path: &str) -> Kind {
        match std::fs::symlink_metadata(self.at(path)) {
            Ok(metadata) => kind(metadata.file_type(), || metadata.len()),
            Err(_) => Kind::Absent,
        }
    }

    fn list(&self, folder: &str, most: usize) -> Result<Vec<Entry>, FilesError> {
        let entries = std::fs::read_dir(self.at(folder)).map_err(|error| said(&error))?;
        let (mut list, mut odd, mut taken) = (Vec::new(), Vec::new(), BTreeSet::new());
        for entry in entries.take(most.saturating_add(1)) {
            let entry = entry.map_err(|error| said(&error))?;
            let kind = kind(entry.file_type().map_err(|error| said(&error))?, || 0);
            match entry.file_name().into_string() {
                Ok(name) => {
                    taken.insert(name.clone());
                    list.push(Entry { name, kind });
                }
                Err(name) => odd.push((name, kind)),
            }
        }
        odd.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for (name, kind) in odd {
            let name = self.called(folder, &name, &taken);
            taken.insert(name.clone());
            list.push(Entry { name, kind });
        }
        Ok(list)
    }

    fn read(&self, path: &str, offset: u64, length: usize) -> Result<Vec<u8>, FilesError> {
        let mut file = regular(&self.at(path)).map_err(|error| said(&error))?;
        file.seek(SeekFrom::Start(offset)).map_err(|error| said(&error))?;
        let mut bytes = Vec::new();
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        file.take(length).read_to_end(&mut bytes).map_err(|error| said(&error))?;
        Ok(bytes)
    }
}

/// Opens a regular file. What stands there may change between a look and the opening, so that the opening does not
/// wait for a pipe's other end, and what was opened is looked at again.
fn regular(path: &Path) -> std::io::Result<File> {
    let refused = || std::io::Error::other("no regular file");
    if !std::fs::symlink_metadata(path)?.is_file() {
        return Err(refused());
    }
    let file = options().open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(refused()) }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    /// `O_NONBLOCK` of Linux, on all processors that this is built for.
    const NONBLOCK: i32 = 0o4000;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(NONBLOCK);
    options
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    options
}
