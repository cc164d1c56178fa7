//! The README shows what the program prints. `VERITEE_UPDATE_SNAPSHOTS=1 cargo test --test readme` writes it anew.

use std::path::Path;
use std::process::Command;

const BEGIN: &str = "<!-- quickstart -->\n```\n";
const END: &str = "```\n<!-- /quickstart -->";

#[test]
fn the_readme_shows_the_output_of_its_command() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_veritee"))
        .current_dir(root)
        .args(["verify", "test-vectors/quickstart/evidence.json"])
        .args(["--policy", "test-vectors/quickstart/policy.toml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let path = root.join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let start = readme.find(BEGIN).expect("the block begins") + BEGIN.len();
    let end = start + readme[start..].find(END).expect("the block ends");
    if std::env::var_os("VERITEE_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, format!("{}{printed}{}", &readme[..start], &readme[end..])).unwrap();
        return;
    }
    assert_eq!(&readme[start..end], printed, "VERITEE_UPDATE_SNAPSHOTS=1 writes it anew");
    assert!(readme.contains(
        "verify test-vectors/quickstart/evidence.json --policy test-vectors/quickstart/policy.toml"
    ));
}

#[test]
fn the_gateway_beside_it_is_refused_with_nine_advisories() {
    let output = Command::new(env!("CARGO_BIN_EXE_veritee"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["verify", "test-vectors/quickstart/gateway.json", "--as-of", "2026-10-20T00:00:00Z"])
        .args(["--format", "json"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(11));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["tcb"]["status"], "OutOfDate");
    let advisories = report["tcb"]["advisories"].as_array().unwrap();
    assert_eq!(advisories.len(), 9);
    let checks = report["checks"].as_array().unwrap();
    let refused = checks.iter().find(|check| check["id"] == "platform.advisories").unwrap();
    assert_eq!(refused["reason"], "advisory-refused");
    for advisory in advisories {
        assert!(refused["detail"].as_str().unwrap().contains(advisory.as_str().unwrap()));
    }
}

#[test]
fn the_readme_lists_every_command_and_counts_the_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_veritee")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let list = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let names: Vec<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(names.len() > 20, "{list}");
    let commands = readme.split("## Commands").nth(1).unwrap().split("```").nth(1).unwrap();
    for name in names {
        let listed = commands.lines().any(|line| line.split([' ', '|']).any(|word| word == name));
        assert!(listed, "README.md does not list `veritee {name}`");
    }
    let pages = std::fs::read_dir(root.join("docs/rules")).unwrap();
    let rules =
        pages.filter(|page| page.as_ref().unwrap().file_name().to_string_lossy().starts_with("DP-")).count();
    assert!(readme.contains(&format!("{rules} [rules](docs/rules)")), "there are {rules} rules");
}
