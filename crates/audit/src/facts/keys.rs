//! Who gives the keys, from the replayed event log.

use crate::context::BootEvents;
use crate::key_provider::KeyProviderKind;
use crate::subject::Subject;
use veritee_model::Place;

/// Findings about the log have no line.
pub(crate) fn place() -> Place {
    Place { file: "event-log".to_owned(), path: "key-provider".to_owned(), ..Place::default() }
}

/// The kind, when exactly one `key-provider` event stands in the boot part of the log.
pub(crate) fn kind(subject: &Subject<'_>) -> Option<KeyProviderKind> {
    sound_events(subject)?.key_provider.as_ref().map(|provider| provider.kind())
}

pub(crate) fn sound_events<'a>(subject: &'a Subject<'_>) -> Option<&'a BootEvents> {
    subject.context.events.as_ref().filter(|events| events.count("key-provider") == 1)
}
