//! RTMR0 of real machines is reproduced, and every deviation is refused or explained by name.

mod common;

use common::{Machine, ask, machine, machines, parse, prove};
use serde_json::Value;
use std::time::{Duration, Instant};
use veritee_measure::QemuProfile;
use veritee_measure::event::{EventKind, Rtmr0Events, replay};
use veritee_measure::rtmr0::{Diagnosis, Discrepancy, LogUse, NotComputable, ProvenHardware, Rtmr0Outcome};
use veritee_model::{Reason, Rtmr, Sha384Digest};

fn proven(outcome: Rtmr0Outcome) -> ProvenHardware {
    match outcome {
        Rtmr0Outcome::Proven(proven) => *proven,
        other => panic!("{other:?}"),
    }
}

fn mismatch(outcome: Rtmr0Outcome) -> Diagnosis {
    match outcome {
        Rtmr0Outcome::Mismatch(diagnosis) => *diagnosis,
        other => panic!("{other:?}"),
    }
}

fn not_computable(outcome: Rtmr0Outcome) -> NotComputable {
    match outcome {
        Rtmr0Outcome::NotComputable(why) => why,
        other => panic!("{other:?}"),
    }
}

/// The machine with one member of its claim changed.
fn claiming(machine: &Machine, field: &str, value: impl Into<Value>) -> veritee_measure::VmConfig {
    let mut config: Value = serde_json::from_str(&machine.text).unwrap();
    config[field] = value.into();
    parse(&config.to_string())
}

fn events(machine: &Machine) -> Rtmr0Events {
    proven(prove(machine)).events().clone()
}

#[test]
fn every_real_machine_is_proven_but_the_one_with_other_firmware_which_is_named() {
    let machines = machines();
    assert_eq!(machines.len(), 13);
    for machine in &machines {
        if machine.name == "kms-prod6-051-base" {
            let why = not_computable(prove(machine));
            assert_eq!(why, NotComputable::KnownOtherFirmware { image: "dstack 0.5.1" });
            assert_eq!(why.reason(), Reason::FirmwareLayoutUnknown);
        } else {
            let proven = proven(prove(machine));
            assert_eq!(proven.events().register(), machine.rtmr0, "{}", machine.name);
            assert_eq!(proven.discrepancies(), [], "{}", machine.name);
        }
    }
}

#[test]
fn the_machine_of_eight_gpus_is_measured_as_claimed() {
    let proven = proven(prove(&machine("near-model")));
    assert_eq!(
        proven.shape().to_string(),
        "QEMU 9.2, pic off, 64 vCPU, 2097152 MiB, 8 GPU, 4 NVSwitch, 1 NIC, no hotplug, pci hole 0x4000000000000"
    );
}

#[test]
fn every_recorded_event_of_every_recorded_machine_is_reproduced() {
    let Some(path) = common::shared("vectors/measurement_vectors.json") else { return };
    let vectors: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for vector in &vectors {
        let config = parse(&vector["vm_config"].to_string());
        let quoted = Rtmr::from_hex(vector["rtmr0"].as_str().unwrap()).unwrap();
        let Rtmr0Outcome::Proven(proven) = ask(&config, &quoted, None) else {
            assert_eq!(vector["from"][0], "kms-prod6-051-base");
            continue;
        };
        let digests = proven.events().digests();
        assert_eq!(vector["td_hob"][0], digests[0].to_string());
        for (index, digest) in digests[8..11].iter().enumerate() {
            assert_eq!(vector["acpi_digests"][index], digest.to_string());
        }
    }
}

#[test]
fn a_log_shows_that_the_old_image_differs_in_its_firmware_memory_only() {
    let old = machine("kms-prod6-051-base");
    let td_hob =
        "68b713c6461d5af85168833c07929dcd5703a05de2ddd6c33b6c769b736aa9e73d821700b78c7afcb3b3a6430fe4a292";
    // Same size and tables as this one.
    let mut log = events(&machine("near-gateway")).digests().to_vec();
    log[0] = Sha384Digest::from_hex(td_hob).unwrap();
    match not_computable(ask(&old.config, &old.rtmr0, Some(&log))) {
        NotComputable::OtherFirmwareMemory { shape, td_hob: got } => {
            assert_eq!(got.to_string(), td_hob);
            assert_eq!((shape.hardware.cpus(), shape.profile, shape.pic), (4, QemuProfile::V8, true));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wrong_interrupt_controller_in_the_claim_is_reported_and_does_not_hide_the_machine() {
    let machine = machine("dstack-quote-report");
    let proven = proven(ask(&claiming(&machine, "pic", true), &machine.rtmr0, None));
    assert!(!proven.shape().pic);
    assert_eq!(proven.discrepancies(), [Discrepancy::Pic { claimed: true, measured: false }]);
}

#[test]
fn a_wrong_release_in_the_claim_is_reported_and_does_not_hide_the_machine() {
    let machine = machine("near-model");
    let proven = proven(ask(&claiming(&machine, "qemu_version", "8.2.2"), &machine.rtmr0, None));
    assert_eq!(
        proven.discrepancies(),
        [
            Discrepancy::Qemu { claimed: "8.2.2".to_owned(), measured: QemuProfile::V9_2 },
            Discrepancy::Pic { claimed: true, measured: false },
        ]
    );
}

#[test]
fn a_claimed_tpm_or_firmware_layout_that_was_not_measured_is_reported() {
    let machine = machine("near-model");
    let tpm = proven(ask(&claiming(&machine, "swtpm", true), &machine.rtmr0, None));
    assert_eq!(tpm.discrepancies(), [Discrepancy::SoftwareTpm]);
    let layout = proven(ask(&claiming(&machine, "ovmf_variant", "edk2-202505"), &machine.rtmr0, None));
    assert_eq!(layout.discrepancies(), [Discrepancy::OvmfVariant { claimed: "edk2-202505".to_owned() }]);
}

#[test]
fn without_a_release_the_profile_is_inferred() {
    let machine = machine("near-model");
    let mut config: Value = serde_json::from_str(&machine.text).unwrap();
    config.as_object_mut().unwrap().remove("qemu_version");
    let proven = proven(ask(&parse(&config.to_string()), &machine.rtmr0, None));
    assert_eq!(proven.shape().profile, QemuProfile::V9_2);
    assert_eq!(proven.discrepancies(), []);
    // 9.0 builds the tables of 8.x; its defaults tell them apart.
    let old = self::proven(prove(&self::machine("kms-gpu8-054-pha")));
    assert_eq!(old.shape().profile, QemuProfile::V9);
}

#[test]
fn one_gpu_more_in_the_claim_is_refused_and_the_true_count_is_named() {
    let machine = machine("near-model");
    let log = events(&machine).digests().to_vec();
    let config = claiming(&machine, "num_gpus", 9);
    let diagnosis = mismatch(ask(&config, &machine.rtmr0, Some(&log)));
    let first = diagnosis.first.unwrap();
    assert_eq!((first.index, first.kind), (8, Some(EventKind::AcpiLoader)));
    assert_eq!(diagnosis.differing, [EventKind::AcpiLoader, EventKind::AcpiRsdp, EventKind::AcpiTables]);
    assert!(diagnosis.to_string().contains("num_gpus 8 instead of 9"), "{diagnosis}");
    // The same without a log.
    let diagnosis = mismatch(ask(&config, &machine.rtmr0, None));
    assert_eq!((diagnosis.log, diagnosis.first), (LogUse::NotGiven, None));
    let near = diagnosis.nearest.unwrap();
    assert!(near.register);
    assert_eq!((near.changes[0].claimed, near.changes[0].measured), (9, 8));
}

#[test]
fn every_count_that_is_claimed_wrongly_is_named() {
    let machine = machine("near-model");
    for (field, wrong, right) in [
        ("cpu_count", 60, 64),
        ("memory_size", 1_u64 << 40, 2_u64 << 40),
        ("num_nvswitches", 2, 4),
        ("num_nics", 2, 1),
        ("num_verity_volumes", 1, 0),
        ("pci_hole64_size", 0, 1 << 50),
    ] {
        let diagnosis = mismatch(ask(&claiming(&machine, field, wrong), &machine.rtmr0, None));
        let near = diagnosis.nearest.unwrap();
        let change = near.changes[0];
        // One more disk or one more interface look the same: both take one slot.
        if field != "num_verity_volumes" {
            assert_eq!((change.field, change.claimed, change.measured), (field, wrong, right));
        }
        assert!(near.register);
    }
}

#[test]
fn a_wrong_ram_size_is_told_from_other_firmware_by_its_hob() {
    let machine = machine("near-model");
    let log = events(&machine).digests().to_vec();
    let config = claiming(&machine, "memory_size", 1_u64 << 40);
    let diagnosis = mismatch(ask(&config, &machine.rtmr0, Some(&log)));
    assert_eq!(diagnosis.differing, [EventKind::TdHob]);
    assert!(
        diagnosis.to_string().contains("memory_size 2199023255552 instead of 1099511627776"),
        "{diagnosis}"
    );
}

#[test]
fn one_changed_byte_of_a_table_is_refused_and_the_event_is_named() {
    let machine = machine("near-gateway");
    let mut log = events(&machine).digests().to_vec();
    log[10] = Sha384Digest::of(b"tables with a method of the host's own");
    let quoted = replay(&log);
    let diagnosis = mismatch(ask(&machine.config, &quoted, Some(&log)));
    let first = diagnosis.first.unwrap();
    assert_eq!((first.index, first.kind), (10, Some(EventKind::AcpiTables)));
    assert_eq!(first.got, Some(log[10]));
    assert_eq!(diagnosis.nearest, None);
    assert!(diagnosis.to_string().contains("aml code"), "{diagnosis}");
    assert_eq!(mismatch(ask(&machine.config, &quoted, None)).nearest, None);
}

#[test]
fn an_event_too_many_or_too_few_is_refused() {
    let machine = machine("near-gateway");
    let log = events(&machine).digests().to_vec();
    let mut longer = log.clone();
    longer.push(Sha384Digest::of(b"one more"));
    let first = mismatch(ask(&machine.config, &replay(&longer), Some(&longer))).first.unwrap();
    assert_eq!((first.index, first.kind, first.expected), (13, None, None));
    let shorter = &log[..12];
    let first = mismatch(ask(&machine.config, &replay(shorter), Some(shorter))).first.unwrap();
    assert_eq!((first.index, first.got), (12, None));
}

#[test]
fn a_log_can_neither_prove_nor_disprove() {
    let machine = machine("near-gateway");
    let right = events(&machine).digests().to_vec();
    let wrong = vec![Sha384Digest::of(b"wrong"); 13];
    // A wrong log beside a right register.
    proven(ask(&machine.config, &machine.rtmr0, Some(&wrong)));
    // A right log beside a wrong register.
    let diagnosis = mismatch(ask(&machine.config, &Rtmr::new([7; 48]), Some(&right)));
    assert_eq!((diagnosis.log, diagnosis.first), (LogUse::DoesNotReplay, None));
}

/// A log in the layout of edk2-stable202505 for a machine.
fn log_202505(events: &Rtmr0Events) -> Vec<Sha384Digest> {
    let known = events.digests();
    let mut log = vec![known[0], known[1], Sha384Digest::of(&[0, 0]), Sha384Digest::of(b"bootorder")];
    log.extend_from_slice(&known[2..11]);
    log.push(Sha384Digest::of(b"smbios"));
    log.extend([&[0, 0, 1, 0][..], b"boot0000", b"boot0001"].map(Sha384Digest::of));
    log
}

#[test]
fn the_layout_of_later_firmware_is_recognised_and_its_known_parts_are_checked() {
    let machine = machine("near-gateway");
    let mut log = log_202505(&events(&machine));
    assert_eq!(log.len(), 17);
    let why = not_computable(ask(&machine.config, &replay(&log), Some(&log)));
    assert!(matches!(&why, NotComputable::Edk2_202505 { shape: Some(_) }), "{why:?}");
    assert_eq!(why.reason(), Reason::FirmwareLayoutUnknown);
    log[12] = Sha384Digest::of(b"other tables");
    let why = not_computable(ask(&machine.config, &replay(&log), Some(&log)));
    assert_eq!(why, NotComputable::Edk2_202505 { shape: None });
}

#[test]
fn a_real_machine_of_the_later_layout_is_recognised() {
    let vector = common::vectors("edk2-202505.json");
    let digests = vector["log"].as_array().unwrap().iter();
    let log: Vec<Sha384Digest> =
        digests.map(|digest| Sha384Digest::from_hex(digest.as_str().unwrap()).unwrap()).collect();
    let quoted = Rtmr::from_hex(vector["rtmr0"].as_str().unwrap()).unwrap();
    let config = parse(&vector["vm_config"].to_string());
    match not_computable(ask(&config, &quoted, Some(&log))) {
        NotComputable::Edk2_202505 { shape: Some(shape) } => {
            assert_eq!((shape.hardware.cpus(), shape.profile, shape.pic), (8, QemuProfile::V8, true));
        }
        other => panic!("{other:?}"),
    }
    // Without the log it is only known that no shape fits.
    mismatch(ask(&config, &quoted, None));
}

#[test]
fn quotes_and_logs_of_real_machines_agree_with_their_claims() {
    let Some(folder) = common::shared("vectors/dstack") else { return };
    let mut proven_machines = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(folder.join("vm_config.json")) else { continue };
        let quote = std::fs::read(folder.join("quote.bin")).unwrap();
        // RTMR0 of a version 4 TDX quote.
        let quoted = Rtmr::try_from(&quote[48 + 328..48 + 376]).unwrap();
        let events: Value =
            serde_json::from_str(&std::fs::read_to_string(folder.join("event_log.json")).unwrap()).unwrap();
        let log: Vec<Sha384Digest> = events
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["imr"] == 0)
            .map(|event| Sha384Digest::from_hex(event["digest"].as_str().unwrap()).unwrap())
            .collect();
        assert_eq!(replay(&log), quoted);
        match ask(&parse(&text), &quoted, Some(&log)) {
            Rtmr0Outcome::Proven(_) => proven_machines += 1,
            Rtmr0Outcome::NotComputable(NotComputable::OtherFirmwareMemory { .. }) => {
                assert!(folder.ends_with("kms-prod6-051-base"));
            }
            other => panic!("{}: {other:?}", folder.display()),
        }
    }
    assert!(proven_machines >= 8, "{proven_machines}");
}

#[test]
fn a_claimed_tpm_or_other_layout_leaves_an_unknown_register_undecided() {
    let machine = machine("near-gateway");
    let other = Rtmr::new([7; 48]);
    let why = not_computable(ask(&claiming(&machine, "swtpm", true), &other, None));
    assert_eq!((why.reason(), why), (Reason::VirtualHardwareUnsupported, NotComputable::SoftwareTpm));
    let why = not_computable(ask(&claiming(&machine, "ovmf_variant", "edk2-202505"), &other, None));
    assert_eq!(why.reason(), Reason::FirmwareLayoutUnknown);
    let why = not_computable(ask(&claiming(&machine, "memory_size", 1 << 20), &other, None));
    assert!(matches!(why, NotComputable::Memory(_)));
}

#[test]
fn the_largest_accepted_machine_is_refused_in_bounded_time() {
    let machine = machine("near-gateway");
    let mut config: Value = serde_json::from_str(&machine.text).unwrap();
    config["cpu_count"] = 4096.into();
    config["hugepages"] = true.into();
    config["num_gpus"] = 1.into();
    config["memory_size"] = (1_u64 << 52).into();
    let start = Instant::now();
    mismatch(ask(&parse(&config.to_string()), &machine.rtmr0, None));
    // Half a second when optimised; tests are not, and share their processor.
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
}
