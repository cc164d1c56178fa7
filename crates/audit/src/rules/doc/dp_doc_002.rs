//! Protects users from records that promise and do not say.

use crate::pattern::pattern;
use crate::rule::{Need, Note, Rule, Sink};
use crate::source::kind::FileKind;
use crate::source::records;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-DOC-002",
    title: "a recorded deployment is unfinished",
    severity: Severity::Low,
    needs: &[Need::Source],
    remedy: "complete the entry: hash, transaction, date",
    check,
    ..Rule::PLAIN
};

pattern!(
    PENDING,
    r"(?i)\b(?:pending|tbd|to be (?:done|filled)|not yet|placeholder)\b|<(?:hash|tx|digest)[^>]*>",
    ["pending", "tbd", "to be ", "not yet", "placeholder", "<hash", "<tx", "<digest"]
);

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    for record in records::find(source).iter().filter(|record| record.file.kind == FileKind::Document) {
        for hit in PENDING.find_iter(&record.file.text) {
            sink.add(Note::fail(&record.file.place(hit.start()), record.file.line_at(hit.start())));
        }
    }
}
