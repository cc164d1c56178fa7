use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-014",
    title: "a part of compose that runs beside the services",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Compose],
    remedy: "leave it out of production",
    check,
};

const KEYS: &[&str] =
    &["post_start", "pre_start", "pre_stop", "provider", "develop", "models", "credential_spec"];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for key in KEYS {
            if let Some((path, value)) = service.below(key).next() {
                let evidence = format!("{} {path}: {}", service.name, value.raw);
                sink.add(Note::fail(&value.place, evidence).about(*key));
            }
        }
    }
    if let Some((path, value)) = view.globals.iter().find(|(path, _)| path.starts_with("models.")) {
        sink.add(Note::fail(&value.place, format!("{path}: {}", value.raw)).about("models"));
    }
}
