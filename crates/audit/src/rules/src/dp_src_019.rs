//! Protects user data from an address that somebody else moves.

use super::ask;
use crate::item::Item;
use crate::rule::{Blocks, Need, Rule, Sink};
use crate::subject::Subject;
use crate::syntax::remote;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-019",
    title: "where data goes is decided from outside while it runs",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "fix the address in the measured compose file",
    answers: &[Item::M8.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    ask(subject, sink, |tree| remote::hits(tree).addresses);
}
