//! Protects all values that are not allowed: an old guest takes them all the same.

use crate::facts::guest::{Enforcement, enforcement_of};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::{Place, Severity};

pub(super) const RULE: Rule = Rule {
    id: "DP-META-008",
    title: "the guest does not enforce allowed_envs",
    severity: Severity::Critical,
    blocks: Blocks::Always,
    needs: &[Need::Guest],
    remedy: "deploy on a guest image of 0.4.2 or later",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let assumed = subject.view.as_ref().map(|view| view.environment().enforcement);
    match enforcement_of(subject.context, subject.view.as_ref()) {
        Enforcement::Absent(evidence) => {
            if assumed == Some(veritee_compose::Enforcement::Enforced) {
                let evidence = "the document was resolved as if allowed_envs were enforced: findings on values are missing";
                sink.add(Note::unknown(&place(), evidence));
            }
            sink.add(Note::fail(&place(), evidence));
        }
        Enforcement::Doubtful(evidence) => sink.add(Note::unknown(&place(), evidence)),
        Enforcement::Present(evidence) => sink.add(Note::pass(&place(), evidence)),
        Enforcement::NotAsked => {}
    }
}

fn place() -> Place {
    Place { file: "event-log".to_owned(), ..Place::default() }
}
