//! Values from the environment or the host must never be code.

use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script;
use crate::subject::Subject;
use crate::view::View;
use std::collections::BTreeSet;
use veritee_compose::Provenance;
use veritee_compose::script::{Execution, ExecutionKind, Origins};
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-006",
    title: "a script runs what somebody outside wrote",
    severity: Severity::Critical,
    blocks: Blocks::Always,
    needs: &[Need::Manifest],
    remedy: "never evaluate values from the environment or the host as code",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let mut seen = BTreeSet::new();
    for execution in view.executions() {
        if !is_from_outside(execution) {
            continue;
        }
        let Some(script) = view.scripts.get(execution.script) else { continue };
        let items = script::commands(script, view);
        let Some(item) = items.get(items.partition_point(|item| item.index < execution.command)) else {
            continue;
        };
        if item.reachable && seen.insert((execution.script, item.line)) {
            let name = item.variables(script).into_iter().find(|name| is_chosen(view, name));
            let evidence = format!("{} ({})", item.evidence(script), why(execution, name.as_deref()));
            sink.add(Note::fail(&item.place(script), evidence));
        }
    }
}

/// The deployer or the host has a part in the text, or in the name of the file.
pub(super) fn is_from_outside(execution: &Execution) -> bool {
    let runs = !matches!(execution.kind, ExecutionKind::Unpacked | ExecutionKind::Cloned);
    runs && (execution.origins.has(Provenance::Operator) || execution.origins.contains(Origins::HOST_TEXT))
}

fn is_chosen(view: &View, name: &str) -> bool {
    view.allowed.as_ref().is_some_and(|allowed| allowed.contains(name))
        || view.provenance_of(name).is_settable()
}

fn why(execution: &Execution, name: Option<&str>) -> String {
    let party = if execution.origins.has(Provenance::Operator) { "the deployer" } else { "the host" };
    match (execution.kind, name) {
        (ExecutionKind::File, None) => format!("a file in which {party} has a part"),
        (ExecutionKind::File, Some(name)) => format!("the file is named or written with {name}"),
        (_, Some(name)) => format!("{name} is run as text"),
        (_, None) => format!("text in which {party} has a part"),
    }
}
