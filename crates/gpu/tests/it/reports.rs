//! Attacks on the report: each with its reason.

use crate::world::{SEED, comparison_reason, device_reason, examine, manifests, one};
use veritee_gpu::{Family, FirmwareMatch};
use veritee_model::Reason;
use veritee_testkit::gpu::{DeviceSpec, GpuKind};

/// Where the opaque length stands in a report of 64 blocks.
const OPAQUE_LENGTH: usize = 3597;

fn edited(edit: fn(&mut Vec<u8>)) -> Option<Reason> {
    let mut spec = one();
    spec.report.edit_signed = Some(edit);
    device_reason(&spec)
}

fn signed(edit: fn(&mut DeviceSpec)) -> Option<Reason> {
    let mut spec = one();
    edit(&mut spec);
    device_reason(&spec)
}

#[test]
fn a_genuine_report_of_every_family_passes() {
    for kind in [GpuKind::Hopper, GpuKind::Blackwell] {
        let spec = DeviceSpec::gpu(SEED, kind, "gpu 0", [1; 32], &["switch 0"]);
        assert_eq!(device_reason(&spec), None, "{kind:?}");
    }
    assert_eq!(device_reason(&DeviceSpec::switch(SEED, "switch 0", [1; 32], &["gpu 0"])), None);
    assert_eq!(comparison_reason(&one(), &manifests()), None);
}

#[test]
fn a_bit_flipped_in_any_region_breaks_the_signature() {
    let cases: [(&str, fn(&mut Vec<u8>)); 6] = [
        ("requester nonce", |report| report[4] ^= 1),
        ("block", |report| report[45 + 7] ^= 0x80),
        ("responder nonce", |report| report[3565] ^= 1),
        ("opaque data", |report| report[OPAQUE_LENGTH + 2 + 6] ^= 1),
        ("r", |report| {
            let at = report.len() - 96;
            report[at] ^= 1;
        }),
        ("s", |report| {
            let at = report.len() - 1;
            report[at] ^= 1;
        }),
    ];
    for (name, edit) in cases {
        assert_eq!(edited(edit), Some(Reason::GpuReportSignature), "{name}");
    }
}

#[test]
fn signatures_outside_of_the_group_are_refused() {
    let zero_r: fn(&mut Vec<u8>) = |report| {
        let at = report.len() - 96;
        report[at..at + 48].fill(0);
    };
    let zero_s: fn(&mut Vec<u8>) = |report| {
        let at = report.len() - 48;
        report[at..].fill(0);
    };
    let large_s: fn(&mut Vec<u8>) = |report| {
        let at = report.len() - 48;
        report[at..].fill(0xff);
    };
    let large_r: fn(&mut Vec<u8>) = |report| {
        let at = report.len() - 96;
        report[at..at + 48].fill(0xff);
    };
    for edit in [zero_r, zero_s, large_s, large_r] {
        assert_eq!(edited(edit), Some(Reason::GpuReportSignature));
    }
}

#[test]
fn a_report_cut_off_anywhere_or_with_a_byte_more_is_malformed() {
    let whole = one().report();
    for length in (0..whole.len()).step_by(7) {
        let error =
            veritee_gpu::ParsedReport::parse(&whole[..length], &veritee_model::Budget::STANDARD).unwrap_err();
        assert_eq!(error.reason(), Reason::GpuReportMalformed, "{length}");
    }
    assert_eq!(edited(|report| report.push(1)), Some(Reason::GpuReportMalformed));
    assert_eq!(edited(|report| report.extend([0, 0, 1])), Some(Reason::GpuReportMalformed));
    // CoCo gives the buffer that the report came in. What is read ends with the signature.
    assert_eq!(edited(|report| report.push(0)), None);
    let padded = [whole.as_slice(), &[0; 9]].concat();
    let budget = veritee_model::Budget::STANDARD;
    let parse = |bytes: &[u8]| veritee_gpu::ParsedReport::parse(bytes, &budget).unwrap();
    assert_eq!(parse(&padded), parse(&whole));
    let huge = vec![0x11; (64 << 10) + 1];
    let error = veritee_gpu::ParsedReport::parse(&huge, &veritee_model::Budget::STANDARD).unwrap_err();
    assert!(matches!(error, veritee_gpu::report::ReportError::TooLarge { .. }));
}

#[test]
fn fields_with_other_values_are_unknown_where_a_device_signed_them_and_forged_where_none_did() {
    let cases: [(&str, fn(&mut Vec<u8>)); 15] = [
        ("missing index", |report| report[45 + 55] = 3),
        ("request code", |report| report[1] = 0xe1),
        ("no signature asked for", |report| report[2] = 0),
        ("one block asked for", |report| report[3] = 1),
        ("slot", |report| report[36] = 1),
        ("response code", |report| report[38] = 0x7f),
        ("response parameter", |report| report[40] = 1),
        ("more blocks", |report| report[41] += 1),
        ("longer record", |report| report[42] ^= 1),
        ("huge record", |report| report[44] = 0xff),
        ("index 0", |report| report[45] = 0),
        ("repeated index", |report| report[45 + 55] = 1),
        ("specification", |report| report[46] = 2),
        ("block size", |report| report[47] = 50),
        ("value type", |report| report[49] = 0x81),
    ];
    for (name, edit) in cases {
        let mut spec = one();
        spec.report.edit_unsigned = Some(edit);
        assert_eq!(device_reason(&spec), Some(Reason::GpuLayoutUnknown), "{name}");
        assert_eq!(edited(edit), Some(Reason::GpuReportMalformed), "{name}");
    }
}

#[test]
fn an_opaque_length_that_is_one_off_or_huge_is_refused() {
    let cases: [fn(&mut Vec<u8>); 3] = [
        |report| report[OPAQUE_LENGTH] = report[OPAQUE_LENGTH].wrapping_add(1),
        |report| report[OPAQUE_LENGTH] = report[OPAQUE_LENGTH].wrapping_sub(1),
        |report| report[OPAQUE_LENGTH..OPAQUE_LENGTH + 2].fill(0xff),
    ];
    for edit in cases {
        assert_eq!(edited(edit), Some(Reason::GpuReportMalformed));
    }
}

#[test]
fn another_version_of_spdm_is_unknown_not_forged() {
    for at in [0, 37] {
        let mut spec = one();
        spec.report.edit_unsigned =
            Some(if at == 0 { |report| report[0] = 0x12 } else { |report| report[37] = 0x12 });
        assert_eq!(device_reason(&spec), Some(Reason::GpuLayoutUnknown));
    }
}

#[test]
fn opaque_data_of_an_unknown_layout_are_unknown_once_their_signature_holds() {
    let cases: [(&str, fn(&mut DeviceSpec)); 9] = [
        ("entry past the end", |spec| {
            spec.report.edit_unsigned = Some(|report| {
                let last = report.len() - 3;
                report[last] = 0xff;
            });
        }),
        ("repeated entry", |spec| {
            let first = spec.report.opaque[0].clone();
            spec.report.opaque.push(first);
        }),
        ("short firmware identity", |spec| spec.opaque_mut(20).truncate(47)),
        ("empty driver version", |spec| spec.opaque_mut(3).clear()),
        ("driver version with a control character", |spec| spec.opaque_mut(3)[0] = 0x1b),
        ("driver version with a slash", |spec| spec.opaque_mut(3)[0] = b'/'),
        ("new layout of profile 1", |spec| spec.report.new_layout = Some((2, 1))),
        ("new layout of major version 3", |spec| spec.report.new_layout = Some((3, 0))),
        ("old layout of version 2", |spec| spec.report.opaque.push((34, 0, vec![2, 0]))),
    ];
    for (name, edit) in cases {
        assert_eq!(signed(edit), Some(Reason::GpuLayoutUnknown), "{name}");
    }
}

#[test]
fn unknown_entries_are_kept_and_the_new_layout_is_read() {
    let mut spec = one();
    spec.report.opaque.push((999, 0x99, vec![1, 2, 3]));
    spec.report.opaque.push((998, 0x99, b"NVDAOD".to_vec()));
    spec.report.new_layout = Some((2, 0));
    let examination = examine(&[spec], &manifests());
    let signed = examination.devices[0].as_ref().unwrap();
    assert_eq!(signed.opaque().entry(999).unwrap().data, [1, 2, 3]);
    assert_eq!(signed.opaque().entry(999).unwrap().name(), "unknown");
    assert_eq!(signed.opaque().driver_version(), Some("570.172.08"));
    assert_eq!(signed.family(), Family::Hopper);
}

#[test]
fn the_mark_of_the_new_layout_inside_the_old_one_is_data() {
    let mut spec = one();
    spec.report.opaque.insert(0, (998, 0, b"NVDAOD\0\0\x02\0\0\0".to_vec()));
    let examination = examine(&[spec], &manifests());
    let signed = examination.devices[0].as_ref().unwrap();
    assert_eq!(signed.opaque().entry(998).unwrap().value_type, None);
    assert_eq!(signed.opaque().driver_version(), Some("570.172.08"));
}

#[test]
fn firmware_of_another_identity_is_seen_and_an_absent_one_is_not_a_pass() {
    let firmware = |edit: fn(&mut DeviceSpec)| {
        let mut spec = one();
        edit(&mut spec);
        let examination = examine(&[spec], &[]);
        examination.set.unwrap().unwrap().gpus()[0].firmware()
    };
    assert_eq!(firmware(|_| {}), FirmwareMatch::Equal);
    assert!(matches!(firmware(|spec| spec.opaque_mut(20)[0] ^= 1), FirmwareMatch::Differs { .. }));
    assert_eq!(firmware(|spec| spec.report.opaque.retain(|entry| entry.0 != 20)), FirmwareMatch::Absent);
    assert!(matches!(firmware(|spec| spec.opaque_mut(20).fill(0)), FirmwareMatch::Differs { .. }));
}
