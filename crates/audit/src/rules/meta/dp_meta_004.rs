//! Protects against a document that one reader sees otherwise than another, or a person otherwise than a program.

use crate::facts::lookalike;
use crate::rule::{Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::FaultKind;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-META-004",
    title: "two readers can see two documents",
    severity: Severity::High,
    needs: &[],
    remedy: "write the document so that it has one reading: no duplicate keys, one YAML document, no tags",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for fault in &view.faults {
        match fault.kind {
            FaultKind::Differential => sink.add(Note::fail(&fault.place, &fault.what)),
            FaultKind::NotModelled | FaultKind::Unreadable => {}
        }
    }
    for (place, what) in lookalike::found(view) {
        sink.add(
            Note::fail(&place, what)
                .severity(Severity::Medium)
                .about("a person and a program read two texts"),
        );
    }
}
