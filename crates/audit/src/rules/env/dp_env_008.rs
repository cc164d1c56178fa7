//! Protects what is sent to a third party from the owner of the account there.

use crate::facts::outside::variables;
use crate::names::NameClass;
use crate::rule::{Blocks, Need, Rule, Sink};
use crate::subject::Subject;
use crate::view::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-008",
    title: "the account at a third party is the deployer's",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Compose],
    remedy: "say what the account's owner can see of the users",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for variable in variables(subject, Provenance::Operator) {
        let severity = if variable.is(NameClass::ThirdPartyCredential) {
            Severity::Medium
        } else if variable.is(NameClass::PublishableKey) {
            Severity::Low
        } else {
            continue;
        };
        sink.add(variable.note().severity(severity));
    }
}
