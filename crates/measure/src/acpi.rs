//! The three ACPI blobs that QEMU hands to the firmware and the firmware measures: table loader script, RSDP, tables.
//!
//! The firmware (OVMF) hashes the blobs as they lie in `fw_cfg`, before it runs the loader script: checksums are zero
//! and pointers are offsets. So they depend on the shape of the machine alone. Source of the layout: ACPI
//! Specification 6.5 and `docs/measurement.md`, which says how each part was confirmed.

mod aml;
mod dsdt;
mod loader;
mod tables;

use crate::shape::Shape;
use veritee_model::Sha384Digest;

/// The blobs, exactly as measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcpiBlobs {
    /// `etc/table-loader`.
    pub loader: Vec<u8>,
    /// `etc/acpi/rsdp`.
    pub rsdp: Vec<u8>,
    /// `etc/acpi/tables`, padded to a multiple of 128 KiB.
    pub tables: Vec<u8>,
}

/// Their SHA-384 digests: events 9 to 11 of RTMR0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct AcpiDigests {
    /// Of the loader script.
    pub loader: Sha384Digest,
    /// Of the RSDP.
    pub rsdp: Sha384Digest,
    /// Of the tables.
    pub tables: Sha384Digest,
}

impl AcpiBlobs {
    /// Builds the blobs for a machine. Costs at most a few megabytes for the largest machine that [`Shape`] can hold.
    #[must_use]
    pub fn build(shape: &Shape) -> Self {
        let (tables, layout) = tables::build(shape);
        Self { loader: loader::script(&layout), rsdp: loader::rsdp(&layout), tables }
    }

    /// SHA-384 of each.
    #[must_use]
    pub fn digests(&self) -> AcpiDigests {
        AcpiDigests {
            loader: Sha384Digest::of(&self.loader),
            rsdp: Sha384Digest::of(&self.rsdp),
            tables: Sha384Digest::of(&self.tables),
        }
    }
}
