//! `etc/table-loader` and the RSDP.
//!
//! Source: QEMU's documented interface "ACPI tables generation", `BiosLinkerLoaderEntry` (128-byte commands).

use super::tables::{Layout, Table};

const RSDP: &str = "etc/acpi/rsdp";
const TABLES: &str = "etc/acpi/tables";
/// Size of the blob that QEMU reserves for the script.
const SCRIPT_SIZE: usize = 4096;
const COMMAND_SIZE: usize = 128;

#[derive(Default)]
struct Script(Vec<u8>);

impl Script {
    fn command(&mut self, kind: u32, files: &[&str], rest: &[&[u8]]) {
        let end = self.0.len().saturating_add(COMMAND_SIZE);
        self.0.extend_from_slice(&kind.to_le_bytes());
        for file in files {
            let mut name = [0_u8; 56];
            for (place, byte) in name.iter_mut().zip(file.bytes()) {
                *place = byte;
            }
            self.0.extend_from_slice(&name);
        }
        for part in rest {
            self.0.extend_from_slice(part);
        }
        self.0.resize(end, 0);
    }

    /// Allocate `file`: zone 1 is anywhere below 4 GiB, zone 2 the F segment.
    fn allocate(&mut self, file: &str, alignment: u32, zone: u8) {
        self.command(1, &[file], &[&alignment.to_le_bytes(), &[zone]]);
    }

    /// Add the address of the tables to the pointer at `offset` of `file`.
    fn pointer(&mut self, file: &str, offset: u32, size: u8) {
        self.command(2, &[file, TABLES], &[&offset.to_le_bytes(), &[size]]);
    }

    /// Put the checksum of `start..start + length` of `file` at `at`.
    fn checksum(&mut self, file: &str, at: u32, start: u32, length: u32) {
        self.command(3, &[file], &[&at.to_le_bytes(), &start.to_le_bytes(), &length.to_le_bytes()]);
    }

    fn table_checksum(&mut self, table: Table) {
        self.checksum(TABLES, table.offset.saturating_add(9), table.offset, table.length);
    }
}

pub(super) fn script(layout: &Layout) -> Vec<u8> {
    let mut script = Script::default();
    script.allocate(RSDP, 16, 2);
    script.allocate(TABLES, 64, 1);
    script.table_checksum(layout.dsdt);
    for (field, size) in [(36, 4), (40, 4), (140, 8)] {
        script.pointer(TABLES, layout.facp.offset.saturating_add(field), size);
    }
    script.table_checksum(layout.facp);
    for table in &layout.others {
        script.table_checksum(*table);
    }
    // The RSDT lists the FACP and the others.
    let mut entry = layout.rsdt.offset.saturating_add(36);
    for _ in 0..=layout.others.len() {
        script.pointer(TABLES, entry, 4);
        entry = entry.saturating_add(4);
    }
    script.table_checksum(layout.rsdt);
    script.pointer(RSDP, 16, 4);
    script.checksum(RSDP, 8, 0, 20);
    script.0.resize(SCRIPT_SIZE, 0);
    script.0
}

/// The root pointer of ACPI 1.0, 20 bytes.
pub(super) fn rsdp(layout: &Layout) -> Vec<u8> {
    [b"RSD PTR \0BOCHS \0".as_slice(), &layout.rsdt.offset.to_le_bytes()].concat()
}
