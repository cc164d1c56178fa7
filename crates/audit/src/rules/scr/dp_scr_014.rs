use crate::names::{NameClass, classify};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::rules::env::is_launch_token;
use crate::script;
use crate::subject::Subject;
use std::collections::BTreeSet;
use veritee_model::Severity;

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
        for item in script::commands(script) {
            if !matches!(item.command.program(), "[" | "[[" | "test" | "case") {
                continue;
            }
            for name in item.variables() {
                let own = matches!(classify(&name), NameClass::Registry);
                if view.is_operator(&name)
                    && !own
                    && !is_launch_token(view, &name)
                    && seen.insert(name.clone())
                {
                    let evidence = format!("{} line {}: {}", script.key, item.line, item.text);
                    sink.add(Note::fail(&item.place(script), evidence).about(name));
                }
            }
        }
    }
}
