//! What is measured must be what runs: the script is sourced by the shell that then starts the application.

use crate::item::Item;
use crate::pattern::pattern;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script::{GUEST_CALLS, Script, ScriptCommand, Write};
use crate::subject::Subject;
use crate::view::View;
use std::collections::BTreeSet;
use veritee_compose::Provenance;
use veritee_compose::script::{Assignment, WriteKind};
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-004",
    title: "a script replaces the measured compose file",
    severity: Severity::Critical,
    blocks: Blocks::Always,
    needs: &[Need::Manifest],
    remedy: "leave docker-compose.yaml and .env alone: what is measured must be what runs",
    answers: &[Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

pattern!(
    TARGET,
    r"(?:^|/)(?:docker-compose[\w.-]*\.ya?ml|compose[\w.-]*\.ya?ml|\.env|app-compose\.json)$",
    ["compose", ".env"]
);
pattern!(
    MENTION,
    r"(?:docker-compose[\w.-]*\.ya?ml|\bcompose[\w.-]*\.ya?ml|[/'\x22]\.env\b|app-compose\.json)",
    ["compose", ".env"]
);
pattern!(
    WRITES,
    r"(?i)open\s*\([^)]*,\s*(?:mode\s*=\s*)?['\x22][rb+]*[wax]|write|copy|rename|replace\s*\(|dump|unlink|symlink|move|>|File\."
);

/// Programs by which the guest reads the document and starts the application.
const STARTERS: &[&str] = &[
    "docker",
    "docker-compose",
    "jq",
    "nerdctl",
    "systemctl",
    "dstack-util",
    "bash",
    "sh",
    "containerd",
    "dockerd",
    "runc",
];

/// Folders in which the guest looks for programs anyway.
const FOLDERS: &[&str] = &[
    "/bin",
    "/sbin",
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for write in subject.writes() {
        if is_same_again(&write) {
            let evidence = format!("{} (the same text again)", write.evidence());
            sink.add(Note::pass(&write.place(), evidence));
        } else if let Some(why) = replaces(&write).or_else(|| named_by_variable(&write)) {
            sink.add(Note::fail(&write.place(), format!("{} ({why})", write.evidence())));
        }
    }
    for script in &view.scripts {
        overridden(script, sink);
        assigned(script, view, sink);
    }
    for (script, item) in subject.commands() {
        if let Some(why) = redirects(item) {
            sink.add(Note::fail(&item.place(script), format!("{} ({why})", item.evidence(script))));
        }
    }
    for execution in view.executions() {
        let writes = |text: &String| MENTION.is_match(text) && WRITES.is_match(text);
        if execution.text.as_ref().is_some_and(writes)
            && let Some(script) = view.scripts.get(execution.script)
            && let Some(item) = script.item(execution.command)
        {
            let evidence = format!("{} (a program that writes it)", item.evidence(script));
            sink.add(Note::fail(&item.place(script), evidence));
        }
    }
}

/// `jq -r .docker_compose_file app-compose.json > docker-compose.yaml`: what the guest does itself.
fn is_same_again(write: &Write<'_>) -> bool {
    let words = &write.item.command.words;
    let has = |mark: &str| words.iter().any(|word| word.ends_with(mark));
    write.item.index == write.write.command
        && write.item.command.program() == "jq"
        && words.iter().any(|word| word.starts_with('-') && word.contains(['r', 'j']))
        && has(".docker_compose_file")
        && has("app-compose.json")
        && write.write.kind == WriteKind::Replace
        && write.write.provenance == Provenance::Measured
        && write.path().ends_with("docker-compose.yaml")
}

fn replaces(write: &Write<'_>) -> Option<&'static str> {
    let path = write.path();
    let path = path.trim_matches(['"', '\'']);
    if TARGET.is_match(path) {
        return Some("it decides what is started");
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let in_path =
        FOLDERS.iter().any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest == format!("/{name}")));
    if in_path && STARTERS.contains(&name) || path.contains("/cli-plugins/") {
        return Some("a program that starts the application");
    }
    if path == "/etc/ld.so.preload" || path.starts_with("/etc/ld.so.conf") || path == "/etc/environment" {
        return Some("it changes every program that starts");
    }
    let is_computed = write.write.target.literal().is_none();
    let may_be = path.ends_with("yaml")
        || path.ends_with("yml")
        || path.ends_with(".env")
        || path.ends_with("compose.json");
    (is_computed && may_be).then_some("its name is computed")
}

/// A path held in a variable of which the folder is not known, and the last part is: `F="$D/.env"; cat > "$F"`.
fn named_by_variable(write: &Write<'_>) -> Option<&'static str> {
    let path = write.path();
    let name = path.trim_matches(['"', '\'']).strip_prefix('$')?.trim_matches(['{', '}']).to_owned();
    let assigned = write.script.source.assignments.iter().filter(|assignment| assignment.name == name);
    let mut values = assigned.filter_map(|assignment| assignment.value.as_ref());
    values
        .any(|value| TARGET.is_match(value.shown().trim_matches(['"', '\''])))
        .then_some("it may decide what is started: its folder is computed")
}

/// Functions and aliases that stand in the place of programs which the guest calls next.
fn overridden(script: &Script<'_>, sink: &mut Sink<'_>) {
    let source = script.source;
    if !script.is_pre_launch() {
        return;
    }
    let mut seen = BTreeSet::new();
    for (index, command) in source.commands.iter().enumerate() {
        let Some(function) = command.function.as_deref().filter(|name| GUEST_CALLS.contains(name)) else {
            continue;
        };
        if seen.insert(function)
            && let Some(item) = script.item(index)
        {
            let evidence =
                format!("{} ({function} is something else for the guest too)", item.evidence(script));
            sink.add(Note::fail(&item.place(script), evidence));
        }
    }
}

/// Variables of the guest's shell that decide what `docker compose` reads, where it connects to, and what is loaded.
fn assigned(script: &Script<'_>, view: &View<'_>, sink: &mut Sink<'_>) {
    let source = script.source;
    let mut seen = BTreeSet::new();
    for assignment in source.assignments.iter().filter(|assignment| !assignment.temporary) {
        let own = matches!(assignment.name.as_str(), "PATH" | "LD_PRELOAD" | "LD_LIBRARY_PATH" | "BASH_ENV");
        if !(assignment.exported || own) || !decides(assignment, view) {
            continue;
        }
        let (line, text) = script.line_at(assignment.span.start);
        if seen.insert((line, assignment.name.as_str())) {
            sink.add(Note::fail(&script.at_line(line), script.quote(line, text)));
        }
    }
}

fn decides(assignment: &Assignment, view: &View<'_>) -> bool {
    let name = assignment.name.as_str();
    let value = assignment.value.as_ref();
    let literal = value.and_then(|word| word.literal());
    if name.starts_with("BASH_FUNC_") {
        return true;
    }
    let is_control =
        matches!(name, "COMPOSE_PROFILES" | "ENV" | "DOCKER_CLI_PLUGIN_EXTRA_DIRS" | "CONTAINERD_ADDRESS")
            || crate::names::process_control(name, view.has_profiles) == Some(Severity::Critical);
    match name {
        "PATH" | "LD_LIBRARY_PATH" => value.is_none_or(|word| !has_only_system_folders(&word.shown())),
        // Harmless where the document itself says what they are.
        "COMPOSE_PROJECT_NAME" | "IFS" | "PS4" | "CDPATH" | "GLOBIGNORE" | "TMPDIR" => {
            is_control && !assignment.provenance.is_fixed()
        }
        "DOCKER_HOST" => {
            literal != Some("unix:///var/run/docker.sock") && literal != Some("unix:///run/docker.sock")
        }
        "DOCKER_CONFIG" => literal != Some("/root/.docker"),
        _ => is_control && literal != Some(""),
    }
}

/// Whether everything before the old value is a folder of the measured system.
fn has_only_system_folders(value: &str) -> bool {
    let is_old =
        |entry: &str| matches!(entry, "$PATH" | "${PATH}" | "$LD_LIBRARY_PATH" | "${LD_LIBRARY_PATH}");
    let entries = value.split(':').take_while(|entry| !is_old(entry));
    let mut entries = entries.filter(|entry| !entry.starts_with("${LD_LIBRARY_PATH:"));
    entries.all(|entry| FOLDERS.contains(&entry.trim_end_matches('/')))
}

/// Mounts over programs or over the document, and other ways to put a program in the place of another.
fn redirects(item: &ScriptCommand) -> Option<&'static str> {
    let command = &item.command;
    let arguments = command.arguments();
    let names_starter = |word: &String| STARTERS.contains(&word.rsplit('/').next().unwrap_or(word));
    match command.program() {
        "mount" => {
            let over = arguments.last()?;
            (TARGET.is_match(over) || over.contains('/') && names_starter(over)).then_some("mounted over it")
        }
        "hash" if command.has("-p") && arguments.iter().any(names_starter) => {
            Some("another program under its name")
        }
        "enable" if command.has("-f") => Some("code is loaded into the guest's shell"),
        "git" | "patch" | "rm" | "unlink" => {
            // Without the file the guest writes it anew out of the document.
            None
        }
        _ => None,
    }
}
