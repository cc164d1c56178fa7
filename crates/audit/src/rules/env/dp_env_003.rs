use super::variables;
use crate::names::{NameClass, is_document, is_plain_endpoint};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-003",
    title: "whoever deploys chooses an endpoint that does not look like one",
    severity: Severity::High,
    blocks: Blocks::Always,
    needs: &[Need::Compose],
    remedy: "write the address literally into the compose file",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for variable in variables(subject, Provenance::Operator) {
        if variable.class == NameClass::Endpoint && !is_plain_endpoint(variable.name) {
            sink.add(variable.note());
        } else if variable.class == NameClass::Unknown && is_document(variable.name) {
            let evidence = format!("{} (a whole document: it can hold any address)", variable.evidence());
            sink.add(Note::warn(&variable.place(), evidence).about(variable.name).severity(Severity::Medium));
        }
    }
}
