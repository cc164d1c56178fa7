//! `veritee audit` of documents that no quote vouches for.

use crate::program::{Folder, NONCE};
use serde_json::Value;

const PINNED: &str = r#"{"manifest_version":2,"name":"pinned","runner":"docker-compose","docker_compose_file":"services:\n  app:\n    image: nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000\n","kms_enabled":true,"public_logs":false,"public_sysinfo":false,"allowed_envs":[]}"#;

#[test]
fn a_document_alone_is_never_called_attested_or_verified() {
    let folder = Folder::new();
    folder.write("app-compose.json", PINNED);
    for format in ["human", "markdown", "html"] {
        let ran = folder.run(&["audit", "app-compose.json", "--format", format]);
        assert!(matches!(ran.code, 0 | 12), "{}", ran.err);
        assert!(ran.out.to_uppercase().contains("NOT ATTESTED"), "{format}: {}", ran.out);
        assert!(!ran.out.contains("VERIFIED") && !ran.out.contains("GENUINE,"), "{format}: {}", ran.out);
    }
}

#[test]
fn every_question_about_a_machine_stands_as_not_asked() {
    let folder = Folder::new();
    folder.write("app-compose.json", PINNED);
    let ran = folder.run(&["audit", "app-compose.json", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    for check in report["checks"].as_array().unwrap() {
        if check["id"] != "audit.rules" {
            assert_eq!(
                (&check["outcome"], &check["reason"]),
                (&"not-checked".into(), &"not-asked".into()),
                "{check}"
            );
        }
    }
    assert_eq!(report["root"], Value::Null);
    assert!(!report["stage"].as_str().unwrap().contains("Stage 1"), "{}", report["stage"]);
}

#[test]
fn findings_decide_the_exit_code_by_the_threshold() {
    let folder = Folder::new();
    folder.write(
        "app-compose.json",
        PINNED.replace("nginx@sha256:", "nginx:latest\\n    privileged: true\\n    labels:\\n      x: "),
    );
    for (threshold, code) in [("high", 12), ("critical", 12)] {
        folder.run(&["audit", "app-compose.json", "--fail-on", threshold]).ends(code);
    }
}

#[test]
fn a_document_with_two_readings_is_a_finding() {
    let folder = Folder::new();
    folder.write(
        "app-compose.json",
        PINNED.replacen("{\"manifest_version\":2", "{\"manifest_version\":1,\"manifest_version\":2", 1),
    );
    let ran = folder.run(&["audit", "app-compose.json", "--format", "json"]).ends(12);
    assert!(ran.out.contains("duplicate") || ran.out.contains("twice"), "{}", ran.out);
}

const REVIEW: &str = "schema = \"veritee/review/v1\"\nreviewer = \"Jane Doe\"\ncommit = \"dc0fc120aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\n";
const COMMIT: &str = "dc0fc120aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// The review of the forged machine's compose, every question accepted.
fn review_of(folder: &Folder) -> String {
    use veritee_testkit::dstack::Machine;
    assert!(folder.file("app-compose.json").exists());
    let hash = hex::encode(Machine::new(1).compose_hash());
    let mut text =
        format!("{REVIEW}compose_hash = \"{hash}\"\nrule_set = \"{}\"\n", veritee_audit::rule_set());
    for number in 1..=10 {
        text.push_str(&format!("[[answer]]\nid = \"M{number}\"\naccepted = true\nwords = \"examined\"\n"));
    }
    text
}

#[test]
fn a_review_is_bound_to_the_verified_compose_and_to_the_named_commit() {
    let folder = Folder::new();
    folder.write("review.toml", review_of(&folder));
    let audit = |more: &[&str]| {
        let mut arguments = vec!["--review", "review.toml", "--nonce", NONCE, "--format", "json"];
        arguments.extend(more);
        let ran = folder.verify("evidence.json", &arguments).ends(0);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        assert!(!report["stage"].as_str().unwrap().contains("Stage 1"), "{}", report["stage"]);
        report["audit"].clone()
    };
    let applied = audit(&["--commit", COMMIT]);
    assert_eq!(applied["review"]["reviewer"], "Jane Doe", "{applied:#}");
    assert!(applied["questions"].as_array().unwrap().iter().all(|question| question["status"] == "accepted"));
    for more in [&[][..], &["--commit", "0000000000000000000000000000000000000000"]] {
        let refused = audit(more);
        assert_eq!(refused["review"], Value::Null);
        assert!(refused["review_refused"].as_str().unwrap().contains("commit"), "{refused:#}");
    }
}

/// An option that nothing is held against has no effect, and says so.
#[test]
fn a_commit_that_nothing_is_held_against_is_a_mistake() {
    let folder = Folder::new();
    for arguments in [
        &["verify", "evidence.json", "--offline", "--commit", COMMIT][..],
        &["audit", "app-compose.json", "--commit", COMMIT],
    ] {
        let ran = folder.run(arguments).ends(2);
        assert!(ran.err.contains("--commit") && ran.err.contains("review"), "{}", ran.err);
    }
    // A tree that is at another commit is not the one that was named.
    let head = "1".repeat(40);
    std::fs::create_dir_all(folder.file("tree/.git/objects")).unwrap();
    std::fs::create_dir_all(folder.file("tree/.git/refs")).unwrap();
    folder.write("tree/.git/HEAD", format!("{head}\n"));
    folder.write("tree/docker-compose.yaml", "services:\n  a:\n    image: a:1\n");
    let other = folder.run(&["audit", "tree", "--commit", COMMIT]).ends(2);
    assert!(other.err.contains(&head) && other.err.contains(COMMIT), "{}", other.err);
    let ran = folder.run(&["audit", "tree", "--commit", &head]);
    assert_ne!(ran.code, 2, "{}", ran.err);
    let verify = ["verify", "evidence.json", "--offline", "--source", "tree", "--commit", COMMIT];
    let other = folder.run(&verify).ends(2);
    assert!(other.err.contains(&head), "{}", other.err);
}

/// A finding's answer at an empty place would be at no place, or at all of them.
#[test]
fn an_empty_place_is_no_place() {
    let folder = Folder::new();
    for place in ["", " "] {
        folder.write(
            "review.toml",
            format!(
                "{}[[finding]]\nrule = \"DP-IMG-002\"\nplace = \"{place}\"\naccepted = true\nwords = \"looked at, an image of our own\"\n",
                review_of(&folder)
            ),
        );
        let ran = folder.verify("evidence.json", &["--review", "review.toml"]).ends(2);
        assert!(ran.err.contains("place"), "{}", ran.err);
        folder.write(
            "empty.toml",
            format!(
                "schema = \"veritee/policy/v1\"\nname = \"a\"\n[[audit.allow]]\nrule = \"DP-IMG-002\"\nplace = \"{place}\"\nreason = \"looked at, an image of our own\"\n"
            ),
        );
        let ran = folder.run(&["policy", "check", "empty.toml"]).ends(2);
        assert!(ran.err.contains("line 5") && ran.err.contains("never match"), "{}", ran.err);
    }
}

#[test]
fn a_review_that_cannot_be_read_is_a_mistake_of_the_caller() {
    let folder = Folder::new();
    for text in [
        "schema = ".to_owned(),
        review_of(&folder).replace("review/v1", "review/v2"),
        format!("{}[[answer]]\nid = \"M1\"\naccepted = true\nwords = \"again\"\n", review_of(&folder)),
        review_of(&folder).replace("examined", ""),
        review_of(&folder).replace("accepted = true", "accepted = \"yes\""),
    ] {
        folder.write("review.toml", &text);
        let ran = folder.verify("evidence.json", &["--review", "review.toml"]).ends(2);
        assert!(ran.err.contains("review.toml"), "{}", ran.err);
        folder.run(&["audit", "app-compose.json", "--review", "review.toml"]).ends(2);
    }
    folder.write("review.toml", review_of(&folder));
    folder.verify("evidence.json", &["--review", "review.toml", "--commit", "dc0fc12"]).ends(2);
}

#[test]
fn an_audit_of_documents_never_says_stage_1_whatever_the_review_says() {
    let folder = Folder::new();
    folder.write("review.toml", review_of(&folder));
    let ran = folder.run(&["audit", "app-compose.json", "--review", "review.toml", "--commit", COMMIT]);
    assert!(ran.out.contains("review        by Jane Doe"), "{}", ran.out);
    assert!(
        ran.out.contains("DevProof: Stage 0") && !ran.out.replace("Stage 1 needs:", "").contains("Stage 1"),
        "{}",
        ran.out
    );
}

#[test]
fn what_can_be_chosen_from_outside_is_told_in_every_form() {
    let folder = Folder::new();
    let compose = PINNED
        .replace("\"allowed_envs\":[]", "\"allowed_envs\":[\"MODEL_URL\",\"BASH_ENV\"]")
        .replace("\\n\",\"kms", "\\n    environment: [MODEL_URL]\\n\",\"kms");
    folder.write("app-compose.json", compose);
    for format in ["human", "markdown", "html", "json"] {
        let ran = folder.run(&["audit", "app-compose.json", "-v", "--format", format]).ends(12);
        for words in ["MODEL_URL", "decides where app sends or fetches data", "BASH_ENV"] {
            assert!(
                ran.out.replace(['\n'], " ").replace("  ", "").contains(&words.replace("  ", "")),
                "{format}: {words}\n{}",
                ran.out
            );
        }
    }
    let short = folder.run(&["audit", "app-compose.json"]).ends(12).out;
    assert!(short.contains("2 from outside: 2 by operator (-v lists them)"), "{short}");
    assert!(short.lines().count() < 50, "{short}");
}

#[test]
fn a_comment_that_asks_for_an_allowance_counts_only_under_a_policy_that_honours_it() {
    let folder = Folder::new();
    folder.write(
        "docker-compose.yml",
        "services:\n  app:\n    # veritee: allow DP-IMG-003 we build it ourselves\n    image: example/app:latest\n",
    );
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let ran = folder.run(&["audit", "docker-compose.yml"]).ends(12);
    assert!(flat(&ran.out).contains("ignored: \"we build it ourselves\""), "{}", ran.out);
    let policy = "schema = \"veritee/policy/v1\"\nname = \"own\"\n[audit]\nhonour_inline_allows = true\n";
    folder.write("own.toml", policy);
    folder.run(&["audit", "docker-compose.yml", "--policy", "own.toml"]).ends(2);
    folder.write("own.toml", format!("{policy}reason = \"our own repository\"\n"));
    let ran = folder.run(&["audit", "docker-compose.yml", "--policy", "own.toml"]).ends(0);
    assert!(
        ran.out.contains("FINDINGS ALLOWED BY POLICY") && flat(&ran.out).contains("audited party"),
        "{}",
        ran.out
    );
}

#[test]
fn the_first_screen_of_the_largest_compose_is_one_screen_and_what_holds_is_in_the_rows() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/compose-corpus");
    let files = std::fs::read_dir(corpus).into_iter().flatten().flatten().map(|entry| entry.path());
    let composes = files.filter(|path| path.to_string_lossy().ends_with(".app-compose.json"));
    let Some(largest) = composes.max_by_key(|path| std::fs::metadata(path).map_or(0, |found| found.len()))
    else {
        eprintln!("skipped: ../shared is absent");
        return;
    };
    let folder = Folder::empty();
    folder.write("app-compose.json", std::fs::read(largest).unwrap());
    let screen = folder.run(&["audit", "app-compose.json"]).out;
    assert!(screen.lines().count() <= 40, "{} lines\n{screen}", screen.lines().count());
    let report: Value =
        serde_json::from_str(&folder.run(&["audit", "app-compose.json", "--format", "json"]).out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let holds = findings.iter().filter(|finding| finding["status"] == "pass").count();
    assert!(holds > 0, "what holds is listed");
    // The numbers of the audit's line add up to the rows.
    let checks = report["checks"].as_array().unwrap();
    let detail =
        checks.iter().find(|check| check["id"] == "audit.rules").unwrap()["detail"].as_str().unwrap();
    let numbers = detail.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<usize>().ok());
    assert_eq!(numbers.skip(1).sum::<usize>(), findings.len(), "{detail}");
}
