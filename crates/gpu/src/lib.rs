//! NVIDIA's evidence of GPUs and switches: read and verified offline, at a time that you name.
//!
//! # The values, from bytes to fact
//!
//! | value | what it is | who can make one |
//! |---|---|---|
//! | [`ParsedReport`] | laid out as SPDM 1.1 demands; nothing in it is verified | anyone |
//! | [`SignedReport`] | signed by a key that NVIDIA's device root vouches for, at one time | [`SignedReport::verify`] |
//! | [`AppraisedGpu`] | compared with the values that NVIDIA signed for its versions, or said why not | [`AppraisedGpu::appraise`] |
//! | [`GpuSet`] | distinct devices of one request, of one driver and mode | [`GpuSet::assemble`] |
//!
//! [`container::read`] takes every form in which such evidence travels apart; [`Examine`] does all of the above for one
//! of them.
//!
//! # What is never said
//!
//! [`NOT_SHOWN`]: that the devices are in the machine whose quote lies beside them, and that they are in confidential
//! mode. No field of a report shows either. A machine without a GPU can hand the nonce to a GPU elsewhere, and a GPU in
//! development mode signs reports like any other.
//!
//! # What is not checked
//!
//! - Whether manifests or answers about revocation are the newest: NVIDIA signs the same identifier anew.
//! - Anything after the report was made: a driver can be loaded anew.
//! - Tokens of NVIDIA's service ([`container::ServiceAnswer`]): they are shown as what a service said.
//!
//! # Limits
//!
//! Every input has a cap in [`veritee_model::Budget`]; reading takes time and memory in proportion to its length. The
//! crate opens no file and no socket and reads no clock.
//!
//! Sources: DSP0274 1.1.0; NVIDIA's SDKs (nvtrust, attestation-sdk) and its "Opaque Data Format" of 2026-10-06; TCG DICE
//! Attestation Architecture; RFC 5280, RFC 6960; ISO/IEC 19770-2:2015; XML-DSig and Canonical XML 1.1.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod appraisal;
pub mod binding;
pub mod boot_gate;
mod certificate;
pub mod chain;
pub mod container;
mod device;
mod error;
mod examination;
mod family;
pub mod manifest;
mod memory;
pub mod opaque;
pub mod report;
pub mod revocation;
mod root;
pub mod set;
pub mod wanted;

use veritee_x509::{self as x509, crl, der, pem};

pub use appraisal::AppraisedGpu;
pub use chain::DeviceChain;
pub use der::{DerError, DerFault};
pub use device::{DeviceError, FirmwareMatch, SignedReport};
pub use error::Explanation;
pub use examination::{Examination, Examine, is_collateral};
pub use family::Family;
pub use manifest::Manifest;
pub use memory::Memory;
pub use opaque::Opaque;
pub use pem::PemError;
pub use report::ParsedReport;
pub use root::Roots;
pub use set::GpuSet;
pub use wanted::Wanted;

/// The sentence that stands in every output beside evidence of GPUs.
pub const NOT_SHOWN: &str = "Not shown by any of this: that these GPUs are in the quoted machine, that confidential \
                             computing is switched on in them, or anything that happened after their reports were made.";
