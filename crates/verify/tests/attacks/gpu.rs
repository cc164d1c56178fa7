//! GPUs: every attack with its check, its reason and what it does to the verdict.

use crate::support::{Case, NONCE, attacks, find, machine, note};
use std::collections::BTreeSet;
use veritee_gpu::{Memory, Roots};
use veritee_model::{
    Budget, Check, CheckId, Class, Item, Outcome, Reason, ReportData, UnixTime, VerdictOutcome,
};
use veritee_policy::{Gpu, Policy};
use veritee_testkit::certificate::{Algorithm, Name, oids};
use veritee_testkit::dstack::event::Event;
use veritee_testkit::gpu::{
    self, AnswerSpec, DeviceSpec, GpuKind, ListSpec, ManifestSpec, ResourceSpec, ResponseStatus, payload,
};
use veritee_verify::gpu::{GpuRequest, checks};

pub(crate) const SEED: u64 = 16;

pub(crate) fn roots() -> Roots {
    Roots::from_der(&gpu::device_root(SEED).sign(SEED), &gpu::manifest_root(SEED).sign(SEED)).unwrap()
}

pub(crate) fn as_of() -> UnixTime {
    UnixTime::parse("2026-03-15T00:00:00Z").unwrap()
}

/// What is given, and what it is held against.
pub(crate) struct World {
    pub(crate) devices: Vec<DeviceSpec>,
    pub(crate) container: Option<Vec<u8>>,
    pub(crate) collateral: Vec<Vec<u8>>,
    pub(crate) measured: Option<(u32, u32)>,
    pub(crate) report_data: Option<ReportData>,
    pub(crate) nonce: Option<[u8; 32]>,
    pub(crate) policy: String,
}

/// A whole machine of two GPUs and two switches, with manifests and answers, bound to the quote.
pub(crate) fn world() -> World {
    let devices = gpu::machine(SEED, NONCE, 2, 2);
    let mut collateral = vec![
        ManifestSpec::driver(SEED).forge(),
        ManifestSpec::vbios(SEED).forge(),
        ManifestSpec::switch(SEED).forge(),
    ];
    for device in &devices {
        collateral.extend(answers(device, ResponseStatus::Good));
    }
    let mut data = [7; 64];
    data[32..].copy_from_slice(&NONCE);
    World {
        devices,
        container: None,
        collateral,
        measured: Some((2, 2)),
        report_data: Some(ReportData::new(data)),
        nonce: None,
        policy: String::new(),
    }
}

pub(crate) fn answers(device: &DeviceSpec, status: ResponseStatus) -> Vec<Vec<u8>> {
    let answer = |certificate| {
        let mut answer = AnswerSpec::good(SEED, certificate, as_of());
        answer.status = status;
        answer.forge()
    };
    device.chain[1..4].iter().map(answer).collect()
}

impl World {
    pub(crate) fn change(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn policy(&self) -> Gpu {
        let text = format!("schema = \"veritee/policy/v1\"\nname = \"test\"\n{}", self.policy);
        Policy::parse(&text).unwrap().gpu
    }

    fn judge(&self) -> Vec<Check> {
        self.judge_with(&Memory::new())
    }

    pub(crate) fn judge_with(&self, memory: &Memory) -> Vec<Check> {
        let (roots, policy, budget) = (roots(), self.policy(), Budget::STANDARD);
        let container = self.container.clone().unwrap_or_else(|| payload(&self.devices));
        let collateral: Vec<&[u8]> = self.collateral.iter().map(Vec::as_slice).collect();
        let request = GpuRequest {
            container: (!container.is_empty()).then_some(container.as_slice()),
            collateral: &collateral,
            measured: self.measured,
            report_data: self.report_data.as_ref(),
            expected_nonce: self.nonce.as_ref(),
            roots: &roots,
            policy: &policy,
            as_of: as_of(),
            budget: &budget,
        };
        let checks = checks(&request, None, memory);
        let ids: BTreeSet<&str> = checks.iter().map(|check| check.id.id()).collect();
        let all: BTreeSet<&str> =
            CheckId::ALL.iter().map(|id| id.id()).filter(|id| id.starts_with("gpu.")).collect();
        assert_eq!((ids, checks.len()), (all, 11), "every check once");
        note(&checks);
        checks
    }

    #[track_caller]
    fn gives(&self, id: CheckId, outcome: Outcome, reason: Reason) -> Check {
        let checks = self.judge();
        let check = checks.iter().find(|check| check.id == id).unwrap();
        assert_eq!((check.outcome, check.reason), (outcome, Some(reason)), "{check:#?}");
        check.clone()
    }

    /// A forgery or contradiction: exit code 10.
    #[track_caller]
    fn is_forged(&self, id: CheckId, reason: Reason) -> Check {
        assert_eq!(reason.class(), Class::NotGenuine);
        self.gives(id, Outcome::Fail, reason)
    }

    /// Genuine and refused: exit code 11.
    #[track_caller]
    fn is_refused(&self, id: CheckId, reason: Reason) -> Check {
        assert_eq!(reason.class(), Class::Refused);
        self.gives(id, Outcome::Fail, reason)
    }

    /// Open: exit code 13 where it is required.
    #[track_caller]
    fn is_open(&self, id: CheckId, reason: Reason) -> Check {
        assert_eq!(reason.class(), Class::Undecided);
        self.gives(id, Outcome::NotChecked, reason)
    }
}

pub(crate) fn with(edit: impl FnOnce(&mut World)) -> World {
    world().change(edit)
}

pub(crate) fn device(at: usize, edit: impl FnOnce(&mut DeviceSpec)) -> World {
    with(|world| edit(&mut world.devices[at]))
}

attacks! {
    fn a_whole_machine_passes_every_check_that_it_can() {
        let checks = world().judge();
        let open: Vec<&str> =
            checks.iter().filter(|check| check.outcome != Outcome::Pass).map(|check| check.id.id()).collect();
        assert_eq!(open, ["gpu.versions", "gpu.boot-gate"], "{checks:#?}");
    }

    fn a_signature_that_does_not_verify() {
        device(0, |it| it.report.edit_signed = Some(|report| report[110] ^= 1))
            .is_forged(CheckId::GpuGenuine, Reason::GpuReportSignature);
        device(1, |it| it.signed_by = "stranger".into()).is_forged(CheckId::GpuGenuine, Reason::GpuReportSignature);
    }

    fn a_report_of_another_layout() {
        device(0, |it| it.report.edit_signed = Some(|report| report.truncate(500)))
            .is_forged(CheckId::GpuGenuine, Reason::GpuReportMalformed);
        device(0, |it| it.report.new_layout = Some((3, 0))).is_open(CheckId::GpuGenuine, Reason::GpuLayoutUnknown);
    }

    fn a_forgery_is_named_before_what_is_merely_unknown() {
        let world = with(|world| {
            world.devices[0].report.new_layout = Some((3, 0));
            world.devices[1].signed_by = "stranger".into();
        });
        let check = world.is_forged(CheckId::GpuGenuine, Reason::GpuReportSignature);
        assert_eq!(check.location.as_deref(), Some("device 1"));
    }

    fn chains_that_are_not_nvidia_s() {
        device(0, |it| drop(it.chain.pop())).is_refused(CheckId::GpuGenuine, Reason::GpuChainMalformed);
        device(0, |it| it.chain[4].key = "stranger".into()).is_forged(CheckId::GpuGenuine, Reason::GpuChainUntrusted);
        device(0, |it| it.chain[1].signed_by = "stranger".into())
            .is_forged(CheckId::GpuGenuine, Reason::GpuChainSignature);
        device(0, |it| it.chain[0].subject.set_common_name("GB100 A01 GSP FMC LF"))
            .is_forged(CheckId::GpuGenuine, Reason::GpuChainRole);
        device(0, |it| it.chain[2].subject.set_common_name("NVIDIA GR100 Provisioner ICA 1"))
            .is_forged(CheckId::GpuGenuine, Reason::GpuChainUntrusted);
        device(0, |it| {
            it.chain[2].subject.set_common_name("NVIDIA GR100 Provisioner ICA 1");
            it.chain[1].issuer.set_common_name("NVIDIA GR100 Provisioner ICA 1");
        })
        .is_open(CheckId::GpuGenuine, Reason::GpuFamilyUnknown);
        device(0, |it| it.chain[3].not_after = UnixTime::from_seconds(1_700_000_000))
            .is_refused(CheckId::GpuGenuine, Reason::CertificateExpired);
    }

    fn a_report_key_that_is_bound_to_another_device() {
        let other = gpu::device_chain(SEED, GpuKind::Hopper, "other", [0xf1; 48]);
        device(0, |it| it.chain[0].extension_mut("2.23.133.5.4.1").value = other[0].clone().extension_mut("2.23.133.5.4.1").value.clone())
            .is_forged(CheckId::GpuGenuine, Reason::GpuFwidKeyOther);
    }

    fn the_chain_of_a_switch_for_a_gpu_s_architecture() {
        device(2, |it| it.arch = "HOPPER".into()).is_refused(CheckId::GpuGenuine, Reason::GpuClaimOther);
        device(0, |it| it.arch = "hopper".into()).judge();
    }

    fn what_stands_above_the_devices_of_a_container() {
        let above = |member: &'static str, value: &'static str| {
            with(|world| {
                let mut container: serde_json::Value = serde_json::from_slice(&payload(&world.devices)).unwrap();
                container[member] = value.into();
                world.container = Some(container.to_string().into_bytes());
            })
        };
        for arch in ["BLACKWELL", "LS10", ""] {
            above("arch", arch).is_refused(CheckId::GpuGenuine, Reason::GpuClaimOther);
        }
        above("driver_version", "1.0").is_refused(CheckId::GpuGenuine, Reason::GpuClaimOther);
        above("vbios_version", "1.0").is_refused(CheckId::GpuGenuine, Reason::GpuClaimOther);
        above("nonce", "11").is_refused(CheckId::GpuNonce, Reason::GpuNonceMismatch);
    }

    fn firmware_of_another_identity() {
        device(0, |it| it.opaque_mut(20)[0] ^= 1).is_forged(CheckId::GpuFirmwareIdentity, Reason::GpuFwidMismatch);
        device(1, |it| it.report.opaque.retain(|entry| entry.0 != 20))
            .is_open(CheckId::GpuFirmwareIdentity, Reason::GpuFwidAbsent);
    }

    fn one_gpu_that_stands_for_two() {
        let same = with(|world| world.devices[1] = world.devices[0].clone());
        same.is_refused(CheckId::GpuSet, Reason::GpuDeviceRepeated);
        same.change(|world| world.devices[1].report.responder_nonce = [1; 32])
            .is_refused(CheckId::GpuSet, Reason::GpuDeviceRepeated);
    }

    fn devices_of_two_requests_drivers_or_modes() {
        device(1, |it| it.report.nonce = [1; 32]).is_refused(CheckId::GpuSet, Reason::GpuNoncesDiffer);
        device(1, |it| *it.opaque_mut(3) = b"570.172.09\0".to_vec())
            .is_refused(CheckId::GpuSet, Reason::GpuDriversDiffer);
        device(1, |it| it.opaque_mut(36)[0] = 1).is_refused(CheckId::GpuSet, Reason::GpuModesDiffer);
    }

    fn the_gpus_of_another_machine_over_the_same_nonce() {
        // A gateway without a GPU joins its own quote with what it fetched elsewhere.
        let gateway = with(|world| world.measured = Some((0, 0)));
        let check = gateway.is_refused(CheckId::GpuCount, Reason::GpuOtherMachine);
        assert!(check.detail.contains("another machine"), "{}", check.detail);
        assert!(!Reason::GpuOtherMachine.is_waivable());
        // The nonce is bound all the same: equal nonces prove one request, not one machine.
        let checks = gateway.judge();
        assert_eq!(checks.iter().find(|check| check.id.id() == "gpu.nonce").unwrap().outcome, Outcome::Pass);
    }

    fn another_number_of_gpus_than_measured() {
        with(|world| world.measured = Some((8, 4))).is_refused(CheckId::GpuCount, Reason::GpuCountOther);
        with(|world| world.measured = Some((2, 1))).is_refused(CheckId::GpuCount, Reason::GpuCountOther);
        with(|world| drop(world.devices.remove(1))).is_refused(CheckId::GpuCount, Reason::GpuCountOther);
        with(|world| world.measured = None).is_open(CheckId::GpuCount, Reason::GpuCountNotMeasured);
    }

    fn switches_that_say_something_else_or_nothing() {
        device(2, |it| it.opaque_mut(26)[0] ^= 1).is_refused(CheckId::GpuSwitches, Reason::GpuTopology);
        with(|world| world.devices.truncate(2)).is_open(CheckId::GpuSwitches, Reason::GpuSwitchesNotAttested);
        with(|world| drop(world.devices.pop())).is_open(CheckId::GpuSwitches, Reason::GpuSwitchesNotAttested);
        // Switches in evidence of their own: nothing contradicts them.
        with(|world| {
            drop(world.devices.drain(..2));
            world.measured = None;
        })
        .is_open(CheckId::GpuSwitches, Reason::GpuNotGiven);
        // Measured with switches that no GPU names.
        let mute = with(|world| {
            world.devices.truncate(2);
            world.devices.iter_mut().for_each(|it| it.report.opaque.retain(|entry| entry.0 != 22));
        });
        mute.is_open(CheckId::GpuSwitches, Reason::GpuSwitchesNotAttested);
    }

    fn reports_over_another_nonce() {
        with(|world| world.nonce = Some([1; 32])).is_refused(CheckId::GpuNonce, Reason::GpuNonceMismatch);
        let relabelled = with(|world| {
            let text = String::from_utf8(payload(&world.devices)).unwrap();
            world.container = Some(text.replace(&hex::encode(NONCE), &"11".repeat(32)).into_bytes());
        });
        relabelled.is_refused(CheckId::GpuNonce, Reason::GpuNonceMismatch);
        with(|world| world.report_data = None).is_open(CheckId::GpuNonce, Reason::GpuNonceNotBound);
        with(|world| world.report_data = Some(ReportData::new([7; 64])))
            .is_open(CheckId::GpuNonce, Reason::GpuNonceNotBound);
    }

    fn a_recording_over_nvidia_s_test_nonce_is_never_fresh() {
        let nonce = veritee_model::bytes::decode_hex("931d8dd0add203ac3d8b4fbde75e115278eefcdceac5b87671a748f32364dfcb").unwrap();
        let world = with(|world| {
            world.devices = gpu::machine(SEED, nonce, 2, 2);
            world.nonce = Some(nonce);
        });
        world.is_open(CheckId::GpuNonce, Reason::GpuTestNonce);
    }

    fn machines_of_one_run_share_what_was_verified() {
        let (world, memory) = (world(), Memory::new());
        let first = world.judge_with(&memory);
        let computed = memory.signatures();
        assert!(computed > 20);
        // The same machine again, and one that shares its CAs and manifests: two certificates of its own.
        assert_eq!(world.judge_with(&memory), first);
        assert_eq!(memory.signatures(), computed);
        let other = with(|world| {
            world.devices[1] = DeviceSpec::gpu(SEED, GpuKind::Hopper, "gpu 9", NONCE, &[]);
            world.collateral.truncate(3);
        });
        other.judge_with(&memory);
        assert_eq!(memory.signatures(), computed + 2);
    }

    fn a_nonce_in_the_first_half_is_another_form_than_in_the_second() {
        let mut data = [7; 64];
        data[..32].copy_from_slice(&NONCE);
        let checks = with(|world| world.report_data = Some(ReportData::new(data))).judge();
        let check = checks.iter().find(|check| check.id.id() == "gpu.nonce").unwrap();
        assert!(check.detail.contains("report-data-first-half"), "{}", check.detail);
        let given = with(|world| (world.report_data, world.nonce) = (None, Some(NONCE))).judge();
        let check = given.iter().find(|check| check.id.id() == "gpu.nonce").unwrap();
        assert!(check.detail.contains("given-nonce") && check.detail.contains("nothing ties it"), "{}", check.detail);
    }

    fn manifests_that_are_missing_forged_or_out_of_date() {
        let check = with(|world| world.collateral.clear()).is_open(CheckId::GpuMeasurements, Reason::GpuRimMissing);
        let next = check.explain.unwrap();
        for id in ["NV_GPU_DRIVER_GH100_570.172.08", "NV_GPU_VBIOS_G520_0280_895_9600CF0002", "NV_SWITCH_BIOS_5612_0002_890_9610550001"] {
            assert!(next.contains(id), "{next}");
        }
        let manifest = |edit: fn(&mut ManifestSpec)| {
            with(|world| {
                let mut driver = ManifestSpec::driver(SEED);
                edit(&mut driver);
                world.collateral[0] = driver.forge();
            })
        };
        manifest(|it| it.edit_signed = Some(|text| *text = text.replacen("True", "False", 1)))
            .is_refused(CheckId::GpuMeasurements, Reason::GpuRimSignature);
        manifest(|it| it.uri = "#x".into()).is_refused(CheckId::GpuMeasurements, Reason::GpuRimMalformed);
        manifest(|it| it.chain[3] = gpu::device_root(SEED))
            .is_refused(CheckId::GpuMeasurements, Reason::GpuRimUntrusted);
        manifest(|it| it.chain[0].not_after = UnixTime::from_seconds(1_700_000_000))
            .is_open(CheckId::GpuMeasurements, Reason::GpuRimExpired);
        manifest(|it| it.chain[0].not_before = UnixTime::from_seconds(1_900_000_000))
            .is_open(CheckId::GpuMeasurements, Reason::GpuRimNotYetValid);
        manifest(|it| it.resources[3].active = "True".into())
            .is_refused(CheckId::GpuMeasurements, Reason::GpuRimConflict);
        manifest(|it| it.resources.push(ResourceSpec::floor(37, 5)))
            .is_refused(CheckId::GpuMeasurements, Reason::GpuSvnTooLow);
    }

    fn a_measurement_that_is_none_of_nvidia_s() {
        let differs = device(0, |it| it.report.blocks[9] = [0xee; 48]);
        let check = differs.is_refused(CheckId::GpuMeasurements, Reason::GpuMeasurementMismatch);
        assert!(check.detail.contains("measurement 9 (Measurement_9)"), "{}", check.detail);
        let allowed = "[[gpu.allow_mismatch]]\nindex = 9\nreason = \"seen on genuine machines, NVIDIA was asked\"\n";
        let checks = differs.change(|world| world.policy = allowed.into()).judge();
        let check = checks.iter().find(|check| check.id.id() == "gpu.measurements").unwrap();
        assert!(check.outcome == Outcome::Pass && check.detail.contains("NVIDIA was asked"), "{check:#?}");
        // Another index, or an entry that has expired, lets nothing pass.
        for entry in [allowed.replace('9', "8"), format!("{allowed}expires = \"2026-03-15T00:00:00Z\"\n")] {
            device(0, |it| it.report.blocks[9] = [0xee; 48])
                .change(|world| world.policy = entry)
                .is_refused(CheckId::GpuMeasurements, Reason::GpuMeasurementMismatch);
        }
    }

    fn what_the_policy_accepts() {
        let versions = |text: &str| with(|world| world.policy = format!("[gpu]\n{text}\n"));
        versions("drivers = [\"570.172.08\"]\nvbios = [\"96.00.cf.00.02\"]").judge();
        versions("drivers = [\"580.95.05\"]").is_refused(CheckId::GpuVersions, Reason::GpuVersionRefused);
        versions("vbios = [\"96.00.D9.00.0F\"]").is_refused(CheckId::GpuVersions, Reason::GpuVersionRefused);
        world().is_open(CheckId::GpuVersions, Reason::NotAsked);
    }

    fn revocation_that_is_said_forged_or_not_said() {
        let answered = |status| {
            with(|world| {
                world.collateral.truncate(3);
                for device in &world.devices {
                    world.collateral.extend(answers(device, status));
                }
            })
        };
        answered(ResponseStatus::Revoked(1)).is_refused(CheckId::GpuRevocation, Reason::GpuRevoked);
        answered(ResponseStatus::Revoked(6)).is_refused(CheckId::GpuRevocation, Reason::GpuOnHold);
        let allowed = "[gpu]\nallow_hold = true\nreason = \"NVIDIA was asked on Monday\"\n";
        let checks = answered(ResponseStatus::Revoked(6)).change(|world| world.policy = allowed.into()).judge();
        let check = checks.iter().find(|check| check.id == CheckId::GpuRevocation).unwrap();
        assert!(check.outcome == Outcome::Pass && check.detail.contains("NVIDIA was asked"), "{check:#?}");
        answered(ResponseStatus::Revoked(1))
            .change(|world| world.policy = allowed.into())
            .is_refused(CheckId::GpuRevocation, Reason::GpuRevoked);
        // A hold of one certificate answers for no other.
        with(|world| {
            world.policy = allowed.into();
            world.collateral.truncate(3);
            let mut hold = AnswerSpec::good(SEED, &world.devices[0].chain[1], as_of());
            hold.status = ResponseStatus::Revoked(6);
            world.collateral.push(hold.forge());
        })
        .is_open(CheckId::GpuRevocation, Reason::GpuRevocationNotChecked);
        answered(ResponseStatus::Unknown).is_open(CheckId::GpuRevocation, Reason::GpuRevocationNotChecked);
        with(|world| world.collateral.truncate(3)).is_open(CheckId::GpuRevocation, Reason::GpuRevocationNotChecked);
        with(|world| {
            let mut answer = AnswerSpec::good(SEED, &world.devices[0].chain[1], as_of());
            answer.signed_by = "stranger".into();
            world.collateral.push(answer.forge());
        })
        .is_refused(CheckId::GpuRevocation, Reason::GpuRevocationSignature);
        assert!(Reason::GpuOnHold.is_waivable() && !Reason::GpuRevoked.is_waivable());
    }

    fn the_gravest_statement_about_any_device_decides() {
        let hold = |world: &mut World, at: usize, certificate: usize, status| {
            let mut answer = AnswerSpec::good(SEED, &world.devices[at].chain[certificate], as_of());
            answer.status = status;
            world.collateral.push(answer.forge());
        };
        // A hold of the first device hides neither the revocation of the second ...
        let both = with(|world| {
            hold(world, 0, 1, ResponseStatus::Revoked(6));
            hold(world, 1, 1, ResponseStatus::Revoked(1));
        });
        both.is_refused(CheckId::GpuRevocation, Reason::GpuRevoked);
        let allowed = "[gpu]\nallow_hold = true\nreason = \"NVIDIA was asked on Monday\"\n";
        both.change(|world| world.policy = allowed.into()).is_refused(CheckId::GpuRevocation, Reason::GpuRevoked);
        // ... nor that of a certificate above it, nor a forgery.
        with(|world| {
            hold(world, 0, 1, ResponseStatus::Revoked(6));
            hold(world, 0, 3, ResponseStatus::Revoked(1));
        })
        .is_refused(CheckId::GpuRevocation, Reason::GpuRevoked);
        with(|world| {
            hold(world, 0, 1, ResponseStatus::Revoked(1));
            let mut forged = AnswerSpec::good(SEED, &world.devices[1].chain[1], as_of());
            forged.signed_by = "stranger".into();
            world.collateral.push(forged.forge());
        })
        .is_refused(CheckId::GpuRevocation, Reason::GpuRevocationSignature);
    }

    fn statements_that_nobody_here_can_verify_or_that_are_not_for_this_issuer_are_no_forgeries() {
        let alone = |edit: &dyn Fn(&mut AnswerSpec)| {
            with(|world| {
                world.collateral.truncate(3);
                let mut answer = AnswerSpec::good(SEED, &world.devices[0].chain[1], as_of());
                edit(&mut answer);
                world.collateral.push(answer.forge());
            })
        };
        let says = |world: World, words: &str| {
            let check = world.is_open(CheckId::GpuRevocation, Reason::GpuRevocationNotChecked);
            assert!(check.detail.contains(words), "{}", check.detail);
        };
        says(alone(&|answer| answer.responder.as_mut().unwrap().spki = Some(gpu::rsa_spki())), "does not verify");
        says(alone(&|answer| answer.algorithm = Algorithm::rsa_sha256()), "does not verify");
        says(alone(&|answer| answer.responder.as_mut().unwrap().algorithm = Algorithm::ecdsa_sha256()), "does not verify");
        says(alone(&|answer| answer.responder.as_mut().unwrap().issuer = Name::common("another")), "of another issuer");
        says(alone(&|answer| answer.responder.as_mut().unwrap().not_before = as_of()), "not in force when it answered");
        says(
            alone(&|answer| {
                answer.responder.as_mut().unwrap().extensions.retain(|it| it.oid != oids::EXTENDED_KEY_USAGE);
            }),
            "is not for OCSP",
        );
        alone(&|answer| answer.responder.as_mut().unwrap().signed_by = "stranger".into())
            .is_refused(CheckId::GpuRevocation, Reason::GpuRevocationSignature);
        // The list of another family's CA, and one that another key of the same name signed.
        let list = |edit: &dyn Fn(&mut ListSpec)| {
            with(|world| {
                world.collateral.truncate(3);
                let mut list = ListSpec::empty(SEED, &world.devices[0].chain[3], as_of());
                edit(&mut list);
                world.collateral.push(list.forge());
            })
        };
        let other = gpu::device_chain(SEED, GpuKind::Blackwell, "x", [0; 48]);
        let open = |world: World| drop(world.is_open(CheckId::GpuRevocation, Reason::GpuRevocationNotChecked));
        open(list(&|list| list.issuer = other[3].clone()));
        open(list(&|list| list.issuer.key = "another".into()));
        list(&|list| list.signed_by = "stranger".into())
            .is_refused(CheckId::GpuRevocation, Reason::GpuRevocationSignature);
    }

    fn a_manifest_of_a_revoked_signer_is_not_used() {
        let said = |status| {
            with(|world| {
                let mut answer = AnswerSpec::good(SEED, &gpu::manifest_chain(SEED)[0], as_of());
                answer.status = status;
                world.collateral.push(answer.forge());
            })
        };
        said(ResponseStatus::Revoked(1)).is_refused(CheckId::GpuMeasurements, Reason::GpuRevoked);
        said(ResponseStatus::Revoked(6)).is_refused(CheckId::GpuMeasurements, Reason::GpuOnHold);
        let checks = said(ResponseStatus::Good).judge();
        assert!(checks.iter().any(|check| check.id == CheckId::GpuMeasurements && check.outcome == Outcome::Pass));
    }

    fn a_certificate_of_an_unknown_kind_is_refused_by_name_and_not_forged() {
        device(0, |it| it.chain[2].algorithm = Algorithm::ecdsa_sha256())
            .is_refused(CheckId::GpuGenuine, Reason::GpuAlgorithmUnsupported);
        device(0, |it| it.chain[0].spki = Some(gpu::rsa_spki()))
            .is_refused(CheckId::GpuGenuine, Reason::GpuAlgorithmUnsupported);
        with(|world| {
            let mut driver = ManifestSpec::driver(SEED);
            driver.chain[0].spki = Some(gpu::rsa_spki());
            world.collateral[0] = driver.forge();
        })
        .is_refused(CheckId::GpuMeasurements, Reason::GpuAlgorithmUnsupported);
    }

    fn a_report_that_a_device_signed_and_nobody_can_read_is_unknown() {
        device(0, |it| it.report.edit_unsigned = Some(|report| report[36] = 1))
            .is_open(CheckId::GpuGenuine, Reason::GpuLayoutUnknown);
        device(0, |it| it.report.edit_signed = Some(|report| report[36] = 1))
            .is_forged(CheckId::GpuGenuine, Reason::GpuReportMalformed);
    }

    fn what_is_beside_the_evidence_and_of_no_known_form_is_said() {
        let checks = with(|world| world.collateral.push(b"nonsense".to_vec())).judge();
        assert!(checks[0].detail.contains("1 item beside it of no known form"), "{}", checks[0].detail);
    }

    fn evidence_that_is_absent_empty_or_only_a_service_s_word() {
        let none = |measured| with(|world| (world.container, world.measured) = (Some(Vec::new()), measured));
        none(Some((8, 4))).is_open(CheckId::GpuEvidence, Reason::GpuEvidenceAbsent);
        none(None).is_open(CheckId::GpuEvidence, Reason::GpuNotGiven);
        let checks = none(Some((0, 0))).judge();
        assert_eq!(checks[0].outcome, Outcome::Pass);
        with(|world| world.container = Some(b"{\"evidence_list\":[]}".to_vec()))
            .is_open(CheckId::GpuEvidence, Reason::GpuEvidenceAbsent);
        with(|world| world.container = Some(b"{}".to_vec())).is_open(CheckId::GpuEvidence, Reason::GpuEvidenceMalformed);
        with(|world| world.container = Some(b"eyJhbGciOiJFUzM4NCJ9.e30.AAAA".to_vec()))
            .is_open(CheckId::GpuEvidence, Reason::GpuServiceAnswer);
    }

    fn a_measured_boot_gate_is_what_the_guest_said() {
        let gate = |payload: &'static str| {
            let machine = machine().change(|machine| {
                let at = machine.events.iter().position(|event| event.name == "instance-id").unwrap();
                machine.events.insert(at, Event::runtime("gpu-attestation", payload.as_bytes()));
            });
            Case::new(&machine)
        };
        let good = r#"{"version":2,"provider":"nvidia","devices":8,"cc_mode":"on","devtools":false,"evidence_sha256":"33"}"#;
        let report = gate(good).is_verified();
        let check = find(&report, CheckId::GpuBootGate);
        assert!(check.outcome == Outcome::Pass && check.detail.contains("saw 8 GPUs pass"), "{check:#?}");
        assert!(report.notices.iter().any(|notice| notice.reason == Reason::GpuNotShown));
        let debug = r#"{"version":2,"provider":"nvidia","devices":8,"cc_mode":"on","devtools":true,"evidence_sha256":"33"}"#;
        gate(debug).is_refused(CheckId::GpuBootGate, Reason::GpuDevelopmentMode, VerdictOutcome::Refused);
        gate("{}").is_open(CheckId::GpuBootGate, Reason::GpuBootGateMalformed, VerdictOutcome::Verified);
        Case::new(&machine()).is_open(CheckId::GpuBootGate, Reason::GpuBootGateAbsent, VerdictOutcome::Verified);
    }

    fn evidence_of_gpus_in_a_whole_run() {
        let case = |devices: &[DeviceSpec]| {
            Case::new(&machine()).change(|case| {
                case.evidence.gpus = Some(Item::new(payload(devices), "gpus.json"));
                case.gpu_roots = Some(roots());
            })
        };
        let devices = gpu::machine(SEED, NONCE, 2, 0);
        let report = case(&devices).is_verified();
        assert!(report.notices.iter().any(|notice| notice.reason == Reason::GpuNotShown));
        assert_eq!(find(&report, CheckId::GpuNonce).outcome, Outcome::Pass);
        assert!(report.inputs.iter().any(|input| input.name == "gpus"));
        // Under NVIDIA's own root nothing of this universe is genuine.
        case(&devices)
            .change(|case| case.gpu_roots = None)
            .is_refused(CheckId::GpuGenuine, Reason::GpuChainUntrusted, VerdictOutcome::NotGenuine);
        // What a policy requires and nobody could check leaves the verdict incomplete.
        case(&devices)
            .policy("[gpu]\nrequired = true\n")
            .is_open(CheckId::GpuMeasurements, Reason::GpuRimMissing, VerdictOutcome::Incomplete);
        let mut twice = devices.clone();
        twice[1] = twice[0].clone();
        case(&twice).is_refused(CheckId::GpuSet, Reason::GpuDeviceRepeated, VerdictOutcome::Refused);
    }
}

/// What exit code 10 is for: broken signatures, chains and firmware identities of devices. Whatever an honest operator
/// can bring about is refused (11) or open (13).
#[test]
fn only_broken_signatures_chains_and_firmware_of_devices_are_forgeries() {
    let forged: Vec<&str> = Reason::ALL
        .iter()
        .filter(|reason| reason.code().starts_with("gpu-") && reason.class() == Class::NotGenuine)
        .map(|reason| reason.code())
        .collect();
    assert_eq!(
        forged,
        [
            "gpu-report-malformed",
            "gpu-report-signature",
            "gpu-chain-untrusted",
            "gpu-chain-signature",
            "gpu-chain-role",
            "gpu-fwid-mismatch",
            "gpu-fwid-key-other",
        ]
    );
    // What was not verified, or is not about these devices, no exception lets pass.
    for reason in [
        Reason::GpuAlgorithmUnsupported,
        Reason::GpuChainMalformed,
        Reason::GpuRimMalformed,
        Reason::GpuRevoked,
        Reason::GpuOtherMachine,
    ] {
        assert!(reason.class() == Class::Refused && !reason.is_waivable(), "{}", reason.code());
    }
}

/// Words that would say more than is shown.
const FORBIDDEN: [&str; 12] = [
    "attached",
    "plugged into",
    "belong to this machine",
    "bound to this machine",
    "confidential mode is on",
    "confidential computing is on",
    "confidential computing is enabled",
    "cc mode on",
    "in this machine",
    "of this machine",
    "gpus are protected",
    "secure boot",
];

#[test]
fn no_check_says_that_gpus_are_attached_or_confidential() {
    let worlds = [
        world(),
        with(|world| world.nonce = Some(NONCE)),
        with(|world| world.collateral.clear()),
        with(|world| world.devices.truncate(2)),
        with(|world| world.measured = None),
        with(|world| world.measured = Some((0, 0))),
    ];
    for check in worlds.iter().flat_map(World::judge) {
        let text = format!("{} {:?} {:?}", check.detail, check.explain, check.expected).to_lowercase();
        for word in FORBIDDEN {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
    for id in CheckId::ALL.iter().filter(|id| id.id().starts_with("gpu.")) {
        for word in FORBIDDEN {
            assert!(!id.question().to_lowercase().contains(word), "{word}: {}", id.question());
        }
    }
}
