//! The files of a tree, listed within limits, with the history that they are of.

use crate::files::{Files, FilesError, Kind};
use crate::git::History;
use crate::notice::Notice;
use crate::reading::Meter;
use core::fmt;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use veritee_base::Budget;

/// Files of a repository at one commit.
pub trait SourceTree {
    /// All files, relative, separated by `/`.
    fn paths(&self) -> Vec<String>;

    /// The bytes of a file; `None` when it cannot be read. May be cut one byte behind the budget's limit for a file.
    fn read(&self, path: &str) -> Option<Cow<'_, [u8]>>;

    /// What stands in the tree and was not listed, each with the reason.
    fn passed_over(&self) -> Vec<(String, &'static str)> {
        Vec::new()
    }

    /// The commit that the files are of, 40 hex digits, where that is known.
    fn head(&self) -> Option<String> {
        None
    }

    /// Looks a commit up in the repository's history.
    fn commit(&self, _prefix: &str) -> CommitLookup {
        CommitLookup::NoHistory
    }

    /// Paths of files that differ between two commits (40 hex digits each), sorted; `None` where that cannot be told.
    fn changes(&self, _from: &str, _to: &str) -> Option<Vec<String>> {
        None
    }

    /// The commit that a tag of this name stands for, annotated or not; 40 hex digits.
    fn tag(&self, _name: &str) -> Option<String> {
        None
    }

    /// What of the history could not be read by now: to be asked after the other questions.
    fn notices(&self) -> Vec<Notice> {
        Vec::new()
    }
}

/// What the history says of an abbreviated commit.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Folders that hold no source of the tree's own. All but `.git` are named as passed over.
pub const SKIPPED: [&str; 4] = [".git", "node_modules", "target", ".venv"];

/// Why a tree could not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// A folder cannot be read.
    Folder {
        /// Its path inside the tree.
        path: String,
        /// What the system says.
        error: FilesError,
    },
    /// More files than the budget allows. They are not passed over in silence.
    TooManyFiles {
        /// The budget.
        most: usize,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { path, error } if path.is_empty() => error.fmt(formatter),
            Self::Folder { path, error } => write!(formatter, "{path}: {error}"),
            Self::TooManyFiles { most } => write!(formatter, "more than {most} files"),
        }
    }
}

impl std::error::Error for OpenError {}

/// A tree behind [`Files`].
#[derive(Debug)]
pub struct Tree<F> {
    files: F,
    sizes: BTreeMap<String, u64>,
    passed_over: Vec<(String, &'static str)>,
    // A lock, because questions spend from the one meter and trees are asked from several threads.
    history: Option<Mutex<History>>,
    file_bytes: usize,
}

impl<F: Files> Tree<F> {
    /// Lists the files and opens the history. Links and special files are named and never opened.
    ///
    /// # Errors
    /// A folder cannot be listed, or there are more files than the budget allows.
    pub fn open(files: F, budget: &Budget) -> Result<Self, OpenError> {
        let mut sizes = BTreeMap::new();
        let mut passed_over = Vec::new();
        let mut open = vec![String::new()];
        let mut seen = 0_usize;
        while let Some(folder) = open.pop() {
            let most = budget.source_files.saturating_sub(seen);
            let entries = files
                .list(&folder, most)
                .map_err(|error| OpenError::Folder { path: folder.clone(), error })?;
            seen = seen.saturating_add(entries.len());
            if seen > budget.source_files {
                return Err(OpenError::TooManyFiles { most: budget.source_files });
            }
            for entry in entries {
                let separator = if folder.is_empty() { "" } else { "/" };
                let path = format!("{folder}{separator}{}", entry.name);
                match entry.kind {
                    Kind::Folder if entry.name == ".git" => {}
                    Kind::Folder if SKIPPED.contains(&entry.name.as_str()) => {
                        passed_over.push((path, "a folder of installed or built files"));
                    }
                    Kind::Folder => open.push(path),
                    Kind::File(size) => {
                        sizes.insert(path, size);
                    }
                    Kind::Link => passed_over.push((path, "it is a link")),
                    Kind::Special => passed_over.push((path, "it is no regular file")),
                    Kind::Absent => {}
                }
            }
        }
        passed_over.sort_unstable();
        let history = History::open(&files, Meter::new(budget)).map(Mutex::new);
        Ok(Self { files, sizes, passed_over, history, file_bytes: budget.source_file_bytes })
    }

    fn history(&self) -> Option<MutexGuard<'_, History>> {
        // A panic while the lock was held leaves a history that still answers from what it has.
        Some(self.history.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<F: Files> SourceTree for Tree<F> {
    fn paths(&self) -> Vec<String> {
        self.sizes.keys().cloned().collect()
    }

    fn read(&self, path: &str) -> Option<Cow<'_, [u8]>> {
        self.sizes.get(path)?;
        // One byte beyond the limit is read, so that the audit sees that the file is too large, and says so.
        self.files.read(path, 0, self.file_bytes.saturating_add(1)).ok().map(Cow::Owned)
    }

    fn passed_over(&self) -> Vec<(String, &'static str)> {
        self.passed_over.clone()
    }

    fn head(&self) -> Option<String> {
        self.history()?.head()
    }

    fn commit(&self, prefix: &str) -> CommitLookup {
        self.history().map_or(CommitLookup::NoHistory, |mut history| history.commit(&self.files, prefix))
    }

    fn changes(&self, from: &str, to: &str) -> Option<Vec<String>> {
        self.history()?.changes(&self.files, from, to)
    }

    fn tag(&self, name: &str) -> Option<String> {
        self.history()?.tag(&self.files, name)
    }

    fn notices(&self) -> Vec<Notice> {
        self.history().map(|history| history.notices()).unwrap_or_default()
    }
}
