use crate::rule::{Blocks, Need, Note, Rule, Sink};
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
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    for (path, why) in &source.unread {
        let place = Place { file: path.clone(), ..Place::default() };
        sink.add(Note::unknown(&place, *why));
    }
}
