//! SRC: the repository at the deployed commit, and Dockerfiles wherever they stand.

mod dp_src_001;
mod dp_src_003;
mod dp_src_004;
mod dp_src_005;
mod dp_src_006;
mod dp_src_007;
mod dp_src_008;
mod dp_src_009;
mod dp_src_010;
mod dp_src_011;
mod dp_src_012;
mod dp_src_013;
mod dp_src_014;
mod dp_src_015;
mod dp_src_016;
mod dp_src_017;
mod dp_src_018;
mod dp_src_019;
mod dp_src_020;
mod dp_src_021;
mod dp_src_022;
mod dp_src_023;
mod dp_src_024;
mod dp_src_025;
mod dp_src_026;
mod dp_src_027;

table! {
    dp_src_001 dp_src_003 dp_src_004 dp_src_005 dp_src_006 dp_src_007 dp_src_008 dp_src_009 dp_src_010
    dp_src_011 dp_src_012 dp_src_013 dp_src_014 dp_src_015 dp_src_016 dp_src_017 dp_src_018 dp_src_019
    dp_src_020 dp_src_021 dp_src_022 dp_src_023 dp_src_024 dp_src_025 dp_src_026 dp_src_027
}

use crate::line_pattern::LinePattern;
use crate::rule::Note;
use crate::rule::Sink;
use crate::source::SourceFile;
use crate::source::kind::FileKind;
use crate::subject::Subject;
use crate::syntax::Hit;
use veritee_source::syntax::Stmt;

/// Files whose text runs or configures what runs.
pub(super) const CODE: &[FileKind] = &[FileKind::Code, FileKind::Shell];

/// Reports every match of a pattern in live files of the given kinds, unless `skip` says that it means nothing.
pub(super) fn scan(
    subject: &Subject<'_>,
    sink: &mut Sink<'_>,
    kinds: &'static [FileKind],
    pattern: &'static LinePattern,
    note: impl Fn(&SourceFile, usize) -> Option<Note>,
) {
    let Some(source) = &subject.source else { return };
    for file in source.live(kinds) {
        let mut last_line = None;
        for at in pattern.starts(&file.text, file.marks()) {
            let line = file.lines().index(at);
            if last_line == Some(line) || is_comment_only(file, at) {
                continue;
            }
            last_line = Some(line);
            if let Some(note) = note(file, at) {
                sink.add(note);
            }
        }
    }
}

/// What live files say by their grammar: each hit as a question for a person, with the line that it stands in.
pub(super) fn ask(subject: &Subject<'_>, sink: &mut Sink<'_>, hits: impl Fn(&[Stmt]) -> Vec<Hit>) {
    let Some(source) = &subject.source else { return };
    for file in source.live(CODE).filter(|file| file.is_parsed()) {
        for hit in hits(file.tree()) {
            let evidence = format!("{} ({})", file.line_at(hit.at), hit.why);
            sink.add(Note::manual(&file.place(hit.at), evidence).severity(hit.severity));
        }
    }
}

/// Whether a match stands in a line that is nothing but a comment.
fn is_comment_only(file: &SourceFile, offset: usize) -> bool {
    let line = file.lines().line_at(&file.text, offset).trim_start();
    line.starts_with("//")
        || line.starts_with('#') && !line.starts_with("#!") && !line.starts_with("#[")
        || line.starts_with('*')
}
