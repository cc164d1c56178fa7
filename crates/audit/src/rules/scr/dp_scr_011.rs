//! Protects a gate from standing where containers may already run.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-011",
    title: "a gate stands where containers may already run",
    severity: Severity::Medium,
    needs: &[Need::Manifest],
    remedy: "move the gate to init_script or to requirements.launch_token_hash",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for script in view.scripts.iter().filter(|script| script.is_pre_launch()) {
        let Some((line, text)) = script.gate() else { continue };
        let restarts: Vec<&str> =
            view.active().filter(|service| service.restart().is_some()).map(|service| service.name).collect();
        let tail = if restarts.is_empty() {
            String::new()
        } else {
            format!("; docker restarts {} before it", restarts.join(", "))
        };
        let evidence = format!("{} line {line}: {text}{tail}", script.key);
        sink.add(Note::fail(&script.at_line(line), evidence));
    }
}
