//! Runs that end without a verdict: wrong arguments (2), input that cannot be had (3).

use crate::program::{AS_OF, Folder};

/// No verdict: nothing on standard output, an error and mostly a help line on standard error.
#[track_caller]
fn fails(folder: &Folder, arguments: &[&str], code: i32, words: &str) -> String {
    let ran = folder.run(arguments).ends(code);
    assert_eq!(ran.out, "", "data without a verdict");
    assert!(ran.err.contains(words), "expected {words:?} in:\n{}", ran.err);
    ran.err
}

#[test]
fn wrong_arguments_end_with_2() {
    let folder = Folder::new();
    let rows: [(&[&str], &str); 12] = [
        (&["verify"], "required"),
        (&["verify", "evidence.json", "--frobnicate"], "--frobnicate"),
        (&["frobnicate"], "frobnicate"),
        (&["verify", "evidence.json", "--as-of", "yesterday"], "--as-of"),
        (&["verify", "evidence.json", "--nonce", "zz"], "not hex"),
        (&["verify", "evidence.json", "--nonce", "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5"], "16 to 64 bytes, got 15"),
        (&["verify", "evidence.json", "--report-data", "00"], "--report-data"),
        (&["verify", "evidence.json", "--format", "yaml"], "yaml"),
        (&["verify", "evidence.json", "--engine", "intel"], "intel"),
        (&["verify", "evidence.json", "--fail-on", "none"], "none"),
        (&["policy", "init", "--format", "json"], "possible values: human]"),
        (
            &["eventlog", "replay", "event_log.json", "--format", "html"],
            "possible values: human, json, jsonl]",
        ),
    ];
    for (arguments, words) in rows {
        fails(&folder, arguments, 2, words);
    }
    let both = ["verify", "evidence.json", "--nonce", &"07".repeat(16), "--report-data", &"07".repeat(64)];
    fails(&folder, &both, 2, "cannot be used with");
}

#[test]
fn no_argument_at_all_prints_the_help() {
    let ran = Folder::new().run(&[]).ends(2);
    assert!(ran.err.contains("Usage:") && ran.out.is_empty());
}

#[test]
fn a_policy_that_cannot_be_understood_ends_with_2() {
    let folder = Folder::new();
    let rows = [
        ("schema = \"veritee/policy/v1\"\nname = \"x\"\nrequired = []\n", "line 3"),
        ("schema = \"veritee/policy/v9\"\nname = \"x\"\n", "veritee/policy/v9"),
        ("schema = \"veritee/policy/v1\"\nname = \"x\"\n[td]\nallow = [\"debug\"]\n", "give a `reason`"),
        (
            "schema = \"veritee/policy/v1\"\nname = \"x\"\n[[exception]]\ncode = \"rtmr-mismatch\"\nreason = \"because we want to\"\n",
            "cannot be waived",
        ),
        ("\u{1b}[2J", "line 1"),
    ];
    for (text, words) in rows {
        folder.write("bad.toml", text);
        for command in
            [&["policy", "check", "bad.toml"][..], &["verify", "evidence.json", "--policy", "bad.toml"]]
        {
            let error = fails(&folder, command, 2, words);
            assert!(!error.contains('\u{1b}'));
        }
    }
    folder.write("bad.toml", b"\xff");
    fails(&folder, &["policy", "check", "bad.toml"], 2, "not UTF-8 at byte 0");
}

#[test]
fn input_that_is_not_there_ends_with_3() {
    let folder = Folder::new();
    for arguments in [
        &["verify", "nothing.json"][..],
        &["verify", "evidence.json", "--app-compose", "nothing.json"],
        &["verify", "evidence.json", "--policy", "nothing.toml"],
        &["verify", "evidence.json", "--root", "nothing.pem"],
        &["verify", "evidence.json", "--collateral", "nothing.json"],
        &["quote", "show", "nothing.bin"],
        &["eventlog", "replay", "nothing.json"],
        &["render", "nothing.json"],
        &["policy", "check", "nothing.toml"],
    ] {
        fails(&folder, arguments, 3, "nothing.");
    }
}

#[test]
fn a_folder_in_place_of_a_file_ends_with_3() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("empty")).unwrap();
    fails(&folder, &["verify", "evidence.json", "--app-compose", "empty"], 3, "is a folder");
    fails(&folder, &["render", "empty"], 3, "is a folder");
    // A folder as evidence holds its parts, or the evidences of dstack-ingress.
    fails(&folder, &["verify", "empty"], 3, "the field `quote` is missing");
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_ends_with_3() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    folder.write("secret.json", "{}");
    std::fs::set_permissions(folder.file("secret.json"), std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read(folder.file("secret.json")).is_ok() {
        eprintln!("skipped: this user may read every file");
        return;
    }
    fails(&folder, &["verify", "secret.json"], 3, "secret.json");
}

#[test]
fn input_of_no_known_form_ends_with_3_and_says_what_it_is_instead() {
    let folder = Folder::new();
    folder.write("word.txt", "hello");
    fails(&folder, &["verify", "word.txt"], 3, "help:");
    folder.write("empty", "");
    fails(&folder, &["verify", "empty"], 3, "empty");
    for (file, words) in [
        ("app-compose.json", "app_compose"),
        ("event_log.json", "event log"),
        ("collateral.json", "collateral"),
    ] {
        fails(&folder, &["verify", file], 3, words);
    }
    folder.verify("evidence.json", &["--format", "json", "-o", "report.json"]).ends(0);
    fails(&folder, &["verify", "report.json"], 3, "report");
    folder.write("other.json", "{\"schema\":\"veritee/evidence/v9\"}");
    fails(&folder, &["verify", "other.json"], 3, "veritee/evidence/v9");
}

#[test]
fn collateral_that_is_none_is_an_error_when_it_was_named() {
    let folder = Folder::new();
    fails(&folder, &["verify", "quote.bin", "--collateral", "app-compose.json"], 3, "app-compose.json");
}

#[test]
fn several_machines_are_never_chosen_from_by_chance() {
    let folder = Folder::new();
    let answer: serde_json::Value = serde_json::from_str(&folder.read("answer.json")).unwrap();
    let one = serde_json::json!({ "quote": answer["quote"], "eventlog": answer["event_log"] });
    folder.write("cloud.json", serde_json::json!({ "app_id": "", "instances": [one, one] }).to_string());
    let error = fails(&folder, &["verify", "cloud.json"], 3, "/instances/0");
    assert!(error.contains("/instances/1"), "{error}");
    fails(&folder, &["verify", "cloud.json", "--select", "/instances/7"], 3, "/instances/7");
    let parts =
        ["--select", "/instances/1", "--app-compose", "app-compose.json", "--collateral", "collateral.json"];
    folder.verify("cloud.json", &parts).ends(0);
}

#[test]
fn a_root_that_is_none_ends_with_2() {
    let folder = Folder::new();
    fails(
        &folder,
        &["verify", "evidence.json", "--root", "app-compose.json", "--as-of", AS_OF],
        2,
        "app-compose.json",
    );
}

#[test]
fn names_made_to_do_harm_are_inert_in_messages() {
    let folder = Folder::new();
    let name = "evil\u{1b}[2J\u{202e}gnp.json";
    let ran = folder.run(&["verify", name]).ends(3);
    assert!(!ran.err.contains('\u{1b}') && !ran.err.contains('\u{202e}'), "{:?}", ran.err);
    let ran = folder.run(&["explain", name]).ends(2);
    assert!(!ran.err.contains('\u{1b}') && !ran.err.contains('\u{202e}'), "{:?}", ran.err);
    folder.write(name, "hello");
    let ran = folder.run(&["verify", name]).ends(3);
    assert!(!ran.err.contains('\u{1b}') && !ran.err.contains('\u{202e}'), "{:?}", ran.err);
    // As the name of a part that is judged, it stands in the report.
    folder.write(name, folder.read("app-compose.json"));
    for format in ["human", "json", "markdown", "html", "sarif"] {
        let ran = folder.verify("evidence.json", &["--app-compose", name, "--format", format]).ends(0);
        assert!(!ran.out.contains('\u{1b}') && !ran.out.contains('\u{202e}'), "{format}");
        assert!(!ran.err.contains('\u{1b}') && !ran.err.contains('\u{202e}'), "{format}");
    }
}
