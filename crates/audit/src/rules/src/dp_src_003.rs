//! Protects the rebuild from the time of the build, which ends up in files and layers.

use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::source::dockerfile::Build;
use crate::source::kind::FileKind;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-003",
    title: "no SOURCE_DATE_EPOCH",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Build],
    remedy: "set SOURCE_DATE_EPOCH as a build argument and build with rewrite-timestamp=true",
    answers: &[Item::Q5.opens(), Item::M4.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let in_tree = subject.source.as_ref().is_some_and(|source| {
        source
            .live(&[FileKind::Workflow, FileKind::Shell, FileKind::Settings])
            .any(|file| file.text.contains("SOURCE_DATE_EPOCH"))
    });
    for build in subject.live_builds() {
        let covered = in_tree && !build.origin.in_machine;
        if covered || sets_epoch(build) {
            sink.add(Note::pass(&build.place(0), "SOURCE_DATE_EPOCH is set"));
        } else {
            sink.add(Note::fail(
                &build.place(0),
                "neither the Dockerfile nor the build scripts name SOURCE_DATE_EPOCH",
            ));
        }
    }
}

fn sets_epoch(build: &Build) -> bool {
    build.text.lines().any(|line| !line.trim_start().starts_with('#') && line.contains("SOURCE_DATE_EPOCH"))
}
