//! A source tree on disk, read into memory within limits. Links are not followed.

mod git;

use crate::failure::Failure;
use crate::input::shown;
use git::History;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use veritee_audit::{CommitLookup, SourceTree};
use veritee_model::Budget;

/// Folders that hold no source of the tree's own.
const SKIPPED: [&str; 4] = [".git", "node_modules", "target", ".venv"];

/// The files of a folder by their path inside it.
#[derive(Clone)]
pub(crate) struct Folder {
    files: BTreeMap<String, PathBuf>,
    history: Option<History>,
    file_bytes: u64,
}

impl Folder {
    /// Lists the files. More than the budget allows is refused rather than passed over in silence.
    pub(crate) fn open(root: &Path, budget: &Budget) -> Result<Self, Failure> {
        let mut files = BTreeMap::new();
        let mut open = vec![(root.to_owned(), String::new())];
        while let Some((folder, prefix)) = open.pop() {
            let failed =
                |error: std::io::Error| Failure::unobtainable(format!("{}: {error}", shown(&folder)));
            for entry in std::fs::read_dir(&folder).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let kind = entry.file_type().map_err(failed)?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = format!("{prefix}{name}");
                if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
                    open.push((entry.path(), format!("{path}/")));
                } else if kind.is_file() {
                    files.insert(path, entry.path());
                }
            }
            if files.len() > budget.source_files {
                let most = budget.source_files;
                return Err(Failure::unobtainable(format!("{}: more than {most} files", shown(root)))
                    .help("audit the folder of the service, or a clone without generated files"));
            }
        }
        let file_bytes = u64::try_from(budget.source_file_bytes).unwrap_or(u64::MAX);
        Ok(Self { files, history: History::open(root), file_bytes })
    }
}

impl SourceTree for Folder {
    fn paths(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    fn read(&self, path: &str) -> Option<Cow<'_, [u8]>> {
        let mut bytes = Vec::new();
        // One byte beyond the limit is read, so that the audit sees that the file is too large, and says so.
        let file = File::open(self.files.get(path)?).ok()?;
        file.take(self.file_bytes.saturating_add(1)).read_to_end(&mut bytes).ok()?;
        Some(Cow::Owned(bytes))
    }

    fn head(&self) -> Option<String> {
        self.history.as_ref()?.head()
    }

    fn commit(&self, prefix: &str) -> CommitLookup {
        self.history.as_ref().map_or(CommitLookup::NoHistory, |history| history.commit(prefix))
    }

    fn tag(&self, name: &str) -> Option<String> {
        self.history.as_ref()?.tag(name)
    }
}
