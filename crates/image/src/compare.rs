//! Two images side by side: the highest rung of sameness that holds, and every difference by its cause.
//!
//! | rung | the same | proves the same content |
//! | --- | --- | --- |
//! | S5 | index | yes |
//! | S4 | platform manifest | yes |
//! | S3 | config, so every diffID, environment, command, label | yes, once every layer was read and has its diffID |
//! | S2 | diffIDs; the config differs | no: look at Env, Cmd, Entrypoint, User |
//! | S1 | content of every file; times, order, owners or headers differ | no |
//! | S0 | nothing of these | no |
//!
//! Rungs from S3 up rest on digests alone. S1 and S0 rest on how this crate reads layers; they explain, they prove
//! nothing.

mod cause;
mod collect;
mod config;
mod contents;
mod noise;
mod packing;
mod pairs;

use crate::digest::Digest;
use crate::error::ImageError;
use crate::layer::{Layer, Visitor};
use crate::layout::{Image, Origin};
use crate::meter::Meter;
pub use cause::{Cause, Weight};
use collect::{Collector, Packages};
use serde::Serialize;
use std::collections::BTreeMap;
use veritee_base::Budget;

/// The rungs, the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Rung {
    /// Contents differ.
    S0,
    /// Layers differ in explained metadata only.
    S1,
    /// The same diffIDs, another config.
    S2,
    /// The same config.
    S3,
    /// The same platform manifest.
    S4,
    /// The same index.
    S5,
}

impl Rung {
    /// What is the same, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::S5 => "the same index",
            Self::S4 => "the same platform manifest",
            Self::S3 => "the same config: the same files, environment and command, packed otherwise",
            Self::S2 => "the same layers under another config",
            Self::S1 => "the same content of every file; metadata differs",
            Self::S0 => "contents differ",
        }
    }
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The one that runs.
    Deployed,
    /// The one that was built to compare.
    Rebuilt,
}

impl Side {
    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::Rebuilt => "rebuilt",
        }
    }
}

/// The numbers that people call "the image".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Numbers {
    /// Digest of the index, where the manifest stands in one.
    pub index: Option<Digest>,
    /// Digest of the platform manifest, where there is one.
    pub manifest: Option<Digest>,
    /// Digest of the config: the image ID.
    pub config: Digest,
    /// Digests of the layers as they are packed, where a manifest has them.
    pub layers: Vec<Option<Digest>>,
    /// Digests of the layers unpacked.
    pub diff_ids: Vec<Digest>,
    /// The manifest was made when the image was saved: a registry's digest is another one.
    pub manifest_made_at_save: bool,
}

/// Differences of one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The cause.
    pub cause: Cause,
    /// What it weighs.
    pub weight: Weight,
    /// What differs, in words.
    pub words: &'static str,
    /// How to make it go away.
    pub remedy: &'static str,
    /// How often.
    pub count: u64,
    /// The first of them.
    pub places: Vec<Place>,
}

/// A place where the two differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The layer of the deployed image, from 0, where it is one of it.
    pub layer: Option<usize>,
    /// A path inside the image, a member of the config, or a package.
    pub path: Option<String>,
    /// What the deployed image has there.
    pub deployed: Option<String>,
    /// What the rebuilt one has.
    pub rebuilt: Option<String>,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The highest rung that holds; `None` where layers are missing, so that none below S3 can be told.
    pub rung: Option<Rung>,
    /// Whether the two are shown to have the same content.
    pub same_content: bool,
    /// The deployed image.
    pub deployed: Numbers,
    /// The rebuilt one.
    pub rebuilt: Numbers,
    /// The differences, by cause.
    pub differences: Vec<Difference>,
    /// What was not looked at, and why.
    pub not_checked: Vec<String>,
}

/// An image cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompareError {
    /// Which.
    pub side: Side,
    /// Why.
    pub error: ImageError,
}

impl core::fmt::Display for CompareError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "the {} image: {}", self.side.name(), self.error)
    }
}

impl std::error::Error for CompareError {}

/// Differences of a cause that are listed, and not only counted.
pub const LISTED: usize = 200;

/// Differences while they are found.
#[derive(Debug, Default)]
struct Differences(BTreeMap<Cause, (u64, Vec<Place>)>);

impl Differences {
    fn add(&mut self, cause: Cause, place: impl FnOnce() -> Place) {
        let (count, places) = self.0.entry(cause).or_default();
        *count = count.saturating_add(1);
        if places.len() < LISTED {
            places.push(place());
        }
    }

    fn has(&self, weights: &[Weight]) -> bool {
        self.0.keys().any(|cause| weights.contains(&cause.weight()))
    }

    fn into_list(self) -> Vec<Difference> {
        let list = self.0.into_iter();
        list.map(|(cause, (count, places))| {
            let (weight, words, remedy) = (cause.weight(), cause.words(), cause.remedy());
            Difference { cause, weight, words, remedy, count, places }
        })
        .collect()
    }
}

/// A side with its layers, as far as they are here.
struct Read {
    layers: Vec<Layer>,
    packages: Packages,
    missing: Vec<usize>,
}

/// Compares two images. Every layer that is here is read on both sides, so that a digest that stands in a manifest is
/// one that its bytes have.
///
/// # Errors
/// A layer is malformed, beyond the budget, or its bytes have another digest than its manifest or config says.
pub fn compare(
    deployed: &Image<'_>,
    rebuilt: &Image<'_>,
    budget: &Budget,
) -> Result<Comparison, CompareError> {
    let same_layers = deployed.config.diff_ids == rebuilt.config.diff_ids;
    let read = |image: &Image<'_>, side| {
        read(image, !same_layers, budget).map_err(|error| CompareError { side, error })
    };
    let sides = [read(deployed, Side::Deployed)?, read(rebuilt, Side::Rebuilt)?];
    let mut differences = Differences::default();
    packing::compare(deployed, rebuilt, [&sides[0].layers, &sides[1].layers], &mut differences);
    config::compare(&deployed.config, &rebuilt.config, &mut differences);
    let is_whole = sides.iter().all(|side| side.missing.is_empty());
    if !same_layers && is_whole {
        contents::compare([&sides[0], &sides[1]], &mut differences);
    }
    let rung = rung(deployed, rebuilt, is_whole, &differences);
    Ok(Comparison {
        rung,
        same_content: rung.is_some_and(|rung| rung >= Rung::S4 || (rung == Rung::S3 && is_whole)),
        deployed: numbers(deployed),
        rebuilt: numbers(rebuilt),
        differences: differences.into_list(),
        not_checked: not_checked(&sides, rung),
    })
}

fn rung(
    deployed: &Image<'_>,
    rebuilt: &Image<'_>,
    is_whole: bool,
    differences: &Differences,
) -> Option<Rung> {
    let manifest = |image: &Image<'_>| image.manifest.as_ref().map(|(digest, _)| digest.clone());
    let same_manifest = manifest(deployed).is_some() && manifest(deployed) == manifest(rebuilt);
    if same_manifest && deployed.index.is_some() && deployed.index == rebuilt.index {
        return Some(Rung::S5);
    }
    if same_manifest {
        return Some(Rung::S4);
    }
    if deployed.config.digest == rebuilt.config.digest {
        return Some(Rung::S3);
    }
    if deployed.config.diff_ids == rebuilt.config.diff_ids {
        return Some(Rung::S2);
    }
    let differs = differences.has(&[Weight::Noise, Weight::Content]);
    is_whole.then_some(if differs { Rung::S0 } else { Rung::S1 })
}

fn numbers(image: &Image<'_>) -> Numbers {
    let layers = image.layers.iter();
    Numbers {
        index: image.index.clone(),
        manifest: image.manifest.as_ref().map(|(digest, _)| digest.clone()),
        config: image.config.digest.clone(),
        layers: layers.map(|layer| layer.descriptor.as_ref().map(|one| one.digest.clone())).collect(),
        diff_ids: image.config.diff_ids.clone(),
        manifest_made_at_save: image.origin == Origin::MadeAtSave,
    }
}

fn not_checked(sides: &[Read; 2], rung: Option<Rung>) -> Vec<String> {
    let mut out = Vec::new();
    for (side, name) in sides.iter().zip(["deployed", "rebuilt"]) {
        for layer in &side.missing {
            out.push(format!("layer {layer} of the {name} image is not in its file: it was not read"));
        }
    }
    if !out.is_empty() && rung == Some(Rung::S3) {
        out.push(
            "that the layers unpack to what the config says: runtimes check it, here it was not".to_owned(),
        );
    }
    if rung.is_none() {
        out.push("whether contents differ, and where".to_owned());
    }
    out
}

fn read(image: &Image<'_>, with_entries: bool, budget: &Budget) -> Result<Read, ImageError> {
    let mut meter = Meter::new(budget);
    let mut out = Read { layers: Vec::new(), packages: Packages::new(), missing: Vec::new() };
    let mut databases: BTreeMap<Vec<u8>, Packages> = BTreeMap::new();
    for number in 0..image.layers.len() {
        if !image.has_layer(number) {
            out.missing.push(number);
            continue;
        }
        let mut collector = Collector::default();
        let visitor: Option<&mut dyn Visitor> = if with_entries { Some(&mut collector) } else { None };
        out.layers.push(image.layer(number, visitor, &mut meter)?);
        // A later layer's database replaces an earlier one at the same path.
        databases.extend(collector.databases);
    }
    out.packages = databases.into_values().flatten().collect();
    Ok(out)
}

#[cfg(test)]
mod tests;
