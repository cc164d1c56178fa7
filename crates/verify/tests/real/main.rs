//! Real machines through the whole pipeline: what the oracle and the descriptions beside them say has to come out,
//! and nothing of one machine may pass for another's.
//!
//! The vectors lie outside the repository; where they are absent, these tests say so and pass.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

mod links;
mod machines;
mod oracle;
mod signed_bits;
mod substitution;
mod vectors;
