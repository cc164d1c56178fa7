//! Trees and files in memory.

use crate::files::{Entry, Files, FilesError, Kind};
use crate::tree::{CommitLookup, SourceTree};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// A tree in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryTree {
    /// Bytes by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The commit of the files.
    pub head: Option<String>,
    /// All commits; `None` when there is no history.
    pub commits: Option<Vec<String>>,
    /// Commits by tag.
    pub tags: BTreeMap<String, String>,
}

impl MemoryTree {
    /// A tree of the given texts, without history.
    #[must_use]
    pub fn new<P: Into<String>, T: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        let files = files.into_iter().map(|(path, text)| (path.into(), text.into())).collect();
        Self { files, ..Self::default() }
    }
}

impl SourceTree for MemoryTree {
    fn paths(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    fn read(&self, path: &str) -> Option<Cow<'_, [u8]>> {
        self.files.get(path).map(|bytes| Cow::Borrowed(bytes.as_slice()))
    }

    fn head(&self) -> Option<String> {
        self.head.clone()
    }

    fn commit(&self, prefix: &str) -> CommitLookup {
        let Some(commits) = &self.commits else { return CommitLookup::NoHistory };
        let mut matching = commits.iter().filter(|commit| commit.starts_with(prefix));
        match (matching.next(), matching.next()) {
            (None, _) => CommitLookup::Absent,
            (Some(commit), None) => CommitLookup::Found(commit.clone()),
            (Some(_), Some(_)) => CommitLookup::Ambiguous,
        }
    }

    fn tag(&self, name: &str) -> Option<String> {
        self.tags.get(name).cloned()
    }
}

/// Files in memory; folders are what paths have before a `/`.
#[derive(Debug, Clone, Default)]
pub struct MemoryFiles {
    /// Bytes by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Links ([`Kind::Link`]), pipes ([`Kind::Special`]) and files with holes (a [`Kind::File`] larger than its
    /// bytes: the rest reads as zeros).
    pub others: BTreeMap<String, Kind>,
}

impl MemoryFiles {
    /// Paths that begin so.
    fn below<'p>(&'p self, prefix: &'p str) -> impl Iterator<Item = &'p String> {
        let from = prefix.to_owned();
        let files = self.files.range(from.clone()..).map(|(path, _)| path);
        let fits = move |path: &&String| path.starts_with(prefix);
        files.take_while(fits).chain(self.others.range(from..).map(|(path, _)| path).take_while(fits))
    }
}

impl Files for MemoryFiles {
    fn kind(&self, path: &str) -> Kind {
        if let Some(kind) = self.others.get(path) {
            return *kind;
        }
        if let Some(bytes) = self.files.get(path) {
            return Kind::File(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        }
        let below = format!("{path}/");
        match path.is_empty() || self.below(&below).next().is_some() {
            true => Kind::Folder,
            false => Kind::Absent,
        }
    }

    fn list(&self, folder: &str, most: usize) -> Result<Vec<Entry>, FilesError> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let names: BTreeSet<&str> = self
            .below(&prefix)
            .filter_map(|path| path.strip_prefix(&prefix))
            .filter_map(|rest| rest.split('/').next())
            .collect();
        let entry = |name: &str| Entry { name: name.to_owned(), kind: self.kind(&format!("{prefix}{name}")) };
        Ok(names.into_iter().take(most.saturating_add(1)).map(entry).collect())
    }

    fn read(&self, path: &str, offset: u64, length: usize) -> Result<Vec<u8>, FilesError> {
        let Kind::File(size) = self.kind(path) else { return Err(FilesError("no regular file".to_owned())) };
        let bytes = self.files.get(path).map_or(&[][..], Vec::as_slice);
        let left = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = bytes.get(offset.min(bytes.len())..).unwrap_or(&[]);
        Ok(rest.iter().copied().chain(core::iter::repeat(0)).take(length.min(left)).collect())
    }
}
