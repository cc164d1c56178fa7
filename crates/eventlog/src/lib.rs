//! Event logs of TDX machines: parse, recompute digests, replay to the quoted registers, read the identity.
//!
//! The way through this crate is the way of trust. [`EventLog`] is what somebody sent: its run-time digests are
//! recomputed from names and payloads, never believed. [`replay()`] compares it with the four registers of a quote and
//! is the only maker of a [`ReplayedLog`]; only that can be asked who the application is ([`AppIdentity::read`]).
//! [`config_id::check`] compares that identity with MRCONFIGID.
//!
//! What the registers hash, and what they do not:
//!
//! * RTMR3 (dstack's run-time events): name, payload, version and order of every event.
//! * RTMR0 to RTMR2 (boot events): the digest and the order of every event, nothing else. The payload is bound only
//!   for the types whose digest is the hash of the payload ([`Event::recomputed_digest`]). The event type and the
//!   payload of all other boot events are not hashed: whoever sends the log can choose them.
//! * Never hashed: the order between events of different registers, white space, the order of members, unknown
//!   members, and whether a run-time event carries its digest or preimage (when it does, they must be right).
//!
//! Sources: dstack `cc-eventlog` (JSON form, digests), TCG PC Client Platform Firmware Profile
//! (binary form), Intel TDX Virtual Firmware Design Guide (CCEL: register index is one-based).
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod ccel;
pub mod config_id;
pub mod derived;
pub mod error;
pub mod event;
pub mod identity;
pub mod json;
mod log;
pub mod replay;

pub use config_id::ConfigIdOutcome;
pub use error::EventLogError;
pub use event::{AcpiBlob, Event, EventVersion};
pub use identity::{AppIdentity, IdentityError, IdentityNotice, KeyProvider, KeyProviderKind};
pub use log::{EventLog, RuntimeListsDisagree};
pub use replay::{RegisterMismatch, RegisterStatus, ReplayError, ReplayedLog, Trace, fold, replay};
