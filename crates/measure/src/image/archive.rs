//! An image from a tar archive, plain or with gzip, into memory.
//!
//! Archives of images are flat: every entry is a regular file in the archive's own folder. Anything else is refused,
//! links above all.

use super::{ImageLimits, MemoryImage, manifest};
use core::fmt;
use flate2::read::GzDecoder;
use std::io::Read;
use tar::{Archive, EntryType};
use veritee_model::Reason;
use veritee_model::text::{inert, shortened};

/// Why an archive is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArchiveError {
    /// It is no tar archive, is cut off, or its compression is broken.
    Malformed {
        /// The reader's words.
        message: String,
    },
    /// An entry is a link, a device, or something else that is neither a regular file nor the folder itself.
    Kind {
        /// Its name.
        name: String,
    },
    /// An entry's name leads into or out of a folder.
    Name {
        /// The name.
        name: String,
    },
    /// Two entries have one name.
    Duplicate {
        /// The name.
        name: String,
    },
    /// It has more files than any real image.
    TooMany {
        /// Files allowed.
        most: usize,
    },
    /// A file, or all together, are larger than any real image.
    TooLarge {
        /// Name of the file at which the limit is crossed.
        name: String,
        /// Bytes allowed.
        most: u64,
        /// Bytes announced.
        got: u64,
    },
}

impl ArchiveError {
    /// The stable reason code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Malformed { .. } | Self::Duplicate { .. } => Reason::OsImageMalformed,
            Self::Kind { .. } | Self::Name { .. } => Reason::OsImagePath,
            Self::TooMany { .. } | Self::TooLarge { .. } => Reason::OsImageTooLarge,
        }
    }
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &str| inert(&shortened(name, 80));
        match self {
            Self::Malformed { message } => {
                write!(f, "archive: expected a tar archive, got: {}", shown(message))
            }
            Self::Kind { name } => write!(f, "archive, `{}`: expected a regular file", shown(name)),
            Self::Name { name } => {
                write!(
                    f,
                    "archive, `{}`: expected a name without folders; unpack the archive and give the folder",
                    shown(name)
                )
            }
            Self::Duplicate { name } => write!(f, "archive, `{}`: occurs twice", shown(name)),
            Self::TooMany { most } => write!(f, "archive: expected at most {most} files"),
            Self::TooLarge { name, most, got } => {
                write!(f, "archive, `{}`: expected at most {most} bytes, got {got}", shown(name))
            }
        }
    }
}

impl core::error::Error for ArchiveError {}

/// Reads an archive. `start` is its first bytes, which tell whether it is compressed; `rest` continues them.
///
/// # Errors
/// When it is no flat archive of regular files, or crosses a limit. Sizes are checked before anything is read.
pub fn read(start: &[u8], rest: impl Read, limits: &ImageLimits) -> Result<MemoryImage, ArchiveError> {
    let source = start.chain(rest);
    // Headers and padding come on top of the files' own bytes.
    let overhead = 1 << 20;
    let most = limits.total_bytes.saturating_add(overhead);
    if start.starts_with(&[0x1f, 0x8b]) {
        entries(Archive::new(GzDecoder::new(source).take(most)), limits)
    } else {
        entries(Archive::new(source.take(most)), limits)
    }
}

fn malformed(error: &std::io::Error) -> ArchiveError {
    ArchiveError::Malformed { message: error.to_string() }
}

fn entries(mut archive: Archive<impl Read>, limits: &ImageLimits) -> Result<MemoryImage, ArchiveError> {
    let mut image = MemoryImage::default();
    let mut left = limits.total_bytes;
    for entry in archive.entries().map_err(|error| malformed(&error))? {
        let mut entry = entry.map_err(|error| malformed(&error))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let flat = name.strip_prefix("./").unwrap_or(&name);
        match entry.header().entry_type() {
            EntryType::Directory if flat.is_empty() || flat == "." => continue,
            EntryType::Directory => return Err(ArchiveError::Name { name }),
            EntryType::XGlobalHeader => continue,
            EntryType::Regular => {}
            _ => return Err(ArchiveError::Kind { name }),
        }
        if !manifest::is_flat(flat) {
            return Err(ArchiveError::Name { name });
        }
        if image.0.len() >= limits.files {
            return Err(ArchiveError::TooMany { most: limits.files });
        }
        let (most, got) = (limits.file_bytes.min(left), entry.size());
        if got > most {
            return Err(ArchiveError::TooLarge { name, most, got });
        }
        left = left.saturating_sub(got);
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(|error| malformed(&error))?;
        if u64::try_from(content.len()).ok() != Some(got) {
            return Err(ArchiveError::Malformed { message: format!("`{name}` is cut off") });
        }
        if image.0.insert(flat.to_owned(), content).is_some() {
            return Err(ArchiveError::Duplicate { name });
        }
    }
    if image.0.is_empty() {
        return Err(ArchiveError::Malformed { message: "no file at all".to_owned() });
    }
    Ok(image)
}
