//! Verdicts that travel: who says it, over which bytes, and that nobody has changed them since.
//!
//! A sealed report is two DSSE envelopes, one a line (the form that in-toto calls a bundle). The first is over the saved
//! report, byte for byte as it lies on the disk: nothing is re-serialised, and no canonical form is needed. The second is
//! over an in-toto statement (a SLSA verification summary) that binds the digest of the report to those of the
//! evidence, of the policy and of the program that signed. [`open`] gives a report out only when every key that the
//! caller trusts has signed both, and when the statement says what follows from the report.
//!
//! - [`SigningKey`], [`PublicKey`]: Ed25519 and P-256, by `ring`.
//! - [`seal`], [`open`]: the two envelopes.
//! - [`Statement`]: the summary.
//! - [`ear`]: the verdict as an EAT Attestation Result, a JWT for whoever speaks RATS.
//! - [`badge`]: a picture that is drawn from a signed statement, and that [`open_badge`] draws again to compare.
//!
//! A signature says who vouches for a report, never that its checks are true: whoever wants to know that verifies the
//! evidence again. That is why a sealed report names the digests of all of it.
//!
//! Pure: bytes, keys and a source of randomness in, bytes out.
//!
//! Sources: DSSE 1.0 (protocol and envelope), in-toto Attestation Framework 1 (statement, bundle), SLSA verification
//! summary 1, draft-ietf-rats-ear-04, RFC 7515 and 7518 (JWS), RFC 8032, FIPS 186-5.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

mod badge;
mod bundle;
mod envelope;
mod error;
mod key;
mod statement;
mod token;

pub use badge::{badge, open_badge};
pub use bundle::{Sealed, open, same_evidence, same_policy, seal};
pub use error::SealError;
pub use key::{PublicKey, SigningKey};
pub use statement::{PREDICATE, Statement, Tool};
pub use token::ear;

/// What an envelope over a saved report says its payload is.
pub const REPORT_TYPE: &str = "application/vnd.veritee.report.v1+json";
/// What an envelope over a statement says its payload is: in-toto's own name.
pub const STATEMENT_TYPE: &str = "application/vnd.in-toto+json";
/// More keys, or signatures in one envelope, than anybody uses: each pair costs one verification.
pub const MOST_KEYS: usize = 8;
