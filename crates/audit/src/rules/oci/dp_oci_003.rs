//! Protects from a tag that leads people elsewhere than the machine.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-OCI-003",
    title: "the tag was moved",
    severity: Severity::High,
    needs: &[Need::Compose, Need::Images],
    remedy: "read the image by its digest; do not reuse tags",
    check,
    ..Rule::PLAIN
};

/// Only where a tag stands beside a digest: a tag alone is no pin, and that is the business of other rules.
fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for image in subject.images().iter().filter(|image| image.is_pinned()) {
        let Some(seen) = subject.facts_of(image).and_then(|facts| facts.tag.as_ref()) else { continue };
        let words = format!("at {} the tag led to {}", seen.at, seen.digest);
        let note = match image.digest() == Some(seen.digest.as_str()) {
            true => Note::pass(&image.place, words),
            false => Note::fail(&image.place, words),
        };
        sink.add(note.about(&*image.text));
    }
}
