//! Protects the measured document from parts that stand elsewhere.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-008",
    title: "part of the application is outside the document",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "write everything into the one measured file",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for (path, value) in view.globals_below("include") {
        sink.add(Note::fail(&value.place, format!("{path}: {}", value.raw)).about("include"));
    }
    for service in view.active() {
        // What stood in the same file is taken over already; whatever is left could not be followed.
        for (path, value) in service.below("extends") {
            sink.add(
                Note::fail(&value.place, format!("{} {path}: {}", service.name, value.raw)).about("extends"),
            );
        }
    }
}
