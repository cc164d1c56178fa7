//! What the host supplies is measured by nothing.

use crate::facts::host_files;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-007",
    title: "a script reads what the host supplies unmeasured",
    severity: Severity::High,
    needs: &[Need::Manifest],
    remedy: "take settings from the measured document",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for script in &view.scripts {
        let lines = host_files::lines(script);
        let Some(first) = lines.first() else { continue };
        let severity = if script.published().is_some() { Severity::Low } else { Severity::High };
        let evidence = host_files::evidence(script, *first, lines.len());
        sink.add(Note::fail(&script.at_line(*first), evidence).severity(severity));
    }
}
