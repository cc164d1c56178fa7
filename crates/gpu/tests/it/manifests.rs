//! Attacks on reference manifests: each with its reason.

use crate::world::{SEED, as_of, comparison_reason, examine, manifests, one, roots};
use veritee_gpu::{Examination, Manifest, Memory};
use veritee_model::{Budget, Reason, UnixTime};
use veritee_testkit::gpu::{self, ManifestSpec, ResourceSpec, block};

fn verify(spec: &ManifestSpec) -> Option<Reason> {
    let bytes = spec.forge();
    let result = Manifest::verify(&bytes, &roots(), as_of(), &Budget::STANDARD, &Memory::new());
    result.err().map(|error| error.reason())
}

fn with(edit: impl FnOnce(&mut ManifestSpec)) -> Option<Reason> {
    let mut spec = ManifestSpec::driver(SEED);
    edit(&mut spec);
    verify(&spec)
}

fn examine_with(driver: impl FnOnce(&mut ManifestSpec)) -> Examination {
    let mut spec = ManifestSpec::driver(SEED);
    driver(&mut spec);
    examine(&[one()], &[spec.forge(), ManifestSpec::vbios(SEED).forge()])
}

#[test]
fn a_genuine_manifest_verifies_and_all_values_are_equal() {
    assert_eq!(with(|_| {}), None);
    let examination = examine(&[one()], &manifests());
    let set = examination.set.unwrap().unwrap();
    let comparison = set.gpus()[0].comparison().unwrap();
    assert!(comparison.is_equal());
    assert_eq!(comparison.compared, 22 + 12);
    assert_eq!(comparison.uncovered.len(), 27);
}

#[test]
fn a_value_changed_after_signing_breaks_the_digest() {
    let cases: [(&str, fn(&mut String)); 6] = [
        ("golden value", |text| *text = text.replacen("Hash0=\"1616", "Hash0=\"1716", 1)),
        ("active", |text| *text = text.replacen("active=\"True\"", "active=\"False\"", 1)),
        ("product", |text| *text = text.replacen("product=\"GH100\"", "product=\"GB100\"", 1)),
        ("version", |text| *text = text.replacen("570.172.08", "570.172.09", 1)),
        ("white space", |text| *text = text.replacen("    <ns0:Payload>", "     <ns0:Payload>", 1)),
        ("attribute order is no change", |text| {
            *text = text.replacen("corpus=\"false\" name=\"GH100\"", "name=\"GH100\" corpus=\"false\"", 1);
        }),
    ];
    for (name, edit) in cases {
        let expected = if name.contains("no change") { None } else { Some(Reason::GpuRimSignature) };
        assert_eq!(with(|spec| spec.edit_signed = Some(edit)), expected, "{name}");
    }
}

#[test]
fn what_is_moved_past_the_signature_is_refused() {
    let cases: [(&str, fn(&mut String)); 8] = [
        ("second payload", |text| {
            *text =
                text.replacen("    </ns0:Payload>\n", "    </ns0:Payload>\n<ns0:Payload></ns0:Payload>", 1);
        }),
        ("second signature", |text| {
            let (from, to) =
                (text.find("<ds:Signature ").unwrap(), text.find("</SoftwareIdentity>").unwrap());
            let again = text[from..to].to_owned();
            text.insert_str(to, &again);
        }),
        ("signature in the payload", |text| {
            let (from, to) =
                (text.find("<ds:Signature ").unwrap(), text.find("</SoftwareIdentity>").unwrap());
            let moved = text[from..to].to_owned();
            text.replace_range(from..to, "");
            *text = text.replacen("    </ns0:Payload>", &format!("{moved}</ns0:Payload>"), 1);
        }),
        ("wrapped", |text| *text = format!("<x xmlns=\"urn:x\">{text}</x>")),
        ("payload inside the signature", |text| {
            *text = text.replacen(
                "<ds:X509Data>",
                "<ns0:Payload xmlns:ns0=\"http://standards.iso.org/iso/19770/-2/2015/schema.xsd\"></ns0:Payload><ds:X509Data>",
                1,
            );
        }),
        ("object in the signature", |text| {
            *text = text.replacen("</ds:KeyInfo>", "</ds:KeyInfo><ds:Object></ds:Object>", 1);
        }),
        ("signature with an id", |text| {
            *text = text.replacen("<ds:Signature ", "<ds:Signature Id=\"x\" ", 1);
        }),
        ("no signature", |text| {
            let (from, to) =
                (text.find("<ds:Signature ").unwrap(), text.find("</SoftwareIdentity>").unwrap());
            text.replace_range(from..to, "");
        }),
    ];
    for (name, edit) in cases {
        // A second payload is part of what is digested; all else is outside of the profile.
        let expected =
            if name == "second payload" { Reason::GpuRimSignature } else { Reason::GpuRimMalformed };
        assert_eq!(with(|spec| spec.edit_signed = Some(edit)), Some(expected), "{name}");
    }
    // A payload that was there when the document was signed is refused for its place.
    let twice = with(|spec| {
        spec.edit_unsigned = Some(|text| {
            *text =
                text.replacen("    </ns0:Payload>\n", "    </ns0:Payload>\n<ns0:Payload></ns0:Payload>", 1);
        });
    });
    assert_eq!(twice, Some(Reason::GpuRimMalformed));
}

#[test]
fn any_other_profile_of_the_signature_is_refused() {
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    for (at, algorithm) in [
        (0, exclusive),
        (0, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        (1, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
        (1, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha384"),
        (2, "http://www.w3.org/TR/1999/REC-xpath-19991116"),
        (3, exclusive),
        (4, "http://www.w3.org/2001/04/xmlenc#sha256"),
    ] {
        let reason = with(|spec| algorithm.clone_into(&mut spec.algorithms[at]));
        assert_eq!(reason, Some(Reason::GpuRimMalformed), "{at} {algorithm}");
    }
    assert_eq!(with(|spec| spec.uri = "#id".to_owned()), Some(Reason::GpuRimMalformed));
    assert_eq!(with(|spec| spec.algorithms.swap(2, 3)), Some(Reason::GpuRimMalformed));
}

#[test]
fn what_xml_readers_see_in_two_ways_is_refused() {
    let cases: [(&str, fn(&mut String)); 9] = [
        ("comment inside a value", |text| {
            *text = text.replacen(">\n    <ns0:Meta", "><!-- -->\n    <ns0:Meta", 1);
        }),
        ("entity", |text| *text = text.replacen("r1", "&x;", 1)),
        ("character reference", |text| *text = text.replacen("r1", "r&#49;", 1)),
        ("DTD", |text| text.insert_str(0, "<!DOCTYPE x [<!ENTITY x \"y\">]>")),
        ("xml:id", |text| *text = text.replacen("<ns0:Payload", "<ns0:Payload xml:id=\"x\"", 1)),
        ("attribute twice through two prefixes", |text| {
            *text = text.replacen(
                "<ns0:Payload>",
                "<ns0:Payload xmlns:SHA384=\"http://www.w3.org/2001/04/xmlenc#sha384\">",
                1,
            );
            let at = text.find(" ns2:Hash0=").unwrap();
            text.insert_str(at, " SHA384:Hash0=\"00\"");
        }),
        ("CDATA", |text| *text = text.replacen("    <ns0:Payload>", "<![CDATA[ ]]><ns0:Payload>", 1)),
        ("processing instruction", |text| {
            *text = text.replacen("    <ns0:Payload>", "<?x?><ns0:Payload>", 1);
        }),
        ("carriage return", |text| *text = text.replacen('\n', "\r\n", 1)),
    ];
    for (name, edit) in cases {
        assert_eq!(with(|spec| spec.edit_signed = Some(edit)), Some(Reason::GpuRimMalformed), "{name}");
    }
}

#[test]
fn values_outside_of_their_range_are_refused_even_when_they_are_signed() {
    type Edit = fn(&mut ResourceSpec);
    let cases: [(&str, Edit); 14] = [
        ("no alternatives", |it| it.alternatives = "0".into()),
        ("a thousand million alternatives", |it| it.alternatives = "1000000000".into()),
        ("fewer hashes than said", |it| it.alternatives = "2".into()),
        ("more hashes than said", |it| it.hashes.push("00".repeat(48))),
        ("index -1", |it| it.index = "-1".into()),
        ("index 64", |it| it.index = "64".into()),
        ("index 4095", |it| it.index = "4095".into()),
        ("index with a leading zero", |it| it.index = "07".into()),
        ("repeated index", |it| it.index = "8".into()),
        ("active in lower case", |it| it.active = "true".into()),
        ("another size", |it| it.size = "32".into()),
        ("another type", |it| it.kind = "Firmware".into()),
        ("short value", |it| it.hashes[0].truncate(94)),
        ("value that is no hex", |it| it.hashes[0].replace_range(0..1, "g")),
    ];
    for (name, edit) in cases {
        assert_eq!(with(|spec| edit(&mut spec.resources[7])), Some(Reason::GpuRimMalformed), "{name}");
    }
}

#[test]
fn the_signer_must_reach_nvidia_s_root_of_manifests() {
    let device = with(|spec| {
        spec.chain[3] = gpu::device_root(SEED);
    });
    assert_eq!(device, Some(Reason::GpuRimUntrusted));
    let debug = with(|spec| {
        spec.chain[3].key = "debug only root".into();
        spec.chain[3].signed_by = "debug only root".into();
    });
    assert_eq!(debug, Some(Reason::GpuRimUntrusted));
    assert_eq!(verify(&ManifestSpec::driver(SEED + 1)), Some(Reason::GpuRimUntrusted));
    // A genuine device's key signs no manifest.
    let leaf = with(|spec| {
        spec.chain = one().chain[..4].to_vec();
        spec.signed_by = "gpu 0 leaf".into();
    });
    assert_eq!(leaf, Some(Reason::GpuRimUntrusted));
    assert_eq!(with(|spec| spec.signed_by = "stranger".into()), Some(Reason::GpuRimSignature));
    assert_eq!(with(|spec| spec.chain[1].signed_by = "stranger".into()), Some(Reason::GpuRimSignature));
    assert_eq!(with(|spec| drop(spec.chain.pop())), Some(Reason::GpuRimMalformed));
}

#[test]
fn an_expired_or_future_signer_is_told_by_date_and_not_as_a_forgery() {
    let soon = UnixTime::from_seconds(as_of().seconds() + 1);
    let lately = UnixTime::from_seconds(as_of().seconds() - 1);
    for at in 0..3 {
        assert_eq!(with(|spec| spec.chain[at].not_after = lately), Some(Reason::GpuRimExpired));
        assert_eq!(with(|spec| spec.chain[at].not_before = soon), Some(Reason::GpuRimNotYetValid));
    }
    let expired = examine_with(|spec| spec.chain[0].not_after = lately);
    assert_eq!(expired.shelf.out_of_date().count(), 1);
    let set = expired.set.unwrap().unwrap();
    let error = set.gpus()[0].comparison().unwrap_err();
    assert_eq!(error.reason(), Reason::GpuRimExpired);
    assert!(error.to_string().contains("2026-03-14T23:59:59Z"), "{error}");
}

#[test]
fn a_forged_manifest_is_refused_and_not_merely_missing() {
    let examination =
        examine_with(|spec| spec.edit_signed = Some(|text| *text = text.replacen("True", "False", 1)));
    assert_eq!(examination.shelf.refused().len(), 1);
    assert_eq!(examination.shelf.refused()[0].reason(), Reason::GpuRimSignature);
}

#[test]
fn manifests_of_another_product_version_or_kind_are_not_used() {
    for edit in [
        (|spec: &mut ManifestSpec| spec.product = "GB100".into()) as fn(&mut ManifestSpec),
        |spec| spec.version = "570.172.09".into(),
        |spec| spec.edition = "SWITCH".into(),
    ] {
        let examination = examine_with(edit);
        let set = examination.set.unwrap().unwrap();
        let error = set.gpus()[0].comparison().unwrap_err();
        assert_eq!(error.reason(), Reason::GpuRimMissing);
        assert_eq!(error.explain().next.unwrap(), "give NV_GPU_DRIVER_GH100_570.172.08");
    }
    // The VBIOS manifest twice is no driver manifest.
    let vbios = ManifestSpec::vbios(SEED).forge();
    assert_eq!(comparison_reason(&one(), &[vbios.clone(), vbios]), Some(Reason::GpuRimMissing));
    assert_eq!(comparison_reason(&one(), &[ManifestSpec::driver(SEED).forge()]), Some(Reason::GpuRimMissing));
}

#[test]
fn two_manifests_that_speak_of_one_measurement_contradict_each_other() {
    let examination = examine_with(|spec| {
        spec.resources[3].active = "True".into();
        spec.resources[3].hashes = vec![hex::encode(block(3))];
    });
    let set = examination.set.unwrap().unwrap();
    assert_eq!(set.gpus()[0].comparison().unwrap_err().reason(), Reason::GpuRimConflict);
}

#[test]
fn a_measurement_that_is_none_of_the_alternatives_is_named() {
    let mut spec = one();
    spec.report.blocks[24] = [0xee; 48];
    let set = examine(&[spec], &manifests()).set.unwrap().unwrap();
    let comparison = set.gpus()[0].comparison().unwrap();
    let [mismatch] = comparison.mismatches.as_slice() else { panic!("one") };
    assert_eq!((mismatch.index, mismatch.name.as_str()), (24, "Measurement_24"));
    assert_eq!(mismatch.got.unwrap().to_string(), "ee".repeat(48));
    // Another alternative will do, be it zero.
    let set = examine_with(|spec| {
        spec.resources[24].alternatives = "3".into();
        spec.resources[24].hashes = vec!["aa".repeat(48), "00".repeat(48), hex::encode(block(24))];
    });
    assert!(set.set.unwrap().unwrap().gpus()[0].comparison().unwrap().is_equal());
}

#[test]
fn the_video_decoder_s_measurement_counts_when_it_is_on_and_blocks_when_nobody_knows() {
    let mut on = one();
    on.opaque_mut(11)[0] = 0xaa;
    let set = examine(&[on.clone()], &manifests()).set.unwrap().unwrap();
    assert_eq!(set.gpus()[0].comparison().unwrap().compared, 34);
    on.report.blocks[35] = [0xee; 48];
    let set = examine(&[on.clone()], &manifests()).set.unwrap().unwrap();
    assert_eq!(set.gpus()[0].comparison().unwrap().mismatches[0].index, 35);
    on.opaque_mut(11)[0] = 0x55;
    let set = examine(&[on.clone()], &manifests()).set.unwrap().unwrap();
    let comparison = set.gpus()[0].comparison().unwrap();
    assert!(comparison.is_equal() && comparison.video_decoder_left_out);
    assert_eq!(comparison.compared, 33);
    on.opaque_mut(11)[0] = 0;
    assert_eq!(comparison_reason(&on, &manifests()), Some(Reason::GpuMeasurementMismatch));
    on.report.opaque.retain(|entry| entry.0 != 11);
    assert_eq!(comparison_reason(&on, &manifests()), Some(Reason::GpuMeasurementMismatch));
}

#[test]
fn lowest_versions_are_compared_and_an_entry_of_another_form_is_too_low() {
    let floor = |entry: Option<(u16, Vec<u8>)>, least| {
        let mut spec = one();
        spec.report.new_layout = Some((2, 0));
        spec.report.opaque.extend(entry.map(|(value_type, data)| (37, value_type, data)));
        let mut driver = ManifestSpec::driver(SEED);
        driver.resources.push(ResourceSpec::floor(37, least));
        let collateral = [driver.forge(), ManifestSpec::vbios(SEED).forge()];
        let set = examine(&[spec], &collateral).set.unwrap().unwrap();
        let comparison = set.gpus()[0].comparison().unwrap();
        assert_eq!(comparison.floors, 1);
        comparison.below_floor.first().map(|below| below.got)
    };
    assert_eq!(floor(Some((0x87, vec![5, 0])), 5), None);
    assert_eq!(floor(Some((0x87, vec![0, 1])), 256), None);
    assert_eq!(floor(Some((0x87, vec![4, 0])), 5), Some(Some(4)));
    assert_eq!(floor(Some((0x82, vec![9, 0])), 5), Some(None));
    assert_eq!(floor(None, 5), Some(None));
}

#[test]
fn a_floor_that_both_manifests_name_is_a_contradiction() {
    let (mut driver, mut vbios) = (ManifestSpec::driver(SEED), ManifestSpec::vbios(SEED));
    driver.resources.push(ResourceSpec::floor(37, 1));
    vbios.resources.push(ResourceSpec::floor(37, 1));
    let collateral = [driver.forge(), vbios.forge()];
    assert_eq!(comparison_reason(&one(), &collateral), Some(Reason::GpuRimConflict));
}
