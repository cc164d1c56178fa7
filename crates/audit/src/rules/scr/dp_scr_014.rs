//! Protects the start-up's way from being the deployer's to choose.

use crate::facts::outside::is_launch_token;
use crate::names::{NameClass, classify};
use crate::rule::{Need, Note, Rule, Sink};
use crate::script::Script;
use crate::subject::Subject;
use std::collections::BTreeSet;
use veritee_model::{Place, Severity};

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-014",
    title: "a script takes another way when the deployer says so",
    severity: Severity::High,
    needs: &[Need::Manifest],
    remedy: "write the choice into the document",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for script in &view.scripts {
        // What the published script does with its own variables is known and judged by name.
        if script.published().is_some() {
            continue;
        }
        let mut seen = BTreeSet::new();
        for (place, evidence, names) in conditions(script) {
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
fn conditions(script: &Script<'_>) -> Vec<(Place, String, Vec<String>)> {
    let items = script.commands().iter();
    let tests = items
        .filter(|item| matches!(item.command.program(), "[" | "[[" | "test"))
        .map(|item| (item.line, item.place(script), item.evidence(script), item.variables(script)));
    let guards = script.source.guards.iter().filter(|guard| guard.first == guard.end);
    let cases = guards.map(|guard| {
        let (line, text) = script.line_at(guard.span.start);
        (line, script.at_line(line), script.quote(line, text), guard.variables.clone())
    });
    let mut all: Vec<_> = tests.chain(cases).collect();
    all.sort_by_key(|(line, ..)| *line);
    all.into_iter().map(|(_, place, evidence, names)| (place, evidence, names)).collect()
}
