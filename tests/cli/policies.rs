//! `veritee policy`.

use crate::program::{Folder, machine};
use veritee_model::CheckId;
use veritee_testkit::Role;

#[test]
fn the_commented_file_can_be_used_as_it_is() {
    let folder = Folder::new();
    folder.run(&["policy", "init", "-o", "mine.toml"]).ends(0);
    let ran = folder.run(&["policy", "check", "mine.toml"]).ends(0);
    assert!(ran.out.contains("loosens nothing"), "{}", ran.out);
    assert_eq!(folder.run(&["policy", "init"]).ends(0).out, folder.read("mine.toml"));
}

#[test]
fn checking_a_policy_says_in_words_what_it_lets_pass() {
    let folder = Folder::new();
    let ran = folder.run(&["policy", "check", "policy.toml"]).ends(0);
    for words in [
        "policy `forged` can be read",
        "another root than Intel's",
        "pins registers of `forged`",
        "audit.rules",
    ] {
        assert!(ran.out.contains(words), "{words} in {}", ran.out);
    }
}

#[test]
fn all_checks_are_listed_with_what_the_default_requires() {
    let ran = Folder::new().run(&["policy", "checks"]).ends(0);
    for check in CheckId::ALL {
        let line = ran.out.lines().find(|line| line.split_whitespace().next() == Some(check.id()));
        let line = line.unwrap_or_else(|| panic!("{check} is not listed"));
        assert_eq!(line.contains("required"), check.required_by_default(), "{line}");
    }
}

#[test]
fn a_policy_made_from_a_report_accepts_that_machine_and_refuses_another() {
    let folder = Folder::new();
    folder.verify("evidence.json", &["--format", "json", "-o", "report.json"]).ends(0);
    folder.run(&["policy", "init", "--from", "report.json", "-o", "pinned.toml"]).ends(0);
    let pinned = folder.read("pinned.toml");
    let forged = folder.read("policy.toml");
    let head = forged.find("[root]").unwrap()..forged.find("[[os.machine]]").unwrap();
    let tail = forged.find("[audit]").unwrap()..forged.len();
    // The forged root and the audit are not what a report can pin.
    let policy = format!("{pinned}\n{}{}", &forged[head], &forged[tail]);
    folder.write("policy.toml", &policy);
    folder.verify("evidence.json", &[]).ends(0);

    let other = Folder::of(&machine().app_compose("{\"docker_compose_file\":\"services: {}\"}"));
    other.write("policy.toml", &policy);
    let ran = other.verify("evidence.json", &["--format", "json"]).ends(11);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let reasons = report["verdict"]["reasons"].to_string();
    assert!(
        reasons.contains("app-id-unexpected") && reasons.contains("compose-hash-unexpected"),
        "{reasons}"
    );
}

#[test]
fn nothing_is_pinned_from_a_report_that_is_not_genuine() {
    let folder = Folder::of(&machine().universe(|it| it.revoke(Role::Pck)));
    folder.verify("evidence.json", &["--format", "json", "-o", "report.json"]).ends(10);
    let ran = folder.run(&["policy", "init", "--from", "report.json"]).ends(2);
    assert!(ran.out.is_empty() && ran.err.contains("nothing in it worth pinning"), "{}", ran.err);
}

#[test]
fn the_policy_s_digest_stands_in_the_report() {
    let folder = Folder::new();
    let ran = folder.verify("evidence.json", &["--format", "json"]).ends(0);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let digest = veritee_model::Sha256Digest::of(folder.read("policy.toml").as_bytes());
    assert_eq!(report["policy"]["sha256"], digest.to_string());
    assert_eq!(report["policy"]["name"], "forged");
}
