//! Protects secrets from the log.

use super::{CODE, ask, scan};
use crate::line_patterns::LOGGED;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::syntax::told;
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

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    ask(subject, sink, told::hits);
    scan(subject, sink, CODE, &LOGGED, |file, offset| {
        (!file.is_parsed()).then(|| Note::manual(&file.place(offset), file.line_at(offset)))
    });
}
