//! Genuine evidence, out of published packages.

use crate::world::{at, examine_with, read, vector};
use veritee_gpu::appraisal::ManifestKind;
use veritee_gpu::binding::{self, BindingForm};
use veritee_gpu::container::{ContainerForm, Device};
use veritee_gpu::opaque::Switched;
use veritee_gpu::set::Topology;
use veritee_gpu::{Examination, Family, FirmwareMatch, Roots};
use veritee_model::Reason;

const DRIVER: &str = "Driver_RIM_test_no_gpu.swidtag";
const VBIOS: &str = "1010_0200_882_96005E0001_test_no_gpu.swidtag";

fn sample() -> Vec<Device> {
    let mut devices = read(&vector("attestationReport.txt"));
    devices[0].chain = vector("gpuAkCertChain.txt");
    devices
}

fn examine_sample(time: &str, manifests: &[&str]) -> Examination {
    let manifests: Vec<_> = manifests.iter().map(|name| vector(name)).collect();
    examine_with(&sample(), &manifests, &Roots::nvidia(), at(time))
}

#[test]
fn the_complete_sample_of_2023_equals_all_33_reference_values() {
    let examination = examine_sample("2024-06-01T00:00:00Z", &[DRIVER, VBIOS]);
    let set = examination.set.unwrap().unwrap();
    let [gpu] = set.gpus() else { panic!("one GPU") };
    let signed = gpu.signed();
    assert_eq!(signed.family(), Family::Hopper);
    assert_eq!(signed.opaque().driver_version(), Some("545.00"));
    assert_eq!(signed.opaque().vbios_version(), Some("96.00.5E.00.01"));
    assert_eq!(signed.chain().model(), "GH100 A01 GSP BROM");
    assert_eq!(
        signed.manifest_ids(),
        ["NV_GPU_DRIVER_GH100_545.00", "NV_GPU_VBIOS_1010_0200_882_96005E0001"]
    );
    let comparison = gpu.comparison().unwrap();
    assert!(comparison.is_equal(), "{comparison:?}");
    assert_eq!(comparison.compared, 33);
    assert!(!comparison.video_decoder_left_out);
    assert_eq!(signed.opaque().video_decoder(), Some(Switched::Off));
    assert_eq!(
        comparison.manifests.iter().map(|used| used.kind).collect::<Vec<_>>(),
        [ManifestKind::Driver, ManifestKind::Vbios]
    );
    assert_eq!(gpu.firmware(), FirmwareMatch::Absent);
    assert!(
        matches!(gpu.revocation(), veritee_gpu::revocation::Revocation::NotChecked { open, .. } if open.len() == 3)
    );
    assert!(binding::is_test_nonce(set.nonce()));
    assert_eq!(signed.opaque().count_contradictions(signed.report().blocks()), Vec::<usize>::new());
    assert_eq!(set.topology(), Ok(Topology::NoSwitches));
}

/// Of the 33 values one is that of measurement 35. The decoder is off, so it would not count if it differed; it does not
/// differ, so it is compared like any other and nothing is left out.
#[test]
fn measurement_35_of_the_sample_is_compared_and_equal_although_it_need_not_be() {
    let examination = examine_sample("2024-06-01T00:00:00Z", &[DRIVER, VBIOS]);
    let driver = &examination.shelf.genuine()[0];
    assert!(driver.golden().contains_key(&35));
    assert_eq!(
        driver.golden().keys().copied().collect::<Vec<_>>(),
        [&[7][..], &(21..=40).collect::<Vec<u8>>()].concat()
    );
    assert_eq!(examination.shelf.genuine()[1].golden().len(), 12);
    let set = examination.set.unwrap().unwrap();
    let blocks = set.gpus()[0].signed().report().blocks();
    assert!(driver.golden()[&35].alternatives.contains(&blocks[35]));
    // This manifest is older than measurement 41: what nobody compared is listed.
    assert!(
        set.gpus()[0]
            .comparison()
            .unwrap()
            .uncovered
            .iter()
            .all(|index| !driver.golden().contains_key(index))
    );
}

#[test]
fn the_report_of_a_later_driver_is_genuine_and_names_its_firmware() {
    let mut devices = read(&vector("hopperAttestationReport.txt"));
    devices[0].chain = vector("hopperCertChain.txt");
    let examination = examine_with(&devices, &[], &Roots::nvidia(), at("2026-11-29T00:00:00Z"));
    let set = examination.set.unwrap().unwrap();
    let gpu = &set.gpus()[0];
    assert_eq!(gpu.firmware(), FirmwareMatch::Equal);
    assert_eq!(gpu.signed().opaque().protected_pcie(), Some(Switched::Off));
    assert_eq!(
        gpu.signed().manifest_ids(),
        ["NV_GPU_DRIVER_GH100_550.90.07", "NV_GPU_VBIOS_1010_0200_882_96009F0001"]
    );
    assert_eq!(gpu.comparison().unwrap_err().reason(), Reason::GpuRimMissing);
    assert!(binding::is_test_nonce(set.nonce()));
    assert_eq!(hex::encode(&set.nonce()[..4]), "931d8dd0");
}

#[test]
fn every_published_manifest_is_genuine_and_of_one_kind() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../test-vectors/gpu/manifests");
    let (mut count, memory) = (0, veritee_gpu::Memory::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "swidtag") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let (roots, budget) = (Roots::nvidia(), veritee_model::Budget::STANDARD);
        let as_of = at("2024-06-01T00:00:00Z");
        let manifest = veritee_gpu::Manifest::verify(&bytes, &roots, as_of, &budget, &memory)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!((manifest.product(), manifest.edition(), manifest.golden().len()), ("GH100", "GPU", 12));
        // Its version, without dots, is the last part of the identifier that its file is named by.
        let version = manifest.version().replace('.', "").to_uppercase();
        assert!(path.file_name().unwrap().to_str().unwrap().contains(&version), "{}", path.display());
        let today =
            veritee_gpu::Manifest::verify(&bytes, &roots, at("2026-11-29T00:00:00Z"), &budget, &memory);
        assert_eq!(today.unwrap_err().reason(), Reason::GpuRimExpired, "{}", path.display());
        count += 1;
    }
    assert_eq!(count, 22);
}

#[test]
fn its_manifests_have_expired_today_and_say_when() {
    let examination = examine_sample("2026-11-29T00:00:00Z", &[DRIVER, VBIOS]);
    let set = examination.set.unwrap().unwrap();
    let error = set.gpus()[0].comparison().unwrap_err();
    assert_eq!(error.reason(), Reason::GpuRimExpired);
    assert!(error.to_string().contains("2025-06-2"), "{error}");
}

#[test]
fn before_its_manifests_were_signed_they_are_not_valid_yet() {
    let examination = examine_sample("2023-06-01T00:00:00Z", &[DRIVER, VBIOS]);
    let set = examination.set.unwrap().unwrap();
    assert_eq!(set.gpus()[0].comparison().unwrap_err().reason(), Reason::GpuRimNotYetValid);
}

#[test]
fn without_manifests_their_names_are_told() {
    let examination = examine_sample("2024-06-01T00:00:00Z", &[]);
    let set = examination.set.unwrap().unwrap();
    let error = set.gpus()[0].comparison().unwrap_err();
    assert_eq!(error.reason(), Reason::GpuRimMissing);
    let next = error.explain().next.unwrap();
    assert_eq!(next, "give NV_GPU_DRIVER_GH100_545.00 and NV_GPU_VBIOS_1010_0200_882_96005E0001");
}

#[test]
fn the_same_identifier_signed_with_other_values_is_told_apart_by_its_digest() {
    let production = "1010_0200_882_96005E0001_PROD.swidtag";
    let time = "2024-06-01T00:00:00Z";
    let examination = examine_sample(time, &[DRIVER, production]);
    let set = examination.set.unwrap().unwrap();
    let comparison = set.gpus()[0].comparison().unwrap();
    let indexes: Vec<_> = comparison.mismatches.iter().map(|mismatch| mismatch.index).collect();
    assert_eq!(indexes, [1, 2, 3, 9]);
    assert!(comparison.mismatches.iter().all(|mismatch| mismatch.kind == ManifestKind::Vbios));
    // With both given the one whose values the device has is used, and named by its digest.
    let examination = examine_sample(time, &[production, VBIOS, DRIVER]);
    assert_eq!(examination.shelf.genuine().len(), 3);
    let set = examination.set.unwrap().unwrap();
    let comparison = set.gpus()[0].comparison().unwrap();
    assert!(comparison.is_equal());
    assert_eq!(comparison.manifests[1].sha256, veritee_model::Sha256Digest::of(&vector(VBIOS)));
}

#[test]
fn a_genuine_manifest_of_another_version_is_not_used() {
    let examination =
        examine_sample("2024-06-01T00:00:00Z", &[DRIVER, "g520_0228_889_96006D0029_PROD.swidtag"]);
    assert!(examination.shelf.refused().is_empty());
    let set = examination.set.unwrap().unwrap();
    assert_eq!(set.gpus()[0].comparison().unwrap_err().reason(), Reason::GpuRimMissing);
}

fn production() -> (serde_json::Value, Vec<Device>) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../test-vectors/source/near_report.json");
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let machine = report["model_attestations"][0].clone();
    let devices = read(machine["nvidia_payload"].as_str().unwrap().as_bytes());
    (machine, devices)
}

#[test]
fn the_eight_gpus_of_a_production_machine_are_genuine_and_their_switches_are_not_attested() {
    let (machine, devices) = production();
    let examination = examine_with(&devices, &[], &Roots::nvidia(), at("2026-03-15T00:00:00Z"));
    let set = examination.set.unwrap().unwrap();
    assert_eq!(set.gpus().len(), 8);
    assert_eq!(set.check_count(8, 4), Ok(()));
    assert_eq!(set.check_count(0, 0).unwrap_err().reason(), Reason::GpuOtherMachine);
    for gpu in set.gpus() {
        assert_eq!(gpu.firmware(), FirmwareMatch::Equal);
        assert_eq!(gpu.signed().opaque().protected_pcie(), Some(Switched::On));
        assert_eq!(
            gpu.signed().manifest_ids(),
            ["NV_GPU_DRIVER_GH100_570.172.08", "NV_GPU_VBIOS_G520_0280_895_9600CF0002"]
        );
        assert_eq!(gpu.comparison().unwrap_err().reason(), Reason::GpuRimMissing);
    }
    match set.topology().unwrap() {
        Topology::NotAttested { named, missing, protected } => {
            assert_eq!((named, missing.len(), protected), (4, 4, true));
        }
        other => panic!("{other:?}"),
    }
    let quote = hex::decode(machine["intel_quote"].as_str().unwrap()).unwrap();
    let report_data: &[u8; 64] = quote[568..632].try_into().unwrap();
    assert_eq!(
        binding::find(set.nonce(), Family::Hopper, report_data, ContainerForm::NrasPayload),
        Some(BindingForm::SecondHalf)
    );
    assert_eq!(hex::encode(set.nonce()), machine["request_nonce"].as_str().unwrap());
}

#[test]
fn no_bit_of_a_genuine_report_can_be_flipped() {
    let (_, devices) = production();
    let (mut device, memory) = (devices[0].clone(), veritee_gpu::Memory::new());
    let (roots, budget) = (Roots::nvidia(), veritee_model::Budget::STANDARD);
    for byte in 0..device.report.len() {
        let bit = 1 << (byte % 8);
        device.report[byte] ^= bit;
        let as_of = at("2026-03-15T00:00:00Z");
        let devices = std::slice::from_ref(&device);
        let found = veritee_gpu::Examine {
            devices,
            collateral: &[],
            roots: &roots,
            as_of,
            budget: &budget,
            report_data: None,
        }
        .run(&memory);
        let error = found.devices[0].as_ref().expect_err("a flipped bit");
        let expected = match byte {
            0 | 37 => Reason::GpuLayoutUnknown,
            // Fields of the layout; whoever flips them breaks the signature too.
            _ if error.reason() == Reason::GpuReportMalformed => Reason::GpuReportMalformed,
            _ => Reason::GpuReportSignature,
        };
        assert_eq!(error.reason(), expected, "byte {byte}: {error}");
        device.report[byte] ^= bit;
    }
}
