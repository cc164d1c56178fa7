//! Protects users from a machine whose keys nobody on the chain authorised.

use crate::facts::chain::{contracts, place};
use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CHN-001",
    title: "the registry does not serve the application",
    severity: Severity::High,
    blocks: Blocks::Always,
    needs: &[Need::Chain],
    remedy: "register the application's contract with the registry of its KMS",
    answers: &[Item::Q3.shows(), Item::E1.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(contracts) = contracts(subject) else { return };
    match &contracts.app {
        Some(app) => {
            let words = format!("registered at {}, its contract is {}", contracts.registry, app.address);
            sink.add(Note::pass(&place("registry"), words));
        }
        None => {
            let words =
                format!("{} does not serve the application, or it has no contract", contracts.registry);
            sink.add(Note::fail(&place("registry"), words));
        }
    }
}
