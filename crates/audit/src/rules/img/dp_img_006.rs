//! Protects from taking a malformed digest for a pin.

use super::fixed;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Pin;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-006",
    title: "digest that pins nothing",
    severity: Severity::High,
    blocks: Blocks::Always,
    needs: &[Need::Compose],
    remedy: "write @sha256: and 64 lower-case hex digits",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for image in fixed(subject).filter(|image| image.pin() == Pin::MalformedDigest) {
        let evidence = format!("{} image: {}", image.service, image.text);
        sink.add(Note::fail(&image.place, evidence).about(image.digest.as_deref().unwrap_or("")));
    }
}
