//! Protects against silence: what of the source was not read is said, and counts.

use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::source::grammar;
use crate::subject::Subject;
use veritee_model::{Place, Severity};

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-026",
    title: "part of the source was not read",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "read the file by hand",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    for (path, why) in &source.unread {
        let place = Place { file: path.clone(), ..Place::default() };
        sink.add(Note::unknown(&place, *why));
    }
    for (file, why) in grammar::unread(&source.files) {
        let text = format!("{why}: its lines are looked at instead");
        sink.add(Note::unknown(&file.whole(), text).severity(Severity::High));
    }
    for (path, why) in &source.skipped {
        let place = Place { file: path.clone(), ..Place::default() };
        sink.add(Note::info(&place, format!("not looked into: {why}")));
    }
    // The rules that ask the history stand before this one in the table.
    for notice in source.tree.notices() {
        let place = Place { file: notice.path().to_owned(), ..Place::default() };
        let note = if notice.is_usual() { Note::info } else { Note::unknown };
        sink.add(note(&place, notice.to_string()).about(notice.name()));
    }
}
