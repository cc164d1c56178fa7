//! A layer that anybody packed, beside one that is known: no panic, within the budget, never taken for the known one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_image::compare::{Rung, compare};
use veritee_image::{Digest, Image, Selection, Store};
use veritee_model::Budget;
use veritee_source::MemoryFiles;

/// A layout around a layer. Its diffID is what the layer claims: its own digest, so that only plain ones can be true.
fn layout(layer: &[u8], packed: &[u8]) -> MemoryFiles {
    let mut files = MemoryFiles::default();
    let mut put = |bytes: &[u8], media_type: &str| {
        let digest = Digest::of(bytes);
        files.files.insert(format!("blobs/sha256/{}", digest.hex()), bytes.to_vec());
        format!("{{\"mediaType\":\"{media_type}\",\"digest\":\"{digest}\",\"size\":{}}}", bytes.len())
    };
    let diff_id = Digest::of(layer);
    let packed = put(packed, "application/vnd.oci.image.layer.v1.tar");
    let config = format!(
        "{{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{{\"diff_ids\":[\"{diff_id}\"]}}}}"
    );
    let config = put(config.as_bytes(), "application/vnd.oci.image.config.v1+json");
    let manifest = format!("{{\"schemaVersion\":2,\"config\":{config},\"layers\":[{packed}]}}");
    let manifest = put(manifest.as_bytes(), "application/vnd.oci.image.manifest.v1+json");
    let index = format!("{{\"schemaVersion\":2,\"manifests\":[{manifest}]}}");
    files.files.insert("index.json".to_owned(), index.into_bytes());
    files
}

fuzz_target!(|data: &[u8]| {
    let mut budget = Budget::STANDARD;
    (budget.image_entries, budget.image_unpacked_bytes) = (2_000, 8 << 20);
    let known = vec![0_u8; 1024];
    let (one, other) = (layout(&known, &known), layout(data, data));
    let open = |files| {
        let store = Store::open(files, "", &budget).expect("a folder");
        Image::open(store, &Selection::default(), &budget).expect("a layout of our own making")
    };
    let (one, other) = (open(&one), open(&other));
    if let Ok(found) = compare(&one, &other, &budget) {
        assert_eq!(found.same_content, data == known);
        assert_eq!(found.rung >= Some(Rung::S2), data == known);
    }
});
