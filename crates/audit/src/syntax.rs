//! What source says by its grammar: facts over the small tree that `veritee-syntax` makes of every language.
//!
//! Names are hints, as everywhere: what counts is what a branch does, which result nobody takes, which constant stands in
//! for a value. Nothing is run and no name is resolved beyond its own file, so that every hit is something for a person to
//! look at, with the place.

pub(crate) mod absent;
pub(crate) mod checks;
pub(crate) mod constants;
pub(crate) mod outcome;
pub(crate) mod reads;
pub(crate) mod remote;
pub(crate) mod shape;
pub(crate) mod told;

use veritee_model::Severity;

/// Something that a file says by its grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hit {
    /// Where, in bytes.
    pub(crate) at: usize,
    pub(crate) severity: Severity,
    /// What is wrong there.
    pub(crate) why: String,
}

impl Hit {
    pub(crate) fn new(at: usize, severity: Severity, why: impl Into<String>) -> Self {
        Self { at, severity, why: why.into() }
    }
}
