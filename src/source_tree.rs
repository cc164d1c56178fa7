//! A source tree on disk, read into memory within limits. Links are not followed.

use crate::failure::Failure;
use crate::input::shown;
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
    head: Option<String>,
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
        Ok(Self { files, head: head(&root.join(".git")), file_bytes })
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
        self.head.clone()
    }

    fn commit(&self, prefix: &str) -> CommitLookup {
        match &self.head {
            Some(head) if head.starts_with(prefix) => CommitLookup::Found(head.clone()),
            _ => CommitLookup::NoHistory,
        }
    }
}

/// The commit that HEAD names, through one reference, loose or packed. Git itself is not run.
fn head(git: &Path) -> Option<String> {
    let text = |path: &Path| std::fs::read_to_string(path).ok();
    let is_commit = |text: &str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let head = text(&git.join("HEAD"))?;
    let Some(reference) = head.trim().strip_prefix("ref: ") else {
        return Some(head.trim().to_owned()).filter(|commit| is_commit(commit));
    };
    if reference.contains("..") || !reference.starts_with("refs/") {
        return None;
    }
    let loose = text(&git.join(reference)).map(|commit| commit.trim().to_owned());
    let packed = || {
        let packed = text(&git.join("packed-refs"))?;
        packed.lines().find_map(|line| line.strip_suffix(reference)?.strip_suffix(' ').map(str::to_owned))
    };
    loose.or_else(packed).filter(|commit| is_commit(commit))
}
