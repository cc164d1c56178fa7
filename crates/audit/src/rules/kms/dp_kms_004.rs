//! Protects users from keys that nobody authorises.

use crate::facts::keys::{kind, place};
use crate::item::Item;
use crate::key_provider::KeyProviderKind;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-KMS-004",
    title: "keys are not under any shared authority",
    severity: Severity::High,
    blocks: Blocks::Always,
    needs: &[Need::Events],
    remedy: "use a KMS that a public registry authorises",
    answers: &[Item::Q3.fails(), Item::E1.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let evidence = match kind(subject) {
        Some(KeyProviderKind::Local) => {
            "local: keys are sealed to one machine, upgrades are recorded nowhere"
        }
        Some(KeyProviderKind::Tpm) => "tpm: keys are bound to the host's TPM",
        Some(KeyProviderKind::None) => "none: anybody may run any application under any app id",
        Some(KeyProviderKind::Other) => "a key provider that dstack does not document",
        _ => return,
    };
    sink.add(Note::fail(&place(), evidence));
}
