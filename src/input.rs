//! Reading files and standard input, with caps.

use crate::failure::Failure;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use veritee_model::{Budget, UnixTime};

/// A file's bytes and the name under which reports know it.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Reads a file, or standard input for `-`. A report names a file by its last component: where it lay is nobody's
/// business, and the same bytes give the same report on every machine.
pub(crate) fn read(path: &Path) -> Result<Source, Failure> {
    read_within(path, Budget::STANDARD.input_bytes)
}

fn read_within(path: &Path, limit: usize) -> Result<Source, Failure> {
    if path == Path::new("-") {
        let bytes = bounded(std::io::stdin().lock(), limit, path)?;
        return Ok(Source { name: "standard input".to_owned(), bytes });
    }
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if metadata.is_dir() {
        return Err(Failure::unobtainable(format!("{}: is a folder, expected a file", shown(path))));
    }
    let file = open(path).map_err(|error| unreadable(path, &error))?;
    let bytes = bounded(file, limit, path)?;
    Ok(Source { name: last_component(path), bytes })
}

/// What stands in a file that people edit or copy: without gzip, byte order mark and UTF-16 around it. A stream that is
/// damaged is what its bytes are.
pub(crate) fn opened(source: &Source) -> Cow<'_, [u8]> {
    veritee_evidence::unwrapped(&source.name, &source.bytes, &Budget::STANDARD)
        .unwrap_or(Cow::Borrowed(&source.bytes))
}

/// Reads a document that is written as text, without what its way added.
pub(crate) fn read_text(path: &Path) -> Result<Source, Failure> {
    let source = read(path)?;
    let bytes = opened(&source).into_owned();
    Ok(Source { bytes, ..source })
}

/// The blocks of a PEM file, however its lines came to be written.
pub(crate) fn pem(source: &Source) -> Vec<u8> {
    let opened = opened(source);
    match core::str::from_utf8(&opened) {
        Ok(text) => veritee_model::pem::with_line_ends(text).into_owned().into_bytes(),
        Err(_binary) => opened.into_owned(),
    }
}

/// Opens a file to be read. A pipe with a name is none: to open it waits for whoever writes to it, for ever where nobody
/// does. One that is open already (`/dev/stdin`, `<(command)`) has no name, and is read.
pub(crate) fn open(path: &Path) -> std::io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if std::fs::metadata(path)?.file_type().is_fifo() && std::fs::canonicalize(path).is_ok() {
            return Err(std::io::Error::other("is a named pipe, expected a file; `-` reads standard input"));
        }
    }
    File::open(path)
}

fn bounded(reader: impl Read, limit: usize, path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let cap = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(cap).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() > limit {
        return Err(Failure::unobtainable(format!("{}: larger than {limit} bytes", shown(path))));
    }
    Ok(bytes)
}

/// What a folder has: its plain files and those that links lead to, sorted by name, and what was passed over.
pub(crate) struct Listing {
    pub(crate) files: Vec<PathBuf>,
    /// Subfolders, pipes, devices, and links that lead to none of these or to nothing.
    pub(crate) skipped: Vec<PathBuf>,
}

/// Lists a folder. Links are followed: mounted volumes present their files by them.
pub(crate) fn list(path: &Path) -> Result<Listing, Failure> {
    const MOST_FILES: usize = 1 << 20;
    let mut listing = Listing { files: Vec::new(), skipped: Vec::new() };
    for entry in std::fs::read_dir(path).map_err(|error| unreadable(path, &error))? {
        let entry = entry.map_err(|error| unreadable(path, &error))?.path();
        let is_file = std::fs::metadata(&entry).is_ok_and(|metadata| metadata.is_file());
        if is_file {
            listing.files.push(entry);
        } else {
            listing.skipped.push(entry);
        }
        if listing.files.len().saturating_add(listing.skipped.len()) > MOST_FILES {
            return Err(Failure::unobtainable(format!("{}: more than {MOST_FILES} entries", shown(path))));
        }
    }
    listing.files.sort();
    listing.skipped.sort();
    Ok(listing)
}

impl Listing {
    /// How many entries were passed over, and their names; none where none was.
    pub(crate) fn told(&self) -> Option<String> {
        const NAMED: usize = 4;
        if self.skipped.is_empty() {
            return None;
        }
        let names: Vec<String> = self
            .skipped
            .iter()
            .take(NAMED)
            .map(|path| veritee_model::text::inert(&last_component(path)))
            .collect();
        let more = if self.skipped.len() > NAMED { ", ..." } else { "" };
        Some(format!("{}: {}{more}", self.skipped.len(), names.join(", ")))
    }
}

/// The files of a folder, by name. All of them together may be as large as one input.
pub(crate) fn read_folder(path: &Path) -> Result<(BTreeMap<String, Source>, Option<String>), Failure> {
    const MOST_FILES: usize = 4096;
    let listing = list(path)?;
    if listing.files.len() > MOST_FILES {
        return Err(Failure::unobtainable(format!("{}: more than {MOST_FILES} files", shown(path))));
    }
    let mut left = Budget::STANDARD.input_bytes;
    let mut files = BTreeMap::new();
    for file in &listing.files {
        let source = read_within(file, left).map_err(|failure| {
            if left < Budget::STANDARD.input_bytes {
                failure.help(format!(
                    "all files of a folder together may have {} bytes",
                    Budget::STANDARD.input_bytes
                ))
            } else {
                failure
            }
        })?;
        left = left.saturating_sub(source.bytes.len());
        if files.insert(source.name.clone(), source).is_some() {
            return Err(Failure::unobtainable(format!("{}: two names look alike", shown(file))));
        }
    }
    Ok((files, listing.told()))
}

/// A file, or all files below a folder in the order of their names, one after the other: only one is held at a time. What
/// is neither a file nor a folder, and links to folders (they could lead in a circle), `passed_over` is told of.
pub(crate) fn read_all(
    path: &Path,
    passed_over: impl Fn(&Path),
) -> Result<impl Iterator<Item = Result<Source, Failure>>, Failure> {
    /// Collateral for every processor family there is takes a few megabytes.
    const TOTAL: usize = 512 << 20;
    let mut files = Vec::new();
    if path.is_dir() {
        below(path, 0, &mut files, &passed_over)?;
    } else {
        files.push(path.to_owned());
    }
    let folder = shown(path);
    let mut left = TOTAL;
    Ok(files.into_iter().map(move |file| {
        let source = read(&file)?;
        left = left
            .checked_sub(source.bytes.len())
            .ok_or_else(|| Failure::unobtainable(format!("{folder}: more than {TOTAL} bytes together")))?;
        Ok(source)
    }))
}

/// A folder that was named and holds nothing is a mistake of whoever named it, and no answer.
pub(crate) fn nothing_in(folder: &Path) -> Failure {
    Failure::unobtainable(format!("{}: there is no file in this folder", shown(folder)))
        .help("name the folder that holds the files, or leave it out")
}

fn below(
    folder: &Path,
    depth: usize,
    files: &mut Vec<PathBuf>,
    passed_over: &impl Fn(&Path),
) -> Result<(), Failure> {
    const DEEPEST: usize = 16;
    const MOST: usize = 1 << 20;
    let listing = list(folder)?;
    files.extend(listing.files);
    if files.len() > MOST {
        return Err(Failure::unobtainable(format!("{}: more than {MOST} files", shown(folder))));
    }
    for path in listing.skipped {
        let is_folder = std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir());
        if is_folder && depth < DEEPEST {
            below(&path, depth + 1, files, passed_over)?;
        } else {
            passed_over(&path);
        }
    }
    Ok(())
}

/// The clock, read once per run.
pub(crate) fn now() -> Result<UnixTime, Failure> {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map(|elapsed| UnixTime::from_seconds(elapsed.as_secs()))
        .map_err(|error| Failure::internal(format!("the clock stands before 1970: {error}; give --as-of")))
}

/// The last component of a path. Bytes that are no text are escaped, so that two names never become one.
pub(crate) fn last_component(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    match name.to_str() {
        Some(name) => name.to_owned(),
        None => name.as_encoded_bytes().escape_ascii().to_string(),
    }
}

pub(crate) fn shown(path: &Path) -> String {
    veritee_model::text::inert(&path.to_string_lossy())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::unobtainable(format!("{}: {error}", shown(path)))
}
