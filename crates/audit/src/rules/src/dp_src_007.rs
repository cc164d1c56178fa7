//! Protects the code that is built from whoever serves a download.

use crate::facts::downloads::{fetches_file, is_checksum, is_remote};
use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script::Command;
use crate::source::dockerfile::{Step, is_full_checkout};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-007",
    title: "download without checksum in the build",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Build],
    remedy: "check a SHA-256 in the same RUN (sha256sum -c), use ADD --checksum, or check out a full commit",
    answers: &[
        Item::Q5.fails_from(Severity::Medium),
        Item::E3.tells(),
        Item::M4.tells(),
        Item::Inputs.fails(),
    ],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for build in subject.live_builds() {
        for stage in build.stages() {
            for (index, step) in stage.steps.iter().enumerate() {
                let later = stage.steps.get(index..).unwrap_or(&[]);
                for (offset, evidence) in downloads(step, later) {
                    sink.add(Note::fail(&build.place(offset), evidence));
                }
            }
        }
    }
}

fn downloads(step: &Step, later: &[Step]) -> Vec<(usize, String)> {
    match step {
        Step::Run { commands, offset, .. } => {
            let checked = commands.iter().any(is_checksum);
            commands
                .iter()
                .filter(|command| {
                    let file = fetches_file(command) && (!checked || command.piped);
                    file || clones(command) && !later.iter().any(checks_out)
                })
                .map(|command| (*offset, command.text()))
                .collect()
        }
        Step::Add { sources, checksum: false, offset } => sources
            .iter()
            .filter(|source| is_remote(source) && !is_pinned_git(source))
            .map(|source| (*offset, format!("ADD {source}")))
            .collect(),
        _ => Vec::new(),
    }
}

fn checks_out(step: &Step) -> bool {
    matches!(step, Step::Run { commands, .. } if commands.iter().any(is_full_checkout))
}

fn is_pinned_git(url: &str) -> bool {
    url.rsplit_once('#').is_some_and(|(_, fragment)| {
        let reference = fragment.split(':').next().unwrap_or(fragment);
        reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn clones(command: &Command) -> bool {
    command.program() == "git" && command.subcommand() == Some("clone") && !is_full_checkout(command)
}
