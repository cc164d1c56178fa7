//! Protects the code that runs from what a server hands out on the day of the start.

use crate::facts::built;
use crate::facts::code::{self, Effect};
use crate::facts::downloads::{fetches_code, is_checksum};
use crate::facts::openings::{self, Kind};
use crate::facts::repository;
use crate::facts::switches;
use crate::facts::words::command_words;
use crate::rule::{Need, Note, Rule, Sink};
use crate::script::{Command, Input};
use crate::source::dockerfile::Step;
use crate::subject::Subject;
use crate::view::Service;
use std::collections::BTreeSet;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-006",
    title: "code is fetched when the container starts",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "put it into the image",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let inside: Vec<&str> = view.services.iter().map(|service| service.name).collect();
    for service in view.active() {
        for (entry, why) in repository::moving_revisions(service) {
            let evidence =
                format!("{} environment.{}: {} ({why})", service.name, entry.name, entry.value.raw);
            sink.add(Note::fail(&entry.value.place, evidence).about(service.name));
        }
        hub_code(service, sink);
        hub_models(service, sink);
        settings(service, sink);
        for opening in openings::of_kind(view, service.name, Kind::Fetch) {
            let note = Note::fail(&opening.place, &opening.evidence).severity(opening.severity);
            sink.add(note.about(service.name));
        }
        // A list is read as one command, and each text in it again: what both say is said once.
        let mut said: BTreeSet<String> = BTreeSet::new();
        for program in &service.programs {
            for (_, why) in fetching(&program.commands, &inside) {
                let evidence = format!("{} {}: {why}", service.name, program.path);
                if said.insert(evidence.clone()) {
                    sink.add(Note::fail(&program.place, evidence).about(service.name));
                }
            }
        }
    }
    for (service, build) in built::inline(subject, view) {
        for step in build.stages().last().map_or(&[][..], |stage| &stage.steps) {
            let (Step::Start { commands, offset, .. } | Step::Check { commands, offset }) = step else {
                continue;
            };
            for (_, why) in fetching(commands, &inside) {
                let evidence = format!("{} build.dockerfile_inline: {why}", service.name);
                sink.add(Note::fail(&build.place(*offset), evidence).about(service.name));
            }
        }
    }
}

/// The commands that bring code from outside, each as text with the reason.
fn fetching(commands: &[Command], inside: &[&str]) -> Vec<(usize, String)> {
    let checked = commands.iter().any(is_checksum);
    let of = |(index, command): (usize, &Command)| {
        let next = commands.get(index.saturating_add(1));
        let input = match &command.input {
            Input::Text(text) => Some(text.as_str()),
            Input::None | Input::Unread => None,
        };
        let by_code = || match code::of_command(&command.words, input, inside)? {
            Effect::Fetches => Some("the text of a program that fetches from the network"),
            Effect::Installs => Some("the text of a program that installs what a registry has today"),
            Effect::Harmless | Effect::Unknown => None,
        };
        let why = fetches_code(command, next, checked).or_else(by_code)?;
        Some((index, format!("{} ({why})", command.text())))
    };
    commands.iter().enumerate().filter_map(of).collect()
}

/// Variables by which known programs install what a registry has when they start, or open a way in from its maker.
fn settings(service: &Service<'_>, sink: &mut Sink<'_>) {
    #[rustfmt::skip]
    const INSTALL: &[&str] = &[
        "_PIP_ADDITIONAL_REQUIREMENTS", "PIP_ADDITIONAL_REQUIREMENTS", "EXTRA_PIP_PACKAGES", "EXTRA_CONDA_PACKAGES",
        "EXTRA_APT_PACKAGES", "GF_INSTALL_PLUGINS", "GF_PLUGINS_PREINSTALL", "NODE_RED_INSTALL", "KONG_EXTRA_PLUGINS",
        "JENKINS_PLUGINS", "PLUGINS_INSTALL", "COMMUNITY_PLUGINS", "NEO4J_PLUGINS", "NEO4JLABS_PLUGINS", "ES_PLUGINS_INSTALL",
        "OPENSEARCH_PLUGINS", "DD_EXTRA_PACKAGES", "INSTALL_PACKAGES", "EXTRA_PACKAGES", "EXTRA_MODULES", "APT_PACKAGES",
        "PIP_PACKAGES", "NPM_PACKAGES",
    ];
    for entry in &service.environment {
        let Some(text) = entry.value.fixed().filter(|text| !text.trim().is_empty()) else { continue };
        let upper = entry.name.to_ascii_uppercase();
        let named = INSTALL.contains(&upper.as_str())
            || upper.contains("INSTALL") && is_list_of_packages(&upper)
            || upper.contains("PIP_ADDITIONAL");
        // A list without entries.
        let none = text.chars().all(|c| c.is_whitespace() || "[]{}\"'".contains(c));
        let switch =
            switches::is_on(&text.to_ascii_lowercase()) || switches::is_off(&text.to_ascii_lowercase());
        if named
            && !none
            && !switch
            && !text.split([',', ' ', ';']).all(|part| part.is_empty() || part.starts_with(['/', '.']))
        {
            let evidence =
                format!("{} environment.{}: {text} (installed at the start)", service.name, entry.name);
            sink.add(Note::fail(&entry.value.place, evidence).about(service.name));
        }
    }
}

/// Words of a name of what is installed.
fn is_list_of_packages(name: &str) -> bool {
    const PACKAGES: &[&str] = &[
        "PLUGINS",
        "PLUGIN",
        "PACKAGES",
        "EXTENSIONS",
        "MODULES",
        "REQUIREMENTS",
        "DEPENDENCIES",
        "APPS",
        "GEMS",
    ];
    crate::names::words(name).iter().any(|word| PACKAGES.contains(&word.as_str()))
}

/// Models that a hub hands out under a name, without a commit that holds them fast: the weights decide the answers.
fn hub_models(service: &Service<'_>, sink: &mut Sink<'_>) {
    const OPTIONS: &[&str] = &["--model", "--model-id", "--model-path", "--model-name-or-path", "--hf-repo"];
    for key in ["command", "entrypoint"] {
        let values: Vec<_> = service.below(key).map(|(_, value)| value).collect();
        let words: Vec<String> = values.iter().flat_map(|value| command_words(&value.effective())).collect();
        let commit = |text: &str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let held = words
            .windows(2)
            .any(|pair| matches!(pair, [option, revision] if option == "--revision" && commit(revision)))
            || words.iter().any(|word| word.strip_prefix("--revision=").is_some_and(commit));
        let after = words.windows(2).filter_map(|pair| match pair {
            [option, model] if OPTIONS.contains(&option.as_str()) => Some(model.as_str()),
            [program, model] if program.ends_with("vllm") || program == "serve" => Some(model.as_str()),
            _ => None,
        });
        let joined = words.iter().filter_map(|word| {
            let (option, model) = word.split_once('=')?;
            OPTIONS.contains(&option).then_some(model)
        });
        let model = after.chain(joined).find(|model| names_model(model));
        if let Some((first, model)) = values.first().zip(model).filter(|_| !held) {
            let evidence = format!("{} {key}: {model} (a model that a hub hands out by name)", service.name);
            sink.add(Note::fail(&first.place, evidence).severity(Severity::Medium).about(service.name));
        }
    }
}

/// `organisation/name`: no path, no address, nothing that somebody outside chooses.
fn names_model(text: &str) -> bool {
    let is_word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    text.split_once('/').is_some_and(|(owner, name)| is_word(owner) && is_word(name))
}

/// Models whose repositories bring code along, without a commit that holds it fast.
fn hub_code(service: &Service<'_>, sink: &mut Sink<'_>) {
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
            sink.add(Note::fail(&first.place, evidence).about(service.name));
        }
    }
}
