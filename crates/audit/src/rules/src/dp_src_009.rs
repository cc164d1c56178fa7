//! Protects nothing by itself: it shows whether somebody tests that a rebuild gives the same image.

use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::source::kind::FileKind;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-009",
    title: "reproducibility is tested",
    severity: Severity::Info,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    for file in source.live(&[FileKind::Workflow]) {
        if file.path.contains("reproduc") || file.text.contains("rewrite-timestamp=true") {
            sink.add(Note::pass(
                &file.whole(),
                "a workflow builds reproducibly; whether it does, only a rebuild shows",
            ));
        }
    }
    if source.has_file(&["flake.nix"]) && source.has_file(&["flake.lock"]) {
        let place = source.files.iter().find(|file| file.name() == "flake.nix").map(|file| file.whole());
        sink.add(Note::pass(&place.unwrap_or_default(), "flake.nix with flake.lock"));
    }
}
