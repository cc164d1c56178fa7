//! Protects the right to build and examine the code.

use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::{Place, Severity};

pub(super) const RULE: Rule = Rule {
    id: "DP-DOC-004",
    title: "no licence",
    severity: Severity::Low,
    needs: &[Need::Source],
    remedy: "add a licence that lets others build and examine the code",
    answers: &[Item::E2.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    let licensed = source.files.iter().any(|file| {
        let name = file.name().to_ascii_lowercase();
        ["license", "licence", "copying", "unlicense"].iter().any(|stem| name.starts_with(stem))
    });
    if !licensed {
        let place = Place { file: ".".to_owned(), ..Place::default() };
        sink.add(Note::fail(&place, "no LICENSE file in the tree"));
    }
}
