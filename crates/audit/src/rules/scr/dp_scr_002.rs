//! Protects the machine from a script that runs as root and that nobody has read.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-002",
    title: "a script runs as root",
    severity: Severity::High,
    needs: &[Need::Manifest],
    remedy: "read it: it is part of the application",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for script in view.scripts.iter().filter(|script| !script.is_pre_launch()) {
        sink.add(Note::manual(&script.place, script.text()).about(script.key));
    }
}
