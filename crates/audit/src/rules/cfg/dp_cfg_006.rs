//! Protects one instance's disk from the others.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CFG-006",
    title: "instances share one disk key",
    severity: Severity::Low,
    needs: &[Need::Manifest],
    remedy: "leave no_instance_id off unless instances must share storage",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    if view.flag("no_instance_id") == Some(true) {
        sink.add(Note::fail(&view.member("no_instance_id"), "no_instance_id: true"));
    }
}
