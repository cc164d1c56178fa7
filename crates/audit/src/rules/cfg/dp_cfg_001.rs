//! Protects what the application writes to its log from everybody who can reach the machine.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CFG-001",
    title: "everybody can read the logs",
    severity: Severity::Low,
    needs: &[Need::Manifest],
    remedy: "set public_logs to false",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    if view.flag("public_logs") == Some(true) {
        sink.add(Note::fail(&view.member("public_logs"), "public_logs: true"));
    }
}
