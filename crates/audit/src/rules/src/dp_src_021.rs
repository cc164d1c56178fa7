//! Protects production from a way out that was made for development.

use super::CODE;
use crate::item::Item;
use crate::line_patterns::FALLBACK;
use crate::pattern::pattern;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::source::{Source, SourceFile};
use crate::subject::{Subject, Supply};
use crate::syntax::absent;
use std::collections::BTreeSet;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-021",
    title: "fallback for development in code that handles keys or attestation",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "compile the fallback out of the image that is deployed, or refuse to start outside the machine",
    answers: &[Item::Q7.opens(), Item::E4.tells(), Item::M3.tells()],
    check,
    ..Rule::PLAIN
};

pattern!(
    SENSITIVE_FILE,
    r"(?i)attest|quote|crypto|(?:\b|_)keys?(?:\b|_)|kms|\btee|enclave|sign|secret|auth|dstack|tappd",
    [
        "attest", "quote", "crypto", "key", "kms", "tee", "enclave", "sign", "secret", "auth", "dstack",
        "tappd"
    ]
);
pattern!(
    GATE,
    r#"(?:process\.env\.|getenv\(['"]|environ(?:\.get)?[(\[]['"]|env::var\(")([A-Z_][A-Z0-9_]*)"#,
    ["process.env.", "getenv(", "environ", "env::var("]
);
pattern!(
    CATCH,
    r"\b(?:except|catch|rescue|Err\(_|unwrap_or)",
    ["except", "catch", "rescue", "err(_", "unwrap_or"]
);

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    let mut known = BTreeSet::new();
    for file in source.live(CODE) {
        let mut told = BTreeSet::new();
        for hit in absent::hits(file.tree()) {
            let line = file.lines().index(hit.at);
            told.extend(line.saturating_sub(4)..=line.saturating_add(4));
            let severity = if is_gated(subject, file, hit.at, 1) { Severity::High } else { hit.severity };
            let evidence = format!("{} ({})", file.line_at(hit.at), hit.why);
            let place = file.place(hit.at);
            known.insert((place.file.clone(), place.line));
            sink.add(Note::manual(&place, evidence).severity(severity));
        }
        if SENSITIVE_FILE.is_match(&file.path) {
            words(subject, file, &told, sink);
        }
    }
    switches(subject, source, &known, sink);
}

/// A variable near by is one that the operator sets.
fn is_gated(subject: &Subject<'_>, file: &SourceFile, at: usize, lines: usize) -> bool {
    GATE.captures_iter(file.lines().around(&file.text, at, lines))
        .any(|groups| groups.get(1).is_some_and(|name| subject.supply(name.as_str()) == Supply::Operator))
}

/// Words alone: a question.
fn words(subject: &Subject<'_>, file: &SourceFile, told: &BTreeSet<usize>, sink: &mut Sink<'_>) {
    let mut last = None;
    for at in FALLBACK.starts(&file.text, file.marks()) {
        let line = file.lines().index(at);
        if last.is_some_and(|last| line.saturating_sub(last) < 8) || told.contains(&line) {
            continue;
        }
        last = Some(line);
        let around = file.lines().around(&file.text, at, 4);
        let grave = is_gated(subject, file, at, 4) || !file.is_parsed() && CATCH.is_match(around);
        let severity = if grave { Severity::High } else { Severity::Medium };
        sink.add(Note::manual(&file.place(at), file.line_at(at)).severity(severity));
    }
}

/// Variables whose name says that they switch a check off.
fn switches(
    subject: &Subject<'_>,
    source: &Source<'_>,
    known: &BTreeSet<(String, Option<u32>)>,
    sink: &mut Sink<'_>,
) {
    let mut seen = BTreeSet::new();
    for read in source.environment.iter().filter(|read| !read.test_like && absent::switches_off(&read.name)) {
        let told = known.contains(&(read.place.file.clone(), read.place.line));
        if !told && seen.insert(read.name.as_str()) {
            let operator = subject.supply(&read.name) == Supply::Operator;
            let severity = if operator { Severity::High } else { Severity::Medium };
            let evidence = format!("{} (the variable {} switches a check off)", read.line, read.name);
            sink.add(Note::manual(&read.place, evidence).severity(severity).about(&read.name));
        }
    }
}
