//! Protects the code that runs from what a server hands out on the day of the start.

use crate::facts::downloads::{fetches_code, is_checksum};
use crate::facts::repository;
use crate::facts::words::command_words;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Service;
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
    for service in view.active() {
        for (entry, why) in repository::moving_revisions(service) {
            let evidence =
                format!("{} environment.{}: {} ({why})", service.name, entry.name, entry.value.raw);
            sink.add(Note::fail(&entry.value.place, evidence).about(service.name));
        }
        hub_code(service, sink);
        hub_models(service, sink);
        for program in &service.programs {
            let (path, commands) = (&program.path, &program.commands);
            let checked = commands.iter().any(is_checksum);
            for (index, command) in commands.iter().enumerate() {
                let next = commands.get(index.saturating_add(1));
                if let Some(why) = fetches_code(command, next, checked) {
                    let evidence = format!("{} {path}: {} ({why})", service.name, command.text());
                    sink.add(Note::fail(&program.place, evidence).about(service.name));
                }
            }
        }
    }
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
