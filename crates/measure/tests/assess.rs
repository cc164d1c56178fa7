//! Step 6 as a whole: what counts as proven, and what only looks like it.

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::forge;
use serde_json::{Value, json};
use veritee_measure::PassOrder;
use veritee_measure::assess::{Assessment, ImagePolicy, Inputs, QuotedRegisters, assess};
use veritee_measure::image::{ImageLimits, ImageMeasurement, MemoryImage, measure};
use veritee_measure::kernel;
use veritee_measure::rtmr0::{self, Effort};
use veritee_model::{CheckId, Mrtd, Outcome, Reason, Rtmr, Sha256Digest};

/// A machine that boots the forged image, and everything that belongs to it.
struct World {
    image: MemoryImage,
    hash: Sha256Digest,
    quoted: QuotedRegisters,
    config: Value,
}

fn world() -> World {
    world_with(forge::image())
}

fn world_with(image: MemoryImage) -> World {
    let hash = forge::hash(&image);
    let config = json!({
        "os_image_hash": hash.to_string(), "cpu_count": 4, "memory_size": 4_u64 << 30,
        "qemu_version": "8.2.2", "image": "dstack-0.0.1",
    });
    let parsed = common::parse(&config.to_string());
    let measured = measured(&image);
    let events = rtmr0::measure(&rtmr0::claimed_shape(&parsed), measured.firmware()).unwrap();
    let quoted = QuotedRegisters {
        mrtd: measured.mrtd(PassOrder::TwoPass),
        rtmr0: events.register(),
        rtmr1: kernel::rtmr1(measured.kernels()[0].1),
        rtmr2: measured.rtmr2(),
    };
    World { image, hash, quoted, config }
}

fn measured(image: &MemoryImage) -> ImageMeasurement {
    measure(image, None, 4 << 30, &ImageLimits::STANDARD).unwrap()
}

/// With the image, or without it.
fn run(world: &World, with_image: bool, policy: ImagePolicy<'_>) -> Assessment {
    let text = world.config.to_string();
    assess(&Inputs {
        vm_config: Some(text.as_bytes()),
        quoted: world.quoted,
        rtmr0_log: None,
        image_hash_event: None,
        image: with_image.then_some(&world.image),
        policy,
        effort: Effort::Search,
    })
}

fn outcome(assessment: &Assessment, id: CheckId) -> (Outcome, Option<&str>) {
    let check = assessment.checks.iter().find(|check| check.id == id).unwrap();
    (check.outcome, check.reason.map(Reason::code))
}

fn covered(assessment: &Assessment) -> [bool; 4] {
    let proven = assessment.proven();
    [proven.mrtd.is_some(), proven.rtmr0.is_some(), proven.rtmr1.is_some(), proven.rtmr2.is_some()]
}

/// Gives the world's machine the lite manifest that the build of its image would make.
fn add_lite(world: &mut World) {
    let measured = measured(&world.image);
    let manifest = forge::Lite {
        version: 3,
        command_line: Some(*measured.command_line().as_bytes()),
        kernel: *measured.kernels()[0].1.as_bytes(),
        normalized: None,
        initrd: *measured.initrd().as_bytes(),
        layout: "pre202505",
        single_pass: *measured.mrtd(PassOrder::SinglePass).as_bytes(),
        two_pass: *measured.mrtd(PassOrder::TwoPass).as_bytes(),
        witness: hex::decode("80100904000609020b021010").unwrap(),
    }
    .cbor();
    world.image.0.insert("measurement.tdx.cbor".to_owned(), manifest.clone());
    forge::seal(&mut world.image);
    world.hash = forge::hash(&world.image);
    world.config["os_image_hash"] = world.hash.to_string().into();
    world.config["tdx_measurement"] = json!({
        "measurement": STANDARD.encode(manifest),
        "checksum_file": STANDARD.encode(&world.image.0["sha256sum.txt"]),
    });
}

#[test]
fn image_and_shape_together_cover_all_four_registers() {
    let world = world();
    let assessment = run(&world, true, ImagePolicy::default());
    for id in [CheckId::OsVirtualHardware, CheckId::OsImage, CheckId::OsDevelopment] {
        assert_eq!(outcome(&assessment, id), (Outcome::Pass, None));
    }
    assert_eq!(covered(&assessment), [true; 4]);
    assert_eq!(assessment.hardware().unwrap().shape().hardware.cpus(), 4);
    assert_eq!(*assessment.image().unwrap().hash(), world.hash);
}

#[test]
fn without_an_image_only_rtmr0_is_covered_and_the_rest_says_what_would_settle_it() {
    let assessment = run(&world(), false, ImagePolicy::default());
    assert_eq!(covered(&assessment), [false, true, false, false]);
    assert_eq!(outcome(&assessment, CheckId::OsImage), (Outcome::NotChecked, Some("os-image-missing")));
    assert_eq!(outcome(&assessment, CheckId::OsLite), (Outcome::NotChecked, Some("lite-manifest-missing")));
    assert_eq!(outcome(&assessment, CheckId::OsDevelopment), (Outcome::NotChecked, Some("os-image-missing")));
    assert!(assessment.checks.iter().any(|check| check.explain.as_deref().unwrap_or("").contains("--image")));
}

#[test]
fn without_or_with_a_broken_vm_config_nothing_of_rtmr0_is_covered() {
    let world = world();
    let inputs = Inputs {
        vm_config: None,
        quoted: world.quoted,
        rtmr0_log: None,
        image_hash_event: None,
        image: Some(&world.image),
        policy: ImagePolicy::default(),
        effort: Effort::Search,
    };
    let assessment = assess(&inputs);
    let hardware = outcome(&assessment, CheckId::OsVirtualHardware);
    assert_eq!(hardware, (Outcome::NotChecked, Some("vm-config-missing")));
    assert_eq!(covered(&assessment), [true, false, true, true]);
    for (text, reason) in [
        (r#"{"cpu_count":4,"cpu_count":4,"memory_size":4294967296}"#, "vm-config-malformed"),
        (r#"{"cpu_count":4294967296,"memory_size":4294967296}"#, "vm-config-out-of-range"),
        ("{}", "vm-config-malformed"),
        ("[]", "vm-config-malformed"),
        (r#"{"cpu_count":"4","memory_size":4294967296}"#, "vm-config-malformed"),
    ] {
        let assessment = assess(&Inputs { vm_config: Some(text.as_bytes()), ..inputs });
        assert_eq!(outcome(&assessment, CheckId::OsVirtualHardware), (Outcome::NotChecked, Some(reason)));
        assert_eq!(assessment.proven().rtmr0, None);
    }
}

#[test]
fn a_register_that_is_not_the_images_is_refused_and_covers_nothing() {
    for register in ["mrtd", "rtmr1", "rtmr2"] {
        let mut world = world();
        match register {
            "mrtd" => world.quoted.mrtd = Mrtd::new([1; 48]),
            "rtmr1" => world.quoted.rtmr1 = Rtmr::new([1; 48]),
            _ => world.quoted.rtmr2 = Rtmr::new([1; 48]),
        }
        let assessment = run(&world, true, ImagePolicy::default());
        assert_eq!(outcome(&assessment, CheckId::OsImage), (Outcome::Fail, Some("os-image-mismatch")));
        assert_eq!(covered(&assessment), [false, true, false, false]);
        let check = assessment.checks.iter().find(|check| check.id == CheckId::OsImage).unwrap();
        assert_eq!(check.location.as_deref(), Some(register));
        assert!(check.expected.is_some() && check.got.is_some());
        // An image that is not the machine's says nothing about it.
        assert_ne!(outcome(&assessment, CheckId::OsDevelopment).0, Outcome::Pass);
    }
}

#[test]
fn a_machine_that_is_not_the_claimed_one_is_refused() {
    let mut world = world();
    world.config["cpu_count"] = 8.into();
    let assessment = run(&world, true, ImagePolicy::default());
    let hardware = outcome(&assessment, CheckId::OsVirtualHardware);
    assert_eq!(hardware, (Outcome::Fail, Some("virtual-hardware-mismatch")));
    assert_eq!(covered(&assessment), [true, false, true, true]);
}

#[test]
fn another_image_than_the_claimed_one_is_refused_though_the_registers_are_its() {
    let mut world = world();
    world.config["os_image_hash"] = "00".repeat(32).into();
    let assessment = run(&world, true, ImagePolicy::default());
    assert_eq!(outcome(&assessment, CheckId::OsImage), (Outcome::Fail, Some("os-image-other")));
    assert_eq!(covered(&assessment), [false, true, false, false]);
}

#[test]
fn a_manifest_of_the_prover_proves_nothing_until_its_image_is_listed() {
    let mut world = world();
    add_lite(&mut world);
    let unlisted = run(&world, false, ImagePolicy::default());
    let lite = outcome(&unlisted, CheckId::OsLite);
    assert_eq!(lite, (Outcome::NotChecked, Some("lite-manifest-prover-supplied")));
    assert_eq!(covered(&unlisted), [false, true, false, false]);
    let known = [world.hash];
    let listed = run(&world, false, ImagePolicy { known: &known, ..ImagePolicy::default() });
    assert_eq!(outcome(&listed, CheckId::OsLite), (Outcome::Pass, None));
    assert_eq!(covered(&listed), [true; 4]);
}

#[test]
fn a_forged_manifest_for_other_firmware_matches_and_still_proves_nothing() {
    // The attack on dstack's lite mode: firmware of the operator's own, and a manifest to match.
    let mut world = world();
    world.quoted.mrtd = Mrtd::new([0x66; 48]);
    let measured = measured(&world.image);
    let manifest = forge::Lite {
        version: 3,
        command_line: Some(*measured.command_line().as_bytes()),
        kernel: *measured.kernels()[0].1.as_bytes(),
        normalized: None,
        initrd: *measured.initrd().as_bytes(),
        layout: "pre202505",
        single_pass: [0x66; 48],
        two_pass: [0x66; 48],
        witness: hex::decode("80100904000609020b021010").unwrap(),
    }
    .cbor();
    let sums = format!("{}  measurement.tdx.cbor\n", Sha256Digest::of(&manifest));
    let genuine = world.hash;
    world.config["os_image_hash"] = Sha256Digest::of(sums.as_bytes()).to_string().into();
    world.config["tdx_measurement"] =
        json!({ "measurement": STANDARD.encode(manifest), "checksum_file": STANDARD.encode(sums) });
    let known = [genuine];
    let assessment = run(&world, false, ImagePolicy { known: &known, ..ImagePolicy::default() });
    let lite = outcome(&assessment, CheckId::OsLite);
    assert_eq!(lite, (Outcome::NotChecked, Some("lite-manifest-prover-supplied")));
    assert_eq!(covered(&assessment), [false, true, false, false]);
}

#[test]
fn the_memory_of_an_unlisted_manifest_is_not_used_for_rtmr0() {
    // A manifest whose firmware claims other memory, and an RTMR0 to match.
    let mut world = world();
    add_lite(&mut world);
    let mut lite: Value = world.config["tdx_measurement"].clone();
    let manifest = STANDARD.decode(lite["measurement"].as_str().unwrap()).unwrap();
    let place = manifest.len() - 12;
    let mut changed = manifest;
    changed[place..].copy_from_slice(&hex::decode("80100904000509020b021010").unwrap());
    let sums = format!("{}  measurement.tdx.cbor\n", Sha256Digest::of(&changed));
    let hash = Sha256Digest::of(sums.as_bytes());
    lite["measurement"] = STANDARD.encode(&changed).into();
    lite["checksum_file"] = STANDARD.encode(&sums).into();
    world.config["tdx_measurement"] = lite;
    world.config["os_image_hash"] = hash.to_string().into();
    let witness = hex::decode("80100904000509020b021010").unwrap();
    let firmware = veritee_measure::td_hob::FirmwareMemory::from_witness(&witness).unwrap();
    let shape = rtmr0::claimed_shape(&common::parse(&world.config.to_string()));
    world.quoted.rtmr0 = rtmr0::measure(&shape, &firmware).unwrap().register();
    let unlisted = run(&world, false, ImagePolicy::default());
    assert_eq!(outcome(&unlisted, CheckId::OsVirtualHardware).0, Outcome::Fail);
    assert_eq!(unlisted.proven().rtmr0, None);
    let known = [hash];
    let listed = run(&world, false, ImagePolicy { known: &known, ..ImagePolicy::default() });
    assert_eq!(outcome(&listed, CheckId::OsVirtualHardware), (Outcome::Pass, None));
}

#[test]
fn a_manifest_that_does_not_match_is_refused_and_one_for_larger_machines_is_undecided() {
    let mut world = world();
    add_lite(&mut world);
    let known = [world.hash];
    let policy = ImagePolicy { known: &known, ..ImagePolicy::default() };
    world.quoted.rtmr1 = Rtmr::new([9; 48]);
    let large = run(&world, false, policy);
    assert_eq!(outcome(&large, CheckId::OsLite), (Outcome::Fail, Some("lite-manifest-mismatch")));
    world.config["memory_size"] = (1_u64 << 30).into();
    let small = run(&world, false, policy);
    assert_eq!(outcome(&small, CheckId::OsLite), (Outcome::NotChecked, Some("lite-manifest-memory")));
    world.config["tdx_measurement"]["measurement"] = "AAAA".into();
    let broken = run(&world, false, policy);
    assert_eq!(outcome(&broken, CheckId::OsLite), (Outcome::Fail, Some("os-image-file-mismatch")));
}

#[test]
fn development_images_are_refused_by_their_own_word_their_name_and_the_policy() {
    let refused = (Outcome::Fail, Some("os-image-development"));
    let own_word = world_with(forge::image_with(&json!({ "is_dev": true })));
    let assessment = run(&own_word, true, ImagePolicy::default());
    assert_eq!(outcome(&assessment, CheckId::OsDevelopment), refused);
    let allowed = ImagePolicy { allow_development: true, ..ImagePolicy::default() };
    let assessment = run(&own_word, true, allowed);
    assert_eq!(outcome(&assessment, CheckId::OsDevelopment), (Outcome::Pass, None));
    let mut named = world();
    for name in ["dstack-dev-0.5.5", "dstack-nvidia-dev-0.5.3", "Dstack_DEV"] {
        named.config["image"] = name.into();
        let assessment = run(&named, true, ImagePolicy::default());
        assert_eq!(outcome(&assessment, CheckId::OsDevelopment), refused, "{name}");
    }
    let listed = world();
    let hashes = [listed.hash];
    let policy = ImagePolicy { development: &hashes, ..ImagePolicy::default() };
    for with_image in [true, false] {
        assert_eq!(outcome(&run(&listed, with_image, policy), CheckId::OsDevelopment), refused);
    }
    let mut harmless = world();
    harmless.config["image"] = "dstack-device-0.5.5".into();
    let assessment = run(&harmless, true, ImagePolicy::default());
    assert_eq!(outcome(&assessment, CheckId::OsDevelopment), (Outcome::Pass, None));
}

#[test]
fn what_the_claim_gets_wrong_is_noticed_and_does_not_change_the_checks() {
    let mut world = world();
    world.config["pic"] = false.into();
    world.config["qemu_single_pass_add_pages"] = false.into();
    world.config["numa_nodes"] = json!([]);
    let text = world.config.to_string();
    let assessment = assess(&Inputs {
        vm_config: Some(text.as_bytes()),
        quoted: world.quoted,
        rtmr0_log: None,
        image_hash_event: Some(Sha256Digest::of(b"another")),
        image: Some(&world.image),
        policy: ImagePolicy::default(),
        effort: Effort::Search,
    });
    let reasons: Vec<&str> = assessment.notices.iter().map(|notice| notice.reason.code()).collect();
    assert_eq!(
        reasons,
        ["vm-config-wrong", "vm-config-wrong", "os-image-hash-event-differs", "vm-config-unknown-member"]
    );
    assert!(assessment.notices[0].detail.contains("claimed single-pass, measured two-pass"));
    assert!(assessment.notices[1].detail.contains("pic: claimed false, measured true"));
    assert_eq!(covered(&assessment), [true; 4]);
}

#[test]
fn firmware_of_the_image_explains_an_rtmr0_that_the_known_firmware_cannot() {
    // Page tables of five pages instead of six.
    let mut image = forge::image();
    let firmware = image.0.get_mut("ovmf.fd").unwrap();
    let field = 0x3000 + 16 + 32 * 5 + 16;
    firmware[field..field + 8].copy_from_slice(&0x5000_u64.to_le_bytes());
    forge::seal(&mut image);
    let world = world_with(image);
    let without = run(&world, false, ImagePolicy::default());
    assert_eq!(outcome(&without, CheckId::OsVirtualHardware).0, Outcome::Fail);
    let with = run(&world, true, ImagePolicy::default());
    assert_eq!(outcome(&with, CheckId::OsVirtualHardware), (Outcome::Pass, None));
    assert_eq!(covered(&with), [true; 4]);
    // The same firmware in an image that is not the machine's explains nothing.
    let other = World { quoted: QuotedRegisters { mrtd: Mrtd::new([1; 48]), ..world.quoted }, ..world };
    let with = run(&other, true, ImagePolicy::default());
    assert_eq!(outcome(&with, CheckId::OsVirtualHardware).0, Outcome::Fail);
    assert_eq!(covered(&with), [false; 4]);
}

#[test]
fn an_image_beside_a_listed_manifest_of_another_does_not_speak_for_the_machine() {
    let mut world = world();
    add_lite(&mut world);
    let known = [world.hash];
    // Registers and manifest are those of one image, and the relying party brings another.
    world.image = forge::image_with(&json!({ "cmdline": "console=ttyS1" }));
    world.config["os_image_hash"] = world.hash.to_string().into();
    let assessment = run(&world, true, ImagePolicy { known: &known, ..ImagePolicy::default() });
    assert_eq!(outcome(&assessment, CheckId::OsLite), (Outcome::Pass, None));
    assert_eq!(outcome(&assessment, CheckId::OsImage), (Outcome::Fail, Some("os-image-other")));
    assert_ne!(outcome(&assessment, CheckId::OsDevelopment).0, Outcome::Pass);
}
