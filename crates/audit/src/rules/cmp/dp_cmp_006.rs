use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::rules::src::{fetches_file, is_checksum};
use crate::script::Command;
use crate::subject::Subject;
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
        for program in &service.programs {
            let (path, commands) = (&program.path, &program.commands);
            let checked = commands.iter().any(is_checksum);
            for (index, command) in commands.iter().enumerate() {
                let next = commands.get(index.saturating_add(1));
                if let Some(why) = fault(command, next, checked) {
                    let evidence = format!("{} {path}: {} ({why})", service.name, command.text());
                    sink.add(Note::fail(&program.place, evidence).about(&service.name));
                }
            }
        }
    }
}

const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "zsh", "python", "python3", "node", "perl", "ruby"];

fn fault(command: &Command, next: Option<&Command>, checked: bool) -> Option<&'static str> {
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
