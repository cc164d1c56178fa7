//! Protects the reader's overview of where data can go.

use crate::facts::address::external;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use std::collections::BTreeMap;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-URL-001",
    title: "addresses that the document names",
    severity: Severity::Info,
    needs: &[Need::Compose],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let mut seen = BTreeMap::new();
    for (service, path, value, link) in external(view) {
        seen.entry(link.host.clone())
            .or_insert_with(|| (format!("{} {path}: {}", service.name, link.text), value.place.clone()));
    }
    for (host, (evidence, place)) in seen {
        sink.add(Note::info(&place, evidence).about(host));
    }
}
