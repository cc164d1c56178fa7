//! Source trees that an earlier version was silent about, or wrong: each with what has to be said, and where.
//!
//! They are made for this purpose; `test-vectors/audit/cases/{src,tree,false,pairs}`.
#![allow(missing_docs, clippy::print_stderr)]

mod common;

use common::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use veritee_audit::{Audit, Context, MemoryTree, audit_source, survey};
use veritee_model::{Budget, Check, CheckId, Finding, FindingStatus, Kind, Severity, Verdict};

fn cases() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/audit/cases")
}

fn collect(folder: &Path, below: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &path, files);
        } else {
            files.insert(path, std::fs::read(entry.path()).unwrap());
        }
    }
}

fn tree(name: &str) -> MemoryTree {
    let mut files = BTreeMap::new();
    collect(&cases().join(name), "", &mut files);
    MemoryTree { files, ..MemoryTree::default() }
}

fn with_compose(name: &str, compose: &str) -> Audit {
    let raw = std::fs::read(cases().join(compose)).unwrap();
    audit_source(Some(&deployment(&raw)), &tree(name), &Context::default())
}

fn alone(name: &str) -> Audit {
    audit_source(None, &tree(name), &Context::default())
}

fn exit(audit: &Audit) -> u8 {
    let checks = [Check::pass(CheckId::AuditRules, "")];
    Verdict::conclude(Kind::Documents, &checks, &audit.findings, Severity::High).exit_code
}

/// Findings at a file that say more than a pass.
fn at<'a>(audit: &'a Audit, file: &str) -> Vec<&'a Finding> {
    let told = audit.findings.iter().filter(|finding| finding.status != FindingStatus::Pass);
    told.filter(|finding| {
        let here = |place: &veritee_model::Place| place.file == file;
        finding.place.as_ref().is_some_and(here) || finding.places.iter().any(|spot| here(&spot.place))
    })
    .collect()
}

/// File, rules of which one has to say so, at least this grave.
type Row = (&'static str, &'static [&'static str], Severity);

/// Findings by the syntax of Dockerfiles, scripts and files of continuous integration.
const FILES: &[Row] = &[
    ("docker/d7/Dockerfile", &["DP-SRC-013"], Severity::High),
    ("docker/d10/Dockerfile", &["DP-SRC-014"], Severity::High),
    ("docker/d18/entrypoint.sh", &["DP-SRC-014"], Severity::High),
    ("docker/d12/Dockerfile", &["DP-SRC-015"], Severity::Critical),
    ("docker/d12/Dockerfile", &["DP-SRC-013"], Severity::High),
    ("docker/d1/Dockerfile", &["DP-SRC-001"], Severity::High),
    ("docker/d2/Dockerfile", &["DP-SRC-007"], Severity::High),
    ("docker/d3/Dockerfile", &["DP-SRC-001"], Severity::High),
    ("docker/d4/Dockerfile", &["DP-SRC-001"], Severity::High),
    ("docker/d5/Dockerfile", &["DP-SRC-007"], Severity::High),
    ("docker/d6/Dockerfile", &["DP-SRC-007"], Severity::High),
    ("docker/d9/Dockerfile", &["DP-SRC-007"], Severity::High),
    ("docker/d13/Dockerfile", &["DP-SRC-006"], Severity::High),
    ("docker/d14/Dockerfile", &["DP-SRC-006"], Severity::High),
    ("docker/d15/Dockerfile", &["DP-SRC-006"], Severity::High),
    ("docker/d16/Dockerfile", &["DP-SRC-006"], Severity::High),
    ("docker/d17/Dockerfile", &["DP-SRC-007"], Severity::High),
    ("docker/d19/Dockerfile", &["DP-SRC-006"], Severity::High),
];

/// Findings by the grammar of code.
const CODE: &[Row] = &[
    ("py/keys_get_default.py", &["DP-SRC-011"], Severity::High),
    ("py/keys_pydantic.py", &["DP-SRC-011"], Severity::High),
    ("py/keys_env_get.py", &["DP-SRC-011"], Severity::High),
    ("ts/keys_nullish.ts", &["DP-SRC-011"], Severity::High),
    ("ts/keys_ternary.ts", &["DP-SRC-011"], Severity::High),
    ("ts/keys_envmod.ts", &["DP-SRC-011"], Severity::High),
    ("rs/clap.rs", &["DP-SRC-011"], Severity::High),
    ("rs/keys.rs", &["DP-SRC-011"], Severity::High),
    ("go/keys.go", &["DP-SRC-011"], Severity::High),
    ("ts/mnemonic.ts", &["DP-SRC-012"], Severity::Critical),
    ("ts/pk.ts", &["DP-SRC-012"], Severity::Critical),
    ("py/keys_except.py", &["DP-SRC-021"], Severity::High),
    ("go/keys2.go", &["DP-SRC-021"], Severity::High),
    ("ts/keys_catch.ts", &["DP-SRC-021"], Severity::Medium),
    ("py/keys_sock_exists.py", &["DP-SRC-021"], Severity::High),
    ("py/key_manager.py", &["DP-SRC-021"], Severity::High),
    ("ts/att_none.ts", &["DP-SRC-021"], Severity::High),
    ("rs/trial_mode.rs", &["DP-SRC-021"], Severity::High),
    ("py/test_mode.py", &["DP-SRC-021"], Severity::Medium),
    ("py/verify_pass.py", &["DP-SRC-020"], Severity::High),
    ("py/verify_return_true.py", &["DP-SRC-020"], Severity::High),
    ("ts/verify_catch.ts", &["DP-SRC-020"], Severity::High),
    ("rs/verify.rs", &["DP-SRC-020"], Severity::High),
    ("py/verify_assert.py", &["DP-SRC-020"], Severity::Low),
    ("py/jwt_noverify.py", &["DP-SRC-020"], Severity::High),
    ("py/settle.py", &["DP-SRC-020"], Severity::High),
    ("py/exec_remote.py", &["DP-SRC-016"], Severity::High),
    ("ts/eval_remote.ts", &["DP-SRC-016"], Severity::High),
    ("py/trust_remote_code.py", &["DP-SRC-016"], Severity::High),
    ("py/remote_config.py", &["DP-SRC-019"], Severity::Medium),
    ("py/export_key.py", &["DP-SRC-018"], Severity::Critical),
    ("py/admin_backdoor.py", &["DP-SRC-017"], Severity::Critical),
    ("go/exec.go", &["DP-SRC-017"], Severity::Critical),
    ("py/log_user.py", &["DP-SRC-025"], Severity::Medium),
    ("py/api_base.py", &["DP-SRC-010"], Severity::Low),
    ("py/httpx_noverify.py", &["DP-SRC-023"], Severity::High),
    ("py/ssl_ctx.py", &["DP-SRC-023"], Severity::High),
    ("ts/tls_env.ts", &["DP-SRC-023"], Severity::High),
    ("ts/undici.ts", &["DP-SRC-023"], Severity::High),
    ("go/tls.go", &["DP-SRC-023"], Severity::High),
    ("rs/tls.rs", &["DP-SRC-023"], Severity::High),
    ("go/pprof.go", &["DP-SRC-024"], Severity::Medium),
];

fn check(audit: &Audit, rows: &[Row]) {
    let mut faults = Vec::new();
    for (file, rules, severity) in rows {
        let there = at(audit, file);
        let said = there
            .iter()
            .any(|finding| rules.contains(&finding.rule.as_str()) && finding.severity >= *severity);
        if !said {
            let lines: Vec<String> = there
                .iter()
                .map(|finding| format!("{} {} {}", finding.rule, finding.severity, finding.title))
                .collect();
            faults.push(format!("{file}: no {rules:?} {severity}; {lines:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_that_build_and_start_say_what_they_do() {
    check(&with_compose("src", "src-compose.json"), FILES);
}

#[test]
fn code_says_by_its_grammar_what_it_does() {
    let audit = with_compose("src", "src-compose.json");
    check(&audit, CODE);
    assert!(open(&audit, "DP-SRC-026").is_empty(), "{}", listing(&audit));
}

/// `false/words`: a flag that switches a check off is a question, words beside honest code are none.
#[test]
fn words_beside_honest_code_say_nothing() {
    let audit = alone("false/words/src");
    let told: Vec<(&str, &str)> = audit
        .findings
        .iter()
        .filter(|finding| ["DP-SRC-011", "DP-SRC-020", "DP-SRC-021"].contains(&finding.rule.as_str()))
        .filter_map(|finding| Some((finding.rule.as_str(), finding.place.as_ref()?.file.as_str())))
        .collect();
    assert_eq!(told, [("DP-SRC-021", "flags.py")], "{}", listing(&audit));
}

#[test]
fn a_workflow_is_told_for_everything_that_it_lets_happen() {
    let audit = with_compose("src", "src-compose.json");
    let about = [
        "code of strangers builds",
        "builds on a machine of its own",
        "runs what a server hands out",
        "attestation may fail unseen",
        "API_URL is chosen by whoever holds the forge's settings",
        "pushes a moving tag",
    ];
    for about in about {
        let told = open(&audit, "DP-SRC-008").into_iter().find(|finding| finding.title.ends_with(about));
        let told = told.unwrap_or_else(|| panic!("{about}\n{}", listing(&audit)));
        assert_eq!(told.place.as_ref().unwrap().file, ".github/workflows/build.yml");
    }
}

#[test]
fn a_how_to_is_no_record_and_a_part_of_a_name_is_no_service() {
    let audit = alone("tree/howto-counts-as-record");
    assert_eq!(severities(&audit, "DP-DOC-001"), [Severity::Medium]);
    assert!(open(&audit, "DP-DOC-002").is_empty());
    assert!(open(&alone("tree/central-service-substring"), "DP-CEN-001").is_empty());
}

#[test]
fn a_document_of_the_tree_that_nobody_judged_keeps_the_verdict_open() {
    let audit = alone("tree/compose-not-looked-at");
    assert_eq!(exit(&audit), 13, "{}", listing(&audit));
    let found = survey(&tree("tree/compose-not-looked-at"), &Budget::STANDARD);
    let paths: Vec<&str> = found.documents.iter().map(|document| document.path.as_str()).collect();
    assert_eq!(paths, ["app-compose.json", "docker-compose.yml"]);
    let judged = paths.into_iter().map(str::to_owned).collect();
    let context = Context { judged, ..Context::default() };
    let audit = audit_source(None, &tree("tree/compose-not-looked-at"), &context);
    assert_ne!(exit(&audit), 13, "{}", listing(&audit));
}

/// Pairs: the hole, where it has to be told, and the honest twin.
const PAIRS: &[(&str, &str, u32)] = &[
    ("p52-py-dropped", "app/admit.py", 7),
    ("p55-py-set-upstream", "app/routes.py", 6),
    ("p58-ts-padend", "src/signer.ts", 3),
    ("p61-go-blank", "peer/join.go", 10),
    ("p64-rs-let-underscore", "src/admit.rs", 5),
    ("p67-df-key-in-image", "Dockerfile", 4),
    ("p70-tree-supervisord", "supervisord.conf", 8),
];

fn pairs(pairs: &[(&str, &str, u32)]) {
    for (name, file, line) in pairs {
        let audit = |side: &str| {
            with_compose(&format!("pairs/{name}-{side}"), &format!("pairs/{name}-{side}/app-compose.json"))
        };
        let hole = audit("h");
        assert!(matches!(exit(&hole), 12 | 13), "{name}\n{}", listing(&hole));
        let there = at(&hole, file).into_iter().any(|finding| {
            let counts =
                finding.severity >= Severity::High && (finding.is_proven() || finding.needs_a_person());
            counts && finding.place.as_ref().is_some_and(|place| place.line == Some(*line))
        });
        assert!(there, "{name}: nothing at {file}:{line}\n{}", listing(&hole));
        let twin = audit("t");
        assert_eq!(exit(&twin), 0, "{name}\n{}", listing(&twin));
    }
}

#[test]
fn a_hole_in_a_build_is_told_at_its_line_and_its_honest_twin_has_nothing_grave() {
    pairs(PAIRS);
}
