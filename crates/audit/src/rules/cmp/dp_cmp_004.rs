//! Protects the reader's overview of what is reachable from outside.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-004",
    title: "what is open to the outside",
    severity: Severity::Info,
    needs: &[Need::Compose],
    remedy: "publish only what users reach",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        if let Some(mode) =
            service.scalar("network_mode").filter(|mode| mode.effective() == "host" || mode.is_settable())
        {
            let evidence = format!(
                "{} network_mode: {} (every port it opens is the machine's; `ports` does not count)",
                service.name, mode.raw
            );
            sink.add(Note::fail(&mode.place, evidence).severity(Severity::Medium).about(service.name));
            continue;
        }
        for port in service.ports.iter().filter(|port| !port.loopback) {
            sink.add(
                Note::info(&port.value.place, format!("{} ports: {}", service.name, port.value.raw))
                    .about(service.name),
            );
        }
    }
}
