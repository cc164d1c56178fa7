//! Every container must come from the measured compose file.

use crate::rule::{Need, Note, Rule, Sink};
use crate::script::Command;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-005",
    title: "a script starts containers or images of its own",
    severity: Severity::High,
    needs: &[Need::Manifest],
    remedy: "start every container from the measured compose file",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for (script, item) in subject.commands() {
        if starts(&item.command) {
            sink.add(Note::fail(&item.place(script), item.evidence(script)));
        }
    }
}

fn starts(command: &Command) -> bool {
    let any = |words: &[&str]| words.iter().any(|word| command.has(word));
    match command.program() {
        "docker" | "podman" | "nerdctl" => match command.verb() {
            Some("compose") => any(&["up", "run", "create", "start"]),
            Some(
                "image" | "container" | "buildx" | "builder" | "service" | "stack" | "swarm" | "plugin"
                | "kube" | "play",
            ) => any(&[
                "load", "import", "tag", "pull", "run", "create", "start", "commit", "build", "bake",
                "deploy", "init", "join", "install", "play",
            ]),
            // Into a container, or a program in it: what runs is no longer what was measured.
            Some("cp") => {
                command.arguments().iter().rev().find(|word| !word.starts_with('-')).is_some_and(|to| {
                    to.split_once(':').is_some_and(|(name, _)| !name.is_empty() && !name.contains('/'))
                })
            }
            Some("exec" | "update" | "attach") => true,
            Some(
                "run" | "create" | "load" | "import" | "tag" | "build" | "pull" | "start" | "commit"
                | "restore",
            ) => true,
            _ => false,
        },
        "docker-compose" | "podman-compose" => any(&["up", "run", "create", "start"]),
        "ctr" | "crictl" => {
            any(&["import", "pull", "tag", "run", "create", "start", "runp", "load", "mount"])
        }
        "skopeo" => any(&["copy", "sync"]),
        "buildah" => any(&["bud", "build", "from", "pull", "commit", "tag"]),
        "runc" | "crun" => any(&["run", "create", "start", "restore"]),
        "crane" | "oras" | "regctl" => any(&["pull", "export"]),
        "kind" | "k3s" | "minikube" | "k3d" => any(&["create", "server", "start", "agent"]),
        _ => false,
    }
}
