//! The JSON documents of an image: index, manifest, config. OCI and Docker media types alike.

use crate::digest::Digest;
use crate::error::ImageError;
use serde::Deserialize;
use std::collections::BTreeMap;
use veritee_base::Budget;

/// What a document points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// What it is said to be.
    pub media_type: String,
    /// The digest that its bytes must have.
    pub digest: Digest,
    /// How many bytes it must have.
    pub size: u64,
    /// Claims beside it.
    pub annotations: BTreeMap<String, String>,
    /// For what machine, where that is said.
    pub platform: Option<Platform>,
}

/// For what machine an image is made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Platform {
    /// As Go calls the processor: `amd64`.
    #[serde(default)]
    pub architecture: String,
    /// As Go calls the system: `linux`.
    #[serde(default)]
    pub os: String,
    /// A generation of the processor: `v8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl core::fmt::Display for Platform {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) if !variant.is_empty() => write!(formatter, "/{variant}"),
            _ => Ok(()),
        }
    }
}

/// A manifest: of an image, or of something that is kept like one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// What it says it is.
    pub media_type: Option<String>,
    /// What kind of artefact, where it is no image.
    pub artifact_type: Option<String>,
    /// Its config.
    pub config: Descriptor,
    /// Its layers, the lowest first.
    pub layers: Vec<Descriptor>,
    /// What it is about.
    pub subject: Option<Descriptor>,
    /// Claims beside it.
    pub annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// Whether it is a container image: every layer is a layer of a file system.
    #[must_use]
    pub fn is_image(&self) -> bool {
        let of_image = |text: &str| text.contains("layer.v1.tar") || text.contains("image.rootfs.");
        let is_config = matches!(
            self.config.media_type.as_str(),
            "application/vnd.oci.image.config.v1+json" | "application/vnd.docker.container.image.v1+json"
        );
        is_config
            && self.artifact_type.is_none()
            && self.layers.iter().all(|layer| of_image(&layer.media_type))
    }
}

/// What an image says of how it is run.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Digest of its bytes: the image ID.
    pub digest: Digest,
    /// The whole document.
    pub value: serde_json::Value,
    /// Digests of the uncompressed layers, the lowest first.
    pub diff_ids: Vec<Digest>,
    /// The machine.
    pub platform: Platform,
}

/// What an index or a manifest is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// A list of manifests.
    Index(Index),
    /// A manifest.
    Manifest(Box<Manifest>),
}

/// A list of manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// What it says it is.
    pub media_type: Option<String>,
    /// What it names.
    pub manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDescriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    size: u64,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    platform: Option<Platform>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDocument {
    #[serde(default)]
    schema_version: u64,
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    manifests: Option<Vec<WireDescriptor>>,
    #[serde(default)]
    config: Option<WireDescriptor>,
    #[serde(default)]
    layers: Option<Vec<WireDescriptor>>,
    #[serde(default)]
    subject: Option<WireDescriptor>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct WireConfig {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    variant: Option<String>,
    rootfs: WireRoot,
}

#[derive(Deserialize)]
struct WireRoot {
    #[serde(default)]
    diff_ids: Option<Vec<String>>,
}

/// An entry of the `manifest.json` that `docker save` writes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SavedImage {
    pub(crate) config: String,
    #[serde(default)]
    pub(crate) repo_tags: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) layers: Option<Vec<String>>,
}

/// Reads JSON of bounded depth. Members that occur twice are refused where they are looked at.
pub(crate) fn json<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
    name: &str,
    budget: &Budget,
) -> Result<T, ImageError> {
    let failed = |message: String| ImageError::Document { name: name.to_owned(), message };
    if nests_deeper(bytes, budget.json_depth) {
        return Err(failed(format!("nests deeper than {} levels", budget.json_depth)));
    }
    serde_json::from_slice(bytes).map_err(|error| failed(error.to_string()))
}

/// Whether JSON nests deeper than so many levels. Brackets in strings are none; what is no JSON is told by the reader that
/// comes next.
#[must_use]
pub fn nests_deeper(bytes: &[u8], most: usize) -> bool {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth = depth.saturating_add(1),
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest > most
}

/// Reads an index or a manifest.
pub(crate) fn document(bytes: &[u8], name: &str, budget: &Budget) -> Result<Document, ImageError> {
    let failed = |message: &str| ImageError::Document { name: name.to_owned(), message: message.to_owned() };
    let wire: WireDocument = json(bytes, name, budget)?;
    if wire.schema_version != 2 {
        return Err(failed(
            "schemaVersion 2 was expected; images of schema 1 name no config and are refused",
        ));
    }
    let own = |list: Vec<WireDescriptor>| -> Result<Vec<Descriptor>, ImageError> {
        list.into_iter().map(|one| descriptor(one, name)).collect()
    };
    match (wire.manifests, wire.config) {
        // CVE-2021-41190: one reader takes it for an index, another for a manifest.
        (Some(_), Some(_)) => Err(failed("is an index and a manifest in one")),
        (Some(_), None) if wire.layers.is_some() => Err(failed("is an index and a manifest in one")),
        (Some(manifests), None) => {
            if manifests.len() > budget.image_descriptors {
                let most = u64::try_from(budget.image_descriptors).unwrap_or(u64::MAX);
                return Err(ImageError::TooMuch { what: "manifests in an index", most });
            }
            Ok(Document::Index(Index { media_type: wire.media_type, manifests: own(manifests)? }))
        }
        (None, Some(config)) => {
            let layers = wire.layers.unwrap_or_default();
            if layers.len() > budget.image_layers {
                let most = u64::try_from(budget.image_layers).unwrap_or(u64::MAX);
                return Err(ImageError::TooMuch { what: "layers", most });
            }
            Ok(Document::Manifest(Box::new(Manifest {
                media_type: wire.media_type,
                artifact_type: wire.artifact_type,
                config: descriptor(config, name)?,
                layers: own(layers)?,
                subject: wire.subject.map(|subject| descriptor(subject, name)).transpose()?,
                annotations: wire.annotations.unwrap_or_default(),
            })))
        }
        (None, None) => Err(failed("has neither `manifests` nor `config`")),
    }
}

fn descriptor(wire: WireDescriptor, name: &str) -> Result<Descriptor, ImageError> {
    Ok(Descriptor {
        digest: digest(&wire.digest, name)?,
        media_type: wire.media_type,
        size: wire.size,
        annotations: wire.annotations.unwrap_or_default(),
        platform: wire.platform,
    })
}

fn digest(text: &str, name: &str) -> Result<Digest, ImageError> {
    Digest::parse(text)
        .ok_or_else(|| ImageError::NoDigest { name: name.to_owned(), text: text.chars().take(200).collect() })
}

/// Reads a config.
pub(crate) fn config(bytes: &[u8], digest_of: Digest, budget: &Budget) -> Result<Config, ImageError> {
    let name = digest_of.to_string();
    let wire: WireConfig = json(bytes, &name, budget)?;
    let diff_ids = wire.rootfs.diff_ids.unwrap_or_default();
    let diff_ids = diff_ids.iter().map(|text| digest(text, &name)).collect::<Result<Vec<_>, _>>()?;
    Ok(Config {
        value: json(bytes, &name, budget)?,
        digest: digest_of,
        diff_ids,
        platform: Platform { architecture: wire.architecture, os: wire.os, variant: wire.variant },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        match document(text.as_bytes(), "m", &Budget::STANDARD) {
            Ok(_) => "read".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_two_readers_can_take_for_two_things_is_refused() {
        let digest = Digest::of(b"");
        let one = format!(r#"{{"mediaType":"a","digest":"{digest}","size":0}}"#);
        let both = format!(r#"{{"schemaVersion":2,"manifests":[],"config":{one},"layers":[]}}"#);
        assert!(error(&both).contains("index and a manifest in one"));
        assert!(error(r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#).contains("in one"));
        assert!(error(r#"{"schemaVersion":2,"manifests":[],"manifests":[]}"#).contains("duplicate"));
        assert!(error(r#"{"schemaVersion":1,"manifests":[]}"#).contains("schemaVersion 2"));
        assert!(error(r#"{"schemaVersion":2}"#).contains("neither"));
        assert!(
            error(r#"{"schemaVersion":2,"manifests":[{"digest":"sha256:00","size":1}]}"#)
                .contains("no digest")
        );
    }

    #[test]
    fn depth_is_bounded_before_the_reader_starts() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(80), "]".repeat(80));
        assert!(error(&deep).contains("deeper than 64"));
        let text = format!("{{\"schemaVersion\":2,\"a\":\"{}\"}}", "[".repeat(80));
        assert!(error(&text).contains("neither"), "brackets in a text are none");
    }
}
