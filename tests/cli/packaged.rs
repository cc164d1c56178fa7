//! What lies in `packaging/`, as it is used: the action's script, the unit.
#![cfg(unix)]

use crate::program::Folder;
use std::path::Path;
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The action's script in a folder, with these inputs.
fn action(folder: &Folder, inputs: &[(&str, &str)]) -> Output {
    for name in ["output", "summary"] {
        folder.write(name, "");
    }
    Command::new(root().join("packaging/action/run.sh"))
        .current_dir(folder.path())
        .env("PROGRAM", env!("CARGO_BIN_EXE_veritee"))
        .env("GITHUB_OUTPUT", folder.file("output"))
        .env("GITHUB_STEP_SUMMARY", folder.file("summary"))
        .env("RUNNER_TEMP", folder.path())
        .envs(inputs.iter().copied())
        .output()
        .unwrap()
}

fn value(folder: &Folder, name: &str) -> Option<String> {
    let output = folder.read("output");
    let mut lines = output.lines().filter_map(|line| line.split_once('='));
    lines.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

#[test]
fn the_action_leaves_report_sarif_and_summary_and_ends_with_the_verdict() {
    let folder = Folder::empty();
    let file = |name: &str| root().join("test-vectors/quickstart").join(name).display().to_string();
    let (evidence, policy, gateway) = (file("evidence.json"), file("policy.toml"), file("gateway.json"));
    let verified = action(&folder, &[("EVIDENCE", &evidence), ("POLICY", &policy)]);
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stderr));
    assert_eq!(value(&folder, "outcome").as_deref(), Some("verified"));
    assert_eq!(value(&folder, "exit-code").as_deref(), Some("0"));
    let sarif = std::fs::read_to_string(value(&folder, "sarif").unwrap()).unwrap();
    assert!(sarif.contains("\"version\": \"2.1.0\""));
    let report = std::fs::read_to_string(value(&folder, "report").unwrap()).unwrap();
    assert!(report.contains("\"outcome\": \"verified\""));
    assert!(folder.read("summary").contains("VERIFIED"));

    let refused = action(&folder, &[("EVIDENCE", &gateway)]);
    let code = refused.status.code().unwrap();
    assert!((10..=13).contains(&code), "{code}");
    assert_eq!(value(&folder, "exit-code"), Some(code.to_string()));
    assert!(value(&folder, "outcome").is_some() && folder.read("summary").starts_with('#'));
}

#[test]
fn the_action_audits_a_compose_and_says_what_is_wrong_with_its_inputs() {
    let folder = Folder::empty();
    folder.write("a b.yml", "services:\n  web:\n    image: example/web:1\n    privileged: true\n");
    let audited = action(&folder, &[("COMPOSE", "a b.yml"), ("FAIL_ON", "low")]);
    assert_eq!(audited.status.code(), Some(12), "{}", String::from_utf8_lossy(&audited.stderr));
    assert_eq!(value(&folder, "outcome").as_deref(), Some("findings"));
    assert!(folder.read("summary").to_lowercase().contains("not attested"));
    assert_eq!(action(&folder, &[]).status.code(), Some(2));
    assert_eq!(action(&folder, &[("COMPOSE", "x"), ("EVIDENCE", "y")]).status.code(), Some(2));
    let missing = action(&folder, &[("EVIDENCE", "$(touch owned); --help")]);
    assert_eq!(missing.status.code(), Some(3));
    assert!(!folder.file("owned").exists() && value(&folder, "outcome").is_none());
}

#[test]
fn the_action_hands_its_inputs_over_as_environment_and_names_every_output() {
    let action = std::fs::read_to_string(root().join("packaging/action/action.yml")).unwrap();
    let script = std::fs::read_to_string(root().join("packaging/action/run.sh")).unwrap();
    let commands: Vec<&str> = action.lines().filter(|line| line.trim_start().starts_with("run:")).collect();
    assert_eq!(commands.len(), 1);
    assert!(!commands[0].contains("${{"), "an expression in a command is a way in");
    for name in ["outcome", "exit-code", "report", "sarif"] {
        assert!(action.contains(&format!("steps.veritee.outputs.{name} }}")), "{name}");
        assert!(script.contains(&format!("{name}=")), "{name}");
    }
    for name in ["EVIDENCE", "COMPOSE", "POLICY", "COLLATERAL", "FAIL_ON", "PROGRAM"] {
        assert!(action.contains(&format!("{name}: ${{{{ inputs.")) && script.contains(name), "{name}");
    }
}

#[test]
fn systemd_finds_nothing_wrong_with_the_unit_and_its_command_is_one_of_ours() {
    let unit = std::fs::read_to_string(root().join("packaging/veritee.service")).unwrap();
    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    assert_eq!(words[..2], ["/usr/local/bin/veritee", "serve"]);
    // Read as far as its first file, which is not there.
    let folder = Folder::empty();
    let ran = folder.run(&[&words[1..], &["--quiet"]].concat());
    assert!(ran.code == 3 || ran.err.contains("policy"), "{} {}", ran.code, ran.err);
    assert!(!ran.err.contains("unexpected argument"), "{}", ran.err);
    let Ok(version) = Command::new("systemd-analyze").arg("--version").output() else {
        eprintln!("skipped: systemd-analyze is absent");
        return;
    };
    assert!(version.status.success());
    // It looks whether the program is there.
    let here = unit.replace("/usr/local/bin/veritee", env!("CARGO_BIN_EXE_veritee"));
    folder.write("veritee.service", here);
    let verified =
        Command::new("systemd-analyze").arg("verify").arg(folder.file("veritee.service")).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    let about: Vec<&str> = said.lines().filter(|line| line.contains("veritee.service")).collect();
    assert!(about.is_empty(), "{about:?}");
}
