//! Protects which images are pulled from whoever holds the credentials.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-010",
    title: "a script logs in to a registry with the deployer's credentials",
    severity: Severity::Medium,
    needs: &[Need::Manifest],
    remedy: "publish the images",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for (script, item) in subject.commands() {
        let command = &item.command;
        let login =
            matches!(command.program(), "docker" | "podman" | "nerdctl") && command.verb() == Some("login");
        let operator =
            item.variables(script).iter().chain(&item.demands(script)).any(|name| view.is_operator(name));
        if login && operator && item.reachable {
            sink.add(Note::fail(&item.place(script), item.evidence(script)));
        }
    }
}
