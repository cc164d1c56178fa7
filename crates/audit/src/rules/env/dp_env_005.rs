//! Protects the switches of checks and behaviour from whoever deploys.

use crate::facts::outside::variables;
use crate::item::Item;
use crate::names::{NameClass, flag_severity};
use crate::rule::{Blocks, Need, Rule, Sink};
use crate::subject::Subject;
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-005",
    title: "whoever deploys switches behaviour",
    severity: Severity::High,
    blocks: Blocks::From(Severity::Critical),
    needs: &[Need::Compose],
    remedy: "write the switch literally into the compose file",
    answers: &[Item::Q7.fails_from(Severity::High), Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for variable in variables(subject, Provenance::Operator) {
        let severity = if variable.is(NameClass::RuntimeHook) {
            Severity::Critical
        } else if variable.is(NameClass::Flag) {
            variable.read_as().into_iter().map(flag_severity).max().unwrap_or(Severity::High)
        } else {
            continue;
        };
        sink.add(variable.note().severity(severity));
    }
}
