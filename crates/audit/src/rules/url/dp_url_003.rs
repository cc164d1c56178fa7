//! Protects what is sent to another application that nobody audited.

use crate::item::Item;
use crate::pattern::pattern;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use std::collections::BTreeSet;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-URL-003",
    title: "depends on another dstack application",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "audit that application as well, and show that this one verifies its attestation",
    answers: &[Item::Q1.opens(), Item::E6.tells(), Item::M7.tells()],
    check,
    ..Rule::PLAIN
};

pattern!(APPLICATION, r"\b[0-9a-f]{40}(?:-[0-9]+[sg]?)?\.[a-z0-9.-]+|\b[a-z0-9.-]*dstack\.internal\b", hex 40, ["dstack.internal"]);

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let mut seen = BTreeSet::new();
    for service in view.active() {
        for (path, value) in &service.fields {
            let text = value.effective();
            for hit in APPLICATION.find_iter(&text) {
                if seen.insert(hit.as_str().to_owned()) {
                    let evidence = format!("{} {path}: {}", service.name, value.raw);
                    sink.add(Note::manual(&value.place, evidence).about(hit.as_str()));
                }
            }
        }
        for entry in service.environment.iter().filter(|entry| entry.name.ends_with("_APP_ID")) {
            let text = entry.value.effective();
            let id = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            if id && seen.insert(text.clone()) {
                let evidence = format!("{} environment.{}: {}", service.name, entry.name, entry.value.raw);
                sink.add(Note::manual(&entry.value.place, evidence).about(text));
            }
        }
    }
}
