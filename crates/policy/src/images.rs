//! `[images]`: who may speak for an image beside the workflows of its own source, and where images are asked for.

use crate::words;
use serde::Deserialize;
use veritee_model::Sha256Digest;

/// `[images]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Images {
    /// Signers beside the workflows of an image's own source: the beginning of a certificate's identity, by whole parts.
    #[serde(deserialize_with = "words::signers")]
    pub signers: Vec<String>,
    /// SHA-256 of the `trusted_root.json` that stands in place of the pinned roots where one is given.
    pub trusted_root_sha256: Option<Sha256Digest>,
    /// SHA-256 of the public keys (SPKI, DER) whose signatures count where they are given.
    #[serde(deserialize_with = "words::some")]
    pub key_spki_sha256: Vec<Sha256Digest>,
    /// Why any of these may speak for images.
    pub reason: Option<String>,
    /// Where images are asked for.
    pub mirror: Vec<Mirror>,
}

/// `[[images.mirror]]`: asked in place of the registry that a reference names. Digests stay those of the reference; a tag is
/// whatever the mirror says, and is no pin here or there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mirror {
    /// The registry that references name, with the beginning of a path or without: `docker.io`, `ghcr.io/example`.
    #[serde(deserialize_with = "words::registry")]
    pub of: String,
    /// The address that is asked.
    #[serde(deserialize_with = "words::address")]
    pub ask: String,
    /// Why.
    pub reason: Option<String>,
}

/// The beginning of a signer's identity, as a policy and a command line name it: an address with a path, so that no entry
/// stands for a whole host and everybody on it, or a name with an `@`.
///
/// # Errors
/// What is expected, with the text.
pub fn signer(text: &str) -> Result<String, String> {
    let path = text.strip_prefix("https://").and_then(|rest| rest.split_once('/'));
    let has_path = path.is_some_and(|(host, path)| !host.is_empty() && !path.trim_matches('/').is_empty());
    if has_path || !text.contains("://") && text.contains('@') {
        return Ok(text.to_owned());
    }
    let text = veritee_model::text::inert(&veritee_model::text::shortened(text, 80));
    Err(format!("`{text}` is no signer: expected https://HOST/PATH or a name with an @"))
}

impl Images {
    /// Whether it lets somebody speak for images whom the default does not.
    pub(crate) const fn loosens(&self) -> bool {
        !self.signers.is_empty() || self.trusted_root_sha256.is_some() || !self.key_spki_sha256.is_empty()
    }

    /// In words, without the reason.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut out = Vec::new();
        if !self.signers.is_empty() {
            out.push(format!("takes the word of these signers of images: {}", self.signers.join(", ")));
        }
        if let Some(digest) = &self.trusted_root_sha256 {
            out.push(format!("takes signatures over images under another root than Sigstore's ({digest})"));
        }
        if !self.key_spki_sha256.is_empty() {
            let list: Vec<String> = self.key_spki_sha256.iter().map(ToString::to_string).collect();
            out.push(format!("takes signatures over images by these keys: {}", list.join(", ")));
        }
        out
    }

    /// The mirror that is asked for what a registry and a path name: the longest entry that fits, by whole parts.
    #[must_use]
    pub fn mirror_of(&self, registry: &str, repository: &str) -> Option<&Mirror> {
        let name = format!("{registry}/{repository}");
        let fits = |mirror: &&Mirror| {
            name.strip_prefix(mirror.of.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.mirror.iter().filter(fits).max_by_key(|mirror| mirror.of.len())
    }
}
