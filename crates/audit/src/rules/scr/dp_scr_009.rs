//! What is printed is in the log.

use crate::facts::printed::{loops, prints_secret, revealed};
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use std::collections::BTreeSet;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-009",
    title: "a script prints secrets",
    severity: Severity::High,
    needs: &[Need::Manifest],
    remedy: "never print secrets or trace commands that hold them",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    // Over all scripts: a name that is used twice is judged by either.
    let scripts = subject.view.iter().flat_map(|view| &view.scripts);
    let secret: BTreeSet<String> = scripts.flat_map(|script| loops(script.text())).collect();
    let scripts = subject.view.iter().flat_map(|view| &view.scripts);
    let assigned = scripts.flat_map(|script| {
        script.source.assignments.iter().filter_map(move |assignment| {
            // As it stands, with the commands whose output it is.
            let span = assignment.value.as_ref()?.span;
            Some((assignment.name.as_str(), script.text().get(span.start..span.end)?.to_owned()))
        })
    });
    let plain: BTreeSet<String> = revealed(assigned).into_iter().collect();
    for (script, item) in subject.commands() {
        let command = &item.command;
        let traces = command.program() == "set" && (command.has_flag('x', "xtrace") || command.has("xtrace"));
        if traces || prints_secret(command, &secret, &plain) {
            sink.add(Note::fail(&item.place(script), item.evidence(script)));
        }
    }
}
