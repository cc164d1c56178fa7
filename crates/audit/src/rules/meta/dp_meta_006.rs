//! Protects the reader from keys that look like settings and are read by nothing.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-META-006",
    title: "top-level key that dstack does not read",
    severity: Severity::Info,
    needs: &[Need::Manifest],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for field in view.manifest().iter().flat_map(|manifest| &manifest.unknown) {
        let known = if field.is_known_extra { "a convention of applications" } else { "unknown" };
        sink.add(Note::info(&view.member(&field.key), format!("{}: {known}", field.key)).about(&field.key));
    }
}
