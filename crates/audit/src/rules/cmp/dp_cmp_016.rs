//! Protects secrets from the log.

use crate::facts::printed::{loops, prints_secret};
use crate::field::list_of;
use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use std::collections::{BTreeMap, BTreeSet};
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
        // What loops over secrets, by the text and by the list that it is an entry of.
        let mut looping: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (key, value) in service.executed() {
            let names: Vec<String> = loops(&value.effective()).into_iter().collect();
            for path in [Some(key), list_of(key)].into_iter().flatten().filter(|_| !names.is_empty()) {
                looping.entry(path).or_default().extend(names.iter().cloned());
            }
        }
        let nothing = BTreeSet::new();
        for program in &service.programs {
            let path = &program.path;
            let secret = looping.get(path.as_str()).unwrap_or(&nothing);
            for command in &program.commands {
                if prints_secret(command, secret, &nothing) {
                    let evidence = format!("{} {path}: {}", service.name, command.text());
                    sink.add(Note::fail(&program.place, evidence).severity(severity).about(service.name));
                }
            }
        }
    }
}
