//! What a run writes must not lie in what it judges.

use crate::failure::Failure;
use crate::input::shown;
use std::path::{Path, PathBuf};

/// Refuses a folder of entries that holds the output, or the answers that are taken up: this run or the next one would judge
/// them as a machine that cannot be read.
pub(super) fn apart(
    input: &Path,
    output: Option<&Path>,
    resume: Option<&Path>,
    quiet: bool,
) -> Result<(), Failure> {
    let Ok(folder) = std::fs::canonicalize(input) else { return Ok(()) };
    if !folder.is_dir() {
        return Ok(());
    }
    let standard = Path::new("-");
    let named = output.filter(|path| *path != standard);
    // Where a shell leads it into a file, the descriptor has that file's name.
    let stdout = if named.is_none() && !quiet { std::fs::canonicalize("/dev/stdout").ok() } else { None };
    let stdout = stdout.filter(|path| path.is_file());
    let places = [("the output", named), ("the output", stdout.as_deref()), ("--resume", resume)];
    for (what, path) in places {
        let Some(path) = path else { continue };
        if place(path).is_some_and(|place| place.starts_with(&folder)) {
            let words = format!("{what} ({}) lies in {}, which is judged", shown(path), shown(input));
            return Err(Failure::usage(words).help("give a place outside of that folder"));
        }
    }
    Ok(())
}

/// Where a file is, or will be.
fn place(path: &Path) -> Option<PathBuf> {
    if let Ok(there) = std::fs::canonicalize(path) {
        return Some(there);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(std::fs::canonicalize(folder).ok()?.join(path.file_name()?))
}
