use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-005",
    title: "a container can derive keys and request quotes",
    severity: Severity::Info,
    blocks: Blocks::Never,
    needs: &[Need::Compose],
    remedy: "mount the guest agent's socket only where it is needed",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        let socket = service.mounts.iter().find(|mount| {
            mount.path().is_some_and(|path| {
                matches!(path.as_str(), "/" | "/run")
                    || path.ends_with("/dstack.sock")
                    || path.ends_with("/tappd.sock")
            })
        });
        let Some(socket) = socket else { continue };
        let mutable = super::runs_mutable_code(subject, service);
        let evidence = format!("{} volumes: {}", service.name, socket.source.raw);
        if mutable || super::interactive(service).is_some() {
            let why = if mutable { "its code can be replaced" } else { "a person can work in it" };
            let note = Note::fail(&socket.source.place, format!("{evidence} ({why})"));
            sink.add(note.severity(Severity::High).about(&service.name));
        } else {
            sink.add(Note::info(&socket.source.place, evidence).about(&service.name));
        }
    }
}
