//! Forges a whole attested universe under a test root, so that one thing at a time can be changed.
//!
//! [`Universe::new`] is genuine in every part: Intel's certificate topology (root, TCB signer, Platform and
//! Processor CA, PCK with the SGX extension), CRLs, TCB info, QE identity, a quote, and, with
//! [`dstack::Machine`], a dstack machine behind it. A test changes one thing with a closure, forges, and expects
//! one refusal:
//!
//! ```
//! use veritee_testkit::{Role, Shape, Universe};
//!
//! let genuine = Universe::new(1).forge();
//! let outdated = Universe::new(1).tcb_info(|info| info.levels[0].status = "OutOfDate".into()).forge();
//! let stranger = Universe::with_shape(1, Shape::SgxV3).quote(|quote| quote.signed_by = Role::Stranger).forge();
//! assert_ne!(genuine.collateral_json(), outdated.collateral_json());
//! assert_ne!(genuine.quote, stranger.quote);
//! ```
//!
//! Everything derives from the seed: keys are hashes of seed and role, signatures are RFC 6979, so that the same
//! universe is the same bytes in every run. Nothing here checks anything: what is malformed on purpose is
//! written as told.
//!
//! This crate is test code (`publish = false`, used as a dev-dependency only): local invariants may panic.
#![allow(clippy::missing_panics_doc, reason = "a test that forges nonsense by accident is to stop loudly")]

pub mod certificate;
pub mod chain;
pub mod collateral;
pub mod crl;
pub mod der;
pub mod dstack;
pub mod gpu;
pub mod key;
pub mod pcs;
pub mod pki;
pub mod qe_identity;
pub mod quote;
pub mod sgx_extension;
pub mod sigstore;
pub mod tcb_info;
pub mod universe;

pub use certificate::{Algorithm, CertificateSpec, Extension, Name};
pub use collateral::{CollateralSpec, ForgedCollateral, SignedJson};
pub use crl::{CrlSpec, Revoked};
pub use key::SigningKey;
pub use pcs::ForgedAnswers;
pub use pki::{Pki, Role};
pub use qe_identity::{QeIdentity, QeLevel};
pub use quote::{Body, Certification, EnclaveReport, QuoteLayout, QuoteSpec, Shape, TdReport, TdReportEx};
pub use sgx_extension::SgxExtension;
pub use tcb_info::{ModuleIdentity, ModuleLevel, TcbInfo, TcbLevel, TdxModule};
pub use universe::{Forged, Universe};

/// A gzip stream of these bytes.
#[must_use]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}
