//! Protects users from authorisations that cost nothing.

use crate::facts::chain::place;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CHN-008",
    title: "the application is authorised on a test network",
    severity: Severity::High,
    needs: &[Need::Chain],
    remedy: "move the registry to a network whose history somebody defends",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(chain) = &subject.context.chain else { return };
    match &chain.test_network {
        Some(name) => {
            sink.add(Note::fail(&place("network"), format!("{name}: nothing of value stands there")));
        }
        None => sink.add(Note::pass(&place("network"), format!("read at {}", chain.block))),
    }
}
