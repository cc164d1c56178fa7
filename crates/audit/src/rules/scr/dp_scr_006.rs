//! Values from the environment or the host must never be code.

use crate::item::Item;
use crate::pattern::pattern;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script::{Script, ScriptCommand};
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
    for (index, script) in view.scripts.iter().enumerate() {
        for (line, name, why) in taken_for_code(view, script) {
            if seen.insert((index, line)) {
                let evidence = format!("{} ({name} {why})", script.quote(line, line_of(script, line)));
                sink.add(Note::manual(&script.at_line(line), evidence).severity(Severity::High));
            }
        }
    }
}

// Where the shell takes the text of a variable for an expression, in which `a[$(program)]` runs the program; and where it
// takes a name for that of the variable meant. Source: bash's manual, "Shell Arithmetic", "Arrays", "Shell Parameters".
pattern!(
    EXPRESSION,
    r"\$?\(\((?P<sum>[^()]*)\)\)|^\s*let\s+(?P<let>.+)$|\$\{\w+\[(?P<index>[^\]]+)\]|\$\{\w+:(?P<slice>[^}/-][^}]*)\}|\b(?:declare|typeset|local)\s+-[a-zA-Z]*i[a-zA-Z]*\s+(?P<number>.+)$",
    ["((", "let", "${", "declare", "typeset", "local"]
);
pattern!(
    REFERENCE,
    r"\b(?:declare|typeset|local)\s+-[a-zA-Z]*n[a-zA-Z]*\s+\w+=(?P<name>\w+)",
    ["declare", "typeset", "local"]
);

/// Programs whose first operand is a program of theirs: with those a value can end the text that it stands in.
const TAKE_PROGRAMS: &[&str] = &["sed", "awk", "gawk", "mawk", "jq", "yq"];

/// Lines in which a value from outside is read as an expression, as a name, or as part of a program's text.
fn taken_for_code(view: &View<'_>, script: &Script<'_>) -> Vec<(u32, String, &'static str)> {
    const COUNTED: &str = "is taken for an expression: the shell runs what stands in one";
    let mut found = Vec::new();
    let chosen = |text: &str| {
        let parts = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        parts.filter(|name| !name.is_empty()).find(|name| is_chosen(view, name)).map(str::to_owned)
    };
    for (line, text) in (1_u32..).zip(script.text().lines()) {
        if text.trim_start().starts_with('#') {
            continue;
        }
        let hit = EXPRESSION.captures_iter(text).find_map(|hit| {
            let groups = ["sum", "let", "index", "slice", "number"];
            groups.iter().find_map(|group| chosen(hit.name(group)?.as_str()))
        });
        found.extend(hit.map(|name| (line, name, COUNTED)));
        let meant = REFERENCE.captures(text).and_then(|hit| chosen(hit.name("name")?.as_str()));
        found.extend(meant.map(|name| (line, name, "goes by another name from here on")));
    }
    for item in script.commands().iter().filter(|item| item.reachable) {
        if TAKE_PROGRAMS.contains(&item.command.program())
            && let Some(name) = in_program(script, item).into_iter().find(|name| is_chosen(view, name))
        {
            found.push((item.line, name, "stands in the text of a program, which it can end"));
        }
    }
    found
}

/// Variables in the first operand of a command; what `-v`, `--arg` and the like hand over is none.
fn in_program(script: &Script<'_>, item: &ScriptCommand) -> Vec<String> {
    let words = item.source(script).map_or(&[][..], |command| command.arguments());
    let mut skipped = 0_usize;
    for word in words {
        if skipped > 0 {
            skipped = skipped.saturating_sub(1);
            continue;
        }
        let shown = word.shown();
        match shown.as_str() {
            "-v" | "-F" | "-f" | "--file" | "--from-file" | "--indent" => skipped = 1,
            "--arg" | "--argjson" | "--slurpfile" | "--rawfile" => skipped = 2,
            option if option.starts_with('-') && option.len() > 1 => {}
            _ => return word.variables().into_iter().map(str::to_owned).collect(),
        }
    }
    Vec::new()
}

fn line_of<'s>(script: &Script<'s>, line: u32) -> &'s str {
    let at = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
    script.lines().line(script.text(), at).trim()
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
