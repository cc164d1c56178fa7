//! app_compose and Docker Compose as a hashed tree that keeps spans, with the provenance of every value.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]
