//! What a registry says, read: documents by what they are, challenges, tokens, pages, tags that stand for referrers.
//! Pure: who asks and where is not known here.
//!
//! All of it is chosen by whoever answers. What a header says is a claim; the digest is computed over the body.
//!
//! Source: OCI distribution specification 1.1 (pull, referrers, "Unavailable Referrers API"), the token protocol of
//! the distribution project (`spec/auth/token`), RFC 9110 section 11.6.1, RFC 8288.

use crate::digest::{Algorithm, Digest, Hasher};
use crate::document::{self, Descriptor, Document};
use crate::error::ImageError;
use crate::media;
use veritee_base::Budget;

/// A document that a registry gave under a digest or a tag.
#[derive(Debug, Clone)]
pub struct Given {
    /// Computed over the bytes.
    pub digest: Digest,
    /// What it is said to be: by itself, else by the answer's header, else by its shape.
    pub media_type: String,
    /// What it is.
    pub document: Document,
}

impl Given {
    /// Reads an index or a manifest. `content_type` is the answer's header, `expected` the digest that it was asked by.
    ///
    /// # Errors
    /// It has another digest, is neither, both, of schema 1, or something else than the header says: one reader would go
    /// by the one and another by the other (CVE-2021-41190).
    pub fn read(
        bytes: &[u8],
        content_type: Option<&str>,
        expected: Option<&Digest>,
        budget: &Budget,
    ) -> Result<Self, ImageError> {
        let mut hasher = Hasher::new(expected.map_or(Algorithm::Sha256, Digest::algorithm));
        hasher.update(bytes);
        let digest = hasher.finish();
        if let Some(expected) = expected.filter(|expected| **expected != digest) {
            return Err(ImageError::Digest { expected: expected.clone(), got: digest });
        }
        let name = &digest.to_string();
        let failed = |message: String| ImageError::Document { name: name.to_owned(), message };
        let said =
            content_type.map(|text| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        if said.as_deref().is_some_and(media::is_schema_1) {
            return Err(failed("is a manifest of schema 1, which names no config: refused".to_owned()));
        }
        let document = document::document(bytes, name, budget)?;
        let (is_index, own) = match &document {
            Document::Index(index) => (true, index.media_type.clone()),
            Document::Manifest(manifest) => (false, manifest.media_type.clone()),
        };
        for claim in [said.as_deref(), own.as_deref()].into_iter().flatten() {
            if media::is_index(claim).is_some_and(|claimed| claimed != is_index) {
                let is = if is_index { "an index" } else { "a manifest" };
                return Err(failed(format!("is {is} and is called {claim}")));
            }
        }
        let said = said.filter(|text| media::is_index(text).is_some());
        let media_type = own
            .or(said)
            .unwrap_or_else(|| if is_index { media::OCI_INDEX } else { media::OCI_MANIFEST }.to_owned());
        Ok(Self { digest, media_type, document })
    }

    /// A descriptor for it.
    #[must_use]
    pub fn descriptor(&self, size: usize) -> Descriptor {
        Descriptor {
            media_type: self.media_type.clone(),
            digest: self.digest.clone(),
            size: u64::try_from(size).unwrap_or(u64::MAX),
            annotations: std::collections::BTreeMap::new(),
            platform: None,
        }
    }
}

/// Reads a config by its digest, which the caller has held against the bytes.
///
/// # Errors
/// It is no config.
pub fn config(bytes: &[u8], digest: &Digest, budget: &Budget) -> Result<crate::Config, ImageError> {
    document::config(bytes, digest.clone(), budget)
}

/// How to get a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Where.
    pub realm: String,
    /// For whom.
    pub service: Option<String>,
}

impl Challenge {
    /// The first of the values of `WWW-Authenticate` that asks for a bearer token. Parameters are tokens or quoted
    /// strings; one that comes twice, or what is malformed, makes it none.
    #[must_use]
    pub fn bearer(values: &[String]) -> Option<Self> {
        values.iter().find_map(|value| {
            let (scheme, rest) = value.trim().split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| parameters(rest))??.challenge()
        })
    }
}

struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn challenge(self) -> Option<Challenge> {
        let find =
            |name: &str| self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        Some(Challenge { realm: find("realm").filter(|realm| !realm.is_empty())?, service: find("service") })
    }
}

/// `name=value` and `name="value"` with commas between (RFC 9110, section 11.2).
fn parameters(text: &str) -> Option<Parameters> {
    let mut out: Vec<(String, String)> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let name = name.trim().to_ascii_lowercase();
        if name.is_empty()
            || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        {
            return None;
        }
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted_string(quoted)?,
            None => {
                let end = after.find(',').unwrap_or(after.len());
                (after.get(..end)?.trim().to_owned(), after.get(end..)?)
            }
        };
        if out.iter().any(|(known, _)| *known == name) {
            return None;
        }
        out.push((name, value));
        let after = after.trim_start();
        match after.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None if after.is_empty() => rest = after,
            None => return None,
        }
    }
    Some(Parameters(out))
}

/// The string up to its closing quote, and what follows.
fn quoted_string(text: &str) -> Option<(String, &str)> {
    let (mut out, mut escaped) = (String::new(), false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => {
                out.push(character);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Some((out, text.get(at.saturating_add(1)..)?)),
            other => out.push(other),
        }
    }
    None
}

/// The token of a token service's answer: `token`, or `access_token` as OAuth has it.
///
/// # Errors
/// There is none, in words. The token itself is in no error.
pub fn token(bytes: &[u8], budget: &Budget) -> Result<String, String> {
    #[derive(serde::Deserialize)]
    struct Answer {
        #[serde(default)]
        token: Option<String>,
        #[serde(default)]
        access_token: Option<String>,
    }
    // The words of the JSON reader may repeat what stands there.
    let answer: Answer = document::json(bytes, "token", budget)
        .map_err(|_error| "the answer is no JSON with a token".to_owned())?;
    let token = answer.token.or(answer.access_token).filter(|token| !token.is_empty());
    token.ok_or_else(|| "the answer has neither `token` nor `access_token`".to_owned())
}

/// Where the next page is (`Link: <target>; rel="next"`, RFC 8288), as it stands there.
#[must_use]
pub fn next_page(link: &str) -> Option<&str> {
    link.split(',').find_map(|one| {
        let (target, parameters) = one.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| {
            let (name, value) = parameter.trim().split_once('=').unwrap_or_default();
            name.trim().eq_ignore_ascii_case("rel")
                && value.trim().trim_matches('"').eq_ignore_ascii_case("next")
        });
        is_next.then_some(target)
    })
}

/// The tag under which registries without the interface for referrers have the index of them.
#[must_use]
pub fn fallback_tag(digest: &Digest) -> String {
    format!("{}-{}", digest.algorithm().name(), digest.hex())
}

/// Tags under which cosign up to 2.x keeps signatures, attestations and lists of parts.
#[must_use]
pub fn cosign_tags(digest: &Digest) -> [String; 3] {
    let tag = fallback_tag(digest);
    [format!("{tag}.sig"), format!("{tag}.att"), format!("{tag}.sbom")]
}

/// `index.json` of a layout that holds these.
#[must_use]
pub fn index_json(descriptors: &[Descriptor]) -> String {
    let manifests: Vec<serde_json::Value> = descriptors
        .iter()
        .map(|one| {
            let mut value = serde_json::json!({
                "mediaType": one.media_type,
                "digest": one.digest.to_string(),
                "size": one.size,
            });
            if !one.annotations.is_empty()
                && let Some(object) = value.as_object_mut()
            {
                object.insert("annotations".to_owned(), serde_json::json!(one.annotations));
            }
            value
        })
        .collect();
    let index = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": media::OCI_INDEX,
        "manifests": manifests,
    });
    format!("{index:#}\n")
}

/// `oci-layout` (image layout specification).
pub const LAYOUT: &str = "{\"imageLayoutVersion\": \"1.0.0\"}\n";

#[cfg(test)]
mod tests;
