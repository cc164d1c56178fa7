//! Protects users from other rules in the place of the contract's.

use crate::chain::Power;
use crate::facts::chain::{app, delay, place};
use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CHN-005",
    title: "the contract's own code can be replaced",
    severity: Severity::High,
    needs: &[Need::Chain],
    remedy: "call disableUpgrades, or give ownership to a timelock",
    answers: &[Item::E5.tells(), Item::M5.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(app) = app(subject) else { return };
    let place = place("implementation");
    let words = format!("{}: {}", app.address, app.owner.words);
    if app.code_fixed {
        sink.add(Note::pass(&place, "upgrades of the contract are disabled for good"));
    } else if app.owner.power == Power::Nobody {
        sink.add(Note::pass(&place, "nobody can upgrade the contract: ownership was renounced"));
    } else if let Power::After(seconds) = app.owner.power {
        sink.add(Note::manual(&place, format!("{words}: announced {} before", delay(seconds))));
    } else {
        sink.add(Note::fail(&place, format!("{words} can replace the code at once")));
    }
}
