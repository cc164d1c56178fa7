//! One event, and what its digest has to be.

use core::fmt;
pub use veritee_model::runtime_event::{EventVersion, RUNTIME_EVENT_TYPE};
use veritee_model::{RtmrIndex, Sha384Digest};

/// `EV_NO_ACTION`: a record for readers, never extended into a register.
pub const EV_NO_ACTION: u32 = 3;

const EV_SEPARATOR: u32 = 4;
const EV_EVENT_TAG: u32 = 6;
const EV_PLATFORM_CONFIG_FLAGS: u32 = 0x0A;
const EV_EFI_VARIABLE_DRIVER_CONFIG: u32 = 0x8000_0001;
const EV_EFI_VARIABLE_BOOT: u32 = 0x8000_0002;
const EV_EFI_GPT_EVENT: u32 = 0x8000_0006;
const EV_EFI_ACTION: u32 = 0x8000_0007;
const EV_EFI_VARIABLE_AUTHORITY: u32 = 0x8000_00E0;

/// The TCG's name of an event type, or dstack's for its own.
#[must_use]
pub const fn type_name(event_type: u32) -> Option<&'static str> {
    Some(match event_type {
        RUNTIME_EVENT_TYPE => "dstack run-time event",
        0x01 => "EV_POST_CODE",
        EV_NO_ACTION => "EV_NO_ACTION",
        EV_SEPARATOR => "EV_SEPARATOR",
        0x05 => "EV_ACTION",
        EV_EVENT_TAG => "EV_EVENT_TAG",
        0x08 => "EV_S_CRTM_VERSION",
        EV_PLATFORM_CONFIG_FLAGS => "EV_PLATFORM_CONFIG_FLAGS",
        0x0D => "EV_IPL",
        EV_EFI_VARIABLE_DRIVER_CONFIG => "EV_EFI_VARIABLE_DRIVER_CONFIG",
        EV_EFI_VARIABLE_BOOT => "EV_EFI_VARIABLE_BOOT",
        0x8000_0003 => "EV_EFI_BOOT_SERVICES_APPLICATION",
        0x8000_0004 => "EV_EFI_BOOT_SERVICES_DRIVER",
        EV_EFI_GPT_EVENT => "EV_EFI_GPT_EVENT",
        EV_EFI_ACTION => "EV_EFI_ACTION",
        0x8000_000A => "EV_EFI_PLATFORM_FIRMWARE_BLOB2",
        0x8000_000B => "EV_EFI_HANDOFF_TABLES2",
        EV_EFI_VARIABLE_AUTHORITY => "EV_EFI_VARIABLE_AUTHORITY",
        _ => return None,
    })
}

/// The three blobs of ACPI data that the firmware measures, in this order (QEMU's fw_cfg files).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AcpiBlob {
    /// `etc/table-loader`.
    Loader,
    /// `etc/acpi/rsdp`.
    Rsdp,
    /// `etc/acpi/tables`.
    Tables,
}

impl AcpiBlob {
    /// All three, in the order of measurement.
    pub const ALL: [Self; 3] = [Self::Loader, Self::Rsdp, Self::Tables];

    /// dstack's name for the event.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loader => "acpi-loader",
            Self::Rsdp => "acpi-rsdp",
            Self::Tables => "acpi-tables",
        }
    }
}

impl fmt::Display for AcpiBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One event of a log, as somebody sent it. See the crate's documentation for what a replay binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub(crate) index: usize,
    pub(crate) offset: usize,
    pub(crate) register: RtmrIndex,
    pub(crate) event_type: u32,
    pub(crate) name: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) version: Option<EventVersion>,
    pub(crate) acpi: Option<AcpiBlob>,
    pub(crate) claimed: Option<Sha384Digest>,
    pub(crate) recomputed: Option<Sha384Digest>,
    pub(crate) effective: Sha384Digest,
}

impl Event {
    /// Position in the log, counted from 0 over all registers (for CCEL: over all records after the header).
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Byte offset of the event in the log.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The register that it extends.
    #[must_use]
    pub const fn register(&self) -> RtmrIndex {
        self.register
    }

    /// The type. Not hashed for boot events.
    #[must_use]
    pub const fn event_type(&self) -> u32 {
        self.event_type
    }

    /// Name of a run-time event; empty for boot events, whose label in the log is not hashed and not kept.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The payload; empty where a boot event's was stripped.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// How its digest is made; `None` for boot events.
    #[must_use]
    pub const fn version(&self) -> Option<EventVersion> {
        self.version
    }

    /// It is one of dstack's run-time events.
    #[must_use]
    pub const fn is_runtime(&self) -> bool {
        self.version.is_some()
    }

    /// Which ACPI blob it measures, by its place among the events of that type in RTMR0. A label, not a proof.
    #[must_use]
    pub const fn acpi(&self) -> Option<AcpiBlob> {
        self.acpi
    }

    /// The digest that came with it; `None` when stripped.
    #[must_use]
    pub const fn claimed_digest(&self) -> Option<&Sha384Digest> {
        self.claimed.as_ref()
    }

    /// The digest made from name and payload; `None` for boot events whose digest is not a hash of their payload, or
    /// whose payload was stripped. Equal to [`Self::claimed_digest`] when both are there.
    #[must_use]
    pub const fn recomputed_digest(&self) -> Option<&Sha384Digest> {
        self.recomputed.as_ref()
    }

    /// The digest that the replay extends the register with: recomputed for run-time events, else the claimed one.
    #[must_use]
    pub const fn effective_digest(&self) -> &Sha384Digest {
        &self.effective
    }

    /// The same digest fits another pair of name and payload: under version 1 a colon separates them, and the name
    /// has one. Such a name proves nothing.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.version == Some(EventVersion::V1) && self.name.contains(':')
    }

    /// What to call it on a page: its name, the ACPI blob, or the name of its type. Not escaped for a terminal.
    #[must_use]
    pub fn label(&self) -> &str {
        if !self.name.is_empty() {
            return &self.name;
        }
        self.acpi.map(AcpiBlob::name).or_else(|| type_name(self.event_type)).unwrap_or("unknown type")
    }

    pub(crate) fn may_be_acpi_data(&self) -> bool {
        self.register == RtmrIndex::Rtmr0
            && self.event_type == EV_PLATFORM_CONFIG_FLAGS
            && (self.payload.is_empty() || self.payload.starts_with(b"ACPI DATA"))
    }
}

/// Whether this is a record of Confidential Containers' attestation agent, which extends RTMR3 while the guest runs: a
/// tagged event (TCG PC Client Platform Firmware Profile, section 10.2.2) with the tag `AAEL`.
pub(crate) fn is_of_agent(event_type: u32, payload: &[u8]) -> bool {
    /// The tag, little-endian as every number here.
    const AAEL: &[u8] = b"LEAA";
    let Some((length, data)) = payload.strip_prefix(AAEL).and_then(<[u8]>::split_first_chunk::<4>) else {
        return false;
    };
    event_type == EV_EVENT_TAG && usize::try_from(u32::from_le_bytes(*length)) == Ok(data.len())
}

/// The digests that a boot event's payload allows; empty when its type says nothing about its payload.
///
/// Measured on 28 real logs: types 4, 0x80000001, 0x80000006, 0x80000007 and 0x800000e0 hash the whole payload,
/// 0x80000002 the variable's data only. Firmware may also hash the whole payload of 0x80000002 (the TCG made
/// `EV_EFI_VARIABLE_BOOT2` because of that), so both are allowed; either hashes all of the data.
pub(crate) fn boot_digests(event_type: u32, payload: &[u8]) -> Vec<Sha384Digest> {
    if payload.is_empty() {
        return Vec::new();
    }
    match event_type {
        EV_SEPARATOR
        | EV_EFI_VARIABLE_DRIVER_CONFIG
        | EV_EFI_GPT_EVENT
        | EV_EFI_ACTION
        | EV_EFI_VARIABLE_AUTHORITY => vec![Sha384Digest::of(payload)],
        EV_EVENT_TAG if is_of_agent(event_type, payload) => vec![Sha384Digest::of(payload)],
        EV_EFI_VARIABLE_BOOT => variable_data(payload)
            .map(Sha384Digest::of)
            .into_iter()
            .chain([Sha384Digest::of(payload)])
            .collect(),
        _ => Vec::new(),
    }
}

/// The data of a `UEFI_VARIABLE_DATA`: GUID, u64 characters of the name, u64 bytes of data, name in UTF-16, data.
fn variable_data(payload: &[u8]) -> Option<&[u8]> {
    let (header, rest) = payload.split_at_checked(32)?;
    let (_guid, lengths) = header.split_at_checked(16)?;
    let (characters, bytes) = lengths.split_first_chunk::<8>()?;
    let name_bytes = usize::try_from(u64::from_le_bytes(*characters)).ok()?.checked_mul(2)?;
    let data_bytes = usize::try_from(u64::from_le_bytes(*bytes.first_chunk::<8>()?)).ok()?;
    let (_name, data) = rest.split_at_checked(name_bytes)?;
    (data.len() == data_bytes).then_some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_one_hashes_type_name_and_payload_with_colons_between() {
        assert_eq!(EventVersion::V1.preimage("app-id", &[0xde, 0xad]), b"\x01\x00\x00\x08:app-id:\xde\xad");
    }

    #[test]
    fn version_two_hashes_canonical_json() {
        let text = |name, payload| String::from_utf8(EventVersion::V2.preimage(name, payload)).unwrap();
        assert_eq!(
            text("compose-hash", &[0xab, 0xcd]),
            r#"{"name":"compose-hash","payload":"abcd","type":134217729}"#
        );
        assert_eq!(text("", &[]), r#"{"name":"","payload":"","type":134217729}"#);
        assert_eq!(
            text("\"\\\n\r\t\u{8}\u{c}\u{1}\u{1f}\u{7f}/測🦀", &[0xff]),
            "{\"name\":\"\\\"\\\\\\n\\r\\t\\b\\f\\u0001\\u001f\u{7f}/測🦀\",\"payload\":\"ff\",\"type\":134217729}"
        );
    }

    #[test]
    fn a_version_one_name_with_a_colon_fits_two_readings() {
        assert_eq!(EventVersion::V1.digest("a:b", b"c"), EventVersion::V1.digest("a", b"b:c"));
        assert_ne!(EventVersion::V2.digest("a:b", b"c"), EventVersion::V2.digest("a", b"b:c"));
    }

    #[test]
    fn a_boot_variable_hashes_its_data_and_lengths_that_do_not_add_up_bind_nothing_shorter() {
        let mut payload = vec![0_u8; 16];
        payload.extend(1_u64.to_le_bytes());
        payload.extend(2_u64.to_le_bytes());
        payload.extend(b"N\0\x05\x06");
        assert_eq!(boot_digests(EV_EFI_VARIABLE_BOOT, &payload)[0], Sha384Digest::of(&[5, 6]));
        for lie in [0_u64, 1, 3, u64::MAX] {
            payload[24..32].copy_from_slice(&lie.to_le_bytes());
            assert_eq!(boot_digests(EV_EFI_VARIABLE_BOOT, &payload), [Sha384Digest::of(&payload)], "{lie}");
        }
        payload[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(boot_digests(EV_EFI_VARIABLE_BOOT, &payload).len(), 1);
    }
}
