//! Protects the machine's load from being read by everybody.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CFG-003",
    title: "everybody can read the machine's load",
    severity: Severity::Info,
    needs: &[Need::Manifest],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    if view.flag("public_sysinfo") == Some(true) {
        sink.add(Note::info(&view.member("public_sysinfo"), "public_sysinfo: true"));
    }
}
