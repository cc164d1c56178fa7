//! Closed sets as words on the wire.

use core::fmt;
use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Reads one word of a closed set. A word outside of it is an error that repeats it, shortened: what this version does
/// not know it cannot judge.
pub(crate) fn read<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    kind: &'static str,
    known: fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(Word { kind, known })
}

struct Word<T> {
    kind: &'static str,
    known: fn(&str) -> Option<T>,
}

impl<T> Visitor<'_> for Word<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind)
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<T, E> {
        (self.known)(word).ok_or_else(|| {
            let word = crate::text::inert(&crate::text::shortened(word, 80));
            E::custom(format_args!("`{word}` is no {}", self.kind))
        })
    }
}
