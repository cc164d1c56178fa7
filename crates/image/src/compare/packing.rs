//! Index, manifest and compression: what differs around the same files.

use super::cause::Cause;
use super::{Differences, Place};
use crate::digest::Digest;
use crate::document::{Descriptor, Manifest};
use crate::layer::Layer;
use crate::layout::Image;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn compare(
    deployed: &Image<'_>,
    rebuilt: &Image<'_>,
    layers: [&[Layer]; 2],
    out: &mut Differences,
) {
    index(deployed, rebuilt, out);
    if let (Some((one, first)), Some((other, second))) = (&deployed.manifest, &rebuilt.manifest)
        && one != other
    {
        manifest(first, second, out);
    }
    // Layers that unpack to the same bytes and are packed otherwise, wherever they stand.
    let packed: BTreeMap<&Digest, &Layer> = layers[1].iter().map(|layer| (&layer.diff_id, layer)).collect();
    for (number, layer) in layers[0].iter().enumerate() {
        match packed.get(&layer.diff_id) {
            Some(other) if other.digest != layer.digest => out.add(Cause::Compression, || Place {
                layer: Some(number),
                path: None,
                deployed: Some(packing(layer)),
                rebuilt: Some(packing(other)),
            }),
            _ => {}
        }
    }
}

fn packing(layer: &Layer) -> String {
    match layer.compression.writer() {
        Some(writer) => format!("gzip, {} bytes, as {} writes it", layer.size, writer.name()),
        None => format!("{}, {} bytes", layer.compression.name(), layer.size),
    }
}

fn index(deployed: &Image<'_>, rebuilt: &Image<'_>, out: &mut Differences) {
    if deployed.index == rebuilt.index {
        return;
    }
    let counted = |image: &Image<'_>| match &image.index {
        None => "no index: the manifest stands alone".to_owned(),
        Some(_) => {
            format!("{} platform manifests, {} attestations", image.platforms.len(), image.attestations.len())
        }
    };
    out.add(Cause::Index, || Place {
        deployed: Some(counted(deployed)),
        rebuilt: Some(counted(rebuilt)),
        ..Place::default()
    });
    let others = |image: &Image<'_>| -> BTreeSet<(String, Digest)> {
        let own = image.manifest.as_ref().map(|(digest, _)| digest);
        let others = image.platforms.iter().filter(|(digest, _)| Some(digest) != own);
        let named = others.map(|(digest, platform)| {
            (platform.as_ref().map_or_else(|| "no platform".to_owned(), ToString::to_string), digest.clone())
        });
        named.collect()
    };
    let (one, other) = (others(deployed), others(rebuilt));
    let differing: BTreeSet<&String> =
        one.symmetric_difference(&other).map(|(platform, _)| platform).collect();
    for platform in differing {
        let digest = |set: &BTreeSet<(String, Digest)>| {
            set.iter().find(|(name, _)| name == platform).map(|(_, digest)| digest.to_string())
        };
        out.add(Cause::Index, || Place {
            path: Some(format!("platform {platform}, which was not compared")),
            deployed: digest(&one),
            rebuilt: digest(&other),
            ..Place::default()
        });
    }
}

fn manifest(deployed: &Manifest, rebuilt: &Manifest, out: &mut Differences) {
    let kind = |manifest: &Manifest| manifest.media_type.clone().unwrap_or_else(|| "none".to_owned());
    let mut types = vec![("manifest".to_owned(), kind(deployed), kind(rebuilt))];
    types.push(("config".to_owned(), deployed.config.media_type.clone(), rebuilt.config.media_type.clone()));
    for (number, (one, other)) in deployed.layers.iter().zip(&rebuilt.layers).enumerate() {
        types.push((format!("layer {number}"), one.media_type.clone(), other.media_type.clone()));
    }
    for (path, deployed, rebuilt) in types {
        if deployed != rebuilt {
            out.add(Cause::MediaTypes, || Place {
                path: Some(path),
                deployed: Some(deployed),
                rebuilt: Some(rebuilt),
                ..Place::default()
            });
        }
    }
    annotations("manifest", &deployed.annotations, &rebuilt.annotations, out);
    let described = |descriptor: &Descriptor| descriptor.annotations.clone();
    annotations("config", &described(&deployed.config), &described(&rebuilt.config), out);
    for (number, (one, other)) in deployed.layers.iter().zip(&rebuilt.layers).enumerate() {
        annotations(&format!("layer {number}"), &one.annotations, &other.annotations, out);
    }
}

fn annotations(
    of: &str,
    deployed: &BTreeMap<String, String>,
    rebuilt: &BTreeMap<String, String>,
    out: &mut Differences,
) {
    let keys: BTreeSet<&String> = deployed.keys().chain(rebuilt.keys()).collect();
    for key in keys {
        let (one, other) = (deployed.get(key), rebuilt.get(key));
        if one != other {
            out.add(Cause::Annotations, || Place {
                path: Some(format!("{of}: {key}")),
                deployed: one.cloned(),
                rebuilt: other.cloned(),
                ..Place::default()
            });
        }
    }
}
