//! What cannot be read is said, and counts: a person has to read it.

use crate::pattern::pattern;
use crate::rule::{Need, Note, Rule, Sink};
use crate::script::Script;
use crate::subject::Subject;
use crate::text::Lines;
use std::collections::{BTreeMap, BTreeSet};
use veritee_compose::script::{Execution, ExecutionKind, Language};
use veritee_compose::{ConstructKind, Provenance};
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-015",
    title: "part of a script was not understood",
    severity: Severity::High,
    needs: &[Need::Manifest],
    remedy: "read the lines; what they set counts as the host's",
    check,
    ..Rule::PLAIN
};

// Words of other languages by which a text starts programs, loads code, writes files or opens connections.
pattern!(
    POWER,
    r"(?i)system|popen|subprocess|exec|eval|spawn|fork|__import__|importlib|compile|urlopen|urllib|requests|httpx?|socket|fetch\(|require\(|ctypes|pty\.|shutil|unlink|rename|chmod|writeFile|open\s*\([^)]*,\s*(?:mode\s*=\s*)?['\x22][rb+]*[wax]|`|\bqx\b|\|\s*getline|\|\s*\x22|base64|b64|fromhex|chr\(",
    [
        "system",
        "popen",
        "subprocess",
        "exec",
        "eval",
        "spawn",
        "fork",
        "__import__",
        "importlib",
        "compile",
        "urlopen",
        "urllib",
        "requests",
        "http",
        "socket",
        "fetch(",
        "require(",
        "ctypes",
        "pty.",
        "shutil",
        "unlink",
        "rename",
        "chmod",
        "writefile",
        "open",
        "`",
        "qx",
        "|",
        "base64",
        "b64",
        "fromhex",
        "chr("
    ]
);

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for (index, script) in view.scripts.iter().enumerate() {
        let own = view.executions().iter().filter(|execution| execution.script == index);
        for (line, what) in unread(script, &own.collect::<Vec<_>>()) {
            let evidence = format!("{} line {line}: {what}", script.key);
            sink.add(Note::unknown(&script.at_line(line), evidence));
        }
    }
}

/// What was not understood, once for each line.
fn unread(script: &Script<'_>, executions: &[&Execution]) -> BTreeSet<(u32, String)> {
    let source = script.source;
    let lines = Lines::new(&source.text);
    let line = |offset: usize| u32::try_from(lines.index(offset).saturating_add(1)).unwrap_or(u32::MAX);
    let mut by_command: BTreeMap<usize, Vec<&Execution>> = BTreeMap::new();
    for execution in executions {
        by_command.entry(execution.command).or_default().push(execution);
    }
    let mut found = BTreeSet::new();
    for problem in &source.problems {
        let known = problem.command.and_then(|command| by_command.get(&command));
        let is_told = known.is_some_and(|known| known.iter().all(|execution| !is_open(execution)));
        if problem.kind == ConstructKind::ScriptSyntax || !is_told {
            found.insert((line(problem.span.start), problem.detail.clone()));
        }
    }
    for execution in executions.iter().filter(|execution| is_open(execution)) {
        let item = script.item(execution.command);
        if let Some(item) = item.filter(|item| item.reachable)
            && !found.iter().any(|(line, _)| *line == item.line)
        {
            found.insert((item.line, what(execution)));
        }
    }
    found
}

/// Whether nobody told yet what is run: it is neither read here, nor the business of another rule.
fn is_open(execution: &Execution) -> bool {
    let told = execution.origins.has(Provenance::Remote) || execution.is_from_outside();
    if told || !execution.runs() {
        return false;
    }
    let unknown = execution.origins.has(Provenance::Unknown);
    match execution.language {
        Language::Other => unknown || execution.text.as_ref().is_some_and(|text| POWER.is_match(text)),
        _ => unknown || !execution.is_read,
    }
}

fn what(execution: &Execution) -> String {
    match (execution.kind, &execution.file, execution.language) {
        (_, Some(file), _) => format!("{file} is run, and its text does not stand in the document"),
        (_, None, Language::Other) => {
            "text of another language that starts programs, writes files or opens connections".to_owned()
        }
        (ExecutionKind::Input, None, _) => "what a shell is given to run is computed".to_owned(),
        _ => "text that is run is computed".to_owned(),
    }
}
