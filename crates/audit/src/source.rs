//! A source tree: files by path, read once, each with its kind.
//!
//! Every path and byte is attacker controlled. What is too large, no text, or beyond the budget is listed as
//! unread and becomes a finding; it never counts as clean.

use crate::text::Lines;
use core::cell::OnceCell;
use std::borrow::Cow;
use std::collections::BTreeMap;
use veritee_model::{Budget, Place};

pub(crate) mod dockerfile;
pub(crate) mod environment;
pub(crate) mod kind;
pub(crate) mod records;

use environment::EnvironmentRead;
use kind::{FileKind, is_test_like};

/// Files of a repository at one commit. The program implements it over a directory; [`MemoryTree`] over a map.
pub trait SourceTree {
    /// All files, relative, separated by `/`.
    fn paths(&self) -> Vec<String>;

    /// The bytes of a file; `None` when it cannot be read.
    fn read(&self, path: &str) -> Option<Cow<'_, [u8]>>;

    /// The commit that the files are of, 40 hex digits, where that is known.
    fn head(&self) -> Option<String> {
        None
    }

    /// Looks a commit up in the repository's history.
    fn commit(&self, _prefix: &str) -> CommitLookup {
        CommitLookup::NoHistory
    }

    /// The commit that a tag of this name stands for, annotated or not; 40 hex digits.
    fn tag(&self, _name: &str) -> Option<String> {
        None
    }
}

/// What the history says of an abbreviated commit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommitLookup {
    /// There is no history to look in.
    NoHistory,
    /// No commit begins so.
    Absent,
    /// More than one does.
    Ambiguous,
    /// Exactly one does.
    Found(String),
}

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

/// One text file.
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) kind: FileKind,
    /// Tests, examples, development variants: what they hold is not what runs.
    pub(crate) test_like: bool,
    pub(crate) text: String,
    lines: OnceCell<Lines>,
}

impl SourceFile {
    pub(crate) fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::new(&self.text))
    }

    pub(crate) fn place(&self, offset: usize) -> Place {
        self.lines().place(&self.path, &self.text, offset)
    }

    pub(crate) fn whole(&self) -> Place {
        Place { file: self.path.clone(), ..Place::default() }
    }

    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The line around an offset, trimmed.
    pub(crate) fn line_at(&self, offset: usize) -> &str {
        self.lines().line_at(&self.text, offset).trim()
    }
}

/// A tree that was read.
pub(crate) struct Source<'a> {
    pub(crate) tree: &'a dyn SourceTree,
    pub(crate) files: Vec<SourceFile>,
    /// Paths that were not read, each with the reason.
    pub(crate) unread: Vec<(String, &'static str)>,
    pub(crate) environment: Vec<EnvironmentRead>,
}

impl<'a> Source<'a> {
    pub(crate) fn load(tree: &'a dyn SourceTree, budget: &Budget) -> Self {
        let mut source = Self { tree, files: Vec::new(), unread: Vec::new(), environment: Vec::new() };
        let mut paths = tree.paths();
        paths.sort_unstable();
        paths.dedup();
        let mut total = 0_usize;
        for path in paths {
            let kind = kind::of(&path);
            if kind == FileKind::Ignored {
                continue;
            }
            if source.files.len() >= budget.source_files {
                source.unread.push((path, "the tree has too many files"));
                continue;
            }
            match read_text(tree, &path, kind, budget, &mut total) {
                Ok(Some(text)) => {
                    let test_like = is_test_like(&path);
                    source.files.push(SourceFile { path, kind, test_like, text, lines: OnceCell::new() });
                }
                Ok(None) => {}
                Err(why) => source.unread.push((path, why)),
            }
        }
        source.environment = source.files.iter().flat_map(environment::reads).collect();
        source
    }

    /// Files that run, of the given kinds.
    pub(crate) fn live(&self, kinds: &'static [FileKind]) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(move |file| !file.test_like && kinds.contains(&file.kind))
    }

    pub(crate) fn has_file(&self, names: &[&str]) -> bool {
        self.files.iter().any(|file| names.contains(&file.name()))
    }
}

fn read_text(
    tree: &dyn SourceTree,
    path: &str,
    kind: FileKind,
    budget: &Budget,
    total: &mut usize,
) -> Result<Option<String>, &'static str> {
    // Names alone tell what a lock file is for.
    if kind == FileKind::Lock {
        return Ok(Some(String::new()));
    }
    let bytes = tree.read(path).ok_or("it cannot be read")?;
    if bytes.contains(&0) {
        return if kind == FileKind::Other { Ok(None) } else { Err("it is no text") };
    }
    if bytes.len() > budget.source_file_bytes {
        return if kind == FileKind::Other { Ok(None) } else { Err("it is too large") };
    }
    *total = total.saturating_add(bytes.len());
    if *total > budget.source_bytes {
        return Err("the tree is too large");
    }
    match String::from_utf8(bytes.into_owned()) {
        Ok(text) => Ok(Some(text)),
        Err(_) if kind == FileKind::Other => Ok(None),
        Err(_) => Err("it is not UTF-8"),
    }
}

#[cfg(test)]
mod tests;
