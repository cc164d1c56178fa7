//! Protects the machine and its services from a login of whoever deploys.

use crate::facts::guest::is_development;
use crate::facts::outside::variables;
use crate::item::Item;
use crate::names::{NameClass, classify};
use crate::rule::{Blocks, Note, Rule, Sink};
use crate::subject::Subject;
use std::collections::BTreeSet;
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-009",
    title: "whoever deploys may set root's password or keys",
    severity: Severity::Medium,
    blocks: Blocks::From(Severity::Critical),
    needs: &[],
    remedy: "remove the name from allowed_envs",
    answers: &[Item::E4.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let severity = if is_development(&subject.context.os) { Severity::Critical } else { Severity::Medium };
    let mut named = BTreeSet::new();
    for variable in variables(subject, Provenance::Operator) {
        // What reaches a service opens that service, whatever the guest is.
        if variable.is(NameClass::RootAccess) && !variable.uses.is_empty() {
            named.insert(variable.name.to_owned());
            sink.add(variable.note_of(NameClass::RootAccess).severity(severity.max(Severity::High)));
        }
    }
    for name in view.allowed.iter().flatten().filter(|name| classify(name) == NameClass::RootAccess) {
        if !named.contains(*name) {
            let evidence = format!("allowed_envs names {name}");
            sink.add(Note::fail(&view.member("allowed_envs"), evidence).severity(severity).about(*name));
        }
    }
}
