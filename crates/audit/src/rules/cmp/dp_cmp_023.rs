//! Protects the code that runs: what lies in a volume is measured by nothing, and whoever writes there writes code.

use crate::facts::writable;
use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-023",
    title: "code or trust comes out of a volume",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "put it into the image or into a config of the document; mount the volume elsewhere",
    answers: &[Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for found in writable::loaded(view, service) {
            let (severity, who) = match found.writer {
                Some(writer) => (Severity::High, format!("; {writer} writes there too")),
                None => (Severity::Medium, String::new()),
            };
            let evidence = format!("{} {}{who}", service.name, found.evidence);
            sink.add(Note::manual(&found.place, evidence).severity(severity).about(service.name));
        }
    }
}
