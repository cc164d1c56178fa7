//! From what was found about devices to checks.

use super::GpuRequest;
use veritee_gpu::appraisal::{AppraisalError, Comparison};
use veritee_gpu::binding::{self, BindingForm};
use veritee_gpu::container::{ContainerForm, Device, DeviceClaims};
use veritee_gpu::set::Topology;
use veritee_gpu::{
    AppraisedGpu, Examination, Examine, Explanation, FirmwareMatch, GpuSet, Memory, SignedReport,
};
use veritee_model::{Check, CheckId, Reason, ReportData};

/// What was found about the devices of a container.
#[derive(Debug, Clone)]
pub struct GpuJudged {
    /// What there is, in one line.
    pub found: String,
    /// The checks, without those of the container and of the boot gate.
    pub checks: Vec<Check>,
    /// Everything else, for who shows it.
    pub examination: Examination,
}

/// A check out of an error taken apart.
pub(super) fn explained(id: CheckId, explanation: &Explanation) -> Check {
    let mut check = Check::from_reason(id, explanation.reason, explanation.what.clone());
    check.expected.clone_from(&explanation.expected);
    check.got.clone_from(&explanation.got);
    check.location.clone_from(&explanation.location);
    check.explain.clone_from(&explanation.next);
    check
}

/// Judges the devices of a container.
#[must_use]
pub fn judge_devices(
    request: &GpuRequest<'_>,
    form: ContainerForm,
    devices: &[Device],
    memory: &Memory,
) -> GpuJudged {
    let examination = Examine {
        devices,
        collateral: request.collateral,
        roots: request.roots,
        as_of: request.as_of,
        budget: request.budget,
        report_data: request.report_data.map(ReportData::as_bytes),
    }
    .run(memory);
    let unread = match examination.unread {
        0 => String::new(),
        unread => format!("; {} beside it of no known form", counted(unread, "item")),
    };
    let found = format!("{} ({form}){unread}", counted(devices.len(), "device"));
    let genuine = genuine(devices, &examination);
    let judge = Judge { request, form, devices, examination: &examination };
    let mut checks = match &examination.set {
        Some(Ok(set)) => judge.set(set),
        Some(Err(error)) => {
            let mut checks = judge.without_set(Reason::EarlierStepFailed, "the devices are no set");
            checks.push(explained(CheckId::GpuSet, &error.explain()));
            checks
        }
        None => {
            let mut checks = judge.without_set(Reason::EarlierStepFailed, "a device is not genuine");
            checks.push(Check::not_checked(
                CheckId::GpuSet,
                Reason::EarlierStepFailed,
                "a device is not genuine",
            ));
            checks
        }
    };
    checks.push(genuine);
    checks.sort_by_key(|check| CheckId::ALL.iter().position(|id| *id == check.id));
    GpuJudged { found, checks, examination }
}

pub(super) fn counted(count: usize, what: &str) -> String {
    let plural = if what.ends_with("ch") { "es" } else { "s" };
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}{plural}") }
}

/// Chains, signatures and layouts; then what stands beside the reports.
fn genuine(devices: &[Device], examination: &Examination) -> Check {
    let id = CheckId::GpuGenuine;
    // A forgery is named before what is merely unknown.
    let mut faults: Vec<_> = examination
        .devices
        .iter()
        .enumerate()
        .filter_map(|(index, device)| device.as_ref().err().map(|error| (index, error.explain())))
        .collect();
    faults.sort_by_key(|(index, fault)| (fault.reason.class(), *index));
    if let Some((index, fault)) = faults.first() {
        let mut check = explained(id, fault);
        let place = fault.location.as_deref().map_or_else(String::new, |place| format!(", {place}"));
        check.location = Some(format!("device {index}{place}"));
        return check;
    }
    let signed: Vec<_> = examination.devices.iter().flatten().collect();
    let only_switches = signed.iter().all(|signed| signed.family().is_switch());
    for (index, (device, signed)) in devices.iter().zip(&signed).enumerate() {
        if let Some((what, claimed, found)) = other_claim(device, signed, only_switches) {
            return Check::fail(
                id,
                Reason::GpuClaimOther,
                format!("the report is genuine; {what} beside it is another"),
            )
            .compared(found, veritee_model::text::inert(&claimed))
            .at(format!("device {index}"));
        }
    }
    let switches = signed.iter().filter(|signed| signed.family().is_switch()).count();
    let models = {
        let mut models: Vec<&str> = signed.iter().map(|signed| signed.chain().model()).collect();
        models.sort_unstable();
        models.dedup();
        models.join(", ")
    };
    let gpus = signed.len().saturating_sub(switches);
    let counts = [(gpus, "GPU"), (switches, "switch")].into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts.map(|(count, what)| counted(count, what)).collect();
    Check::pass(id, format!("{}, genuine under NVIDIA's device root: {models}", counts.join(" and ")))
}

/// What the container says outside of any signature, where it differs from what is signed: beside the report, or above
/// it of all devices.
fn other_claim(
    device: &Device,
    signed: &SignedReport,
    only_switches: bool,
) -> Option<(&'static str, String, String)> {
    let opaque = signed.opaque();
    let of = |claims: &DeviceClaims, arch: bool| {
        let pairs = [
            ("architecture", claims.arch.clone().filter(|_| arch), Some(signed.family().arch().to_owned())),
            ("driver version", claims.driver_version.clone(), opaque.driver_version().map(str::to_owned)),
            ("VBIOS version", claims.vbios_version.clone(), opaque.vbios_version().map(str::to_owned)),
        ];
        pairs.into_iter().find_map(|(what, claimed, found)| {
            let (claimed, found) = (claimed?, found?);
            (!claimed.eq_ignore_ascii_case(&found)).then_some((what, claimed, found))
        })
    };
    // The architecture of a machine is that of its GPUs; switches stand in the same list.
    let told = only_switches || !signed.family().is_switch();
    of(&device.claims, true).or_else(|| device.above.iter().find_map(|claims| of(claims, told)))
}

struct Judge<'a> {
    request: &'a GpuRequest<'a>,
    form: ContainerForm,
    devices: &'a [Device],
    examination: &'a Examination,
}

impl Judge<'_> {
    fn set(&self, set: &GpuSet) -> Vec<Check> {
        let devices = counted(set.devices().count(), "distinct device");
        let over = if set.devices().all(|device| device.signed().report().nonce() == set.nonce()) {
            "one nonce"
        } else {
            "one nonce for GPUs and one for switches, both made of one half of REPORTDATA"
        };
        let set_detail = format!("{devices} over {over}, GPUs of one driver and one mode");
        vec![
            firmware(set),
            super::revocation::check(set, &self.examination.signers, self.request.policy),
            self.measurements(set),
            self.versions(set),
            Check::pass(CheckId::GpuSet, set_detail),
            self.count(set),
            self.switches(set),
            self.nonce(set.nonce(), set),
        ]
    }

    /// The checks that need a set, when there is none, but for the one about the set itself.
    fn without_set(&self, reason: Reason, detail: &str) -> Vec<Check> {
        let mut checks: Vec<_> = super::OF_DEVICES
            .iter()
            .filter(|id| !matches!(id, CheckId::GpuGenuine | CheckId::GpuSet | CheckId::GpuMeasurements))
            .map(|id| Check::not_checked(*id, reason, detail))
            .collect();
        checks.push(
            self.refused_manifest()
                .unwrap_or_else(|| Check::not_checked(CheckId::GpuMeasurements, reason, detail)),
        );
        checks
    }

    /// A forged manifest is a contradiction, whatever else was given.
    fn refused_manifest(&self) -> Option<Check> {
        let error = self.examination.shelf.refused().first()?;
        Some(explained(CheckId::GpuMeasurements, &error.explain()))
    }

    fn measurements(&self, set: &GpuSet) -> Check {
        let id = CheckId::GpuMeasurements;
        if let Some(refused) = self.refused_manifest() {
            return refused;
        }
        let mut open: Vec<AppraisalError> = Vec::new();
        let mut waived = Vec::new();
        for (index, device) in set.devices().enumerate() {
            match device.comparison() {
                Ok(comparison) => {
                    if let Some(check) = self.difference(index, comparison, &mut waived) {
                        return check;
                    }
                }
                Err(error) if error.reason().class() == veritee_model::Class::Undecided => {
                    open.push(error.clone());
                }
                Err(error) => return explained(id, &error.explain()).at(format!("device {index}")),
            }
        }
        match open.first() {
            Some(error) => {
                let mut check = explained(id, &error.explain());
                check.detail = format!(
                    "genuine {}; {}",
                    if set.gpus().is_empty() { "switches" } else { "GPUs" },
                    check.detail
                );
                if let Some(next) = needed(&open) {
                    check.explain = Some(next);
                    if let unread @ 1.. = self.examination.shelf.unread() {
                        let of_those = counted(unread, "manifest");
                        check.detail = format!("{}; {of_those} given cannot be read", check.detail);
                    }
                }
                check
            }
            None => Check::pass(id, self.equal(set, &waived)),
        }
    }

    /// The first difference that no entry of the policy allows.
    fn difference(&self, index: usize, comparison: &Comparison, waived: &mut Vec<String>) -> Option<Check> {
        let id = CheckId::GpuMeasurements;
        for mismatch in &comparison.mismatches {
            if let Some(entry) = self.request.policy.allowed_mismatch(mismatch.index, self.request.as_of) {
                waived.push(format!(
                    "device {index}, measurement {}: {}",
                    mismatch.index,
                    entry.shown_reason()
                ));
                continue;
            }
            let expected: Vec<_> = mismatch.expected.iter().map(ToString::to_string).collect();
            let got = mismatch.got.map_or_else(|| "no such block".to_owned(), |got| got.to_string());
            let detail = format!(
                "measurement {} ({}) is none of the values of the {}",
                mismatch.index, mismatch.name, mismatch.kind
            );
            return Some(
                Check::fail(id, Reason::GpuMeasurementMismatch, detail)
                    .compared(expected.join(" or "), got)
                    .at(format!("device {index}"))
                    .next("this firmware or driver is not the one that NVIDIA signed these values for"),
            );
        }
        let below = comparison.below_floor.first()?;
        let got = below.got.map_or_else(|| "none".to_owned(), |got| got.to_string());
        Some(
            Check::fail(
                id,
                Reason::GpuSvnTooLow,
                format!("{} is below the lowest version that NVIDIA accepts", below.name),
            )
            .compared(format_args!("at least {}", below.least), got)
            .at(format!("device {index}")),
        )
    }

    fn equal(&self, set: &GpuSet, waived: &[String]) -> String {
        let mut parts = Vec::new();
        let mut last = None;
        for comparison in set.devices().filter_map(|device| device.comparison().ok()) {
            let equal = comparison.compared.saturating_sub(comparison.mismatches.len());
            let manifests: Vec<_> = comparison
                .manifests
                .iter()
                .map(|used| format!("{} {} ({})", used.kind, used.version, short(&used.sha256.to_string())))
                .collect();
            let left_out = if comparison.video_decoder_left_out {
                ", 35 differs and does not count (video decoder off)"
            } else {
                ""
            };
            let floors = match comparison.floors {
                0 => String::new(),
                floors => format!(", {floors} lowest versions reached"),
            };
            let uncovered = if comparison.uncovered.is_empty() {
                String::new()
            } else {
                let list: Vec<_> = comparison.uncovered.iter().map(ToString::to_string).collect();
                format!(", not compared by any manifest: {}", list.join(" "))
            };
            let part = format!(
                "{equal} of {} measurements equal{left_out}{floors}{uncovered}; {}",
                comparison.compared,
                manifests.join(", ")
            );
            if last.as_ref() != Some(&part) {
                parts.push(part.clone());
            }
            last = Some(part);
        }
        parts.sort();
        parts.dedup();
        if !waived.is_empty() {
            parts.push(format!("let pass by the policy: {}", waived.join("; ")));
        }
        parts.join(" | ")
    }

    fn versions(&self, set: &GpuSet) -> Check {
        let id = CheckId::GpuVersions;
        let policy = self.request.policy;
        if policy.drivers.is_empty() && policy.vbios.is_empty() {
            return Check::not_checked(id, Reason::NotAsked, "the policy names no driver and no VBIOS");
        }
        for (index, gpu) in set.gpus().iter().enumerate() {
            let opaque = gpu.signed().opaque();
            for (what, accepted, got) in [
                ("driver", &policy.drivers, opaque.driver_version()),
                ("VBIOS", &policy.vbios, opaque.vbios_version()),
            ] {
                let got = got.unwrap_or("none");
                if !accepted.is_empty() && !accepted.iter().any(|one| one.eq_ignore_ascii_case(got)) {
                    let detail = format!("the {what} is not one that the policy accepts");
                    return Check::fail(id, Reason::GpuVersionRefused, detail)
                        .compared(accepted.join(" or "), got)
                        .at(format!("device {index}"));
                }
            }
        }
        Check::pass(id, "driver and VBIOS are among those that the policy accepts")
    }

    fn count(&self, set: &GpuSet) -> Check {
        let id = CheckId::GpuCount;
        let Some((gpus, switches)) = self.request.measured else {
            return Check::not_checked(
                id,
                Reason::GpuCountNotMeasured,
                format!(
                    "there is evidence of {}; how many the machine has was not measured",
                    counted(set.gpus().len(), "GPU")
                ),
            )
            .next("give vm_config and an event log, so that RTMR0 can be recomputed");
        };
        match set.check_count(gpus, switches) {
            Ok(()) => Check::pass(
                id,
                format!("{gpus} GPUs, as many as RTMR0 was recomputed with: consistent, not bound"),
            ),
            Err(error) => explained(id, &error.explain()),
        }
    }

    fn switches(&self, set: &GpuSet) -> Check {
        let id = CheckId::GpuSwitches;
        let measured = self.request.measured.map_or(0, |(_, switches)| switches);
        match set.topology() {
            Err(error) => explained(id, &error.explain()),
            Ok(Topology::Complete { switches })
                if usize::try_from(measured).is_ok_and(|it| it <= switches) =>
            {
                Check::pass(id, format!("{switches} switches and {} GPUs name each other", set.gpus().len()))
            }
            Ok(Topology::NoSwitches) if measured == 0 => {
                Check::pass(id, "no GPU names a switch, and there is no evidence of any")
            }
            Ok(Topology::WithoutGpus { switches }) => Check::not_checked(
                id,
                Reason::GpuNotGiven,
                format!(
                    "there is evidence of {} and of no GPU that could name them",
                    counted(switches, "switch")
                ),
            )
            .next("ask for the GPUs' evidence over the same nonce"),
            Ok(Topology::NotAttested { named, missing, protected }) => {
                let detail = format!(
                    "the GPUs name {named} switches, {} of them without evidence{}",
                    missing.len(),
                    if protected {
                        "; with protected PCIe these belong to what is to be trusted"
                    } else {
                        ""
                    }
                );
                not_attested(detail)
            }
            Ok(Topology::NoSwitches | Topology::Complete { .. }) => not_attested(format!(
                "the machine was measured with {measured} switches, and there is evidence of {}",
                set.switches().len()
            )),
        }
    }

    fn nonce(&self, nonce: &[u8; 32], set: &GpuSet) -> Check {
        let id = CheckId::GpuNonce;
        let shown = hex::encode(nonce);
        let signed = self.examination.devices.iter().flatten();
        for (index, (device, signed)) in self.devices.iter().zip(signed).enumerate() {
            let shown = hex::encode(signed.report().nonce());
            let claims = core::iter::once(&device.claims).chain(&device.above);
            let claimed = claims.filter_map(|claims| claims.nonce.as_deref());
            let plain = claimed.map(|claimed| claimed.strip_prefix("0x").unwrap_or(claimed));
            let mut others =
                plain.filter(|claimed| !claimed.is_empty() && !claimed.eq_ignore_ascii_case(&shown));
            if let Some(claimed) = others.next() {
                return Check::fail(
                    id,
                    Reason::GpuNonceMismatch,
                    "the container names another nonce than the one that the device signed",
                )
                .compared(veritee_model::text::inert(&veritee_model::text::shortened(claimed, 80)), shown)
                .at(format!("device {index}"));
            }
        }
        if let Some(expected) = self.request.expected_nonce.filter(|expected| *expected != nonce) {
            return Check::fail(
                id,
                Reason::GpuNonceMismatch,
                "the reports are over another nonce than the expected one",
            )
            .compared(hex::encode(expected), shown)
            .next("the reports answer another request: they are recordings, or the nonce went elsewhere");
        }
        if binding::is_test_nonce(nonce) {
            return Check::not_checked(
                id,
                Reason::GpuTestNonce,
                "the reports are over a nonce of NVIDIA's samples and test mode: never fresh",
            )
            .next("ask for evidence over a nonce of your own");
        }
        let family = set.devices().next().map(|device| device.signed().family());
        let bound = self.request.report_data.zip(family).and_then(|(report_data, family)| {
            binding::find(nonce, family, report_data.as_bytes(), self.form)
        });
        match (bound, self.request.expected_nonce) {
            (Some(form), given) => {
                let fresh =
                    if given.is_some() { "it is the expected one" } else { "fresh only if you chose it" };
                Check::pass(id, format!("the nonce is {}; form {form}; {fresh}", form.meaning()))
            }
            (None, Some(_)) => Check::pass(
                id,
                format!("the nonce is {}; form {}", BindingForm::Given.meaning(), BindingForm::Given),
            ),
            (None, None) => Check::not_checked(
                id,
                Reason::GpuNonceNotBound,
                "the nonce of the reports is not in REPORTDATA in any known form: they may be recordings",
            )
            .next("give the nonce that you asked with: --gpu-nonce HEX"),
        }
    }
}

fn not_attested(detail: String) -> Check {
    Check::not_checked(CheckId::GpuSwitches, Reason::GpuSwitchesNotAttested, detail)
        .next("ask for the switches' evidence over the same nonce")
}

/// All manifests that are missing, each once.
fn needed(open: &[AppraisalError]) -> Option<String> {
    let mut ids: Vec<&str> = open
        .iter()
        .flat_map(|error| match error {
            AppraisalError::ManifestMissing { ids } => ids.as_slice(),
            _ => &[],
        })
        .map(String::as_str)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    (!ids.is_empty()).then(|| format!("give {}", veritee_model::text::inert(&ids.join(" and "))))
}

fn short(digest: &str) -> &str {
    digest.get(..16).unwrap_or(digest)
}

fn firmware(set: &GpuSet) -> Check {
    let id = CheckId::GpuFirmwareIdentity;
    let all: Vec<_> = set.devices().map(AppraisedGpu::firmware).collect();
    for (index, found) in all.iter().enumerate() {
        if let FirmwareMatch::Differs { certificate, report } = found {
            return Check::fail(
                id,
                Reason::GpuFwidMismatch,
                "the report was made by another firmware than its certificate was issued for",
            )
            .compared(hex::encode(certificate), hex::encode(report))
            .at(format!("device {index}"));
        }
    }
    let absent = set.gpus().iter().filter(|gpu| gpu.firmware() == FirmwareMatch::Absent).count();
    if set.gpus().is_empty() {
        let detail = "there is no report of a GPU, and those of switches do not name their firmware";
        return Check::not_checked(id, Reason::GpuFwidAbsent, detail);
    }
    if absent > 0 {
        let detail = format!("{} without the firmware that made it", counted(absent, "report"));
        return Check::not_checked(id, Reason::GpuFwidAbsent, detail);
    }
    Check::pass(id, "every GPU's report names the firmware that its certificate was issued for")
}
