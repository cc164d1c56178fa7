//! Protects the code that is pulled from whoever holds the registry's credentials.

use crate::names::{NameClass, classify};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-010",
    title: "whoever deploys holds the image registry's credentials",
    severity: Severity::Medium,
    blocks: Blocks::From(Severity::Critical),
    needs: &[Need::Manifest],
    remedy: "publish the images, pinned by digest",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let unpinned = subject.images().iter().any(|image| image.is_mutable());
    for name in view.allowed.iter().flatten().filter(|name| classify(name) == NameClass::Registry) {
        let severity = if unpinned { Severity::Critical } else { Severity::Medium };
        let why = if unpinned {
            "and an image is not pinned: the registry decides what runs"
        } else {
            "the images may be private"
        };
        let evidence = format!("allowed_envs names {name}; {why}");
        sink.add(Note::fail(&view.member("allowed_envs"), evidence).severity(severity).about(*name));
    }
}
