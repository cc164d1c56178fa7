//! Protects the start-up: a script that is no published one has to be read.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;
use veritee_model::Sha256Digest;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-001",
    title: "is the pre-launch script a published one?",
    severity: Severity::High,
    needs: &[Need::Manifest],
    remedy: "use the platform's script unchanged, or have every line reviewed",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for script in view.scripts.iter().filter(|script| script.is_pre_launch()) {
        let digest = Sha256Digest::of(script.text().as_bytes());
        if let Some(known) = script.published() {
            let evidence = format!("sha256 {digest}: published script v{} of {}", known.version, known.date);
            sink.add(Note::pass(&script.place, evidence));
        } else {
            let evidence =
                format!("sha256 {digest} is no published script; {} lines", script.text().lines().count());
            sink.add(Note::manual(&script.place, evidence));
        }
    }
}
