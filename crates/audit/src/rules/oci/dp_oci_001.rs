//! Protects from reading another image than the one that runs.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-OCI-001",
    title: "the image that the digest names was not read",
    severity: Severity::Info,
    needs: &[Need::Compose, Need::Images],
    remedy: "fetch it by the digest that the compose pins: veritee image fetch REFERENCE --layers -o FOLDER",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for image in subject.images().iter().filter(|image| image.is_pinned()) {
        let matched = subject.facts_of(image).and_then(|facts| facts.matched);
        let note = match matched {
            Some(what) => Note::pass(&image.place, format!("the given file's {what} has the digest")),
            None => Note::manual(&image.place, format!("{}: no given file has this digest", image.text)),
        };
        sink.add(note.about(&*image.text));
    }
}
