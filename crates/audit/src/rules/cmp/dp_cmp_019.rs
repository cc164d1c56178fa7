//! Protects production from switches that were made for development.

use crate::facts::openings::{self, Kind};
use crate::facts::switches;
use crate::facts::ways_in::open_debugger;
use crate::facts::words::command_words;
use crate::field::Field;
use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::script::Command;
use crate::subject::Subject;
use crate::view::{EnvironmentEntry, Service};
use std::collections::BTreeMap;
use veritee_model::{Place, Severity};

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-019",
    title: "debugging or development is switched on",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "switch it off in production",
    answers: &[Item::Q7.opens(), Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let severity = if view.flag("public_logs") == Some(true) { Severity::High } else { Severity::Medium };
    for service in view.active() {
        simulator(service, sink);
        options(service, sink);
        let mut said = configurations(service, sink);
        for (value, text) in logs_all(service) {
            let evidence = format!("{}: {text}: everything that is handled goes to the log", service.name);
            sink.add(Note::fail(&value.place, evidence).severity(severity).about(service.name));
        }
        for entry in &service.environment {
            let text = entry.value.effective();
            let debugger = || {
                (open_debugger(text.split_whitespace()) == Some(false))
                    .then_some((Severity::Medium, "a debugger"))
            };
            let literal = entry.value.fixed().filter(|_| !entry.bare);
            let Some((grade, why)) =
                literal.and_then(|text| switches::judge(entry.name, &text)).or_else(debugger)
            else {
                if is_debug(entry) {
                    let evidence = format!("{} environment.{}: {text}", service.name, entry.name);
                    sink.add(Note::fail(&entry.value.place, evidence).severity(severity).about(entry.name));
                }
                continue;
            };
            let evidence = format!("{} environment.{}: {text} ({why})", service.name, entry.name);
            said.insert(entry.value.place.clone(), grade);
            sink.add(Note::fail(&entry.value.place, evidence).severity(grade).about(entry.name));
        }
        let checks = openings::of_kind(view, service.name, Kind::Check);
        for opening in checks.filter(|one| said.get(&one.place).is_none_or(|known| *known < one.severity)) {
            let note = Note::fail(&opening.place, &opening.evidence).severity(opening.severity);
            sink.add(note.about(service.name));
        }
        for opening in openings::of_kind(view, service.name, Kind::Log) {
            if !said.contains_key(&opening.place) || opening.evidence.contains(" configs.") {
                sink.add(
                    Note::fail(&opening.place, &opening.evidence).severity(severity).about(service.name),
                );
            }
        }
        for program in service.programs.iter().filter(|program| !program.path.starts_with("healthcheck")) {
            for command in program.commands.iter().filter(|command| develops(command)) {
                let evidence = format!(
                    "{} {}: {} (made for development: code is taken anew while it runs)",
                    service.name,
                    program.path,
                    command.text()
                );
                sink.add(Note::fail(&program.place, evidence).severity(severity).about(service.name));
            }
        }
    }
}

/// Options by which whoever reaches a program stops it, or has it read its settings anew.
const MANAGED: &[&str] =
    &["--web.enable-lifecycle", "--web.enable-admin-api", "--enable-lifecycle", "--enable-admin-api"];

/// Options of what is run that turn a protection off: `--auth=none`, `--no-verify-attestation`.
fn options(service: &Service<'_>, sink: &mut Sink<'_>) {
    // Where each word of a list stands, once one of them was asked for.
    let mut words: BTreeMap<&str, BTreeMap<String, &Place>> = BTreeMap::new();
    for program in service.programs.iter().filter(|program| !program.path.starts_with("configs.")) {
        for command in &program.commands {
            let found = command.arguments().iter().filter(|word| word.starts_with("--")).find_map(|word| {
                let (name, value) = word.split_once('=').unwrap_or((word, "true"));
                let (severity, why) = switches::protection(name.trim_start_matches('-'), value)?;
                (severity >= Severity::High).then_some((word, why))
            });
            let managed = command.words.iter().find(|word| MANAGED.contains(&word.as_str()));
            if let Some(word) = managed {
                let why = "whoever reaches it stops it, or changes what it does";
                let evidence = format!("{} {}: {word} ({why})", service.name, program.path);
                let standing = words.entry(&program.path).or_insert_with(|| {
                    let mut first = BTreeMap::new();
                    for (_, value) in service.below(&program.path) {
                        first.entry(value.effective()).or_insert(&value.place);
                    }
                    first
                });
                let place = standing.get(word).copied().unwrap_or(&program.place);
                sink.add(Note::fail(place, evidence).severity(Severity::Medium).about(service.name));
            }
            if let Some((word, why)) = found {
                let evidence = format!("{} {}: {word} ({why})", service.name, program.path);
                sink.add(Note::fail(&program.place, evidence).severity(Severity::High).about(service.name));
            }
        }
    }
}

/// Lines of configuration files that turn a protection off, or let in whoever comes: the gravest of each file.
fn configurations(service: &Service<'_>, sink: &mut Sink<'_>) -> BTreeMap<Place, Severity> {
    let mut said = BTreeMap::new();
    for (path, value) in &service.configs {
        let text = value.effective();
        let mut heading = "";
        let mut found: Vec<(Severity, String)> = Vec::new();
        for line in text.split(['\n', '{', ',']) {
            let bare = line.trim();
            if let Some(name) = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                heading = name;
            } else if let Some((severity, why)) = switches::line(heading, bare.trim_end_matches('}')) {
                found.push((severity, format!("{bare} ({why})")));
            }
        }
        if let Some((severity, text)) = found.into_iter().max_by_key(|(severity, _)| *severity) {
            let note = Note::fail(&value.place, format!("{} {path}: {text}", service.name));
            sink.add(note.severity(severity).about(service.name));
            said.insert(value.place.clone(), severity);
        }
    }
    said
}

/// A literal that switches debugging or development on.
fn is_debug(entry: &EnvironmentEntry<'_>) -> bool {
    let Some(text) = entry.value.fixed().map(|text| text.trim().to_ascii_lowercase()) else { return false };
    let on = matches!(text.as_str(), "1" | "true" | "yes" | "on");
    let off = matches!(text.as_str(), "0" | "false" | "no" | "off");
    let words = crate::names::words(entry.name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    match entry.name {
        // The first directive without a target is the level of everything.
        "RUST_LOG" => {
            text.split(',').any(|part| !part.contains('=') && matches!(part.trim(), "trace" | "debug"))
        }
        "NODE_ENV" | "RAILS_ENV" | "APP_ENV" | "FLASK_ENV" | "ENVIRONMENT" => {
            matches!(text.as_str(), "development" | "dev" | "test" | "local" | "debug")
        }
        "LOG_LEVEL" | "LOGLEVEL" => matches!(text.as_str(), "trace" | "debug"),
        _ => {
            // Spans that a library records are not a program's own trace.
            let spans = words.first().is_some_and(|first| matches!(first.as_str(), "DD" | "OTEL" | "SENTRY"));
            if spans && has(&["TRACE"]) && !has(&["DEBUG"]) {
                return false;
            }
            // `INSECURE_SKIP_VERIFY`: how a check is left out, no thing of its own.
            if has(&["INSECURE", "UNSAFE"]) && has(&["VERIFY", "VERIFICATION", "AUTH"]) {
                return false;
            }
            let stands = if switches::is_turned(&words) { off } else { on };
            stands && has(&["DEBUG", "TRACE", "MOCK", "FAKE", "INSECURE", "UNSAFE", "DEV", "SIMULATOR"])
                || on && has(&["BYPASS"])
        }
    }
}

/// Runners in the mode that is for development: they watch files, and show what goes wrong.
fn develops(command: &Command) -> bool {
    let arguments = command.arguments();
    let has = |list: &[&str]| arguments.iter().any(|word| list.contains(&word.as_str()));
    // The part of a script's name that says its mode: `start:dev`, `dev-server`.
    let mode = |word: &String| {
        word.split([':', '-', '.', '_'])
            .any(|part| matches!(part, "dev" | "develop" | "development" | "watch"))
    };
    match command.program() {
        "npm" | "yarn" | "pnpm" | "bun" | "make" | "task" | "just" => {
            let verbs = arguments.iter().filter(|word| !word.starts_with('-'));
            verbs.take(2).any(mode)
        }
        "next" | "nuxt" | "nuxi" | "astro" | "remix" | "wrangler" | "gatsby" | "quasar" => {
            has(&["dev", "develop"])
        }
        "nodemon" | "ts-node-dev" | "tsnd" | "air" | "reflex" => true,
        "tsx" | "node" | "deno" => has(&["watch", "--watch"]),
        "uvicorn" | "gunicorn" | "hypercorn" => has(&["--reload"]),
        "flask" => has(&["--debug", "--reload"]),
        "fastapi" => has(&["dev"]),
        "cargo" => has(&["watch"]),
        _ => false,
    }
}

/// A simulated machine: its quotes and keys are not real.
fn simulator(service: &Service<'_>, sink: &mut Sink<'_>) {
    for entry in &service.environment {
        let name = entry.name.to_ascii_uppercase();
        let simulated = name.ends_with("SIMULATOR_ENDPOINT") || name.ends_with("SIMULATOR_URL");
        let set = !entry.value.effective().is_empty() && !entry.value.is_settable();
        if set && !simulated && stands_in(&name, &entry.value.effective()) {
            let evidence = format!(
                "{} environment.{}: {} (another program than the guest answers: its keys and quotes are its own)",
                service.name,
                entry.name,
                entry.value.effective()
            );
            sink.add(Note::fail(&entry.value.place, evidence).severity(Severity::High).about(entry.name));
        }
        if simulated && set {
            let evidence = format!(
                "{} environment.{}: {} (quotes and keys of a simulator prove nothing)",
                service.name,
                entry.name,
                entry.value.effective()
            );
            sink.add(Note::fail(&entry.value.place, evidence).severity(Severity::High).about(entry.name));
        }
    }
    for mount in &service.mounts {
        let target = mount.target.trim_end_matches('/');
        let target = target.strip_prefix("/var").unwrap_or(target);
        let guests = matches!(target, "/run/dstack" | "/run/dstack.sock" | "/run/tappd.sock")
            || target.starts_with("/run/dstack/");
        let own = mount.path().is_some_and(|path| {
            matches!(path.as_str(), "/run/dstack" | "/run/dstack.sock" | "/run/tappd.sock")
                || path.starts_with("/run/dstack/")
        });
        if guests && !own && !mount.source.is_settable() {
            let evidence = format!(
                "{} volumes: {} -> {} (lies where the guest's own socket should: keys and quotes are another program's)",
                service.name, mount.source.raw, mount.target
            );
            sink.add(Note::fail(&mount.source.place, evidence).severity(Severity::High).about(service.name));
        }
    }
    let image = service.image().filter(|image| {
        let name = image.effective().to_ascii_lowercase();
        name.contains("simulator")
            && ["tappd", "dstack", "tdx", "tee", "sgx"].iter().any(|tee| name.contains(tee))
    });
    if let Some(image) = image {
        let evidence = format!("{} image: {} (a simulated machine)", service.name, image.raw);
        sink.add(Note::fail(&image.place, evidence).severity(Severity::High).about(service.name));
    }
}

/// A variable by which the guest's agent is found, and that leads to something else than its sockets.
/// Source: dstack-types, `dstack_agent_address`, at 049be791; the clients of dstack's sdk.
fn stands_in(name: &str, value: &str) -> bool {
    let words = crate::names::words(name);
    let guest = words.iter().any(|word| matches!(word.as_str(), "DSTACK" | "TAPPD"));
    let agent =
        words.iter().any(|word| matches!(word.as_str(), "AGENT" | "GUEST" | "TAPPD")) || words.len() == 2;
    let place = words.last().is_some_and(|last| {
        matches!(last.as_str(), "ADDRESS" | "ADDR" | "ENDPOINT" | "SOCKET" | "SOCK" | "URL" | "HOST")
    });
    let other =
        words.iter().any(|word| matches!(word.as_str(), "KMS" | "GATEWAY" | "PCCS" | "APP" | "VERIFIER"));
    let path = value.trim_start_matches("unix://").trim_start_matches("unix:").trim_start_matches("/var");
    let own = path.starts_with("/run/dstack") || path.starts_with("/run/tappd");
    guest && agent && place && !other && !own
}

/// Settings of known programs that write what users send into the log.
fn logs_all<'s>(service: &'s Service<'_>) -> Vec<(&'s Field<'s>, String)> {
    const ALL: &[&str] = &[
        "log_statement=all",
        "log_statement=mod",
        "log_min_duration_statement=0",
        "log_parameter_max_length=-1",
        "general_log=1",
        "general_log=on",
        "general-log=1",
        "--general-log",
        "--log-level=debug",
        "--log-level=trace",
        "--log-requests",
        "--log-bodies",
        "--enable-log-requests",
        "--debug",
    ];
    let mut found = Vec::new();
    for key in ["command", "entrypoint"] {
        let words: Vec<(&Field<'_>, String)> = service
            .below(key)
            .flat_map(|(_, value)| {
                command_words(&value.effective()).into_iter().map(move |word| (value, word))
            })
            .collect();
        let mut before = String::new();
        for (value, word) in words {
            let lower = word.to_ascii_lowercase();
            let pair = format!("{before}={lower}");
            if ALL.contains(&lower.as_str()) || ALL.contains(&pair.as_str()) {
                found.push((value, word));
            }
            before = lower;
        }
    }
    found
}
