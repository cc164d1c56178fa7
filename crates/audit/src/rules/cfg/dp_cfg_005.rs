//! Protects against another KMS than the one that is meant.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CFG-005",
    title: "the document does not pin the KMS",
    severity: Severity::Low,
    needs: &[Need::Manifest],
    remedy: "set key_provider_id, or compare the key-provider event",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    if view.manifest().is_none_or(|manifest| manifest.key_provider() != "kms") || view.get("runner").is_none()
    {
        return;
    }
    let place = view.member("key_provider_id");
    let pinned = view.text_of("key_provider_id").unwrap_or("");
    let measured = subject.context.events.as_ref().and_then(|events| events.key_provider.as_ref());
    if pinned.is_empty() {
        sink.add(Note::fail(&place, "key_provider_id is empty: any KMS that the host picks"));
    } else if let Some(provider) = measured {
        if provider.id.eq_ignore_ascii_case(pinned) {
            sink.add(Note::pass(&place, "key_provider_id is the measured one"));
        } else {
            let evidence = format!("key_provider_id {pinned}, measured {}", provider.id);
            sink.add(Note::fail(&place, evidence).severity(Severity::High));
        }
    } else {
        sink.add(Note::pass(&place, "key_provider_id is set"));
    }
}
