//! GPUs: whose reports these are, what NVIDIA says of their firmware, whether they are as many as the machine was
//! measured with, and what ties them to the quote. Never: that they are in the quoted machine.

mod judge;
mod revocation;

pub use judge::{GpuJudged, judge_devices};

use crate::run::Run;
use veritee_eventlog::AppIdentity;
use veritee_gpu::boot_gate::BootGate;
use veritee_gpu::container::{self, Collected};
use veritee_gpu::{Memory, Roots};
use veritee_model::{Budget, Check, CheckId, Reason, ReportData, UnixTime};
use veritee_policy::Gpu as GpuPolicy;
use veritee_quote::VerifiedQuote;

/// The checks about devices, in the order of a report. The boot gate's stands apart: it needs no report.
const OF_DEVICES: [CheckId; 9] = [
    CheckId::GpuGenuine,
    CheckId::GpuFirmwareIdentity,
    CheckId::GpuRevocation,
    CheckId::GpuMeasurements,
    CheckId::GpuVersions,
    CheckId::GpuSet,
    CheckId::GpuCount,
    CheckId::GpuSwitches,
    CheckId::GpuNonce,
];

/// What the verdict about GPUs depends on.
#[derive(Clone, Copy)]
pub struct GpuRequest<'a> {
    /// The container, in any form. Untrusted.
    pub container: Option<&'a [u8]>,
    /// Manifests, OCSP answers, revocation lists. Untrusted.
    pub collateral: &'a [&'a [u8]],
    /// GPUs and switches of the machine whose RTMR0 was recomputed.
    pub measured: Option<(u32, u32)>,
    /// REPORTDATA of a verified quote.
    pub report_data: Option<&'a ReportData>,
    /// The nonce that the caller expects.
    pub expected_nonce: Option<&'a [u8; 32]>,
    /// NVIDIA's roots, or those of a test.
    pub roots: &'a Roots,
    /// The rules.
    pub policy: &'a GpuPolicy,
    /// The time of the verdict.
    pub as_of: UnixTime,
    /// Limits on hostile input.
    pub budget: &'a Budget,
}

pub(crate) fn check(run: &mut Run<'_>, verified: Option<&VerifiedQuote>, identity: Option<&AppIdentity>) {
    let request = run.request;
    let evidence = request.evidence;
    let collateral: Vec<&[u8]> = evidence.gpu_collateral.iter().map(|item| item.bytes.as_slice()).collect();
    let nvidia = Roots::nvidia();
    let gpu = GpuRequest {
        container: evidence.gpus.as_ref().map(|item| item.bytes.as_slice()),
        collateral: &collateral,
        measured: run.os.devices,
        report_data: verified.and_then(VerifiedQuote::td).map(|td| &td.report_data),
        expected_nonce: request.gpu.nonce,
        roots: request.gpu.roots.unwrap_or(&nvidia),
        policy: &request.policy.gpu,
        as_of: request.as_of,
        budget: request.budget,
    };
    let fresh = Memory::new();
    let checks = checks(&gpu, identity, request.gpu.memory.unwrap_or(&fresh));
    if speaks_of_devices(&gpu, &checks) {
        run.notice(Reason::GpuNotShown, veritee_gpu::NOT_SHOWN, None);
    }
    run.record_all(checks);
}

/// Whether the fixed sentence belongs beside these checks: there are reports, or the machine has GPUs.
fn speaks_of_devices(request: &GpuRequest<'_>, checks: &[Check]) -> bool {
    let gate = checks
        .iter()
        .any(|check| check.id == CheckId::GpuBootGate && check.reason != Some(Reason::GpuBootGateAbsent));
    request.container.is_some() || request.measured.is_some_and(|(gpus, _)| gpus > 0) || gate
}

/// Every check about GPUs.
#[must_use]
pub fn checks(request: &GpuRequest<'_>, identity: Option<&AppIdentity>, memory: &Memory) -> Vec<Check> {
    let mut checks = devices(request, memory);
    checks.push(boot_gate(identity));
    checks
}

fn devices(request: &GpuRequest<'_>, memory: &Memory) -> Vec<Check> {
    let id = CheckId::GpuEvidence;
    let Some(bytes) = request.container else { return absent(request) };
    match container::read(bytes, request.budget) {
        Err(error) => with_nothing_else(judge::explained(id, &error.explain()), Reason::GpuEvidenceMalformed),
        Ok(Collected::Answer(answer)) => with_nothing_else(
            Check::not_checked(
                id,
                Reason::GpuServiceAnswer,
                format!("{}; it is not counted, and it has no report to check", answer.name()),
            )
            .next("give the reports and certificate chains of the devices"),
            Reason::GpuServiceAnswer,
        ),
        Ok(Collected::Devices { devices, .. }) if devices.is_empty() => absent(request),
        Ok(Collected::Devices { form, devices }) => {
            let judged = judge_devices(request, form, &devices, memory);
            let found = Check::pass(id, judged.found.clone());
            [vec![found], judged.checks].concat()
        }
    }
}

/// No report at all: worth a word of its own when the machine was measured with GPUs.
fn absent(request: &GpuRequest<'_>) -> Vec<Check> {
    let id = CheckId::GpuEvidence;
    let given = if request.container.is_some() { "the list of devices is empty" } else { "none was given" };
    let found = match request.measured {
        Some((0, _)) => Check::pass(id, "the measured machine has no GPU, and there is no evidence of any"),
        Some((gpus, _)) => Check::not_checked(
            id,
            Reason::GpuEvidenceAbsent,
            format!("the measured machine has {gpus} GPUs, and there is no evidence of them: {given}"),
        )
        .next("ask for the GPUs' evidence over your nonce and give it with the quote"),
        None => Check::not_checked(id, Reason::GpuNotGiven, format!("there is no evidence of GPUs: {given}")),
    };
    with_nothing_else(found, Reason::GpuNotGiven)
}

fn with_nothing_else(first: Check, reason: Reason) -> Vec<Check> {
    let others =
        OF_DEVICES.iter().map(|id| Check::not_checked(*id, reason, "there is no report of a GPU to check"));
    core::iter::once(first).chain(others).collect()
}

fn boot_gate(identity: Option<&AppIdentity>) -> Check {
    let id = CheckId::GpuBootGate;
    let Some(identity) = identity else {
        return Check::not_checked(
            id,
            Reason::GpuBootGateAbsent,
            "no replayed event log says whether the guest examined its GPUs",
        );
    };
    let policy = identity
        .gpu_policy_hash()
        .map_or_else(String::new, |hash| format!("; measured hash of its GPU policy: {hash}"));
    match identity.gpu_attestation().map(BootGate::read) {
        None => Check::not_checked(
            id,
            Reason::GpuBootGateAbsent,
            format!("no measured event says that the guest examined its GPUs before it started{policy}"),
        ),
        Some(Ok(gate)) => Check::pass(
            id,
            format!(
                "the measured guest code says that it saw {} GPUs pass its own check before it started (event of \
                 version {}, SHA-256 of what its tool said: {}){policy}",
                gate.devices(),
                gate.version(),
                gate.evidence_sha256()
            ),
        ),
        Some(Err(error)) => judge::explained(id, &error.explain()),
    }
}
