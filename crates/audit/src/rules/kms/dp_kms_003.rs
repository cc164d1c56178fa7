//! Protects nothing by itself: it shows that a public registry authorises the KMS.

use crate::facts::keys::{kind, place};
use crate::item::Item;
use crate::key_provider::KeyProviderKind;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-KMS-003",
    title: "keys come from a KMS that a public registry authorises",
    severity: Severity::Info,
    needs: &[Need::Events],
    answers: &[Item::Q3.shows(), Item::E1.tells(), Item::M5.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    if let Some(KeyProviderKind::OnChainKms(known)) = kind(subject)
        && let Some(registry) = known.registry
    {
        let evidence = format!(
            "{}: registry {} on {} (chain {}); this run has not read the chain",
            known.name, registry.address, registry.chain, registry.chain_id
        );
        sink.add(Note::pass(&place(), evidence).about(known.name));
    }
}
