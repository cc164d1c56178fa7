//! Protects the application's id from being claimed by another compose.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-META-007",
    title: "how the app id relates to the compose",
    severity: Severity::Info,
    needs: &[Need::Manifest],
    remedy: "without a KMS anybody may run any compose under any app id: rely on the compose hash",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let (Some(view), Some(app_id)) = (&subject.view, subject.context.app_id) else { return };
    let app_id = app_id.to_string();
    let derived = subject.compose_hash().is_some_and(|hash| hash.starts_with(&app_id));
    if derived {
        sink.add(Note::pass(
            &view.place(),
            format!("{app_id} is the compose hash's beginning: bound to this compose"),
        ));
        return;
    }
    let kms = subject
        .context
        .events
        .as_ref()
        .and_then(|events| events.key_provider.as_ref())
        .is_some_and(|provider| provider.name == "kms");
    if kms {
        sink.add(Note::info(
            &view.place(),
            format!("{app_id} is pinned at deployment or assigned by the KMS"),
        ));
    } else {
        let evidence = format!("{app_id} was chosen at deployment and no KMS vouches for it");
        sink.add(Note::fail(&view.place(), evidence).severity(Severity::High));
    }
}
