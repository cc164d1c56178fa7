//! An image where it is named. What holds it fast is `veritee-compose`'s to say; here is what a tag is meant for.

use crate::tags;
use std::borrow::Cow;
use veritee_compose::{self as compose, Pin, Value};
use veritee_model::Place;

/// An image that a service names or starts.
#[derive(Debug, Clone)]
pub(crate) struct Image<'d> {
    /// As it stands.
    pub(crate) text: Cow<'d, str>,
    pub(crate) pin: Pin,
    /// The reference, with defaults where somebody outside chooses.
    parts: compose::ImageReference,
    /// Somebody outside has a part in it.
    pub(crate) settable: bool,
    pub(crate) place: Place,
    pub(crate) service: &'d str,
}

impl<'d> Image<'d> {
    /// The image of a service.
    pub(crate) fn of(field: &crate::field::Field<'d>, service: &'d str) -> Self {
        let image = Self::parse(&field.effective(), field.place.clone());
        Self { text: Cow::Borrowed(field.raw), settable: field.is_settable(), service, ..image }
    }

    /// An image that a text names, at a place.
    pub(crate) fn parse(text: &str, place: Place) -> Self {
        let text = text.trim();
        let value = Value::literal_text(text, compose::Span::default());
        let parts = compose::ImageReference::parse(value, String::new());
        let pin = parts.pin();
        Self { text: Cow::Owned(text.to_owned()), pin, parts, settable: false, place, service: "" }
    }

    /// The same, whether somebody outside has a part in it.
    pub(crate) fn chosen(self, settable: bool) -> Self {
        Self { settable, ..self }
    }

    /// A digest holds it fast.
    pub(crate) const fn is_pinned(&self) -> bool {
        matches!(self.pin, Pin::Digest { .. })
    }

    /// A digest stands there and holds nothing. Docker refuses a name that is not of the grammar, too.
    pub(crate) fn has_void_digest(&self) -> bool {
        match self.pin {
            Pin::MalformedDigest(_) => true,
            Pin::Malformed => self.parts.digest.is_some(),
            _ => false,
        }
    }

    /// The tag by which it is named, where that is not one that is meant to move.
    pub(crate) fn fixed_tag(&self) -> Option<&str> {
        match &self.pin {
            Pin::Tag(tag) if !tags::is_moving(tag) => Some(tag),
            _ => None,
        }
    }

    /// `latest`, no tag, or another one that is meant to move.
    pub(crate) fn is_moving(&self) -> bool {
        !self.is_pinned() && !self.has_void_digest() && self.fixed_tag().is_none()
    }

    /// The commit that the tag of a reference without digest looks like.
    pub(crate) fn commit_tag(&self) -> Option<String> {
        tags::commit_candidate(self.fixed_tag()?, None)
    }

    /// Whether the code behind the reference can change without a trace in the document.
    pub(crate) const fn is_mutable(&self) -> bool {
        self.settable || !self.is_pinned()
    }

    /// Registry and path.
    pub(crate) fn name(&self) -> String {
        let registry = self.parts.registry.as_ref().map(|registry| format!("{}/", registry.text));
        format!("{}{}", registry.unwrap_or_default(), self.parts.repository.text)
    }

    pub(crate) fn tag(&self) -> Option<&str> {
        self.parts.tag.as_ref().map(|tag| tag.text.as_str())
    }

    /// `algorithm:hex` behind the `@`, whatever it is.
    pub(crate) fn digest(&self) -> Option<&str> {
        self.parts.digest.as_ref().map(|digest| digest.text.as_str())
    }

    /// The hex of a sound digest.
    pub(crate) fn digest_hex(&self) -> Option<&str> {
        let digest = self.digest().filter(|_| self.is_pinned())?;
        digest.split_once(':').map(|(_, hex)| hex)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_wins_over_the_tag_and_what_moves_is_told_from_what_is_malformed() {
        let hex = "ab".repeat(32);
        let kinds = |text: &str| {
            let image = Image::parse(text, Place::default());
            [image.is_pinned(), image.has_void_digest(), image.fixed_tag().is_some(), image.is_moving()]
        };
        for text in [format!("a/b:latest@sha256:{hex}"), format!("a@sha512:{}", hex.repeat(2))] {
            assert_eq!(kinds(&text), [true, false, false, false], "{text}");
        }
        for text in [format!("a@md5:{hex}"), format!("a b@sha256:{hex}"), format!("@sha256:{hex}")] {
            assert_eq!(kinds(&text), [false, true, false, false], "{text}");
        }
        for text in ["localhost:5000/b:1.2".to_owned(), format!("a:sha256-{hex}")] {
            assert_eq!(kinds(&text), [false, false, true, false], "{text}");
        }
        for text in ["localhost:5000/b", "redis", "redis:LATEST", "-a:1"] {
            assert_eq!(kinds(text), [false, false, false, true], "{text}");
        }
    }
}
