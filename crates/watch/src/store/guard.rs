//! redb's words in ours, and no panic out of it.
//!
//! redb trusts a file that was closed cleanly: where its pages were damaged afterwards it may panic, in debug builds more
//! often than in release builds. What would be a panic is an error here. Its open files are its own, so that nothing of
//! ours is left half done.

use crate::error::StoreError;
use std::cell::Cell;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use veritee_model::text::{inert, shortened};

/// Characters of redb's words in an error.
const MOST: usize = 200;

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// A panic in here is told as an error, once, instead of being printed.
fn keep_quiet_inside() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if !INSIDE.try_with(Cell::get).unwrap_or(false) {
                before(info);
            }
        }));
    });
}

/// Works on the database.
pub(super) fn guarded<T>(
    doing: &'static str,
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    keep_quiet_inside();
    let outer = INSIDE.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    INSIDE.set(outer);
    done.unwrap_or_else(|payload| {
        let words = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("a page contradicts itself");
        Err(StoreError::Damaged { doing, detail: quoted(words) })
    })
}

fn quoted(words: &str) -> String {
    let first = words.lines().next().unwrap_or_default();
    inert(&shortened(first, MOST))
}

/// An error of redb's, and what was being done.
pub(super) trait Doing<T> {
    /// Says what was being done.
    fn doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T, E: Into<redb::Error>> Doing<T> for Result<T, E> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| translated(error.into(), doing))
    }
}

fn translated(error: redb::Error, doing: &'static str) -> StoreError {
    use redb::Error;
    match error {
        Error::DatabaseAlreadyOpen | Error::LockProtocolMismatch => StoreError::Busy,
        Error::Io(error) => match error.kind() {
            ErrorKind::NotFound => StoreError::Absent,
            ErrorKind::InvalidData => StoreError::NotADatabase { detail: quoted(&error.to_string()) },
            ErrorKind::UnexpectedEof => {
                StoreError::Damaged { doing, detail: "the file ends before its pages do".to_owned() }
            }
            _ => StoreError::Io(error),
        },
        error @ (Error::TableDoesNotExist(_)
        | Error::TableTypeMismatch { .. }
        | Error::TypeDefinitionChanged { .. }
        | Error::TableIsMultimap(_)) => StoreError::NotADatabase { detail: quoted(&error.to_string()) },
        Error::UpgradeRequired(version) => StoreError::Version { got: format!("redb file format {version}") },
        error => StoreError::Damaged { doing, detail: quoted(&error.to_string()) },
    }
}
