//! Why there is no verdict.

use crate::collateral::Incomplete;
use core::fmt;
use veritee_eventlog::EventLogError;
use veritee_evidence::ReadError;
use veritee_model::Reason;
use veritee_model::text::inert;
use veritee_policy::PolicyError;

/// Why files were not judged.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// No file of evidence.
    NoEvidence,
    /// Two files of one name: a report could not tell them apart.
    NameTwice {
        /// The name.
        name: String,
    },
    /// A file is not what it is given for.
    Read(Box<ReadError>),
    /// An answer of Intel's service lacks those that belong to it.
    Collateral(Incomplete),
    /// The policy.
    Policy(PolicyProblem),
    /// Evidence without the app_compose that is to be audited.
    NoCompose {
        /// The file.
        name: String,
    },
    /// Evidence without the log that is to be replayed.
    NoEventLog {
        /// The file.
        name: String,
    },
    /// A log that cannot be read.
    EventLog {
        /// The file.
        name: String,
        /// Why.
        why: Box<EventLogError>,
    },
    /// A vm_config that cannot be read, or hardware that cannot be measured.
    VmConfig {
        /// The file.
        name: String,
        /// Why.
        why: String,
    },
}

/// What is wrong with a policy file.
#[derive(Debug)]
pub enum PolicyProblem {
    /// Not UTF-8.
    NoText {
        /// So many bytes are.
        valid_up_to: usize,
    },
    /// No policy.
    Policy(Box<PolicyError>),
}

impl Error {
    /// A word that does not change, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoEvidence => "evidence-missing",
            Self::NameTwice { .. } => "name-twice",
            Self::Read(error) => error.reason().code(),
            Self::Collateral(_) => "collateral-incomplete",
            Self::Policy(_) => "policy-unreadable",
            Self::NoCompose { .. } => Reason::ComposeMissing.code(),
            Self::NoEventLog { .. } => Reason::EventLogMissing.code(),
            Self::EventLog { why, .. } => why.reason().code(),
            Self::VmConfig { .. } => "vm-config-unreadable",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn next_step(&self) -> String {
        match self {
            Self::NoEvidence => "give the quote, or the document that holds it".to_owned(),
            Self::NameTwice { .. } => "give one of them, or another name".to_owned(),
            Self::Read(error) => error.next_step().to_owned(),
            Self::Collateral(_) => "give all answers of Intel's service".to_owned(),
            Self::Policy(_) => "`veritee policy init` writes a commented file".to_owned(),
            Self::NoCompose { .. } => "give the app_compose itself, or evidence that holds it".to_owned(),
            Self::NoEventLog { .. } => "give the event log itself, or evidence that holds it".to_owned(),
            Self::EventLog { .. } => "give the log as the machine wrote it".to_owned(),
            Self::VmConfig { .. } => "give the vm_config as the machine's host wrote it".to_owned(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEvidence => f.write_str("no evidence was given"),
            Self::NameTwice { name } => write!(f, "{}: two files have this name", inert(name)),
            Self::Read(error) => error.fmt(f),
            Self::Collateral(Incomplete { name, why }) => write!(f, "{}: {why}", inert(name)),
            Self::Policy(problem) => write!(f, "the policy: {problem}"),
            Self::NoCompose { name } => write!(f, "{}: the evidence has no app_compose", inert(name)),
            Self::NoEventLog { name } => write!(f, "{}: has no event log", inert(name)),
            Self::EventLog { name, why } => write!(f, "{}: {why}", inert(name)),
            Self::VmConfig { name, why } => write!(f, "{}: {}", inert(name), inert(why)),
        }
    }
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoText { valid_up_to } => write!(f, "not UTF-8 at byte {valid_up_to}"),
            Self::Policy(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}
impl core::error::Error for PolicyProblem {}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Self::Read(Box::new(error))
    }
}

impl From<Box<ReadError>> for Error {
    fn from(error: Box<ReadError>) -> Self {
        Self::Read(error)
    }
}

impl From<Incomplete> for Error {
    fn from(error: Incomplete) -> Self {
        Self::Collateral(error)
    }
}

impl From<PolicyProblem> for Error {
    fn from(problem: PolicyProblem) -> Self {
        Self::Policy(problem)
    }
}

impl From<PolicyError> for PolicyProblem {
    fn from(error: PolicyError) -> Self {
        Self::Policy(Box::new(error))
    }
}
