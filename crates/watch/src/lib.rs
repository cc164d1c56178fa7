//! What was seen of applications, kept so that it can be asked for later: "was it safe then?"
//!
//! Each round of `veritee watch` makes an [`Observation`] of each target. Observations are records of one database, in
//! one chain: each names the hash of the one before it, and its own hash is the SHA-256 of its exact bytes. Whoever knows
//! the hash of the last record (the head) sees every change to any record before it; an export is the records, one a line,
//! and `sha256sum` checks it.
//!
//! - [`Observation`], [`Fact`], [`Draft`]: what a record says. It repeats the words of reports and chain reads; nothing is
//!   judged here.
//! - [`Known`]: what was last shown of a target, and what an observation changes in it. A fact that is not shown now is
//!   not gone: it stays what it was, is listed as unshown, and is compared again when it is shown again.
//! - [`Chain`]: follows records, from a database or an export, and says where they stop fitting.
//! - [`Store`]: the database. Pure apart from its file: the time is an argument.
//!
//! # What it does not show
//!
//! The chain shows that nobody changed a record later without changing all that follow. It does not show that what was
//! written was true, nor that nothing was cut off its end, nor that it was not written anew as a whole: both need a head
//! that was kept elsewhere. Between two observations nothing is known.
//!
//! # Whom it believes
//!
//! Texts of targets, machines and contracts are other people's: they are kept as text, with caps, and made inert by
//! whoever prints them. The database file is the watcher's own. A damaged one is an error; for one that somebody else
//! made, take its export.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

mod chain;
mod compare;
mod error;
mod record;
mod store;

pub use chain::{Break, Chain};
pub use compare::{Known, Last};
pub use error::StoreError;
pub use record::{Change, Draft, Fact, Facts, Kept, Machine, Observation, RECORD_BYTES, SCHEMA, Unshown};
pub use store::{Answer, Audit, Flaw, Store, Written};
