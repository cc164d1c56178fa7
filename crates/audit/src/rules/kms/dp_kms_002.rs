//! Protects users from upgrades that leave no public trace.

use crate::facts::keys::{kind, place};
use crate::item::Item;
use crate::key_provider::KeyProviderKind;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-KMS-002",
    title: "keys come from a KMS without a public upgrade log",
    severity: Severity::High,
    blocks: Blocks::Always,
    needs: &[Need::Events],
    remedy: "deploy under an on-chain KMS, where every authorised compose hash is public",
    answers: &[Item::Q3.fails(), Item::E1.tells(), Item::M5.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    if let Some(KeyProviderKind::HostedKms(known)) = kind(subject) {
        let tail = known.ca_spki.get(known.ca_spki.len().saturating_sub(12)..).unwrap_or("");
        let evidence = format!("{}: root CA key ...{tail}; upgrades leave no public trace", known.name);
        sink.add(Note::fail(&place(), evidence).about(known.name));
    }
}
