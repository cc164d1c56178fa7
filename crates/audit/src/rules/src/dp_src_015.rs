//! Protects the machine from a person who works inside of it.

use crate::facts::interactive::gives_a_shell;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::source::starts::started;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-015",
    title: "the image starts a way in",
    severity: Severity::Critical,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "leave interactive access out of the image that is deployed",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for group in started(subject) {
        for command in group.commands.iter().filter(|command| gives_a_shell(command)) {
            let note = Note::fail(&group.place(command), group.evidence(command));
            sink.add(note.about(command.program()));
        }
    }
}
