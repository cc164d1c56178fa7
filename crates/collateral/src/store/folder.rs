//! Files of the store: whole or absent, whoever is killed when; one writer or many readers at a time.

use crate::error::{FaultKind, StoreError};
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use veritee_model::Sha256Digest;

/// Folder of exact bodies and chains, each named by its SHA-256.
pub(super) const OBJECTS: &str = "objects";
/// Folder of entries: which objects make collateral.
pub(super) const INDEX: &str = "index";
/// Folder of entries for PCK certificates of quotes that carry none.
pub(super) const PLATFORMS: &str = "platforms";
/// Folder of rollback memories.
pub(super) const MEMORY: &str = "memory";
/// Folder of entries for lists that are kept for what they revoke.
pub(super) const LISTS: &str = "lists";
/// Folder of entries for what NVIDIA says of GPUs.
pub(super) const GPUS: &str = "gpus";
/// Every folder that files are written into.
const PARTS: [&str; 6] = [OBJECTS, INDEX, PLATFORMS, MEMORY, LISTS, GPUS];
const LOCK: &str = "lock";
const TEMPORARY: &str = "tmp-";
/// Ten seconds: locks are held for writing a few files, never while waiting for a network.
const LOCK_ATTEMPTS: u32 = 500;
const LOCK_WAIT: Duration = Duration::from_millis(20);

/// The folder, checked when it was opened.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
}

/// A shared lock: nobody writes meanwhile. None where the store can only be read and has no lock: nobody can write it.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    folder: &'a Folder,
    _lock: Option<File>,
}

/// The exclusive lock. What a killed writer left behind is swept by the next one.
#[derive(Debug)]
pub(super) struct Writing<'a>(Reading<'a>);

impl Folder {
    /// Opens or makes the folder, for its owner alone.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        // Without the slash or dot behind it that would make a link look like the folder that it leads to.
        let path: PathBuf = path.components().collect();
        let path = path.as_path();
        make(path, true)?;
        check(path)?;
        let folder = Self { path: path.to_owned() };
        for part in PARTS {
            let part = path.join(part);
            match make(&part, false) {
                // A store that cannot be written has what it has.
                Err(StoreError::Io { error, .. }) if is_read_only(&error) => continue,
                made => made?,
            }
            check(&part)?;
        }
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn read_lock(&self) -> Result<Reading<'_>, StoreError> {
        let _lock = match self.lock(File::try_lock_shared) {
            Err(StoreError::Io { action: "open", path, error }) if is_read_only(&error) => {
                match no_link().read(true).open(&path) {
                    Ok(file) => Some(locked(file, &path, File::try_lock_shared)?),
                    Err(error) if error.kind() == ErrorKind::NotFound => None,
                    Err(error) => return Err(failed("open", &path)(error)),
                }
            }
            lock => Some(lock?),
        };
        Ok(Reading { folder: self, _lock })
    }

    pub(super) fn write_lock(&self) -> Result<Writing<'_>, StoreError> {
        Ok(Writing(Reading { folder: self, _lock: Some(self.lock(File::try_lock)?) }))
    }

    fn lock(&self, take: fn(&File) -> Result<(), TryLockError>) -> Result<File, StoreError> {
        let path = self.path.join(LOCK);
        let mut options = private();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path);
        locked(file.map_err(failed("open", &path))?, &path, take)
    }
}

fn locked(file: File, path: &Path, take: fn(&File) -> Result<(), TryLockError>) -> Result<File, StoreError> {
    for _attempt in 0..LOCK_ATTEMPTS {
        match take(&file) {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_WAIT),
            Err(TryLockError::Error(error)) => return Err(failed("lock", path)(error)),
        }
    }
    Err(StoreError::Busy { path: path.to_owned() })
}

/// The folder may be read and not written: by its permissions, or because its file system is so.
fn is_read_only(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

impl Reading<'_> {
    /// The bytes of a file, at most `cap`.
    pub(super) fn read(&self, part: &str, name: &str, cap: usize) -> Result<Vec<u8>, FaultKind> {
        read(&self.folder.path.join(part).join(name), cap)
    }

    /// Names of the files in a part, temporary ones left out, in order.
    pub(super) fn names(&self, part: &str) -> Result<Vec<String>, StoreError> {
        names(&self.folder.path.join(part), |name| !name.starts_with(TEMPORARY))
    }
}

impl<'a> Writing<'a> {
    /// Whoever may write may read.
    pub(super) const fn reading(&self) -> &Reading<'a> {
        &self.0
    }

    /// Writes a file whole: under another name first, flushed to the disk, then renamed, then the folder flushed.
    pub(super) fn write(&self, part: &str, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        write_whole(&self.0.folder.path.join(part), name.as_ref(), bytes, private())
    }

    /// Stores bytes under their digest, unless they are there already, whole.
    pub(super) fn keep(&self, bytes: &[u8]) -> Result<Sha256Digest, StoreError> {
        let digest = Sha256Digest::of(bytes);
        let name = digest.to_string();
        let present = self.0.read(OBJECTS, &name, bytes.len()).is_ok_and(|stored| stored == bytes);
        if !present {
            self.write(OBJECTS, &name, bytes)?;
        }
        Ok(digest)
    }

    pub(super) fn remove(&self, part: &str, name: &str) -> Result<(), StoreError> {
        let path = self.0.folder.path.join(part).join(name);
        // A folder in a file's place is somebody's: it is moved out of the way, never emptied.
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir()) {
            let aside = self.0.folder.path.join(format!("aside-{part}-{name}"));
            return fs::rename(&path, &aside).map_err(failed("set aside", &path));
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", &path)(error)),
            _ => Ok(()),
        }
    }

    /// Removes what killed writers left: nobody else can be writing while this lock is held.
    pub(super) fn sweep(&self) -> Result<usize, StoreError> {
        let mut swept = 0_usize;
        for part in PARTS {
            for name in names(&self.0.folder.path.join(part), |name| name.starts_with(TEMPORARY))? {
                self.remove(part, &name)?;
                swept = swept.saturating_add(1);
            }
        }
        Ok(swept)
    }
}

/// Writes a file that others may read, whole, in place of the plain file that is there, whose mode it keeps. What a link
/// points at is replaced, and the link stays; a folder, pipe, device or socket is refused by name.
pub(crate) fn write_public(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let (target, replaces) = public_place(&folder.join(name))?;
    let unfit = || StoreError::NotAFile { path: target.clone() };
    let (folder, name) = (target.parent().ok_or_else(unfit)?, target.file_name().ok_or_else(unfit)?);
    write_whole(folder, name, bytes, no_link())?;
    match replaces {
        Some(found) => {
            fs::set_permissions(&target, found.permissions()).map_err(failed("set the mode of", &target))
        }
        None => Ok(()),
    }
}

/// Whether a file of that name can be written there: asked for all before the first one is.
pub(crate) fn check_public(folder: &Path, name: &str) -> Result<(), StoreError> {
    public_place(&folder.join(name)).map(drop)
}

/// Where the links lead, and the plain file that is there.
fn public_place(path: &Path) -> Result<(PathBuf, Option<fs::Metadata>), StoreError> {
    /// Links from link to link.
    const LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new(".")).join(target),
            Err(_no_link) => {
                return match fs::symlink_metadata(&path) {
                    Ok(found) if found.is_file() => Ok((path, Some(found))),
                    Ok(_) => Err(StoreError::NotAFile { path }),
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok((path, None)),
                    Err(error) => Err(failed("look at", &path)(error)),
                };
            }
        }
    }
    Err(StoreError::NotAFile { path })
}

/// Writes `bytes` to `folder/name` so that the name never shows anything else than all of them.
fn write_whole(
    folder: &Path,
    name: &OsStr,
    bytes: &[u8],
    mut options: OpenOptions,
) -> Result<(), StoreError> {
    let temporary = folder.join(format!("{TEMPORARY}{}-{}", std::process::id(), name.display()));
    // A leftover of a killed process that had the same number.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(failed("remove", &temporary)(error));
        }
        _ => {}
    }
    let mut file =
        options.write(true).create_new(true).open(&temporary).map_err(failed("create", &temporary))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    let target = folder.join(name);
    let placed = written
        .map_err(failed("write", &temporary))
        .and_then(|()| fs::rename(&temporary, &target).map_err(failed("rename", &target)));
    if placed.is_err() {
        // Best effort: the next writer sweeps.
        let _ = fs::remove_file(&temporary);
    }
    placed?;
    flush(folder)
}

/// A rename lasts through a power cut only once the folder itself is on the disk.
#[cfg(unix)]
fn flush(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("flush", folder))
}

#[cfg(not(unix))]
fn flush(_folder: &Path) -> Result<(), StoreError> {
    Ok(())
}

/// Reads a regular file of at most `cap` bytes, without following a link.
pub(crate) fn read(path: &Path, cap: usize) -> Result<Vec<u8>, FaultKind> {
    let unreadable = |error: std::io::Error| {
        if error.kind() == ErrorKind::NotFound {
            FaultKind::Missing
        } else {
            FaultKind::Unreadable(error.to_string())
        }
    };
    let seen = fs::symlink_metadata(path).map_err(unreadable)?;
    if !seen.is_file() {
        return Err(FaultKind::NotAFile);
    }
    let file = no_link().read(true).open(path).map_err(unreadable)?;
    let limit = u64::try_from(cap).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > cap { Err(FaultKind::TooLarge) } else { Ok(bytes) }
}

fn names(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    let entries = match fs::read_dir(folder) {
        // A store that could not be written when it was opened.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(names),
        entries => entries.map_err(failed("list", folder))?,
    };
    for entry in entries {
        let entry = entry.map_err(failed("list", folder))?;
        // What is no UTF-8 was not put here by this store.
        if let Some(name) = entry.file_name().to_str().filter(|name| wanted(name)) {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |error| StoreError::Io { action, path, error }
}

fn make(path: &Path, parents: bool) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    if parents && let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(failed("make the folder", parent))?;
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed("make the folder", path)(error)),
        _ => Ok(()),
    }
}

/// A folder of this user's own that nobody else may write into, and no link to one.
fn check(path: &Path) -> Result<(), StoreError> {
    let metadata = fs::symlink_metadata(path).map_err(failed("look at", path))?;
    if !metadata.is_dir() {
        return Err(StoreError::NotAFolder { path: path.to_owned() });
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let user = rustix::process::geteuid().as_raw();
        if metadata.uid() != user {
            return Err(StoreError::Owner { path: path.to_owned(), owner: metadata.uid(), user });
        }
        if metadata.mode() & 0o002 != 0 {
            return Err(StoreError::WorldWritable { path: path.to_owned(), mode: metadata.mode() & 0o7777 });
        }
    }
    Ok(())
}

fn no_link() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    options
}

fn private() -> OpenOptions {
    let mut options = no_link();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
