//! Ctrl-C and SIGTERM: every phase of the program ends at once, and what is written is whole or not there.
//!
//! Signals are handled on a thread of their own, from the start to the end of the program, so that neither a long
//! computation nor a lock nor a server that keeps silent can hold it up. Files that are not finished are removed; the
//! collateral store is made so that it can lose its writer at any moment.

use crate::failure::Failure;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use veritee_model::ExitCode;

/// Somebody finishes what is at hand by themselves.
static CLAIMED: AtomicBool = AtomicBool::new(false);
/// They have been asked to.
static ASKED: AtomicBool = AtomicBool::new(false);
/// Temporary files and folders that have no name of their own yet.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Starts listening.
pub(crate) fn listen() -> Result<(), Failure> {
    handle(on_signal).map_err(|error| Failure::internal(format!("Ctrl-C: {error}")))
}

/// SIGHUP is left alone: under `nohup` a closed terminal is meant not to end the run.
#[cfg(unix)]
fn handle(on_signal: fn()) -> std::io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    let work = move || signals.forever().for_each(|_signal| on_signal());
    std::thread::Builder::new().name("signals".to_owned()).spawn(work).map(drop)
}

#[cfg(not(unix))]
fn handle(on_signal: fn()) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(on_signal)
}

/// From now on SIGHUP sets this flag, as supervisors expect of a service whose files were changed.
#[cfg(unix)]
pub(crate) fn on_hang_up(flag: Arc<AtomicBool>) -> Result<(), Failure> {
    let registered = signal_hook::flag::register(signal_hook::consts::SIGHUP, flag);
    registered.map(drop).map_err(|error| Failure::internal(format!("SIGHUP: {error}")))
}

/// There is no such signal.
#[cfg(not(unix))]
pub(crate) fn on_hang_up(_flag: Arc<AtomicBool>) -> Result<(), Failure> {
    Ok(())
}

#[allow(clippy::exit, reason = "a signal ends the program where it stands; whole files or none are left")]
fn on_signal() {
    if CLAIMED.load(Ordering::Relaxed) && !ASKED.swap(true, Ordering::Relaxed) {
        return;
    }
    let unfinished = UNFINISHED.lock().map(|mut files| std::mem::take(&mut *files)).unwrap_or_default();
    for file in unfinished {
        // Renamed already, perhaps: then it is whole.
        let _ = match std::fs::symlink_metadata(&file) {
            Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(file),
            _ => std::fs::remove_file(file),
        };
    }
    crate::output::failure(
        &Failure::unobtainable("interrupted; nothing was written")
            .help("what the store already held is untouched"),
    );
    std::process::exit(i32::from(ExitCode::Unobtainable.code()));
}

/// From now on the first signal only sets this flag: whoever claims it ends soon after, with whole lines. A second signal
/// ends the program like any other.
pub(crate) fn claim() -> &'static AtomicBool {
    CLAIMED.store(true, Ordering::Relaxed);
    &ASKED
}

/// A file or folder of ours that is removed when the program is ended before this is dropped.
pub(crate) struct Unfinished(PathBuf);

impl Unfinished {
    pub(crate) fn new(path: &Path) -> Self {
        if let Ok(mut files) = UNFINISHED.lock() {
            files.push(path.to_owned());
        }
        Self(path.to_owned())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Ok(mut files) = UNFINISHED.lock() {
            files.retain(|file| *file != self.0);
        }
    }
}
