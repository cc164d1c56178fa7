//! Protects stored data from being changed on the disk unseen.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CFG-008",
    title: "the disk is encrypted without integrity",
    severity: Severity::Low,
    needs: &[Need::Manifest],
    remedy: "use zfs; rollback of the whole disk is possible with either",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    if view.text_of("storage_fs").is_some_and(|fs| fs.eq_ignore_ascii_case("ext4")) {
        sink.add(Note::fail(&view.member("storage_fs"), "storage_fs: ext4"));
    }
}
