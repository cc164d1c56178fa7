use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::rules::meta::is_development;
use crate::script;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-008",
    title: "a script sets root's password or keys",
    severity: Severity::Low,
    blocks: Blocks::From(Severity::Critical),
    needs: &[Need::Manifest],
    remedy: "a production guest has no ssh daemon; on a development guest this is a way in",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let severity = if is_development(&subject.context.os) { Severity::Critical } else { Severity::Low };
    for script in &view.scripts {
        let item = script::commands(script).iter().find(|item| {
            matches!(item.command.program(), "chpasswd" | "passwd" | "usermod")
                || item.text.contains("authorized_keys")
        });
        if let Some(item) = item {
            let evidence = format!("{} line {}: {}", script.key, item.line, item.text);
            sink.add(Note::fail(&item.place(script), evidence).severity(severity));
        }
    }
}
