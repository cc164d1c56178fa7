//! Step 6: the operating system, rung by rung (`veritee_measure::assess`), and what the rungs and the policy's pinned
//! registers add up to. RTMR0 alone proves little: only a known MRTD says that the firmware measured honestly.

use crate::memory::{Asked, Memories, System};
use crate::run::Run;
use std::sync::Arc;
use veritee_eventlog::{AppIdentity, ReplayedLog};
use veritee_measure::assess::{Assessment, ImagePolicy, Inputs, QuotedRegisters, assess};
use veritee_measure::rtmr0::Effort;
use veritee_measure::{Limits, VmConfig};
use veritee_model::{Check, CheckId, Reason, RtmrIndex, Sha384Digest};
use veritee_policy::Policy;
use veritee_policy::os::{OsRegisters, Proven};
use veritee_quote::VerifiedQuote;

pub(crate) fn check(
    run: &mut Run<'_>,
    verified: Option<&VerifiedQuote>,
    log: Option<&ReplayedLog>,
    identity: Option<&AppIdentity>,
) {
    let Some(td) = verified.and_then(VerifiedQuote::td) else { return };
    let [rtmr0, rtmr1, rtmr2, _] = td.rtmrs;
    let request = run.request;
    let policy = &request.policy.os;
    let vm_config = request.evidence.vm_config.as_ref().map(|item| item.bytes.as_slice());
    let rtmr0_log: Option<Vec<Sha384Digest>> = log
        .map(|log| log.log().of_register(RtmrIndex::Rtmr0).map(|event| *event.effective_digest()).collect());
    let inputs = Inputs {
        vm_config,
        quoted: QuotedRegisters { mrtd: td.mrtd, rtmr0, rtmr1, rtmr2 },
        rtmr0_log: rtmr0_log.as_deref(),
        image_hash_event: identity.and_then(AppIdentity::os_image_hash_claimed).copied(),
        image: request.image,
        policy: ImagePolicy {
            known: &policy.image_hash,
            development: &policy.development_image_hash,
            allow_development: policy.allow_development,
        },
        effort: Effort::Diagnose,
    };
    let system = match request.image {
        Some(_) => Arc::new(assessed(&inputs)),
        None => remembered(request.grounds.memory(), &inputs),
    };
    run.os.devices = system.devices;
    run.os.image_name.clone_from(&system.image_name);
    run.os.development = system.development;
    run.record_all(system.checks.clone());
    run.remark(system.notices.clone());
    let quoted = OsRegisters { mrtd: td.mrtd, rtmr0, rtmr1, rtmr2 };
    run.record(veritee_policy::os::judge(request.policy, &quoted, &system.proven));
}

/// What was said when the very same was asked; asked now where it was not. An image is asked anew: its files are read
/// when they are needed.
fn remembered(memory: &Memories, inputs: &Inputs<'_>) -> Arc<System> {
    let quoted = &inputs.quoted;
    let registers = [quoted.rtmr0, quoted.rtmr1, quoted.rtmr2].map(|register| *register.as_bytes());
    let place = memory.systems.fingerprint(&[
        inputs.vm_config.unwrap_or_default(),
        quoted.mrtd.as_bytes(),
        registers.as_flattened(),
    ]);
    let same = |known: &System| {
        let Asked { vm_config, quoted, rtmr0_log, image_hash_event, known, development, allow_development } =
            &known.asked;
        vm_config.as_deref() == inputs.vm_config
            && *quoted == inputs.quoted
            && rtmr0_log.as_deref() == inputs.rtmr0_log
            && *image_hash_event == inputs.image_hash_event
            && known == inputs.policy.known
            && development == inputs.policy.development
            && *allow_development == inputs.policy.allow_development
    };
    memory.systems.get(place, same).unwrap_or_else(|| {
        let system = Arc::new(assessed(inputs));
        memory.systems.put(place, Arc::clone(&system), system.cost());
        system
    })
}

/// What [`assess`] says, and what the audit asks for: the image's claimed name, and whether it is a development image
/// where that was measured.
fn assessed(inputs: &Inputs<'_>) -> System {
    let assessment = assess(inputs);
    let proven = proven(&assessment);
    let config = inputs.vm_config.and_then(|bytes| VmConfig::parse(bytes, &Limits::STANDARD).ok());
    let shape = assessment.hardware().map(|proven| proven.shape().hardware);
    let development =
        assessment.image().filter(|_| proven.mrtd.is_some()).map(|image| image.metadata().is_dev);
    System {
        asked: Asked {
            vm_config: inputs.vm_config.map(<[u8]>::to_vec),
            quoted: inputs.quoted,
            rtmr0_log: inputs.rtmr0_log.map(<[Sha384Digest]>::to_vec),
            image_hash_event: inputs.image_hash_event,
            known: inputs.policy.known.to_vec(),
            development: inputs.policy.development.to_vec(),
            allow_development: inputs.policy.allow_development,
        },
        devices: shape.map(|hardware| (hardware.gpus(), hardware.nvswitches())),
        image_name: config.and_then(|config| config.image),
        development,
        proven,
        checks: assessment.checks,
        notices: assessment.notices,
    }
}

/// What the policy pins, of a quote alone: nothing else of the operating system is asked there.
pub(crate) fn pinned(run: &mut Run<'_>, verified: Option<&VerifiedQuote>) {
    if let Some(check) = verified.and_then(|verified| pins(run.request.policy, verified)) {
        run.record(check);
    }
}

/// The quoted registers against those that the policy pins; `None` where it pins none.
pub(crate) fn pins(policy: &Policy, verified: &VerifiedQuote) -> Option<Check> {
    if policy.os.machine.is_empty() {
        return None;
    }
    let Some(td) = verified.td() else {
        let detail = "the policy pins registers of a TD, which the quote of an SGX enclave does not have";
        return Some(Check::fail(CheckId::OsMeasured, Reason::PolicyClaimAbsent, detail));
    };
    let [rtmr0, rtmr1, rtmr2, _] = td.rtmrs;
    let quoted = OsRegisters { mrtd: td.mrtd, rtmr0, rtmr1, rtmr2 };
    Some(veritee_policy::os::judge(policy, &quoted, &Proven::default()))
}

fn proven(assessment: &Assessment) -> Proven {
    let proven = assessment.proven();
    Proven {
        mrtd: proven.mrtd.clone(),
        rtmr0: proven.rtmr0.clone(),
        rtmr1: proven.rtmr1.clone(),
        rtmr2: proven.rtmr2.clone(),
    }
}
