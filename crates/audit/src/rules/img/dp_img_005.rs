//! Protects nothing by itself: it shows which images are pinned.

use super::fixed;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::tags::is_moving;
use crate::view::Pin;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-005",
    title: "image pinned by digest",
    severity: Severity::Info,
    blocks: Blocks::Never,
    needs: &[Need::Compose],
    remedy: "",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for image in fixed(subject).filter(|image| image.pin() == Pin::Digest) {
        let decorative = image.tag.as_deref().is_some_and(is_moving);
        let why = if decorative { " (the tag is decoration: the digest counts)" } else { "" };
        let evidence = format!("{} image: {}{why}", image.service, image.text);
        sink.add(Note::pass(&image.place, evidence).about(&image.name));
    }
}
