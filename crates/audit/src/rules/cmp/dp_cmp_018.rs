//! Protects secrets from command lines and labels, which every process can read.

use crate::names::{NameClass, classify};
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use std::collections::BTreeSet;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-018",
    title: "a secret stands in a command line or label",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "pass secrets as variables or files: command lines and labels are visible to every process",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        let labels = service.below("labels");
        for (path, value) in
            service.executed().filter(|(path, _)| !path.starts_with("configs.")).chain(labels)
        {
            let names: BTreeSet<&str> = value
                .chosen_through()
                .into_iter()
                .filter(|name| {
                    matches!(
                        classify(name),
                        NameClass::IdentityKey | NameClass::AdminCredential | NameClass::ThirdPartyCredential
                    )
                })
                .collect();
            if !names.is_empty() {
                let list = names.into_iter().collect::<Vec<_>>().join(", ");
                sink.add(Note::fail(&value.place, format!("{} {path}: {list}", service.name)).about(list));
            }
        }
    }
}
