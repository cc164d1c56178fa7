use super::*;
use crate::{Selection, Store};
use veritee_source::MemoryFiles;

#[test]
fn the_documents_of_an_image_are_the_same_image_without_its_layers() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/images");
    let budget = &Budget::STANDARD;
    for name in ["repro-1.tar", "prov-v1-max.tar", "docker-save-containerd.tar", "zstd.tar"] {
        let bytes = std::fs::read(root.join(name)).unwrap();
        let files = MemoryFiles { files: [(name.to_owned(), bytes)].into(), ..MemoryFiles::default() };
        let whole =
            Image::open(Store::open(&files, name, budget).unwrap(), &Selection::default(), budget).unwrap();
        let carried = documents(&whole, budget).unwrap();
        assert!(carried.keys().all(|name| is_carried(name)), "{:?}", carried.keys());
        let files = MemoryFiles { files: carried.clone(), ..MemoryFiles::default() };
        let again =
            Image::open(Store::open(&files, "", budget).unwrap(), &Selection::default(), budget).unwrap();
        assert_eq!((&again.index, &again.manifest), (&whole.index, &whole.manifest), "{name}");
        assert_eq!((&again.config, &again.attestations), (&whole.config, &whole.attestations));
        assert!((0..again.layers.len()).all(|layer| !again.has_layer(layer)), "{name}");
        for attestation in &again.attestations {
            let manifest = again.manifest_of(&attestation.descriptor.digest, budget).unwrap().unwrap();
            for layer in manifest.layers {
                assert!(again.document(&layer.digest, 1 << 20).unwrap().is_some(), "{name}");
            }
        }
        assert_eq!(documents(&again, budget).unwrap(), carried);
    }
    for name in ["../index.json", "blobs/sha256/..", "blobs/sha256/00", "x", "blobs/md5/00", "/index.json"] {
        assert!(!is_carried(name), "{name}");
    }
}
