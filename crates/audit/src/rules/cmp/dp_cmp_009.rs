//! Protects against services that nobody audited because they start under a profile only.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-009",
    title: "services that start only under a profile",
    severity: Severity::Info,
    needs: &[Need::Compose],
    remedy: "remove services that production does not run",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let settable = view.is_operator("COMPOSE_PROFILES");
    for service in &view.services {
        let profiles: Vec<&str> = service.below("profiles").map(|(_, value)| value.raw).collect();
        if profiles.is_empty() {
            continue;
        }
        let evidence = format!("{} profiles: {}", service.name, profiles.join(", "));
        if settable {
            let evidence = format!("{evidence}; allowed_envs names COMPOSE_PROFILES");
            sink.add(Note::fail(&service.place, evidence).severity(Severity::High).about(service.name));
        } else {
            sink.add(Note::info(&service.place, evidence).about(service.name));
        }
    }
}
