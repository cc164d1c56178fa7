//! Exit codes: one for each verdict, the same for every form of output.

use crate::program::{AS_OF, Folder, NONCE, machine};
use veritee_testkit::Role;

const FORMATS: [&str; 6] = ["human", "json", "jsonl", "sarif", "markdown", "html"];

/// What is said of the verdict on standard output, and the exit code, for every form.
#[track_caller]
fn always(folder: &Folder, file: &str, more: &[&str], code: i32) {
    for format in FORMATS {
        let mut arguments = more.to_vec();
        arguments.extend(["--format", format]);
        let ran = folder.verify(file, &arguments).ends(code);
        assert!(!ran.out.is_empty(), "{format}");
        let notes = ran.err.lines().all(|line| line.starts_with("note: "));
        assert!(notes, "{format}: a verdict is data, it does not belong on standard error:\n{}", ran.err);
    }
}

#[test]
fn evidence_that_meets_its_policy_ends_with_0() {
    always(&Folder::new(), "evidence.json", &["--nonce", NONCE], 0);
}

#[test]
fn evidence_that_is_not_genuine_ends_with_10() {
    let folder = Folder::of(&machine().universe(|it| it.revoke(Role::Pck)));
    always(&folder, "evidence.json", &[], 10);
}

#[test]
fn evidence_that_answers_another_request_is_refused_and_no_forgery() {
    let folder = Folder::new();
    always(&folder, "evidence.json", &["--nonce", &"07".repeat(32)], 11);
}

#[test]
fn evidence_that_the_policy_refuses_ends_with_11() {
    let folder = Folder::new();
    let policy = folder.read("policy.toml");
    folder.write("policy.toml", format!("{policy}\n[tcb]\nminimum_evaluation_number = 99\n"));
    always(&folder, "evidence.json", &[], 11);
}

#[test]
fn evidence_without_a_required_part_ends_with_13() {
    let folder = Folder::new();
    always(&folder, "answer.json", &["--collateral", "collateral.json"], 13);
    always(&folder, "quote.bin", &[], 13);
}

/// A compose with what no auditor lets pass: a privileged container of an image that can change.
const RISKY: &str = r#"{"manifest_version":2,"name":"risky","runner":"docker-compose","docker_compose_file":"services:\n  app:\n    image: nginx:latest\n    privileged: true\n    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n","kms_enabled":true,"public_logs":true,"allowed_envs":["SECRET"]}"#;

#[test]
fn findings_of_the_audit_end_with_12_unless_the_threshold_lies_above_them() {
    let folder = Folder::of(&machine().app_compose(RISKY));
    let policy = folder.read("policy.toml").replace("fail_on = \"critical\"", "fail_on = \"low\"");
    folder.write("policy.toml", policy);
    always(&folder, "evidence.json", &[], 12);
    let ran = folder.verify("evidence.json", &["--format", "json"]).ends(12);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert!(!findings.is_empty());
    // What is not genuine, refused or incomplete goes before findings.
    folder.verify("evidence.json", &["--nonce", &"07".repeat(32)]).ends(11);
    folder.write(
        "policy.toml",
        format!("{}\n[tcb]\nminimum_evaluation_number = 99\n", folder.read("policy.toml")),
    );
    folder.verify("evidence.json", &[]).ends(11);
}

#[test]
fn not_genuine_goes_before_refused_and_refused_before_incomplete() {
    let folder =
        Folder::of(&machine().universe(|it| it.tcb_info(|info| info.levels[0].status = "OutOfDate".into())));
    folder.verify("evidence.json", &[]).ends(11);
    folder.verify("answer.json", &["--collateral", "collateral.json"]).ends(11);
    let forged = Folder::of(
        &machine()
            .universe(|it| it.tcb_info(|info| info.levels[0].status = "OutOfDate".into()).revoke(Role::Pck)),
    );
    forged.verify("evidence.json", &["--nonce", &"07".repeat(32)]).ends(10);
}

#[test]
fn a_root_that_the_policy_does_not_name_is_refused_and_shouted() {
    let folder = Folder::new();
    let arguments = ["verify", "evidence.json", "--root", "root.pem", "--as-of", AS_OF];
    for format in ["human", "markdown", "html"] {
        let ran = folder.run(&[&arguments[..], &["--format", format]].concat()).ends(11);
        assert!(ran.out.contains("TEST ROOT, NOT INTEL"), "{}", ran.out);
    }
    // Without the flag Intel's root is used, and the forged chain does not reach it.
    folder.run(&["verify", "evidence.json", "--as-of", AS_OF]).ends(10);
}

#[test]
fn the_one_machine_is_judged_alike_through_each_form_of_input() {
    let folder = Folder::new();
    let parts = [
        "--event-log",
        "event_log.json",
        "--app-compose",
        "app-compose.json",
        "--collateral",
        "collateral.json",
        "--certificate",
        "chain.pem",
    ];
    folder.verify("quote.bin", &parts).ends(0);
    let quote = std::fs::read(folder.file("quote.bin")).unwrap();
    folder.write("quote.hex", hex::encode(&quote));
    folder.verify("quote.hex", &parts).ends(0);
    std::fs::create_dir(folder.file("collateral")).unwrap();
    folder.write("collateral/a.json", folder.read("collateral.json"));
    folder.write("collateral/notes.txt", "not collateral");
    let mut from_folder = parts;
    from_folder[5] = "collateral";
    folder.verify("quote.bin", &from_folder).ends(0);
}

#[test]
fn collateral_of_others_in_a_folder_is_looked_at_and_changes_nothing() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("collateral")).unwrap();
    folder.write("collateral/b.json", folder.read("collateral.json"));
    let other = machine().universe.tcb_info(|info| info.fmspc = "000000000001".into()).forge();
    folder.write("collateral/a.json", other.collateral_json());
    let processor =
        veritee_testkit::Universe::under(1, veritee_testkit::Shape::TdxV4, Role::ProcessorCa).forge();
    folder.write("collateral/c.json", processor.collateral_json());
    let arguments =
        ["--event-log", "event_log.json", "--app-compose", "app-compose.json", "--collateral", "collateral"];
    let ran = folder.verify("quote.bin", &[&arguments[..], &["--format", "json"]].concat()).ends(0);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let inputs = report["inputs"].as_array().unwrap();
    // A list in any of them could have named the machine: all three are what the verdict rests on.
    assert_eq!(inputs.iter().filter(|input| input["name"] == "collateral").count(), 3, "{inputs:?}");
}

#[test]
fn the_saved_evidence_gives_the_same_checks() {
    let folder = Folder::new();
    let parts = [
        "--event-log",
        "event_log.json",
        "--app-compose",
        "app-compose.json",
        "--collateral",
        "collateral.json",
        "--certificate",
        "chain.pem",
    ];
    let first = folder
        .verify("quote.bin", &[&parts[..], &["--save-evidence", "saved.json", "--format", "json"]].concat())
        .ends(0);
    let again = folder.verify("saved.json", &["--format", "json"]).ends(0);
    let checks = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["checks"].clone();
    // What the options asked for is the first caller's demand, and no part of the evidence.
    let (mut first, again) = (checks(&first.out), checks(&again.out));
    let asked =
        first.as_array_mut().unwrap().iter_mut().find(|check| check["id"] == "binding.ra-tls").unwrap();
    assert_eq!(asked["required"], true);
    asked["required"] = false.into();
    assert_eq!(first, again);
}

#[test]
fn a_raised_threshold_on_the_command_line_is_told() {
    let folder = Folder::new();
    let policy = folder.read("policy.toml").replace("fail_on = \"critical\"", "fail_on = \"low\"");
    folder.write("policy.toml", policy);
    let ran = folder.verify("evidence.json", &["--fail-on", "critical", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["policy"]["fail_on"], "critical");
    let loosened = report["policy"]["loosened"].to_string();
    assert!(loosened.contains("asked for on the command line"), "{loosened}");
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let folder = Folder::new();
    let run = || folder.verify("evidence.json", &["--nonce", NONCE, "--format", "json"]).ends(0).out;
    assert_eq!(run(), run());
}

#[test]
fn as_of_now_says_what_changed_since_the_evidence_was_fetched() {
    let folder = Folder::new();
    let mut document: serde_json::Value = serde_json::from_str(&folder.read("evidence.json")).unwrap();
    document["quote"]["obtained"] = AS_OF.into();
    folder.write("fetched.json", document.to_string());
    let arguments = ["--policy", "policy.toml", "--root", "root.pem", "--offline", "--format", "json"];
    // The forged collateral has expired long before the clock's time.
    let ran = folder.run(&[&["verify", "fetched.json", "--as-of", "now"], &arguments[..]].concat()).ends(11);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let other = &report["compared"][0];
    assert_eq!((&other["as_of"], &other["exit_code"]), (&AS_OF.into(), &0.into()));
    let changes: Vec<&str> =
        other["changes"].as_array().unwrap().iter().map(|change| change["check"].as_str().unwrap()).collect();
    assert!(changes.contains(&"quote.collateral"), "{changes:?}");
    // At the same time there is nothing to compare, and the report is the same twice.
    let again = folder.run(&[&["verify", "fetched.json", "--as-of", AS_OF], &arguments[..]].concat()).ends(0);
    assert!(!again.out.contains("\"compared\""));
}
