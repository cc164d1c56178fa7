//! KMS: who gives the keys, from the replayed event log.

mod dp_kms_001;
mod dp_kms_002;
mod dp_kms_003;
mod dp_kms_004;
mod dp_kms_005;

table! {
    dp_kms_001 dp_kms_002 dp_kms_003 dp_kms_004 dp_kms_005
}

use crate::context::BootEvents;
use crate::key_provider::KeyProviderKind;
use crate::subject::Subject;
use veritee_model::Place;

/// Findings about the log have no line.
pub(super) fn place() -> Place {
    Place { file: "event-log".to_owned(), path: "key-provider".to_owned(), ..Place::default() }
}

/// The kind, when exactly one `key-provider` event stands in the boot part of the log.
pub(super) fn kind(subject: &Subject<'_>) -> Option<KeyProviderKind> {
    sound_events(subject)?.key_provider.as_ref().map(|provider| provider.kind())
}

pub(super) fn sound_events<'a>(subject: &'a Subject<'_>) -> Option<&'a BootEvents> {
    subject.context.events.as_ref().filter(|events| events.count("key-provider") == 1)
}
