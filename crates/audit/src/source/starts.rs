//! What an image starts: its entry point and command, the scripts that these name, and lists of processes.

use super::dockerfile::{Build, Step};
use super::kind::FileKind;
use super::{Source, SourceFile};
use crate::script::{Command, commands_of};
use crate::subject::Subject;
use std::collections::BTreeSet;
use veritee_model::{Budget, Place};

/// Commands that run when the container starts, with the text that they stand in.
pub(crate) struct Started<'a> {
    pub(crate) commands: Vec<Command>,
    at: At<'a>,
    what: String,
}

enum At<'a> {
    Build(&'a Build, usize),
    File(&'a SourceFile),
    /// A line of a file.
    Line(&'a SourceFile, usize),
}

impl Started<'_> {
    pub(crate) fn place(&self, command: &Command) -> Place {
        match self.at {
            At::Build(build, offset) => build.place(offset),
            At::File(file) => file.place(command.offset),
            At::Line(file, offset) => file.place(offset),
        }
    }

    pub(crate) fn evidence(&self, command: &Command) -> String {
        format!("{}: {}", self.what, command.text())
    }
}

/// Everything that live images start, in the order of the files.
pub(crate) fn started<'a>(subject: &'a Subject<'_>) -> Vec<Started<'a>> {
    let budget = &subject.context.budget;
    let mut found = Vec::new();
    let mut named: BTreeSet<String> = BTreeSet::new();
    for build in subject.live_builds() {
        for step in build.stages().iter().flat_map(|stage| &stage.steps) {
            let Step::Start { commands, words, offset } = step else { continue };
            let programs = commands.iter().flat_map(|command| &command.words).chain(words);
            named.extend(programs.map(|word| word.rsplit('/').next().unwrap_or(word).to_owned()));
            let what = "the image starts".to_owned();
            found.push(Started { commands: commands.clone(), at: At::Build(build, *offset), what });
        }
    }
    let Some(source) = &subject.source else { return found };
    let scripts = entry_points(source, &named);
    for file in &scripts {
        let what = format!("{} at the start", file.name());
        let commands = commands_of(&file.text, budget);
        found.push(Started { commands, at: At::File(file), what });
    }
    for file in source.files.iter().filter(|file| !file.test_like) {
        lines(file, budget, &mut found);
    }
    found
}

/// Scripts that the image starts by name, and those whose name says that they are an entry point; a script that one of
/// them calls is one too.
fn entry_points<'a>(source: &'a Source<'_>, named: &BTreeSet<String>) -> Vec<&'a SourceFile> {
    const STEMS: &[&str] = &["entrypoint", "docker-entrypoint", "docker-start", "container-start"];
    let candidates: Vec<&SourceFile> = source
        .files
        .iter()
        .filter(|file| !file.test_like && matches!(file.kind, FileKind::Shell | FileKind::Other))
        .filter(|file| {
            file.kind == FileKind::Shell && file.name().contains('.') || file.text.starts_with("#!")
        })
        .collect();
    let mut known: BTreeSet<String> = named.clone();
    let mut found: Vec<&SourceFile> = Vec::new();
    // Each pass can only add; few are needed, and hostile chains are cut.
    for _ in 0..4 {
        let before = found.len();
        for file in &candidates {
            let stem = file.name().split('.').next().unwrap_or("");
            let is_entry = STEMS.contains(&stem) || known.contains(file.name());
            let service = file.name() == "run"
                && ["services.d/", "s6-rc.d/", "/sv/"].iter().any(|part| file.path.contains(part));
            if (is_entry || service) && !found.iter().any(|known| known.path == file.path) {
                found.push(file);
                known.extend(called(&file.text));
            }
        }
        if found.len() == before {
            break;
        }
    }
    found
}

/// Last parts of words that end in `.sh`: scripts that a script calls.
fn called(text: &str) -> Vec<String> {
    let words =
        text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '&' | '|' | '(' | ')'));
    let scripts = words.filter(|word| word.ends_with(".sh"));
    scripts.map(|word| word.rsplit('/').next().unwrap_or(word).to_owned()).collect()
}

/// Lists of processes: supervisord, Procfile, systemd units, crontabs.
fn lines<'a>(file: &'a SourceFile, budget: &Budget, found: &mut Vec<Started<'a>>) {
    let name = file.name().to_ascii_lowercase();
    let supervisor = name.contains("supervisor") || file.text.contains("[program:");
    let unit = [".service", ".timer", ".socket"].iter().any(|tail| name.ends_with(tail));
    let procfile = name == "procfile" || name.starts_with("procfile.");
    let cron = name.contains("crontab") || file.path.contains("cron.d/") || name.ends_with(".cron");
    if file.kind == FileKind::Code || !(supervisor || unit || procfile || cron) {
        return;
    }
    let mut offset = 0_usize;
    for line in file.text.split_inclusive('\n') {
        let start = offset;
        offset = offset.saturating_add(line.len());
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        let command = if supervisor {
            trimmed.strip_prefix("command").and_then(|rest| rest.trim_start().strip_prefix('='))
        } else if unit {
            trimmed.strip_prefix("Exec").and_then(|rest| rest.split_once('=')).map(|(_, command)| command)
        } else if procfile {
            trimmed.split_once(':').map(|(_, command)| command)
        } else {
            scheduled(trimmed)
        };
        if let Some(command) = command {
            let commands = commands_of(command.trim().trim_start_matches(['-', '@', '+']), budget);
            let what = format!("{} starts", file.name());
            found.push(Started { commands, at: At::Line(file, start), what });
        }
    }
}

/// The command of a line of a crontab: five fields or `@daily` before it.
fn scheduled(line: &str) -> Option<&str> {
    let fields = if line.starts_with('@') { 1 } else { 5 };
    let mut rest = line;
    for _ in 0..fields {
        rest = rest.split_once(char::is_whitespace)?.1.trim_start();
    }
    Some(rest)
}
