//! The vocabulary of veritee.
//!
//! Every other crate speaks in these types: fixed-size measurements ([`bytes`]), a time that is always an
//! argument ([`UnixTime`]), stable reason codes ([`Reason`]), one [`Check`] per question, the [`Verdict`]
//! they add up to, the [`Report`] that is printed or saved, and the [`Evidence`] that is judged.
//!
//! This crate decides nothing and reads nothing: no file, no socket, no clock.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod check;
pub mod evidence;
pub mod finding;
mod name_class;
pub mod pem;
pub mod reason;
pub mod report;
pub mod runtime_event;
pub mod stage;
pub mod sums;
pub mod verdict;
mod word;

pub use check::{Check, CheckId, Fault, Kind, Outcome, Step};
pub use evidence::{Claims, Evidence, Item};
pub use finding::{Finding, FindingStatus, Place, Severity, Spot};
pub use name_class::NameClass;
pub use reason::{Class, Reason};
pub use report::Report;
pub use stage::{QuestionStatus, Stage};
pub use verdict::{ExitCode, Verdict, VerdictOutcome};
/// The base below the vocabulary, under the vocabulary's name for those who need both.
pub use veritee_base::{
    AppId, Budget, ComposeHash, Fmspc, HexError, InstanceId, Memory, MrConfigId, MrOwner, MrOwnerConfig,
    MrSeam, MrServiceTd, MrSignerSeam, Mrtd, Ppid, ReportData, Rtmr, RtmrIndex, Sha256Digest, Sha384Digest,
    TcbStatus, TdAttributes, TeeTcbSvn, TimeError, UnixTime, Xfam, budget, bytes, converged, relaunched,
    text, time,
};
