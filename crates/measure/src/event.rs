//! The events that the firmware measures into RTMR0, and what each covers.

use crate::acpi::AcpiDigests;
use core::fmt;
use serde::Serialize;
use veritee_model::{Rtmr, Sha384Digest};

/// An event of RTMR0 in the layout of dstack's OVMF ("pre202505").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// The list of memory ranges.
    TdHob,
    /// The configuration volume: the empty variable store.
    ConfigurationVolume,
    /// EFI variable `SecureBoot`.
    SecureBoot,
    /// EFI variable `PK`.
    PlatformKey,
    /// EFI variable `KEK`.
    KeyExchangeKey,
    /// EFI variable `db`.
    AllowedSignatures,
    /// EFI variable `dbx`.
    ForbiddenSignatures,
    /// The separator.
    Separator,
    /// The ACPI table loader script.
    AcpiLoader,
    /// The ACPI root pointer.
    AcpiRsdp,
    /// The ACPI tables.
    AcpiTables,
    /// EFI variable `BootOrder`.
    BootOrder,
    /// EFI variable `Boot0000`.
    BootOption,
}

impl EventKind {
    /// All events, in the order in which they are measured.
    pub const ALL: [Self; 13] = [
        Self::TdHob,
        Self::ConfigurationVolume,
        Self::SecureBoot,
        Self::PlatformKey,
        Self::KeyExchangeKey,
        Self::AllowedSignatures,
        Self::ForbiddenSignatures,
        Self::Separator,
        Self::AcpiLoader,
        Self::AcpiRsdp,
        Self::AcpiTables,
        Self::BootOrder,
        Self::BootOption,
    ];

    /// A short name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TdHob => "td-hob",
            Self::ConfigurationVolume => "configuration-volume",
            Self::SecureBoot => "secure-boot",
            Self::PlatformKey => "platform-key",
            Self::KeyExchangeKey => "key-exchange-key",
            Self::AllowedSignatures => "allowed-signatures",
            Self::ForbiddenSignatures => "forbidden-signatures",
            Self::Separator => "separator",
            Self::AcpiLoader => "acpi-loader",
            Self::AcpiRsdp => "acpi-rsdp",
            Self::AcpiTables => "acpi-tables",
            Self::BootOrder => "boot-order",
            Self::BootOption => "boot-option",
        }
    }

    /// What it covers, for people: what is different when this event differs.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::TdHob => "size of the ram, and which memory the firmware claims",
            Self::ConfigurationVolume => "the firmware's variable store as shipped",
            Self::SecureBoot | Self::PlatformKey | Self::KeyExchangeKey => "a secure boot setting",
            Self::AllowedSignatures | Self::ForbiddenSignatures => "a secure boot database",
            Self::Separator => "end of the firmware's configuration",
            Self::AcpiLoader => "lengths and order of the acpi tables",
            Self::AcpiRsdp => "total length of the acpi tables",
            Self::AcpiTables => {
                "processors, interrupt controller, pci devices, and the aml code that the kernel runs"
            }
            Self::BootOrder | Self::BootOption => "what the firmware boots",
        }
    }

    /// The event type in the TCG event log.
    #[must_use]
    pub const fn event_type(self) -> u32 {
        match self {
            Self::TdHob => 0x8000_000b,
            Self::ConfigurationVolume => 0x8000_000a,
            Self::SecureBoot
            | Self::PlatformKey
            | Self::KeyExchangeKey
            | Self::AllowedSignatures
            | Self::ForbiddenSignatures => 0x8000_0001,
            Self::Separator => 4,
            Self::AcpiLoader | Self::AcpiRsdp | Self::AcpiTables => 10,
            Self::BootOrder | Self::BootOption => 0x8000_0002,
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// SHA-384 of the configuration volume that dstack's OVMF builds carry: an empty variable store.
const CONFIGURATION_VOLUME: Sha384Digest = Sha384Digest::new([
    0x34, 0x4b, 0xc5, 0x1c, 0x98, 0x0b, 0xa6, 0x21, 0xaa, 0xa0, 0x0d, 0xa3, 0xed, 0x74, 0x36, 0xf7, 0xd6,
    0xe5, 0x49, 0x19, 0x7d, 0xfe, 0x69, 0x95, 0x15, 0xdf, 0xa2, 0xc6, 0x58, 0x3d, 0x95, 0xe6, 0x41, 0x2a,
    0xf2, 0x1c, 0x09, 0x7d, 0x47, 0x31, 0x55, 0x87, 0x5f, 0xfd, 0x56, 0x1d, 0x67, 0x90,
]);

/// SHA-384 of `Boot0000`: the boot option for the firmware's own menu, built in.
const BOOT_OPTION: Sha384Digest = Sha384Digest::new([
    0x23, 0xad, 0xa0, 0x7f, 0x52, 0x61, 0xf1, 0x2f, 0x34, 0xa0, 0xbd, 0x8e, 0x46, 0x76, 0x09, 0x62, 0xd6,
    0xb4, 0xd5, 0x76, 0xa4, 0x16, 0xf1, 0xfe, 0xa1, 0xc6, 0x4b, 0xc6, 0x56, 0xb1, 0xd2, 0x8e, 0xac, 0xf7,
    0x04, 0x7a, 0xe6, 0xe9, 0x67, 0xc5, 0x8f, 0xd2, 0xa9, 0x8b, 0xfa, 0x74, 0xc2, 0x98,
]);

/// `EFI_GLOBAL_VARIABLE`, 8be4df61-93ca-11d2-aa0d-00e098032b8c.
const GLOBAL_VARIABLE: [u8; 16] =
    [0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c];
/// `EFI_IMAGE_SECURITY_DATABASE_GUID`, d719b2cb-3d3a-4596-a3bc-dad00e67656f.
const SECURITY_DATABASE: [u8; 16] =
    [0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f];

/// Digest of an absent EFI variable: `UEFI_VARIABLE_DATA` with no data (TCG PC Client Platform Firmware Profile,
/// section 10.4.3).
fn absent_variable(vendor: &[u8; 16], name: &str) -> Sha384Digest {
    let mut data = vendor.to_vec();
    data.extend_from_slice(&u64::try_from(name.len()).unwrap_or(u64::MAX).to_le_bytes());
    data.extend_from_slice(&0_u64.to_le_bytes());
    data.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
    Sha384Digest::of(&data)
}

/// SHA-384 of four zero bytes: `EV_SEPARATOR`.
#[must_use]
pub fn separator() -> Sha384Digest {
    Sha384Digest::of(&[0; 4])
}

/// All events of RTMR0 with their digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rtmr0Events([Sha384Digest; 13]);

impl Rtmr0Events {
    /// The events of a machine, from the three parts that depend on it.
    #[must_use]
    pub fn new(td_hob: Sha384Digest, acpi: &AcpiDigests) -> Self {
        Self(EventKind::ALL.map(|kind| match kind {
            EventKind::TdHob => td_hob,
            EventKind::ConfigurationVolume => CONFIGURATION_VOLUME,
            EventKind::SecureBoot => absent_variable(&GLOBAL_VARIABLE, "SecureBoot"),
            EventKind::PlatformKey => absent_variable(&GLOBAL_VARIABLE, "PK"),
            EventKind::KeyExchangeKey => absent_variable(&GLOBAL_VARIABLE, "KEK"),
            EventKind::AllowedSignatures => absent_variable(&SECURITY_DATABASE, "db"),
            EventKind::ForbiddenSignatures => absent_variable(&SECURITY_DATABASE, "dbx"),
            EventKind::Separator => separator(),
            EventKind::AcpiLoader => acpi.loader,
            EventKind::AcpiRsdp => acpi.rsdp,
            EventKind::AcpiTables => acpi.tables,
            EventKind::BootOrder => Sha384Digest::of(&[0, 0]),
            EventKind::BootOption => BOOT_OPTION,
        }))
    }

    /// Kinds and digests in the order of measurement.
    pub fn iter(&self) -> impl Iterator<Item = (EventKind, Sha384Digest)> + '_ {
        EventKind::ALL.into_iter().zip(self.0.iter().copied())
    }

    /// The digests in the order of measurement.
    #[must_use]
    pub const fn digests(&self) -> &[Sha384Digest; 13] {
        &self.0
    }

    /// The register that they add up to.
    #[must_use]
    pub fn register(&self) -> Rtmr {
        replay(&self.0)
    }
}

/// Folds digests into a register that starts at zero.
#[must_use]
pub fn replay(digests: &[Sha384Digest]) -> Rtmr {
    digests.iter().fold(Rtmr::ZERO, |register, digest| register.extend(digest))
}
