//! The forms in which evidence of GPUs travels, told apart by their content.
//!
//! A container is a claim: its architecture, nonce and versions are outside of every signature and only compared with
//! the reports. A service's answer (NRAS, nvattest) is recognised and shown, and never counted: it has no report.

mod error;
mod json;
mod said;

pub use error::ContainerError;
pub use said::{Said, said};

use core::fmt;
use veritee_model::Budget;

/// Which form a container is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContainerForm {
    /// `{"nonce","arch","evidence_list":[...]}`: what NRAS takes; `nvidia_payload` of NEAR and Phala.
    NrasPayload,
    /// `[{"arch","nonce","evidence","certificate"}]`: nvattest's collect-evidence.
    Collected,
    /// `{"evidences":[...],"result_code"}`: nvattest's answer around it.
    CollectedAnswer,
    /// `{"bundles":[{"vendor","format","evidence"}]}`: dstack's AttestGpu.
    DstackBundles,
    /// `{"device_evidence_list":[...]}`: CoCo.
    Coco,
    /// `{"binding","devices":[...]}`: attestation-rs.
    AttestationRs,
    /// One report, binary or hex, without its chain.
    Report,
}

impl ContainerForm {
    /// The name, for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NrasPayload => "NRAS payload",
            Self::Collected => "collected evidence of nvattest",
            Self::CollectedAnswer => "answer of nvattest with collected evidence",
            Self::DstackBundles => "answer of dstack's AttestGpu",
            Self::Coco => "CoCo device evidence",
            Self::AttestationRs => "evidence of attestation-rs",
            Self::Report => "one report",
        }
    }
}

impl fmt::Display for ContainerForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One device of a container, with what the container says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Where it stands: a JSON pointer, or nothing for a lone report.
    pub place: String,
    /// The report, binary.
    pub report: Vec<u8>,
    /// The chain, PEM; empty where the container has none.
    pub chain: Vec<u8>,
    /// What the container says, outside of any signature.
    pub claims: DeviceClaims,
    /// What stands above it in the container, said of all devices of a list: from the outermost in. Outside of any
    /// signature too, and compared whatever the device's own entry says.
    pub above: Vec<DeviceClaims>,
}

/// What a container says of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceClaims {
    /// `HOPPER`, `BLACKWELL` or `LS10`.
    pub arch: Option<String>,
    /// Hex.
    pub nonce: Option<String>,
    /// Version of the driver.
    pub driver_version: Option<String>,
    /// Version of the VBIOS.
    pub vbios_version: Option<String>,
}

/// An answer of a service, or evidence of a kind that is not read: recognised, shown, never counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceAnswer {
    /// An entity attestation token, or a list of them: NRAS.
    Token,
    /// nvattest's answer to `attest`: claims and an unsigned token.
    Nvattest,
    /// A conceptual message wrapper (CMW).
    Cmw,
    /// A CoRIM, NVIDIA's coming form of reference values.
    Corim,
}

impl ServiceAnswer {
    /// What it is, for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "a token of NVIDIA's attestation service",
            Self::Nvattest => "an answer of nvattest, without reports",
            Self::Cmw => "a conceptual message wrapper (CMW), which this version does not read",
            Self::Corim => "a CoRIM, which this version does not read",
        }
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collected {
    /// Devices, possibly none.
    Devices {
        /// The form.
        form: ContainerForm,
        /// The devices.
        devices: Vec<Device>,
    },
    /// What a service said, or what is not read.
    Answer(ServiceAnswer),
}

/// Reads a container of any form.
///
/// The bytes are the attacker's. An empty list is read as such: it is no evidence.
///
/// # Errors
/// When the form is unknown, or the content is not what the form demands.
pub fn read(bytes: &[u8], budget: &Budget) -> Result<Collected, ContainerError> {
    if bytes.len() > budget.gpu_container_bytes {
        return Err(ContainerError::TooLarge { limit: budget.gpu_container_bytes, got: bytes.len() });
    }
    if let Some(answer) = by_first_bytes(bytes) {
        return Ok(Collected::Answer(answer));
    }
    // The first two bytes of every report.
    if bytes.starts_with(&[0x11, 0xe0]) {
        return Ok(lone(bytes.to_vec()));
    }
    let text =
        core::str::from_utf8(bytes).map_err(|error| ContainerError::Unknown { at: error.valid_up_to() })?;
    let trimmed = text.trim();
    if let Some(report) = json::hex(trimmed).filter(|report| !report.is_empty()) {
        return Ok(lone(report));
    }
    if is_token(trimmed) {
        return Ok(Collected::Answer(ServiceAnswer::Token));
    }
    json::read(trimmed, budget)
}

fn lone(report: Vec<u8>) -> Collected {
    let claims = DeviceClaims::default();
    let device = Device { place: String::new(), report, chain: Vec::new(), claims, above: Vec::new() };
    Collected::Devices { form: ContainerForm::Report, devices: vec![device] }
}

/// CBOR: tag 501 is a CoRIM (signed ones are tag 18 inside), 0x63 'cmw' tags are wrappers.
fn by_first_bytes(bytes: &[u8]) -> Option<ServiceAnswer> {
    match *bytes {
        [0xd9, 0x01, 0xf5 | 0xf4, ..] | [0xd2, 0x84, ..] => Some(ServiceAnswer::Corim),
        [0xda, 0x63, ..] => Some(ServiceAnswer::Cmw),
        _ => None,
    }
}

/// Three parts of base64url with dots: a JWS in compact form. The last may be empty (`alg: none`).
pub(crate) fn is_token(text: &str) -> bool {
    let mut parts = text.split('.');
    let part = |part: Option<&str>| {
        part.is_some_and(|part| {
            part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
    };
    text.starts_with("eyJ")
        && part(parts.next())
        && part(parts.next())
        && part(parts.next())
        && parts.next().is_none()
}
