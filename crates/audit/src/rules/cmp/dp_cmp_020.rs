//! Protects nothing by itself: it shows which confinements hold.

use crate::facts::protection;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-020",
    title: "hardening",
    severity: Severity::Info,
    needs: &[Need::Compose],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        let seen: Vec<String> =
            protection::of_service(service).into_iter().map(|(_, text, _)| text).collect();
        if !seen.is_empty() {
            sink.add(Note::pass(&service.place, format!("{}: {}", service.name, seen.join(", "))));
        }
    }
}
