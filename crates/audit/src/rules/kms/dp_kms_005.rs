//! Protects users from a KMS of which nothing is known.

use crate::facts::keys::{kind, place};
use crate::item::Item;
use crate::key_provider::KeyProviderKind;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-KMS-005",
    title: "the KMS is not known",
    severity: Severity::Medium,
    needs: &[Need::Events],
    remedy: "compare the root CA key with kmsInfo().caPubkey of the registry that is said to authorise it",
    answers: &[Item::M5.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    if kind(subject) == Some(KeyProviderKind::UnknownKms) {
        let id = subject
            .context
            .events
            .as_ref()
            .and_then(|events| events.key_provider.as_ref())
            .map_or("", |provider| provider.id.as_str());
        sink.add(Note::unknown(&place(), format!("root CA key {id}")));
    }
}
