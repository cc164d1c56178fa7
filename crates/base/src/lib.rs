//! What every crate of veritee stands on, and no more: fixed-size measurements with a meaning each ([`bytes`]), a
//! time that is always an argument ([`UnixTime`]), text made harmless to print ([`text`]), one [`Budget`] for what hostile
//! input may cost, and one kind of [`Memory`] for what was answered once.
//!
//! It knows no reason code, no check and no report: the quote engine, which others import, needs none of them.
//! It reads nothing: no file, no socket, no clock.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod budget;
pub mod bytes;
pub mod memory;
mod tcb_status;
pub mod text;
pub mod time;

pub use budget::Budget;
pub use bytes::{
    AppId, ComposeHash, Fmspc, HexError, InstanceId, MrConfigId, MrOwner, MrOwnerConfig, MrSeam, MrServiceTd,
    MrSignerSeam, Mrtd, Ppid, ReportData, Rtmr, RtmrIndex, Sha256Digest, Sha384Digest, TdAttributes,
    TeeTcbSvn, Xfam,
};
pub use memory::{Fingerprint, Memory};
pub use tcb_status::{TcbStatus, converged, relaunched};
pub use time::{TimeError, UnixTime};

/// The examples of the read-me run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct ReadMe;
