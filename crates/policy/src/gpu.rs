//! `[gpu]`: what is demanded of GPUs. By default nothing is, and everything about them is listed.

use crate::words;
use serde::Deserialize;
use veritee_model::{CheckId, UnixTime};

/// Highest index of a measurement.
const LAST_MEASUREMENT: u8 = 63;

/// `[gpu]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gpu {
    /// The checks about GPUs must be made: genuine reports of as many GPUs as measured, over a bound nonce, with equal
    /// measurements.
    pub required: bool,
    /// Whether switches that GPUs name must be attested; as `required` where it is not said.
    pub switches: Option<SwitchesDemanded>,
    /// Versions of the driver that are accepted; any where there is none.
    #[serde(deserialize_with = "words::some")]
    pub drivers: Vec<String>,
    /// Versions of the VBIOS that are accepted; any where there is none.
    #[serde(deserialize_with = "words::some")]
    pub vbios: Vec<String>,
    /// Measurements that may differ.
    pub allow_mismatch: Vec<AllowedMismatch>,
    /// Certificates that NVIDIA has put on hold are let pass. What it has revoked never is.
    pub allow_hold: bool,
    /// Why switches need not be attested where the rest is required, or why a hold is let pass.
    pub reason: Option<String>,
}

/// Whether switches must be attested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SwitchesDemanded {
    /// They must.
    Required,
    /// They need not.
    Optional,
}

/// `[[gpu.allow_mismatch]]`: a measurement that may be none of NVIDIA's reference values.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowedMismatch {
    /// Index from 0, as manifests count.
    pub index: u8,
    /// Why.
    pub reason: Option<String>,
    /// Until when.
    #[serde(default)]
    pub expires: Option<UnixTime>,
}

impl AllowedMismatch {
    /// The reason, made harmless to print.
    #[must_use]
    pub fn shown_reason(&self) -> String {
        veritee_model::text::inert(self.reason.as_deref().unwrap_or_default())
    }
}

impl Gpu {
    /// The entry that lets this measurement differ at this time.
    #[must_use]
    pub fn allowed_mismatch(&self, index: u8, as_of: UnixTime) -> Option<&AllowedMismatch> {
        let in_force = |entry: &&AllowedMismatch| entry.expires.is_none_or(|expires| as_of < expires);
        self.allow_mismatch.iter().filter(in_force).find(|entry| entry.index == index)
    }

    /// Checks that must be made.
    #[must_use]
    pub fn demanded(&self) -> Vec<CheckId> {
        const ALL: [CheckId; 7] = [
            CheckId::GpuEvidence,
            CheckId::GpuGenuine,
            CheckId::GpuFirmwareIdentity,
            CheckId::GpuMeasurements,
            CheckId::GpuSet,
            CheckId::GpuCount,
            CheckId::GpuNonce,
        ];
        let mut demanded = if self.required { ALL.to_vec() } else { Vec::new() };
        let switches = match self.switches {
            Some(SwitchesDemanded::Required) => true,
            Some(SwitchesDemanded::Optional) => false,
            None => self.required,
        };
        if switches {
            demanded.push(CheckId::GpuSwitches);
        }
        if !self.drivers.is_empty() || !self.vbios.is_empty() {
            demanded.push(CheckId::GpuVersions);
        }
        demanded
    }

    /// Why a hold is let pass, made harmless to print; `None` where it is not.
    #[must_use]
    pub fn hold_allowed(&self) -> Option<String> {
        self.allow_hold.then(|| veritee_model::text::inert(self.reason.as_deref().unwrap_or_default()))
    }

    /// What loosens, as `(entry, reason)`.
    pub(crate) fn loosening(&self) -> Vec<(String, Option<&String>)> {
        let mut entries: Vec<_> = self
            .allow_mismatch
            .iter()
            .map(|entry| (format!("[[gpu.allow_mismatch]] {}", entry.index), entry.reason.as_ref()))
            .collect();
        if self.required && self.switches == Some(SwitchesDemanded::Optional) {
            entries.push(("[gpu] switches".to_owned(), self.reason.as_ref()));
        }
        if self.allow_hold {
            entries.push(("[gpu] allow_hold".to_owned(), self.reason.as_ref()));
        }
        entries
    }

    /// What contradicts itself.
    pub(crate) fn contradiction(&self) -> Option<&'static str> {
        if self.allow_mismatch.iter().any(|entry| entry.index > LAST_MEASUREMENT) {
            return Some("[[gpu.allow_mismatch]] names a measurement that no report has");
        }
        let mut indexes: Vec<u8> = self.allow_mismatch.iter().map(|entry| entry.index).collect();
        indexes.sort_unstable();
        let twice = indexes.iter().zip(indexes.iter().skip(1)).any(|(first, second)| first == second);
        if twice {
            return Some("[[gpu.allow_mismatch]] names a measurement twice");
        }
        self.useless()
    }

    /// What would never have an effect: whoever wrote it believes that it has.
    fn useless(&self) -> Option<&'static str> {
        if self.drivers.iter().any(|driver| !is_version(driver)) {
            return Some("[gpu] `drivers` names a version that no report can have");
        }
        if self.vbios.iter().any(|vbios| !is_vbios(vbios)) {
            return Some(
                "[gpu] `vbios` names a version that no report can have: five pairs of hex digits with dots",
            );
        }
        if !self.required && self.switches == Some(SwitchesDemanded::Optional) {
            return Some("[gpu] `switches` is optional where nothing is required");
        }
        let loosens = self.allow_hold || (self.required && self.switches == Some(SwitchesDemanded::Optional));
        (self.reason.is_some() && !loosens).then_some("[gpu] gives a reason, and lets nothing pass")
    }
}

/// The characters that are read of a report's version.
fn is_version(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

/// As it is read out of a GPU's report: `96.00.CF.00.02`.
fn is_vbios(text: &str) -> bool {
    let parts = || text.split('.');
    parts().count() == 5
        && parts().all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Policy, PolicyFault};

    fn policy(text: &str) -> Result<Gpu, PolicyFault> {
        Policy::parse(&format!("schema = \"veritee/policy/v1\"\nname = \"test\"\n{text}"))
            .map(|policy| policy.gpu)
            .map_err(|error| error.fault)
    }

    #[test]
    fn nothing_is_demanded_by_default_and_switches_follow_the_rest() {
        assert!(policy("").unwrap().demanded().is_empty());
        let required = policy("[gpu]\nrequired = true\n").unwrap();
        assert!(required.demanded().contains(&CheckId::GpuSwitches));
        assert!(!required.demanded().contains(&CheckId::GpuRevocation));
        let without = "[gpu]\nrequired = true\nswitches = \"optional\"\n";
        assert!(matches!(policy(without), Err(PolicyFault::ReasonMissing { .. })));
        let without = policy(&format!("{without}reason = \"the switches answer no request\"\n")).unwrap();
        assert!(!without.demanded().contains(&CheckId::GpuSwitches));
        let only = policy("[gpu]\nswitches = \"required\"\n").unwrap();
        assert_eq!(only.demanded(), [CheckId::GpuSwitches]);
    }

    #[test]
    fn an_allowed_mismatch_needs_a_reason_and_ends_when_it_expires() {
        let entry = "[[gpu.allow_mismatch]]\nindex = 9\n";
        assert!(matches!(policy(entry), Err(PolicyFault::ReasonMissing { .. })));
        let entry =
            format!("{entry}reason = \"seen on genuine machines\"\nexpires = \"2026-03-15T00:00:00Z\"\n");
        let gpu = policy(&entry).unwrap();
        let at = |text| UnixTime::parse(text).unwrap();
        assert!(gpu.allowed_mismatch(9, at("2026-03-14T23:59:59Z")).is_some());
        assert!(gpu.allowed_mismatch(9, at("2026-03-15T00:00:00Z")).is_none());
        assert!(gpu.allowed_mismatch(8, at("2026-03-14T00:00:00Z")).is_none());
        for contradiction in [entry.replace("index = 9", "index = 64"), entry.repeat(2)] {
            assert!(matches!(policy(&contradiction), Err(PolicyFault::Contradiction { .. })));
        }
        assert!(policy("[gpu]\nunknown = 1\n").is_err());
    }

    #[test]
    fn an_entry_that_could_never_have_an_effect_is_an_error() {
        for useless in [
            "drivers = [\"\"]",
            "drivers = [\"570.172.08 \"]",
            "drivers = [\"570.172.08\", \"580/95\"]",
            "vbios = [\"9600CF0002\"]",
            "vbios = [\"96.00.CF.00\"]",
            "vbios = [\"96.00.CF.00.0G\"]",
            "switches = \"optional\"",
            "switches = \"optional\"\nreason = \"the switches answer no request\"",
            "reason = \"of nothing that is let pass\"",
            "required = true\nreason = \"of nothing that is let pass\"",
        ] {
            let fault = policy(&format!("[gpu]\n{useless}\n"));
            assert!(matches!(fault, Err(PolicyFault::Contradiction { .. })), "{useless}: {fault:?}");
        }
        let used = "drivers = [\"570.172.08\", \"545.00\"]\nvbios = [\"96.00.cf.00.02\"]";
        assert_eq!(policy(&format!("[gpu]\n{used}\n")).unwrap().demanded(), [CheckId::GpuVersions]);
    }

    #[test]
    fn a_hold_is_let_pass_with_a_reason_only() {
        assert!(!policy("").unwrap().allow_hold);
        let without = "[gpu]\nallow_hold = true\n";
        assert!(matches!(policy(without), Err(PolicyFault::ReasonMissing { .. })));
        assert!(policy(&format!("{without}reason = \"NVIDIA was asked on Monday\"\n")).unwrap().allow_hold);
    }
}
