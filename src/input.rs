//! Reading files and standard input, with caps.

use crate::failure::Failure;
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
    let limit = Budget::STANDARD.input_bytes;
    if path == Path::new("-") {
        let bytes = bounded(std::io::stdin().lock(), limit, path)?;
        return Ok(Source { name: "standard input".to_owned(), bytes });
    }
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if metadata.is_dir() {
        return Err(Failure::unobtainable(format!("{}: is a folder, expected a file", shown(path))));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let bytes = bounded(file, limit, path)?;
    Ok(Source { name: last_component(path), bytes })
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

/// The files of a folder, by name, sorted; folders and links inside it are passed over.
pub(crate) fn read_folder(path: &Path) -> Result<BTreeMap<String, Source>, Failure> {
    const MOST_FILES: usize = 4096;
    let mut files = BTreeMap::new();
    let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(path, &error))?;
        let kind = entry.file_type().map_err(|error| unreadable(path, &error))?;
        if !kind.is_file() {
            continue;
        }
        let source = read(&entry.path())?;
        files.insert(source.name.clone(), source);
        if files.len() > MOST_FILES {
            return Err(Failure::unobtainable(format!("{}: more than {MOST_FILES} files", shown(path))));
        }
    }
    Ok(files)
}

/// The files of a folder in the order of their names, to be read one at a time; folders and links inside it are passed
/// over.
pub(crate) fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(|error| unreadable(path, &error))? {
        let entry = entry.map_err(|error| unreadable(path, &error))?;
        if entry.file_type().map_err(|error| unreadable(path, &error))?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// The clock, read once per run.
pub(crate) fn now() -> Result<UnixTime, Failure> {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map(|elapsed| UnixTime::from_seconds(elapsed.as_secs()))
        .map_err(|error| Failure::internal(format!("the clock stands before 1970: {error}; give --as-of")))
}

pub(crate) fn last_component(path: &Path) -> String {
    path.file_name().map_or_else(|| shown(path), |name| name.to_string_lossy().into_owned())
}

pub(crate) fn shown(path: &Path) -> String {
    veritee_model::text::inert(&path.to_string_lossy())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::unobtainable(format!("{}: {error}", shown(path)))
}
