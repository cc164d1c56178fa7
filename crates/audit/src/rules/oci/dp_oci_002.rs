//! Protects from an image that says two things of its source, or nothing.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-OCI-002",
    title: "the image does not say which source it is made from",
    severity: Severity::Medium,
    needs: &[Need::Compose, Need::Images],
    remedy: "set org.opencontainers.image.source and .revision, and build from that commit",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for (image, facts) in subject.read_images() {
        let note = match (&facts.disagreement, &facts.revision, &facts.commit) {
            (Some(words), ..) => Note::fail(&image.place, words).severity(Severity::High),
            (None, Some(revision), _) => Note::pass(&image.place, format!("its revision is {revision}")),
            (None, None, Some(known)) => {
                Note::pass(&image.place, format!("{} says {}", known.by, known.commit))
            }
            (None, None, None) => {
                Note::fail(&image.place, "neither a label nor an annotation nor a statement names a commit")
            }
        };
        sink.add(note.about(&*image.text));
    }
}
