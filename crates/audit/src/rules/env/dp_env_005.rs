use super::variables;
use crate::names::{NameClass, flag_severity};
use crate::rule::{Blocks, Need, Rule, Sink};
use crate::subject::Subject;
use crate::view::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-005",
    title: "whoever deploys switches behaviour",
    severity: Severity::High,
    blocks: Blocks::From(Severity::Critical),
    needs: &[Need::Compose],
    remedy: "write the switch literally into the compose file",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for variable in variables(subject, Provenance::Operator) {
        let severity = match variable.class {
            NameClass::Flag => flag_severity(variable.name),
            NameClass::RuntimeHook => Severity::Critical,
            _ => continue,
        };
        sink.add(variable.note().severity(severity));
    }
}
