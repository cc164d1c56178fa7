//! Protects the application's own keys from everybody outside of the machine.

use crate::facts::outside::variables;
use crate::names::NameClass;
use crate::rule::{Blocks, Need, Rule, Sink};
use crate::subject::Subject;
use crate::view::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-006",
    title: "whoever deploys knows the application's own key",
    severity: Severity::High,
    blocks: Blocks::Always,
    needs: &[Need::Compose],
    remedy: "derive the key inside the machine: dstack getKey",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for variable in variables(subject, Provenance::Operator) {
        if variable.is(NameClass::IdentityKey) {
            sink.add(variable.note());
        }
    }
}
