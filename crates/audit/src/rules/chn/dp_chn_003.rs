//! Protects users from another version that gets the same keys.

use crate::facts::chain::{app, place};
use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

/// Hashes that a finding names.
const SHOWN: usize = 8;

pub(super) const RULE: Rule = Rule {
    id: "DP-CHN-003",
    title: "other composes get the same keys",
    severity: Severity::Medium,
    needs: &[Need::Chain],
    remedy: "remove what does not run any more, and publish every app_compose that is allowed",
    answers: &[Item::E1.tells(), Item::M10.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(app) = app(subject) else { return };
    if app.others.is_empty() {
        sink.add(Note::pass(&place("compose-hashes"), "exactly one compose hash is allowed: this one"));
        return;
    }
    let some: Vec<&str> = app.others.iter().take(SHOWN).map(String::as_str).collect();
    let more = app.others.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let words = format!("{} other compose hashes are allowed: {}{more}", app.others.len(), some.join(", "));
    sink.add(Note::fail(&place("compose-hashes"), words));
}
