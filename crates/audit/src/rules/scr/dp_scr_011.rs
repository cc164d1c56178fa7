use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script;
use crate::subject::Subject;
use veritee_model::Place;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-011",
    title: "a gate stands where containers may already run",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Manifest],
    remedy: "move the gate to init_script or to requirements.launch_token_hash",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for script in view.scripts.iter().filter(|script| script.key == "pre_launch_script") {
        let Some((line, text)) = script::gate(script, view) else { continue };
        let restarts: Vec<&str> = view
            .active()
            .filter(|service| {
                service
                    .scalar("restart")
                    .is_some_and(|value| matches!(value.effective().as_str(), "always" | "unless-stopped"))
            })
            .map(|service| service.name.as_str())
            .collect();
        let tail = if restarts.is_empty() {
            String::new()
        } else {
            format!("; docker restarts {} before it", restarts.join(", "))
        };
        let place = Place { line: Some(line), ..script.place.clone() };
        sink.add(Note::fail(&place, format!("{} line {line}: {text}{tail}", script.key)));
    }
}
