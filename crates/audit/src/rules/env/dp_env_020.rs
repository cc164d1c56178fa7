//! Protects the accounts, buckets and contracts that results go to.

use crate::facts::outside::variables;
use crate::item::Item;
use crate::names::{NameClass, is_contact, is_ledger_destination};
use crate::rule::{Need, Rule, Sink};
use crate::subject::Subject;
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-020",
    title: "whoever deploys chooses a destination",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "write the account, bucket or contract literally into the compose file",
    answers: &[Item::M8.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for variable in variables(subject, Provenance::Operator) {
        if variable.is(NameClass::Destination) {
            let severity = if is_ledger_destination(variable.name) {
                Severity::High
            } else if variable.read_as().into_iter().all(is_contact) {
                Severity::Low
            } else {
                Severity::Medium
            };
            sink.add(variable.note_of(NameClass::Destination).severity(severity));
        }
    }
}
