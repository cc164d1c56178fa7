use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-020",
    title: "hardening",
    severity: Severity::Info,
    blocks: Blocks::Never,
    needs: &[Need::Compose],
    remedy: "",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        let mut seen = Vec::new();
        if service.is_true("read_only") {
            seen.push("read_only".to_owned());
        }
        if service.below("security_opt").any(|(_, value)| {
            value.effective().starts_with("no-new-privileges") && !value.effective().ends_with("false")
        }) {
            seen.push("no-new-privileges".to_owned());
        }
        if service.has("cap_drop") {
            seen.push("cap_drop".to_owned());
        }
        if service.scalar("user").is_some_and(|user| {
            !matches!(user.effective().split(':').next(), Some("root" | "0" | ""))
                && !user.provenance().is_settable()
        }) {
            seen.push("no root user".to_owned());
        }
        if !seen.is_empty() {
            sink.add(Note::pass(&service.place, format!("{}: {}", service.name, seen.join(", "))));
        }
    }
}
