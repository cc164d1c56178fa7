use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::EnvironmentEntry;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-019",
    title: "debugging or development is switched on",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Compose],
    remedy: "switch it off in production",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let severity = if view.flag("public_logs") == Some(true) { Severity::High } else { Severity::Medium };
    for service in view.active() {
        for entry in service.environment.iter().filter(|entry| is_debug(entry)) {
            let evidence =
                format!("{} environment.{}: {}", service.name, entry.name, entry.value.effective());
            sink.add(Note::fail(&entry.value.place, evidence).severity(severity).about(&entry.name));
        }
    }
}

/// A literal that switches debugging or development on.
fn is_debug(entry: &EnvironmentEntry) -> bool {
    let Some(text) = entry.value.fixed().map(|text| text.trim().to_ascii_lowercase()) else { return false };
    let on = matches!(text.as_str(), "1" | "true" | "yes" | "on");
    let words = crate::names::words(&entry.name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    match entry.name.as_str() {
        // The first directive without a target is the level of everything.
        "RUST_LOG" => {
            text.split(',').any(|part| !part.contains('=') && matches!(part.trim(), "trace" | "debug"))
        }
        "NODE_ENV" | "RAILS_ENV" | "APP_ENV" | "FLASK_ENV" | "ENVIRONMENT" => {
            matches!(text.as_str(), "development" | "dev" | "test" | "local" | "debug")
        }
        "LOG_LEVEL" | "LOGLEVEL" => matches!(text.as_str(), "trace" | "debug"),
        _ => {
            on && has(&["DEBUG", "TRACE", "MOCK", "FAKE", "INSECURE", "UNSAFE", "DEV", "SIMULATOR", "BYPASS"])
                && !has(&["NO", "DISABLE", "DISABLED"])
        }
    }
}
