//! Protects users from what nobody has understood: a value from outside counts until it is known to be harmless.

use crate::facts::outside::{unknown_effects, untold};
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-021",
    title: "values from outside whose effect is not known",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "write the value literally; or say of each place what it does, in a review or with [[audit.allow]]",
    after_others: true,
    check,
    ..Rule::PLAIN
};

/// One finding with a place for each, so that the rest stays open when some are answered.
fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    const QUOTED: usize = 6;
    let mut unknown = unknown_effects(subject);
    unknown.extend(untold(subject));
    unknown.sort_by(|(one, _), (other, _)| one.cmp(other));
    let Some((first, _)) = unknown.first() else { return };
    let mut evidence: Vec<&str> = unknown.iter().take(QUOTED).map(|(_, text)| text.as_str()).collect();
    let more = format!("and {} more", unknown.len().saturating_sub(QUOTED));
    if unknown.len() > QUOTED {
        evidence.push(&more);
    }
    let mut note = Note::manual(first, evidence.join("; ")).about(match unknown.len() {
        1 => "1 place".to_owned(),
        count => format!("{count} places"),
    });
    for (place, text) in unknown.iter().skip(1) {
        note = note.also(place, text);
    }
    sink.add(note);
}
