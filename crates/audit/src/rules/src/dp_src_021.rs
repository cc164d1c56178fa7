//! Protects production from a way out that was made for development.

use super::CODE;
use crate::item::Item;
use crate::line_patterns::FALLBACK;
use crate::pattern::pattern;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::{Subject, Supply};
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
    r"(?i)attest|quote|crypto|keys?\b|kms|tee|enclave|sign|secret|auth|dstack|tappd",
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
    for file in source.live(CODE).filter(|file| SENSITIVE_FILE.is_match(&file.path)) {
        let mut last = None;
        for at in FALLBACK.starts(&file.text, file.marks()) {
            let line = file.lines().index(at);
            if last.is_some_and(|last| line.saturating_sub(last) < 8) {
                continue;
            }
            last = Some(line);
            let around = file.lines().around(&file.text, at, 4);
            let gate = GATE.captures_iter(around).any(|groups| {
                groups.get(1).is_some_and(|name| subject.supply(name.as_str()) == Supply::Operator)
            });
            let severity = if gate || CATCH.is_match(around) { Severity::High } else { Severity::Medium };
            sink.add(Note::manual(&file.place(at), file.line_at(at)).severity(severity));
        }
    }
}
