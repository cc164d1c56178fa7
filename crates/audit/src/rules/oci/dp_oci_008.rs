//! Protects from keys that everybody has who has the image.

use crate::inside::InsideKind;
use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::{Subject, Supply};
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-OCI-008",
    title: "the image's layers hold what everybody has then",
    severity: Severity::High,
    needs: &[Need::Compose, Need::Images],
    remedy: "take it out of every layer, deleted ones too, and change it: whoever has the image has it",
    answers: &[Item::E2.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for (image, facts) in subject.read_images() {
        let mut found = false;
        for hit in &facts.inside {
            let Some(layer) = hit.layer else { continue };
            let supply = hit.variable.as_deref().map(|name| (name, subject.supply(name)));
            let then = match supply {
                Some((name, Supply::Absent)) => format!("; nothing sets {name}: the default counts"),
                Some((name, Supply::Literal)) => format!("; the document sets {name}"),
                Some((name, Supply::Operator)) => format!("; whoever deploys may set {name}, or not"),
                Some((_, Supply::Unknown)) | None => String::new(),
            };
            let note = Note::fail(&image.place, format!("layer {layer}, {}: {}{then}", hit.place, hit.what));
            let note = match (hit.kind, supply) {
                // Nobody uses it, and everybody has it who has the image.
                (_, Some((_, Supply::Literal))) | (InsideKind::DevelopmentSetting, _) => {
                    note.severity(Severity::Medium)
                }
                (InsideKind::DefaultKey, _) => note.severity(Severity::Critical),
                _ => note,
            };
            sink.add(note.about(&*image.text));
            found = true;
        }
        if facts.layers_missing > 0 {
            let words =
                format!("{} layers are not in the given file and were not looked into", facts.layers_missing);
            sink.add(Note::manual(&image.place, words).severity(Severity::Info).about(&*image.text));
        } else if !found {
            sink.add(
                Note::pass(&image.place, "nothing was found in the text files of its layers")
                    .about(&*image.text),
            );
        }
        if !facts.archives.is_empty() {
            let words = format!("archives that were not looked into: {}", facts.archives.join(", "));
            sink.add(Note::manual(&image.place, words).severity(Severity::Info).about(&*image.text));
        }
    }
}
