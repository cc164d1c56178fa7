//! Values from the environment or the host must never be code.

use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::View;
use std::collections::BTreeSet;
use veritee_compose::Provenance;
use veritee_compose::script::{Execution, ExecutionKind};
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-006",
    title: "a script runs what somebody outside wrote",
    severity: Severity::Critical,
    blocks: Blocks::Always,
    needs: &[Need::Manifest],
    remedy: "never evaluate values from the environment or the host as code",
    answers: &[Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let mut seen = BTreeSet::new();
    for execution in view.executions() {
        if !execution.is_from_outside() {
            continue;
        }
        let Some(script) = view.scripts.get(execution.script) else { continue };
        let Some(item) = script.item(execution.command) else { continue };
        if item.reachable && seen.insert((execution.script, item.line)) {
            let name = item.variables(script).into_iter().find(|name| is_chosen(view, name));
            let evidence = format!("{} ({})", item.evidence(script), why(execution, name.as_deref()));
            sink.add(Note::fail(&item.place(script), evidence));
        }
    }
}

fn is_chosen(view: &View<'_>, name: &str) -> bool {
    view.allows(name) || view.provenance_of(name).is_settable()
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
