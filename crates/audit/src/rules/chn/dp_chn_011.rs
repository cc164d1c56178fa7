//! Protects users from an endpoint that makes up a chain of its own.

use crate::facts::chain::place;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CHN-011",
    title: "the chain was read through one server",
    severity: Severity::Medium,
    needs: &[Need::Chain],
    remedy: "ask a second endpoint of another operator, or give the block's hash",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(chain) = &subject.context.chain else { return };
    let place = place("endpoints");
    if chain.endpoints >= 2 || chain.by_hash {
        sink.add(Note::pass(&place, format!("read at {}", chain.block)));
    } else {
        sink.add(Note::fail(&place, format!("read at {}: one server's word alone", chain.block)));
    }
}
