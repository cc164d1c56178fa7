//! What is printed is in the log.

use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::rules::cmp::prints_secret;
use crate::script;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-009",
    title: "a script prints secrets",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Manifest],
    remedy: "never print secrets or trace commands that hold them",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for (script, item) in script::all(subject) {
        let command = &item.command;
        let traces = command.program() == "set" && (command.has_flag('x', "xtrace") || command.has("xtrace"));
        if traces || prints_secret(command) {
            sink.add(Note::fail(&item.place(script), item.evidence(script)));
        }
    }
}
