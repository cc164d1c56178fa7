//! Protects from images that third parties cannot look at.

use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-OCI-005",
    title: "it is not known whether everybody can fetch the image",
    severity: Severity::Info,
    needs: &[Need::Compose, Need::Images],
    remedy: "fetch it without a password: veritee image fetch REFERENCE -o FOLDER",
    answers: &[Item::E2.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for (image, facts) in subject.read_images() {
        let note = match &facts.public {
            Some(words) => Note::pass(&image.place, words),
            None => {
                Note::manual(&image.place, format!("{}: the file does not say how it was had", image.text))
            }
        };
        sink.add(note.about(&*image.text));
    }
}
