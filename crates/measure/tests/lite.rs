//! Lite manifests: the chain from the image hash to the registers, and every way to break it.

mod common;

use common::forge::{self, Lite};
use serde_json::Value;
use veritee_measure::PassOrder;
use veritee_measure::image::{ImageLimits, ImageMeasurement, measure};
use veritee_measure::kernel::{self, KernelHeader};
use veritee_measure::lite::{LiteError, LiteManifest};
use veritee_measure::td_hob::FirmwareMemory;
use veritee_measure::vm_config::LiteDocument;
use veritee_model::{Mrtd, Reason, Rtmr, Sha256Digest};

const MEMORY: u64 = 4 << 30;

fn image() -> ImageMeasurement {
    measure(&forge::image(), None, MEMORY, &ImageLimits::STANDARD).unwrap()
}

/// The manifest that dstack's build would make for the forged image.
fn parts(image: &ImageMeasurement) -> Lite {
    Lite {
        version: 3,
        command_line: Some(*image.command_line().as_bytes()),
        kernel: *image.kernels()[0].1.as_bytes(),
        normalized: None,
        initrd: *image.initrd().as_bytes(),
        layout: "pre202505",
        single_pass: *image.mrtd(PassOrder::SinglePass).as_bytes(),
        two_pass: *image.mrtd(PassOrder::TwoPass).as_bytes(),
        witness: hex::decode("80100904000609020b021010").unwrap(),
    }
}

fn document(measurement: Vec<u8>) -> (LiteDocument, Sha256Digest) {
    let line = format!("{}  measurement.tdx.cbor\n", Sha256Digest::of(&measurement));
    let hash = Sha256Digest::of(line.as_bytes());
    (LiteDocument { measurement, checksum_file: line.into_bytes() }, hash)
}

fn open(measurement: Vec<u8>) -> Result<LiteManifest, LiteError> {
    let (document, hash) = document(measurement);
    LiteManifest::open(&document, Some(&hash))
}

#[test]
fn a_manifest_leads_to_the_registers_of_its_image() {
    let image = image();
    let manifest = open(parts(&image).cbor()).unwrap();
    assert_eq!(*manifest.firmware(), FirmwareMemory::pre202505());
    for order in PassOrder::ALL {
        let comparison =
            manifest.compare(&image.mrtd(order), &kernel::rtmr1(image.kernels()[0].1), &image.rtmr2());
        assert!(comparison.complete());
        assert_eq!((comparison.pass_order, comparison.header), (Some(order), Some(KernelHeader::Patched)));
    }
    let other = manifest.compare(&Mrtd::new([1; 48]), &Rtmr::ZERO, &Rtmr::ZERO);
    assert_eq!((other.pass_order, other.header, other.rtmr2), (None, None, false));
}

#[test]
fn the_form_with_a_plain_command_line_leads_to_the_same_registers() {
    let image = image();
    for (normalized, header) in [
        (None, KernelHeader::Patched),
        (Some(false), KernelHeader::Patched),
        (Some(true), KernelHeader::AsShipped),
    ] {
        let parts = Lite { version: 4, command_line: None, normalized, ..parts(&image) };
        let manifest = open(parts.cbor()).unwrap();
        let comparison = manifest.compare(
            &image.mrtd(PassOrder::SinglePass),
            &kernel::rtmr1(image.kernels()[0].1),
            &image.rtmr2(),
        );
        assert_eq!(comparison.header, Some(header));
        assert!(comparison.complete());
        assert_eq!(manifest.covers(1 << 30), normalized == Some(true));
        assert!(manifest.covers(2 << 30));
    }
}

#[test]
fn an_appended_line_makes_another_image() {
    let (mut document, hash) = document(parts(&image()).cbor());
    document.checksum_file.extend(format!("{}  more\n", Sha256Digest::of(b"")).bytes());
    let error = LiteManifest::open(&document, Some(&hash)).unwrap_err();
    assert!(matches!(error, LiteError::Hash { expected, .. } if expected == hash));
    assert_eq!(error.reason(), Reason::OsImageOther);
}

#[test]
fn each_broken_link_of_the_chain_is_named() {
    let (good, hash) = document(parts(&image()).cbor());
    assert_eq!(LiteManifest::open(&good, None).unwrap_err(), LiteError::NoClaim);
    let mut changed = good.clone();
    changed.measurement[100] ^= 1;
    let error = LiteManifest::open(&changed, Some(&hash)).unwrap_err();
    assert!(matches!(error, LiteError::ManifestHash { .. }));
    assert_eq!(error.reason(), Reason::OsImageFileMismatch);
    let mut unlisted = good.clone();
    unlisted.checksum_file = format!("{}  ovmf.fd\n", Sha256Digest::of(b"")).into_bytes();
    let claimed = Sha256Digest::of(&unlisted.checksum_file);
    assert_eq!(LiteManifest::open(&unlisted, Some(&claimed)).unwrap_err(), LiteError::NotListed);
    let mut path = good.clone();
    path.checksum_file = format!("{}  ../measurement.tdx.cbor\n", Sha256Digest::of(b"")).into_bytes();
    let claimed = Sha256Digest::of(&path.checksum_file);
    assert_eq!(LiteManifest::open(&path, Some(&claimed)).unwrap_err().reason(), Reason::OsImagePath);
    let mut twice = good.clone();
    twice.checksum_file.extend(good.checksum_file.clone());
    let claimed = Sha256Digest::of(&twice.checksum_file);
    assert_eq!(LiteManifest::open(&twice, Some(&claimed)).unwrap_err().reason(), Reason::OsImageMalformed);
    let mut large = good;
    large.measurement.resize(1 << 20, 0);
    assert!(matches!(LiteManifest::open(&large, Some(&hash)), Err(LiteError::TooLarge { .. })));
}

#[test]
fn a_manifest_of_another_version_layout_or_memory_is_refused() {
    let image = image();
    let base = || parts(&image);
    for version in [0, 2, 5, u64::MAX] {
        assert_eq!(open(Lite { version, ..base() }.cbor()).unwrap_err(), LiteError::Version { got: version });
    }
    // Version 3 has a digest of the command line and no flag, version 4 the line itself.
    assert!(open(Lite { version: 4, ..base() }.cbor()).is_err());
    assert!(open(Lite { command_line: None, ..base() }.cbor()).is_err());
    assert!(open(Lite { normalized: Some(true), ..base() }.cbor()).is_err());
    let layout = open(Lite { layout: "edk2-202505", ..base() }.cbor()).unwrap_err();
    assert_eq!(layout.reason(), Reason::FirmwareLayoutUnknown);
    let witness = open(Lite { witness: vec![0xff; 40], ..base() }.cbor()).unwrap_err();
    assert_eq!(witness.reason(), Reason::LiteManifestMalformed);
}

/// Replaces the first occurrence of `from`.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

#[test]
fn cbor_of_another_form_is_refused() {
    let good = parts(&image()).cbor();
    open(good.clone()).unwrap();
    let digest = good.windows(2).position(|window| window == [0x58, 48]).unwrap();
    for (bytes, why) in [
        ([&good[..], &[0]].concat(), "a byte behind the end"),
        (good[..good.len() - 1].to_vec(), "cut off"),
        (Vec::new(), "nothing"),
        ([&[0xbf], &good[1..], &[0xff]].concat(), "a map of unknown length"),
        (replaced(&good, b"\xa3gversion\x03", b"\xa4gversion\x03gversion\x03"), "a member twice"),
        (replaced(&good, b"\xa3gversion\x03", b"\xa4gversion\x03emore!\x01"), "an unknown member"),
        (replaced(&good, b"gversion\x03", b"gversion\x23"), "a negative version"),
        (replaced(&good, b"gversion\x03", b"gversion\xf9\x42\x00"), "a version with a fraction"),
        (replaced(&good, b"\x58\x30", b"\x58\x2f"), "a digest of 47 bytes"),
        (replaced(&good, b"\x58\x30", b"\x78\x30"), "text for a digest"),
        (replaced(&good, b"htwo_pass", b"htwo_pazz"), "a renamed member"),
        (
            [
                &good[..digest],
                &[0x5f, 0x58, 48],
                &good[digest + 2..digest + 50],
                &[0xff],
                &good[digest + 50..],
            ]
            .concat(),
            "bytes of unknown length",
        ),
        ([&[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], &good[1..]].concat(), "a map without end"),
    ] {
        let error = open(bytes).unwrap_err();
        assert_eq!(error.reason(), Reason::LiteManifestMalformed, "{why}: {error}");
    }
}

#[test]
fn a_real_lite_machine_is_reproduced_register_by_register() {
    // Facts of a published machine: its manifest's values are those of its registers.
    let vectors = common::vectors("lite.json");
    let hex48 = |name: &str| -> [u8; 48] {
        hex::decode(vectors[name].as_str().unwrap()).unwrap().try_into().unwrap()
    };
    let text = |name: &str| vectors[name].as_str().unwrap().to_owned();
    let parts = Lite {
        version: 3,
        command_line: Some(hex48("cmdline_sha384")),
        kernel: hex48("kernel_authenticode"),
        normalized: None,
        initrd: hex48("initrd_sha384"),
        layout: "pre202505",
        single_pass: hex48("mrtd_single_pass"),
        two_pass: hex48("mrtd"),
        witness: hex::decode(text("td_hob_witness")).unwrap(),
    };
    let measurement = parts.cbor();
    // Our encoder writes dstack's bytes: the checksum file that lists them has the published image hash.
    let (document, hash) = document(measurement);
    assert_eq!(hash.to_string(), text("os_image_hash"));
    let manifest = LiteManifest::open(&document, Some(&hash)).unwrap();
    let comparison =
        manifest.compare(&Mrtd::new(hex48("mrtd")), &Rtmr::new(hex48("rtmr1")), &Rtmr::new(hex48("rtmr2")));
    assert!(comparison.complete());
    assert_eq!(comparison.pass_order, Some(PassOrder::TwoPass));
    let machine = common::machine("dstack-tdx-lite");
    let outcome = common::ask(&machine.config, &machine.rtmr0, None);
    assert!(matches!(outcome, veritee_measure::rtmr0::Rtmr0Outcome::Proven(_)));
    assert_eq!(Value::from(machine.rtmr0.to_string()), machine.case["rtmr0"]);
}
