//! Protects the code that runs from whoever deploys.

use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-001",
    title: "whoever deploys chooses the image",
    severity: Severity::Critical,
    blocks: Blocks::Always,
    needs: &[Need::Compose],
    remedy: "write the image with its @sha256 digest into the compose file",
    answers: &[Item::Q2.fails()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let template = subject.context.template && !Need::Manifest.is_met(subject);
    for image in subject.images().iter().filter(|image| image.settable) {
        let evidence = format!("{} image: {}", image.service, image.text);
        if template {
            let evidence =
                format!("{evidence} (a template: substituted at deployment; audit the attested compose)");
            sink.add(Note::warn(&image.place, evidence).severity(Severity::Medium));
        } else {
            sink.add(Note::fail(&image.place, evidence));
        }
    }
}
