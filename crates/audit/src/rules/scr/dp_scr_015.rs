use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Place;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-015",
    title: "part of a script was not understood",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Manifest],
    remedy: "read the lines; what they set counts as the host's",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for script in &view.scripts {
        for (line, what) in &script.unparsed {
            let place = Place { line: Some(*line), ..script.place.clone() };
            sink.add(Note::unknown(&place, format!("{} line {line}: {what}", script.key)));
        }
    }
}
