//! Protects the link between the image and a commit that exists.

use crate::facts::commits::{Candidate, candidates};
use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;
use veritee_source::CommitLookup;

pub(super) const RULE: Rule = Rule {
    id: "DP-TRC-002",
    title: "the commit that the image names",
    severity: Severity::High,
    needs: &[Need::Compose, Need::Source],
    remedy: "publish the commit that the image was built from",
    answers: &[Item::Q8.shows()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    for Candidate { image, commit, by, chosen } in candidates(subject) {
        let note = match source.tree.commit(&commit) {
            CommitLookup::Found(full) if chosen => Note::pass(
                &image.place,
                format!(
                    "{by} is commit {full} of the repository (a candidate: tags and labels are chosen freely)"
                ),
            ),
            CommitLookup::Found(full) => Note::pass(
                &image.place,
                format!("{by} of the image's file names commit {full} of the repository"),
            ),
            CommitLookup::Absent => {
                Note::fail(&image.place, format!("{by} names {commit}, which is no commit of the repository"))
            }
            CommitLookup::Ambiguous => {
                Note::unknown(&image.place, format!("`{commit}` begins several commits"))
            }
            CommitLookup::NoHistory => {
                Note::unknown(&image.place, format!("no history to look `{commit}` up in"))
            }
        };
        sink.add(note.about(&commit));
    }
}
