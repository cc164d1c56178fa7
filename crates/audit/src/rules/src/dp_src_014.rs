//! Protects the code that runs from what a server hands out on the day of the start.

use crate::facts::downloads::{fetches_code, is_checksum};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::source::starts::started;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-014",
    title: "the image fetches code when it starts",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Build],
    remedy: "put it into the image at build time, checked by a hash",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for group in started(subject) {
        let checked = group.commands.iter().any(is_checksum);
        for (index, command) in group.commands.iter().enumerate() {
            let next = group.commands.get(index.saturating_add(1));
            if let Some(why) = fetches_code(command, next, checked) {
                let evidence = format!("{} ({why})", group.evidence(command));
                sink.add(Note::fail(&group.place(command), evidence).about(command.program()));
            }
        }
    }
}
