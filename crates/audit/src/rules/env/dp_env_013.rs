//! Protects the reader from a variable that looks set and is not.

use crate::facts::outside::describe;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::uses::Use;
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-013",
    title: "nobody sets this variable",
    severity: Severity::Info,
    needs: &[Need::Compose],
    remedy: "if compose refuses to start without it, this is not the file that is deployed",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for (name, uses) in &view.uses {
        let unset = |used: &&Use<'_>| {
            used.active && used.reference.provenance == Provenance::Unset && used.reference.default.is_none()
        };
        let Some(first) = uses.iter().find(unset) else { continue };
        let evidence = format!("{} (not in allowed_envs, set by no script: empty)", describe(first));
        let note = if uses.iter().filter(unset).any(|used| used.reference.is_required()) {
            Note::warn(&first.place, evidence).severity(Severity::Medium)
        } else {
            Note::info(&first.place, evidence)
        };
        sink.add(note.about(*name));
    }
}
