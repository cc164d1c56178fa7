//! Protects a literal from a later entry that replaces it.

use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-015",
    title: "a literal is replaced by a later entry",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "keep one entry per name",
    answers: &[Item::Q1.fails()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for entry in &service.environment {
            let Some(earlier) = &entry.replaces else { continue };
            if entry.bare || entry.value.is_settable() {
                let evidence =
                    format!("{}: `{earlier}` stands first, `{}` counts", service.name, entry.value.raw);
                sink.add(Note::fail(&entry.value.place, evidence).about(entry.name));
            }
        }
    }
}
