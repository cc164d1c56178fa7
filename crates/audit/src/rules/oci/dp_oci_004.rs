//! Protects from images for which nobody answers.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-OCI-004",
    title: "no signature over the image holds",
    severity: Severity::Medium,
    needs: &[Need::Compose, Need::Images],
    remedy: "attest the build where it runs (actions/attest-build-provenance, cosign attest)",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for (image, facts) in subject.read_images() {
        for words in &facts.failed {
            sink.add(Note::fail(&image.place, words).about(&*image.text));
        }
        let note = match facts.signed.as_slice() {
            [] if facts.failed.is_empty() => Note::fail(&image.place, "nothing beside the image is signed"),
            [] => continue,
            signed => Note::pass(&image.place, signed.join("; ")),
        };
        sink.add(note.about(&*image.text));
    }
}
