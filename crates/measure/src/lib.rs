//! Expected MRTD and RTMR0 to RTMR2 of a dstack machine, computed without QEMU.
//!
//! The question of step 6 is: is the machine under the application the published dstack OS, on the virtual hardware
//! that it claims? The answer is recomputed from bytes, rung by rung ([`assess`]):
//!
//! * RTMR0, the virtual hardware, from `vm_config` alone ([`rtmr0::prove`]): the TD HOB ([`td_hob`]) and the ACPI blobs
//!   ([`acpi`]) that QEMU would build for every machine that fits the claim.
//! * MRTD, RTMR1 and RTMR2, firmware and kernel and initrd, from an image that the relying party brings
//!   ([`image::measure`]): [`tdvf`], [`authenticode`], [`kernel`].
//! * The same from a lite manifest ([`lite`]), believed only when the relying party has listed its hash.
//!
//! Every input is a claim of the party under examination, the image excepted. Sizes and counts are checked before
//! anything is generated ([`Limits`], [`image::ImageLimits`]). Nothing here reads a file, a socket or a clock.
//!
//! What no register covers, and so nothing here shows: the content of disks (the command line names the root disk's
//! hash), devices behind PCI ports, the SMBIOS tables of newer firmware, and whatever the host does at run time.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod acpi;
pub mod assess;
pub mod authenticode;
mod bytes;
pub mod event;
pub mod expected;
pub mod image;
mod json;
pub mod kernel;
pub mod lite;
pub mod rtmr0;
pub mod shape;
pub mod td_hob;
pub mod tdvf;
pub mod vm_config;

pub use shape::{Hardware, HardwareCounts, Limits, PassOrder, QemuProfile, Shape};
pub use vm_config::{VmConfig, VmConfigError};
