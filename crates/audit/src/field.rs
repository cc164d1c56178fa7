//! A scalar of the compose file where it stands. The value itself is `veritee-compose`'s.

use core::ops::Deref;
use veritee_compose::Value;
use veritee_model::Place;

/// A value, as it is written, and its place.
#[derive(Debug, Clone)]
pub(crate) struct Field<'d> {
    pub(crate) value: &'d Value,
    /// As it stands in the document.
    pub(crate) raw: &'d str,
    pub(crate) place: Place,
}

/// Stands for a part that somebody outside chooses, where a text is looked at as a whole.
pub(crate) const HOLE: char = '\u{fffc}';

impl Field<'_> {
    /// The text with a [`HOLE`] where somebody outside can choose.
    pub(crate) fn shape(&self) -> String {
        self.masked(|part| part.provenance.is_settable().then_some(HOLE))
    }

    /// Whether compose reads it as true: a boolean may stand there as a word. Source: compose-go, `toBoolean`.
    pub(crate) fn says_true(&self) -> bool {
        matches!(self.effective().to_ascii_lowercase().as_str(), "true" | "y" | "yes" | "on")
    }
}

impl Deref for Field<'_> {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.value
    }
}

/// Keys of a service whose values are run; hooks have theirs below `command`.
pub(crate) const RUN: &[&str] =
    &["command", "entrypoint", "healthcheck.test", "post_start", "pre_start", "pre_stop"];

/// Whether a path is `key` or below it.
pub(crate) fn is_at(path: &str, key: &str) -> bool {
    path.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The path of the list that an entry stands in: `command` of `command.0`.
pub(crate) fn list_of(path: &str) -> Option<&str> {
    let (list, index) = path.rsplit_once('.')?;
    (!index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit())).then_some(list)
}
