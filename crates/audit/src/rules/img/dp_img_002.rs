//! Protects the code that runs from whoever can move a tag.

use super::{commit_tag, fixed};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Pin;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-002",
    title: "image by tag: whoever holds the repository can replace it",
    severity: Severity::High,
    blocks: Blocks::Always,
    needs: &[Need::Compose],
    remedy: "pin the image by @sha256 digest",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for image in fixed(subject) {
        if image.pin() == Pin::Tag && commit_tag(image).is_none() {
            sink.add(
                Note::fail(&image.place, format!("{} image: {}", image.service, image.text))
                    .about(&image.text),
            );
        }
    }
}
