//! Protects the code that runs: which program, with which arguments, of which commit and model, out of which folder.

use crate::facts::arrival::{Arrival, Ground};
use crate::facts::outside::variables;
use crate::facts::repository;
use crate::facts::words::{MANY, MARK, Mentioned, Role, command_words, marked, roles};
use crate::field::list_of;
use crate::item::Item;
use crate::names::NameClass;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::{EnvironmentEntry, Service, View};
use core::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-021",
    title: "whoever deploys chooses what runs",
    severity: Severity::High,
    blocks: Blocks::From(Severity::Critical),
    needs: &[Need::Compose],
    remedy: "write the command literally; pass values as environment variables, not into the text of a shell",
    answers: &[Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        commands(service, sink);
        evaluated(service, sink);
        folder(service, sink);
        models(view, service, sink);
        for (entry, why) in repository::chosen_revisions(service) {
            let evidence =
                format!("{} environment.{}: {} ({why})", service.name, entry.name, entry.value.raw);
            let note = Note::fail(&entry.value.place, evidence).severity(Severity::Critical);
            sink.add(note.about(service.name));
        }
    }
    configs(view, sink);
    for variable in variables(subject, Provenance::Operator) {
        // Whole arguments, the text of a shell and files of code are said above.
        let own = variable.at(|used, arrival| {
            let judged = *arrival == Arrival::Judged && !used.sink.starts_with("environment.");
            !judged && !used.sink.ends_with(".content")
        });
        if variable.is(NameClass::Code) && (!own.uses.is_empty() || variable.uses.is_empty()) {
            sink.add(own.note_of(NameClass::Code));
        }
    }
}

/// Values from outside in what is run.
fn commands(service: &Service<'_>, sink: &mut Sink<'_>) {
    // What a variable is in a line is one answer, wherever in it it stands.
    let mut lines: BTreeMap<(String, String), Option<(Severity, &str)>> = BTreeMap::new();
    let trusts = LazyCell::new(|| trusts_remote_code(service));
    for (path, value) in service.run() {
        if value.parts.len() > MANY {
            let evidence = format!("{} {path}: a text with more than {MANY} parts", service.name);
            sink.add(Note::unknown(&value.place, evidence).about(service.name));
            continue;
        }
        for name in value.chosen_through() {
            let key = (list_of(path).unwrap_or(path).to_owned(), name.to_owned());
            let gravest = lines.entry(key).or_insert_with(|| {
                roles(service, path, name).into_iter().filter_map(|role| judge(&trusts, &role)).max()
            });
            let Some((severity, why)) = *gravest else { continue };
            if !marked(value, name).contains(MARK) {
                continue;
            }
            let mut lines = value.raw.lines().filter(|line| line.contains('$'));
            let first = lines.clone().next();
            let line = lines.find(|line| line.contains(name)).or(first).unwrap_or(value.raw).trim();
            let evidence = format!("{} {path}: {line} ({why})", service.name);
            sink.add(Note::fail(&value.place, evidence).severity(severity).about(service.name));
        }
    }
}

fn judge<F: FnOnce() -> bool>(trusts: &LazyCell<bool, F>, role: &Role) -> Option<(Severity, &'static str)> {
    match role {
        Role::Program => Some((Severity::Critical, "the program itself")),
        Role::ShellText => Some((
            Severity::High,
            "compose puts the value into the text of a shell, which runs what is in it",
        )),
        Role::Evaluated => Some((Severity::Critical, "the text of a program")),
        Role::Model if **trusts => Some((Severity::Critical, "names the repository whose code is run")),
        Role::Model => Some((Severity::High, "names the model that is fetched and run")),
        Role::WholeArgument => Some((Severity::High, "whole arguments of the program")),
        Role::Named(_) | Role::Part | Role::Datum => None,
    }
}

fn trusts_remote_code(service: &Service<'_>) -> bool {
    service.run().any(|(_, value)| {
        command_words(&value.effective()).iter().any(|word| word.starts_with("--trust-remote-code"))
    })
}

/// Programs that run the text of a variable: `exec(os.environ["X"])`.
fn evaluated(service: &Service<'_>, sink: &mut Sink<'_>) {
    const EVALUATORS: &[&str] =
        &["exec(", "eval(", "Function(", "compile(", "system(", "popen(", "execSync(", "spawn("];
    let settable = |entry: &&EnvironmentEntry<'_>| entry.value.is_settable();
    let mut chosen: BTreeMap<&str, Vec<&EnvironmentEntry<'_>>> = BTreeMap::new();
    for entry in service.environment.iter().filter(settable) {
        chosen.entry(entry.name).or_default().push(entry);
    }
    for program in &service.programs {
        for command in &program.commands {
            let text = if command.program() == "eval" {
                command.text()
            } else {
                command.words.first().cloned().unwrap_or_default()
            };
            for entry in expanded(&text).into_iter().filter_map(|name| chosen.get(name)).flatten() {
                let evidence = format!(
                    "{} {}: {} (runs what {} holds)",
                    service.name,
                    program.path,
                    command.text(),
                    entry.name
                );
                let note = Note::fail(&program.place, evidence).severity(Severity::Critical);
                sink.add(note.about(service.name));
            }
        }
    }
    for (path, value) in service.run() {
        let text = value.effective();
        if !EVALUATORS.iter().any(|evaluator| text.contains(evaluator)) {
            continue;
        }
        let mentioned = Mentioned::of([text.as_str()]);
        for entry in service.environment.iter().filter(settable).filter(|entry| mentioned.has(entry.name)) {
            let evidence = format!("{} {path}: {} (runs what {} holds)", service.name, value.raw, entry.name);
            let note = Note::fail(&value.place, evidence).severity(Severity::Critical);
            sink.add(note.about(service.name));
        }
    }
}

/// The variables that a shell puts there, each once.
fn expanded(text: &str) -> BTreeSet<&str> {
    let names = text.match_indices('$').filter_map(|(at, _)| {
        let rest = text.get(at.saturating_add(1)..)?.trim_start_matches(['{', '!', '#']);
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        rest.get(..end).filter(|name| !name.is_empty())
    });
    names.collect()
}

/// Relative programs and modules are taken from the working folder.
fn folder(service: &Service<'_>, sink: &mut Sink<'_>) {
    if let Some(value) = service.scalar("working_dir").filter(|value| value.is_settable()) {
        let evidence =
            format!("{} working_dir: {} (relative code is taken from there)", service.name, value.raw);
        sink.add(Note::fail(&value.place, evidence).about(service.name));
    }
}

fn models(view: &View<'_>, service: &Service<'_>, sink: &mut Sink<'_>) {
    for (path, value) in service.below("models").filter(|(_, value)| value.is_settable()) {
        let evidence = format!("{} {path}: {} (which model is fetched and run)", service.name, value.raw);
        sink.add(Note::fail(&value.place, evidence).about(service.name));
    }
    if !service.has("models") {
        return;
    }
    // Each is named with every service that has models, up to what is listed at all.
    for (path, value) in view.globals_below("models").filter(|(_, value)| value.is_settable()) {
        if sink.is_full() {
            return;
        }
        let evidence = format!("{path}: {} (which model is fetched and run)", value.raw);
        sink.add(Note::fail(&value.place, evidence).about(service.name));
    }
}

/// Text from outside in a file that is run or loaded as code.
fn configs(view: &View<'_>, sink: &mut Sink<'_>) {
    let ground = Ground::of(view);
    for service in view.active() {
        for (path, value) in &service.configs {
            if value.is_settable() && ground.is_code(path, value) {
                let line = value.raw.lines().find(|line| line.contains('$')).unwrap_or(value.raw).trim();
                let evidence = format!("{path}: {line} (a file that is run)");
                let note = Note::fail(&value.place, evidence).severity(Severity::Critical);
                sink.add(note.about(service.name));
            }
        }
    }
}
