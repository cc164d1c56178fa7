use super::variables;
use crate::names::{NameClass, is_document};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-019",
    title: "whoever deploys chooses a setting",
    severity: Severity::Info,
    blocks: Blocks::Never,
    needs: &[Need::Compose],
    remedy: "",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for variable in variables(subject, Provenance::Operator) {
        let document = variable.class == NameClass::Unknown && is_document(variable.name);
        if !document && matches!(variable.class, NameClass::Tuning | NameClass::Unknown | NameClass::Image) {
            sink.add(Note::info(&variable.place(), variable.evidence()).about(variable.name));
        }
    }
}
