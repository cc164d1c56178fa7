//! `veritee image fetch` against a registry on loopback: what it keeps is what the other commands read.
#![cfg(unix)]

use crate::images::archive;
use crate::program::{Folder, Ran};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use veritee_loopback::{Registry, Reply};

/// A registry with the image of a vector under the tag `1`; the digest of its index.
pub(crate) fn registry(vector: &str) -> (Registry, String) {
    let folder = tempfile::tempdir().unwrap();
    let vector = format!("{}/test-vectors/images/{vector}", env!("CARGO_MANIFEST_DIR"));
    let arguments = ["-xf", &vector, "-C", folder.path().to_str().unwrap()];
    assert!(Command::new("tar").args(arguments).status().unwrap().success());
    let registry = Registry::start();
    for entry in std::fs::read_dir(folder.path().join("blobs/sha256")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let document: Option<Value> = serde_json::from_slice(&bytes).ok();
        let media_type = document.as_ref().and_then(|document| document["mediaType"].as_str());
        match media_type.filter(|text| text.contains(".manifest.") || text.contains(".index.")) {
            Some(media_type) => registry.manifest(media_type, &bytes),
            None => registry.blob(&bytes),
        };
    }
    let index: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("index.json")).unwrap()).unwrap();
    let top = index["manifests"][0]["digest"].as_str().unwrap().to_owned();
    registry.tag("1", &top);
    (registry, top)
}

fn fetch(folder: &Folder, reference: &str, more: &[&str]) -> Ran {
    let mut arguments = vec!["image", "fetch", reference, "--allow-local", "-o", "deployed"];
    arguments.extend(more);
    folder.run(&arguments)
}

#[test]
fn what_is_fetched_is_the_image_and_can_be_compared_looked_into_and_traced() {
    let (registry, top) = registry("repro-1.tar");
    let folder = Folder::empty();
    let ran = fetch(&folder, &format!("{}:1", registry.name()), &["--layers"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains(&top) && ran.out.contains("a tag is no pin"), "{}", ran.out);
    let vector = format!("{}/test-vectors/images/repro-1.tar", env!("CARGO_MANIFEST_DIR"));
    let compared = folder.run(&["image", "compare", "deployed", &vector]);
    assert!(compared.code == 0 && compared.out.starts_with("S5"), "{}{}", compared.out, compared.err);
    assert_eq!(folder.run(&["image", "inspect", "deployed"]).code, 0);
    let by_digest = format!("{}@{top}", registry.name());
    folder.write("compose.yml", format!("services:\n  app:\n    image: {by_digest}\n"));
    let traced = folder.run(&["trace", "compose.yml", "--image", "deployed"]);
    assert!(traced.out.contains("the given file's index has the digest"), "{}{}", traced.out, traced.err);
    // By tag it is only what calls itself so.
    folder.write("compose.yml", format!("services:\n  app:\n    image: {}:1\n", registry.name()));
    let traced = folder.run(&["trace", "compose.yml", "--image", "deployed"]);
    assert!(traced.out.contains("a tag is no pin"), "{}", traced.out);
}

#[test]
fn without_layers_the_image_is_known_and_not_looked_into() {
    let (registry, _) = registry("repro-1.tar");
    let folder = Folder::empty();
    let ran = fetch(&folder, &format!("{}:1", registry.name()), &["--format", "json"]);
    let transcript: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &transcript["schema"]), (0, &Value::from("veritee/image-fetch/v1")));
    assert_eq!(folder.run(&["image", "inspect", "deployed"]).code, 13);
    let kept: Value = serde_json::from_str(&folder.read("deployed/veritee-fetch.json")).unwrap();
    assert_eq!(kept, transcript);
}

#[test]
fn a_folder_appears_whole_or_not_at_all() {
    let (registry, top) = registry("repro-1.tar");
    let folder = Folder::empty();
    let reference = format!("{}:1", registry.name());
    let path = registry.path(&format!("manifests/{top}"));
    registry.server().on(&path, Reply::json("{}"));
    let ran = fetch(&folder, &format!("{}@{top}", registry.name()), &[]);
    assert!(ran.code == 3 && ran.err.contains("have the digest"), "{}", ran.err);
    assert!(folder.names().is_empty(), "{:?}", folder.names());
    assert_eq!(fetch(&folder, "No/Upper", &[]).code, 2);
    std::fs::create_dir(folder.file("deployed")).unwrap();
    assert_eq!(fetch(&folder, &reference, &[]).code, 0, "an empty folder is taken");
    let ran = fetch(&folder, &reference, &[]);
    assert!(ran.code == 2 && ran.err.contains("new folder"), "{}", ran.err);
    assert_eq!(folder.run(&["image", "fetch", &reference]).code, 2);
}

#[test]
fn what_speaks_of_the_image_and_cannot_be_had_makes_it_incomplete() {
    let (registry, top) = registry("repro-1.tar");
    registry.server().on(&registry.path(&format!("referrers/{top}")), Reply::status(403));
    let folder = Folder::empty();
    let ran = fetch(&folder, &format!("{}:1", registry.name()), &[]);
    assert!(ran.code == 13 && ran.out.contains("failed: referrers"), "{}", ran.out);
    assert!(Path::new(&folder.file("deployed/index.json")).is_file());
}

#[test]
fn a_signal_leaves_nothing_behind() {
    let (registry, top) = registry("repro-1.tar");
    registry.server().on(&registry.path(&format!("referrers/{top}")), Reply::silent());
    for signal in ["-INT", "-TERM"] {
        let folder = Folder::empty();
        let arguments = [
            "image",
            "fetch",
            &format!("{}:1", registry.name()),
            "--allow-local",
            "--layers",
            "-o",
            "deployed",
        ];
        let mut child =
            folder.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let asked = || registry.server().count(&registry.path(&format!("referrers/{top}")));
        let before = asked();
        for _ in 0..1000 {
            if asked() > before {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(!folder.names().is_empty(), "it was at work");
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(3), "{signal}");
        assert!(folder.names().is_empty(), "{signal}: {:?}", folder.names());
    }
}

#[test]
fn a_mirror_by_policy_is_asked_and_makes_no_tag_a_pin() {
    let (registry, top) = registry("repro-1.tar");
    let folder = Folder::empty();
    let port = registry.server().port();
    let policy = |of: &str| {
        format!(
            "schema = \"veritee/policy/v1\"\nname = \"mirrored\"\n[[images.mirror]]\nof = \"{of}\"\n\
             ask = \"http://127.0.0.1:{port}\"\nreason = \"our mirror, on the same network\"\n"
        )
    };
    folder.write("policy.toml", policy("registry.invalid/team"));
    let ran = fetch(&folder, "registry.invalid/team/app:1", &["--policy", "policy.toml", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let transcript: Value = serde_json::from_str(&ran.out).unwrap();
    let said = (&transcript["mirror"], &transcript["pinned"], transcript["digest"].as_str());
    assert_eq!(said, (&Value::from(true), &Value::from(false), Some(top.as_str())));
    // By the tag that the mirror resolved nothing is proven of the compose that names it.
    folder.write("compose.yml", "services:\n  app:\n    image: registry.invalid/team/app:1\n");
    let traced = folder.run(&["trace", "compose.yml", "--image", "deployed"]);
    assert!(traced.out.contains("R0") && traced.out.contains("a tag is no pin"), "{}", traced.out);
    let checked = folder.run(&["policy", "check", "policy.toml"]).ends(0).out;
    assert!(checked.contains("in place of registry.invalid/team"), "{checked}");
    // Another name that begins so is another registry's: nobody is asked for it there.
    folder.write("policy.toml", policy("registry.invalid/tea"));
    let other = folder.run(&[
        "image",
        "fetch",
        "127.0.0.1:1/team/app:1",
        "--allow-local",
        "-o",
        "other",
        "--policy",
        "policy.toml",
    ]);
    assert_eq!(other.code, 3, "{}", other.err);
    folder.write("policy.toml", policy("https://registry.invalid"));
    assert!(folder.run(&["policy", "check", "policy.toml"]).ends(2).err.contains("is no registry"));
}

/// A registry whose image has this layer, packed as `media` says; the digest of its manifest.
fn with_layer(packed: &[u8], plain: &veritee_model::Sha256Digest, media: &str) -> (Registry, String) {
    let registry = Registry::start();
    let described = |media: &str, digest: &str, size: usize| serde_json::json!({ "mediaType": media, "digest": digest, "size": size });
    let config = serde_json::json!({
        "os": "linux", "architecture": "amd64", "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{plain}")] },
    });
    let config = config.to_string();
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": described(
            "application/vnd.oci.image.config.v1+json", &registry.blob(config.as_bytes()), config.len(),
        ),
        "layers": [described(media, &registry.blob(packed), packed.len())],
    });
    let manifest = manifest.to_string();
    let top = registry.manifest("application/vnd.oci.image.manifest.v1+json", manifest.as_bytes());
    registry.tag("1", &top);
    (registry, top)
}

const PLAIN: &str = "application/vnd.oci.image.layer.v1.tar";

#[test]
fn layers_that_lead_out_of_the_image_are_kept_as_they_are_and_read_by_nobody() {
    let link = |path: &str, flag: u8, target: &str| {
        let mut bytes = archive(path, "");
        bytes[156] = flag;
        bytes[157..157 + target.len()].copy_from_slice(target.as_bytes());
        bytes[148..156].fill(b' ');
        let sum: u32 = bytes[..512].iter().map(|byte| u32::from(*byte)).sum();
        bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        bytes
    };
    for (what, layer, words) in [
        ("dots", archive("../../evil", "x"), "leads out"),
        ("dots inside", archive("a/../../evil", "x"), "leads out"),
        ("a hard link out of it", link("l", b'1', "../../etc/passwd"), "leads out"),
        ("a deletion of nothing", archive("a/.wh..", ""), "whiteout"),
    ] {
        let (registry, top) = with_layer(&layer, &veritee_model::Sha256Digest::of(&layer), PLAIN);
        let folder = Folder::empty();
        fetch(&folder, &format!("{}@{top}", registry.name()), &["--layers"]).ends(0);
        let ran = folder.run(&["image", "inspect", "deployed"]).ends(3);
        assert!(ran.err.contains(words), "{what}: {}", ran.err);
        let ran = folder.run(&["image", "compare", "deployed", "deployed"]);
        assert!(ran.code == 3 || ran.out.starts_with("S4"), "{what}: {}{}", ran.out, ran.err);
        assert_eq!(folder.names(), ["deployed"], "{what}: nothing is written beside it");
        assert!(!folder.path().join("../evil").exists() && !folder.path().join("../../evil").exists());
    }
    // Through a link, and from the root: both stay below the image's own root, and nothing is unpacked anywhere.
    for layer in [link("out", b'2', "/etc"), archive("/etc/passwd", "root")] {
        let (registry, top) = with_layer(&layer, &veritee_model::Sha256Digest::of(&layer), PLAIN);
        let folder = Folder::empty();
        fetch(&folder, &format!("{}@{top}", registry.name()), &["--layers"]).ends(0);
        folder.run(&["image", "inspect", "deployed"]).ends(0);
        assert_eq!(folder.names(), ["deployed"]);
    }
}

#[test]
fn a_layer_that_would_grow_is_fetched_as_small_as_it_is_packed_and_garbage_behind_one_is_told() {
    use std::io::Write as _;
    // Whoever reads it stops while it grows: that is tested where layers are read, with a smaller limit. Here nobody unpacks.
    let nothing = veritee_model::Sha256Digest::of(b"");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..256 {
        encoder.write_all(&[0; 1 << 20]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let (registry, top) = with_layer(&bomb, &nothing, "application/vnd.oci.image.layer.v1.tar+gzip");
    let folder = Folder::empty();
    fetch(&folder, &format!("{}@{top}", registry.name()), &["--layers"]).ends(0);
    let kept: u64 = std::fs::read_dir(folder.file("deployed/blobs/sha256"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(kept < bomb.len() as u64 + 10_000, "{kept}");
    // What it unpacks to is not what the config says.
    let ran = folder.run(&["image", "inspect", "deployed"]).ends(3);
    assert!(ran.err.contains("sha256:"), "{}", ran.err);
    // Garbage behind the end.
    let plain = archive("app/run", "x");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&plain).unwrap();
    let packed = [encoder.finish().unwrap(), b"garbage.".to_vec()].concat();
    let digest = veritee_model::Sha256Digest::of(&plain);
    let (registry, top) = with_layer(&packed, &digest, "application/vnd.oci.image.layer.v1.tar+gzip");
    let folder = Folder::empty();
    fetch(&folder, &format!("{}@{top}", registry.name()), &["--layers"]).ends(0);
    folder.run(&["image", "inspect", "deployed"]).ends(3);
}
