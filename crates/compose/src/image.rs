//! Image references: `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]` (distribution, package `reference`).
//!
//! A digest wins over a tag; without both the tag is `latest`; a `:` before the last `/` begins a port.

use crate::provenance::Provenance;
use crate::value::{Part, Value};

/// A reference to an image, part by part, with who chooses each.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageReference {
    /// The whole reference.
    pub value: Value,
    /// The registry, if one is written. Without one it is Docker Hub.
    pub registry: Option<Value>,
    /// The repository, without the registry.
    pub repository: Value,
    /// The tag, if one is written.
    pub tag: Option<Value>,
    /// The digest with its algorithm, if one is written.
    pub digest: Option<Value>,
    /// Path of it.
    pub path: String,
}

/// A component of an image reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImageComponent {
    /// All of it.
    Whole,
    /// The registry.
    Registry,
    /// The repository.
    Repository,
    /// The tag.
    Tag,
    /// The digest.
    Digest,
}

/// What holds the image fast.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pin {
    /// A digest of known algorithm and right length: the image cannot change.
    Digest {
        /// The algorithm and the hex digits.
        digest: String,
        /// The tag beside it, which says nothing.
        decorative_tag: Option<String>,
    },
    /// A digest that is none: of unknown algorithm, wrong length, or with upper-case digits.
    MalformedDigest(String),
    /// A tag, which whoever owns the repository can move.
    Tag(String),
    /// Neither tag nor digest: `latest`.
    Implicit,
    /// A part that decides it is chosen by somebody else.
    Chosen(Provenance),
    /// The reference is not of the grammar; Docker refuses it.
    Malformed,
}

impl ImageReference {
    /// Takes a reference apart. Never fails: see [`ImageReference::pin`] for what is wrong with it.
    #[must_use]
    pub fn parse(value: Value, path: String) -> Self {
        let (name, digest) = match value.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (value.clone(), None),
        };
        let components = name.split('/');
        let last = components.last().cloned().unwrap_or_else(|| name.clone());
        let (_, tag) = match last.split_once(':') {
            Some((last, tag)) => (last, Some(tag)),
            None => (last, None),
        };
        let tag_length = tag.as_ref().map_or(0, |tag| tag.text.len().saturating_add(1));
        let untagged = name.piece(0..name.text.len().saturating_sub(tag_length));
        let (registry, repository) = match (components.len() > 1, components.first()) {
            (true, Some(first)) if is_registry(first) => {
                let rest = first.text.len().saturating_add(1)..untagged.text.len();
                (Some(first.clone()), untagged.piece(rest))
            }
            _ => (None, untagged),
        };
        Self { value, registry, repository, tag, digest, path }
    }

    /// The parts that somebody can choose without changing the compose hash, with the component each feeds.
    pub fn chosen(&self) -> impl Iterator<Item = (ImageComponent, &Part)> {
        let whole = self.value.parts.len() == 1;
        let pieces = [
            (ImageComponent::Registry, self.registry.as_ref()),
            (ImageComponent::Repository, Some(&self.repository)),
            (ImageComponent::Tag, self.tag.as_ref()),
            (ImageComponent::Digest, self.digest.as_ref()),
        ];
        pieces.into_iter().flat_map(move |(component, piece)| {
            let component = if whole { ImageComponent::Whole } else { component };
            piece.into_iter().flat_map(Value::chosen_parts).map(move |part| (component, part))
        })
    }

    /// What holds the image fast.
    #[must_use]
    pub fn pin(&self) -> Pin {
        if let Some((_, part)) = self.chosen().max_by_key(|(_, part)| part.provenance) {
            return Pin::Chosen(part.provenance);
        }
        let Some(text) = self.value.literal() else { return Pin::Chosen(self.value.provenance()) };
        if !self.is_well_formed(text) {
            return Pin::Malformed;
        }
        let tag = self.tag.as_ref().map(|tag| tag.text.clone());
        match (&self.digest, tag) {
            (Some(digest), decorative_tag) if is_digest(&digest.text) => {
                Pin::Digest { digest: digest.text.clone(), decorative_tag }
            }
            (Some(digest), _) => Pin::MalformedDigest(digest.text.clone()),
            (None, Some(tag)) => Pin::Tag(tag),
            (None, None) => Pin::Implicit,
        }
    }

    /// Registry and repository as Docker completes them: `nginx` is `docker.io/library/nginx`.
    #[must_use]
    pub fn full_name(&self) -> String {
        let registry = self.registry.as_ref().map_or("docker.io", |registry| registry.text.as_str());
        let registry = if registry == "index.docker.io" { "docker.io" } else { registry };
        let repository = self.repository.text.as_str();
        if registry == "docker.io" && !repository.contains('/') {
            return format!("{registry}/library/{repository}");
        }
        format!("{registry}/{repository}")
    }

    fn is_well_formed(&self, text: &str) -> bool {
        let repository = &self.repository.text;
        let steps_fit = !repository.is_empty() && repository.split('/').all(is_path_step);
        let tag_fits = self.tag.as_ref().is_none_or(|tag| is_tag(&tag.text));
        let registry_fits = self.registry.as_ref().is_none_or(|registry| is_host(&registry.text));
        steps_fit && tag_fits && registry_fits && text.len() <= 4096
    }
}

/// The first component is a registry where it has a dot, a colon or an upper-case letter, or is `localhost`, or where
/// a part of it is not known.
fn is_registry(first: &Value) -> bool {
    first.literal().is_none_or(|text| {
        text == "localhost" || text.contains(['.', ':']) || text.chars().any(|c| c.is_ascii_uppercase())
    })
}

fn is_path_step(step: &str) -> bool {
    let alphanumeric = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = step.as_bytes();
    alphanumeric(bytes.first())
        && alphanumeric(bytes.last())
        && bytes.iter().all(|b| alphanumeric(Some(b)) || matches!(b, b'.' | b'_' | b'-'))
}

fn is_tag(tag: &str) -> bool {
    let mut bytes = tag.bytes();
    tag.len() <= 128
        && bytes.next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// Labels of letters, digits and hyphens, none at an end; or an IPv6 address in brackets. A port behind either.
fn is_host(host: &str) -> bool {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(rest) = host.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        let is_address = !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
        return is_address && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let is_label = |label: &str| {
        let fits = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        !label.is_empty() && fits && !label.starts_with('-') && !label.ends_with('-')
    };
    name.split('.').all(is_label) && port.is_none_or(is_port)
}

fn is_digest(digest: &str) -> bool {
    let length = match digest.split_once(':') {
        Some(("sha256", _)) => 64,
        Some(("sha384", _)) => 96,
        Some(("sha512", _)) => 128,
        _ => return false,
    };
    let hex = digest.split_once(':').map_or("", |(_, hex)| hex);
    hex.len() == length && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::Span;
    use crate::value::ScalarKind;

    const HEX: &str = "69f1a94f8c2725523087083139f925aae588ffaa76efd08d7ba06529451c31ed";

    fn image(text: &str) -> ImageReference {
        ImageReference::parse(Value::literal_text(text, Span::default()), String::new())
    }

    fn mixed(pieces: &[(&str, bool)]) -> ImageReference {
        let parts = pieces.iter().map(|(text, known)| {
            let literal = Part::literal(*text, Span::default());
            if *known { literal } else { Part { known: false, provenance: Provenance::Operator, ..literal } }
        });
        let value = Value::of(parts.collect(), ScalarKind::String, Span::default());
        ImageReference::parse(value, String::new())
    }

    #[test]
    fn a_digest_wins_over_any_tag() {
        let digest = format!("sha256:{HEX}");
        let pinned = image(&format!("a/b:latest@{digest}"));
        assert_eq!(pinned.pin(), Pin::Digest { digest, decorative_tag: Some("latest".to_owned()) });
    }

    #[test]
    fn a_digest_of_wrong_length_case_or_algorithm_is_no_pin() {
        for digest in [&HEX[..63], &HEX.to_uppercase(), "", &format!("{HEX}0")] {
            assert!(
                matches!(image(&format!("a@sha256:{digest}")).pin(), Pin::MalformedDigest(_)),
                "{digest}"
            );
        }
        assert!(matches!(image(&format!("a@md5:{HEX}")).pin(), Pin::MalformedDigest(_)));
        assert!(matches!(image(&format!("a@sha512:{HEX}{HEX}")).pin(), Pin::Digest { .. }));
    }

    #[test]
    fn a_colon_before_the_last_slash_begins_a_port() {
        let port = image("registry:5000/team/app");
        assert_eq!(port.pin(), Pin::Implicit);
        assert_eq!(port.registry.as_ref().unwrap().text, "registry:5000");
        assert_eq!(port.repository.text, "team/app");
        assert_eq!(image("registry:5000/app:v1").pin(), Pin::Tag("v1".to_owned()));
        assert_eq!(image("nginx").full_name(), "docker.io/library/nginx");
        assert_eq!(image("quay.io/jupyter/base-notebook").full_name(), "quay.io/jupyter/base-notebook");
    }

    #[test]
    fn a_part_that_somebody_chooses_is_named_with_its_component() {
        let components =
            |image: &ImageReference| image.chosen().map(|(component, _)| component).collect::<Vec<_>>();
        assert_eq!(components(&mixed(&[("${X}", false)])), [ImageComponent::Whole]);
        assert_eq!(components(&mixed(&[("${X}", false), ("/app:latest", true)])), [ImageComponent::Registry]);
        assert_eq!(
            components(&mixed(&[("a/", true), ("${X}", false), (":1", true)])),
            [ImageComponent::Repository]
        );
        assert_eq!(components(&mixed(&[("a/b:", true), ("${X:-1/2}", false)])), [ImageComponent::Tag]);
        let digest = mixed(&[("a/b:1@sha256:", true), ("${X}", false)]);
        assert_eq!(components(&digest), [ImageComponent::Digest]);
        assert_eq!(digest.pin(), Pin::Chosen(Provenance::Operator));
    }

    #[test]
    fn what_docker_refuses_is_malformed() {
        for text in ["", "UPPER", "a b", "a:", "a/:x", "a//b", "https://a/b"] {
            assert_eq!(image(text).pin(), Pin::Malformed, "{text}");
        }
    }

    #[test]
    fn a_registry_is_a_host_as_docker_reads_one() {
        let digest = format!("sha256:{HEX}");
        for host in ["a.b", "localhost", "a-b.example:5000", "Foo", "[::1]:5000", "127.0.0.1:1"] {
            let pin = image(&format!("{host}/x@{digest}")).pin();
            assert!(matches!(pin, Pin::Digest { .. }), "{host}: {pin:?}");
        }
        for host in
            ["..", ".", "a..b", "-a.b", "a-.b", "a.b:", "a.b:x", "a.b:1:2", "[::1", "[]", "[::1]x", "[x]"]
        {
            assert_eq!(image(&format!("{host}/x@{digest}")).pin(), Pin::Malformed, "{host}");
        }
    }
}
