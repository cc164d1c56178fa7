//! Evidence of dstack-ingress: `sha256sum.txt` bound by REPORTDATA, and the files that it lists.
//!
//! Both the list and the files are attacker-controlled until REPORTDATA of a verified quote equals
//! `SHA-256(sha256sum.txt)`, zero-padded. Not checked: whether a certificate among the files is the one served.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};
use veritee_model::evidence::IngressEvidence;
use veritee_model::{Reason, Sha256Digest, sums};

/// Why ingress evidence is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum IngressError {
    /// A line is not `<64 hex digits>  <file name>`.
    Line {
        /// 1-based line.
        line: usize,
    },
    /// A name is listed twice.
    Duplicate {
        /// The name.
        name: String,
    },
    /// A file's digest is not the listed one.
    Digest {
        /// The file.
        name: String,
        /// Listed.
        expected: Sha256Digest,
        /// Found.
        got: Sha256Digest,
    },
    /// The list names no file that came along: nothing was shown.
    Nothing,
}

impl IngressError {
    /// The reason code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Digest { .. } => Reason::IngressFileMismatch,
            // The quote binds this very list, whatever its form: a machine may bind a list of its own.
            Self::Line { .. } | Self::Duplicate { .. } => Reason::IngressListMalformed,
            Self::Nothing => Reason::BindingNotGiven,
        }
    }
}

impl fmt::Display for IngressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inert = veritee_model::text::inert;
        match self {
            Self::Line { line } => {
                write!(f, "sha256sum.txt line {line}: expected `<64 hex digits>  <file name>`")
            }
            Self::Duplicate { name } => write!(f, "sha256sum.txt names {} twice", inert(name)),
            Self::Digest { name, expected, got } => {
                write!(f, "{}: sha256 is {got}, sha256sum.txt says {expected}", inert(name))
            }
            Self::Nothing => f.write_str("none of the files that sha256sum.txt names came along"),
        }
    }
}

impl core::error::Error for IngressError {}

/// Files of ingress evidence by what the list says of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// Files that the list names with their digest.
    pub bound: BTreeSet<String>,
    /// Files that came along and are not in the list: an index page, a file of the system that copied the folder.
    /// Nothing binds them, so nothing uses them; they contradict nothing either.
    pub unlisted: Vec<String>,
}

/// The files that the list binds, and those that merely came along.
///
/// # Errors
/// When a line cannot be read, a name occurs twice, a listed file differs, or no listed file came along.
pub fn files(evidence: &IngressEvidence) -> Result<Files, IngressError> {
    let listed = read_list(&evidence.sums.bytes)?;
    let mut files = Files::default();
    for (name, item) in &evidence.files {
        let Some(expected) = listed.get(name) else {
            files.unlisted.push(name.clone());
            continue;
        };
        let got = item.sha256();
        if got != *expected {
            return Err(IngressError::Digest { name: name.clone(), expected: *expected, got });
        }
        files.bound.insert(name.clone());
    }
    if files.bound.is_empty() { Err(IngressError::Nothing) } else { Ok(files) }
}

/// Each name with its digest; `./` before a name is dropped.
fn read_list(bytes: &[u8]) -> Result<BTreeMap<String, Sha256Digest>, IngressError> {
    let mut listed = BTreeMap::new();
    let text = core::str::from_utf8(bytes).map_err(|_not_utf8| IngressError::Line { line: 1 })?;
    for (index, line) in text.lines().enumerate() {
        let malformed = || IngressError::Line { line: index.saturating_add(1) };
        let (digest, name) = sums::entry(line).ok_or_else(malformed)?;
        let name = name.strip_prefix("./").unwrap_or(name);
        if name.is_empty() || name.contains('/') {
            return Err(malformed());
        }
        if listed.insert(name.to_owned(), digest).is_some() {
            return Err(IngressError::Duplicate { name: name.to_owned() });
        }
    }
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use veritee_model::Item;

    fn evidence(sums: &str, files: &[(&str, &[u8])]) -> IngressEvidence {
        IngressEvidence {
            sums: Item::new(sums.as_bytes(), "test"),
            files: files
                .iter()
                .map(|(name, bytes)| ((*name).to_owned(), Item::new(*bytes, "test")))
                .collect(),
        }
    }

    fn line(name: &str, bytes: &[u8]) -> String {
        format!("{}  {name}\n", Sha256Digest::of(bytes))
    }

    #[test]
    fn listed_files_are_bound() {
        let sums = line("./acme-account.json", b"{}") + &line("cert-a.pem", b"pem");
        let found = files(&evidence(&sums, &[("cert-a.pem", b"pem")])).unwrap();
        assert_eq!((found.bound, found.unlisted), (["cert-a.pem".to_owned()].into(), Vec::new()));
    }

    #[test]
    fn a_changed_file_is_refused() {
        let error = files(&evidence(&line("cert-a.pem", b"pem"), &[("cert-a.pem", b"other")])).unwrap_err();
        assert!(matches!(error, IngressError::Digest { .. }));
    }

    #[test]
    fn a_file_that_the_list_does_not_name_is_named_and_not_bound() {
        let given: &[(&str, &[u8])] = &[("cert-a.pem", b"pem"), ("cert-b.pem", b"pem"), ("index.html", b"")];
        let found = files(&evidence(&line("cert-a.pem", b"pem"), given)).unwrap();
        assert_eq!(found.bound, ["cert-a.pem".to_owned()].into());
        assert_eq!(found.unlisted, ["cert-b.pem", "index.html"]);
    }

    #[test]
    fn a_list_without_its_files_shows_nothing() {
        assert_eq!(files(&evidence(&line("cert-a.pem", b"pem"), &[])), Err(IngressError::Nothing));
        assert_eq!(files(&evidence("", &[])), Err(IngressError::Nothing));
        let strays: &[(&str, &[u8])] = &[("index.html", b"")];
        assert_eq!(files(&evidence(&line("cert-a.pem", b"pem"), strays)), Err(IngressError::Nothing));
    }

    #[test]
    fn a_line_of_another_form_a_path_and_a_second_entry_are_refused() {
        let path = line("../cert.pem", b"pem");
        assert_eq!(files(&evidence(&path, &[])), Err(IngressError::Line { line: 1 }));
        let twice = line("a", b"1") + &line("a", b"2");
        assert_eq!(files(&evidence(&twice, &[])), Err(IngressError::Duplicate { name: "a".to_owned() }));
        assert_eq!(files(&evidence("abc", &[])), Err(IngressError::Line { line: 1 }));
    }
}
