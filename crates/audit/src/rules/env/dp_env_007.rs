//! Protects the administration of the application from whoever deploys.

use crate::facts::outside::variables;
use crate::names::NameClass;
use crate::rule::{Blocks, Need, Rule, Sink};
use crate::subject::Subject;
use crate::view::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-007",
    title: "whoever deploys holds the administration's credential",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Compose],
    remedy: "say what it unlocks, or leave it out",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for variable in variables(subject, Provenance::Operator) {
        if variable.is(NameClass::AdminCredential) {
            sink.add(variable.note());
        }
    }
}
