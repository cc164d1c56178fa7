//! Attacks on the set: each with its reason.

use crate::world::{NONCE, SEED, examine, manifests};
use veritee_gpu::appraisal::ManifestKind;
use veritee_gpu::set::{SetError, Topology};
use veritee_gpu::{Examination, GpuSet};
use veritee_model::Reason;
use veritee_testkit::gpu::{DeviceSpec, GpuKind, identity, machine};

fn set(devices: &[DeviceSpec]) -> Result<GpuSet, SetError> {
    examine(devices, &[]).set.unwrap()
}

fn reason(devices: &[DeviceSpec]) -> Option<Reason> {
    set(devices).err().map(|error| error.reason())
}

fn whole() -> Vec<DeviceSpec> {
    machine(SEED, NONCE, 8, 4)
}

#[test]
fn a_whole_machine_is_a_set_with_a_complete_topology() {
    let set = examine(&whole(), &manifests()).set.unwrap().unwrap();
    assert_eq!((set.gpus().len(), set.switches().len()), (8, 4));
    assert_eq!(set.topology(), Ok(Topology::Complete { switches: 4 }));
    assert_eq!(set.check_count(8, 4), Ok(()));
    for device in set.devices() {
        assert!(device.comparison().unwrap().is_equal());
    }
    let switch = set.switches()[0].comparison().unwrap();
    assert_eq!((switch.compared, switch.manifests[0].kind), (31, ManifestKind::SwitchBios));
}

#[test]
fn certificates_and_manifests_that_devices_share_are_verified_once() {
    let devices: Vec<_> = whole().iter().map(crate::world::device).collect();
    let collateral = manifests();
    let collateral: Vec<&[u8]> = collateral.iter().map(Vec::as_slice).collect();
    let (roots, budget) = (crate::world::roots(), veritee_model::Budget::STANDARD);
    let memory = veritee_gpu::Memory::new();
    let examine = veritee_gpu::Examine {
        devices: &devices,
        collateral: &collateral,
        roots: &roots,
        as_of: crate::world::as_of(),
        budget: &budget,
        report_data: None,
    };
    assert!(examine.run(&memory).set.unwrap().is_ok());
    // Two for each of twelve devices; two provisioners, one identity CA; three of the manifests' signer; three manifests.
    assert_eq!(memory.signatures(), 12 * 2 + 3 + 3 + 3);
    assert!(examine.run(&memory).set.unwrap().is_ok());
    assert_eq!(memory.signatures(), 12 * 2 + 3 + 3 + 3);
}

#[test]
fn one_gpu_eight_times_is_one_gpu() {
    let mut devices = whole();
    devices[3] = devices[0].clone();
    assert!(matches!(set(&devices), Err(SetError::Repeated { first: 0, second: 3, same_report: true })));
    // The same device made two reports.
    devices[3].report.responder_nonce = [9; 32];
    assert!(matches!(set(&devices), Err(SetError::Repeated { first: 0, second: 3, same_report: false })));
    // A new firmware has a new report key, and the device stays one.
    devices[3].chain[0].key = "another leaf".into();
    devices[3].signed_by = "another leaf".into();
    assert_eq!(reason(&devices), Some(Reason::GpuDeviceRepeated));
    let eight = vec![devices[0].clone(); 8];
    assert_eq!(reason(&eight), Some(Reason::GpuDeviceRepeated));
    let mut switches = whole();
    switches[9] = switches[8].clone();
    assert_eq!(reason(&switches), Some(Reason::GpuDeviceRepeated));
}

#[test]
fn switches_alone_contradict_nobody_and_are_not_complete() {
    let switches = &whole()[8..];
    assert_eq!(set(switches).unwrap().topology(), Ok(Topology::WithoutGpus { switches: 4 }));
    let mut unlocked = switches.to_vec();
    unlocked[1].opaque_mut(25)[0] = 0;
    let error = set(&unlocked).unwrap().topology().unwrap_err();
    assert_eq!(error.reason(), Reason::GpuTopology);
}

#[test]
fn two_nonces_two_drivers_and_two_modes_are_no_set() {
    let cases: [(&str, Reason, fn(&mut DeviceSpec)); 6] = [
        ("nonce", Reason::GpuNoncesDiffer, |spec| spec.report.nonce = [1; 32]),
        ("driver", Reason::GpuDriversDiffer, |spec| *spec.opaque_mut(3) = b"570.172.09\0".to_vec()),
        ("no driver", Reason::GpuDriversDiffer, |spec| spec.report.opaque.retain(|entry| entry.0 != 3)),
        ("protected PCIe", Reason::GpuModesDiffer, |spec| spec.opaque_mut(21)[0] = 0x55),
        ("several GPUs beside protected PCIe", Reason::GpuModesDiffer, |spec| spec.opaque_mut(36)[0] = 1),
        ("mode not stated", Reason::GpuModesDiffer, |spec| spec.report.opaque.retain(|entry| entry.0 != 36)),
    ];
    for (name, expected, edit) in cases {
        let mut devices = whole();
        edit(&mut devices[5]);
        assert_eq!(reason(&devices), Some(expected), "{name}");
    }
    let mut devices = whole();
    devices[5] = DeviceSpec::gpu(SEED, GpuKind::Blackwell, "gpu 5", NONCE, &["switch 0"]);
    assert_eq!(reason(&devices), Some(Reason::GpuModesDiffer));
    let mut devices = whole();
    devices[10].report.nonce = [1; 32];
    assert_eq!(reason(&devices), Some(Reason::GpuNoncesDiffer), "a switch's nonce");
}

/// attestation-rs asks GPUs and switches over two nonces, both made of the one that the quote has.
#[test]
fn two_nonces_are_one_request_where_both_are_made_of_one_half_of_report_data() {
    let tagged = |half: [u8; 32], tag: &str| -> [u8; 32] {
        let digest = ring::digest::digest(&ring::digest::SHA256, &[&half[..], tag.as_bytes()].concat());
        digest.as_ref().try_into().unwrap()
    };
    let (mut data, half) = ([0; 64], [9; 32]);
    data[32..].copy_from_slice(&half);
    let of = |gpu: [u8; 32], switch: [u8; 32], report_data: Option<&[u8; 64]>| {
        let mut devices = machine(SEED, gpu, 2, 2);
        devices[2..].iter_mut().for_each(|device| device.report.nonce = switch);
        devices.rotate_left(2);
        let devices: Vec<_> = devices.iter().map(crate::world::device).collect();
        let (roots, budget) = (crate::world::roots(), veritee_model::Budget::STANDARD);
        let as_of = crate::world::as_of();
        let examine = veritee_gpu::Examine {
            devices: &devices,
            collateral: &[],
            roots: &roots,
            as_of,
            budget: &budget,
            report_data,
        };
        examine.run(&veritee_gpu::Memory::new()).set.unwrap().map(|set| *set.nonce())
    };
    let gpu = tagged(half, "NVIDIA-GPU-EAT-v1");
    let switch = tagged(half, "NVIDIA-SWITCH-EAT-v1");
    assert_eq!(of(gpu, switch, Some(&data)).unwrap(), gpu);
    // Without a quote, over another's, over the other half's, or with the tags the wrong way round they are two requests.
    let refused = |gpu, switch, data| of(gpu, switch, data).unwrap_err().reason() == Reason::GpuNoncesDiffer;
    assert!(refused(gpu, switch, None) && refused(gpu, switch, Some(&[7; 64])));
    assert!(refused(gpu, tagged([0; 32], "NVIDIA-SWITCH-EAT-v1"), Some(&data)));
    assert!(refused(switch, gpu, Some(&data)) && refused(gpu, NONCE, Some(&data)));
}

#[test]
fn the_number_of_gpus_is_the_measured_one() {
    let of = |gpus, switches, measured: (u32, u32)| {
        let set = set(&machine(SEED, NONCE, gpus, switches)).unwrap();
        set.check_count(measured.0, measured.1).err().map(|error| error.reason())
    };
    assert_eq!(of(8, 4, (8, 4)), None);
    assert_eq!(of(8, 0, (8, 4)), None, "switches that are not attested are another question");
    assert_eq!(of(7, 4, (8, 4)), Some(Reason::GpuCountOther));
    assert_eq!(of(8, 4, (7, 4)), Some(Reason::GpuCountOther));
    assert_eq!(of(8, 4, (8, 3)), Some(Reason::GpuCountOther));
    assert_eq!(of(1, 0, (0, 0)), Some(Reason::GpuOtherMachine));
    assert_eq!(of(8, 4, (0, 0)), Some(Reason::GpuOtherMachine));
}

fn topology(edit: fn(&mut Vec<DeviceSpec>)) -> Result<Topology, Reason> {
    let mut devices = whole();
    edit(&mut devices);
    set(&devices).unwrap().topology().map_err(|error| error.reason())
}

#[test]
fn gpus_and_switches_that_contradict_each_other_are_refused() {
    let cases: [(&str, fn(&mut Vec<DeviceSpec>)); 6] = [
        ("seven of eight GPUs", |devices| drop(devices.remove(2))),
        ("a switch lists a GPU that is not there", |devices| devices[8].opaque_mut(26)[0] ^= 1),
        ("a switch lists one GPU less", |devices| devices[9].opaque_mut(26)[56..64].fill(0)),
        ("identities that are not reversed", |devices| {
            for gpu in &mut devices[..8] {
                let forward = identity(SEED, "switch 0");
                *gpu.opaque_mut(22) = forward.repeat(18);
            }
        }),
        ("a switch that no GPU names", |devices| {
            for gpu in &mut devices[..8] {
                let reversed: Vec<u8> = identity(SEED, "switch 0").into_iter().rev().collect();
                *gpu.opaque_mut(22) = reversed.repeat(18);
            }
        }),
        ("an unlocked switch", |devices| devices[11].opaque_mut(25)[0] = 0),
    ];
    for (name, edit) in cases {
        assert_eq!(topology(edit), Err(Reason::GpuTopology), "{name}");
    }
}

#[test]
fn switches_that_are_named_and_not_attested_are_told() {
    let of = |count: usize| match topology_without(count) {
        Topology::NotAttested { named, missing, protected } => (named, missing.len(), protected),
        other => panic!("{other:?}"),
    };
    assert_eq!(of(4), (4, 4, true));
    assert_eq!(of(1), (4, 1, true));
}

fn topology_without(switches: usize) -> Topology {
    let mut devices = whole();
    devices.truncate(12 - switches);
    set(&devices).unwrap().topology().unwrap()
}

#[test]
fn no_device_is_no_set() {
    let examination: Examination = examine(&[], &[]);
    assert!(examination.set.is_none());
    assert!(examination.devices.is_empty());
    assert_eq!(GpuSet::assemble(Vec::new(), None).unwrap_err().reason(), Reason::GpuEvidenceAbsent);
}

#[test]
fn a_device_that_is_not_genuine_leaves_no_set() {
    let mut devices = whole();
    devices[1].signed_by = "stranger".into();
    let examination = examine(&devices, &[]);
    assert!(examination.set.is_none());
    assert_eq!(examination.devices[1].as_ref().unwrap_err().reason(), Reason::GpuReportSignature);
    assert!(examination.devices[0].is_ok());
}
