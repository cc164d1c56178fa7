//! Protects the rebuild from packages of whatever version there is today.

use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script::Command;
use crate::source::dockerfile::Step;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-005",
    title: "system packages without version",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Build],
    remedy: "pin each package's version, or install from a snapshot of the mirror",
    answers: &[Item::Inputs.fails()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for build in subject.live_builds() {
        for step in build.stages().iter().flat_map(|stage| &stage.steps) {
            let Step::Run { commands, offset, .. } = step else { continue };
            for command in commands.iter().filter(|command| is_unpinned(command)) {
                sink.add(Note::fail(&build.place(*offset), command.text()).about(command.program()));
            }
        }
    }
}

fn is_unpinned(command: &Command) -> bool {
    let verb = command.subcommand();
    let (installs, pin) = match command.program() {
        "apk" => (verb == Some("add"), "="),
        "yum" | "dnf" | "microdnf" | "zypper" => (verb == Some("install"), "-"),
        _ => return false,
    };
    let packages = command.arguments().iter().skip_while(|word| Some(word.as_str()) != verb).skip(1);
    installs
        && packages.filter(|word| !word.starts_with(['-', '.', '$', '/', '>', '<'])).any(|package| {
            // rpm pins as name-1.2; a plain hyphen in a name is no version.
            !package.split(pin).skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '~'))
        })
}
