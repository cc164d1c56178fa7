//! Image references: `[registry[:port]/]path[:tag][@algorithm:hex]`.

use super::{HOLE, Value};
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
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_owned())),
            None => (text, None),
        };
        // A colon before the last slash is a port.
        let path_at = rest.rfind('/').map_or(0, |at| at.saturating_add(1));
        let (name, tag) = match rest.get(path_at..).and_then(|last| last.split_once(':')) {
            Some((_, tag)) => {
                let end = rest.len().saturating_sub(tag.len()).saturating_sub(1);
                (rest.get(..end).unwrap_or(rest), Some(tag.to_owned()))
            }
            None => (rest, None),
        };
        Self {
            text: text.to_owned(),
            name: name.to_owned(),
            tag,
            digest,
            settable: false,
            place: Place::default(),
            service: String::new(),
        }
    }

    pub(crate) fn pin(&self) -> Pin {
        match (&self.digest, self.tag.as_deref()) {
            (Some(digest), _) if is_digest(digest) => Pin::Digest,
            (Some(_), _) => Pin::MalformedDigest,
            (None, None | Some("")) => Pin::Moving,
            (None, Some(tag)) if crate::tags::is_moving(tag) => Pin::Moving,
            (None, Some(_)) => Pin::Tag,
        }
    }

    /// Whether the code behind the reference can change without a trace in the document.
    pub(crate) fn is_mutable(&self) -> bool {
        self.settable || self.pin() != Pin::Digest
    }

    /// The hex of a sound digest.
    pub(crate) fn digest_hex(&self) -> Option<&str> {
        let digest = self.digest.as_deref().filter(|digest| is_digest(digest))?;
        digest.split_once(':').map(|(_, hex)| hex)
    }
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
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
            (format!("a:sha256-{hex}"), Pin::Tag),
        ];
        for (text, pin) in table {
            assert_eq!(ImageReference::parse(&text).pin(), pin, "{text}");
        }
    }
}
