//! Protects from abbreviations that name two commits.

use crate::facts::commits::{Candidate, candidates};
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;
use veritee_source::CommitLookup;

pub(super) const RULE: Rule = Rule {
    id: "DP-TRC-006",
    title: "abbreviated commit is ambiguous",
    severity: Severity::Low,
    needs: &[Need::Compose, Need::Source],
    remedy: "name commits in full",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    for Candidate { image, commit, .. } in candidates(subject) {
        if commit.len() < 12 && source.tree.commit(&commit) == CommitLookup::Ambiguous {
            sink.add(Note::fail(&image.place, &*image.text).about(commit));
        }
    }
}
