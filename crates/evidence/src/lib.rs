//! Evidence in every form that dstack and its neighbours publish it, and veritee's own evidence JSON.
//!
//! [`read()`] takes bytes whose form it finds out by content and returns one [`veritee_model::Evidence`] for each
//! machine in them. Everything read is untrusted: a reader establishes which bytes are said to be the quote, the
//! log, the compose, and keeps those bytes exactly; what they are worth is decided by later steps. Values that
//! `tcb_info`, `Info` and their like merely assert become claims, which are compared and never used.
//!
//! [`to_json`] writes one document that holds everything needed to repeat a verdict offline, [`set_to_json`] one for
//! several machines, and [`read()`] takes them back without a change. [`parts`] adds what came in files of its own.
//!
//! What is not checked here: signatures, digests of events, hashes of composes, the inside of a quote, certificate
//! paths. What is: that every text has one reading only. Duplicate keys, data after the end, invalid UTF-8, odd hex
//! and an extension given twice are refused, with the place.
//!
//! No file, socket or clock is touched; every cost is bounded by [`veritee_model::Budget`].
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

mod acme_info;
mod certificate;
mod cloud;
mod container;
mod document;
mod draft;
mod dstack;
mod encoding;
mod error;
mod folder;
mod forms;
pub mod gzip;
mod html;
mod inference;
mod ingress;
mod inside;
mod json;
mod other;
pub mod parts;
mod printed;
mod read;
mod readout;
mod same;
mod stray;
mod unread;

pub use document::{SCHEMA, SET_SCHEMA, carried, set_to_json, to_json};
pub use error::{
    BinaryProblem, CertificateProblem, EncodingProblem, JsonProblem, PageProblem, Place, ReadError,
    Recognised,
};
pub use folder::read_folder;
pub use forms::{Form, Slot, recognise};
pub use ingress::read_ingress;
pub use read::{convert, decoded, read, unwrapped, wraps};
pub use readout::{Format, NamedEvidence, Note, Readout};
