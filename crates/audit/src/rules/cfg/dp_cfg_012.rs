//! Protects the reader's overview: settings of the guest that change little are told all the same.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CFG-012",
    title: "other settings of the guest",
    severity: Severity::Info,
    needs: &[Need::Manifest],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for key in ["verity_volumes", "swap_size", "event_log_version"] {
        if let Some(value) = view.get(key) {
            sink.add(Note::info(&view.member(key), format!("{key}: {value}")).about(key));
        }
    }
    if view.text_of("manifest_version") == Some("3") {
        sink.add(
            Note::info(&view.member("manifest_version"), "manifest_version: \"3\"").about("manifest_version"),
        );
    }
}
