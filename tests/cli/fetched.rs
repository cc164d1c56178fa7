//! `veritee image fetch` against a registry on loopback: what it keeps is what the other commands read.
#![cfg(unix)]

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
