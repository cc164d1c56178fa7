//! What the chain says, for the rules about it.

use crate::chain::{AppContract, Contracts};
use crate::subject::Subject;
use veritee_model::Place;

/// Findings about the chain have no line.
pub(crate) fn place(path: &str) -> Place {
    Place { file: "chain".to_owned(), path: path.to_owned(), ..Place::default() }
}

pub(crate) fn contracts<'a>(subject: &'a Subject<'_>) -> Option<&'a Contracts> {
    subject.context.chain.as_ref()?.contracts.as_ref()
}

pub(crate) fn app<'a>(subject: &'a Subject<'_>) -> Option<&'a AppContract> {
    contracts(subject)?.app.as_ref()
}

/// A time in the largest whole unit.
pub(crate) fn delay(seconds: u64) -> String {
    match seconds {
        0..3_600 => format!("{seconds} seconds"),
        3_600..172_800 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
