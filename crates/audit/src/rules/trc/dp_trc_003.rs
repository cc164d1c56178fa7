//! Protects from auditing another commit than the deployed one.

use crate::facts::commits::{Candidate, candidates};
use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;
use veritee_source::{CommitLookup, changed_words};

pub(super) const RULE: Rule = Rule {
    id: "DP-TRC-003",
    title: "the audited source is not the deployed commit",
    severity: Severity::Medium,
    needs: &[Need::Compose, Need::Source],
    remedy: "audit the tree at the deployed commit: git checkout COMMIT",
    answers: &[Item::Q8.shows()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    let Some(head) = source.tree.head().or_else(|| subject.context.commit.clone()) else { return };
    for Candidate { image, commit, by, .. } in candidates(subject) {
        // A tag of another repository's image says nothing about this tree.
        let found = source.tree.commit(&commit);
        if !matches!(found, CommitLookup::Found(_) | CommitLookup::NoHistory) {
            continue;
        }
        if head.starts_with(&commit) {
            sink.add(Note::pass(&image.place, format!("the tree is at {head}")).about(&commit));
        } else {
            let changes = match &found {
                CommitLookup::Found(full) => source.tree.changes(full, &head),
                _ => None,
            };
            let changed =
                changes.map(|paths| format!("; between them {}", changed_words(&paths))).unwrap_or_default();
            let evidence = format!("the tree is at {head}, the image's {by} names {commit}{changed}");
            sink.add(Note::fail(&image.place, evidence).about(&commit));
        }
    }
}
