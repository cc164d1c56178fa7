//! Images out of registries that behave and registries that do not. Loopback only.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects)]

mod hostile;
mod support;
mod whole;
