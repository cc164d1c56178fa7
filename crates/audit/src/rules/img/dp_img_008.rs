//! Protects the measured set of images from ones that are started while the machine runs.

use crate::facts::nested::nested;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Pin;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-008",
    title: "images are chosen while the machine runs",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Compose],
    remedy: "start every container from the measured compose file, pinned by digest",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for nested in nested(service) {
            let severity = if nested.image.settable {
                Severity::Critical
            } else if nested.image.pin() == Pin::Digest {
                Severity::Medium
            } else {
                Severity::High
            };
            let evidence = format!("{}: {} ({})", service.name, nested.image.text, nested.how);
            sink.add(Note::fail(&nested.image.place, evidence).severity(severity).about(&nested.image.text));
        }
    }
}
