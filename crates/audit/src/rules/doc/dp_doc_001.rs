//! Protects users from deployments that nobody can look up.

use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::source::records;
use crate::subject::Subject;
use veritee_model::{Place, Severity};

pub(super) const RULE: Rule = Rule {
    id: "DP-DOC-001",
    title: "no record of deployments",
    severity: Severity::Medium,
    needs: &[Need::Source],
    remedy: "keep DEPLOYMENTS.md or an evidence folder: compose hash, image digest, commit and date of every deployment",
    answers: &[Item::Q4.opens()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    let records = records::find(source);
    let Some(first) = records.first() else {
        let place = Place { file: ".".to_owned(), ..Place::default() };
        sink.add(Note::fail(&place, "no DEPLOYMENTS.md, no folder of evidence, no release log"));
        return;
    };
    let listed = subject.compose_hash().is_some_and(|hash| {
        records.iter().any(|record| record.hashes.contains(&hash) || record.digests.contains(&hash))
    });
    let evidence = if listed { "the record lists this compose hash" } else { "there is a record" };
    sink.add(Note::pass(&first.file.whole(), evidence));
}
