//! Protects the code that runs from a tag that is meant to move.

use super::fixed;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Pin;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-003",
    title: "image by a tag that is meant to move",
    severity: Severity::Critical,
    blocks: Blocks::Always,
    needs: &[Need::Compose],
    remedy: "pin the image by @sha256 digest",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for image in fixed(subject).filter(|image| image.pin() == Pin::Moving) {
        let why = if image.tag.is_some() { "" } else { " (no tag: latest)" };
        let evidence = format!("{} image: {}{why}", image.service, image.text);
        sink.add(Note::fail(&image.place, evidence).about(&image.text));
    }
}
