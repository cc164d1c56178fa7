//! Protects against parts of compose that run something beside the services.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-014",
    title: "a part of compose that runs beside the services",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "leave it out of production",
    check,
    ..Rule::PLAIN
};

/// Keys with how grave they are, and what they do. `gpus` only asks for a device: nothing is said of it.
const KEYS: &[(&str, Severity, &str)] = &[
    ("post_start", Severity::Medium, "runs a command beside the service's own"),
    ("pre_start", Severity::Medium, "runs a command beside the service's own"),
    ("pre_stop", Severity::Medium, "runs a command beside the service's own"),
    ("provider", Severity::High, "a program of the guest, outside of the document, provides the service"),
    ("develop", Severity::Medium, "files are copied into the container while it runs"),
    ("models", Severity::Medium, "a model is fetched and run"),
    ("credential_spec", Severity::Low, "read on another operating system"),
    ("label_file", Severity::Medium, "labels come from a file outside of the document"),
    ("pull_refresh_after", Severity::Medium, "the image is fetched anew while the machine runs"),
];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for (key, severity, why) in KEYS {
            for (path, value) in service.below(key) {
                let evidence = format!("{} {path}: {} ({why})", service.name, value.raw);
                sink.add(Note::fail(&value.place, evidence).severity(*severity).about(*key));
            }
        }
    }
    for (path, value) in view.globals.iter().filter(|(path, _)| path.starts_with("models.")) {
        if path.ends_with(".model") {
            sink.add(Note::fail(&value.place, format!("{path}: {}", value.raw)).about("models"));
        }
    }
}
