//! What a variable is for, as it is remembered within one audit: many rules ask it of the same variables.

use crate::facts::arrival::Arrival;
use std::collections::BTreeSet;
use veritee_model::NameClass;

/// What a variable is for by all its uses of one provenance.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) classes: BTreeSet<NameClass>,
    /// What each use makes of the value.
    pub(crate) arrivals: Vec<Arrival>,
    /// Positions of uses whose effect is not known, each with why.
    pub(crate) unknown: Vec<(usize, &'static str)>,
}
