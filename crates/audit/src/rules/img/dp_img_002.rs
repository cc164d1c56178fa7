//! Protects the code that runs from whoever can move a tag.

use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-002",
    title: "image by tag: whoever holds the repository can replace it",
    severity: Severity::High,
    blocks: Blocks::Always,
    needs: &[Need::Compose],
    remedy: "pin the image by @sha256 digest",
    answers: &[Item::Q2.fails()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for image in subject.fixed_images() {
        if image.fixed_tag().is_some() && image.commit_tag().is_none() {
            sink.add(
                Note::fail(&image.place, format!("{} image: {}", image.service, image.text))
                    .about(&*image.text),
            );
        }
    }
}
