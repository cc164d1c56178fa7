//! Protects all values together from a container that needs a few.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-012",
    title: "the whole environment is handed over",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "pass the variables that the service needs, one by one",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for (place, evidence) in subject.exposures() {
        sink.add(Note::fail(place, evidence));
    }
}
