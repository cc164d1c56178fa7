//! `veritee explain`: a page for every code and check, and a hint for what is neither.

use crate::program::Folder;
use veritee_model::{CheckId, Reason};

#[test]
fn every_reason_code_has_a_page() {
    let folder = Folder::new();
    for reason in Reason::ALL {
        let ran = folder.run(&["explain", reason.code()]).ends(0);
        assert!(ran.out.starts_with(&format!("# {reason}\n")), "{reason}: {}", ran.out);
        assert!(ran.out.lines().count() >= 5, "{reason}: {}", ran.out);
        assert_eq!(ran.err, "");
    }
}

#[test]
fn every_check_has_a_page() {
    let folder = Folder::new();
    for check in CheckId::ALL {
        let ran = folder.run(&["explain", check.id()]).ends(0);
        assert!(ran.out.contains(check.question()), "{check}: {}", ran.out);
    }
}

#[test]
fn every_rule_of_the_audit_has_a_page_and_stands_in_the_list() {
    let folder = Folder::new();
    let list = folder.run(&["explain", "--list"]).ends(0).out;
    let listed = |id: &str| list.lines().any(|line| line.split_whitespace().next() == Some(id));
    for rule in veritee_audit::rules() {
        let ran = folder.run(&["explain", rule.id]).ends(0);
        assert!(ran.out.starts_with(&format!("# {}: {}\n", rule.id, rule.title)), "{}", ran.out);
        assert!(listed(rule.id), "{}", rule.id);
    }
    for rule in veritee_audit::ELSEWHERE {
        assert!(folder.run(&["explain", rule.id]).ends(0).out.contains(rule.question), "{}", rule.id);
        assert!(listed(rule.id), "{}", rule.id);
    }
    assert!(folder.run(&["explain", "dp-img-002"]).ends(0).out.starts_with("# DP-IMG-002"));
}

#[test]
fn the_list_has_every_code_and_check() {
    let list = Folder::new().run(&["explain", "--list"]).ends(0).out;
    for code in
        Reason::ALL.iter().map(|reason| reason.code()).chain(CheckId::ALL.iter().map(|check| check.id()))
    {
        assert!(list.lines().any(|line| line.split_whitespace().next() == Some(code)), "{code}");
    }
}

#[test]
fn an_unknown_code_is_refused_with_what_comes_near() {
    let folder = Folder::new();
    for (typed, meant) in [
        ("tcb-outofdate", "tcb-out-of-date"),
        ("rtmr-missmatch", "rtmr-mismatch"),
        ("quote-signatur", "quote-signature"),
        ("compose-has", "compose.hash"),
        ("COMPOSE-HASH-MISMATCH", "compose-hash-mismatch"),
    ] {
        let ran = folder.run(&["explain", typed]).ends(2);
        assert!(
            ran.out.is_empty() && ran.err.contains("did you mean") && ran.err.contains(meant),
            "{typed}: {}",
            ran.err
        );
    }
    let ran = folder.run(&["explain", "zzzzzzzzzz"]).ends(2);
    assert!(ran.err.contains("--list"), "{}", ran.err);
    folder.run(&["explain", ""]).ends(2);
    folder.run(&["explain", &"x".repeat(100_000)]).ends(2);
}

#[test]
fn every_code_of_a_report_can_be_explained() {
    let folder = Folder::new();
    let ran = folder.verify("evidence.json", &["--nonce", &"07".repeat(32), "--format", "json"]).ends(11);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let codes: Vec<&str> =
        report["checks"].as_array().unwrap().iter().filter_map(|check| check["reason"].as_str()).collect();
    assert!(codes.contains(&"report-data-mismatch"));
    for code in codes {
        folder.run(&["explain", code]).ends(0);
    }
}

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "stage", "Stage 0", "Stage 1", "DevProof", "ERC-733", "Quick Check", "quick check", "M4", "m10", "Q3", "E2",
    "key provider", "collateral", "RTMR", "rtmr3", "MRTD", "MRCONFIGID", "TCB", "QE", "FMSPC", "nonce",
    "freshness", "inventory", "compose hash", "app id", "attested", "binding", "trust root", "test root", "RA-
    TLS", "KMS", "waived", "verified", "incomplete", "refused", "genuine", "policy", "quote", "evidence",
    "event log", "event-log", "finding", "findings", "notice", "advisories", "NOT GENUINE",
    "GENUINE, REFUSED BY POLICY", "GENUINE, WITH FINDINGS", "REFUSED, NOT SHOWN TO BE GENUINE",
    "NOTHING REFUSED, NOT SHOWN TO BE GENUINE", "FINDINGS, NOT SHOWN TO BE GENUINE", "NOT ATTESTED",
    "FRESHNESS NOT SHOWN", "not checked", "not asked", "optional", "loosened", "exit status", "13", "0",
    "decided by", "judged party", "for a person", "values", "in full", "rules", "instance id", "TDX module",
    "SEPT_VE_DISABLE", "XFAM", "evaluation", "governance", "platform", "identity", "compose", "os", "GPU", "GPUs",
    "ingress", "CAA", "not understood", "needs a person", "POWER GREW", "MORE POWER", "LESS POWER", "NO ANSWER",
    "CHANGED, NOBODY REACHES FURTHER", "operator", "host", "remote", "a remote machine", "registry", "service", "gateway",
    "app_compose", "vm_config", "local-sgx", "tpm", "assumed", "mrseam", "mrowner", "TEE_TCB_SVN", "pinned", "dcap-qvl",
    "events", "checks", "SGX", "MRENCLAVE", "MRSIGNER", "everybody", "open", "holder",
    "CHANGED", "NOT SHOWN", "NO VERDICT", "UNBROKEN", "BROKEN",
];

#[test]
fn every_word_of_the_screen_is_explained() {
    let folder = Folder::empty();
    for word in WORDS {
        let ran = folder.run(&["explain", word]).ends(0);
        assert!(ran.out.starts_with('#') && ran.out.len() > 60, "{word}: {}", ran.out);
    }
    for status in veritee_model::TcbStatus::ALL {
        folder.run(&["explain", &status.to_string()]).ends(0);
    }
    for severity in ["info", "low", "medium", "high", "critical"] {
        folder.run(&["explain", severity]).ends(0);
    }
    for step in veritee_model::Step::ALL {
        let ran = folder.run(&["explain", step.name()]).ends(0);
        assert!(ran.out.contains("Checks of this step:"), "{}", ran.out);
    }
    for wrong in ["frobnicate", "15", "s", ""] {
        folder.run(&["explain", wrong]).ends(2);
    }
}

/// Labels, headings and states of a screen, as they stand there.
fn labels(screen: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in screen.lines() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        // A mark, a state, a step.
        if let Some(rest) = text.strip_prefix(['✓', '✗', '–', '!']) {
            let columns: Vec<&str> =
                rest.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
            found.extend(columns.iter().take(2).map(|word| (*word).to_owned()));
            continue;
        }
        let is_word = |word: &str| {
            word.starts_with(|first: char| first.is_ascii_alphabetic())
                && word.len() <= 26
                && word.chars().all(|letter| letter.is_ascii_alphanumeric() || " -_'".contains(letter))
        };
        match text.split_once("  ") {
            Some((label, rest)) if indent <= 2 && is_word(label) && !rest.trim().is_empty() => {
                found.push(label.to_owned());
            }
            None if indent == 0
                && is_word(text)
                && text.chars().any(|letter| letter.is_ascii_uppercase())
                && !text.chars().any(|letter| letter.is_ascii_lowercase()) =>
            {
                found.push(text.to_owned());
            }
            _ => {}
        }
    }
    found
}

#[test]
fn every_label_of_the_screens_is_explained() {
    let folder = Folder::new();
    let vectors = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("test-vectors/quickstart");
    for (name, file) in
        [("real.json", "evidence.json"), ("gateway.json", "gateway.json"), ("real.toml", "policy.toml")]
    {
        std::fs::copy(vectors.join(file), folder.file(name)).unwrap();
    }
    let other = "07".repeat(32);
    let commands: &[&[&str]] = &[
        &["verify", "real.json", "--policy", "real.toml"],
        &["verify", "real.json", "--policy", "real.toml", "-v"],
        &["verify", "real.json", "--policy", "real.toml", "-vv"],
        &["verify", "real.json", "--policy", "real.toml", "--nonce", &other],
        &["verify", "gateway.json", "--offline", "-v"],
        &["verify", "quote.bin", "--offline"],
        &["quote", "verify", "real.json", "--as-of", "2026-03-15", "-v"],
        &["quote", "show", "real.json"],
        &["gpu", "verify", "real.json", "--as-of", "2026-03-15", "-v"],
        &["gpu", "show", "real.json"],
        &["audit", "real.json", "-v"],
        &["diff", "real.json", "gateway.json"],
        &["trace", "real.json"],
        &["measure", "--quote", "real.json"],
        &["policy", "check", "real.toml"],
    ];
    let mut words = std::collections::BTreeSet::new();
    for command in commands {
        words.extend(labels(&folder.run(command).out));
    }
    assert!(words.len() > 60, "{words:?}");
    // Names of this machine's own, and places of its document, are no words of the screen.
    let is_name = |word: &str| {
        [
            "acpi-",
            "td-hob",
            "configuration-",
            "variable-",
            "separator",
            "boot-",
            "efi-",
            "gpt",
            "kernel",
            "cmdline",
            "initrd",
        ]
        .iter()
        .any(|begin| word.starts_with(begin))
    };
    let unexplained: Vec<&String> =
        words.iter().filter(|word| !is_name(word) && folder.run(&["explain", word]).code != 0).collect();
    assert!(unexplained.is_empty(), "{unexplained:?}");
}

/// Words in capitals as they stand in the source of the human forms.
fn capitals(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let is_word = |text: &str| {
        text.len() > 5
            && text.starts_with(|first: char| first.is_ascii_uppercase())
            && text.ends_with(|last: char| last.is_ascii_uppercase())
            && text.chars().all(|letter| letter.is_ascii_uppercase() || " ,-'".contains(letter))
            // Names of values and of the environment, and labels of PEM.
            && !["COLUMNS", "SECTION", "SEVERITY", "PRIVATE KEY", "PUBLIC KEY"].contains(&text)
    };
    // Literals, and what stands in capitals before a colon in one.
    for literal in text.split('"').skip(1).step_by(2) {
        let literal = literal.trim_start_matches("\\n");
        let word = literal.split(':').next().unwrap_or_default().trim();
        if is_word(word) {
            found.push(word.to_owned());
        }
    }
    found
}

#[test]
fn every_heading_and_outcome_in_capitals_is_explained() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut places: Vec<std::path::PathBuf> =
        ["src/commands", "crates/report/src", "crates/report/src/human"]
            .iter()
            .flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap())
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
            .collect();
    places.push(root.join("crates/model/src/verdict.rs"));
    let mut words: Vec<String> =
        places.iter().flat_map(|path| capitals(&std::fs::read_to_string(path).unwrap())).collect();
    // What the screens of the samples begin their sections with.
    let samples = root.join("crates/report/tests/snapshots");
    for entry in std::fs::read_dir(samples).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "txt") {
            let text = std::fs::read_to_string(path).unwrap();
            let capital = |line: &&str| {
                line.len() > 3
                    && line.chars().all(|letter| letter.is_ascii_uppercase() || " ,-'".contains(letter))
            };
            words.extend(text.lines().filter(capital).map(str::to_owned));
        }
    }
    words.sort();
    words.dedup();
    assert!(words.len() > 20, "{words:?}");
    let folder = Folder::empty();
    for word in words {
        let ran = folder.run(&["explain", &word]);
        assert!(ran.code == 0, "{word}: {}", ran.err);
    }
}
