//! The files of an operating system image: a folder, or a tarball read into memory.

use crate::failure::Failure;
use crate::input::shown;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use veritee_measure::image::{FileError, ImageFiles, ImageLimits, METADATA_FILE, archive};

/// As many bytes as tell a compressed archive from a plain one.
const MAGIC_BYTES: u64 = 2;

/// Opens a folder or a tarball (plain or gzip).
pub(crate) fn open(path: &Path) -> Result<Box<dyn ImageFiles>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::unobtainable(format!("{}: {error}", shown(path)));
    if path.is_dir() {
        let folder = Folder(path.to_owned());
        // Another folder than was meant says nothing of the machine.
        if folder.plain_file(METADATA_FILE).is_ok_and(|found| found.is_none()) {
            return Err(failed(&format!("no guest image: there is no {METADATA_FILE} in this folder"))
                .help("name the folder that a release of the guest image was unpacked to"));
        }
        return Ok(Box::new(folder));
    }
    let mut file = crate::input::open(path).map_err(|error| failed(&error))?;
    let mut start = Vec::new();
    file.by_ref().take(MAGIC_BYTES).read_to_end(&mut start).map_err(|error| failed(&error))?;
    let image = archive::read(&start, file, &ImageLimits::STANDARD).map_err(|error| failed(&error))?;
    Ok(Box::new(image))
}

/// A folder. Names come checked to be flat; what is no plain file is not there, so that no link leads out.
struct Folder(PathBuf);

impl Folder {
    fn plain_file(&self, name: &str) -> Result<Option<(PathBuf, u64)>, FileError> {
        let path = self.0.join(name);
        match std::fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => Ok(Some((path, metadata.len()))),
            Ok(_) => Err(FileError { message: "is no plain file".to_owned() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FileError { message: error.to_string() }),
        }
    }
}

impl ImageFiles for Folder {
    fn size(&self, name: &str) -> Result<Option<u64>, FileError> {
        Ok(self.plain_file(name)?.map(|(_, size)| size))
    }

    fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        let unreadable = |error: std::io::Error| FileError { message: error.to_string() };
        let (path, _) =
            self.plain_file(name)?.ok_or_else(|| FileError { message: "is not there".to_owned() })?;
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
            return Err(FileError { message: format!("is larger than {limit} bytes") });
        }
        Ok(bytes)
    }
}
