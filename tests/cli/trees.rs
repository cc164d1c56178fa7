//! `veritee audit` of folders whose `.git` or files are made to cost more than they are.

use crate::program::{Folder, Ran};
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A tag that looks like a commit, so that it is looked up.
const COMPOSE: &str = "services:\n  web:\n    image: \"ghcr.io/example/app:abcdef12\"\n";

/// Far above what any of this takes, and far below what it took.
const SOON: Duration = Duration::from_secs(20);

fn tree() -> Folder {
    let folder = Folder::empty();
    std::fs::create_dir_all(folder.file("tree/.git/objects/pack")).unwrap();
    std::fs::create_dir_all(folder.file("tree/.git/refs/heads")).unwrap();
    folder.write("tree/.git/HEAD", "ref: refs/heads/main\n");
    folder.write("tree/a.py", "print(1)\n");
    folder.write("compose.yml", COMPOSE);
    folder
}

/// The index of a pack, version 2, of these names.
fn index(names: &[[u8; 20]], claimed: u32) -> Vec<u8> {
    let first = names.first().map_or(0xab, |name| name[0]);
    let mut bytes = b"\xfftOc\0\0\0\x02".to_vec();
    for byte in 0..=255_u8 {
        bytes.extend((if byte >= first { claimed } else { 0 }).to_be_bytes());
    }
    names.iter().for_each(|name| bytes.extend(name));
    names.iter().for_each(|_| bytes.extend([0; 4]));
    names.iter().for_each(|_| bytes.extend(12_u32.to_be_bytes()));
    bytes
}

fn name(number: u32) -> [u8; 20] {
    let mut name = [0; 20];
    name[..4].copy_from_slice(&[0xab, 0xcd, 0xef, 0x12]);
    name[16..].copy_from_slice(&number.to_be_bytes());
    name
}

#[track_caller]
fn audit(folder: &Folder) -> Ran {
    let start = Instant::now();
    let ran = folder.run(&["audit", "tree", "--compose", "compose.yml", "--format", "json"]);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert!(matches!(ran.code, 0 | 12 | 13), "{}: {}", ran.code, ran.err);
    ran
}

#[test]
fn packs_of_deltas_on_themselves_are_named_whatever_their_number() {
    for count in [1_u32, 2, 64] {
        let folder = tree();
        for pack in 0..count {
            folder.write(&format!("tree/.git/objects/pack/p{pack}.idx"), index(&[name(1)], 1));
            let mut bytes = b"PACK\0\0\0\x02\0\0\0\x01\x70".to_vec();
            bytes.extend(name(1));
            folder.write(&format!("tree/.git/objects/pack/p{pack}.pack"), bytes);
        }
        let ran = audit(&folder);
        assert!(ran.out.contains("git-delta-cycle"), "{count}: {}", ran.out);
    }
}

#[test]
fn an_index_of_many_names_that_begin_alike_costs_no_square() {
    let folder = tree();
    let names: Vec<[u8; 20]> = (0..40_000).map(name).collect();
    folder.write("tree/.git/objects/pack/a.idx", index(&names, 40_000));
    folder.write("tree/.git/objects/pack/a.pack", b"PACK\0\0\0\x02\0\0\0\0\x35");
    audit(&folder);
}

#[test]
fn an_index_with_a_hole_is_not_read_into_memory() {
    let folder = tree();
    let names = 150_000_000_u32;
    folder.write("tree/.git/objects/pack/a.idx", index(&[], names));
    let file = File::options().write(true).open(folder.file("tree/.git/objects/pack/a.idx")).unwrap();
    if file.set_len(1032 + u64::from(names) * 28).is_err() {
        eprintln!("skipped: this file system keeps no holes");
        return;
    }
    folder.write("tree/.git/objects/pack/a.pack", "PACK");
    audit(&folder);
}

fn pipe(path: &Path) -> bool {
    if path.is_dir() {
        std::fs::remove_dir_all(path).unwrap();
    } else if path.exists() {
        std::fs::remove_file(path).unwrap();
    }
    let made = Command::new("mkfifo").arg(path).status().is_ok_and(|status| status.success());
    if !made {
        eprintln!("skipped: no mkfifo");
    }
    made
}

#[test]
fn pipes_in_a_tree_and_in_its_git_are_named_and_not_waited_for() {
    for path in [
        "tree/.git/HEAD",
        "tree/.git",
        "tree/.git/objects/pack/x.idx",
        "tree/.git/refs/heads/main",
        "tree/.git/packed-refs",
    ] {
        let folder = tree();
        if !pipe(&folder.file(path)) {
            return;
        }
        let ran = audit(&folder);
        assert!(ran.out.contains("git-not-a-regular-file"), "{path}: {}", ran.out);
    }
    let folder = tree();
    if pipe(&folder.file("tree/Dockerfile")) {
        let ran = audit(&folder);
        assert!(ran.out.contains("it is no regular file"), "{}", ran.out);
    }
}

#[cfg(unix)]
#[test]
fn links_are_named_and_not_followed() {
    let folder = tree();
    std::fs::remove_file(folder.file("tree/.git/HEAD")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.file("tree/.git/HEAD")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.file("tree/entrypoint.sh")).unwrap();
    let ran = audit(&folder);
    assert!(ran.out.contains("git-not-a-regular-file"), "{}", ran.out);
    assert!(ran.out.contains("it is a link"), "{}", ran.out);
}

#[test]
fn many_mentions_in_one_line_cost_no_square_of_the_line() {
    let folder = tree();
    folder.write("tree/c.js", "fetch(\"http://a\"+process.env.A); ".repeat(28_000));
    folder.write("tree/d.py", "x = os.environ[\"A\"]; ".repeat(28_000));
    audit(&folder);
}

/// A compose file that nobody should let pass, and an app_compose that is fine, in one tree.
fn two_documents() -> Folder {
    let folder = Folder::empty();
    let cases =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("test-vectors/audit/cases/tree/compose-not-looked-at");
    std::fs::create_dir_all(folder.file("tree")).unwrap();
    for name in ["app-compose.json", "docker-compose.yml", "Dockerfile", "LICENSE", "DEPLOYMENTS.md"] {
        folder.write(&format!("tree/{name}"), std::fs::read(cases.join(name)).unwrap());
    }
    folder
}

#[test]
fn every_document_of_a_tree_is_judged_with_a_verdict_of_its_own() {
    let folder = two_documents();
    let ran = folder.run(&["audit", "tree"]).ends(12);
    for line in ["app-compose.json: nothing refused", "docker-compose.yml: findings"] {
        assert!(ran.out.contains(line), "{line}: {}", ran.out);
    }
    let ran = folder.run(&["audit", "tree", "--format", "json"]).ends(12);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let documents = report["audit"]["documents"].as_array().unwrap();
    let codes: Vec<_> =
        documents.iter().map(|one| (one["path"].as_str().unwrap(), &one["exit_code"])).collect();
    assert_eq!(codes, [("app-compose.json", &0.into()), ("docker-compose.yml", &12.into())]);
    let findings = report["findings"].as_array().unwrap();
    let socket = findings.iter().find(|finding| finding["rule"] == "DP-CMP-001").unwrap();
    assert!(socket["where"].as_str().unwrap().starts_with("docker-compose.yml:"), "{socket}");
    let inputs = report["inputs"].as_array().unwrap();
    let names: Vec<&str> = inputs.iter().map(|input| input["source"].as_str().unwrap()).collect();
    assert_eq!(names, ["app-compose.json", "docker-compose.yml"]);
    folder.run(&["audit", "tree", "--compose", "tree/app-compose.json"]).ends(0);
}

#[test]
fn a_folder_without_anything_that_is_audited_is_an_error() {
    let folder = Folder::empty();
    std::fs::create_dir_all(folder.file("empty")).unwrap();
    std::fs::create_dir_all(folder.file("prose")).unwrap();
    folder.write("prose/README.md", "hello\n");
    let words = [
        ("empty", "there is no file in this folder"),
        ("prose", "no file here is of a kind that is audited"),
    ];
    for (name, words) in words {
        let ran = folder.run(&["audit", name]).ends(3);
        assert!(ran.err.contains(words), "{}", ran.err);
    }
}

#[test]
fn the_log_of_evidence_answers_who_gives_the_keys_as_a_claim() {
    let folder = Folder::empty();
    let evidence = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-vectors/quickstart/evidence.json");
    folder.write("evidence.json", std::fs::read(evidence).unwrap());
    let ran = folder.run(&["audit", "evidence.json", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let keys = findings.iter().find(|finding| finding["rule"] == "DP-KMS-001").expect("the rule was asked");
    assert_eq!(keys["assumed"], true, "{keys}");
    let assumptions = report["audit"]["assumptions"].to_string();
    assert!(assumptions.contains("they are claims"), "{assumptions}");
}
