//! Protects the destination of a request from whoever chooses part of its address.

use crate::facts::address::all;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::HOLE;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-URL-005",
    title: "whoever deploys chooses part of a URL",
    severity: Severity::High,
    blocks: Blocks::From(Severity::High),
    needs: &[Need::Compose],
    remedy: "write scheme, host and port literally",
    check,
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
        let who: Vec<&str> = value
            .variables()
            .filter(|(_, piece)| piece.provenance.is_settable())
            .map(|(name, _)| name)
            .collect();
        // What the host chooses is ENV-017's to judge.
        if value.variables().any(|(_, piece)| piece.provenance == crate::view::Provenance::Host) {
            continue;
        }
        let shown = link.text.replace(HOLE, "...");
        let evidence = format!("{} {path}: {} ({})", service.name, value.raw, who.join(", "));
        sink.add(Note::fail(&value.place, evidence).severity(severity).about(shown));
    }
}
