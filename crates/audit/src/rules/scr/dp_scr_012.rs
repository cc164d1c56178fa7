//! Protects the reader's overview: at every boot the registry is asked again.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-012",
    title: "a script pulls images at every boot",
    severity: Severity::Info,
    needs: &[Need::Manifest],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for (script, item) in subject.commands() {
        if item.command.is_pull() {
            sink.add(Note::info(&item.place(script), item.evidence(script)));
        }
    }
}
