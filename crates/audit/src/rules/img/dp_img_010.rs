//! Protects the reader from one image under two pins.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use std::collections::BTreeMap;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-010",
    title: "one image, pinned in two ways",
    severity: Severity::Info,
    needs: &[Need::Compose],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let mut by_name: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for image in subject.fixed_images() {
        by_name.entry(image.name()).or_default().push(image);
    }
    for (name, images) in by_name {
        let pinned = images.iter().filter(|image| image.is_pinned()).count();
        if let Some(first) = images.first().filter(|_| pinned > 0 && pinned < images.len()) {
            let texts: Vec<&str> = images.iter().map(|image| &*image.text).collect();
            sink.add(Note::info(&first.place, texts.join(", ")).about(name));
        }
    }
}
