//! Protects secrets from the log.

use super::{CODE, scan};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::scan::lines;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-025",
    title: "a secret is written to the log",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "log that the secret is there, never the secret",
    check,
    ..Rule::PLAIN
};

// The secret has to be a value: in an interpolation or an argument of its own, not a word of the message.
lines!(
    LOGGED,
    r#"(?i)\b(?:console\.(?:log|info|debug|warn|error)|print(?:ln!?)?|log(?:ger|ging)?\.(?:info|debug|warn(?:ing)?|error)|(?:info|debug|warn|error|trace|println|eprintln)!|fmt\.Print\w*|log\.Print\w*)[ \t]*\([^\n;]*(?:[,({+%][ \t]*[%?]?(?:\w+\.)*|\$\{[^}\n]*)(?:private_?key|secret_?key|mnemonic|api_?key|password|access_?token|seed_?phrase|jwt_?secret)\b[ \t]*[)}\],;+]"#,
    [
        "privatekey",
        "private_key",
        "secretkey",
        "secret_key",
        "mnemonic",
        "apikey",
        "api_key",
        "password",
        "accesstoken",
        "access_token",
        "seedphrase",
        "seed_phrase",
        "jwtsecret",
        "jwt_secret",
    ]
);

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    scan(subject, sink, CODE, &LOGGED, |file, offset| {
        Some(Note::manual(&file.place(offset), file.line_at(offset)))
    });
}
