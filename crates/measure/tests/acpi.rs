//! The generated ACPI blobs are those that QEMU builds.

use serde_json::Value;
use std::path::Path;
use veritee_measure::acpi::AcpiBlobs;
use veritee_measure::shape::{Hardware, HardwareCounts, HighMemoryBase, Limits, QemuProfile, Shape};
use veritee_model::Sha256Digest;

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_else(|| panic!("{key} in {value}"))
}

fn flag(value: &Value, key: &str) -> bool {
    value[key].as_bool().unwrap_or_else(|| panic!("{key} in {value}"))
}

fn profile(value: &Value) -> QemuProfile {
    let (major, minor) = value["qemu"].as_str().unwrap().split_once('.').unwrap();
    QemuProfile::of_version(major.parse().unwrap(), minor.parse().unwrap()).unwrap()
}

fn golden_shape(case: &Value) -> Shape {
    let counts = HardwareCounts {
        cpus: number(case, "cpus"),
        memory: number(case, "memory_mib") << 20,
        hugepages: flag(case, "hugepages"),
        gpus: number(case, "gpus"),
        nvswitches: number(case, "nvswitches"),
        nics: number(case, "nics"),
        verity_volumes: number(case, "volumes"),
        root_verity: true,
        hotplug: flag(case, "hotplug"),
        pci_hole64: 0,
    };
    let high_memory = match case["high_memory"].as_str() {
        Some("one-tib") => HighMemoryBase::OneTiB,
        _ => HighMemoryBase::FourGiB,
    };
    let hardware = Hardware::new(counts, &Limits::STANDARD).unwrap();
    Shape { hardware, profile: profile(case), pic: false, high_memory }
}

#[test]
fn every_golden_machine_has_the_golden_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/measure/acpi.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = document["cases"].as_array().unwrap();
    assert!(cases.len() >= 27);
    for case in cases {
        let tables = AcpiBlobs::build(&golden_shape(case)).tables;
        assert_eq!(case["tables_sha256"], Sha256Digest::of(&tables).to_string(), "{case}");
    }
}

#[test]
fn every_recorded_machine_has_the_recorded_digests() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/acpi_vectors.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: ../shared is absent");
        return;
    };
    let vectors: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(vectors.len(), 1120);
    for vector in &vectors {
        let counts = HardwareCounts {
            cpus: number(vector, "cpus"),
            memory: number(vector, "memory"),
            hugepages: false,
            gpus: number(vector, "num_gpus"),
            nvswitches: number(vector, "num_nvswitches"),
            nics: number(vector, "num_nics"),
            verity_volumes: 0,
            root_verity: flag(vector, "root_verity"),
            hotplug: !flag(vector, "hotplug_off"),
            pci_hole64: number(vector, "pci_hole64_size"),
        };
        let shape = Shape {
            hardware: Hardware::new(counts, &Limits::STANDARD).unwrap(),
            profile: profile(vector),
            pic: flag(vector, "pic"),
            high_memory: HighMemoryBase::FourGiB,
        };
        let blobs = AcpiBlobs::build(&shape);
        let digests = blobs.digests();
        assert_eq!(vector["loader"], digests.loader.to_string(), "{shape}");
        assert_eq!(vector["rsdp"], digests.rsdp.to_string(), "{shape}");
        assert_eq!(vector["tables"], digests.tables.to_string(), "{shape}");
        assert_eq!(vector["tables_sha256"], Sha256Digest::of(&blobs.tables).to_string(), "{shape}");
    }
}

#[test]
fn the_largest_machine_that_a_shape_can_hold_stays_below_two_megabytes() {
    let counts = HardwareCounts {
        cpus: 4096,
        memory: 1 << 52,
        hugepages: true,
        gpus: 1,
        nvswitches: 8,
        nics: 8,
        verity_volumes: 3,
        root_verity: true,
        hotplug: true,
        pci_hole64: 1 << 52,
    };
    for profile in QemuProfile::ALL {
        let hardware = Hardware::new(counts, &Limits::STANDARD).unwrap();
        let blobs =
            AcpiBlobs::build(&Shape { hardware, profile, pic: true, high_memory: HighMemoryBase::OneTiB });
        assert!(blobs.tables.len() <= 2 << 20, "{}", blobs.tables.len());
        assert_eq!((blobs.loader.len(), blobs.rsdp.len()), (4096, 20));
    }
}
