//! `etc/acpi/tables`: all tables in one blob, in QEMU's order.
//!
//! Source: ACPI Specification 6.5, sections 5.2.6 (header), 5.2.9 (FADT, signature `FACP`), 5.2.10 (FACS), 5.2.12 (MADT,
//! signature `APIC`), 5.2.16 (SRAT); PCI Firmware Specification 3.3 (MCFG); Microsoft's WAET.

use super::dsdt;
use crate::shape::{HIGH_MEMORY, HighMemoryBase, QemuProfile, Shape};

/// The blob is padded to a multiple of this.
const BLOB_UNIT: usize = 128 << 10;
/// Processors from this index on have x2APIC entries: their APIC id needs more than eight bits, 255 is broadcast.
pub(super) const FIRST_X2APIC: u32 = 255;

/// Where a table lies in the blob.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    pub(super) offset: u32,
    pub(super) length: u32,
}

/// Where all tables lie.
pub(super) struct Layout {
    pub(super) dsdt: Table,
    pub(super) facp: Table,
    /// APIC, SRAT where there is one, MCFG, WAET.
    pub(super) others: Vec<Table>,
    pub(super) rsdt: Table,
}

fn offset_of(blob: &[u8]) -> u32 {
    u32::try_from(blob.len()).unwrap_or(u32::MAX)
}

/// Appends a table with its header; its checksum stays zero until the loader script runs.
fn append(blob: &mut Vec<u8>, signature: [u8; 4], revision: u8, body: &[u8]) -> Table {
    let offset = offset_of(blob);
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX).saturating_add(36);
    blob.extend_from_slice(&signature);
    blob.extend_from_slice(&length.to_le_bytes());
    blob.extend_from_slice(&[revision, 0]);
    blob.extend_from_slice(b"BOCHS BXPC    \x01\0\0\0BXPC\x01\0\0\0");
    blob.extend_from_slice(body);
    Table { offset, length }
}

pub(super) fn build(shape: &Shape) -> (Vec<u8>, Layout) {
    let mut blob = facs();
    let dsdt_at = offset_of(&blob);
    let dsdt = append(&mut blob, *b"DSDT", 1, &dsdt::body(shape));
    let facp = append(&mut blob, *b"FACP", 3, &facp(shape, dsdt_at));
    let mut others = vec![append(&mut blob, *b"APIC", 3, &apic(shape))];
    if shape.hardware.hugepages() {
        others.push(append(&mut blob, *b"SRAT", 1, &srat(shape)));
    }
    others.push(append(&mut blob, *b"MCFG", 1, &mcfg()));
    others.push(append(&mut blob, *b"WAET", 1, &2_u32.to_le_bytes()));
    let entries: Vec<u8> =
        core::iter::once(&facp).chain(&others).flat_map(|table| table.offset.to_le_bytes()).collect();
    let rsdt = append(&mut blob, *b"RSDT", 1, &entries);
    blob.resize(blob.len().next_multiple_of(BLOB_UNIT), 0);
    (blob, Layout { dsdt, facp, others, rsdt })
}

fn facs() -> Vec<u8> {
    let mut table = b"FACS\x40\0\0\0".to_vec();
    table.resize(64, 0);
    table
}

/// Generic address structure: I/O space, `width` bits, undefined access size.
fn io_address(width: u8, address: u64) -> Vec<u8> {
    [[1, width, 0, 0].as_slice(), &address.to_le_bytes()].concat()
}

/// Writes `bytes` at `offset` of the table; the body starts after the 36 bytes of header.
fn put(body: &mut [u8], offset: usize, bytes: &[u8]) {
    let start = offset.saturating_sub(36);
    if let Some(place) = body.get_mut(start..start.saturating_add(bytes.len())) {
        place.copy_from_slice(bytes);
    }
}

fn facp(shape: &Shape, dsdt_at: u32) -> Vec<u8> {
    // WBINVD, PROC_C1, SLP_BUTTON, RTC_S4, RESET_REG_SUP, USE_PLATFORM_CLOCK.
    let mut flags = 1_u32 | 1 << 2 | 1 << 5 | 1 << 7 | 1 << 10 | 1 << 15;
    if shape.hardware.cpus() > 8 {
        // FORCE_APIC_CLUSTER_MODEL.
        flags |= 1 << 18;
    }
    let mut body = vec![0; 244 - 36];
    let fields: [(usize, &[u8]); 21] = [
        (40, &dsdt_at.to_le_bytes()),
        (44, &[1]),                      // interrupt model
        (46, &9_u16.to_le_bytes()),      // SCI
        (56, &0x600_u32.to_le_bytes()),  // PM1a event block
        (64, &0x604_u32.to_le_bytes()),  // PM1a control block
        (76, &0x608_u32.to_le_bytes()),  // PM timer
        (80, &0x620_u32.to_le_bytes()),  // GPE0
        (88, &[4, 2]),                   // lengths of PM1 event and control blocks
        (91, &[4, 16]),                  // lengths of PM timer and GPE0
        (96, &[0xff, 0x0f, 0xff, 0x0f]), // C2 and C3 latency: not supported
        (108, &[0x32]),                  // century in the RTC
        (109, &2_u16.to_le_bytes()),     // IA-PC boot architecture
        (112, &flags.to_le_bytes()),
        (116, &io_address(8, 0xcf9)), // reset register
        (128, &[0x0f]),               // reset value
        (140, &u64::from(dsdt_at).to_le_bytes()),
        (148, &io_address(32, 0x600)),
        (172, &io_address(16, 0x604)),
        (208, &io_address(32, 0x608)),
        (220, &io_address(128, 0x620)),
        (36, &0_u32.to_le_bytes()), // FACS lies at offset 0 of the blob
    ];
    for (offset, bytes) in fields {
        put(&mut body, offset, bytes);
    }
    body
}

/// The interrupt controller entry of one processor: a local APIC, or an x2APIC where its id needs more bits.
pub(super) fn processor_entry(index: u32) -> Vec<u8> {
    match u8::try_from(index) {
        Ok(id) if index < FIRST_X2APIC => vec![0, 8, id, id, 1, 0, 0, 0],
        _ => {
            let id = index.to_le_bytes();
            [[9, 16, 0, 0].as_slice(), &id, &1_u32.to_le_bytes(), &id].concat()
        }
    }
}

fn apic(shape: &Shape) -> Vec<u8> {
    let mut body = 0xfee0_0000_u32.to_le_bytes().to_vec();
    body.extend_from_slice(&u32::from(shape.pic).to_le_bytes());
    for index in 0..shape.hardware.cpus() {
        body.extend_from_slice(&processor_entry(index));
    }
    body.extend_from_slice(&[1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0]);
    match shape.profile {
        // Edge triggered, active high for all sixteen legacy lines.
        QemuProfile::V8 | QemuProfile::V9 => {
            for line in 0..16_u8 {
                let pin = if line == 0 { 2 } else { line };
                body.extend_from_slice(&[2, 10, 0, line, pin, 0, 0, 0, 5, 0]);
            }
        }
        _ => {
            body.extend_from_slice(&[2, 10, 0, 0, 2, 0, 0, 0, 0, 0]);
            for line in [5, 9, 10, 11] {
                body.extend_from_slice(&[2, 10, 0, line, line, 0, 0, 0, 13, 0]);
            }
        }
    }
    if shape.hardware.cpus() > FIRST_X2APIC {
        body.extend_from_slice(&[0x0a, 12, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0]);
    } else {
        body.extend_from_slice(&[4, 6, 0xff, 0, 0, 1]);
    }
    body
}

fn memory_affinity(base: u64, length: u64) -> Vec<u8> {
    // An entry without memory is all zeros behind its type and length, its enabled bit included.
    let (base, enabled) = if length == 0 { (0, 0_u32) } else { (base, 1) };
    [
        [1, 40, 0, 0, 0, 0, 0, 0].as_slice(),
        &base.to_le_bytes(),
        &length.to_le_bytes(),
        &0_u32.to_le_bytes(),
        &enabled.to_le_bytes(),
        &0_u64.to_le_bytes(),
    ]
    .concat()
}

fn srat(shape: &Shape) -> Vec<u8> {
    let hardware = &shape.hardware;
    let mut body = 1_u32.to_le_bytes().to_vec();
    body.extend_from_slice(&[0; 8]);
    for index in 0..hardware.cpus() {
        match u8::try_from(index) {
            Ok(id) if index < FIRST_X2APIC => {
                body.extend_from_slice(&[0, 16, 0, id, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            }
            _ => {
                body.extend_from_slice(&[2, 24, 0, 0, 0, 0, 0, 0]);
                body.extend_from_slice(&index.to_le_bytes());
                body.extend_from_slice(&1_u32.to_le_bytes());
                body.extend_from_slice(&[0; 8]);
            }
        }
    }
    let low = hardware.low_memory();
    let high_base = match shape.high_memory {
        HighMemoryBase::FourGiB => HIGH_MEMORY,
        HighMemoryBase::OneTiB => 1 << 40,
    };
    body.extend_from_slice(&memory_affinity(0, low.min(0xa_0000)));
    body.extend_from_slice(&memory_affinity(0x10_0000, low.saturating_sub(0x10_0000)));
    body.extend_from_slice(&memory_affinity(high_base, hardware.memory().saturating_sub(low)));
    body
}

fn mcfg() -> Vec<u8> {
    let mut body = vec![0; 8];
    body.extend_from_slice(&0xe000_0000_u64.to_le_bytes());
    body.extend_from_slice(&[0, 0, 0, 0xff, 0, 0, 0, 0]);
    body
}
