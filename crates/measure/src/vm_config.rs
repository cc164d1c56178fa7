//! `vm_config`: what the host says about the virtual machine. A claim, and in production sometimes a wrong one.
//!
//! Nothing here becomes a fact by being read. The fields only tell which machines to try first; what was measured is
//! decided by comparing digests. Source of the fields: dstack's `VmConfig`.

use crate::json::{DUPLICATE, Unambiguous};
use crate::shape::{Hardware, HardwareCounts, HardwareError, Limits, PassOrder, QemuProfile};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt;
use serde_json::{Map, Value};
use veritee_model::text::shortened;
use veritee_model::{Reason, Sha256Digest};

/// Bytes of a `vm_config`. Real ones have 300 bytes, 3 KiB with a lite manifest.
pub const MAX_BYTES: usize = 256 << 10;

/// A release of QEMU as claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedQemu {
    /// As written.
    pub text: String,
    /// The profile of that release.
    pub profile: QemuProfile,
}

/// Which scheme of OS measurement the machine was started for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variant {
    /// The verifier recomputes everything from the image.
    Legacy,
    /// The image's registers come in a manifest.
    Lite,
    /// A scheme that this version does not know.
    Other(String),
}

/// A lite manifest as it came: both parts are the prover's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiteDocument {
    /// `measurement.tdx.cbor`.
    pub measurement: Vec<u8>,
    /// `sha256sum.txt`.
    pub checksum_file: Vec<u8>,
}

/// The claims, checked for type and range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VmConfig {
    /// SHA-256 of the image's `sha256sum.txt`.
    pub os_image_hash: Option<Sha256Digest>,
    /// The virtual hardware.
    pub hardware: Hardware,
    /// QEMU's release.
    pub qemu: Option<ClaimedQemu>,
    /// Whether the 8259 interrupt controller is present.
    pub pic: Option<bool>,
    /// `qemu_single_pass_add_pages`. The name is the wrong way round: `true` means two passes.
    pub pass_order: Option<PassOrder>,
    /// A software TPM is attached.
    pub software_tpm: bool,
    /// The firmware's event layout by dstack's name.
    pub ovmf_variant: Option<String>,
    /// Name of the image.
    pub image: Option<String>,
    /// Scheme of OS measurement.
    pub variant: Variant,
    /// The lite manifest.
    pub lite: Option<LiteDocument>,
    /// Members that this version does not know. They may describe hardware that it cannot recompute.
    pub unknown: Vec<String>,
    /// A claimed QEMU release that names none: passed over, since it only says where to look first.
    pub unread_qemu: Option<String>,
}

/// Why a `vm_config` is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VmConfigError {
    /// It is larger than any real one.
    TooLarge {
        /// Bytes allowed.
        most: usize,
        /// Bytes given.
        got: usize,
    },
    /// It is not one JSON object.
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A member occurs twice.
    DuplicateMember {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A member has another type than dstack gives it.
    WrongType {
        /// The member.
        field: &'static str,
        /// The type in words.
        expected: &'static str,
    },
    /// A required member is missing.
    Missing {
        /// The member.
        field: &'static str,
    },
    /// No such machine is accepted.
    Hardware(HardwareError),
}

impl VmConfigError {
    /// The stable reason code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::TooLarge { .. }
            | Self::NotJson { .. }
            | Self::DuplicateMember { .. }
            | Self::WrongType { .. }
            | Self::Missing { .. } => Reason::VmConfigMalformed,
            Self::Hardware(_) => Reason::VmConfigOutOfRange,
        }
    }
}

impl fmt::Display for VmConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { most, got } => write!(f, "vm_config: expected at most {most} bytes, got {got}"),
            Self::NotJson { line, column } => {
                write!(f, "vm_config, line {line} column {column}: expected one json object")
            }
            Self::DuplicateMember { line, column } => {
                write!(f, "vm_config, line {line} column {column}: a member occurs twice")
            }
            Self::WrongType { field, expected } => write!(f, "vm_config, {field}: expected {expected}"),
            Self::Missing { field } => write!(f, "vm_config: {field} is missing"),
            Self::Hardware(error) => write!(f, "vm_config, {error}"),
        }
    }
}

impl core::error::Error for VmConfigError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Hardware(error) => Some(error),
            _ => None,
        }
    }
}

struct Members(Map<String, Value>);

impl Members {
    /// The member's value; `null` counts as absent, as it does in dstack.
    fn take(&mut self, field: &str) -> Option<Value> {
        self.0.remove(field).filter(|value| !value.is_null())
    }

    fn number(&mut self, field: &'static str) -> Result<Option<u64>, VmConfigError> {
        let expected = "a whole number from 0 to 2^64 - 1";
        self.take(field)
            .map(|value| value.as_u64().ok_or(VmConfigError::WrongType { field, expected }))
            .transpose()
    }

    fn flag(&mut self, field: &'static str) -> Result<Option<bool>, VmConfigError> {
        self.take(field)
            .map(|value| value.as_bool().ok_or(VmConfigError::WrongType { field, expected: "true or false" }))
            .transpose()
    }

    fn text(&mut self, field: &'static str) -> Result<Option<String>, VmConfigError> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(VmConfigError::WrongType { field, expected: "a string" }),
        }
    }
}

impl VmConfig {
    /// Reads a `vm_config`. All of it is under the control of the party under examination.
    ///
    /// # Errors
    /// When it is no JSON object, has a duplicate member at any depth, a member of the wrong type, or describes a
    /// machine beyond `limits`.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, VmConfigError> {
        if bytes.len() > MAX_BYTES {
            return Err(VmConfigError::TooLarge { most: MAX_BYTES, got: bytes.len() });
        }
        let Unambiguous(value) = serde_json::from_slice(bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            if error.to_string().starts_with(DUPLICATE) {
                VmConfigError::DuplicateMember { line, column }
            } else {
                VmConfigError::NotJson { line, column }
            }
        })?;
        let Value::Object(members) = value else {
            return Err(VmConfigError::NotJson { line: 1, column: 1 });
        };
        Self::from_members(Members(members), limits)
    }

    fn from_members(mut members: Members, limits: &Limits) -> Result<Self, VmConfigError> {
        let required = |field, value: Option<u64>| value.ok_or(VmConfigError::Missing { field });
        let counts = HardwareCounts {
            cpus: required("cpu_count", members.number("cpu_count")?)?,
            memory: required("memory_size", members.number("memory_size")?)?,
            hugepages: members.flag("hugepages")?.unwrap_or(false),
            gpus: members.number("num_gpus")?.unwrap_or(0),
            nvswitches: members.number("num_nvswitches")?.unwrap_or(0),
            nics: members.number("num_nics")?.unwrap_or(1),
            verity_volumes: members.number("num_verity_volumes")?.unwrap_or(0),
            root_verity: true,
            hotplug: !members.flag("hotplug_off")?.unwrap_or(false),
            pci_hole64: members.number("pci_hole64_size")?.unwrap_or(0),
        };
        let (qemu, unread_qemu) = match members.text("qemu_version")? {
            None => (None, None),
            Some(text) => match claimed_qemu(&text) {
                Some(profile) => (Some(ClaimedQemu { text, profile }), None),
                None => (None, Some(shortened(&text, 64))),
            },
        };
        let config = Self {
            os_image_hash: image_hash(&mut members)?,
            hardware: Hardware::new(counts, limits).map_err(VmConfigError::Hardware)?,
            qemu,
            unread_qemu,
            pic: members.flag("pic")?,
            pass_order: members
                .flag("qemu_single_pass_add_pages")?
                .map(|two_passes| if two_passes { PassOrder::TwoPass } else { PassOrder::SinglePass }),
            software_tpm: members.flag("swtpm")?.unwrap_or(false),
            ovmf_variant: members.text("ovmf_variant")?,
            image: members.text("image")?,
            variant: match members.text("tdx_attestation_variant")?.as_deref() {
                None | Some("legacy") => Variant::Legacy,
                Some("lite") => Variant::Lite,
                Some(other) => Variant::Other(shortened(other, 64)),
            },
            lite: members.take("tdx_measurement").map(lite_document).transpose()?,
            unknown: Vec::new(),
        };
        // These have no effect on what is measured in a TDX machine.
        members.text("host_share_mode")?;
        members.number("spec_version")?;
        for field in ["gcp_measurement", "aws_measurement"] {
            members.take(field);
        }
        let unknown = members.0.into_iter().map(|(name, _)| shortened(&name, 64)).take(64).collect();
        Ok(Self { unknown, ..config })
    }
}

fn image_hash(members: &mut Members) -> Result<Option<Sha256Digest>, VmConfigError> {
    let field = "os_image_hash";
    match members.text(field)? {
        Some(text) if text.is_empty() => Ok(None),
        Some(text) => Sha256Digest::from_hex(&text)
            .map(Some)
            .map_err(|_not_hex| VmConfigError::WrongType { field, expected: "64 hex digits" }),
        None => Ok(None),
    }
}

/// The profile of a release as QEMU spells it: two or three numbers, and what builds and candidates add (`-rc1`,
/// `+ds-1`, ` (Debian ...)`).
fn claimed_qemu(text: &str) -> Option<QemuProfile> {
    let release = text.split(['-', '+', ' ', '~', '_', '(']).next()?;
    let numbers: Vec<u32> = release
        .split('.')
        .map(|part| {
            let digits = part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten()
        })
        .collect::<Option<_>>()?;
    match numbers.as_slice() {
        [major, minor] | [major, minor, _] => QemuProfile::of_version(*major, *minor),
        _ => None,
    }
}

fn lite_document(value: Value) -> Result<LiteDocument, VmConfigError> {
    let field = "tdx_measurement";
    let Value::Object(members) = value else {
        return Err(VmConfigError::WrongType { field, expected: "an object" });
    };
    let mut members = Members(members);
    let mut bytes = |field: &'static str| {
        let text = members.text(field)?.ok_or(VmConfigError::Missing { field })?;
        STANDARD.decode(text).map_err(|_not_base64| VmConfigError::WrongType { field, expected: "base64" })
    };
    Ok(LiteDocument { measurement: bytes("measurement")?, checksum_file: bytes("checksum_file")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<VmConfig, VmConfigError> {
        VmConfig::parse(text.as_bytes(), &Limits::STANDARD)
    }

    const MACHINE: &str = r#""cpu_count":4,"memory_size":8589934592"#;

    #[test]
    fn a_duplicate_member_is_refused_at_any_depth() {
        for text in [
            format!(r#"{{{MACHINE},"pic":true,"pic":false}}"#),
            format!(r#"{{{MACHINE},"tdx_measurement":{{"measurement":"","measurement":""}}}}"#),
            format!(r#"{{{MACHINE},"extra":[{{"a":1,"\u0061":2}}]}}"#),
        ] {
            assert!(matches!(parse(&text), Err(VmConfigError::DuplicateMember { .. })), "{text}");
        }
    }

    #[test]
    fn a_number_written_as_text_or_with_a_fraction_or_sign_is_refused() {
        for count in ["\"4\"", "4.0", "-4", "true", "[4]", "1e2", "18446744073709551616"] {
            let text = format!(r#"{{"cpu_count":{count},"memory_size":8589934592}}"#);
            assert!(
                matches!(parse(&text), Err(VmConfigError::WrongType { field: "cpu_count", .. })),
                "{count}"
            );
        }
    }

    #[test]
    fn counts_beyond_any_real_machine_are_refused_before_anything_is_generated() {
        for (text, field) in [
            (r#"{"cpu_count":4294967296,"memory_size":8589934592}"#.to_owned(), "cpu_count"),
            (r#"{"cpu_count":0,"memory_size":8589934592}"#.to_owned(), "cpu_count"),
            (r#"{"cpu_count":1,"memory_size":18446744073709551615}"#.to_owned(), "memory_size"),
            (format!(r#"{{{MACHINE},"num_gpus":4294967295}}"#), "num_gpus"),
            (format!(r#"{{{MACHINE},"num_nics":33}}"#), "num_nics"),
            (format!(r#"{{{MACHINE},"pci_hole64_size":9223372036854775808}}"#), "pci_hole64_size"),
        ] {
            match parse(&text) {
                Err(VmConfigError::Hardware(HardwareError::OutOfRange { field: named, .. })) => {
                    assert_eq!(named, field);
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        let crowded = format!(r#"{{{MACHINE},"num_gpus":20,"num_nics":20}}"#);
        assert!(matches!(
            parse(&crowded),
            Err(VmConfigError::Hardware(HardwareError::TooManyDevices { most: 31, got: 45 }))
        ));
    }

    #[test]
    fn unknown_members_are_listed_and_harmless_ones_are_not() {
        let text =
            format!(r#"{{{MACHINE},"spec_version":1,"host_share_mode":"9p","numa_nodes":[1],"later":null}}"#);
        assert_eq!(parse(&text).unwrap().unknown, ["later", "numa_nodes"]);
    }

    #[test]
    fn the_inverted_name_of_the_pass_order_is_understood() {
        let order = |value: &str| {
            parse(&format!(r#"{{{MACHINE},"qemu_single_pass_add_pages":{value}}}"#)).unwrap().pass_order
        };
        assert_eq!(order("true"), Some(PassOrder::TwoPass));
        assert_eq!(order("false"), Some(PassOrder::SinglePass));
        assert_eq!(order("null"), None);
    }

    #[test]
    fn a_qemu_version_that_names_no_release_is_kept_as_unread() {
        for version in ["7.2.0", "9", "", "9.2.1.0", "99999.0.0", "+9.2.1", "9.-2.1", "rc1", "v9.2.1", "9..1"]
        {
            let config = parse(&format!(r#"{{{MACHINE},"qemu_version":"{version}"}}"#)).unwrap();
            assert_eq!((config.qemu, config.unread_qemu.as_deref()), (None, Some(version)));
        }
    }

    #[test]
    fn a_release_candidate_or_a_build_of_a_release_has_its_profile() {
        for version in [
            "10.2.1",
            "10.2",
            "10.2.1-rc1",
            "10.2.1-tdx",
            "10.2.0+ds-1",
            "10.2.1 (Debian 1:10)",
            "10.2.1~rc3",
        ] {
            let config = parse(&format!(r#"{{{MACHINE},"qemu_version":"{version}"}}"#)).unwrap();
            assert_eq!(config.qemu.unwrap().profile, QemuProfile::V10, "{version}");
            assert_eq!(config.unread_qemu, None);
        }
    }

    #[test]
    fn a_document_beyond_the_size_limit_or_with_a_second_document_is_refused() {
        let padded = format!("{{{MACHINE}}}{}", " ".repeat(MAX_BYTES));
        assert!(matches!(parse(&padded), Err(VmConfigError::TooLarge { .. })));
        assert!(matches!(parse(&format!("{{{MACHINE}}}{{}}")), Err(VmConfigError::NotJson { .. })));
        assert!(matches!(parse("[]"), Err(VmConfigError::NotJson { .. })));
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
