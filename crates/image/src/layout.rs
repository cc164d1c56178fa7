//! Which image a layout or archive holds: `index.json` first, `manifest.json` where there is none.
//!
//! | file | index | manifest | config, layers |
//! | --- | --- | --- | --- |
//! | OCI layout, `skopeo copy oci-archive:`, buildx `type=oci` | as pushed | as pushed | as pushed |
//! | `docker save`, containerd store | as pushed | as pushed | as pushed |
//! | `docker save` 25 and later, classic store | - | made when it was saved | true |
//! | `docker save` before 25, skopeo `docker-archive:` | - | - | true, layers uncompressed |

use crate::digest::Digest;
use crate::document::{self, Config, Descriptor, Document, Manifest, Platform, SavedImage};
use crate::error::ImageError;
use crate::layer::{self, Depth, Layer, Visitor};
use crate::meter::Meter;
use crate::store::{Store, blob_name};
use std::collections::{BTreeMap, BTreeSet};
use veritee_base::Budget;

/// Which image is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The machine; an image that says no platform fits every one.
    pub os: String,
    /// The processor.
    pub architecture: String,
    /// A name or digest of the layout's own, where it holds several.
    pub name: Option<String>,
}

impl Default for Selection {
    /// What runs in a TDX machine.
    fn default() -> Self {
        Self { os: "linux".to_owned(), architecture: "amd64".to_owned(), name: None }
    }
}

/// Where the manifest comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The layout's own: as it was pushed, or would be.
    Layout,
    /// `docker save` of a classic store made it up: a registry's digest is another one.
    MadeAtSave,
    /// There is none: `manifest.json` alone.
    Saved,
}

/// A manifest in the index that says something about an image of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// Its descriptor.
    pub descriptor: Descriptor,
    /// The platform manifest that it is said to be about.
    pub about: Option<Digest>,
}

/// An image. Every digest was computed over the bytes that were read.
#[derive(Debug, Clone)]
pub struct Image<'f> {
    store: Store<'f>,
    /// The names that the layout gives it. They prove nothing.
    pub names: BTreeSet<String>,
    /// Digest of the index that holds the platform manifest, where one does.
    pub index: Option<Digest>,
    /// Image manifests of that index: digest and platform.
    pub platforms: Vec<(Digest, Option<Platform>)>,
    /// Attestation manifests of that index.
    pub attestations: Vec<Attestation>,
    /// Manifests of the layout that are no images: signatures, bundles, what refers to an image.
    pub artifacts: Vec<Manifest>,
    /// Where the manifest comes from.
    pub origin: Origin,
    /// The manifest and its digest; `None` with [`Origin::Saved`].
    pub manifest: Option<(Digest, Manifest)>,
    /// The config.
    pub config: Config,
    /// The layers, the lowest first, as many as the config has diffIDs.
    pub layers: Vec<LayerReference>,
}

/// A layer as its image names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerReference {
    /// Its member.
    pub name: String,
    /// Its descriptor, where a manifest has one.
    pub descriptor: Option<Descriptor>,
    /// What the config says that it unpacks to.
    pub diff_id: Digest,
}

/// Indexes inside indexes.
const LEVELS: usize = 4;

struct Candidate {
    names: BTreeSet<String>,
    index: Option<Digest>,
    siblings: Vec<(Digest, Option<Platform>)>,
    attestations: Vec<Attestation>,
    descriptor: Descriptor,
    manifest: Manifest,
}

impl<'f> Image<'f> {
    /// Opens the image that is meant.
    ///
    /// # Errors
    /// There is none, there are several, or a document is malformed or has another digest than it is named by.
    pub fn open(store: Store<'f>, selection: &Selection, budget: &Budget) -> Result<Self, ImageError> {
        let index = store.read("index.json", budget.image_manifest_bytes)?;
        let saved = store.read("manifest.json", budget.image_manifest_bytes)?;
        let saved: Option<Vec<SavedImage>> = match (&saved, &index) {
            (Some(bytes), _) => match document::json(bytes, "manifest.json", budget) {
                Ok(list) => Some(list),
                // A file of that name beside a layout may be anything.
                Err(_) if index.is_some() => None,
                Err(error) => return Err(error),
            },
            (None, _) => None,
        };
        match index {
            Some(bytes) => of_layout(store, &bytes, saved.is_some(), selection, budget),
            None => match saved {
                Some(list) => of_saved(store, list, selection, budget),
                None => Err(ImageError::NoImage { found: "neither of them" }),
            },
        }
    }

    /// Whether a layer's bytes are here.
    #[must_use]
    pub fn has_layer(&self, number: usize) -> bool {
        self.layers.get(number).is_some_and(|layer| self.store.blob(&layer.name).is_some())
    }

    /// Reads a layer, with its entries where a visitor is given. Digest, size and diffID are computed and held against
    /// manifest and config.
    ///
    /// # Errors
    /// The bytes are not there, malformed, beyond the budget, or have another digest.
    pub fn layer(
        &self,
        number: usize,
        visitor: Option<&mut dyn Visitor>,
        meter: &mut Meter,
    ) -> Result<Layer, ImageError> {
        let missing = || ImageError::Missing { name: format!("layer {number}") };
        let reference = self.layers.get(number).ok_or_else(missing)?;
        let blob = self
            .store
            .blob(&reference.name)
            .ok_or_else(|| ImageError::Missing { name: reference.name.clone() })?;
        let descriptor = reference.descriptor.as_ref();
        if let Some(descriptor) = descriptor.filter(|descriptor| descriptor.size != blob.left) {
            return Err(ImageError::Size {
                digest: descriptor.digest.clone(),
                expected: descriptor.size,
                got: blob.left,
            });
        }
        let algorithm = descriptor.map_or(crate::Algorithm::Sha256, |one| one.digest.algorithm());
        let depth = visitor.map_or(Depth::Digests, Depth::Entries);
        let layer = layer::read(blob, algorithm, depth, meter).map_err(|error| match error {
            ImageError::Layer { layer: None, problem } => ImageError::Layer { layer: Some(number), problem },
            error => error,
        })?;
        match descriptor {
            Some(descriptor) if descriptor.digest != layer.digest => {
                return Err(ImageError::Digest { expected: descriptor.digest.clone(), got: layer.digest });
            }
            _ => {}
        }
        if layer.diff_id != reference.diff_id {
            let expected = reference.diff_id.clone();
            return Err(ImageError::DiffId { layer: number, expected, got: layer.diff_id });
        }
        Ok(layer)
    }

    /// A manifest of the same layout by its digest: `None` where it is not there or is an index.
    ///
    /// # Errors
    /// It is too large, malformed, or has another digest.
    pub fn manifest_of(&self, digest: &Digest, budget: &Budget) -> Result<Option<Manifest>, ImageError> {
        let Some(bytes) = self.store.document(digest, budget.image_manifest_bytes)? else { return Ok(None) };
        match document::document(&bytes, &digest.to_string(), budget)? {
            Document::Manifest(manifest) => Ok(Some(*manifest)),
            Document::Index(_) => Ok(None),
        }
    }

    /// A file that stands beside the layout's own, whole: whatever it says, nothing names its digest.
    ///
    /// # Errors
    /// It is larger than `most` or cannot be read.
    pub fn file(&self, name: &str, most: usize) -> Result<Option<Vec<u8>>, ImageError> {
        self.store.read(name, most)
    }

    /// A document of the same layout by its digest, such as an attestation: `None` where it is not there.
    ///
    /// # Errors
    /// It is larger than `most` or has another digest.
    pub fn document(&self, digest: &Digest, most: usize) -> Result<Option<Vec<u8>>, ImageError> {
        self.store.document(digest, most)
    }
}

fn of_layout<'f>(
    store: Store<'f>,
    bytes: &[u8],
    is_saved: bool,
    selection: &Selection,
    budget: &Budget,
) -> Result<Image<'f>, ImageError> {
    let Document::Index(index) = document::document(bytes, "index.json", budget)? else {
        return Err(ImageError::Document {
            name: "index.json".to_owned(),
            message: "is a manifest; an index was expected".to_owned(),
        });
    };
    let mut search = Search { store: &store, budget, found: Vec::new(), artifacts: Vec::new(), documents: 0 };
    search.index(None, index.manifests, &BTreeSet::new(), 0)?;
    let artifacts = search.artifacts;
    let candidate = choose(search.found, selection)?;
    let Candidate { names, index, siblings, attestations, descriptor, manifest } = candidate;
    let config = store
        .document(&manifest.config.digest, budget.image_manifest_bytes)?
        .ok_or_else(|| ImageError::Missing { name: blob_name(&manifest.config.digest) })?;
    let config = document::config(&config, manifest.config.digest.clone(), budget)?;
    if descriptor.platform.is_none() {
        check_platform(&config.platform, selection)?;
    }
    if config.diff_ids.len() != manifest.layers.len() {
        return Err(ImageError::LayerCount {
            manifest: manifest.layers.len(),
            config: config.diff_ids.len(),
        });
    }
    let layers = manifest.layers.iter().zip(&config.diff_ids).map(|(layer, diff_id)| LayerReference {
        name: blob_name(&layer.digest),
        descriptor: Some(layer.clone()),
        diff_id: diff_id.clone(),
    });
    let layers: Vec<_> = layers.collect();
    let uncompressed = layers
        .iter()
        .all(|layer| layer.descriptor.as_ref().is_some_and(|descriptor| descriptor.digest == layer.diff_id));
    // A classic store keeps uncompressed layers only, so what it saves names no manifest that was ever pushed.
    let origin =
        if is_saved && uncompressed && index.is_none() { Origin::MadeAtSave } else { Origin::Layout };
    let manifest = Some((descriptor.digest, manifest));
    Ok(Image {
        store,
        names,
        index,
        platforms: siblings,
        attestations,
        artifacts,
        origin,
        manifest,
        config,
        layers,
    })
}

struct Search<'s, 'f> {
    store: &'s Store<'f>,
    budget: &'s Budget,
    found: Vec<Candidate>,
    artifacts: Vec<Manifest>,
    documents: usize,
}

impl Search<'_, '_> {
    fn index(
        &mut self,
        own: Option<&Digest>,
        descriptors: Vec<Descriptor>,
        above: &BTreeSet<String>,
        level: usize,
    ) -> Result<(), ImageError> {
        let mut images = Vec::new();
        let mut attestations = Vec::new();
        for descriptor in descriptors {
            if is_attestation(&descriptor) {
                let about = descriptor.annotations.get("vnd.docker.reference.digest");
                let about = about.and_then(|text| Digest::parse(text));
                attestations.push(Attestation { descriptor, about });
                continue;
            }
            self.documents = self.documents.saturating_add(1);
            if self.documents > self.budget.image_descriptors {
                let most = u64::try_from(self.budget.image_descriptors).unwrap_or(u64::MAX);
                return Err(ImageError::TooMuch { what: "manifests", most });
            }
            // An index may name platforms that were not copied.
            let document = self.store.document(&descriptor.digest, self.budget.image_manifest_bytes)?;
            let Some(bytes) = document else { continue };
            check_size(&descriptor, bytes.len())?;
            let mut names = names(&descriptor);
            names.extend(above.iter().cloned());
            match document::document(&bytes, &descriptor.digest.to_string(), self.budget)? {
                Document::Index(inner) if level < LEVELS => {
                    self.index(Some(&descriptor.digest), inner.manifests, &names, level.saturating_add(1))?;
                }
                Document::Index(_) => {
                    let most = u64::try_from(LEVELS).unwrap_or(u64::MAX);
                    return Err(ImageError::TooMuch { what: "levels of indexes", most });
                }
                Document::Manifest(manifest) if manifest.is_image() => {
                    images.push((descriptor, *manifest, names));
                }
                Document::Manifest(other) => self.artifacts.push(*other),
            }
        }
        let siblings: Vec<_> = images
            .iter()
            .map(|(descriptor, ..)| (descriptor.digest.clone(), descriptor.platform.clone()))
            .collect();
        for (descriptor, manifest, names) in images {
            self.found.push(Candidate {
                names,
                index: own.cloned(),
                siblings: siblings.clone(),
                attestations: attestations.clone(),
                descriptor,
                manifest,
            });
        }
        Ok(())
    }
}

fn check_size(descriptor: &Descriptor, got: usize) -> Result<(), ImageError> {
    let got = u64::try_from(got).unwrap_or(u64::MAX);
    if got == descriptor.size {
        return Ok(());
    }
    Err(ImageError::Size { digest: descriptor.digest.clone(), expected: descriptor.size, got })
}

/// Whether an entry of an index is BuildKit's attestation of an image beside it.
#[must_use]
pub fn is_attestation(descriptor: &Descriptor) -> bool {
    descriptor.annotations.get("vnd.docker.reference.type").is_some_and(|text| text == "attestation-manifest")
}

fn names(descriptor: &Descriptor) -> BTreeSet<String> {
    ["io.containerd.image.name", "org.opencontainers.image.ref.name"]
        .into_iter()
        .filter_map(|key| descriptor.annotations.get(key).cloned())
        .collect()
}

/// The one image that the selection means. One digest under several names is one image.
fn choose(found: Vec<Candidate>, selection: &Selection) -> Result<Candidate, ImageError> {
    let all: Vec<String> = found.iter().map(Candidate::called).collect();
    let mut named: Vec<Candidate> = match &selection.name {
        Some(wanted) => found.into_iter().filter(|candidate| candidate.is(wanted)).collect(),
        None => found,
    };
    if named.is_empty() {
        return Err(match &selection.name {
            Some(wanted) => ImageError::NotNamed { wanted: wanted.clone(), names: all },
            None => ImageError::NoImage { found: "an index without an image whose manifest is there" },
        });
    }
    let platforms: BTreeSet<String> = named
        .iter()
        .map(|one| one.descriptor.platform.as_ref().map_or("no platform".to_owned(), ToString::to_string))
        .collect();
    named.retain(|one| one.descriptor.platform.as_ref().is_none_or(|platform| fits(platform, selection)));
    let mut by_digest: BTreeMap<(Digest, Option<Digest>), Candidate> = BTreeMap::new();
    for candidate in named {
        let key = (candidate.descriptor.digest.clone(), candidate.index.clone());
        match by_digest.get_mut(&key) {
            Some(same) => same.names.extend(candidate.names),
            None => drop(by_digest.insert(key, candidate)),
        }
    }
    let mut left = by_digest.into_values();
    match (left.next(), left.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(ImageError::Platform {
            wanted: format!("{}/{}", selection.os, selection.architecture),
            found: platforms.into_iter().collect(),
        }),
        (Some(one), Some(other)) => {
            let names = [one, other].iter().chain(&left.collect::<Vec<_>>()).map(Candidate::called).collect();
            Err(ImageError::Several { names })
        }
    }
}

impl Candidate {
    fn called(&self) -> String {
        let digest = self.index.as_ref().unwrap_or(&self.descriptor.digest);
        match self.names.first() {
            Some(name) => format!("{name} ({digest})"),
            None => digest.to_string(),
        }
    }

    fn is(&self, wanted: &str) -> bool {
        self.names.contains(wanted)
            || self.descriptor.digest.to_string() == wanted
            || self.index.as_ref().is_some_and(|index| index.to_string() == wanted)
    }
}

fn fits(platform: &Platform, selection: &Selection) -> bool {
    platform.os == selection.os && platform.architecture == selection.architecture
}

fn of_saved<'f>(
    store: Store<'f>,
    list: Vec<SavedImage>,
    selection: &Selection,
    budget: &Budget,
) -> Result<Image<'f>, ImageError> {
    let called = |one: &SavedImage| match one.repo_tags.as_deref() {
        Some([tag, ..]) => tag.clone(),
        _ => one.config.clone(),
    };
    let all: Vec<String> = list.iter().map(called).collect();
    let is = |one: &SavedImage, wanted: &String| {
        one.repo_tags.as_ref().is_some_and(|tags| tags.contains(wanted)) || one.config == *wanted
    };
    let wanted = selection.name.as_ref();
    let mut left = list.into_iter().filter(|one| wanted.is_none_or(|wanted| is(one, wanted)));
    let saved = match (left.next(), left.next(), wanted) {
        (Some(one), None, _) => one,
        (None, _, Some(wanted)) => return Err(ImageError::NotNamed { wanted: wanted.clone(), names: all }),
        (None, _, None) => return Err(ImageError::NoImage { found: "an empty manifest.json" }),
        (Some(_), Some(_), _) => return Err(ImageError::Several { names: all }),
    };
    let bytes = store
        .read(&saved.config, budget.image_manifest_bytes)?
        .ok_or_else(|| ImageError::Missing { name: saved.config.clone() })?;
    let digest = Digest::of(&bytes);
    check_name(&saved.config, &digest)?;
    let config = document::config(&bytes, digest, budget)?;
    check_platform(&config.platform, selection)?;
    let names = saved.layers.unwrap_or_default();
    if names.len() > budget.image_layers {
        let most = u64::try_from(budget.image_layers).unwrap_or(u64::MAX);
        return Err(ImageError::TooMuch { what: "layers", most });
    }
    if names.len() != config.diff_ids.len() {
        return Err(ImageError::LayerCount { manifest: names.len(), config: config.diff_ids.len() });
    }
    let layers = names
        .into_iter()
        .zip(&config.diff_ids)
        .map(|(name, diff_id)| LayerReference { name, descriptor: None, diff_id: diff_id.clone() })
        .collect();
    Ok(Image {
        store,
        names: saved.repo_tags.unwrap_or_default().into_iter().collect(),
        index: None,
        platforms: Vec::new(),
        attestations: Vec::new(),
        artifacts: Vec::new(),
        origin: Origin::Saved,
        manifest: None,
        config,
        layers,
    })
}

/// Where no index says the platform, the config does.
fn check_platform(platform: &Platform, selection: &Selection) -> Result<(), ImageError> {
    if platform.os.is_empty() || fits(platform, selection) {
        return Ok(());
    }
    let wanted = format!("{}/{}", selection.os, selection.architecture);
    Err(ImageError::Platform { wanted, found: vec![platform.to_string()] })
}

/// A config is named by its digest; other bytes under that name were changed or cut.
fn check_name(name: &str, got: &Digest) -> Result<(), ImageError> {
    let stem = name.rsplit('/').next().unwrap_or(name);
    let stem = stem.strip_suffix(".json").unwrap_or(stem);
    let Some(expected) = Digest::parse(&format!("sha256:{stem}")) else { return Ok(()) };
    if expected == *got { Ok(()) } else { Err(ImageError::Digest { expected, got: got.clone() }) }
}

#[cfg(test)]
mod tests;
