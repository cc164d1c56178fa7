//! Protects from taking a tag for a commit.

use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-004",
    title: "image by a tag that only looks like a commit",
    severity: Severity::High,
    blocks: Blocks::Always,
    needs: &[Need::Compose],
    remedy: "pin the image by @sha256 digest; a tag is a name that its owner can move",
    answers: &[Item::Q2.fails()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for image in subject.fixed_images() {
        if let Some(commit) = image.commit_tag() {
            let evidence =
                format!("{} image: {} (`{commit}` is a tag, no digest)", image.service, image.text);
            sink.add(Note::fail(&image.place, evidence).about(&*image.text));
        }
    }
}
