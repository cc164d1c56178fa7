//! Protects what is sent to a third party from the owner of the account there.

use crate::facts::outside::variables;
use crate::item::Item;
use crate::names::NameClass;
use crate::rule::{Need, Rule, Sink};
use crate::subject::Subject;
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-008",
    title: "the account at a third party is the deployer's",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "say what the account's owner can see of the users",
    answers: &[Item::M2.tells()],
    check,
    ..Rule::PLAIN
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
