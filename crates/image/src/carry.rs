//! What of an image's file speaks of it without being its content: index, manifests, config, signatures, statements. That is
//! all that a verdict needs of it which does not look inside, and it is small.

use crate::document::{self, Descriptor, Document};
use crate::error::ImageError;
use crate::layout::{Image, Origin, is_attestation};
use crate::media;
use crate::registry::LAYOUT;
use crate::store::blob_name;
use std::collections::{BTreeMap, BTreeSet};
use veritee_base::Budget;

/// Files of a layout that are no blobs.
const TOP: [&str; 3] = ["index.json", "manifest.json", "veritee-fetch.json"];

/// Whether a file of this name may be among the [`documents`] of an image.
#[must_use]
pub fn is_carried(name: &str) -> bool {
    let blob = name.strip_prefix("blobs/").and_then(|rest| rest.split_once('/'));
    let is_blob = blob.is_some_and(|(algorithm, hex)| {
        crate::Digest::parse(&format!("{algorithm}:{hex}")).is_some_and(|digest| blob_name(&digest) == name)
    });
    is_blob || name == "oci-layout" || TOP.contains(&name)
}

/// The documents of an image by the names that they have in its layout: another layout, without layers. Every digest is
/// computed anew when it is opened.
///
/// # Errors
/// The file has no index of its own, so that nothing in it has a digest that a document pins; or a document is too large or
/// has another digest than it is named by.
pub fn documents(image: &Image<'_>, budget: &Budget) -> Result<BTreeMap<String, Vec<u8>>, ImageError> {
    if image.origin == Origin::Saved {
        return Err(ImageError::NoImage { found: "manifest.json alone, which no registry knows" });
    }
    let mut carried = Carried { image, budget, files: BTreeMap::new(), seen: BTreeSet::new() };
    for name in TOP {
        if let Some(bytes) = image.file(name, budget.image_manifest_bytes)? {
            carried.files.insert(name.to_owned(), bytes);
        }
    }
    carried.files.insert("oci-layout".to_owned(), LAYOUT.as_bytes().to_vec());
    let index = carried.files.get("index.json").cloned().unwrap_or_default();
    let Document::Index(index) = document::document(&index, "index.json", budget)? else {
        return Err(ImageError::NoImage { found: "an index.json that is a manifest" });
    };
    carried.walk(index.manifests)?;
    Ok(carried.files)
}

struct Carried<'c, 'f> {
    image: &'c Image<'f>,
    budget: &'c Budget,
    files: BTreeMap<String, Vec<u8>>,
    seen: BTreeSet<String>,
}

impl Carried<'_, '_> {
    fn walk(&mut self, descriptors: Vec<Descriptor>) -> Result<(), ImageError> {
        let (mut open, most) = (descriptors, self.budget.image_descriptors);
        while let Some(descriptor) = open.pop() {
            if !self.seen.insert(descriptor.digest.to_string()) {
                continue;
            }
            if self.seen.len() > most {
                let most = u64::try_from(most).unwrap_or(u64::MAX);
                return Err(ImageError::TooMuch { what: "manifests", most });
            }
            let Some(bytes) = self.keep(&descriptor, self.budget.image_manifest_bytes)? else { continue };
            match document::document(&bytes, &descriptor.digest.to_string(), self.budget)? {
                Document::Index(inner) => open.extend(inner.manifests),
                // BuildKit's attestation has a config that looks like an image's.
                Document::Manifest(manifest) if manifest.is_image() && !is_attestation(&descriptor) => {
                    self.keep(&manifest.config, self.budget.image_manifest_bytes)?;
                }
                Document::Manifest(manifest) => {
                    let most = self.budget.image_attestation_bytes.saturating_mul(2).saturating_add(1 << 20);
                    for layer in manifest.layers.iter().filter(|one| media::is_statement(&one.media_type)) {
                        self.keep(layer, most)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Keeps a blob that is here.
    fn keep(&mut self, descriptor: &Descriptor, most: usize) -> Result<Option<Vec<u8>>, ImageError> {
        let bytes = self.image.document(&descriptor.digest, most)?;
        if let Some(bytes) = &bytes {
            self.files.insert(blob_name(&descriptor.digest), bytes.clone());
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests;
