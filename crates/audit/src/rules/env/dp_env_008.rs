//! Protects what is sent to a third party from the owner of the account there.

use crate::facts::outside::variables;
use crate::item::Item;
use crate::names::{NameClass, is_account_name};
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
    let Some(view) = &subject.view else { return };
    for variable in variables(subject, Provenance::Operator) {
        let (class, severity) = if variable.is(NameClass::ThirdPartyCredential) {
            // A store's own password is its administration's, which another rule judges.
            if variable.administers_store(view) {
                continue;
            }
            // A user's name opens nothing, as long as nothing takes it for something else.
            let named_only = variable.read_as().into_iter().all(is_account_name);
            let opens_nothing = named_only || variable.opens_only_inside(view);
            (NameClass::ThirdPartyCredential, if opens_nothing { Severity::Low } else { Severity::Medium })
        } else if variable.is(NameClass::PublishableKey) {
            (NameClass::PublishableKey, Severity::Low)
        } else {
            continue;
        };
        sink.add(variable.note_of(class).severity(severity));
    }
}
