use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-012",
    title: "a script pulls images at every boot",
    severity: Severity::Info,
    blocks: Blocks::Never,
    needs: &[Need::Manifest],
    remedy: "",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for (script, item) in script::all(subject) {
        if script::is_pull(&item.command) {
            sink.add(Note::info(&item.place(script), item.evidence(script)));
        }
    }
}
