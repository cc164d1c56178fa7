//! Whoever serves a download must not decide what runs as root.

use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script::ScriptCommand;
use crate::subject::Subject;
use std::collections::BTreeMap;
use veritee_compose::Provenance;
use veritee_compose::script::{Check, Execution, ExecutionKind};
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-003",
    title: "a script runs code from the network",
    severity: Severity::Critical,
    blocks: Blocks::From(Severity::Critical),
    needs: &[Need::Manifest],
    remedy: "put the code into a measured image, or check a SHA-256 before it runs",
    answers: &[Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    // Of several ways in which one download is run, the worst is told.
    let mut worst: BTreeMap<(usize, u32), (Severity, Note)> = BTreeMap::new();
    for execution in view.executions() {
        let Some(script) = view.scripts.get(execution.script) else { continue };
        if !execution.origins.has(Provenance::Remote) {
            continue;
        }
        let Some(run) = script.item(execution.command) else { continue };
        let item = execution.fetched_by.and_then(|index| script.item(index)).unwrap_or(run);
        let reachable = run.reachable && item.reachable;
        let severity = if reachable { severity(execution) } else { Severity::Low };
        let unreachable = if reachable { "" } else { "; unreachable: nothing can make it run" };
        let evidence = format!("{} ({}{unreachable})", item.evidence(script), describe(execution, item, run));
        let note = Note::fail(&item.place(script), evidence).severity(severity);
        let key = (execution.script, item.line);
        if worst.get(&key).is_none_or(|(known, _)| *known < severity) {
            worst.insert(key, (severity, note));
        }
    }
    worst.into_values().for_each(|(_, note)| sink.add(note));
}

const fn severity(execution: &Execution) -> Severity {
    match (execution.kind, execution.check) {
        (ExecutionKind::Text | ExecutionKind::Input, _) | (_, Check::Missing) => Severity::Critical,
        (_, Check::Weak) => Severity::Medium,
        (_, Check::Strong) => Severity::Low,
    }
}

fn describe(execution: &Execution, item: &ScriptCommand, run: &ScriptCommand) -> String {
    let how = match (execution.kind, execution.check) {
        (ExecutionKind::Text | ExecutionKind::Input, _) => "straight into an interpreter",
        (ExecutionKind::Cloned, Check::Missing) => "sources that can change are built or run",
        (ExecutionKind::Cloned, _) => "sources of a full commit",
        (_, Check::Missing) => "without checksum",
        (_, Check::Weak) => "checked by MD5 or SHA-1, which can be forged",
        (_, Check::Strong) => "checked by SHA-256",
    };
    if item.line == run.line { how.to_owned() } else { format!("{how}; run in line {}", run.line) }
}
