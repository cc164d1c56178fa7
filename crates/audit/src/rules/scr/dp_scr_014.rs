use crate::facts::outside::is_launch_token;
use crate::names::{NameClass, classify};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script;
use crate::subject::Subject;
use crate::text::Lines;
use crate::view::{Script, View};
use std::collections::BTreeSet;
use veritee_model::text::shortened;
use veritee_model::{Place, Severity};

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-014",
    title: "a script takes another way when the deployer says so",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Manifest],
    remedy: "write the choice into the document",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for script in &view.scripts {
        // What the published script does with its own variables is known and judged by name.
        if script.key == "pre_launch_script" && script.known.is_some() {
            continue;
        }
        let mut seen = BTreeSet::new();
        for (place, evidence, names) in conditions(script, view) {
            for name in names {
                let own = matches!(classify(&name), NameClass::Registry);
                if view.is_operator(&name)
                    && !own
                    && !is_launch_token(view, &name)
                    && seen.insert(name.clone())
                {
                    sink.add(Note::fail(&place, evidence.clone()).about(name));
                }
            }
        }
    }
}

/// Tests and `case`s, each with the variables that they look at.
fn conditions(script: &Script, view: &View) -> Vec<(Place, String, Vec<String>)> {
    let Some(source) = script.source() else { return Vec::new() };
    let items = script::commands(script, view).iter();
    let tests = items
        .filter(|item| matches!(item.command.program(), "[" | "[[" | "test"))
        .map(|item| (item.line, item.place(script), item.evidence(script), item.variables(script)));
    let lines = Lines::new(&source.text);
    let cases = source.guards.iter().filter(|guard| guard.first == guard.end).map(|guard| {
        let index = lines.index(guard.span.start);
        let line = u32::try_from(index.saturating_add(1)).unwrap_or(u32::MAX);
        let text = shortened(lines.line(&source.text, index).trim(), 300);
        let place = Place { line: Some(line), ..script.place.clone() };
        (line, place, format!("{} line {line}: {text}", script.key), guard.variables.clone())
    });
    let mut all: Vec<_> = tests.chain(cases).collect();
    all.sort_by_key(|(line, ..)| *line);
    all.into_iter().map(|(_, place, evidence, names)| (place, evidence, names)).collect()
}
