//! Protects every variable of a service from one whose name is chosen outside.

use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-016",
    title: "whoever deploys chooses the variable's name",
    severity: Severity::Critical,
    blocks: Blocks::Always,
    needs: &[Need::Compose],
    remedy: "write the name literally",
    answers: &[Item::Q1.fails()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for entry in service.environment.iter().filter(|entry| entry.name_settable) {
            let evidence = format!("{} environment: {}", service.name, entry.value.raw);
            sink.add(Note::fail(&entry.value.place, evidence));
        }
    }
}
