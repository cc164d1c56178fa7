//! Protects the application's keys and quotes from containers that need neither.

use crate::facts::interactive::interactive;
use crate::facts::{mounts, repository};
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Service;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-005",
    title: "a container can derive keys and request quotes",
    severity: Severity::Info,
    needs: &[Need::Compose],
    remedy: "mount the guest agent's socket only where it is needed",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for (socket, _) in mounts::paths(service).filter(|(_, path)| holds_agent(path)) {
            let why = not_fixed(subject, service);
            let evidence = format!("{} volumes: {}", service.name, socket.source.raw);
            let person = || interactive(service).is_some().then_some("a person can work in it");
            if let Some(why) = why.or_else(person) {
                let note = Note::fail(&socket.source.place, format!("{evidence} ({why})"));
                sink.add(note.severity(Severity::High).about(service.name));
            } else {
                sink.add(Note::info(&socket.source.place, evidence).about(service.name));
            }
        }
    }
}

/// Why it is not the document that says which code has the socket.
fn not_fixed(subject: &Subject<'_>, service: &Service<'_>) -> Option<&'static str> {
    if subject.mutable_services().contains(service.name) {
        return Some("its code can be replaced");
    }
    // What is built is what the base, the mirrors and the files beside the document were on that day.
    if service.has("build") {
        return Some("its code is built in the machine");
    }
    let launched = service.configs.iter().any(|(_, text)| repository::is_commit_chosen(text));
    (launched || !repository::chosen_revisions(service).is_empty())
        .then_some("whoever deploys says which commit it runs")
}

/// The guest agent's socket, or a folder that holds it.
fn holds_agent(path: &str) -> bool {
    matches!(path, "/" | "/run" | "/run/dstack" | "/run/tappd" | "/var/run/dstack")
        || path.ends_with("/dstack.sock")
        || path.ends_with("/tappd.sock")
}
