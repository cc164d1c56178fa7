//! Firmware, kernel and command line: digests confirmed by other implementations, and files that must be refused.
//!
//! How each constant was confirmed is written down in `docs/measurement.md`.

mod common;

use common::forge;
use veritee_measure::PassOrder;
use veritee_measure::authenticode::{self, PeError};
use veritee_measure::kernel::{self, KernelError, KernelHeader};
use veritee_measure::td_hob::FirmwareMemory;
use veritee_measure::tdvf::{Tdvf, TdvfError};
use veritee_model::Sha384Digest;

#[test]
fn mrtd_of_the_forged_firmware_is_that_of_two_other_implementations() {
    let firmware = forge::firmware();
    let tdvf = Tdvf::parse(&firmware).unwrap();
    assert_eq!(
        tdvf.mrtd(PassOrder::SinglePass).to_string(),
        "fb5c53ef2a3ab381adf75c8b2430e67fd8876dcdd2d710656a78cf81531b11953d48a7cb9a425590ec7295cf0f42d096"
    );
    assert_eq!(
        tdvf.mrtd(PassOrder::TwoPass).to_string(),
        "34507d00c0f12a446033b561fd05b6533e663af225803a7807bc2cbd5e9d7ed9c14539c4505fbb5e9f300c8747b67284"
    );
    assert_eq!(tdvf.memory().unwrap(), FirmwareMemory::pre202505());
}

#[test]
fn one_byte_of_the_boot_volume_changes_mrtd_and_one_of_the_configuration_volume_does_not() {
    let firmware = forge::firmware();
    let mrtd = |bytes: &[u8]| PassOrder::ALL.map(|order| Tdvf::parse(bytes).unwrap().mrtd(order));
    let mut boot = firmware.clone();
    boot[0x2fff] ^= 1;
    assert!(mrtd(&boot).iter().zip(mrtd(&firmware)).all(|(changed, was)| *changed != was));
    let mut configuration = firmware.clone();
    configuration[0] ^= 1;
    assert_eq!(mrtd(&configuration), mrtd(&firmware));
}

/// Offset of the metadata in the forged firmware, and of a section's field in it.
const METADATA: usize = 0x3000;

fn with(offset: usize, value: &[u8]) -> Vec<u8> {
    let mut firmware = forge::firmware();
    firmware[offset..offset + value.len()].copy_from_slice(value);
    firmware
}

#[test]
fn firmware_with_an_impossible_section_is_refused() {
    let section = |index: usize, field: usize| METADATA + 16 + 32 * index + field;
    for (firmware, index) in [
        (with(section(0, 0), &u32::MAX.to_le_bytes()), 0),
        (with(section(0, 4), &0x4000_u32.to_le_bytes()), 0),
        (with(section(0, 4), &0x1fff_u32.to_le_bytes()), 0),
        (with(section(0, 8), &0xffff_c001_u64.to_le_bytes()), 0),
        (with(section(0, 16), &0x3000_u64.to_le_bytes()), 0),
        (with(section(2, 16), &0x1_0001_u64.to_le_bytes()), 2),
        (with(section(2, 16), &(!0xfff_u64).to_le_bytes()), 2),
        // A terabyte of pages to add.
        (with(section(2, 16), &(1_u64 << 40).to_le_bytes()), 2),
    ] {
        assert_eq!(Tdvf::parse(&firmware).unwrap_err(), TdvfError::Section { index });
    }
}

#[test]
fn firmware_with_impossible_metadata_is_refused() {
    let count = |value: u32| with(METADATA + 12, &value.to_le_bytes());
    assert!(matches!(Tdvf::parse(&count(0)), Err(TdvfError::Sections { got: 0, .. })));
    assert!(matches!(Tdvf::parse(&count(u32::MAX)), Err(TdvfError::Sections { .. })));
    let version = with(METADATA + 8, &2_u32.to_le_bytes());
    assert!(matches!(Tdvf::parse(&version), Err(TdvfError::Metadata { at: METADATA })));
    for length in [0, 17, 31, 49, 50, 200] {
        let cut = &forge::firmware()[..length];
        assert_eq!(Tdvf::parse(cut).unwrap_err(), TdvfError::NoTable);
    }
    // The footer says that the table is longer than the file, or shorter than itself.
    let footer = 0x4000 - 32 - 18;
    for length in [0xffff_u16, 0, 17] {
        assert!(matches!(Tdvf::parse(&with(footer, &length.to_le_bytes())), Err(TdvfError::Table { .. })));
    }
    // A structure of no length would be walked forever.
    let entry = footer - 18;
    for length in [0_u16, 17, 0x7fff] {
        assert!(matches!(Tdvf::parse(&with(entry, &length.to_le_bytes())), Err(TdvfError::Table { .. })));
    }
    // Its GUID is another one.
    assert_eq!(Tdvf::parse(&with(entry + 2, &[0])).unwrap_err(), TdvfError::NoMetadata);
}

#[test]
fn two_hand_off_lists_or_overlapping_memory_are_refused() {
    let kind = METADATA + 16 + 32 * 2 + 24;
    let firmware = with(kind, &2_u32.to_le_bytes());
    assert_eq!(Tdvf::parse(&firmware).unwrap().memory(), Err(TdvfError::TdHobSection { got: 2 }));
    let address = METADATA + 16 + 32 * 4 + 8;
    let firmware = with(address, &0x80_9000_u64.to_le_bytes());
    assert!(matches!(Tdvf::parse(&firmware).unwrap().memory(), Err(TdvfError::Memory(_))));
}

fn initrd_size() -> u64 {
    u64::try_from(forge::initrd().len()).unwrap()
}

#[test]
fn the_patched_kernel_has_the_digest_of_another_implementation_at_every_size_of_ram() {
    let large =
        "989157a7d95d5a97c3675c988a00f1113942718844138dbb92884c524c0c3b8b9010bd797395c894934f0ff09beca0e0";
    for (memory, digest) in [
        (
            1_u64 << 30,
            "4414c2cb6cbf5608d7c161f6b6b63dd8788a8f3292dc04182437e91bed53508ac6226f2bbfccd57f7cf999a141c98707",
        ),
        (2 << 30, large),
        (
            0xafff_ffff,
            "4dcd858bb0eb520a9d3b2099fbe21be02f9ccc0bef9e2e7753ddf52ccbfb1cec9f9ada0df21fde2aee380fbf44c28713",
        ),
        (0xb000_0000, large),
        (1 << 46, large),
    ] {
        let got = kernel::digest(&forge::kernel(), KernelHeader::Patched, initrd_size(), memory).unwrap();
        assert_eq!(got.to_string(), digest, "{memory:#x}");
        assert_eq!(kernel::patched_header_is_independent_of(memory), digest == large);
    }
}

#[test]
fn only_the_boot_loaders_fields_are_patched() {
    let kernel = forge::kernel();
    let patched = kernel::patched(&kernel, 0x3_1234, 4 << 30).unwrap();
    let changed: Vec<usize> = (0..kernel.len()).filter(|at| kernel[*at] != patched[*at]).collect();
    let fields = [0x210..0x212, 0x218..0x220, 0x224..0x22c];
    assert!(changed.iter().all(|at| fields.iter().any(|field| field.contains(at))), "{changed:x?}");
    // 2 GiB less the room for tables, less one, less the initrd, on a page.
    assert_eq!(patched[0x218..0x21c], 0x7ffa_6000_u32.to_le_bytes());
    assert_eq!(patched[0x21c..0x220], 0x3_1234_u32.to_le_bytes());
    assert_eq!(patched[0x224..0x22c], [0x00, 0xfe, 0, 0, 0, 0, 2, 0]);
}

#[test]
fn the_kernel_as_shipped_has_the_digest_that_a_signing_tool_computes() {
    assert_eq!(
        authenticode::sha384(&forge::kernel()).unwrap().to_string(),
        "8f5ac64300d82e0abedbe351565d25f822432f741870eab9b48e7bb648be01e19d33ab90b3b6e2dd1439f2bb6631aa72"
    );
}

#[test]
fn data_behind_the_sections_is_covered_whether_signed_or_not() {
    let mut kernel = forge::kernel();
    kernel.extend(b"trailing data behind the sections, sixty-four bytes of it in all");
    assert_eq!(
        authenticode::sha384(&kernel).unwrap().to_string(),
        "6438bf72cba9d4b387a5aef4057862cdcf5b63ad307fc71aead055bc5f9593d21a1785055c20d72bf72a8e33611a7c27"
    );
}

/// Where the optional header of the forged kernel lies.
const OPTIONAL: usize = 0x58;

fn kernel_with(offset: usize, value: &[u8]) -> Vec<u8> {
    let mut kernel = forge::kernel();
    kernel[offset..offset + value.len()].copy_from_slice(value);
    kernel
}

#[test]
fn a_signature_and_the_checksum_are_not_covered_and_all_else_is() {
    let plain = authenticode::sha384(&forge::kernel()).unwrap();
    let mut signed = kernel_with(OPTIONAL + 64, &[0xff; 4]);
    let at = u32::try_from(signed.len()).unwrap();
    signed[OPTIONAL + 144..OPTIONAL + 148].copy_from_slice(&at.to_le_bytes());
    signed[OPTIONAL + 148..OPTIONAL + 152].copy_from_slice(&24_u32.to_le_bytes());
    signed.extend([0xaa; 24]);
    assert_eq!(authenticode::sha384(&signed).unwrap(), plain);
    for at in [0, 0x3b, OPTIONAL + 68, 0x100, 0xfff, 0x1000, 0x17ff, 0x1800, 0x1dff] {
        let mut changed = forge::kernel();
        changed[at] ^= 0x80;
        assert_ne!(authenticode::sha384(&changed).unwrap(), plain, "{at:#x}");
    }
}

#[test]
fn images_that_name_data_they_do_not_have_are_refused() {
    let sections = OPTIONAL + 0xa0;
    for (kernel, error) in [
        (
            kernel_with(0x3c, &u32::MAX.to_le_bytes()),
            PeError::Missing { what: "a pe signature", at: 0xffff_ffff },
        ),
        (kernel_with(0x40, b"NE"), PeError::Missing { what: "a pe signature", at: 0x40 }),
        (kernel_with(0x46, &97_u16.to_le_bytes()), PeError::Sections { most: 96, got: 97 }),
        (kernel_with(OPTIONAL + 60, &u32::MAX.to_le_bytes()), PeError::HeaderSize { got: u32::MAX }),
        (kernel_with(OPTIONAL + 60, &0x80_u32.to_le_bytes()), PeError::HeaderSize { got: 0x80 }),
        (kernel_with(sections + 16, &u32::MAX.to_le_bytes()), PeError::Section { index: 0 }),
        (kernel_with(sections + 40 + 20, &0xffff_ff00_u32.to_le_bytes()), PeError::Section { index: 1 }),
    ] {
        assert_eq!(authenticode::sha384(&kernel).unwrap_err(), error);
    }
    let mut longer = kernel_with(OPTIONAL + 148, &u32::MAX.to_le_bytes());
    longer.push(0);
    assert_eq!(authenticode::sha384(&longer).unwrap_err(), PeError::Overlap);
    for length in [0, 0x3f, 0x43, 0x57, 0x90] {
        assert!(authenticode::sha384(&forge::kernel()[..length]).is_err());
    }
}

#[test]
fn kernels_that_qemu_would_treat_in_another_way_are_refused() {
    let patch =
        |kernel: &[u8], initrd: u64, memory: u64| kernel::patched(kernel, initrd, memory).unwrap_err();
    assert_eq!(patch(&kernel_with(0x202, b"hdrS"), 1, 4 << 30), KernelError::NoHeader);
    assert_eq!(patch(&forge::kernel()[..0xfff], 1, 4 << 30), KernelError::NoHeader);
    let old = kernel_with(0x206, &0x201_u16.to_le_bytes());
    assert_eq!(patch(&old, 1, 4 << 30), KernelError::TooOld { protocol: 0x201 });
    assert_eq!(patch(&kernel_with(0x211, &[0]), 1, 4 << 30), KernelError::LoadedLow);
    assert!(matches!(patch(&forge::kernel(), 2 << 30, 4 << 30), KernelError::InitrdTooLarge { .. }));
    assert!(matches!(patch(&forge::kernel(), u64::MAX, 4 << 30), KernelError::InitrdTooLarge { .. }));
    assert!(matches!(patch(&forge::kernel(), 1, 0x1000), KernelError::InitrdTooLarge { .. }));
}

#[test]
fn a_kernel_that_must_have_its_initrd_low_gets_it_low() {
    // Without XLF_CAN_BE_LOADED_ABOVE_4G, bit 1; dstack's own tool looks at bit 6.
    let kernel = kernel_with(0x236, &0x7d_u16.to_le_bytes());
    let patched = kernel::patched(&kernel, 0x1000, 4 << 30).unwrap();
    assert_eq!(patched[0x218..0x21c], 0x37ff_e000_u32.to_le_bytes());
    // Older protocols say themselves how high it may end.
    let mut kernel = kernel_with(0x206, &0x203_u16.to_le_bytes());
    kernel[0x22c..0x230].copy_from_slice(&0x0fff_ffff_u32.to_le_bytes());
    let patched = kernel::patched(&kernel, 0x1000, 4 << 30).unwrap();
    assert_eq!(patched[0x218..0x21c], 0x0fff_e000_u32.to_le_bytes());
}

#[test]
fn the_command_line_is_measured_in_utf16_with_what_the_loader_appends() {
    assert_eq!(
        kernel::command_line_digest(forge::COMMAND_LINE).to_string(),
        "b998fee381a8971257cdb1f68343378b8a1879d4042147948eed38166f98c698bc954baf62c7d403a334ff9537fb1335"
    );
    let by_hand = Sha384Digest::of(b"a\0\xe4\0 \0i\0n\0i\0t\0r\0d\0=\0i\0n\0i\0t\0r\0d\0\0\0");
    assert_eq!(kernel::command_line_digest("a\u{e4}"), by_hand);
}

#[test]
fn recorded_registers_of_real_machines_follow_from_their_recorded_events() {
    let Some(path) = common::shared("vectors/measurement_vectors.json") else { return };
    let vectors: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for vector in vectors.as_array().unwrap() {
        let digest =
            |list: &str, index: usize| Sha384Digest::from_hex(vector[list][index].as_str().unwrap()).unwrap();
        let events = kernel::rtmr1_events(digest("rtmr1_events", 0));
        for (index, event) in events.iter().enumerate() {
            assert_eq!(*event, digest("rtmr1_events", index));
        }
        assert_eq!(vector["rtmr1"], kernel::rtmr1(events[0]).to_string());
        let rtmr2 = kernel::rtmr2(digest("rtmr2_events", 0), digest("rtmr2_events", 1));
        assert_eq!(vector["rtmr2"], rtmr2.to_string());
    }
}
