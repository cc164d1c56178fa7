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
        let service = subject.view.as_ref().and_then(|view| view.active_named(image.service));
        for hit in facts.inside.iter().filter(|hit| hit.layer.is_none()) {
            let replaced = hit.variable.as_deref().is_some_and(|name| {
                let named = service.into_iter().flat_map(|service| &service.entry.environment);
                named.into_iter().any(|entry| entry.name.text == name)
            });
            let then = if replaced { "; the document sets it otherwise" } else { "" };
            let words = format!("{}: {}{then}", hit.place, hit.what);
            let note = match (hit.kind, replaced) {
                (InsideKind::DevelopmentSetting, true) => Note::info(&image.place, words),
                // Nobody uses it, and everybody has it who has the image.
                (InsideKind::DevelopmentSetting, false) | (_, true) => Note::fail(&image.place, words),
                (InsideKind::DefaultKey, false) => {
                    Note::fail(&image.place, words).severity(Severity::Critical)
                }
                (_, false) => Note::fail(&image.place, words).severity(Severity::High),
            };
            sink.add(note.about(&*image.text));
        }
        let own = if facts.user.is_empty() { "root" } else { facts.user.as_str() };
        let told = service.and_then(|service| service.scalar("user")).map(|user| user.effective());
        let runs_as = match told {
            Some(user) => format!("runs as {user} (the image alone: {own})"),
            None => format!("runs as {own}"),
        };
        let then = if facts.on_build { "; it has instructions for images built on it (ONBUILD)" } else { "" };
        sink.add(Note::info(&image.place, format!("{runs_as}{then}")).about(&*image.text));
    }
}
