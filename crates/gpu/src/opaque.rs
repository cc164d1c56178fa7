//! The opaque part of a report: versions, board, firmware identity, switches, mode. Old and new layout.
//!
//! Source: NVIDIA's SDKs for the old layout, "NVIDIA Opaque Data Format" (2026-10-06) for the new one. The bytes are
//! signed by the device, so a fault here says that this program does not know the layout, not that anybody forged it.

use crate::error::{Explanation, explained};
use crate::family::Family;
use std::collections::BTreeSet;
use veritee_model::Reason;

/// First bytes of the new layout.
const MAGIC: &[u8] = b"NVDAOD";
/// The newest major version of the new layout that is read.
const NEWEST_MAJOR: u8 = 2;
/// Value type of a minimum-SVN record.
pub(crate) const VALUE_SVN: u16 = 0x87;

/// Types of entries that have a meaning here.
mod kind {
    pub(super) const DRIVER_VERSION: u16 = 3;
    pub(super) const VBIOS_VERSION: u16 = 6;
    pub(super) const NVDEC0_STATUS: u16 = 11;
    pub(super) const MEASUREMENT_COUNTS: u16 = 12;
    pub(super) const CHIP_SKU: u16 = 15;
    pub(super) const PROJECT: u16 = 17;
    pub(super) const PROJECT_SKU: u16 = 18;
    pub(super) const FIRMWARE_ID: u16 = 20;
    pub(super) const PROTECTED_PCIE: u16 = 21;
    pub(super) const DEVICE_IDENTITIES: u16 = 22;
    pub(super) const SWITCH_LOCK: u16 = 25;
    pub(super) const SWITCH_GPUS: u16 = 26;
    pub(super) const LAYOUT_VERSION: u16 = 34;
    pub(super) const CHIP: u16 = 35;
    pub(super) const FEATURE_FLAG: u16 = 36;
}

/// Names of the known types, for people.
const NAMES: &[(u16, &str)] = &[
    (3, "driver version"),
    (4, "GPU info"),
    (6, "VBIOS version"),
    (11, "NVDEC0 status"),
    (12, "measurement counts"),
    (13, "CPR info"),
    (14, "board id"),
    (15, "chip SKU"),
    (16, "chip SKU modification"),
    (17, "project"),
    (18, "project SKU"),
    (19, "project SKU modification"),
    (20, "firmware identity"),
    (21, "protected PCIe status"),
    (22, "device identities"),
    (23, "switch ports off"),
    (24, "switch position"),
    (25, "switch lock"),
    (26, "GPUs that the switch sees"),
    (33, "system enable status"),
    (34, "layout version"),
    (35, "chip"),
    (36, "feature flag"),
    (37, "FSP microcode SVN"),
    (38, "NVLE status"),
];

/// Why opaque data could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpaqueError {
    /// An entry ends behind the data.
    CutOff {
        /// Byte of the report at which the entry begins.
        at: usize,
    },
    /// A type occurs twice.
    Repeated {
        /// Byte of the report at which the second begins.
        at: usize,
        /// The type.
        kind: u16,
    },
    /// An entry has a size that its type cannot have.
    Size {
        /// Byte of the report at which the entry's data begin.
        at: usize,
        /// The type.
        kind: u16,
        /// Its size.
        got: usize,
    },
    /// Text with characters that no version or board name has.
    Text {
        /// Byte of the report at which the entry's data begin.
        at: usize,
        /// The type.
        kind: u16,
    },
    /// A profile or major version that this program does not know.
    Version {
        /// Byte of the report at which it stands.
        at: usize,
        /// `profile`, `major version` or `layout version`.
        what: &'static str,
        /// The newest that is read.
        newest: u16,
        /// The value found.
        got: u16,
    },
}

impl OpaqueError {
    /// The error taken apart.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let unknown = |what: String, at: &usize| {
            Explanation::new(Reason::GpuLayoutUnknown, what).at(format_args!("report byte {at}"))
        };
        match self {
            Self::CutOff { at } => unknown("an opaque entry ends behind the opaque data".into(), at),
            Self::Repeated { at, kind } => unknown(format!("opaque type {kind} occurs twice"), at),
            Self::Size { at, kind, got } => {
                unknown(format!("opaque type {kind} has a size that it cannot have"), at)
                    .got(format_args!("{got} bytes"))
            }
            Self::Text { at, kind } => unknown(format!("opaque type {kind} is no plain text"), at),
            Self::Version { at, what, newest, got } => {
                unknown(format!("the opaque data are of an unknown {what}"), at)
                    .expected(format_args!("at most {newest}"))
                    .got(got)
            }
        }
    }
}

explained!(OpaqueError);

/// Which layout the entries are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpaqueLayout {
    /// Type and size, without a header.
    Old,
    /// With a header and value types, from drivers of CUDA 13.5 on.
    New {
        /// Major version.
        major: u8,
        /// Minor version.
        minor: u8,
        /// Patch.
        patch: u8,
    },
}

/// One entry as it came. Types that this program does not know are kept and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpaqueEntry {
    /// Byte of the report at which the data begin.
    pub at: usize,
    /// The type.
    pub kind: u16,
    /// The value type; only in the new layout.
    pub value_type: Option<u16>,
    /// The data.
    pub data: Vec<u8>,
}

impl OpaqueEntry {
    /// What the type is called.
    #[must_use]
    pub fn name(&self) -> &'static str {
        NAMES.iter().find(|(kind, _)| *kind == self.kind).map_or("unknown", |(_, name)| name)
    }
}

/// A status byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Switched {
    /// 0xaa.
    On,
    /// 0x55.
    Off,
    /// Neither.
    Other(u8),
}

impl Switched {
    const fn of(byte: u8) -> Self {
        match byte {
            0xaa => Self::On,
            0x55 => Self::Off,
            other => Self::Other(other),
        }
    }
}

impl core::fmt::Display for Switched {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::On => f.write_str("on"),
            Self::Off => f.write_str("off"),
            Self::Other(byte) => write!(f, "{byte:#04x}"),
        }
    }
}

/// A device's public identity as reports name it: eight bytes, as the serial number of its certificate has them.
pub type DeviceIdentity = [u8; 8];

/// Opaque data whose known entries have a form that they can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    layout: OpaqueLayout,
    entries: Vec<OpaqueEntry>,
    driver_version: Option<String>,
    vbios_version: Option<String>,
    board: Option<Board>,
    chip: Option<String>,
    firmware_id: Option<[u8; 48]>,
}

/// What names a board's VBIOS manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// For example `G520`.
    pub project: String,
    /// For example `0280`.
    pub project_sku: String,
    /// For example `895`.
    pub chip_sku: String,
}

impl Opaque {
    /// Reads the opaque data of a report whose `at`-th byte is their first. `family` decides how a VBIOS version is
    /// written.
    ///
    /// # Errors
    /// When the layout is not one that this program knows.
    pub fn parse(bytes: &[u8], at: usize, family: Family) -> Result<Self, OpaqueError> {
        let (layout, entries) = if bytes.starts_with(MAGIC) { new(bytes, at)? } else { old(bytes, at)? };
        let mut opaque = Self {
            layout,
            entries,
            driver_version: None,
            vbios_version: None,
            board: None,
            chip: None,
            firmware_id: None,
        };
        opaque.check_sizes()?;
        if opaque.layout == OpaqueLayout::Old {
            opaque.check_layout_version()?;
        }
        opaque.driver_version = opaque.text(kind::DRIVER_VERSION)?;
        opaque.chip = opaque.text(kind::CHIP)?;
        opaque.vbios_version = opaque.read_vbios_version(family)?;
        opaque.board = opaque.read_board()?;
        opaque.firmware_id = opaque.fixed(kind::FIRMWARE_ID);
        Ok(opaque)
    }

    /// The layout.
    #[must_use]
    pub const fn layout(&self) -> OpaqueLayout {
        self.layout
    }

    /// All entries in order.
    #[must_use]
    pub fn entries(&self) -> &[OpaqueEntry] {
        &self.entries
    }

    /// The entry of this type.
    #[must_use]
    pub fn entry(&self, kind: u16) -> Option<&OpaqueEntry> {
        self.entries.iter().find(|entry| entry.kind == kind)
    }

    /// Version of the driver, as NVIDIA writes it; switches have none.
    #[must_use]
    pub fn driver_version(&self) -> Option<&str> {
        self.driver_version.as_deref()
    }

    /// Version of the VBIOS (of the BIOS of a switch), for example `96.00.CF.00.02`.
    #[must_use]
    pub fn vbios_version(&self) -> Option<&str> {
        self.vbios_version.as_deref()
    }

    /// The board.
    #[must_use]
    pub const fn board(&self) -> Option<&Board> {
        self.board.as_ref()
    }

    /// The chip, from Blackwell on, for example `GB100`.
    #[must_use]
    pub fn chip(&self) -> Option<&str> {
        self.chip.as_deref()
    }

    /// Digest of the firmware that made the report; absent in old drivers and on switches.
    #[must_use]
    pub const fn firmware_id(&self) -> Option<&[u8; 48]> {
        self.firmware_id.as_ref()
    }

    /// Whether the video decoder is on, which decides about one measurement.
    #[must_use]
    pub fn video_decoder(&self) -> Option<Switched> {
        self.fixed(kind::NVDEC0_STATUS).map(|[byte]: [u8; 1]| Switched::of(byte))
    }

    /// Protected PCIe: the switches belong to what is to be trusted.
    #[must_use]
    pub fn protected_pcie(&self) -> Option<Switched> {
        self.fixed(kind::PROTECTED_PCIE).map(|[byte]: [u8; 1]| Switched::of(byte))
    }

    /// 0 single GPU, 1 several GPUs, 2 protected PCIe.
    #[must_use]
    pub fn feature_flag(&self) -> Option<u16> {
        self.fixed(kind::FEATURE_FLAG).map(u16::from_le_bytes)
    }

    /// Of a switch: 1 when its partitions are locked.
    #[must_use]
    pub fn switch_lock(&self) -> Option<u16> {
        self.fixed(kind::SWITCH_LOCK).map(u16::from_le_bytes)
    }

    /// Of a GPU: the switches that its links end at, each once; reports hold them byte-reversed, and zeros for links
    /// that are down. Absent where the driver is old.
    #[must_use]
    pub fn switches(&self) -> Option<Vec<DeviceIdentity>> {
        let entry = self.entry(kind::DEVICE_IDENTITIES)?;
        Some(distinct(entry.data.as_chunks::<8>().0.iter().map(|identity| {
            let mut identity = *identity;
            identity.reverse();
            identity
        })))
    }

    /// Of a switch: its own identity.
    #[must_use]
    pub fn own_identity(&self) -> Option<DeviceIdentity> {
        self.fixed(kind::DEVICE_IDENTITIES)
    }

    /// Of a switch: the GPUs at its ports, each once.
    #[must_use]
    pub fn gpus(&self) -> Option<Vec<DeviceIdentity>> {
        let entry = self.entry(kind::SWITCH_GPUS)?;
        let (list, _) = entry.data.split_at_checked(64)?;
        Some(distinct(list.as_chunks::<8>().0.iter().copied()))
    }

    /// A minimum-SVN record's value, where the entry has that value type.
    #[must_use]
    pub fn security_version(&self, kind: u16) -> Option<u64> {
        let entry = self.entry(kind).filter(|entry| entry.value_type == Some(VALUE_SVN))?;
        if entry.data.is_empty() || entry.data.len() > 8 {
            return None;
        }
        Some(entry.data.iter().rev().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
    }

    /// Blocks whose measurement count contradicts them: counted without a value, or a value without a count.
    #[must_use]
    pub fn count_contradictions(&self, blocks: &[veritee_model::Sha384Digest]) -> Vec<usize> {
        let Some(entry) = self.entry(kind::MEASUREMENT_COUNTS) else { return Vec::new() };
        let counts = entry.data.as_chunks::<4>().0.iter().map(|count| u32::from_le_bytes(*count));
        let pairs = blocks.iter().zip(counts).enumerate();
        pairs.filter(|(_, (block, count))| block.is_zero() != (*count == 0)).map(|(index, _)| index).collect()
    }

    fn fixed<const N: usize>(&self, kind: u16) -> Option<[u8; N]> {
        <[u8; N]>::try_from(self.entry(kind)?.data.as_slice()).ok()
    }

    /// Sizes of entries that are read. What is not read may have any.
    fn check_sizes(&self) -> Result<(), OpaqueError> {
        for entry in &self.entries {
            let size = entry.data.len();
            let fits = match entry.kind {
                kind::NVDEC0_STATUS | kind::PROTECTED_PCIE => size == 1,
                kind::FIRMWARE_ID => size == 48,
                kind::SWITCH_LOCK | kind::FEATURE_FLAG | kind::LAYOUT_VERSION => size == 2,
                kind::DEVICE_IDENTITIES => size >= 8 && size.is_multiple_of(8),
                kind::SWITCH_GPUS => size >= 64,
                kind::MEASUREMENT_COUNTS => size.is_multiple_of(4),
                kind::DRIVER_VERSION
                | kind::VBIOS_VERSION
                | kind::CHIP_SKU
                | kind::PROJECT
                | kind::PROJECT_SKU
                | kind::CHIP => (1..=64).contains(&size),
                _ => true,
            };
            if !fits {
                return Err(OpaqueError::Size { at: entry.at, kind: entry.kind, got: size });
            }
        }
        Ok(())
    }

    fn check_layout_version(&self) -> Result<(), OpaqueError> {
        let Some(entry) = self.entry(kind::LAYOUT_VERSION) else { return Ok(()) };
        match self.fixed(kind::LAYOUT_VERSION).map(u16::from_le_bytes) {
            Some(got) if got > 1 => {
                Err(OpaqueError::Version { at: entry.at, what: "layout version", newest: 1, got })
            }
            _ => Ok(()),
        }
    }

    /// Text of letters, digits, dots, dashes and underscores, padded with zero bytes or blanks. Empty is absent.
    fn text(&self, kind: u16) -> Result<Option<String>, OpaqueError> {
        let Some(entry) = self.entry(kind) else { return Ok(None) };
        let data = entry.data.trim_ascii_start();
        let end =
            data.iter().rposition(|byte| !matches!(byte, 0 | b' ')).map_or(0, |last| last.saturating_add(1));
        let text = data.get(..end).unwrap_or_default();
        if !text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
            return Err(OpaqueError::Text { at: entry.at, kind });
        }
        let text = core::str::from_utf8(text).unwrap_or_default();
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    fn read_vbios_version(&self, family: Family) -> Result<Option<String>, OpaqueError> {
        let Some(entry) = self.entry(kind::VBIOS_VERSION) else { return Ok(None) };
        if family.is_switch() {
            return self.text(kind::VBIOS_VERSION).map(|text| text.map(|text| text.to_ascii_uppercase()));
        }
        // Two little-endian words: four parts in the first, its highest byte first, the last in the second.
        match *entry.data.as_slice() {
            [d, c, b, a, e, 0, 0, 0] => Ok(Some(format!("{a:02X}.{b:02X}.{c:02X}.{d:02X}.{e:02X}"))),
            _ => Err(OpaqueError::Size { at: entry.at, kind: kind::VBIOS_VERSION, got: entry.data.len() }),
        }
    }

    fn read_board(&self) -> Result<Option<Board>, OpaqueError> {
        let (project, project_sku, chip_sku) =
            (self.text(kind::PROJECT)?, self.text(kind::PROJECT_SKU)?, self.text(kind::CHIP_SKU)?);
        Ok(match (project, project_sku, chip_sku) {
            (Some(project), Some(project_sku), Some(chip_sku)) => {
                Some(Board { project, project_sku, chip_sku })
            }
            _ => None,
        })
    }
}

fn distinct(identities: impl Iterator<Item = DeviceIdentity>) -> Vec<DeviceIdentity> {
    let mut found: Vec<DeviceIdentity> = identities.filter(|identity| *identity != [0; 8]).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn old(bytes: &[u8], at: usize) -> Result<(OpaqueLayout, Vec<OpaqueEntry>), OpaqueError> {
    let mut reader = Entries { rest: bytes, at, seen: BTreeSet::new(), found: Vec::new() };
    while !reader.rest.is_empty() {
        let start = reader.at;
        let kind = reader.word(start)?;
        let size = reader.word(start)?;
        reader.entry(start, kind, None, size)?;
    }
    Ok((OpaqueLayout::Old, reader.found))
}

fn new(bytes: &[u8], at: usize) -> Result<(OpaqueLayout, Vec<OpaqueEntry>), OpaqueError> {
    let mut reader = Entries { rest: bytes, at, seen: BTreeSet::new(), found: Vec::new() };
    reader.take(at, MAGIC.len())?;
    let profile = reader.word(at)?;
    if profile != 0 {
        let at = at.saturating_add(6);
        return Err(OpaqueError::Version { at, what: "profile", newest: 0, got: profile });
    }
    let &[major, minor, patch, _padding] = reader.take(at, 4)? else {
        return Err(OpaqueError::CutOff { at });
    };
    if major > NEWEST_MAJOR {
        let (at, newest, got) = (at.saturating_add(8), u16::from(NEWEST_MAJOR), u16::from(major));
        return Err(OpaqueError::Version { at, what: "major version", newest, got });
    }
    while !reader.rest.is_empty() {
        let start = reader.at;
        let kind = reader.word(start)?;
        let value_type = reader.word(start)?;
        let size = reader.word(start)?;
        reader.entry(start, kind, Some(value_type), size)?;
    }
    Ok((OpaqueLayout::New { major, minor, patch }, reader.found))
}

struct Entries<'a> {
    rest: &'a [u8],
    at: usize,
    seen: BTreeSet<u16>,
    found: Vec<OpaqueEntry>,
}

impl<'a> Entries<'a> {
    fn take(&mut self, start: usize, size: usize) -> Result<&'a [u8], OpaqueError> {
        let (taken, rest) = self.rest.split_at_checked(size).ok_or(OpaqueError::CutOff { at: start })?;
        self.rest = rest;
        self.at = self.at.saturating_add(size);
        Ok(taken)
    }

    fn word(&mut self, start: usize) -> Result<u16, OpaqueError> {
        match *self.take(start, 2)? {
            [low, high] => Ok(u16::from_le_bytes([low, high])),
            _ => Err(OpaqueError::CutOff { at: start }),
        }
    }

    fn entry(
        &mut self,
        start: usize,
        kind: u16,
        value_type: Option<u16>,
        size: u16,
    ) -> Result<(), OpaqueError> {
        if !self.seen.insert(kind) {
            return Err(OpaqueError::Repeated { at: start, kind });
        }
        let at = self.at;
        let data = self.take(start, usize::from(size))?.to_vec();
        self.found.push(OpaqueEntry { at, kind, value_type, data });
        Ok(())
    }
}
