//! What went wrong between a need and its collateral, and what to do about it.

use crate::need::{Evaluation, Need};
use crate::service::{ItemKind, ServiceError};
use core::fmt;
use std::path::PathBuf;
use veritee_client::FetchError;
use veritee_model::{Fmspc, text};
use veritee_quote::{CaKind, CollateralError, QuoteError, Tee};

/// An answer is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerFault {
    /// The body is empty.
    Empty,
    /// The body is no JSON.
    Form {
        /// The member that it had to have.
        expected: &'static str,
        /// 1-based line of the fault.
        line: usize,
        /// 1-based column of the fault.
        column: usize,
        /// How the body begins, safe to print.
        begins: String,
    },
    /// The body is JSON without this member.
    MemberMissing {
        /// The member.
        member: &'static str,
        /// How the body begins, safe to print.
        begins: String,
    },
    /// No header brought the certificate chain.
    ChainMissing {
        /// The header that Intel's service sends.
        header: &'static str,
    },
    /// One of the four answers is missing or there twice.
    NotFour {
        /// Which.
        item: ItemKind,
    },
    /// A signature, a chain, a list or a date was refused.
    Collateral(Box<CollateralError>),
    /// It speaks of the other kind of TEE.
    Tee {
        /// Asked for.
        expected: Tee,
        /// Came.
        got: Tee,
    },
    /// It speaks of another processor family.
    Fmspc {
        /// Asked for.
        expected: Fmspc,
        /// Came.
        got: Fmspc,
    },
    /// It is the revocation list of the other CA.
    Ca {
        /// Asked for.
        expected: CaKind,
        /// Came.
        got: CaKind,
    },
    /// It is of another evaluation data set.
    Number {
        /// Asked for.
        expected: u32,
        /// Came.
        got: u32,
    },
    /// The PCK certificate is not one that the root vouches for, or not for this collateral.
    PckCertificate(Box<QuoteError>),
    /// No PCK certificate can be read in it.
    PckUnreadable,
    /// The parts of the collateral cannot stand in an answer unchanged: no service can have served them.
    NotRepresentable,
}

/// Something in the store cannot be used. It is treated as absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, relative to the store's folder.
    pub file: String,
    /// What is wrong with it.
    pub what: FaultKind,
}

/// What is wrong with a file of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// Its bytes do not have the digest that they were stored under.
    Damaged,
    /// An entry names it and it is not there.
    Missing,
    /// It is larger than anything that is stored.
    TooLarge,
    /// It is a link, a folder or a device.
    NotAFile,
    /// It cannot be read.
    Unreadable(String),
    /// Its form is unknown: another version wrote it.
    Form(String),
    /// It stands under a name that is not its own.
    Misplaced,
    /// What it holds does not verify, or not as what it is stored as.
    Refused(String),
    /// Nothing needs it.
    Unreferenced,
}

/// The store cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// The folder is a link, or no folder.
    NotAFolder {
        /// Which.
        path: PathBuf,
    },
    /// At the place of a file stands what is none.
    NotAFile {
        /// Which.
        path: PathBuf,
    },
    /// The folder belongs to another user.
    Owner {
        /// Which.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// Who runs this program.
        user: u32,
    },
    /// Everybody may write into the folder.
    WorldWritable {
        /// Which.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Another process has held the lock for too long.
    Busy {
        /// The lock file.
        path: PathBuf,
    },
    /// A file operation failed.
    Io {
        /// What was done.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
}

/// Collateral could not be obtained.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The service cannot be asked.
    Service(ServiceError),
    /// A request failed.
    Fetch {
        /// What was asked for.
        item: &'static str,
        /// Where.
        url: String,
        /// Why.
        error: Box<FetchError>,
    },
    /// The service knows nothing of this processor family, or not by this kind of TEE (404).
    NotServed {
        /// What was needed.
        need: Need,
        /// Where it was asked for.
        url: String,
    },
    /// There is no such evaluation data set (404).
    NumberUnknown {
        /// Its number.
        number: u32,
        /// Where it was asked for.
        url: String,
    },
    /// Intel has withdrawn the evaluation data set (410).
    NumberWithdrawn {
        /// Its number.
        number: u32,
        /// Where it was asked for.
        url: String,
    },
    /// An answer was refused. It is not kept.
    Refused {
        /// What it was to be.
        item: &'static str,
        /// Who gave it.
        url: String,
        /// Why.
        fault: AnswerFault,
    },
    /// Offline, and the store has nothing.
    Absent {
        /// What was needed.
        need: Need,
        /// What was found and could not be used.
        faults: Vec<Fault>,
    },
    /// The quote names its PCK in a way that collateral cannot be found by.
    NoPlatform {
        /// Certification data type of the quote.
        certification: u16,
    },
    /// Offline, and the platform's PCK certificate is not in the store.
    PckAbsent,
    /// The store cannot be used.
    Store(StoreError),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ServiceError> for Error {
    fn from(error: ServiceError) -> Self {
        Self::Service(error)
    }
}

impl fmt::Display for AnswerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::Form { expected, line, column, begins } => {
                write!(f, "expected JSON with `{expected}`, got `{begins}` (line {line} column {column})")
            }
            Self::MemberMissing { member, begins } => {
                write!(f, "expected JSON with `{member}`, got `{begins}`")
            }
            Self::ChainMissing { header } => write!(f, "the header {header} is missing"),
            Self::NotFour { item } => write!(f, "the {item} is missing or there twice"),
            Self::Collateral(error) => error.fmt(f),
            Self::Tee { expected, got } => write!(f, "asked for {expected}, got {got}"),
            Self::Fmspc { expected, got } => write!(f, "asked for FMSPC {expected}, got {got}"),
            Self::Ca { expected, got } => write!(f, "asked for the {expected} CA's list, got the {got} CA's"),
            Self::Number { expected, got } => {
                write!(f, "asked for evaluation data number {expected}, got {got}")
            }
            Self::PckCertificate(error) => error.fmt(f),
            Self::PckUnreadable => f.write_str("no PCK certificate with Intel's SGX extension is in it"),
            Self::NotRepresentable => f.write_str(
                "its parts are not as a service serves them: a document is no JSON or not trimmed",
            ),
        }
    }
}

impl core::error::Error for AnswerFault {}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged => f.write_str("its bytes have changed since it was stored"),
            Self::Missing => f.write_str("it is missing"),
            Self::TooLarge => f.write_str("it is too large"),
            Self::NotAFile => f.write_str("it is no regular file"),
            Self::Unreadable(words) => write!(f, "it cannot be read: {words}"),
            Self::Form(words) => write!(f, "its form is unknown: {words}"),
            Self::Misplaced => f.write_str("it stands under a name that is not its own"),
            Self::Refused(words) => write!(f, "it does not verify: {words}"),
            Self::Unreferenced => f.write_str("nothing needs it"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", text::inert(&self.file), self.what)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |path: &PathBuf| text::inert(&path.to_string_lossy());
        match self {
            Self::NotAFolder { path } => write!(f, "{}: expected a folder, not a link or file", shown(path)),
            Self::NotAFile { path } => {
                write!(f, "{}: expected a plain file or nothing; it was left as it is", shown(path))
            }
            Self::Owner { path, owner, user } => {
                write!(f, "{}: the folder belongs to user {owner}, expected user {user}", shown(path))
            }
            Self::WorldWritable { path, mode } => {
                write!(f, "{}: everybody may write into the folder (mode {mode:04o})", shown(path))
            }
            Self::Busy { path } => write!(f, "{}: another process holds the lock", shown(path)),
            Self::Io { action, path, error } => write!(f, "{}: cannot {action}: {error}", shown(path)),
        }
    }
}

impl core::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl StoreError {
    /// What to do about it.
    #[must_use]
    pub fn next_step(&self) -> String {
        match self {
            Self::NotAFolder { .. } | Self::NotAFile { .. } => {
                "name another folder, or remove what stands there".to_owned()
            }
            Self::Owner { .. } => "use a folder of your own".to_owned(),
            Self::WorldWritable { path, .. } => {
                format!(
                    "look at what is in it, then `chmod 700 {}`, or use another folder",
                    text::inert(&path.to_string_lossy())
                )
            }
            Self::Busy { .. } => "wait for the other process, or end it".to_owned(),
            Self::Io { .. } => {
                "check the permissions and the space of the disk, or use another folder".to_owned()
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(error) => error.fmt(f),
            // The client's words name the address.
            Self::Fetch { item, error, .. } => write!(f, "the {item} could not be fetched: {error}"),
            Self::NotServed { need, url } => {
                write!(f, "{}: no collateral for {need} (404)", text::inert(url))
            }
            Self::NumberUnknown { number, url } => {
                write!(f, "{}: there is no evaluation data set {number} (404)", text::inert(url))
            }
            Self::NumberWithdrawn { number, url } => {
                write!(f, "{}: Intel has withdrawn evaluation data set {number} (410)", text::inert(url))
            }
            Self::Refused { item, url, fault } => {
                write!(f, "the {item} from {} was refused: {fault}", text::inert(url))
            }
            Self::Absent { need, faults } => {
                write!(f, "the store has no collateral for {need}")?;
                for fault in faults {
                    write!(f, "; {fault}")?;
                }
                Ok(())
            }
            Self::NoPlatform { certification } => {
                write!(
                    f,
                    "the quote names its PCK by certification data of type {certification}: expected 2, 3 or 5"
                )
            }
            Self::PckAbsent => f.write_str("the store has no PCK certificate for the quote's platform"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Fetch { error, .. } => Some(error),
            Self::Refused { fault, .. } => Some(fault),
            Self::Store(error) => Some(error),
            Self::Service(error) => Some(error),
            _ => None,
        }
    }
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn next_step(&self) -> String {
        match self {
            Self::Service(error) => error.next_step().to_owned(),
            Self::Fetch { error, .. } => error.next_step(),
            Self::NotServed { .. } => {
                "check FMSPC and kind of TEE; a PCCS without network knows only what it was filled with, \
                 Intel's own service knows all"
                    .to_owned()
            }
            Self::NumberUnknown { .. } => {
                "ask for the list of numbers, or for the standard or early set".to_owned()
            }
            Self::NumberWithdrawn { .. } => {
                "use a newer evaluation data set; for a verdict of that time, bring collateral of that time as a file"
                    .to_owned()
            }
            Self::Refused { fault, .. } => refused_step(fault).to_owned(),
            Self::Absent { need, .. } => absent_step(need),
            Self::NoPlatform { .. } => {
                "bring collateral with the platform's PCK certificate chain in it as a file".to_owned()
            }
            Self::PckAbsent => {
                "ask once with network, or bring collateral with the platform's PCK certificate chain in it"
                    .to_owned()
            }
            Self::Store(error) => error.next_step(),
        }
    }
}

fn refused_step(fault: &AnswerFault) -> &'static str {
    match fault {
        AnswerFault::Collateral(error) => {
            error.next().unwrap_or("ask another service: this one does not give what Intel signed")
        }
        AnswerFault::Number { .. } => {
            "this service gives one data set whatever is asked: ask Intel's own service for a number"
        }
        AnswerFault::Form { .. } | AnswerFault::MemberMissing { .. } | AnswerFault::Empty => {
            "check the address: something other than Intel's interface answers there"
        }
        _ => "ask another service",
    }
}

fn absent_step(need: &Need) -> String {
    let evaluation = match need.evaluation {
        Evaluation::Standard => String::new(),
        other => format!(" --evaluation {other}"),
    };
    let file = need.file_name();
    format!(
        "on a machine with network run `veritee collateral fetch --tee {} --fmspc {} --ca {}{evaluation} -o {file}`, \
         bring {file} here and pass it with --collateral",
        crate::need::tee_name(need.tee),
        need.fmspc,
        need.ca,
    )
}
