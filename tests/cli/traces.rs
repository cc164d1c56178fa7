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

#[test]
fn verify_reads_the_images_and_answers_what_a_document_alone_leaves_open() {
    let folder = running(&format!("example.invalid/app:v1@{INDEX}"));
    let item = |value: &Value, id: &str| {
        let items = value["audit"]["quick_check"].as_array().unwrap();
        items.iter().find(|item| item["id"] == id).unwrap()["status"].as_str().unwrap().to_owned()
    };
    let verify = |more: &[&str]| -> Value {
        let ran = folder.verify("evidence.json", &[&["--format", "json"], more].concat());
        serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err))
    };
    let found = |value: &Value, rule: &str| -> Vec<String> {
        let findings = value["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == rule);
        findings.map(|finding| finding["status"].as_str().unwrap().to_owned()).collect()
    };
    let file = image("repro-1.tar");
    let without = verify(&[]);
    assert_eq!(item(&without, "Q9"), "unknown");
    assert!(found(&without, "DP-OCI-001").is_empty());
    // Labels are a claim: more than nothing, less than a trace.
    let with = verify(&["--container-image", &file]);
    assert_eq!((item(&with, "Q9").as_str(), found(&with, "DP-OCI-001")), ("warn", vec!["pass".to_owned()]));
    assert_eq!(found(&with, "DP-OCI-002"), ["pass"]);
    assert_eq!(found(&with, "DP-OCI-004"), ["fail"]);
    assert_eq!(found(&with, "DP-OCI-007"), ["pass"]);
    // Another image than the deployed one answers nothing.
    let other = verify(&["--container-image", &image("content-differs.tar")]);
    assert_eq!(
        (item(&other, "Q9").as_str(), found(&other, "DP-OCI-001")),
        ("unknown", vec!["manual".to_owned()])
    );
    // A rebuild with the same content traces it.
    let rebuilt = verify(&["--container-image", &file, "--rebuilt", &image("repro-2.tar")]);
    assert_eq!(item(&rebuilt, "Q9"), "pass");
    let differs = verify(&["--container-image", &file, "--rebuilt", &image("content-differs.tar")]);
    assert_eq!(item(&differs, "Q9"), "warn");
}

#[test]
fn the_reviewed_tree_is_held_against_the_commit_of_the_image() {
    let folder = running(&format!("example.invalid/app@{INDEX}"));
    let verify = |head: &str| -> String {
        std::fs::create_dir_all(folder.file("app/.git/objects")).unwrap();
        std::fs::create_dir_all(folder.file("app/.git/refs")).unwrap();
        folder.write("app/.git/HEAD", format!("{head}\n"));
        let more = ["--container-image", &image("repro-1.tar"), "--source", "app", "--format", "json"];
        let ran = folder.verify("evidence.json", &more);
        let value: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
        let findings = value["findings"].as_array().unwrap().iter();
        let of_rule =
            findings.filter(|finding| finding["rule"] == "DP-TRC-003" || finding["rule"] == "DP-TRC-002");
        of_rule
            .map(|finding| format!("{} {}", finding["rule"], finding["status"]))
            .collect::<Vec<_>>()
            .join(" ")
    };
    // The tree's history holds no such commit, wherever it stands.
    assert!(verify(&"f".repeat(40)).contains("\"DP-TRC-002\""), "{}", verify(&"f".repeat(40)));
}

#[test]
fn a_recipe_says_what_is_known_and_asks_what_is_not() {
    let folder = running(&format!("example.invalid/app@{INDEX}"));
    let (ran, value) = traced(&folder, &["--image", &image("repro-1.tar"), "--recipe"]);
    let recipe = &value["recipes"][0];
    let commands: Vec<&str> =
        recipe["commands"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert!(commands.contains(&format!("git checkout {COMMIT}").as_str()), "{}", ran.out);
    let build = commands.iter().find(|line| line.starts_with("docker buildx build")).unwrap();
    assert!(
        build.contains("SOURCE_DATE_EPOCH=1700000000") && build.contains("rewrite-timestamp=true"),
        "{build}"
    );
    assert!(recipe["questions"].to_string().contains("was the work tree clean?"), "{recipe}");
    let words = folder.run(&["trace", "app-compose.json", "--image", &image("repro-1.tar"), "--recipe"]);
    assert!(words.out.contains("how to build") && words.out.contains("question:"), "{}", words.out);
}

#[test]
fn the_operating_system_is_a_row_of_its_own() {
    let folder = running(&format!("example.invalid/app@{INDEX}"));
    let (_, value) = traced(&folder, &[]);
    assert_eq!(value["operating_system"]["state"], "proven", "{}", value["operating_system"]);
    let ran = folder.run(&["trace", "app-compose.json"]);
    assert!(ran.out.starts_with("operating system    MISSING"), "{}", ran.out);
}

#[test]
fn what_records_say_of_an_image_that_somebody_chooses_is_claimed_and_never_proven() {
    let folder = running("example.invalid/app:${TAG}");
    std::fs::create_dir_all(folder.file("source")).unwrap();
    folder.write("source/DEPLOYMENTS.md", format!("2026-10-01 example.invalid/app@{INDEX}\n"));
    let given = ["--image", &image("repro-1.tar"), "--source", "source"];
    let (ran, value) = traced(&folder, &given);
    assert_eq!(states(&value)[1], "claimed", "{}", ran.out);
    assert_eq!((ran.code, value["images"][0]["rung"].as_str()), (13, Some("R0")), "{}", ran.out);
    assert_eq!(
        value["images"][0]["recorded"][0]["place"],
        "source/DEPLOYMENTS.md:1".trim_start_matches("source/")
    );
    assert!(
        value["images"][0]["arrows"].to_string().contains("DEPLOYMENTS.md:1 claims sha256:bcfd"),
        "{}",
        ran.out
    );
    // And inside verify, beside what fails.
    let report = folder.verify("evidence.json", &["--offline", "--source", "source", "--format", "json"]);
    let report: Value = serde_json::from_str(&report.out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let of = |rule: &str| findings.iter().find(|finding| finding["rule"] == rule).unwrap();
    assert!(
        of("DP-TRC-001")["evidence"].as_str().unwrap().contains("claimed, and nothing holds"),
        "{report}"
    );
    assert_eq!(
        (&of("DP-TRC-001")["status"], &of("DP-IMG-001")["status"]),
        (&"manual".into(), &"fail".into())
    );
    // A record of something else claims nothing.
    folder.write("source/DEPLOYMENTS.md", "2026-10-01 nothing\n");
    assert_eq!(states(&traced(&folder, &given).1)[1], "contradicted");
}

/// An object of git's, as a clone holds it loose.
fn object(folder: &Folder, name: &str, kind: &str, content: &[u8]) {
    use std::io::Write as _;
    let whole = [format!("{kind} {}\0", content.len()).as_bytes(), content].concat();
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&whole).unwrap();
    let path = folder.file(&format!("app/.git/objects/{}/{}", &name[..2], &name[2..]));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, encoder.finish().unwrap()).unwrap();
}

#[test]
fn what_changed_between_the_deployed_commit_and_the_tree_is_said() {
    let folder = running(&format!("example.invalid/app@{INDEX}"));
    let head = "f".repeat(40);
    let file = |name: &str, byte: u8| [format!("100644 {name}\0").as_bytes(), &[byte; 20]].concat();
    let (old, new) = ("a1".repeat(20), "a2".repeat(20));
    object(&folder, COMMIT, "commit", format!("tree {old}\n").as_bytes());
    object(&folder, &head, "commit", format!("tree {new}\n").as_bytes());
    object(
        &folder,
        &old,
        "tree",
        &[file("Dockerfile", 1), file("README.md", 1), file("main.rs", 1)].concat(),
    );
    object(
        &folder,
        &new,
        "tree",
        &[file("Dockerfile", 2), file("README.md", 2), file("main.rs", 1)].concat(),
    );
    std::fs::create_dir_all(folder.file("app/.git/objects/pack")).unwrap();
    std::fs::create_dir_all(folder.file("app/.git/refs")).unwrap();
    folder.write("app/.git/HEAD", format!("{head}\n"));
    let words = "2 files differ: Dockerfile, README.md";
    let (ran, value) = traced(&folder, &["--image", &image("repro-1.tar"), "--source", "app"]);
    assert_eq!(states(&value)[3], "contradicted", "{}", ran.out);
    assert!(value["images"][0]["arrows"][3]["by"].as_str().unwrap().contains(words), "{}", ran.out);
    let more =
        ["--offline", "--container-image", &image("repro-1.tar"), "--source", "app", "--format", "json"];
    let report: Value = serde_json::from_str(&folder.verify("evidence.json", &more).out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let told = findings.iter().find(|finding| finding["rule"] == "DP-TRC-003").unwrap();
    assert!(told["status"] == "fail" && told["evidence"].as_str().unwrap().contains(words), "{told}");
    // Without one of the objects the arrow is what it was, and nothing is said of files.
    std::fs::remove_file(folder.file(&format!("app/.git/objects/a2/{}", &new[2..]))).unwrap();
    let (ran, value) = traced(&folder, &["--image", &image("repro-1.tar"), "--source", "app"]);
    assert_eq!(states(&value)[3], "contradicted", "{}", ran.out);
    assert!(!ran.out.contains("differ"), "{}", ran.out);
}
