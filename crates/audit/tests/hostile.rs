//! Hostile input: whatever stands in documents, scripts and trees, the audit ends, bounded, without panic.
#![allow(missing_docs)]

mod common;

use common::*;
use proptest::prelude::*;
use std::time::{Duration, Instant};
use veritee_audit::{Context, MemoryTree, audit_source};

fn pieces() -> impl Strategy<Value = String> {
    let words = [
        "services:\n",
        "  app:\n",
        "    image: ",
        "${X}",
        "$X",
        "$$",
        "a@sha256:",
        "latest",
        "\n",
        " ",
        ":",
        "-",
        "\"",
        "'",
        "|\n",
        "&a",
        "*a",
        "    command: ",
        "sh -c ",
        "curl https://",
        "| sh",
        "$(",
        ")",
        "`",
        "\\",
        "env_file: ",
        "/dstack",
        "\u{202e}",
        "é",
        "\u{0}",
        "{",
        "}",
        "[",
        "]",
        "FROM x AS y\n",
        "RUN ",
        "COPY --from=",
        "ARG A=${B\n",
        "process.env.JWT_SECRET || 'x'",
        "if [ -n \"$A\" ]; then\n",
        "fi\n",
        "<<EOF\n",
        "EOF\n",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn any_text_as_compose_file_and_script_ends_without_panic(compose in pieces(), script in pieces()) {
        let raw = app_compose_with(&compose, &["X", "A"], serde_json::json!({ "pre_launch_script": script }));
        if veritee_compose::UnboundCompose::parse(&raw, &veritee_model::Budget::STANDARD).is_ok() {
            let _ = unattested(&raw).stage_line();
        }
    }

    #[test]
    fn any_text_in_a_tree_ends_without_panic(text in pieces()) {
        let names = ["Dockerfile", "a.py", "b.ts", "c.rs", "d.sh", ".github/workflows/a.yml", "DEPLOYMENTS.md", "docker-compose.yml", "attest.go"];
        let tree = MemoryTree::new(names.map(|name| (name, text.clone())));
        let _ = audit_source(None, &tree, &Context::default());
    }
}

/// Generous: these run unoptimised, beside other work. What they catch is growth beyond linear.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn ten_thousand_services_are_audited_in_bounded_time_and_space() {
    let mut compose = String::from("services:\n");
    for index in 0..10_000 {
        compose.push_str(&format!("  s{index}:\n    image: a:1\n    environment:\n      - U{index}=${{U{index}}}\n    volumes:\n      - /x:/x\n"));
    }
    let start = Instant::now();
    let audit = unattested(&app_compose(&compose, &[]));
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    let images = open(&audit, "DP-IMG-002");
    assert_eq!(images.len(), 501, "500 findings and one for the rest");
    assert!(images.iter().any(|finding| finding.evidence.contains("more than 500")));
}

#[test]
fn one_config_that_ten_thousand_services_read_is_examined_once() {
    let mut compose = String::from("configs:\n  c:\n    content: |\n");
    for _ in 0..2_000 {
        compose.push_str("      line with https://${HOST}.example.com and text\n");
    }
    compose.push_str("services:\n");
    for index in 0..5_000 {
        compose.push_str(&format!("  s{index}:\n    image: a:1\n    configs: [c]\n"));
    }
    let start = Instant::now();
    let audit = unattested(&app_compose(&compose, &["HOST"]));
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    assert_eq!(subjects(&audit, "DP-ENV-002"), ["HOST"]);
}

#[test]
fn a_long_script_of_nested_conditions_is_read_in_bounded_time() {
    let script = "if [ -n \"$A\" ]; then\n".repeat(2_000)
        + &"echo x | grep y && curl https://e.example.com/z\n".repeat(20_000);
    let start = Instant::now();
    let _ = unattested(&app_compose_with(
        "services:\n  a:\n    image: a:1\n",
        &[],
        serde_json::json!({ "init_script": script }),
    ));
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[test]
fn inherited_mounts_have_a_limit_and_what_is_beyond_is_said() {
    let volumes: String = (0..200).map(|index| format!("      - /x{index}:/x{index}\n")).collect();
    let heirs: String =
        (0..100).map(|index| format!("  h{index}:\n    image: a:1\n    volumes_from: [base]\n")).collect();
    let compose = format!("services:\n  base:\n    image: a:1\n    volumes:\n{volumes}{heirs}");
    let start = Instant::now();
    let audit = unattested(&app_compose(&compose, &[]));
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    let said = |finding: &veritee_model::Finding| {
        finding.status == veritee_model::FindingStatus::Unknown
            && finding.evidence.contains("more than 10000 mounts")
    };
    assert!(
        audit.findings.iter().any(said),
        "{:#?}",
        audit.findings.iter().map(|one| &one.evidence).take(5).collect::<Vec<_>>()
    );
}
