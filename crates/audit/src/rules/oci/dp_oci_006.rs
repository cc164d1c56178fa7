//! Protects from defaults that no compose file shows.

use crate::inside::InsideKind;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-OCI-006",
    title: "the image's own environment carries what it must not",
    severity: Severity::Medium,
    needs: &[Need::Compose, Need::Images],
    remedy: "take it out of the image (ENV), and let the machine make or get it",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for (image, facts) in subject.read_images() {
        for hit in facts.inside.iter().filter(|hit| hit.layer.is_none()) {
            let note = Note::fail(&image.place, format!("{}: {}", hit.place, hit.what));
            let note = match hit.kind {
                InsideKind::DefaultKey => note.severity(Severity::Critical),
                InsideKind::DevelopmentSetting => note,
                _ => note.severity(Severity::High),
            };
            sink.add(note.about(&*image.text));
        }
        let as_root = if facts.user.is_empty() { "root" } else { facts.user.as_str() };
        let then = if facts.on_build { "; it has instructions for images built on it (ONBUILD)" } else { "" };
        sink.add(Note::info(&image.place, format!("runs as {as_root}{then}")).about(&*image.text));
    }
}
