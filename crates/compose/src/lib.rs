//! app_compose and Docker Compose as a hashed tree that keeps spans, with the provenance of every value.
//!
//! # From bytes to a bound document
//! [`app_compose::bind`] compares the exact bytes with the measured compose hash and is the only maker of a
//! [`BoundCompose`]. [`UnboundCompose`] is the same document without that fact, for audits of plain files.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod app_compose;
pub mod json;
pub mod position;

pub use app_compose::{
    AppCompose, BindError, BoundCompose, DocumentError, Normalisation, UnboundCompose, bind,
};
pub use position::{LineColumn, LineIndex, Span};
