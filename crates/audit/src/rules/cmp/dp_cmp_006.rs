//! Protects the code that runs from what a server hands out on the day of the start.

use crate::facts::repository;
use crate::facts::words::command_words;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::rules::src::{fetches_file, is_checksum};
use crate::script::Command;
use crate::subject::Subject;
use crate::view::Service;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-006",
    title: "code is fetched when the container starts",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Compose],
    remedy: "put it into the image",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for (entry, why) in repository::moving_revisions(service) {
            let evidence =
                format!("{} environment.{}: {} ({why})", service.name, entry.name, entry.value.raw);
            sink.add(Note::fail(&entry.value.place, evidence).about(&service.name));
        }
        hub_code(service, sink);
        for program in &service.programs {
            let (path, commands) = (&program.path, &program.commands);
            let checked = commands.iter().any(is_checksum);
            for (index, command) in commands.iter().enumerate() {
                let next = commands.get(index.saturating_add(1));
                if let Some(why) = fetches_code(command, next, checked) {
                    let evidence = format!("{} {path}: {} ({why})", service.name, command.text());
                    sink.add(Note::fail(&program.place, evidence).about(&service.name));
                }
            }
        }
    }
}

const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "zsh", "python", "python3", "node", "perl", "ruby"];

/// Why a command brings code from outside, if it does; `checked` says that a checksum is compared beside it.
pub(in crate::rules) fn fetches_code(
    command: &Command,
    next: Option<&Command>,
    checked: bool,
) -> Option<&'static str> {
    let verb = command.subcommand();
    let piped = command.piped && next.is_some_and(|next| SHELLS.contains(&next.program()));
    match command.program() {
        "curl" | "wget" if piped => Some("downloaded straight into an interpreter"),
        "wget" if fetches_file(command) && !checked => Some("downloaded without checksum"),
        "curl"
            if fetches_file(command)
                && !checked
                && (command.has_flag('o', "--output") || command.has_flag('O', "--remote-name")) =>
        {
            Some("downloaded without checksum")
        }
        "pip" | "pip3" | "gem" | "cargo" | "go" if verb == Some("install") => {
            Some("installs what the index has today")
        }
        "npm" | "yarn" | "pnpm" if matches!(verb, Some("install" | "i" | "add" | "ci")) => {
            Some("installs what the registry has today")
        }
        "npx" | "uvx" | "pipx" | "bunx" => Some("fetches and runs"),
        "apt-get" | "apt" | "apk" | "yum" | "dnf" if command.has("install") || command.has("add") => {
            Some("installs what the mirror has today")
        }
        "git" if matches!(verb, Some("clone" | "pull")) => Some("fetches sources"),
        "sh" | "bash" | "ash" | "eval" if command.words.iter().skip(1).any(|word| word.starts_with('$')) => {
            Some("runs what a variable holds")
        }
        _ => None,
    }
}

/// Models whose repositories bring code along, without a commit that holds it fast.
fn hub_code(service: &Service, sink: &mut Sink<'_>) {
    for key in ["command", "entrypoint"] {
        let values: Vec<_> = service.below(key).map(|(_, value)| value).collect();
        let words: Vec<String> = values.iter().flat_map(|value| command_words(&value.effective())).collect();
        let trusts = words.iter().any(|word| word.starts_with("--trust-remote-code"));
        let pinned = |flag: &str| {
            let after = words.windows(2).find(|pair| pair.first().is_some_and(|word| word == flag));
            let joined = words.iter().find_map(|word| word.strip_prefix(flag)?.strip_prefix('='));
            let commit = after.and_then(|pair| pair.last()).map(String::as_str).or(joined);
            commit.is_some_and(|commit| {
                commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
        };
        let Some(first) = values.first().filter(|_| trusts) else { continue };
        // A folder of the image is no hub.
        let local = words.iter().any(|word| word.starts_with('/') && !word.contains("bin/"));
        if !(local || pinned("--code-revision") || pinned("--revision")) {
            let evidence = format!("{} {key}: --trust-remote-code without a pinned revision", service.name);
            sink.add(Note::fail(&first.place, evidence).about(&service.name));
        }
    }
}
