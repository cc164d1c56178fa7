//! Protects the application's own keys from everybody outside of the machine.

use crate::facts::outside::variables;
use crate::item::Item;
use crate::names::NameClass;
use crate::rule::{Blocks, Need, Rule, Sink};
use crate::subject::Subject;
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-006",
    title: "whoever deploys knows the application's own key",
    severity: Severity::High,
    blocks: Blocks::Always,
    needs: &[Need::Compose],
    remedy: "derive the key inside the machine: dstack getKey",
    answers: &[Item::E4.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for variable in variables(subject, Provenance::Operator) {
        if variable.is(NameClass::IdentityKey) {
            sink.add(variable.note_of(NameClass::IdentityKey));
        }
    }
}
