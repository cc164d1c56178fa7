//! `measure`, `batch`, `audit` and `diff` on the machines of the quickstart, as a user runs them.

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const MODEL: &str = "test-vectors/quickstart/evidence.json";
const GATEWAY: &str = "test-vectors/quickstart/gateway.json";

fn veritee(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_veritee"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn evidence(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn temporary(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
    path
}

#[test]
fn measure_finds_the_virtual_hardware_of_both_machines() {
    for (file, machine) in [(MODEL, "64 vCPU, 2097152 MiB, 8 GPU, 4 NVSwitch"), (GATEWAY, "4 vCPU")] {
        let output = veritee(&["measure", "--quote", file]);
        assert_eq!(output.status.code(), Some(0));
        let printed = text(&output);
        assert!(printed.contains("RTMR0  equal") && printed.contains(machine), "{printed}");
        assert!(printed.contains("(which was not verified)"));
    }
}

#[test]
fn measure_names_the_count_that_would_match_when_the_claim_has_one_gpu_less() {
    let folder = tempfile::tempdir().unwrap();
    let document = evidence(MODEL);
    let claim = document["vm_config"]["value"].as_str().unwrap().replace("\"num_gpus\":8", "\"num_gpus\":7");
    let path = temporary(&folder, "vm_config.json", claim.as_bytes());
    let output = veritee(&["measure", "--vm-config", path.to_str().unwrap(), "--quote", MODEL]);
    assert_eq!(output.status.code(), Some(11));
    assert!(text(&output).contains("num_gpus 8 instead of 7"), "{}", text(&output));
}

#[test]
fn measure_gives_every_digest_as_json() {
    let output = veritee(&["measure", "--quote", MODEL, "--format", "json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["verified"], false);
    assert_eq!(document["expected"]["rtmr0"]["events"].as_array().unwrap().len(), 13);
    assert_eq!(document["against_quote"][0]["equal"], true);
}

#[test]
fn batch_answers_in_order_and_reports_a_broken_line_without_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let document = evidence(MODEL);
    let quote = document["quote"]["value"].as_str().unwrap();
    let whole = serde_json::to_string(&document).unwrap();
    let flipped = quote.replacen("bc122d14", "bc122d15", 1);
    let lines =
        temporary(&folder, "lines", format!("{quote}\nnot a quote\n\n{whole}\n{flipped}\n").as_bytes());
    let lines = lines.to_str().unwrap();
    for jobs in ["1", "2"] {
        let output = veritee(&[
            "batch",
            lines,
            "--collateral",
            MODEL,
            "--as-of",
            "2026-03-15T00:00:00Z",
            "--jobs",
            jobs,
        ]);
        let printed: Vec<Value> =
            text(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let names: Vec<&str> = printed.iter().map(|line| line["input"].as_str().unwrap()).collect();
        assert_eq!(names, ["line 1", "line 2", "line 4", "line 5"]);
        assert_eq!(
            (&printed[0]["outcome"], &printed[0]["tcb_status"]),
            (&"verified".into(), &"UpToDate".into())
        );
        assert!(printed[1]["error"].as_str().unwrap().contains("line 2"));
        assert_eq!(printed[2]["kind"], "evidence");
        assert_eq!(printed[3]["reasons"][0], "quote-signature");
        assert_eq!(output.status.code(), Some(10), "the gravest line decides");
        assert!(String::from_utf8_lossy(&output.stderr).contains("4 judged"));
    }
}

/// Lines go in one at a time, and the writer keeps the pipe open.
#[test]
#[cfg(unix)]
fn batch_answers_each_line_at_once_and_ends_with_whole_lines_when_interrupted() {
    use std::io::{BufRead, BufReader};
    let quote = evidence(MODEL)["quote"]["value"].as_str().unwrap().to_owned();
    let arguments = ["batch", "-", "--collateral", MODEL, "--as-of", "2026-03-15T00:00:00Z"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_veritee"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    for number in 1..=3 {
        writeln!(stdin, "{quote}").unwrap();
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["input"], format!("line {number}"));
        assert_eq!(answer["outcome"], "verified");
    }
    // Half a line is no line: nothing is said of it.
    write!(stdin, "{}", &quote[..quote.len() / 2]).unwrap();
    stdin.flush().unwrap();
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let mut rest = String::new();
    answers.read_line(&mut rest).unwrap();
    assert_eq!(rest, "");
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("interrupted; the lines written are whole"));
}

#[test]
fn audit_of_a_file_never_looks_like_a_verified_machine() {
    let output = veritee(&["audit", MODEL]);
    assert_eq!(output.status.code(), Some(12));
    let printed = text(&output);
    assert!(printed.starts_with("FINDINGS, NOT ATTESTED"), "{printed}");
    assert!(printed.contains("DP-CMP-001") && !printed.contains("VERIFIED"));
}

#[test]
fn diff_says_that_nothing_vouches_for_its_documents() {
    let same = veritee(&["diff", MODEL, MODEL]);
    assert_eq!(same.status.code(), Some(0));
    assert!(text(&same).contains("nothing changed"));
    let other = text(&veritee(&["diff", MODEL, GATEWAY]));
    assert!(other.starts_with("NOT ATTESTED") && other.contains("allowed_envs"), "{other}");
}
