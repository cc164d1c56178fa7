//! Image references: `[registry[:port]/]path[:tag][@algorithm:hex]`.

use super::{HOLE, Value};
use veritee_compose as compose;
use veritee_model::Place;

/// An image as a service names it.
#[derive(Debug, Clone)]
pub(crate) struct ImageReference {
    /// As it stands.
    pub(crate) text: String,
    /// Registry and path.
    pub(crate) name: String,
    pub(crate) tag: Option<String>,
    /// `algorithm:hex` behind the `@`, whatever it is.
    pub(crate) digest: Option<String>,
    pub(crate) pin: Pin,
    /// Somebody outside has a part in it.
    pub(crate) settable: bool,
    pub(crate) place: Place,
    pub(crate) service: String,
}

/// How an image is pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pin {
    Digest,
    MalformedDigest,
    /// `latest`, no tag, or another tag that is meant to move.
    Moving,
    Tag,
}

impl ImageReference {
    pub(crate) fn of(value: &Value, service: &str) -> Self {
        let shape = value.shape();
        let settable = shape.contains(HOLE);
        Self {
            text: value.raw.clone(),
            settable,
            place: value.place.clone(),
            service: service.to_owned(),
            ..Self::parse(&value.effective())
        }
    }

    /// Reads a reference from text.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim();
        let parsed = whole(text);
        let piece = |value: &Option<compose::Value>| value.as_ref().map(|value| value.text.clone());
        let registry =
            parsed.registry.as_ref().map(|registry| format!("{}/", registry.text)).unwrap_or_default();
        Self {
            text: text.to_owned(),
            name: format!("{registry}{}", parsed.repository.text),
            tag: piece(&parsed.tag),
            digest: piece(&parsed.digest),
            pin: match parsed.pin() {
                compose::Pin::Digest { .. } => Pin::Digest,
                compose::Pin::MalformedDigest(_) => Pin::MalformedDigest,
                compose::Pin::Tag(tag) if !crate::tags::is_moving(&tag) => Pin::Tag,
                // Docker refuses a name that is not of the grammar: nothing is held fast by it.
                compose::Pin::Malformed if parsed.digest.is_some() => Pin::MalformedDigest,
                _ => Pin::Moving,
            },
            settable: false,
            place: Place::default(),
            service: String::new(),
        }
    }

    pub(crate) fn pin(&self) -> Pin {
        self.pin
    }

    /// Whether the code behind the reference can change without a trace in the document.
    pub(crate) fn is_mutable(&self) -> bool {
        self.settable || self.pin() != Pin::Digest
    }

    /// The hex of a sound digest.
    pub(crate) fn digest_hex(&self) -> Option<&str> {
        let digest = self.digest.as_deref().filter(|_| self.pin == Pin::Digest)?;
        digest.split_once(':').map(|(_, hex)| hex)
    }
}

fn whole(text: &str) -> compose::ImageReference {
    let value = compose::Value::literal_text(text, compose::Span::default());
    compose::ImageReference::parse(value, String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_wins_over_the_tag_and_a_port_is_no_tag() {
        let hex = "ab".repeat(32);
        let table = [
            (format!("a/b:latest@sha256:{hex}"), Pin::Digest),
            (format!("localhost:5000/b@sha256:{hex}"), Pin::Digest),
            ("localhost:5000/b".to_owned(), Pin::Moving),
            ("localhost:5000/b:1.2".to_owned(), Pin::Tag),
            ("redis".to_owned(), Pin::Moving),
            ("redis:LATEST".to_owned(), Pin::Moving),
            ("redis:7".to_owned(), Pin::Tag),
            (format!("a@sha256:{}", "AB".repeat(32)), Pin::MalformedDigest),
            (format!("a@sha256:{}", &hex[..63]), Pin::MalformedDigest),
            (format!("a@md5:{hex}"), Pin::MalformedDigest),
            (format!("a@sha512:{}", hex.repeat(2)), Pin::Digest),
            (format!("a@sha384:{}", &hex.repeat(2)[..96]), Pin::Digest),
            (format!("a@sha384:{hex}"), Pin::MalformedDigest),
            (format!("a b@sha256:{hex}"), Pin::MalformedDigest),
            (format!("a//b@sha256:{hex}"), Pin::MalformedDigest),
            (format!("@sha256:{hex}"), Pin::MalformedDigest),
            ("-a:1".to_owned(), Pin::Moving),
            (format!("a:sha256-{hex}"), Pin::Tag),
        ];
        for (text, pin) in table {
            assert_eq!(ImageReference::parse(&text).pin(), pin, "{text}");
        }
    }
}
