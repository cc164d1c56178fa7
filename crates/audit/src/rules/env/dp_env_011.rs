//! Protects the list of allowed names from names that wait for a use.

use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-011",
    title: "allowed, and used by nothing",
    severity: Severity::Low,
    blocks: Blocks::Never,
    needs: &[Need::Manifest, Need::Compose],
    remedy: "remove the name from allowed_envs",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    if !subject.exposures().is_empty() {
        return;
    }
    for name in view.allowed.iter().flatten() {
        let in_script = view.scripts.iter().any(|script| mentions(script.text(), name));
        let in_globals =
            || view.globals.iter().any(|(_, value)| value.variables().any(|(used, _)| used == name));
        if !view.uses.contains_key(name) && !in_script && !in_globals() {
            sink.add(Note::fail(&view.member("allowed_envs"), name).about(name));
        }
    }
}

/// Whether the name stands in the text as a word.
fn mentions(text: &str, name: &str) -> bool {
    let part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at.saturating_add(name.len())..).and_then(|after| after.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}
