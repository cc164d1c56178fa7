//! What a service's settings open, as rules say it; found by the facts of that name.

use std::collections::BTreeMap;
use veritee_model::{Place, Severity};

/// What is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A check of who comes, or of what is genuine.
    Check,
    /// What runs, or what is kept, can be seen or changed from elsewhere.
    Door,
    /// What users send goes to the log.
    Log,
    /// Code that comes when it starts.
    Fetch,
    /// Data that leaves though no address stands there.
    Leaves,
    /// Certificates, host keys or signatures that are not looked at.
    Tls,
}

/// One opening of one service.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    pub(crate) evidence: String,
    pub(crate) severity: Severity,
}

/// The openings of each service.
pub(crate) type Openings = BTreeMap<String, Vec<Opening>>;
