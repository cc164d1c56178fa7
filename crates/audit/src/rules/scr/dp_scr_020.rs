//! What is extended into the log is read as a statement of the measured system.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-020",
    title: "a script extends the measured log with text from outside",
    severity: Severity::Medium,
    needs: &[Need::Manifest],
    remedy: "extend only text of the measured document, and say what the event means",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let mut executions = view.origins();
    for script in &view.scripts {
        for item in script.commands().iter().filter(|item| item.reachable) {
            let command = &item.command;
            let extends = match command.program() {
                "dstack-util" | "tdxctl" => command.words.iter().any(|word| word.starts_with("extend")),
                "curl" | "wget" => {
                    command.words.iter().any(|word| word.contains("EmitEvent") || word.contains("ExtendRt"))
                }
                _ => false,
            };
            let Some(source) = item.source(script).filter(|_| extends) else { continue };
            let mut origins = executions.input(script.index, item.index);
            // The answer of the guest agent is no part of what is extended.
            for word in source.words.iter().skip(1) {
                origins = origins.join(executions.word(script.index, word));
            }
            let outside = [Provenance::Remote, Provenance::Operator, Provenance::Host, Provenance::Unknown];
            if outside.iter().any(|party| origins.has(*party)) {
                sink.add(Note::manual(&item.place(script), item.evidence(script)));
            }
        }
    }
}
