//! Protects users from what nobody has understood: a value from outside counts until it is known to be harmless.

use crate::facts::outside::{unknown_effects, untold};
use crate::rule::{EVIDENCE, Need, Note, Rule, Sink};
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
    let mut unknown = unknown_effects(subject);
    unknown.extend(untold(subject));
    unknown.sort_by(|(one, _), (other, _)| one.cmp(other));
    let Some((first, _)) = unknown.first() else { return };
    let texts: Vec<&str> = unknown.iter().map(|(_, text)| text.as_str()).collect();
    let mut note = Note::manual(first, whole_entries(&texts)).about(match unknown.len() {
        1 => "1 place".to_owned(),
        count => format!("{count} places"),
    });
    for (place, text) in unknown.iter().skip(1) {
        note = note.also(place, text);
    }
    sink.add(note);
}

/// As many entries as fit, each whole, and how many there are beside them; every one has a place of its own anyway.
fn whole_entries(texts: &[&str]) -> String {
    const REST: usize = 24;
    let mut evidence = String::new();
    for (index, text) in texts.iter().enumerate() {
        let length = evidence.chars().count().saturating_add(text.chars().count());
        if index > 0 && length > EVIDENCE.saturating_sub(REST) {
            return format!("{evidence}; and {} more", texts.len().saturating_sub(index));
        }
        if index > 0 {
            evidence.push_str("; ");
        }
        evidence.push_str(text);
    }
    evidence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_entry_is_cut_and_the_rest_is_counted() {
        let long =
            "services.app.environment.NAME: chosen by whoever deploys, its effect is not known".to_owned();
        let texts: Vec<&str> = core::iter::repeat_n(long.as_str(), 20).collect();
        let evidence = whole_entries(&texts);
        let (entries, more) = evidence.rsplit_once("; and ").unwrap();
        assert!(evidence.chars().count() <= EVIDENCE, "{evidence}");
        assert!(entries.split("; ").all(|entry| entry == long));
        let count = entries.split("; ").count();
        assert_eq!(more, format!("{} more", 20 - count));
        assert_eq!(whole_entries(&["a", "b"]), "a; b");
    }
}
