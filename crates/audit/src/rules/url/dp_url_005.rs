//! Protects the destination of a request from whoever chooses part of its address.

use crate::facts::address::all;
use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-URL-005",
    title: "whoever deploys chooses part of a URL",
    severity: Severity::High,
    blocks: Blocks::From(Severity::High),
    needs: &[Need::Compose],
    remedy: "write scheme, host and port literally",
    answers: &[Item::Q1.fails_from(Severity::High), Item::M1.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for (service, path, value, link) in all(view) {
        let severity = if link.authority_settable {
            Severity::High
        } else if link.path_settable {
            Severity::Low
        } else {
            continue;
        };
        let who: Vec<&str> = value.chosen_through().into_iter().collect();
        // What the host chooses is ENV-017's to judge.
        if value.parts.iter().any(|part| part.provenance == Provenance::Host && part.source.is_some()) {
            continue;
        }
        let evidence = format!("{} {path}: {} ({})", service.name, value.raw, who.join(", "));
        sink.add(Note::fail(&value.place, evidence).severity(severity).about(link.text));
    }
}
