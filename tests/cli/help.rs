//! The help of every command as plain text: what scripts and people rely on changes only on purpose.
//!
//! `VERITEE_UPDATE_SNAPSHOTS=1 cargo test --test cli` writes the files anew (CONTRIBUTING.md).

use crate::program::Folder;
use std::path::Path;

/// Every command, by what each help lists.
pub(crate) fn commands(folder: &Folder) -> Vec<Vec<String>> {
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    let mut out = Vec::new();
    while let Some(command) = open.pop() {
        let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        let help = folder.run(&[&arguments[..], &["--help"]].concat()).ends(0).out;
        open.extend(commands_of(&help).into_iter().map(|name| [command.clone(), vec![name]].concat()));
        out.push(command);
    }
    out
}

/// The text equals the snapshot, or the snapshot is written anew.
#[track_caller]
fn equals_snapshot(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var_os("VERITEE_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, known, "tests/snapshots/{name} differs: see CONTRIBUTING.md on snapshots");
}

#[test]
fn the_help_of_every_command_is_the_known_one() {
    let folder = Folder::new();
    let mut names: Vec<String> = Vec::new();
    for command in commands(&folder) {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        arguments.push("--help");
        let ran = folder.run(&arguments).ends(0);
        assert_eq!(ran.err, "");
        let name = if command.is_empty() { "veritee".to_owned() } else { command.join("-") };
        names.push(format!("help-{name}.txt"));
        equals_snapshot(&format!("help-{name}.txt"), &ran.out);
    }
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots")).unwrap();
    let stale: Vec<String> = folder
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("help-") && !names.contains(name))
        .collect();
    assert!(stale.is_empty() && names.len() >= 20, "no command has this help any more: {stale:?}");
}

/// Names under the heading `Commands:` of a help.
fn commands_of(help: &str) -> Vec<String> {
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // Two blanks and a name; a description that goes on stands further in.
    let entries = listed.filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    let names = entries.filter_map(|line| line.split_whitespace().next().map(str::to_owned));
    names.filter(|name| name != "help").collect()
}

#[test]
fn the_version_is_the_package_s() {
    let ran = Folder::new().run(&["--version"]).ends(0);
    assert_eq!(ran.out, format!("veritee {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completion_scripts_name_every_command() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish"] {
        let ran = folder.run(&["completions", shell]).ends(0);
        for command in ["verify", "eventlog", "render", "explain", "policy", "--as-of"] {
            let name = command.trim_start_matches('-');
            assert!(ran.out.contains(name), "{shell}: {command}");
        }
        assert_eq!(ran.err, "");
    }
    folder.run(&["completions", "basic"]).ends(2);
}

#[cfg(unix)]
#[test]
fn bash_accepts_its_completion_script() {
    let folder = Folder::new();
    folder.run(&["completions", "bash", "-o", "veritee.bash"]).ends(0);
    let Ok(checked) = std::process::Command::new("bash").arg("-n").arg(folder.file("veritee.bash")).output()
    else {
        eprintln!("skipped: no bash here");
        return;
    };
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn the_manual_page_is_one() {
    let ran = Folder::new().run(&["man"]).ends(0);
    assert!(ran.out.contains(".TH veritee 1") && ran.out.contains("SYNOPSIS"), "{}", &ran.out[..200]);
    assert!(ran.out.contains("Exit codes"));
}
