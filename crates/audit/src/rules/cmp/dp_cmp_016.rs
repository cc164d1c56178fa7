//! Protects secrets from the log.

use crate::facts::printed::{loops, prints_secret};
use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use std::collections::BTreeSet;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-016",
    title: "a secret goes to the log",
    severity: Severity::High,
    blocks: Blocks::From(Severity::Critical),
    needs: &[Need::Compose],
    remedy: "never print secrets; keep public_logs off",
    answers: &[Item::E4.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let public = view.flag("public_logs") == Some(true);
    let severity = if public { Severity::Critical } else { Severity::High };
    for service in view.active() {
        for program in &service.programs {
            let path = &program.path;
            let texts =
                service.executed().filter(|(key, _)| key == path || key.starts_with(&format!("{path}.")));
            let secret: BTreeSet<String> = texts.flat_map(|(_, value)| loops(&value.effective())).collect();
            for command in &program.commands {
                if prints_secret(command, &secret, &BTreeSet::new()) {
                    let evidence = format!("{} {path}: {}", service.name, command.text());
                    sink.add(Note::fail(&program.place, evidence).severity(severity).about(service.name));
                }
            }
        }
    }
}
