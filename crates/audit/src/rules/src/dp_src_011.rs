//! Protects users from a secret that stands in the source and that everybody can read.

use crate::item::Item;
use crate::names::{NameClass, classify};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::{Subject, Supply};
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-011",
    title: "a secret that everybody can read in the source is in force",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "derive the secret inside the machine (dstack getKey) and refuse to start without it",
    answers: &[Item::Q7.fails(), Item::E4.tells(), Item::M3.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    for read in source.environment.iter().filter(|read| !read.test_like) {
        let secret = matches!(classify(&read.name), NameClass::IdentityKey | NameClass::AdminCredential);
        let Some(default) = read.default.as_deref().filter(|default| secret && is_constant(default)) else {
            continue;
        };
        let note = match subject.supply(&read.name) {
            Supply::Literal | Supply::Operator => {
                let evidence = format!(
                    "{} (the compose file passes the variable; the default waits for the day it does not)",
                    read.line
                );
                Note::warn(&read.place, evidence).severity(Severity::Low)
            }
            Supply::Absent => {
                let evidence =
                    format!("{} (no service gets {}: `{default}` is the secret)", read.line, read.name);
                Note::fail(&read.place, evidence)
            }
            Supply::Unknown => {
                let evidence = format!("{} (whether the deployment supplies it is not known)", read.line);
                Note::warn(&read.place, evidence).assumed(true)
            }
        };
        sink.add(note.about(&read.name));
    }
}

/// Empty texts and placeholders that fail are no secrets.
fn is_constant(default: &str) -> bool {
    let switch =
        matches!(default.to_ascii_lowercase().as_str(), "true" | "false" | "0" | "1" | "none" | "null");
    !default.trim().is_empty() && !default.starts_with("${") && !switch
}
