//! One strict reader of what certificates are made of: DER ([`der`]), PEM chains ([`pem`]), the common parts of X.509
//! (extensions, key usage, basic constraints, key identifiers, serial numbers, names), the frame of a certificate
//! ([`CertificateFrame`]) and revocation lists ([`crl`]).
//!
//! Every fault is a [`der::DerFault`] with its byte. Everything is read in place, without copies; time and memory grow
//! with the input's length and nothing else.
//!
//! What is not checked: any signature, any date, any name, any role. Which algorithm, key and extensions a certificate
//! must have differs between Intel's and NVIDIA's and belongs to the crates that verify them. All of it may be written by
//! an attacker.
//!
//! Sources: ITU-T X.690 (DER), RFC 5280 (certificates and lists), RFC 7468 (PEM).
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod crl;
pub mod der;
mod frame;
mod parts;
pub mod pem;

pub use frame::{CertificateFrame, read_extensions, read_point};
pub use parts::{
    AUTHORITY_KEY_IDENTIFIER, BASIC_CONSTRAINTS, BasicConstraints, CRL_NUMBER, Extension, KEY_USAGE,
    KeyUsage, NARROWING, SERIAL_LENGTH, SUBJECT_KEY_IDENTIFIER, Serial, common_name, read_authority_key,
    read_basic_constraints, read_key_usage, read_serial, read_subject_key, shown_name,
};

/// The examples of the read-me run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct ReadMe;
