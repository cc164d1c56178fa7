//! Protects the list of allowed names from names that wait for a use.

use crate::facts::words::Mentioned;
use crate::rule::{Need, Note, Rule, Sink};
use crate::script::Script;
use crate::subject::Subject;
use std::collections::BTreeSet;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-011",
    title: "allowed, and used by nothing",
    severity: Severity::Low,
    needs: &[Need::Manifest, Need::Compose],
    remedy: "remove the name from allowed_envs",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    if !subject.exposures().is_empty() {
        return;
    }
    let scripts = Mentioned::of(view.scripts.iter().map(Script::text));
    let parts = view.globals.iter().flat_map(|(_, value)| &value.parts);
    let globals: BTreeSet<&str> = parts.filter_map(|part| part.source.as_deref()).collect();
    for name in view.allowed.iter().flatten() {
        if !view.uses.contains_key(name) && !scripts.has(name) && !globals.contains(name) {
            sink.add(Note::fail(&view.member("allowed_envs"), *name).about(*name));
        }
    }
}
