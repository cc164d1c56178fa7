//! Protects the answer to who gives the keys: it comes from the replayed log only.

use crate::facts::keys::place;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::{Severity, Sha256Digest};

pub(super) const RULE: Rule = Rule {
    id: "DP-KMS-001",
    title: "key provider as measured",
    severity: Severity::High,
    needs: &[Need::Events],
    remedy: "the guest writes exactly one key-provider event during boot; a log without it is of an old or foreign guest",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(events) = &subject.context.events else { return };
    let place = place();
    match events.count("key-provider") {
        0 => sink.add(Note::fail(&place, "no key-provider event before system-ready")),
        1 => match &events.key_provider {
            Some(provider) => {
                let fingerprint = hex::decode(&provider.id).map_or_else(
                    |_not_hex| "id is not hex".to_owned(),
                    |bytes| format!("sha256 of its id {}", Sha256Digest::of(&bytes)),
                );
                sink.add(Note::info(&place, format!("{} ({fingerprint})", provider.name)));
            }
            None => sink.add(Note::unknown(&place, "the key-provider event cannot be read")),
        },
        count => sink.add(Note::fail(&place, format!("{count} key-provider events before system-ready"))),
    }
}
