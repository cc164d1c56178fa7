//! dstack's boot gate (0.6 and later): a measured event in which the guest's own code says that it examined its GPUs
//! before it started the application. No report comes with it, and what it looked at cannot be looked at again.

use crate::error::{Explanation, explained};
use serde::Deserialize;
use std::borrow::Cow;
use veritee_model::Reason;

/// Why the event does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BootGateError {
    /// It is not of a form that this program knows.
    Unknown {
        /// What is not known.
        what: &'static str,
        /// What stands there.
        got: String,
    },
    /// The guest was told that its GPUs are in development mode.
    Development {
        /// The member that says so.
        member: &'static str,
    },
}

impl BootGateError {
    /// The error taken apart.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        match self {
            Self::Unknown { what, got } => Explanation::new(
                Reason::GpuBootGateMalformed,
                format!("the measured gpu-attestation event is of an unknown form: {what}"),
            )
            .got(veritee_model::text::inert(&veritee_model::text::shortened(got, 80))),
            Self::Development { member } => Explanation::new(
                Reason::GpuDevelopmentMode,
                format!("the measured guest code saw GPUs in development mode ({member})"),
            ),
        }
    }
}

explained!(BootGateError);

#[derive(Deserialize)]
struct Event<'a> {
    version: u64,
    #[serde(borrow)]
    provider: Cow<'a, str>,
    devices: u64,
    #[serde(borrow)]
    cc_mode: Cow<'a, str>,
    devtools: bool,
    #[serde(borrow)]
    evidence_sha256: Cow<'a, str>,
}

/// What the guest's measured code said of its GPUs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootGate {
    version: u64,
    devices: u64,
    evidence_sha256: String,
}

impl BootGate {
    /// Reads the payload of the one measured `gpu-attestation` event.
    ///
    /// # Errors
    /// When its form is unknown, it speaks of no device, or of development mode.
    pub fn read(payload: &[u8]) -> Result<Self, BootGateError> {
        let unknown = |what, got: &str| BootGateError::Unknown { what, got: got.to_owned() };
        let event: Event<'_> = serde_json::from_slice(payload)
            .map_err(|error| unknown("not the object that dstack writes", &error.to_string()))?;
        if !matches!(event.version, 2 | 3) {
            return Err(unknown("version", &event.version.to_string()));
        }
        if event.provider != "nvidia" {
            return Err(unknown("provider", &event.provider));
        }
        if event.devices == 0 {
            return Err(unknown("number of devices", "0"));
        }
        if event.devtools {
            return Err(BootGateError::Development { member: "devtools" });
        }
        match event.cc_mode.as_ref() {
            "on" => {}
            "devtools" => return Err(BootGateError::Development { member: "cc_mode" }),
            other => return Err(unknown("mode", other)),
        }
        let evidence_sha256 =
            veritee_model::text::inert(&veritee_model::text::shortened(&event.evidence_sha256, 64));
        Ok(Self { version: event.version, devices: event.devices, evidence_sha256 })
    }

    /// Version of the event.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// How many GPUs it speaks of.
    #[must_use]
    pub const fn devices(&self) -> u64 {
        self.devices
    }

    /// SHA-256 of what the guest's tool said, hex.
    #[must_use]
    pub fn evidence_sha256(&self) -> &str {
        &self.evidence_sha256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(members: &str) -> Result<BootGate, Reason> {
        let text = format!("{{\"provider\":\"nvidia\",\"evidence_sha256\":\"33\",{members}}}");
        BootGate::read(text.as_bytes()).map_err(|error| error.reason())
    }

    #[test]
    fn versions_2_and_3_are_read_and_members_of_later_ones_are_passed_over() {
        let gate = event(r#""version":2,"devices":8,"cc_mode":"on","devtools":false"#).unwrap();
        assert_eq!((gate.version(), gate.devices(), gate.evidence_sha256()), (2, 8, "33"));
        assert!(event(r#""version":3,"devices":1,"cc_mode":"on","devtools":false,"dbgstat":"disabled","secboot":true"#).is_ok());
    }

    #[test]
    fn development_mode_is_refused_by_either_member() {
        for members in [
            r#""version":2,"devices":8,"cc_mode":"on","devtools":true"#,
            r#""version":2,"devices":8,"cc_mode":"devtools","devtools":false"#,
        ] {
            assert_eq!(event(members), Err(Reason::GpuDevelopmentMode));
        }
    }

    #[test]
    fn anything_else_is_unknown() {
        for members in [
            r#""version":4,"devices":8,"cc_mode":"on","devtools":false"#,
            r#""version":2,"devices":0,"cc_mode":"on","devtools":false"#,
            r#""version":2,"devices":8,"cc_mode":"off","devtools":false"#,
            r#""version":2,"devices":8,"cc_mode":"on""#,
            r#""version":2,"devices":8,"cc_mode":"on","devtools":false,"devtools":false"#,
            r#""version":2,"devices":-1,"cc_mode":"on","devtools":false"#,
        ] {
            assert_eq!(event(members), Err(Reason::GpuBootGateMalformed), "{members}");
        }
        assert_eq!(BootGate::read(b"\xff").unwrap_err().reason(), Reason::GpuBootGateMalformed);
    }
}
