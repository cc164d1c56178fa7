//! Evidence in every form that dstack and its neighbours publish it, and veritee's own evidence JSON.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]
