//! Expected MRTD and RTMR0 to RTMR2 of a dstack machine, computed without QEMU.
//!
//! TBD
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod acpi;
pub mod event;
mod json;
pub mod rtmr0;
pub mod shape;
pub mod td_hob;
pub mod vm_config;

pub use shape::{Hardware, HardwareCounts, Limits, PassOrder, QemuProfile, Shape};
pub use vm_config::{VmConfig, VmConfigError};
