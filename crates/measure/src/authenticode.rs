//! The digest of a PE image as UEFI firmware measures it when it loads one.
//!
//! Source: Microsoft, "Windows Authenticode Portable Executable Signature Format", section "Calculating the PE Image
//! Hash"; TCG PC Client Platform Firmware Profile, section 3.3.4.1. Where the two differ from signing tools, firmware
//! decides: EDK2 hashes what lies behind the last section whether or not the file is signed, and does not pad a file
//! whose length is no multiple of eight. Signing tools pad; for such files their digest is another one.

use crate::bytes::{index, slice, u16_at, u32_at};
use core::fmt;
use sha2::{Digest as _, Sha384};
use veritee_model::Sha384Digest;

/// Sections that the Windows loader accepts.
const MAX_SECTIONS: u16 = 96;

/// Why a file is no PE image that firmware would measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeError {
    /// A structure is missing or cut off.
    Missing {
        /// Which one.
        what: &'static str,
        /// Its offset in the file.
        at: usize,
    },
    /// The headers claim to be longer than the file, or shorter than themselves.
    HeaderSize {
        /// As claimed.
        got: u32,
    },
    /// There are more sections than a loader accepts.
    Sections {
        /// Sections allowed.
        most: u16,
        /// Sections named.
        got: u16,
    },
    /// A section's data is not inside of the file.
    Section {
        /// Its position in the section table, from 0.
        index: usize,
    },
    /// Sections and certificates together are longer than the file.
    Overlap,
}

impl fmt::Display for PeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { what, at } => write!(f, "pe image, offset {at}: expected {what}"),
            Self::HeaderSize { got } => write!(f, "pe image: {got} is no possible size of its headers"),
            Self::Sections { most, got } => {
                write!(f, "pe image: expected at most {most} sections, got {got}")
            }
            Self::Section { index } => {
                write!(f, "pe image, section {index}: its data is not inside of the file")
            }
            Self::Overlap => f.write_str("pe image: sections and certificates are longer than the file"),
        }
    }
}

impl core::error::Error for PeError {}

struct Headers {
    checksum: usize,
    /// Offset of the certificate table's directory entry, where there is one.
    certificates: Option<usize>,
    size: usize,
    /// Start and length of each section's data in the file, ascending.
    sections: Vec<(usize, usize)>,
}

/// SHA-384 of a PE image without its checksum and certificates.
///
/// # Errors
/// When the file is no PE image or names data that it does not have.
pub fn sha384(image: &[u8]) -> Result<Sha384Digest, PeError> {
    let headers = headers(image)?;
    let mut hasher = Sha384::new();
    let mut hash = |from: usize, to: usize| {
        let bytes = image.get(from..to).ok_or(PeError::HeaderSize { got: u32::MAX })?;
        hasher.update(bytes);
        Ok(())
    };
    let behind_checksum = headers.checksum.saturating_add(4);
    hash(0, headers.checksum)?;
    match headers.certificates {
        Some(entry) => {
            hash(behind_checksum, entry)?;
            hash(entry.saturating_add(8), headers.size)?;
        }
        None => hash(behind_checksum, headers.size)?,
    }
    let mut hashed = headers.size;
    for (start, length) in &headers.sections {
        hash(*start, start.saturating_add(*length))?;
        hashed = hashed.saturating_add(*length);
    }
    // What follows by count, as firmware sees it: overlapping sections shift it, which no sane image has.
    let certificates =
        headers.certificates.and_then(|entry| u32_at(image, entry.saturating_add(4))).map_or(0, index);
    if image.len() > hashed {
        let end =
            image.len().checked_sub(certificates).filter(|end| *end >= hashed).ok_or(PeError::Overlap)?;
        hash(hashed, end)?;
    }
    Ok(Sha384Digest::new(hasher.finalize().into()))
}

fn headers(image: &[u8]) -> Result<Headers, PeError> {
    let missing = |what, at| PeError::Missing { what, at };
    let pe = index(u32_at(image, 0x3c).ok_or(missing("a dos header", 0))?);
    if slice(image, pe, 4) != Some(b"PE\0\0".as_slice()) {
        return Err(missing("a pe signature", pe));
    }
    let field16 = |what, at: usize| u16_at(image, at).ok_or(missing(what, at));
    let field32 = |what, at: usize| u32_at(image, at).ok_or(missing(what, at));
    let coff = pe.saturating_add(4);
    let count = field16("a number of sections", coff.saturating_add(2))?;
    if count > MAX_SECTIONS {
        return Err(PeError::Sections { most: MAX_SECTIONS, got: count });
    }
    let optional_size = usize::from(field16("a size of the optional header", coff.saturating_add(16))?);
    let optional = coff.saturating_add(20);
    // Where the number of data directories lies: they follow it.
    let directories = match field16("an optional header", optional)? {
        0x10b => optional.saturating_add(92),
        0x20b => optional.saturating_add(108),
        _ => return Err(missing("an optional header of pe32 or pe32+", optional)),
    };
    let certificates = if field32("a number of data directories", directories)? > 4 {
        Some(directories.saturating_add(4).saturating_add(4 * 8))
    } else {
        None
    };
    let table = optional.saturating_add(optional_size);
    let size = field32("a size of the headers", optional.saturating_add(60))?;
    let least = table.max(certificates.map_or(0, |entry| entry.saturating_add(8)));
    if index(size) > image.len() || index(size) < least {
        return Err(PeError::HeaderSize { got: size });
    }
    let mut sections = Vec::new();
    for position in 0..usize::from(count) {
        let entry = table.saturating_add(position.saturating_mul(40));
        let length = index(field32("a section header", entry.saturating_add(16))?);
        let start = index(field32("a section header", entry.saturating_add(20))?);
        if length == 0 {
            continue;
        }
        slice(image, start, length).ok_or(PeError::Section { index: position })?;
        sections.push((start, length));
    }
    sections.sort_by_key(|(start, _)| *start);
    Ok(Headers { checksum: optional.saturating_add(64), certificates, size: index(size), sections })
}
