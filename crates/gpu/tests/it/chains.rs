//! Attacks on the certificate chain: each with its reason.

use crate::world::{NONCE, SEED, as_of, device_reason, one};
use veritee_model::{Reason, UnixTime};
use veritee_testkit::certificate::{Algorithm, Extension, Name, basic_constraints, key_usage, oids};
use veritee_testkit::gpu::{self, DeviceSpec, GpuCertificate, GpuKey, GpuKind};

fn with(edit: impl FnOnce(&mut DeviceSpec)) -> Option<Reason> {
    let mut spec = one();
    edit(&mut spec);
    device_reason(&spec)
}

#[test]
fn a_root_of_the_same_name_and_another_key_is_untrusted() {
    let swapped = with(|spec| {
        spec.chain[4].key = "stranger".to_owned();
        spec.chain[4].signed_by = "stranger".to_owned();
    });
    assert_eq!(swapped, Some(Reason::GpuChainUntrusted));
    // A whole universe of its own, every signature of which verifies.
    let other = DeviceSpec::gpu(SEED + 1, GpuKind::Hopper, "gpu 0", NONCE, &[]);
    assert_eq!(device_reason(&other), Some(Reason::GpuChainUntrusted));
    // The root of manifests vouches for no device.
    assert_eq!(with(|spec| spec.chain[4] = gpu::manifest_root(SEED)), Some(Reason::GpuChainUntrusted));
}

#[test]
fn four_or_six_certificates_are_refused() {
    assert_eq!(with(|spec| drop(spec.chain.pop())), Some(Reason::GpuChainMalformed));
    assert_eq!(with(|spec| spec.chain.clear()), Some(Reason::GpuEvidenceMalformed));
    assert_eq!(with(|spec| spec.chain.push(gpu::device_root(SEED))), Some(Reason::GpuChainMalformed));
    let twice = with(|spec| {
        let second = spec.chain[2].clone();
        spec.chain.insert(3, second);
    });
    assert_eq!(twice, Some(Reason::GpuChainMalformed));
}

#[test]
fn another_order_is_refused_and_no_forgery() {
    for (first, second) in [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)] {
        let reason = with(|spec| spec.chain.swap(first, second));
        assert_eq!(reason, Some(Reason::GpuChainMalformed), "{first} and {second}");
    }
    assert_eq!(with(|spec| spec.chain.reverse()), Some(Reason::GpuChainMalformed), "root first");
    // In another order and of another device or root: that no packer of evidence causes.
    let other = DeviceSpec::gpu(SEED, GpuKind::Hopper, "gpu 1", NONCE, &[]);
    let mixed = with(|spec| {
        spec.chain[1] = other.chain[1].clone();
        spec.chain.reverse();
    });
    assert_eq!(mixed, Some(Reason::GpuChainUntrusted));
    let swapped = with(|spec| {
        spec.chain[4].key = "stranger".to_owned();
        spec.chain[4].signed_by = "stranger".to_owned();
        spec.chain.reverse();
    });
    assert_eq!(swapped, Some(Reason::GpuChainUntrusted));
}

#[test]
fn the_leaf_of_one_device_above_the_device_of_another_is_untrusted() {
    let other = DeviceSpec::gpu(SEED, GpuKind::Hopper, "gpu 1", NONCE, &[]);
    let mixed = with(|spec| spec.chain[0] = other.chain[0].clone());
    assert_eq!(mixed, Some(Reason::GpuChainUntrusted));
    // A whole chain of another device: genuine, but it did not sign this report.
    assert_eq!(with(|spec| spec.chain = other.chain.clone()), Some(Reason::GpuReportSignature));
}

#[test]
fn names_of_two_families_are_refused() {
    let cases: [(&str, usize, &str); 5] = [
        ("leaf", 0, "GB100 A01 GSP FMC LF"),
        ("leaf's part", 0, "GH100 A01 GSP BROM"),
        ("switch's processor", 0, "GH100 A01 FSP FMC LF"),
        ("no stepping", 0, "GH100 GSP FMC LF"),
        ("prefix", 0, "GH1000 A01 GSP FMC LF"),
    ];
    for (name, at, common_name) in cases {
        let reason = with(|spec| spec.chain[at].subject.set_common_name(common_name));
        assert_eq!(reason, Some(Reason::GpuChainRole), "{name}");
    }
    let renamed = with(|spec| {
        spec.chain[1].subject.set_common_name("LS_10 A01 FSP BROM");
        spec.chain[0].issuer.set_common_name("LS_10 A01 FSP BROM");
    });
    assert_eq!(renamed, Some(Reason::GpuChainRole));
    let device_name = with(|spec| {
        let name = veritee_testkit::der::utf8("NVIDIA:GB100:0011223344556677");
        let name =
            [veritee_testkit::der::oid("1.3.6.1.4.1.412.274.1"), veritee_testkit::der::element(0xa0, &name)];
        let name = veritee_testkit::der::element(0xa0, &name.concat());
        spec.chain[0].extension_mut("2.5.29.17").value = veritee_testkit::der::sequence(&[name]);
    });
    assert_eq!(device_name, Some(Reason::GpuChainRole));
}

#[test]
fn a_family_that_nobody_knows_is_unknown_not_forged() {
    let reason = with(|spec| {
        for (at, name) in [
            (0, "GR100 A01 GSP FMC LF"),
            (1, "GR100 A01 GSP BROM"),
            (2, "NVIDIA GR100 Provisioner ICA 1"),
            (3, "NVIDIA GR1XX Identity"),
        ] {
            spec.chain[at].subject.set_common_name(name);
            if at > 0 {
                spec.chain[at - 1].issuer.set_common_name(name);
            }
        }
    });
    assert_eq!(reason, Some(Reason::GpuFamilyUnknown));
}

#[test]
fn certificates_that_may_not_play_their_part_are_refused() {
    type Edit = fn(&mut GpuCertificate);
    let cases: [(&str, usize, Edit); 9] = [
        ("device without CA", 1, |it| it.extensions.retain(|it| it.oid != oids::BASIC_CONSTRAINTS)),
        ("device that is no CA", 1, |it| {
            it.extension_mut(oids::BASIC_CONSTRAINTS).value = basic_constraints(false, None);
        }),
        ("CA without keyCertSign", 2, |it| it.extension_mut(oids::KEY_USAGE).value = key_usage(0x02)),
        ("CA without key usage", 3, |it| it.extensions.retain(|it| it.oid != oids::KEY_USAGE)),
        ("path too short", 3, |it| {
            it.extension_mut(oids::BASIC_CONSTRAINTS).value = basic_constraints(true, Some(1));
        }),
        ("leaf without digitalSignature", 0, |it| it.extension_mut(oids::KEY_USAGE).value = key_usage(0x40)),
        ("leaf that signs certificates", 0, |it| it.extension_mut(oids::KEY_USAGE).value = key_usage(0x84)),
        ("leaf that is a CA", 0, |it| {
            it.extensions.push(Extension::new(oids::BASIC_CONSTRAINTS, true, basic_constraints(true, None)));
        }),
        ("leaf for OCSP", 0, |it| {
            let purpose = veritee_testkit::der::sequence(&[veritee_testkit::der::oid("1.3.6.1.5.5.7.3.9")]);
            it.extensions.push(Extension::new(oids::EXTENDED_KEY_USAGE, false, purpose));
        }),
    ];
    for (name, at, edit) in cases {
        assert_eq!(with(|spec| edit(&mut spec.chain[at])), Some(Reason::GpuChainRole), "{name}");
    }
}

#[test]
fn certificates_of_another_form_are_malformed() {
    type Edit = fn(&mut GpuCertificate);
    let cases: [(&str, Edit); 3] = [
        ("unknown critical extension", |it| {
            it.extensions.push(Extension::new("1.2.3.4", true, veritee_testkit::der::null()));
        }),
        ("extension twice", |it| {
            let again = it.extensions[0].clone();
            it.extensions.push(again);
        }),
        ("name constraints", |it| {
            it.extensions.push(Extension::new("2.5.29.30", false, veritee_testkit::der::sequence(&[])));
        }),
    ];
    for (name, edit) in cases {
        assert_eq!(with(|spec| edit(&mut spec.chain[2])), Some(Reason::GpuChainMalformed), "{name}");
    }
}

#[test]
fn a_key_or_signature_of_another_kind_is_refused_by_name_and_not_forged() {
    for at in 0..4 {
        let algorithm = with(|spec| spec.chain[at].algorithm = Algorithm::ecdsa_sha256());
        assert_eq!(algorithm, Some(Reason::GpuAlgorithmUnsupported), "{at}");
        let key = with(|spec| spec.chain[at].spki = Some(gpu::rsa_spki()));
        assert_eq!(key, Some(Reason::GpuAlgorithmUnsupported), "{at}");
    }
}

#[test]
fn signatures_and_key_identifiers_are_those_of_the_issuer() {
    assert_eq!(with(|spec| spec.chain[0].signed_by = "stranger".into()), Some(Reason::GpuChainSignature));
    assert_eq!(with(|spec| spec.chain[3].signed_by = "stranger".into()), Some(Reason::GpuChainSignature));
    let identifier = with(|spec| {
        spec.chain[1].extension_mut(oids::AKI).value =
            veritee_testkit::der::sequence(&[veritee_testkit::der::element(0x80, &[7; 20])]);
    });
    assert_eq!(identifier, Some(Reason::GpuChainUntrusted));
    let issuer = with(|spec| spec.chain[2].issuer = Name::common("NVIDIA GH100 Identitz"));
    assert_eq!(issuer, Some(Reason::GpuChainUntrusted));
}

#[test]
fn dates_are_judged_at_the_as_of_time() {
    let after = UnixTime::from_seconds(as_of().seconds() + 1);
    let before = UnixTime::from_seconds(as_of().seconds() - 1);
    for at in 0..4 {
        assert_eq!(
            with(|spec| spec.chain[at].not_before = after),
            Some(Reason::CertificateNotYetValid),
            "{at}"
        );
        assert_eq!(with(|spec| spec.chain[at].not_after = before), Some(Reason::CertificateExpired), "{at}");
        assert_eq!(with(|spec| spec.chain[at].not_after = as_of()), None, "{at}");
        assert_eq!(with(|spec| spec.chain[at].not_before = as_of()), None, "{at}");
    }
}

#[test]
fn the_key_inside_the_firmware_identity_is_the_device_s() {
    let reason = with(|spec| {
        let digest = veritee_testkit::der::sequence(&[
            veritee_testkit::der::oid("2.16.840.1.101.3.4.2.2"),
            veritee_testkit::der::octet_string(&[0xf1; 48]),
        ]);
        let stranger = GpuKey::derive(SEED, "stranger").spki();
        spec.chain[0].extension_mut("2.23.133.5.4.1").value =
            veritee_testkit::der::sequence(&[veritee_testkit::der::integer(1), stranger, digest]);
    });
    assert_eq!(reason, Some(Reason::GpuFwidKeyOther));
}

#[test]
fn only_certificates_stand_in_the_pem_and_zero_bytes_may_follow_it() {
    let genuine = String::from_utf8(one().pem()).unwrap();
    let pem = |text: Vec<u8>| with(|spec| spec.pem = Some(text));
    assert_eq!(pem([genuine.as_bytes(), &[0; 5]].concat()), None);
    assert_eq!(pem(genuine.replace('\n', "\r\n").into_bytes()), None);
    let text = genuine.replacen("-----END CERTIFICATE-----\n", "-----END CERTIFICATE-----\nsubject: x\n", 1);
    assert_eq!(pem(text.into_bytes()), Some(Reason::GpuChainMalformed));
    assert_eq!(
        pem(genuine.repeat(1000).as_bytes()[..5_000_000 / 2].to_vec()),
        Some(Reason::GpuChainMalformed)
    );
    assert_eq!(pem(Vec::new()), Some(Reason::GpuEvidenceMalformed));
    assert_eq!(pem([genuine.as_bytes(), &[0], genuine.as_bytes()].concat()), Some(Reason::GpuChainMalformed));
}

#[test]
fn a_genuine_switch_signs_no_gpu_s_report() {
    let switch = DeviceSpec::switch(SEED, "switch 0", NONCE, &["gpu 0"]);
    assert_eq!(with(|spec| spec.chain = switch.chain.clone()), Some(Reason::GpuReportSignature));
}
