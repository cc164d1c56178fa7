//! Inputs on which a careless judge says yes, out of ../shared where that is at hand.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn cases() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: ../shared is absent");
    None
}

fn run(folder: &Path, arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_veritee"));
    command.current_dir(folder).args(arguments.split(' '));
    command.output().unwrap()
}

const UNDER: &str = "--as-of 2026-10-15T00:00:00Z --offline --format json";

#[test]
fn every_case_of_a_policy_that_did_not_bind_gives_the_right_answer() {
    let Some(cases) = cases() else { return };
    let red = |name: &str| cases.join("red").join(name);
    let quote = |policy: &str| {
        format!(
            "quote verify quote.bin --collateral collateral.json --root root.der --policy {policy} {UNDER}"
        )
    };
    let batch = |policy: &str| {
        format!(
            "batch in --collateral collateral.json --root root.der --policy {policy} --as-of 2026-10-15T00:00:00Z --offline"
        )
    };
    for (case, arguments, code) in [
        ("advisory-spelling", quote("policy.toml"), 2),
        ("advisory-spelling", quote("policy-upper.toml"), 11),
        ("advisory-spelling", "policy check policy.toml".to_owned(), 2),
        ("minimum-date-digits", quote("policy.toml"), 2),
        ("minimum-date-digits", quote("policy-right.toml"), 11),
        ("minimum-date-digits", "policy check policy.toml".to_owned(), 2),
        ("quote-verify-ignores-policy-silently", quote("policy.toml"), 11),
        ("quote-verify-ignores-policy-silently", quote("policy-app.toml"), 13),
        ("quote-verify-ignores-policy-silently", batch("policy.toml"), 11),
        ("quote-verify-ignores-policy-silently", batch("policy-app.toml"), 13),
        ("batch-exception-skips-platform", quote("policy.toml"), 13),
        ("batch-exception-skips-platform", batch("policy.toml"), 13),
        ("render-refuses-quote-report", quote("policy.toml"), 0),
    ] {
        let ran = run(&red(case), &arguments);
        let said = String::from_utf8_lossy(&ran.stdout);
        let told = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(code), "{case}: veritee {arguments}\n{said}\n{told}");
    }
}

#[test]
fn a_report_of_one_quote_is_shown_again_and_every_edited_one_is_told() {
    let Some(cases) = cases() else { return };
    let scratch = tempfile::tempdir().unwrap();
    let case = cases.join("red/render-refuses-quote-report");
    let arguments =
        "quote verify quote.bin --collateral collateral.json --root root.der --policy policy.toml";
    let report = run(&case, &format!("{arguments} {UNDER}"));
    std::fs::write(scratch.path().join("report.json"), &report.stdout).unwrap();
    assert_eq!(run(scratch.path(), "render report.json").status.code(), Some(0));
    let edited = cases.join("red/render-edited-report");
    for name in [
        "removed",
        "notrequired",
        "waived",
        "root_intel",
        "facts_contradict",
        "duplicate",
        "pass_with_reason",
    ] {
        let ran = run(&edited, &format!("render r_{name}.json"));
        assert_eq!(ran.status.code(), Some(3), "{name}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}

#[test]
fn nothing_is_pinned_that_was_not_verified() {
    let Some(cases) = cases() else { return };
    let scratch = tempfile::tempdir().unwrap();
    let case = cases.join("red/policy-init-from-unverified");
    let report = run(&case, &format!("verify forged.bin --store none {UNDER}"));
    assert_eq!(report.status.code(), Some(13));
    std::fs::write(scratch.path().join("report.json"), &report.stdout).unwrap();
    let ran = run(scratch.path(), "policy init --from report.json");
    assert_eq!(ran.status.code(), Some(2), "{}", String::from_utf8_lossy(&ran.stdout));
}

#[test]
fn xfam_and_the_advisories_of_now_are_judged() {
    let Some(cases) = cases() else { return };
    let arguments = "quote verify quote.bin --collateral collateral.json --as-of 1688083200 --policy policy-sept.toml --root root.pem --offline";
    assert_eq!(run(&cases.join("bugs/xfam"), arguments).status.code(), Some(11));
    let arguments =
        "quote verify quote.bin --collateral collateral.json --root root.der --policy policy.toml";
    let ran = run(&cases.join("bugs/second-opinion-current-advisories"), &format!("{arguments} {UNDER}"));
    assert_eq!(ran.status.code(), Some(11), "{}", String::from_utf8_lossy(&ran.stdout));
}
