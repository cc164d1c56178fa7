//! `veritee trace`: from a machine's compose to its images and their commits.

use crate::program::{AS_OF, Folder, Ran, machine};
use serde_json::Value;

/// Of `repro-1.tar`: its index, its platform manifest, and the commit in its labels.
const INDEX: &str = "sha256:bcfd702a949644d69afd9dd92b4aad4cf443d6906be12eeedb51a74412eb5971";
const MANIFEST: &str = "sha256:6782feaa9f0bc6ea8ee30fa8a5c0f7b542e039477de36a188ded4873bba91284";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn image(name: &str) -> String {
    format!("{}/test-vectors/images/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A forged machine whose compose runs this image.
fn running(image: &str) -> Folder {
    let compose = format!(
        r#"{{"manifest_version":2,"name":"traced","runner":"docker-compose","docker_compose_file":"services:\n  app:\n    image: {image}\n","kms_enabled":true,"public_logs":false,"public_sysinfo":false,"allowed_envs":["TAG"]}}"#
    );
    Folder::of(&machine().app_compose(&compose))
}

fn traced(folder: &Folder, more: &[&str]) -> (Ran, Value) {
    let given = ["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--format", "json"];
    let ran = folder.run(&[&["trace", "evidence.json"], &given[..], more].concat());
    let value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
    (ran, value)
}

fn states(value: &Value) -> Vec<&str> {
    let arrows = value["images"][0]["arrows"].as_array().unwrap();
    arrows.iter().map(|arrow| arrow["state"].as_str().unwrap()).collect()
}

#[test]
fn the_compose_of_a_verified_quote_leads_to_the_image_at_either_level() {
    for digest in [INDEX, MANIFEST] {
        let folder = running(&format!("example.invalid/app@{digest}"));
        let (ran, value) = traced(&folder, &["--image", &image("repro-1.tar")]);
        assert_eq!(states(&value), ["proven", "proven", "claimed", "missing"], "{}", ran.out);
        assert_eq!((ran.code, value["images"][0]["rung"].as_str()), (13, Some("R2")));
        assert_eq!(value["images"][0]["commit"]["commit"], COMMIT);
    }
}

#[test]
fn without_the_file_or_with_another_one_nothing_behind_the_compose_is_said() {
    let folder = running(&format!("example.invalid/app@{INDEX}"));
    for more in [vec![], vec!["--image".to_owned(), image("plain-1.tar")]] {
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let (ran, value) = traced(&folder, &more);
        assert_eq!(states(&value), ["proven", "missing", "missing", "missing"]);
        assert_eq!((ran.code, value["images"][0]["rung"].as_str()), (13, Some("R0")));
    }
}

#[test]
fn an_image_that_the_operator_chooses_is_contradicted() {
    let folder = running("example.invalid/app:${TAG}");
    let (ran, value) = traced(&folder, &["--image", &image("repro-1.tar")]);
    assert_eq!(states(&value)[1], "contradicted", "{}", ran.out);
    assert_eq!(ran.code, 12);
}

#[test]
fn a_compose_that_no_quote_vouches_for_is_a_claim_or_less() {
    let folder = running(&format!("example.invalid/app@{INDEX}"));
    // Evidence whose compose was changed, and a document alone.
    let evidence = folder.read("evidence.json").replace("traced", "tracer");
    folder.write("changed.json", evidence);
    let file = image("repro-1.tar");
    for (input, state) in [("changed.json", "claimed"), ("app-compose.json", "missing")] {
        let ran = folder.run(&[
            "trace",
            input,
            "--image",
            &file,
            "--policy",
            "policy.toml",
            "--root",
            "root.pem",
            "--as-of",
            AS_OF,
            "--format",
            "json",
        ]);
        match serde_json::from_str::<Value>(&ran.out) {
            Ok(value) => assert_eq!(states(&value)[0], state, "{input}"),
            // A document whose digest is written beside it may be refused before it is looked at.
            Err(_) => assert_eq!((ran.code, input), (3, "changed.json"), "{}", ran.err),
        }
    }
}

#[test]
fn people_see_each_arrow_and_by_what() {
    let folder = running(&format!("example.invalid/app@{INDEX}"));
    let file = image("repro-1.tar");
    let ran = folder.run(&["trace", "app-compose.json", "--image", &file]).ends(13);
    for words in
        ["R2  example.invalid/app@", "compose to image", "image to commit   CLAIMED", "a label or annotation"]
    {
        assert!(ran.out.contains(words), "{words}\n{}", ran.out);
    }
}

#[test]
fn roots_and_keys_that_cannot_be_read_end_the_run() {
    let folder = running(&format!("example.invalid/app@{INDEX}"));
    folder.write("no.pem", "no key");
    folder.run(&["trace", "app-compose.json", "--key", "no.pem"]).ends(2);
    folder.run(&["trace", "app-compose.json", "--trusted-root", "no.pem"]).ends(2);
    folder.run(&["trace", "app-compose.json", "--image", "missing.tar"]).ends(3);
}
