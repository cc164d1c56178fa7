//! Protects users from an owner who can put another compose in at once.

use crate::chain::Power;
use crate::facts::chain::{app, delay, place};
use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CHN-004",
    title: "the owner can add a compose at once",
    severity: Severity::High,
    blocks: Blocks::From(Severity::High),
    needs: &[Need::Chain],
    remedy: "give ownership to a timelock whose delay is long enough for users to leave",
    answers: &[Item::E5.tells(), Item::M5.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(app) = app(subject) else { return };
    let words = format!("owner of {}: {}", app.address, app.owner.words);
    let words = match &app.pending_owner {
        Some(pending) => format!("{words}; {pending} can take ownership"),
        None => words,
    };
    let place = place("owner");
    sink.add(match app.owner.power {
        Power::OneKey => Note::fail(&place, words),
        Power::Several => Note::fail(&place, format!("{words}, without delay")).severity(Severity::Medium),
        Power::Unknown => Note::unknown(&place, words),
        Power::After(0) => Note::fail(&place, format!("{words}: a delay of nothing")),
        Power::After(seconds) => {
            Note::manual(&place, format!("{words}: announced {} before", delay(seconds)))
        }
        Power::Nobody => Note::pass(&place, words),
    });
}
