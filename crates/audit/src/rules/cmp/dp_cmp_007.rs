//! Protects the machine from a person who works inside of it.

use crate::facts::address::Inside;
use crate::facts::built;
use crate::facts::interactive::{built_in, interactive};
use crate::facts::openings::{self, Kind};
use crate::facts::ways_in;
use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-007",
    title: "a person can work inside",
    severity: Severity::Critical,
    blocks: Blocks::Always,
    needs: &[Need::Compose],
    remedy: "leave interactive access out of production",
    answers: &[Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for (service, build) in built::inline(subject, view) {
        if let Some((place, evidence, severity)) = built_in(build) {
            let note = Note::fail(&place, format!("{}: {evidence}", service.name));
            sink.add(note.severity(severity).about(service.name));
        }
    }
    let inside = Inside::of(view);
    for service in view.active() {
        for (place, evidence, severity) in ways_in::all(&inside, service) {
            let evidence = format!("{}: {evidence}", service.name);
            sink.add(Note::fail(&place, evidence).severity(severity).about(service.name));
        }
        for opening in openings::of_kind(view, service.name, Kind::Door) {
            let note = Note::fail(&opening.place, &opening.evidence).severity(opening.severity);
            sink.add(note.about(service.name));
        }
        if let Some((place, evidence, severity)) = interactive(service) {
            sink.add(
                Note::fail(&place, format!("{}: {evidence}", service.name))
                    .severity(severity)
                    .about(service.name),
            );
        }
    }
}
