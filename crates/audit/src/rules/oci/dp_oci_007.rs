//! Protects the reader's time: an image whose times are those of its build cannot be rebuilt bit for bit.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-OCI-007",
    title: "times in the image are those of its build",
    severity: Severity::Low,
    needs: &[Need::Compose, Need::Images],
    remedy: "set SOURCE_DATE_EPOCH and output with rewrite-timestamp=true",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for (image, facts) in subject.read_images() {
        let note = match &facts.normalised {
            Some(words) => Note::pass(&image.place, words),
            None => {
                Note::fail(&image.place, "nothing in manifest and history says that times were rewritten")
            }
        };
        sink.add(note.about(&*image.text));
    }
}
