use crate::names::{NameClass, classify};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::rules::meta::is_development;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-009",
    title: "whoever deploys may set root's password or keys",
    severity: Severity::Medium,
    blocks: Blocks::From(Severity::Critical),
    needs: &[Need::Manifest],
    remedy: "remove the name from allowed_envs",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let development = is_development(&subject.context.os);
    for name in view.allowed.iter().flatten().filter(|name| classify(name) == NameClass::RootAccess) {
        let severity = if development { Severity::Critical } else { Severity::Medium };
        let evidence = format!("allowed_envs names {name}");
        sink.add(Note::fail(&view.member("allowed_envs"), evidence).severity(severity).about(name));
    }
}
