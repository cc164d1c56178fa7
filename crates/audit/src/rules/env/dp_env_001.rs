//! Protects the start-up itself: the shell, the loader and docker read these names before any service runs.

use crate::item::Item;
use crate::names::process_control;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-001",
    title: "whoever deploys may set a variable that controls the start-up itself",
    severity: Severity::Critical,
    blocks: Blocks::From(Severity::High),
    needs: &[Need::Manifest],
    remedy: "remove the name from allowed_envs: it reaches the shell and docker compose before any service",
    answers: &[Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for name in view.allowed.iter().flatten() {
        let Some(severity) = process_control(name, view.has_profiles) else { continue };
        let evidence = format!("allowed_envs names {name}: {}", effect(name));
        let note = if severity == Severity::Info {
            Note::info(&view.member("allowed_envs"), evidence)
        } else {
            Note::fail(&view.member("allowed_envs"), evidence).severity(severity)
        };
        sink.add(note.about(*name));
    }
}

fn effect(name: &str) -> &'static str {
    match name {
        "COMPOSE_FILE" | "APP_COMPOSE_FILE" | "COMPOSE_ENV_FILES" | "COMPOSE_PATH_SEPARATOR" => {
            "another compose file than the measured one runs"
        }
        "COMPOSE_PROFILES" => "services of a profile start",
        "BASH_ENV" | "SHELLOPTS" | "BASHOPTS" | "PS4" | "IFS" | "CDPATH" | "GLOBIGNORE" => {
            "the shell that starts the application runs other code"
        }
        "ENV" => "only interactive shells read it",
        _ if name.starts_with("LD_") || name == "GCONV_PATH" => "the loader runs other code in every process",
        _ if name.starts_with("DOCKER") || name.starts_with("BUILD") => {
            "docker talks to another daemon, or with other settings"
        }
        _ if name.starts_with("GIT_") => "git runs other commands",
        _ => "it changes what the start-up runs or trusts",
    }
}
