//! `[gpu]`: every word of it binds, in the verdict of a whole run.

use crate::gpu::{SEED, roots};
use crate::support::{Case, NONCE, find, machine};
use veritee_model::{CheckId, Item, Outcome, Reason, Report, VerdictOutcome};
use veritee_testkit::gpu::{self, AnswerSpec, DeviceSpec, ManifestSpec, ResponseStatus, payload};

/// Nothing counts how many GPUs a forged machine has.
const UNCOUNTED: &str =
    "[[waive]]\ncheck = \"gpu.count\"\nreason = \"the registers of a forged machine are pinned\"\n";

/// A machine of two GPUs and two switches, with manifests and answers, under these tables.
fn case(policy: &str, edit: impl FnOnce(&mut Vec<DeviceSpec>)) -> Case {
    with_status(policy, edit, ResponseStatus::Good)
}

/// The same, with this status for the first GPU's own certificate.
fn with_status(policy: &str, edit: impl FnOnce(&mut Vec<DeviceSpec>), status: ResponseStatus) -> Case {
    let case = Case::new(&machine()).policy(policy);
    let as_of = case.as_of;
    let mut devices = gpu::machine(SEED, NONCE, 2, 2);
    edit(&mut devices);
    let manifests = [ManifestSpec::driver(SEED), ManifestSpec::vbios(SEED), ManifestSpec::switch(SEED)];
    let mut collateral: Vec<Vec<u8>> = manifests.iter().map(ManifestSpec::forge).collect();
    for (index, device) in devices.iter().enumerate() {
        for at in 1..4 {
            let mut answer = AnswerSpec::good(SEED, &device.chain[at], as_of);
            if (index, at) == (0, 1) {
                answer.status = status;
            }
            collateral.push(answer.forge());
        }
    }
    case.change(|case| {
        case.evidence.gpus = Some(Item::new(payload(&devices), "gpus.json"));
        case.evidence.gpu_collateral =
            collateral.into_iter().enumerate().map(|(at, bytes)| Item::new(bytes, format!("{at}"))).collect();
        case.gpu_roots = Some(roots());
    })
}

/// The entry is said wherever the verdict is.
#[track_caller]
fn loosens(report: &Report, entry: &str, reason: &str) {
    let said = format!("{:?}", report.policy.loosened);
    assert!(said.contains(entry) && said.contains(reason), "{said}");
}

#[test]
fn required_demands_every_check_that_shows_something() {
    let without = |policy: &str| case(policy, |_| {}).change(|case| case.evidence.gpu_collateral.clear());
    without("").is_verified();
    let tables = format!("[gpu]\nrequired = true\n{UNCOUNTED}");
    without(&tables).is_open(CheckId::GpuMeasurements, Reason::GpuRimMissing, VerdictOutcome::Incomplete);
    case(&tables, |_| {}).is_verified();
    // With nothing waived the number that was not measured leaves it incomplete.
    case("[gpu]\nrequired = true\n", |_| {}).is_open(
        CheckId::GpuCount,
        Reason::GpuCountNotMeasured,
        VerdictOutcome::Incomplete,
    );
    // And without any evidence.
    Case::new(&machine()).policy(&tables).is_open(
        CheckId::GpuEvidence,
        Reason::GpuNotGiven,
        VerdictOutcome::Incomplete,
    );
    let report = case("[gpu]\nrequired = true\n", |_| {}).judge();
    let required: Vec<&str> = report
        .checks
        .iter()
        .filter(|check| check.required && check.id.id().starts_with("gpu."))
        .map(|check| check.id.id())
        .collect();
    assert_eq!(
        required,
        [
            "gpu.evidence",
            "gpu.genuine",
            "gpu.firmware-identity",
            "gpu.measurements",
            "gpu.set",
            "gpu.count",
            "gpu.switches",
            "gpu.nonce"
        ]
    );
}

#[test]
fn switches_are_demanded_alone_with_the_rest_or_not() {
    let without = |policy: &str| case(policy, |devices| devices.truncate(2));
    let (id, reason) = (CheckId::GpuSwitches, Reason::GpuSwitchesNotAttested);
    without("").is_open(id, reason, VerdictOutcome::Verified);
    without("[gpu]\nswitches = \"required\"\n").is_open(id, reason, VerdictOutcome::Incomplete);
    case("[gpu]\nswitches = \"required\"\n", |_| {}).is_verified();
    without(&format!("[gpu]\nrequired = true\n{UNCOUNTED}")).is_open(id, reason, VerdictOutcome::Incomplete);
    let optional = format!(
        "[gpu]\nrequired = true\nswitches = \"optional\"\nreason = \"they answer no request\"\n{UNCOUNTED}"
    );
    loosens(&without(&optional).is_verified(), "[gpu] switches", "they answer no request");
}

#[test]
fn drivers_and_vbios_are_accepted_by_version() {
    let (id, refused) = (CheckId::GpuVersions, Reason::GpuVersionRefused);
    let accepted = "[gpu]\ndrivers = [\"545.00\", \"570.172.08\"]\nvbios = [\"96.00.cf.00.02\"]\n";
    let report = case(accepted, |_| {}).is_verified();
    assert!(find(&report, id).outcome == Outcome::Pass && find(&report, id).required);
    for other in ["drivers = [\"580.95.05\"]", "vbios = [\"96.00.D9.00.0F\"]"] {
        case(&format!("[gpu]\n{other}\n"), |_| {}).is_refused(id, refused, VerdictOutcome::Refused);
    }
    // A report that names none is not accepted, and no report leaves it open.
    let mute = |devices: &mut Vec<DeviceSpec>| {
        devices[..2].iter_mut().for_each(|it| it.report.opaque.retain(|entry| entry.0 != 3));
    };
    case("[gpu]\ndrivers = [\"570.172.08\"]\n", mute).is_refused(id, refused, VerdictOutcome::Refused);
    Case::new(&machine()).policy(accepted).is_open(id, Reason::GpuNotGiven, VerdictOutcome::Incomplete);
}

#[test]
fn a_measurement_may_differ_by_its_index_and_until_its_day() {
    let differs = |devices: &mut Vec<DeviceSpec>| devices[0].report.blocks[9] = [0xee; 48];
    let (id, reason) = (CheckId::GpuMeasurements, Reason::GpuMeasurementMismatch);
    let allowed = "[[gpu.allow_mismatch]]\nindex = 9\nreason = \"seen on genuine machines\"\n";
    case("", differs).is_refused(id, reason, VerdictOutcome::Refused);
    let report = case(allowed, differs).is_verified();
    assert!(find(&report, id).detail.contains("seen on genuine machines"), "{}", find(&report, id).detail);
    loosens(&report, "[[gpu.allow_mismatch]] 9", "seen on genuine machines");
    let expired = format!("{allowed}expires = \"2020-01-01T00:00:00Z\"\n");
    case(&expired, differs).is_refused(id, reason, VerdictOutcome::Refused);
    case(&allowed.replace('9', "10"), differs).is_refused(id, reason, VerdictOutcome::Refused);
    // It lets one measurement differ, not the next one.
    let both = |devices: &mut Vec<DeviceSpec>| {
        differs(devices);
        devices[1].report.blocks[10] = [0xee; 48];
    };
    case(allowed, both).is_refused(id, reason, VerdictOutcome::Refused);
}

#[test]
fn a_hold_is_let_pass_and_a_revocation_is_not() {
    let allowed = "[gpu]\nallow_hold = true\nreason = \"NVIDIA was asked on Monday\"\n";
    let of = |policy: &str, reason| with_status(policy, |_| {}, ResponseStatus::Revoked(reason));
    let (id, refused) = (CheckId::GpuRevocation, VerdictOutcome::Refused);
    of("", 6).is_refused(id, Reason::GpuOnHold, refused);
    of("", 1).is_refused(id, Reason::GpuRevoked, refused);
    of(allowed, 1).is_refused(id, Reason::GpuRevoked, refused);
    let report = of(allowed, 6).is_verified();
    assert!(find(&report, id).detail.contains("NVIDIA was asked on Monday"));
    loosens(&report, "[gpu] allow_hold", "NVIDIA was asked on Monday");
}
