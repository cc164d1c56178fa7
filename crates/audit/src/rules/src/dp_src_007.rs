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
    check,
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

/// Fetches a file from another machine; a request to the own one is none.
pub(in crate::rules) fn fetches_file(command: &Command) -> bool {
    let fetcher = matches!(command.program(), "curl" | "wget" | "aria2c");
    let remote = |word: &String| is_remote(word) && !is_own_machine(word);
    fetcher && !command.has("--unix-socket") && command.arguments().iter().any(remote)
}

fn is_own_machine(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or(url);
    ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"].iter().any(|own| host.starts_with(own))
}

fn is_remote(word: &str) -> bool {
    ["http://", "https://", "ftp://", "git://", "git@", "$"].iter().any(|prefix| word.starts_with(prefix))
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

pub(in crate::rules) fn is_checksum(command: &Command) -> bool {
    let sums = ["sha256sum", "sha512sum", "sha384sum", "shasum", "b2sum"].contains(&command.program());
    sums && (command.has_flag('c', "--check") || command.has("--check"))
}
