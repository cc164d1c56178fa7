//! The virtual firmware image: its TDX metadata and the MRTD that loading it leads to.
//!
//! Source: Intel TDX Virtual Firmware Design Guide 1.01, section 11 (metadata); TDX Module Base Specification
//! (TDH.MEM.PAGE.ADD, TDH.MR.EXTEND); OVMF's reset vector (the table of GUIDed structures at the end of the file).

use crate::bytes::{array, index, slice, u16_at, u32_at, u64_at};
use crate::shape::PassOrder;
use crate::td_hob::{FirmwareMemory, Range, TdHobError};
use core::fmt;
use sha2::{Digest as _, Sha384};
use veritee_model::Mrtd;

const PAGE: u64 = 0x1000;
const CHUNK: u64 = 0x100;
/// Sections of a firmware. Real ones have 6 or 7.
const MAX_SECTIONS: u32 = 64;
/// Memory that the firmware's sections may name: 256 MiB. Real ones name 4.1 MiB.
const MAX_PAGES: u64 = 1 << 16;
/// Distance of the table's footer from the end of the file.
const FOOTER_FROM_END: usize = 32;
/// A structure's length and GUID, which follow its data.
const ENTRY_TAIL: usize = 18;

/// 96b582de-1fb2-45f7-baea-a366c55a082d: end of the table.
const TABLE_FOOTER: [u8; 16] =
    [0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45, 0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d];
/// e47a6535-984a-4798-865e-4685a7bf8ec2: where the TDX metadata lies.
const TDX_METADATA: [u8; 16] =
    [0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47, 0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf, 0x8e, 0xc2];

/// What a section is for. Only these two matter here.
const TYPE_TD_HOB: u32 = 2;
const TYPE_TEMPORARY_MEMORY: u32 = 3;
const ATTRIBUTE_EXTEND: u32 = 1;
const ATTRIBUTE_AUGMENT: u32 = 2;

/// Why a firmware image is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TdvfError {
    /// The file does not end as OVMF does.
    NoTable,
    /// An entry of the table has an impossible length.
    Table {
        /// Offset in the file of the entry's end.
        at: usize,
    },
    /// The table names no TDX metadata: the firmware is not built for TDX.
    NoMetadata,
    /// The metadata is not `TDVF` version 1, or is cut off.
    Metadata {
        /// Offset in the file.
        at: usize,
    },
    /// There are more sections than in any real firmware, or none.
    Sections {
        /// Sections allowed.
        most: u32,
        /// Sections named.
        got: u32,
    },
    /// A section is misaligned, wraps around, has its data outside of the file or only in part, or is larger than any
    /// real one.
    Section {
        /// Its position, from 0.
        index: u32,
    },
    /// The firmware names no TD HOB section, or several.
    TdHobSection {
        /// How many.
        got: usize,
    },
    /// Its memory sections are impossible.
    Memory(TdHobError),
}

impl fmt::Display for TdvfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTable => {
                f.write_str("firmware: expected ovmf's table of structures at the end of the file")
            }
            Self::Table { at } => write!(f, "firmware, offset {at}: a structure's length is impossible"),
            Self::NoMetadata => f.write_str("firmware: expected tdx metadata, the table names none"),
            Self::Metadata { at } => write!(f, "firmware, offset {at}: expected tdvf metadata of version 1"),
            Self::Sections { most, got } => write!(f, "firmware: expected 1 to {most} sections, got {got}"),
            Self::Section { index } => write!(
                f,
                "firmware, section {index}: expected whole pages below 2^52 and as much data in the file, or none"
            ),
            Self::TdHobSection { got } => write!(f, "firmware: expected one td hob section, got {got}"),
            Self::Memory(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for TdvfError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Memory(error) => Some(error),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Section<'a> {
    data: &'a [u8],
    address: u64,
    pages: u64,
    kind: u32,
    attributes: u32,
}

/// A firmware image with its sections.
#[derive(Debug, Clone)]
pub struct Tdvf<'a> {
    sections: Vec<Section<'a>>,
}

impl<'a> Tdvf<'a> {
    /// Finds and checks the metadata.
    ///
    /// # Errors
    /// When the file is no firmware with TDX metadata or a section is impossible.
    pub fn parse(firmware: &'a [u8]) -> Result<Self, TdvfError> {
        let at = metadata_offset(firmware)?;
        let error = TdvfError::Metadata { at };
        if array(firmware, at) != Some(*b"TDVF") || u32_at(firmware, at.saturating_add(8)) != Some(1) {
            return Err(error);
        }
        let count = u32_at(firmware, at.saturating_add(12)).ok_or(error)?;
        if count == 0 || count > MAX_SECTIONS {
            return Err(TdvfError::Sections { most: MAX_SECTIONS, got: count });
        }
        let mut sections = Vec::new();
        let mut pages = 0_u64;
        for position in 0..count {
            let entry = at.saturating_add(16).saturating_add(index(position).saturating_mul(32));
            let section = section(firmware, entry).ok_or(TdvfError::Section { index: position })?;
            pages = pages.saturating_add(section.pages);
            if pages > MAX_PAGES {
                return Err(TdvfError::Section { index: position });
            }
            sections.push(section);
        }
        Ok(Self { sections })
    }

    /// The MRTD of a machine that QEMU starts with this firmware.
    #[must_use]
    pub fn mrtd(&self, order: PassOrder) -> Mrtd {
        let mut hasher = Sha384::new();
        for section in &self.sections {
            match order {
                PassOrder::SinglePass => {
                    for page in 0..section.pages {
                        section.add(&mut hasher, page);
                        section.extend(&mut hasher, page);
                    }
                }
                PassOrder::TwoPass => {
                    (0..section.pages).for_each(|page| section.add(&mut hasher, page));
                    (0..section.pages).for_each(|page| section.extend(&mut hasher, page));
                }
            }
        }
        Mrtd::new(hasher.finalize().into())
    }

    /// The memory that the firmware asks to be accepted before it starts.
    ///
    /// # Errors
    /// When it has not exactly one TD HOB section, or its memory sections overlap.
    pub fn memory(&self) -> Result<FirmwareMemory, TdvfError> {
        let of_kind = |kind| self.sections.iter().filter(move |section| section.kind == kind);
        let [hob] = of_kind(TYPE_TD_HOB).collect::<Vec<_>>()[..] else {
            return Err(TdvfError::TdHobSection { got: of_kind(TYPE_TD_HOB).count() });
        };
        let accepted = of_kind(TYPE_TD_HOB)
            .chain(of_kind(TYPE_TEMPORARY_MEMORY))
            .map(|section| Range { start: section.address, length: section.pages.saturating_mul(PAGE) })
            .collect();
        FirmwareMemory::new(hob.address, accepted).map_err(TdvfError::Memory)
    }
}

impl Section<'_> {
    /// `TDH.MEM.PAGE.ADD`: the page's address is measured.
    fn add(&self, hasher: &mut Sha384, page: u64) {
        if self.attributes & ATTRIBUTE_AUGMENT == 0 {
            let address = self.address.saturating_add(page.saturating_mul(PAGE));
            hasher.update(record(b"MEM.PAGE.ADD", address));
        }
    }

    /// `TDH.MR.EXTEND` for each 256 bytes of the page: address and content are measured.
    fn extend(&self, hasher: &mut Sha384, page: u64) {
        if self.attributes & ATTRIBUTE_EXTEND == 0 {
            return;
        }
        let first = page.saturating_mul(PAGE);
        for chunk in 0..PAGE / CHUNK {
            let offset = first.saturating_add(chunk.saturating_mul(CHUNK));
            hasher.update(record(b"MR.EXTEND", self.address.saturating_add(offset)));
            // A section without data is zero.
            let content = usize::try_from(offset).ok().and_then(|start| array(self.data, start));
            hasher.update(content.unwrap_or([0_u8; 256]));
        }
    }
}

/// What the TDX module hashes for an operation: its name and the guest physical address, in 128 bytes.
fn record(operation: &[u8], address: u64) -> [u8; 128] {
    let mut out = [0_u8; 128];
    let address = address.to_le_bytes();
    for (place, byte) in out.iter_mut().zip(operation) {
        *place = *byte;
    }
    for (place, byte) in out.iter_mut().skip(16).zip(address) {
        *place = byte;
    }
    out
}

fn section(firmware: &[u8], at: usize) -> Option<Section<'_>> {
    let data = slice(firmware, index(u32_at(firmware, at)?), index(u32_at(firmware, at.checked_add(4)?)?))?;
    let address = u64_at(firmware, at.checked_add(8)?)?;
    let size = u64_at(firmware, at.checked_add(16)?)?;
    let end = address.checked_add(size)?;
    // The design guide fills a section that is longer than its data with zeros, QEMU with what follows in the file.
    let whole = data.is_empty() || u64::try_from(data.len()) == Ok(size);
    if address % PAGE != 0 || size % PAGE != 0 || end > 1 << 52 || !whole {
        return None;
    }
    Some(Section {
        data,
        address,
        pages: size / PAGE,
        kind: u32_at(firmware, at.checked_add(24)?)?,
        attributes: u32_at(firmware, at.checked_add(28)?)?,
    })
}

/// Walks the table backwards from its footer. Each structure's length counts itself and the GUID behind it.
fn metadata_offset(firmware: &[u8]) -> Result<usize, TdvfError> {
    let footer_end = firmware.len().checked_sub(FOOTER_FROM_END).ok_or(TdvfError::NoTable)?;
    let (guid, length) = entry_tail(firmware, footer_end).ok_or(TdvfError::NoTable)?;
    if guid != TABLE_FOOTER {
        return Err(TdvfError::NoTable);
    }
    let bad = TdvfError::Table { at: footer_end };
    let start = footer_end.checked_sub(length).ok_or(bad)?;
    let mut end = footer_end.checked_sub(ENTRY_TAIL).filter(|end| *end >= start).ok_or(bad)?;
    while end > start {
        let bad = TdvfError::Table { at: end };
        let (guid, length) = entry_tail(firmware, end).ok_or(bad)?;
        let next =
            end.checked_sub(length).filter(|next| length >= ENTRY_TAIL && *next >= start).ok_or(bad)?;
        if guid == TDX_METADATA {
            let data_end = end.checked_sub(ENTRY_TAIL).ok_or(bad)?;
            let from_end =
                data_end.checked_sub(4).filter(|at| *at >= next).and_then(|at| u32_at(firmware, at));
            return from_end.and_then(|distance| firmware.len().checked_sub(index(distance))).ok_or(bad);
        }
        end = next;
    }
    Err(TdvfError::NoMetadata)
}

/// GUID and length in front of `end`.
fn entry_tail(firmware: &[u8], end: usize) -> Option<([u8; 16], usize)> {
    let at = end.checked_sub(ENTRY_TAIL)?;
    Some((array(firmware, at.checked_add(2)?)?, usize::from(u16_at(firmware, at)?)))
}
