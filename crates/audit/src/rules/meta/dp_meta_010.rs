//! Protects the reader from claims in extension fields.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-META-010",
    title: "a claim that nothing reads",
    severity: Severity::Info,
    needs: &[Need::Compose],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for (path, value) in &view.globals {
        let mut parts = path.split('.');
        let extension = parts.next().is_some_and(|first| first.starts_with("x-"));
        let claim = parts.any(|part| matches!(part, "kms" | "cluster" | "attested" | "verified" | "tee"));
        if extension && claim {
            let evidence = format!("{path}: {} (no part of dstack reads it)", value.raw);
            sink.add(Note::info(&value.place, evidence).about(path));
        }
    }
}
