//! Protects where data goes, where the name does not say that it is an address.

use crate::facts::outside::variables;
use crate::item::Item;
use crate::names::{NameClass, is_document, is_plain_endpoint};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-003",
    title: "whoever deploys chooses an endpoint that does not look like one",
    severity: Severity::High,
    blocks: Blocks::Always,
    needs: &[Need::Compose],
    remedy: "write the address literally into the compose file",
    answers: &[Item::Q1.fails(), Item::M1.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for variable in variables(subject, Provenance::Operator) {
        if variable.is(NameClass::Endpoint) && !is_plain_endpoint(variable.name) {
            match variable.endpoint_severity() {
                Severity::Info => {
                    sink.add(Note::info(&variable.place(), variable.evidence()).about(variable.name));
                }
                severity => sink.add(variable.note_of(NameClass::Endpoint).severity(severity)),
            }
        } else if variable.is(NameClass::Unknown) && is_document(variable.name) {
            let evidence = format!("{} (a whole document: it can hold any address)", variable.evidence());
            sink.add(Note::warn(&variable.place(), evidence).about(variable.name).severity(Severity::Medium));
        }
    }
}
