//! Protects the measured set of images from ones that are started while the machine runs.

use crate::facts::nested::nested;
use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-008",
    title: "images are chosen while the machine runs",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "start every container from the measured compose file, pinned by digest",
    answers: &[Item::Q2.opens(), Item::M8.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for nested in nested(service) {
            let severity = if nested.image.settable {
                Severity::Critical
            } else if nested.image.is_pinned() {
                Severity::Medium
            } else {
                Severity::High
            };
            let evidence = format!("{}: {} ({})", service.name, nested.image.text, nested.how);
            sink.add(Note::fail(&nested.image.place, evidence).severity(severity).about(&*nested.image.text));
        }
    }
}
