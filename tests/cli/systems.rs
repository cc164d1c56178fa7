//! `trace --os-image`: the system of the machine is measured out of its own image's files, as `verify --image` does it.

use crate::examples::forge;
use crate::program::{AS_OF, Folder, machine};
use serde_json::{Value, json};
use veritee_measure::image::{ImageLimits, MemoryImage, measure};
use veritee_measure::{Limits, PassOrder, VmConfig, kernel, rtmr0};
use veritee_testkit::dstack::event::Event;

fn write(folder: &Folder, name: &str, image: &MemoryImage) {
    std::fs::create_dir_all(folder.file(name)).unwrap();
    for (file, bytes) in &image.0 {
        folder.write(&format!("{name}/{file}"), bytes);
    }
}

/// A machine that boots this image with the virtual hardware that its `vm_config` tells, and a policy that pins no register.
fn booting(image: &MemoryImage) -> Folder {
    let hash = forge::hash(image);
    let config = json!({
        "os_image_hash": hash.to_string(), "cpu_count": 4, "memory_size": 4_u64 << 30,
        "qemu_version": "8.2.2", "image": "dstack-0.0.1",
    });
    let config = config.to_string();
    let parsed = VmConfig::parse(config.as_bytes(), &Limits::STANDARD).unwrap();
    let measured = measure(image, None, 4 << 30, &ImageLimits::STANDARD).unwrap();
    let hardware = rtmr0::measure(&rtmr0::claimed_shape(&parsed), measured.firmware()).unwrap();
    let first: Vec<[u8; 48]> = hardware.iter().map(|(_, digest)| *digest.as_bytes()).collect();
    let second = kernel::rtmr1_events(measured.kernels()[0].1).map(|digest| *digest.as_bytes());
    let third = [measured.command_line(), measured.initrd()].map(|digest| *digest.as_bytes());
    let mrtd = *measured.mrtd(PassOrder::TwoPass).as_bytes();
    let machine = machine()
        .change(|machine| machine.vm_config = config.clone())
        .universe(|mut universe| {
            universe.quote.td().mr_td = mrtd;
            universe
        })
        .events(|events| {
            // The same log with the digests of this image and of this hardware.
            let mut digests = [first, second.to_vec(), third.to_vec()].map(Vec::into_iter);
            for event in events.iter_mut() {
                // What the firmware's variables hold is known here by its digest alone.
                if event.event_type == 0x8000_0002 {
                    (event.event_type, event.payload) = (0xa, b"made-up".to_vec());
                }
                match usize::try_from(event.imr).ok().and_then(|register| digests.get_mut(register)) {
                    Some(left) => event.digest = left.next().unwrap().to_vec(),
                    None if event.name == "os-image-hash" => {
                        *event = Event::runtime("os-image-hash", hash.as_bytes());
                    }
                    None => {}
                }
            }
            assert!(digests.iter_mut().all(|left| left.next().is_none()), "as many events as the boot has");
        });
    let folder = Folder::of(&machine);
    let forged = machine.forge();
    // The shared folder leaves the config out, which here is the machine's own.
    folder.write("answer.json", forged.get_quote_json());
    let parts =
        ["--app-compose", "app-compose.json", "--collateral", "collateral.json", "-o", "evidence.json"];
    folder.run(&[&["evidence", "convert", "answer.json"], &parts[..]].concat()).ends(0);
    let policy = folder.read("policy.toml");
    let (head, rest) = policy.split_once("[[os.machine]]").unwrap();
    let (_, audit) = rest.split_once("[audit]").unwrap();
    let listed =
        format!("[os]\nimage_hash = [\"{hash}\"]\nreason = \"the system that we built\"\n\n[audit]{audit}");
    folder.write("policy.toml", format!("{head}{listed}"));
    folder.write("unlisted.toml", format!("{head}[audit]{audit}"));
    write(&folder, "os", image);
    folder
}

/// The row of the system.
fn system(folder: &Folder, evidence: &str, policy: &str, more: &[&str]) -> Value {
    let given = ["--policy", policy, "--root", "root.pem", "--as-of", AS_OF, "--format", "json"];
    let ran = folder.run(&[&["trace", evidence], &given[..], more].concat());
    let value: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
    value["operating_system"].clone()
}

#[test]
fn a_given_image_is_measured_and_is_the_system_or_is_not() {
    let folder = booting(&forge::image());
    let state = |evidence: &str, policy: &str, more: &[&str]| {
        let row = system(&folder, evidence, policy, more);
        (row["state"].as_str().unwrap().to_owned(), row["by"].as_str().unwrap().to_owned())
    };
    // Without it the log's word stands alone.
    let (found, by) = state("evidence.json", "policy.toml", &[]);
    assert!(found == "claimed" && by.contains(&forge::hash(&forge::image()).to_string()), "{found}: {by}");
    let (found, by) = state("evidence.json", "policy.toml", &["--os-image", "os"]);
    assert_eq!(found, "proven", "{by}");
    // Giving an image is the caller's word for it, whatever the policy lists: a list is for machines whose image is not given.
    assert_eq!(state("evidence.json", "unlisted.toml", &["--os-image", "os"]).0, "proven");
    // Another image than the one that the machine boots: a development build of it.
    let other = forge::image_with(&json!({ "is_dev": true }));
    write(&folder, "other", &other);
    let (found, by) = state("evidence.json", "policy.toml", &["--os-image", "other"]);
    assert_ne!(found, "proven", "{by}");
    // One byte of a file changed, and a file left out: no image.
    let mut changed = forge::image();
    changed.0.get_mut("bzImage").unwrap()[3] ^= 1;
    write(&folder, "changed", &changed);
    assert_ne!(state("evidence.json", "policy.toml", &["--os-image", "changed"]).0, "proven");
    std::fs::remove_file(folder.file("changed/bzImage")).unwrap();
    assert_ne!(state("evidence.json", "policy.toml", &["--os-image", "changed"]).0, "proven");
    // What is no folder of an image ends the run.
    let given = ["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF];
    let ran = folder.run(&[&["trace", "evidence.json", "--os-image", "absent"], &given[..]].concat()).ends(3);
    assert!(ran.err.contains("absent"), "{}", ran.err);
}

#[test]
fn an_image_proves_nothing_of_evidence_that_no_quote_binds() {
    let folder = booting(&forge::image());
    // A quote with one bit of its signed body changed, with the digest that is written beside it made to fit.
    let mut evidence: Value = serde_json::from_str(&folder.read("evidence.json")).unwrap();
    let mut quote = hex::decode(evidence["quote"]["value"].as_str().unwrap()).unwrap();
    quote[600] ^= 1;
    evidence["quote"]["sha256"] = veritee_model::Sha256Digest::of(&quote).to_string().into();
    evidence["quote"]["value"] = hex::encode(&quote).into();
    folder.write("forged.json", evidence.to_string());
    let row = system(&folder, "forged.json", "policy.toml", &["--os-image", "os"]);
    assert_ne!(row["state"], "proven", "{row}");
}
