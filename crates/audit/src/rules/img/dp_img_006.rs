//! Protects from taking a malformed digest for a pin.

use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-006",
    title: "digest that pins nothing",
    severity: Severity::High,
    blocks: Blocks::Always,
    needs: &[Need::Compose],
    remedy: "write @sha256: and 64 lower-case hex digits",
    answers: &[Item::Q2.fails()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for image in subject.fixed_images().filter(|image| image.has_void_digest()) {
        let evidence = format!("{} image: {}", image.service, image.text);
        sink.add(Note::fail(&image.place, evidence).about(image.digest().unwrap_or("")));
    }
}
