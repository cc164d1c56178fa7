//! Protects the list of allowed names from names that wait for a use.

use crate::facts::words::mentions;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
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
    for name in view.allowed.iter().flatten() {
        let in_script = view.scripts.iter().any(|script| mentions(script.text(), name));
        let in_globals = || {
            view.globals
                .iter()
                .any(|(_, value)| value.parts.iter().any(|part| part.source.as_deref() == Some(name)))
        };
        if !view.uses.contains_key(name) && !in_script && !in_globals() {
            sink.add(Note::fail(&view.member("allowed_envs"), *name).about(*name));
        }
    }
}
