//! Protects users from whoever governs the platform under all its applications.

use crate::chain::Power;
use crate::facts::chain::{contracts, delay, place};
use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CHN-009",
    title: "the registry can be changed at once",
    severity: Severity::Medium,
    needs: &[Need::Chain],
    remedy: "ask the platform for a timelock, and what it does with the registry",
    answers: &[Item::E5.tells(), Item::M5.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(contracts) = contracts(subject) else { return };
    let words = format!("owner of the registry {}: {}", contracts.registry, contracts.registry_owner.words);
    let place = place("registry-owner");
    sink.add(match contracts.registry_owner.power {
        Power::OneKey | Power::After(0) => Note::fail(&place, words),
        Power::Unknown => Note::unknown(&place, words),
        Power::Several => Note::manual(&place, format!("{words}, without delay")),
        Power::After(seconds) => {
            Note::manual(&place, format!("{words}: announced {} before", delay(seconds)))
        }
        Power::Nobody => Note::pass(&place, words),
    });
}
