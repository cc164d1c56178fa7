//! Protects behaviour from a default in code that no measured document fixes.

use crate::names::{NameClass, classify};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::{Subject, Supply};
use std::collections::BTreeSet;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-010",
    title: "default in code that the compose file does not pin",
    severity: Severity::Low,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "write the value literally into the compose file, so that the compose hash covers it",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    let mut seen = BTreeSet::new();
    for read in source.environment.iter().filter(|read| !read.test_like) {
        let class = classify(&read.name);
        let matters = matches!(class, NameClass::Endpoint | NameClass::Flag | NameClass::RuntimeHook);
        // A default that is an address makes the name one of an address.
        let relevant = |default: &&String| matters || default.contains("://") && class == NameClass::Unknown;
        let Some(default) = read.default.as_ref().filter(relevant) else { continue };
        let why = match subject.supply(&read.name) {
            Supply::Literal => continue,
            // What an operator can set is ENV-002's and ENV-005's to judge.
            Supply::Operator => continue,
            Supply::Absent => "the compose file does not pass it: this default runs",
            Supply::Unknown => "whether the deployment pins it is not known",
        };
        if seen.insert((read.name.clone(), default.clone())) {
            let evidence = format!("{} ({why})", read.line);
            sink.add(Note::fail(&read.place, evidence).about(&read.name));
        }
    }
}
