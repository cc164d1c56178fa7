//! Every renderer over the same five reports, and over text made to do harm.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod hostile;
mod picture;
mod said;
mod samples;
mod sarif_form;
mod saved;
mod schema;
mod snapshots;
