//! No input makes a reader panic, run away, or take what it should not.

mod common;

use common::forge;
use proptest::prelude::*;
use veritee_measure::image::{ImageLimits, archive, manifest::Manifest};
use veritee_measure::kernel::{self, KernelHeader};
use veritee_measure::lite::LiteManifest;
use veritee_measure::td_hob::FirmwareMemory;
use veritee_measure::tdvf::Tdvf;
use veritee_measure::vm_config::LiteDocument;
use veritee_measure::{Limits, PassOrder, VmConfig, authenticode};
use veritee_model::Sha256Digest;

/// Changes to a file: place, new byte.
fn changes(length: usize) -> impl Strategy<Value = Vec<(usize, u8)>> {
    prop::collection::vec((0..length, any::<u8>()), 1..12)
}

fn changed(mut bytes: Vec<u8>, changes: &[(usize, u8)], length: usize) -> Vec<u8> {
    for (at, value) in changes {
        bytes[*at] = *value;
    }
    bytes.truncate(length);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn firmware_is_read_or_refused(changes in changes(0x1000 - 32), cut in 0x3f00_usize..=0x4000) {
        // The end of the file, with the metadata and the table.
        let shifted: Vec<(usize, u8)> = changes.iter().map(|(at, value)| (at + 0x3000, *value)).collect();
        let bytes = changed(forge::firmware(), &shifted, cut);
        if let Ok(tdvf) = Tdvf::parse(&bytes) {
            let _ = tdvf.mrtd(PassOrder::SinglePass);
            let _ = tdvf.memory().map(|memory| memory.td_hob(4 << 30));
        }
    }

    #[test]
    fn kernels_are_read_or_refused(changes in changes(0x1000), cut in 0_usize..=0x1e00, initrd: u64, memory: u64) {
        let bytes = changed(forge::kernel(), &changes, cut);
        let _ = authenticode::sha384(&bytes);
        let _ = kernel::digest(&bytes, KernelHeader::Patched, initrd, memory);
    }

    #[test]
    fn witnesses_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40), memory: u64) {
        if let Ok(firmware) = FirmwareMemory::from_witness(&bytes) {
            let _ = firmware.td_hob(memory);
        }
    }

    #[test]
    fn lite_manifests_are_read_or_refused(measurement in prop::collection::vec(any::<u8>(), 0..200)) {
        let checksum_file =
            format!("{}  measurement.tdx.cbor\n", Sha256Digest::of(&measurement)).into_bytes();
        let hash = Sha256Digest::of(&checksum_file);
        let _ = LiteManifest::open(&LiteDocument { measurement, checksum_file }, Some(&hash));
    }

    #[test]
    fn checksum_files_list_flat_names_or_are_refused(text in "([0-9a-f]{64}  ?[ -~\\n]{0,12}\\n){0,3}") {
        if let Ok(manifest) = Manifest::parse(text.as_bytes(), 8) {
            for (name, _) in manifest.entries() {
                prop_assert!(!name.contains(['/', '\\', '\n']) && name != ".." && name != ".");
            }
        }
    }

    #[test]
    fn archives_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        let _ = archive::read(&bytes, &[][..], &ImageLimits::STANDARD);
    }

    #[test]
    fn claims_are_within_limits_or_refused(
        cpus: u64, memory: u64, gpus in 0_u64..64, nics in 0_u64..64, volumes in 0_u64..64, huge: bool,
    ) {
        let text = format!(
            r#"{{"cpu_count":{cpus},"memory_size":{memory},"num_gpus":{gpus},"num_nics":{nics},"num_verity_volumes":{volumes},"hugepages":{huge}}}"#,
        );
        if let Ok(config) = VmConfig::parse(text.as_bytes(), &Limits::STANDARD) {
            prop_assert!(config.hardware.cpus() <= 4096 && config.hardware.memory() <= 1 << 52);
            prop_assert!(config.hardware.plain_slots() + config.hardware.root_ports() <= 31);
        }
    }
}
