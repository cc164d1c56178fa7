//! The one way in which this program writes a file.
//!
//! A plain file appears whole or not at all: it is written beside its place under a temporary name and then takes the
//! name. What it replaces keeps its mode, a new file has what the umask leaves of 0666. The file that a symbolic link
//! points at is replaced, the link stays. A pipe or character device is written to, and so is whatever an open
//! descriptor leads to (`/dev/stdout`, `/dev/fd/3`): another program may be at work on it. A folder, a socket and a disk
//! are refused. All of this is found out before the work whose result is to be written.

use crate::failure::Failure;
use crate::input::shown;
use crate::interrupt::Unfinished;
use std::fs::{File, FileType, Metadata};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Links from link to link.
const LINKS: usize = 40;

/// A place for output, as it was when it was looked at.
pub(crate) struct Place {
    /// The path as the user gave it.
    given: PathBuf,
    kind: Kind,
}

enum Kind {
    /// `-`
    Standard,
    /// A plain file, there already or not.
    File { path: PathBuf, replaces: Option<Metadata> },
    /// A pipe or device.
    Stream,
}

impl Place {
    /// Looks at what stands there, and whether it can be written.
    pub(crate) fn look(given: &Path) -> Result<Self, Failure> {
        let kind = if given == Path::new("-") { Kind::Standard } else { kind(given)? };
        if let Kind::File { path, .. } = &kind {
            if !folder(path).is_dir() {
                let missing = shown(folder(path));
                return Err(Failure::internal(format!("{}: there is no folder {missing}", shown(given))));
            }
            // What cannot be created now cannot be created later, after an hour's work.
            temporary(path).map_err(|error| unwritable(given, &error))?;
        }
        Ok(Self { given: given.to_owned(), kind })
    }

    /// Whether it is standard output.
    pub(crate) const fn is_standard(&self) -> bool {
        matches!(self.kind, Kind::Standard)
    }

    /// Opens it for writing piece by piece.
    pub(crate) fn open(self) -> Result<Open, Failure> {
        let failed = |error: std::io::Error| unwritable(&self.given, &error);
        let to = match self.kind {
            Kind::Standard => To::Standard(std::io::stdout()),
            Kind::Stream => {
                // At its end, where it is a file behind a descriptor: what stands there already stays.
                To::Stream(std::fs::OpenOptions::new().append(true).open(&self.given).map_err(failed)?)
            }
            Kind::File { path, replaces } => {
                let file = temporary(&path).map_err(failed)?;
                To::File { unfinished: Unfinished::new(file.path()), file, path, replaces }
            }
        };
        Ok(Open { given: self.given, to, reader_left: false })
    }

    /// Writes all of it.
    pub(crate) fn write(self, bytes: &[u8]) -> Result<(), Failure> {
        let given = self.given.clone();
        let mut open = self.open()?;
        open.write_all(bytes).map_err(|error| unwritable(&given, &error))?;
        open.finish()
    }
}

/// An open place. Nothing appears under the name of a plain file before [`Self::finish`].
pub(crate) struct Open {
    given: PathBuf,
    to: To,
    reader_left: bool,
}

#[allow(clippy::large_enum_variant, reason = "one a run")]
enum To {
    Standard(std::io::Stdout),
    Stream(File),
    File { file: NamedTempFile, path: PathBuf, replaces: Option<Metadata>, unfinished: Unfinished },
}

impl Open {
    /// The reader of a pipe has closed it: it has what it wanted, and nothing else need be written.
    pub(crate) const fn reader_left(&self) -> bool {
        self.reader_left
    }

    /// It is a plain file, which gets its name only when it is finished.
    pub(crate) const fn is_unfinished(&self) -> bool {
        matches!(self.to, To::File { .. })
    }

    /// Makes what was written whole, under its name.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        self.flush().map_err(|error| unwritable(&self.given, &error))?;
        let To::File { file, path, replaces, unfinished } = self.to else { return Ok(()) };
        let named = || {
            if let Some(replaces) = &replaces {
                file.as_file().set_permissions(replaces.permissions())?;
            }
            file.as_file().sync_all()?;
            file.persist(&path).map(drop).map_err(|error| error.error)
        };
        let done = named();
        drop(unfinished);
        done.map_err(|error| unwritable(&self.given, &error))
    }
}

impl Write for Open {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = match &mut self.to {
            To::Standard(stdout) => stdout.write(bytes),
            To::Stream(file) => file.write(bytes),
            To::File { file, .. } => file.write(bytes),
        };
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.reader_left = true;
                Ok(bytes.len())
            }
            written => written,
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let flushed = match &mut self.to {
            To::Standard(stdout) => stdout.flush(),
            To::Stream(file) => file.flush(),
            To::File { file, .. } => file.flush(),
        };
        match flushed {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}

fn kind(given: &Path) -> Result<Kind, Failure> {
    let Some(path) = followed(given)? else { return Ok(Kind::Stream) };
    let metadata = match std::fs::symlink_metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Kind::File { path, replaces: None }),
        Err(error) => return Err(unwritable(given, &error)),
    };
    let refused =
        |what: &str| Err(Failure::internal(format!("{}: is {what}, nothing was written", shown(given))));
    match metadata.file_type() {
        kind if kind.is_file() => Ok(Kind::File { path, replaces: Some(metadata) }),
        kind if kind.is_dir() => refused("a folder, expected a file"),
        kind if is_stream(kind) => Ok(Kind::Stream),
        _ => refused("neither a file nor a pipe nor a terminal"),
    }
}

#[cfg(unix)]
fn is_stream(kind: FileType) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    kind.is_fifo() || kind.is_char_device()
}

#[cfg(not(unix))]
fn is_stream(_kind: FileType) -> bool {
    false
}

/// Where the symbolic links lead, the last one perhaps to nothing; nothing where they lead to an open descriptor.
fn followed(given: &Path) -> Result<Option<PathBuf>, Failure> {
    let mut path = given.to_owned();
    for _ in 0..LINKS {
        match std::fs::read_link(&path) {
            Ok(_) if is_descriptor(&path) => return Ok(None),
            Ok(target) => path = folder(&path).join(target),
            Err(_no_link) => return Ok(Some(path)),
        }
    }
    Err(Failure::internal(format!("{}: too many symbolic links", shown(given))))
}

/// Whether a path is the system's name for an open descriptor. What its link says is no path where it is a pipe.
fn is_descriptor(path: &Path) -> bool {
    let folder = std::fs::canonicalize(folder(path)).unwrap_or_default();
    let is_number =
        path.file_name().is_some_and(|name| name.as_encoded_bytes().iter().all(u8::is_ascii_digit));
    is_number && (folder.starts_with("/proc") || folder.starts_with("/dev")) && folder.ends_with("fd")
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A temporary file in the folder of `path`, so that renaming it there is one step.
fn temporary(path: &Path) -> std::io::Result<NamedTempFile> {
    if path.file_name().is_none() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // The system takes the umask off.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder(path))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    // The name of a temporary file is nobody's business.
    match error.raw_os_error() {
        Some(_) => Failure::internal(format!("{}: {error}", shown(path))),
        None => Failure::internal(format!("{}: {}", shown(path), error.kind())),
    }
}
