//! Protects nothing by itself: it shows which images are pinned.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::tags::is_moving;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-005",
    title: "image pinned by digest",
    severity: Severity::Info,
    needs: &[Need::Compose],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for image in subject.fixed_images().filter(|image| image.is_pinned()) {
        let decorative = image.tag().is_some_and(is_moving);
        let why = if decorative { " (the tag is decoration: the digest counts)" } else { "" };
        let evidence = format!("{} image: {}{why}", image.service, image.text);
        sink.add(Note::pass(&image.place, evidence).about(image.name()));
    }
}
