//! Where an image is, as the daemon that runs it reads the reference.

use core::fmt;
use url::Url;
use veritee_compose::{ImageReference, Pin, Span, Value};
use veritee_image::Digest;
use veritee_model::text::{inert, shortened};

/// Docker Hub's interface has another name than references have.
const HUB: (&str, &str) = ("docker.io", "registry-1.docker.io");

/// Where an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The reference as it was given.
    pub reference: String,
    /// Registry and repository in full.
    pub name: String,
    /// The registry that is asked.
    pub registry: Url,
    /// Whether that is another one than the reference names.
    pub is_mirror: bool,
    /// The repository at that registry.
    pub repository: String,
    /// The tag; of a reference without tag and digest `latest`. Beside a digest it says nothing.
    pub tag: Option<String>,
    /// The digest that pins it.
    pub digest: Option<Digest>,
}

/// Why a reference names no image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlaceError {
    /// It is not of the grammar: the daemon refuses it.
    Malformed {
        /// The reference.
        reference: String,
    },
    /// The digest is none.
    Digest {
        /// The digest.
        digest: String,
    },
    /// The registry's name makes no URL.
    Registry {
        /// The registry.
        registry: String,
    },
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut = |text: &str| inert(&shortened(text, 120));
        match self {
            Self::Malformed { reference } => write!(
                f,
                "`{}` is no image reference: expected [REGISTRY/]REPOSITORY[:TAG][@sha256:64 HEX DIGITS], the repository \
                 in lower case",
                cut(reference)
            ),
            Self::Digest { digest } => write!(
                f,
                "`{}` is no digest: expected sha256: and 64 lower-case hex digits (sha384: 96, sha512: 128)",
                cut(digest)
            ),
            Self::Registry { registry } => write!(f, "`{}` is no host of a registry", cut(registry)),
        }
    }
}

impl core::error::Error for PlaceError {}

impl Place {
    /// Reads a reference. `mirror` is asked in place of the registry that it names; a loopback registry is spoken to
    /// without TLS where `allow_local` is set, as the daemon does it.
    ///
    /// # Errors
    /// It names no image.
    pub fn parse(reference: &str, mirror: Option<&Url>, allow_local: bool) -> Result<Self, PlaceError> {
        let read = ImageReference::parse(Value::literal_text(reference, Span::default()), String::new());
        let (tag, digest) = match read.pin() {
            Pin::Digest { digest, decorative_tag } => {
                let digest = Digest::parse(&digest).ok_or(PlaceError::Digest { digest })?;
                (decorative_tag, Some(digest))
            }
            Pin::MalformedDigest(digest) => return Err(PlaceError::Digest { digest }),
            Pin::Tag(tag) => (Some(tag), None),
            Pin::Implicit => (Some("latest".to_owned()), None),
            _ => return Err(PlaceError::Malformed { reference: reference.to_owned() }),
        };
        let name = read.full_name();
        let (host, repository) = name.split_once('/').unwrap_or_default();
        let registry = match mirror {
            Some(mirror) => mirror.clone(),
            None => base(host, allow_local)?,
        };
        Ok(Self {
            reference: reference.to_owned(),
            repository: repository.to_owned(),
            registry,
            is_mirror: mirror.is_some(),
            tag,
            digest,
            name,
        })
    }

    /// What stands behind `manifests/` for it.
    #[must_use]
    pub fn asked(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => "latest".to_owned(),
        }
    }

    /// An address of the repository. `None` never happens for what this crate asks.
    pub(crate) fn url(&self, rest: &str) -> Option<Url> {
        let mut url = self.registry.clone();
        let path = format!("{}/v2/{}/{rest}", url.path().trim_end_matches('/'), self.repository);
        url.set_path(&path);
        url.set_query(None);
        url.set_fragment(None);
        Some(url).filter(|url| url.path() == path)
    }
}

fn base(host: &str, allow_local: bool) -> Result<Url, PlaceError> {
    let wrong = || PlaceError::Registry { registry: host.to_owned() };
    let real = if host == HUB.0 { HUB.1 } else { host };
    let secure = Url::parse(&format!("https://{real}/")).map_err(|_error| wrong())?;
    let is_loopback = match secure.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(wrong()),
    };
    if secure.path() != "/" || !secure.username().is_empty() {
        return Err(wrong());
    }
    match is_loopback && allow_local {
        true => Url::parse(&format!("http://{real}/")).map_err(|_error| wrong()),
        false => Ok(secure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(reference: &str) -> String {
        let place = Place::parse(reference, None, true).unwrap();
        format!("{} {}", place.url("manifests").unwrap(), place.asked())
    }

    #[test]
    fn references_are_read_as_the_daemon_reads_them() {
        let hex = "ab".repeat(32);
        for (reference, expected) in [
            ("nginx", "https://registry-1.docker.io/v2/library/nginx/manifests latest".to_owned()),
            ("docker.io/a/b:1", "https://registry-1.docker.io/v2/a/b/manifests 1".to_owned()),
            ("index.docker.io/b", "https://registry-1.docker.io/v2/library/b/manifests latest".to_owned()),
            (
                "registry.example:5000/a/b/c:v1.2",
                "https://registry.example:5000/v2/a/b/c/manifests v1.2".to_owned(),
            ),
            // An upper-case letter makes a host of the first component.
            ("Foo/x", "https://foo/v2/x/manifests latest".to_owned()),
            ("foo/x", "https://registry-1.docker.io/v2/foo/x/manifests latest".to_owned()),
            ("localhost:5000/a", "http://localhost:5000/v2/a/manifests latest".to_owned()),
            ("127.0.0.1:5000/a", "http://127.0.0.1:5000/v2/a/manifests latest".to_owned()),
            // The tag beside a digest says nothing.
            (
                &format!("a/b:old@sha256:{hex}"),
                format!("https://registry-1.docker.io/v2/a/b/manifests sha256:{hex}"),
            ),
        ] {
            assert_eq!(asked(reference), expected, "{reference}");
        }
    }

    #[test]
    fn what_the_daemon_refuses_names_no_image() {
        for reference in [
            "",
            "a/B",
            "a b",
            "a/../b",
            "../b",
            "a//b",
            "a:",
            "a@sha256:00",
            "a@blake3:00",
            "a@",
            "https://registry.example/a",
            "registry.example/a?x=1",
            "registry.example/a#x",
            "user@registry.example/a",
            "registry.example/a:b/c",
            "a/%2e%2e/b",
            "${IMAGE}",
        ] {
            assert!(Place::parse(reference, None, true).is_err(), "{reference}");
        }
    }

    #[test]
    fn a_mirror_is_asked_in_place_of_the_registry_and_only_loopback_without_tls() {
        let mirror = Url::parse("https://mirror.example/hub/").unwrap();
        let place = Place::parse("nginx:1", Some(&mirror), false).unwrap();
        assert_eq!(
            place.url("manifests/1").unwrap().as_str(),
            "https://mirror.example/hub/v2/library/nginx/manifests/1"
        );
        assert!(place.is_mirror);
        let place = Place::parse("localhost:5000/a", None, false).unwrap();
        assert_eq!(place.registry.scheme(), "https");
        assert_eq!(Place::parse("10.0.0.1/a", None, true).unwrap().registry.scheme(), "https");
    }
}
