//! Protects the administration of the application from whoever deploys.

use crate::facts::outside::variables;
use crate::item::Item;
use crate::names::NameClass;
use crate::rule::{Need, Rule, Sink};
use crate::subject::Subject;
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-007",
    title: "whoever deploys holds the administration's credential",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "say what it unlocks, or leave it out",
    answers: &[Item::E4.tells(), Item::E7.tells(), Item::M2.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for variable in variables(subject, Provenance::Operator) {
        let administers = variable.administers_store(view);
        if administers || variable.is(NameClass::AdminCredential) {
            let note =
                if administers { variable.note() } else { variable.note_of(NameClass::AdminCredential) };
            // Who cannot reach the store does nothing with its password.
            let inside = variable.opens_only_inside(view);
            sink.add(if inside { note.severity(Severity::Low) } else { note });
        }
    }
}
