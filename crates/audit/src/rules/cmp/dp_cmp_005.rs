//! Protects the application's keys and quotes from containers that need neither.

use crate::facts::interactive::interactive;
use crate::facts::mounts;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
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
            let mutable = subject.mutable_services().contains(service.name);
            let evidence = format!("{} volumes: {}", service.name, socket.source.raw);
            if mutable || interactive(service).is_some() {
                let why = if mutable { "its code can be replaced" } else { "a person can work in it" };
                let note = Note::fail(&socket.source.place, format!("{evidence} ({why})"));
                sink.add(note.severity(Severity::High).about(service.name));
            } else {
                sink.add(Note::info(&socket.source.place, evidence).about(service.name));
            }
        }
    }
}

/// The guest agent's socket, or a folder that holds it.
fn holds_agent(path: &str) -> bool {
    matches!(path, "/" | "/run" | "/run/dstack" | "/run/tappd" | "/var/run/dstack")
        || path.ends_with("/dstack.sock")
        || path.ends_with("/tappd.sock")
}
