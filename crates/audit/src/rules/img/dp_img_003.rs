//! Protects the code that runs from a tag that is meant to move.

use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-003",
    title: "image by a tag that is meant to move",
    severity: Severity::Critical,
    blocks: Blocks::Always,
    needs: &[Need::Compose],
    remedy: "pin the image by @sha256 digest",
    answers: &[Item::Q2.fails()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for image in subject.fixed_images().filter(|image| image.is_moving()) {
        let why = if image.tag().is_some() { "" } else { " (no tag: latest)" };
        let evidence = format!("{} image: {}{why}", image.service, image.text);
        sink.add(Note::fail(&image.place, evidence).about(&*image.text));
    }
}
