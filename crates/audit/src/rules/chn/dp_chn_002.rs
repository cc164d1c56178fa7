//! Protects users from a compose that the chain does not allow.

use crate::facts::chain::{app, place};
use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CHN-002",
    title: "the chain does not allow the measured compose",
    severity: Severity::Critical,
    blocks: Blocks::Always,
    needs: &[Need::Chain],
    remedy: "deploy a compose that the contract allows, or add this one in public",
    answers: &[Item::Q3.shows(), Item::Q4.shows(), Item::E1.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(app) = app(subject) else { return };
    if app.allows_this {
        let words = format!("{} allows the measured compose hash", app.address);
        sink.add(Note::pass(&place("compose-hash"), words));
    } else {
        let words = format!("{} does not allow the measured compose hash at this block", app.address);
        sink.add(Note::fail(&place("compose-hash"), words));
    }
}
