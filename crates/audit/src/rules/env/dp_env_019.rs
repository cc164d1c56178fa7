//! Protects the reader's overview: settings from outside that are known to be harmless.

use crate::facts::outside::{harmless_parts, variables};
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-019",
    title: "whoever deploys chooses a setting",
    severity: Severity::Info,
    needs: &[Need::Compose],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for variable in variables(subject, Provenance::Operator) {
        if variable.is_setting() {
            sink.add(Note::info(&variable.place(), variable.evidence()).about(variable.name));
        }
    }
    let Some(view) = &subject.view else { return };
    for (path, value) in harmless_parts(view) {
        sink.add(Note::info(&value.place, format!("{path}: {}", value.raw)).about(path));
    }
}
