//! Protects the measured set of containers from one that can start any other.

use crate::facts::{docker, nested::nested};
use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-001",
    title: "a container commands the docker daemon",
    severity: Severity::High,
    blocks: Blocks::From(Severity::Critical),
    needs: &[Need::Compose],
    remedy: "remove the docker socket: whoever holds it can start anything, outside the measured file",
    answers: &[Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        let mut accesses = docker::accesses(service);
        accesses.extend(docker::volume_accesses(view, service));
        if accesses.is_empty() {
            continue;
        }
        let mut why = Vec::new();
        if subject.mutable_services().contains(service.name) {
            why.push("its own image is mutable");
        }
        if service.ports.iter().any(|port| !port.loopback) {
            why.push("it publishes a port");
        }
        if !nested(service).is_empty() {
            why.push("it names images to start");
        }
        let severity = if why.is_empty() { Severity::High } else { Severity::Critical };
        let reasons = if why.is_empty() { String::new() } else { format!(" ({})", why.join(", ")) };
        for (place, how) in accesses {
            let evidence = format!("{}: {how}{reasons}", service.name);
            sink.add(Note::fail(&place, evidence).severity(severity).about(service.name));
        }
    }
}
