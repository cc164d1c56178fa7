//! `sha256sum.txt`: the files of an image and their hashes.
//!
//! Source: the output format of GNU `sha256sum` (text and binary mode), restricted to flat names.

use core::fmt;
use std::collections::BTreeMap;
use veritee_model::text::{inert, shortened};
use veritee_model::{Reason, Sha256Digest};

/// Files with their hashes, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest(BTreeMap<String, Sha256Digest>);

/// Why a checksum file is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManifestError {
    /// It is not UTF-8.
    NotUtf8 {
        /// Byte offset.
        at: usize,
    },
    /// A line is not 64 hex digits, two characters and a name.
    Line {
        /// Its number, from 1.
        line: usize,
    },
    /// A name could lead out of the image's folder.
    Name {
        /// Its line, from 1.
        line: usize,
        /// The name.
        name: String,
    },
    /// A name is listed twice.
    Duplicate {
        /// Its line, from 1.
        line: usize,
        /// The name.
        name: String,
    },
    /// More files are listed than any real image has.
    TooMany {
        /// Files allowed.
        most: usize,
    },
    /// No file is listed.
    Empty,
}

impl ManifestError {
    /// The stable reason code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Name { .. } => Reason::OsImagePath,
            Self::TooMany { .. } => Reason::OsImageTooLarge,
            _ => Reason::OsImageMalformed,
        }
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &str| inert(&shortened(name, 80));
        match self {
            Self::NotUtf8 { at } => write!(f, "offset {at}: expected utf-8"),
            Self::Line { line } => write!(f, "line {line}: expected a sha-256 in hex, two spaces and a name"),
            Self::Name { line, name } => {
                write!(f, "line {line}: expected a name inside of the image's folder, got `{}`", shown(name))
            }
            Self::Duplicate { line, name } => write!(f, "line {line}: `{}` is listed twice", shown(name)),
            Self::TooMany { most } => write!(f, "expected at most {most} files"),
            Self::Empty => f.write_str("expected at least one file"),
        }
    }
}

impl core::error::Error for ManifestError {}

/// Whether a name stays in the folder on every system: no separator, drive, relative step, or control character.
#[must_use]
pub fn is_flat(name: &str) -> bool {
    let separator = |character: char| matches!(character, '/' | '\\' | ':') || character.is_control();
    !name.is_empty() && name.len() <= 255 && name != "." && name != ".." && !name.contains(separator)
}

impl Manifest {
    /// Reads a checksum file.
    ///
    /// # Errors
    /// When a line is malformed, a name is listed twice or leaves the folder, or there are too many.
    pub fn parse(bytes: &[u8], most: usize) -> Result<Self, ManifestError> {
        let text = core::str::from_utf8(bytes)
            .map_err(|error| ManifestError::NotUtf8 { at: error.valid_up_to() })?;
        let mut entries = BTreeMap::new();
        let text = text.strip_suffix('\n').unwrap_or(text);
        if text.is_empty() {
            return Err(ManifestError::Empty);
        }
        for (index, content) in text.split('\n').enumerate() {
            let line = index.saturating_add(1);
            if index >= most {
                return Err(ManifestError::TooMany { most });
            }
            let (hash, name) = veritee_model::sums::entry(content).ok_or(ManifestError::Line { line })?;
            if !is_flat(name) || name.starts_with(' ') {
                return Err(ManifestError::Name { line, name: name.to_owned() });
            }
            if entries.insert(name.to_owned(), hash).is_some() {
                return Err(ManifestError::Duplicate { line, name: name.to_owned() });
            }
        }
        Ok(Self(entries))
    }

    /// Names and hashes, by name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Sha256Digest)> {
        self.0.iter().map(|(name, hash)| (name.as_str(), hash))
    }

    /// The hash of a file.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Sha256Digest> {
        self.0.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn parse(text: &str) -> Result<Manifest, ManifestError> {
        Manifest::parse(text.as_bytes(), 64)
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        for name in [
            "..",
            ".",
            "../ovmf.fd",
            "a/../../b",
            "/etc/passwd",
            "sub/ovmf.fd",
            "..\\ovmf.fd",
            "C:ovmf.fd",
            "a\rb",
            "a\0b",
            " leading",
            "a\u{85}b",
        ] {
            let error = parse(&format!("{HASH}  {name}\n")).unwrap_err();
            assert_eq!(error.reason(), Reason::OsImagePath, "{name:?}");
        }
    }

    #[test]
    fn lines_of_another_form_are_refused() {
        for text in [
            "",
            "\n",
            "\n\n",
            HASH,
            &format!("{HASH} ovmf.fd\n"),
            &format!("{HASH}\tovmf.fd\n"),
            &format!("\\{HASH}  ovmf.fd\n"),
            &format!("{HASH}  ovmf.fd\n\n"),
            &format!("{}  ovmf.fd\n", &HASH[1..]),
            &format!("{HASH}0  ovmf.fd\n"),
            &format!("SHA256 (ovmf.fd) = {HASH}\n"),
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(matches!(
            parse(&format!("{HASH}  a\n{HASH}  a\n")),
            Err(ManifestError::Duplicate { line: 2, .. })
        ));
    }

    #[test]
    fn both_modes_of_the_tool_are_read_and_upper_case_is_the_same_hash() {
        let manifest = parse(&format!("{HASH}  a\n{} *b", HASH.to_uppercase())).unwrap();
        assert_eq!(manifest.get("a"), manifest.get("b"));
    }

    #[test]
    fn a_list_beyond_the_limit_is_refused() {
        let text: String = (0..65).map(|index| format!("{HASH}  {index}\n")).collect();
        assert_eq!(parse(&text), Err(ManifestError::TooMany { most: 64 }));
    }
}
