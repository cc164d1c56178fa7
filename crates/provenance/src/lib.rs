//! From an image to a commit, as far as somebody vouches for it. Pure: bytes in, values out.
//!
//! ```text
//! a bundle (untrusted bytes), the digests of an image, trusted roots
//!   sigstore   chain, times, log, signature, subject                 -> Signed, or the failure by its own name
//!   statement  in-toto v0.1 and v1: what is said about which digest  -> Statement
//!   build      SLSA v0.2 and v1: source, builder, arguments          -> Build
//!   commit     every claim of a commit by its rank, and doubts       -> Claims
//!   gather     all of that for one image, out of its layout          -> Said
//!   known      what rests on an image's file, for ladder and audit   -> Known
//!   inside     keys, passwords, defaults in layers and environment   -> Inside
//!   recipe     how to build it again, and what nothing says          -> Recipe
//!   ladder     compose, image, commit, source: each arrow by what    -> Ladder
//! ```
//!
//! Signer and source are two facts: whose workflow held the certificate, and of which repository and commit it ran. An
//! unsigned statement of BuildKit is a claim of whoever made the index, and is never more.
//!
//! The crate that verifies bundles looks at the clock for one thing: a log entry from the future is refused. No other
//! answer depends on when it is asked; whether a certificate was valid is asked of the time at which it signed.
//!
//! Source: in-toto attestation framework v0.1 and v1, SLSA provenance v0.2 and v1, Sigstore bundle 0.1 to 0.3, Fulcio's
//! list of extensions (`1.3.6.1.4.1.57264.1`), BuildKit's attestation storage.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used
    )
)]

pub mod build;
pub mod commit;
pub mod cosign;
pub mod gather;
pub mod inside;
mod json;
pub mod known;
pub mod ladder;
mod provider;
pub mod recipe;
pub mod sigstore;
pub mod statement;

pub use build::{Build, Context};
pub use commit::{Claim, Claims, Doubt, Rank};
pub use gather::{Said, gather};
pub use known::Known;
pub use ladder::{Arrow, Ladder, State};
pub use recipe::Recipe;
pub use sigstore::{Failure, Root, Signed, Signer, Trust};
pub use statement::{Level, Statement, StatementError, Subjects};
