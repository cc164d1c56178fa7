//! Where output goes: files whole or not at all, standard output, silence, colour, broken pipes.

use crate::program::{AS_OF, Folder, NONCE};
use std::io::Read as _;
use std::process::Stdio;

const ESCAPE: char = '\u{1b}';

#[test]
fn a_dash_reads_standard_input() {
    let folder = Folder::new();
    let evidence = std::fs::read(folder.file("evidence.json")).unwrap();
    let arguments = ["verify", "-", "--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF];
    folder.feed(&arguments, &evidence).ends(0);
    folder.feed(&["quote", "show", "-"], &std::fs::read(folder.file("quote.bin")).unwrap()).ends(0);
    folder.feed(&["eventlog", "replay", "-"], folder.read("event_log.json").as_bytes()).ends(0);
    folder.feed(&["policy", "check", "-"], folder.read("policy.toml").as_bytes()).ends(0);
    let report = folder.verify("evidence.json", &["--format", "json"]).ends(0).out;
    folder.feed(&["render", "-"], report.as_bytes()).ends(0);
    folder.feed(&arguments, b"").ends(3);
}

#[test]
fn output_goes_whole_into_a_file_and_nothing_to_standard_output() {
    let folder = Folder::new();
    let shown = folder.verify("evidence.json", &["--format", "json"]).ends(0).out;
    let ran = folder.verify("evidence.json", &["--format", "json", "-o", "report.json"]).ends(0);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
    assert_eq!(folder.read("report.json"), shown);
    // An existing file is replaced, and no temporary file stays behind.
    folder.verify("evidence.json", &["--output", "report.json", "--format", "human"]).ends(0);
    assert_ne!(folder.read("report.json"), shown);
    assert!(folder.names().iter().all(|name| !name.starts_with('.')), "{:?}", folder.names());
}

#[test]
fn a_file_that_cannot_be_written_is_a_failure_and_leaves_no_half() {
    let folder = Folder::new();
    let before = folder.names();
    let ran = folder.verify("evidence.json", &["-o", "no/such/folder/report.txt"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.is_empty() && ran.err.contains("report.txt"), "{}", ran.err);
    std::fs::create_dir(folder.file("taken")).unwrap();
    folder.verify("evidence.json", &["-o", "taken"]).ends(1);
    std::fs::remove_dir(folder.file("taken")).unwrap();
    assert_eq!(folder.names(), before);
}

#[test]
fn a_run_that_fails_leaves_an_existing_output_alone() {
    let folder = Folder::new();
    folder.write("report.txt", "the report of yesterday");
    folder.verify("nothing.json", &["-o", "report.txt"]).ends(3);
    assert_eq!(folder.read("report.txt"), "the report of yesterday");
}

#[test]
fn quiet_prints_nothing_and_keeps_the_exit_code() {
    let folder = Folder::new();
    for (more, code) in [(&[][..], 0), (&["--nonce", "07070707070707070707070707070707"][..], 11)] {
        let ran = folder.verify("evidence.json", &[more, &["-q"]].concat()).ends(code);
        assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
    }
    let ran = folder.verify("evidence.json", &["-q", "-o", "report.txt"]).ends(0);
    assert!(ran.out.is_empty() && folder.read("report.txt").contains("VERIFIED"));
    // Why there is no verdict is said all the same.
    assert!(!folder.verify("nothing.json", &["-q"]).ends(3).err.is_empty());
}

#[test]
fn colour_is_off_in_a_pipe_on_by_demand_and_off_by_no_color() {
    let folder = Folder::new();
    let plain = folder.verify("evidence.json", &[]).ends(0).out;
    assert!(!plain.contains(ESCAPE));
    let always = folder.verify("evidence.json", &["--color", "always"]).ends(0).out;
    assert!(always.contains(ESCAPE));
    assert_eq!(stripped(&always), plain, "colour changes nothing but colour");
    assert!(!folder.verify("evidence.json", &["--color", "never"]).ends(0).out.contains(ESCAPE));
    let arguments =
        ["verify", "evidence.json", "--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF];
    let forced = folder.command(&arguments).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(String::from_utf8(forced.stdout).unwrap().contains(ESCAPE));
    let no_color =
        folder.command(&arguments).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output().unwrap();
    assert!(!String::from_utf8(no_color.stdout).unwrap().contains(ESCAPE), "NO_COLOR wins");
    folder
        .verify("evidence.json", &["--color", "always", "-o", "report.txt", "--format", "markdown"])
        .ends(0);
    assert!(!folder.read("report.txt").contains(ESCAPE), "only the human form has colour");
}

/// The text without the colours that the program uses.
fn stripped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        let (code, tail) = after.split_once('m').expect("a colour ends with m");
        assert!(code.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'), "no colour: {code}");
        rest = tail;
    }
    out + rest
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = Folder::new();
    let mut arguments =
        vec!["verify", "evidence.json", "--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF];
    arguments.extend(["--format", "json"]);
    let mut child = folder.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Closed before the first byte: what `| head -c 0` does.
    drop(child.stdout.take());
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    let status = child.wait().unwrap();
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
}

#[test]
fn lines_are_at_most_eighty_columns_in_a_pipe() {
    let folder = Folder::new();
    for more in [&["--nonce", NONCE][..], &[]] {
        let ran = folder.verify("evidence.json", more).ends(0);
        for line in ran.out.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn a_rendered_report_equals_the_original_output_in_every_form() {
    let folder = Folder::new();
    for (more, code) in [(&["--nonce", NONCE][..], 0), (&["--nonce", "07070707070707070707070707070707"], 11)]
    {
        folder
            .verify("evidence.json", &[more, &["--format", "json", "-o", "report.json"]].concat())
            .ends(code);
        for format in ["human", "json", "jsonl", "sarif", "markdown", "html"] {
            let original =
                folder.verify("evidence.json", &[more, &["--format", format]].concat()).ends(code).out;
            let rendered = folder.run(&["render", "report.json", "--format", format]).ends(code).out;
            assert_eq!(rendered, original, "{format}");
        }
    }
}

#[test]
fn a_saved_report_that_was_tampered_with_is_not_rendered() {
    let folder = Folder::new();
    folder
        .verify(
            "evidence.json",
            &["--nonce", "07070707070707070707070707070707", "--format", "json", "-o", "report.json"],
        )
        .ends(11);
    let report = folder.read("report.json");
    let better = report.replacen("\"outcome\": \"refused\"", "\"outcome\": \"verified\"", 1).replacen(
        "\"exit_code\": 11",
        "\"exit_code\": 0",
        1,
    );
    assert_ne!(better, report);
    for text in [better.as_str(), "{}", "", "[]"] {
        folder.write("report.json", text);
        let ran = folder.run(&["render", "report.json"]).ends(3);
        assert!(ran.out.is_empty() && ran.err.contains("report.json"), "{}", ran.err);
    }
}

#[test]
fn what_a_file_is_called_and_what_the_command_reads_is_looked_at_before_the_work() {
    let folder = Folder::new();
    for (arguments, output) in [
        (vec!["diff", "evidence.json", "evidence.json"], "x.html"),
        (vec!["batch", "evidence.json"], "x.md"),
        (vec!["evidence", "convert", "evidence.json"], "x.sarif"),
        (vec!["review", "init", "evidence.json"], "review.md"),
        (vec!["policy", "checks"], "x.htm"),
    ] {
        let mut all = arguments.clone();
        all.extend(["-o", output]);
        let ran = folder.run(&all).ends(2);
        assert!(ran.err.contains("has no form"), "{arguments:?}: {}", ran.err);
        assert!(!folder.file(output).exists(), "{arguments:?}");
    }
    folder.run(&["diff", "evidence.json", "evidence.json", "--format", "human", "-o", "x.html"]).ends(0);
    folder.run(&["explain", "stage", "-o", "stage.md"]).ends(0);
    // What is read is never written over.
    for (arguments, output) in [
        (vec!["verify", "evidence.json"], "evidence.json"),
        (vec!["verify", "evidence.json"], "./evidence.json"),
        (vec!["verify", "evidence.json", "--policy", "policy.toml"], "policy.toml"),
        (vec!["verify", "evidence.json", "--collateral=collateral.json"], "collateral.json"),
        (vec!["evidence", "convert", "answer.json", "--app-compose", "app-compose.json"], "app-compose.json"),
    ] {
        let before = std::fs::read(folder.file(output)).unwrap();
        for writer in ["-o", "--save-evidence"] {
            if writer == "--save-evidence" && arguments[0] != "verify" {
                continue;
            }
            let mut all = arguments.clone();
            all.extend([writer, output]);
            let ran = folder.run(&all).ends(2);
            assert!(ran.err.contains("it would be lost"), "{all:?}: {}", ran.err);
            assert_eq!(std::fs::read(folder.file(output)).unwrap(), before);
        }
    }
}

#[test]
fn what_is_of_another_form_is_named() {
    let folder = Folder::new();
    folder.write("login.html", "<!DOCTYPE html><html><body><form>user</form></body></html>");
    for (arguments, code, said) in [
        (vec!["verify", "evidence.json", "--review", "policy.toml"], 2, "recognised as"),
        (vec!["verify", "evidence.json", "--root", "policy.toml"], 2, "recognised as"),
        (vec!["verify", "evidence.json", "--policy", "collateral.json"], 2, "recognised as"),
        (vec!["verify", "login.html"], 3, "login"),
        (vec!["audit", "login.html"], 3, "login"),
        (vec!["review", "init", "login.html"], 3, "login"),
        (vec!["verify", "evidence.json", "--as-of", "20260801"], 2, "2026-08-01"),
        (vec!["verify", "evidence.json", "--as-of", "soon"], 2, "a date (2026-03-15)"),
    ] {
        let ran = folder.run(&arguments).ends(code);
        assert!(ran.err.contains(said), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn what_a_page_says_is_claimed_and_not_verified() {
    let folder = Folder::new();
    let log = folder.read("event_log.json");
    let info = serde_json::json!({ "mrtd": "ab".repeat(48), "rtmr0": "cd".repeat(48), "event_log": log });
    folder.write("tcb_info.json", info.to_string());
    let ran = folder.run(&["verify", "tcb_info.json", "--offline"]).ends(13);
    let (_, claimed) = ran.out.split_once("CLAIMED, NOT VERIFIED").unwrap_or_else(|| panic!("{}", ran.out));
    assert!(claimed.contains("mrtd") && claimed.contains("rtmr0"), "{claimed}");
    // Beside a quote that names its application, what is measured is shown and no claim.
    assert!(!folder.verify("evidence.json", &[]).out.contains("CLAIMED"));
}
