//! Protects the roots of trust: who administers, who is believed, who is paid must not be for the deployer to say.

use crate::facts::outside::variables;
use crate::names::NameClass;
use crate::rule::{Blocks, Need, Rule, Sink};
use crate::subject::Subject;
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-022",
    title: "whoever deploys says who is administrator, trusted, paid or genuine",
    severity: Severity::High,
    blocks: Blocks::Always,
    needs: &[Need::Compose],
    remedy: "write the list, key or measurement literally into the compose file",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for variable in variables(subject, Provenance::Operator) {
        if variable.is(NameClass::Trust) {
            sink.add(variable.note_of(NameClass::Trust));
        }
    }
}
