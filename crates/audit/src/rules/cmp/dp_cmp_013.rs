//! Protects a gate: what runs before it is not held back by it.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-013",
    title: "containers can run before the gate",
    severity: Severity::Medium,
    needs: &[Need::Manifest, Need::Compose],
    remedy: "put the gate into init_script or requirements: docker restarts containers before pre_launch_script runs",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    if !view.scripts.iter().any(|script| script.is_pre_launch() && script.gate().is_some()) {
        return;
    }
    for service in view.active() {
        if let Some(restart) = service.restart() {
            let evidence = format!("{} restart: {}", service.name, restart.raw);
            sink.add(Note::fail(&restart.place, evidence).about(service.name));
        }
    }
}
