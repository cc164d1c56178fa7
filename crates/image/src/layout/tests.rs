use super::*;
use crate::testing::{Made, Pack, file, in_archive, open};
use serde_json::{Value, json};
use veritee_source::{Kind, MemoryFiles};

fn made() -> Made {
    Made::new(&[vec![file("a", b"1")], vec![file("b", b"2")]])
}

fn error(files: &MemoryFiles, path: &str) -> String {
    match open(files, path) {
        Ok(image) => panic!("read: {image:?}"),
        Err(error) => error.to_string(),
    }
}

fn index(files: &MemoryFiles) -> Value {
    serde_json::from_slice(&files.files["index.json"]).unwrap()
}

fn with_index(mut files: MemoryFiles, index: &Value) -> MemoryFiles {
    files.files.insert("index.json".to_owned(), index.to_string().into_bytes());
    files
}

/// Adds a document to a layout; its descriptor.
fn put(files: &mut MemoryFiles, document: &Value) -> Value {
    let bytes = document.to_string().into_bytes();
    let digest = Digest::of(&bytes);
    let descriptor = json!({ "digest": digest.to_string(), "size": bytes.len(), "mediaType": "x" });
    files.files.insert(blob_name(&digest), bytes);
    descriptor
}

#[test]
fn one_image_is_the_same_in_a_folder_in_an_archive_and_as_docker_saves_it() {
    let layout = made().layout();
    let archive = in_archive(&layout);
    let saved = made().saved();
    let saved_archive = in_archive(&saved);
    let ids: Vec<Digest> =
        [(&layout, ""), (&archive, "image.tar"), (&saved, ""), (&saved_archive, "image.tar")]
            .into_iter()
            .map(|(files, path)| {
                let image = open(files, path).unwrap();
                let mut meter = Meter::new(&Budget::STANDARD);
                for number in 0..image.layers.len() {
                    assert_eq!(
                        image.layer(number, None, &mut meter).unwrap().diff_id,
                        image.config.diff_ids[number]
                    );
                }
                image.config.digest
            })
            .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(open(&layout, "").unwrap().origin, Origin::Layout);
    assert_eq!(open(&saved, "").unwrap().origin, Origin::Saved);
}

#[test]
fn a_manifest_that_was_made_at_save_is_told_from_one_that_was_pushed() {
    let mut files = made().packed(Pack::None).layout();
    files.files.extend(made().saved().files);
    assert_eq!(open(&files, "").unwrap().origin, Origin::MadeAtSave);
    // A containerd store saves what was pushed: the layers are packed.
    let mut files = made().layout();
    files.files.extend(made().saved().files);
    assert_eq!(open(&files, "").unwrap().origin, Origin::Layout);
}

#[test]
fn changed_bytes_are_refused_by_the_digest_that_they_are_named_by() {
    let sound = made().layout();
    let image = open(&sound, "").unwrap();
    let (manifest, config) = (image.manifest.as_ref().unwrap().0.clone(), image.config.digest.clone());
    let layer = image.layers[1].descriptor.as_ref().unwrap().digest.clone();
    for digest in [&manifest, &config] {
        let mut files = made().layout();
        files.files.get_mut(&blob_name(digest)).unwrap()[20] ^= 1;
        assert!(error(&files, "").contains(&format!("the bytes named {digest}")), "{}", error(&files, ""));
    }
    let mut files = made().layout();
    *files.files.get_mut(&blob_name(&layer)).unwrap().last_mut().unwrap() ^= 1;
    let image = open(&files, "").unwrap();
    let mut meter = Meter::new(&Budget::STANDARD);
    assert!(image.layer(1, None, &mut meter).is_err());
    assert!(image.layer(0, None, &mut meter).is_ok());
}

#[test]
fn a_layer_that_unpacks_to_something_else_than_the_config_says_is_refused() {
    let mut one = made();
    let files = one.layout();
    let config = open(&files, "").unwrap().config.value;
    one.layers[1] = crate::testing::archive(&[file("b", b"evil")]);
    let mut files = one.layout();
    // The manifest of the changed layers with the config of the honest ones.
    let manifest = files.files[&blob_name(&open(&files, "").unwrap().manifest.unwrap().0)].clone();
    let mut manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let mut config = put(&mut files, &config);
    config["mediaType"] = manifest["config"]["mediaType"].clone();
    manifest["config"] = config;
    let manifest = put(&mut files, &manifest);
    let files = with_index(files, &json!({ "schemaVersion": 2, "manifests": [manifest] }));
    let image = open(&files, "").unwrap();
    let error = image.layer(1, None, &mut Meter::new(&Budget::STANDARD)).unwrap_err();
    assert!(matches!(error, ImageError::DiffId { layer: 1, .. }), "{error}");
}

#[test]
fn sizes_and_counts_that_disagree_are_refused() {
    let files = made().layout();
    let mut one = index(&files);
    one["manifests"][0]["size"] = json!(7);
    assert!(error(&with_index(files, &one), "").contains("where its descriptor says 7"));
    let mut saved = made().saved();
    let mut manifest: Value = serde_json::from_slice(&saved.files["manifest.json"]).unwrap();
    manifest[0]["Layers"].as_array_mut().unwrap().pop();
    saved.files.insert("manifest.json".to_owned(), manifest.to_string().into_bytes());
    assert!(error(&saved, "").contains("1 layers, the config 2 diff_ids"));
}

#[test]
fn of_several_images_the_named_one_is_taken_and_none_is_guessed() {
    let mut files = made().layout();
    let other = Made::new(&[vec![file("z", b"9")]]).layout();
    let (mut first, second) = (index(&files), index(&other));
    files.files.extend(other.files);
    first["manifests"][0]["annotations"] = json!({ "org.opencontainers.image.ref.name": "one" });
    let second = second["manifests"][0].clone();
    first["manifests"].as_array_mut().unwrap().push(second);
    let files = with_index(files, &first);
    assert!(error(&files, "").contains("holds several images: one ("), "{}", error(&files, ""));
    let select = |name: &str| {
        let selection = Selection { name: Some(name.to_owned()), ..Selection::default() };
        let store = Store::open(&files, "", &Budget::STANDARD).unwrap();
        Image::open(store, &selection, &Budget::STANDARD).map(|image| image.layers.len())
    };
    assert_eq!(select("one"), Ok(2));
    assert_eq!(select(first["manifests"][1]["digest"].as_str().unwrap()), Ok(1));
    assert!(matches!(select("two"), Err(ImageError::NotNamed { .. })));
}

#[test]
fn the_platform_decides_in_an_index_and_attestations_are_no_images() {
    let mut files = made().layout();
    let arm = Made::new(&[vec![file("arm", b"")]]).layout();
    let mut own = index(&files)["manifests"][0].clone();
    let mut foreign = index(&arm)["manifests"][0].clone();
    files.files.extend(arm.files);
    own["platform"] = json!({ "os": "linux", "architecture": "amd64" });
    foreign["platform"] = json!({ "os": "linux", "architecture": "arm64" });
    let attestation = json!({
        "digest": Digest::of(b"").to_string(), "size": 0, "mediaType": "x",
        "annotations": { "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": own["digest"] },
    });
    let inner = put(&mut files, &json!({ "schemaVersion": 2, "manifests": [own, foreign, attestation] }));
    let files = with_index(files, &json!({ "schemaVersion": 2, "manifests": [inner] }));
    let image = open(&files, "").unwrap();
    assert_eq!(image.index.map(|digest| digest.to_string()), inner["digest"].as_str().map(str::to_owned));
    assert_eq!((image.layers.len(), image.platforms.len(), image.attestations.len()), (2, 2, 1));
    assert_eq!(image.attestations[0].about.as_ref(), image.manifest.as_ref().map(|(digest, _)| digest));
    let wanted = Selection { architecture: "riscv64".to_owned(), ..Selection::default() };
    let store = Store::open(&files, "", &Budget::STANDARD).unwrap();
    let error = Image::open(store, &wanted, &Budget::STANDARD).unwrap_err().to_string();
    assert!(error.contains("no image for linux/riscv64; there are: linux/amd64, linux/arm64"), "{error}");
}

#[test]
fn what_is_no_image_says_what_was_found() {
    let mut files = MemoryFiles::default();
    files.files.insert("x/readme".to_owned(), b"hello".to_vec());
    files.files.insert("text".to_owned(), b"no archive, only words".to_vec());
    files.files.insert("packed".to_owned(), crate::testing::gzip(b"x", 6));
    files.others.insert("pipe".to_owned(), Kind::Special);
    files.others.insert("link".to_owned(), Kind::Link);
    for (path, words) in [
        ("x", "neither of them"),
        ("text", "no tar archive"),
        ("packed", "gzip as a whole"),
        ("pipe", "pipe or device"),
        ("link", "not followed"),
        ("none", "nothing"),
    ] {
        assert!(error(&files, path).contains(words), "{path}: {}", error(&files, path));
    }
}

#[test]
fn members_of_one_name_and_links_out_of_the_archive_are_refused() {
    let bytes = crate::testing::archive(&[file("index.json", b"{}"), file("./index.json", b"{}")]);
    let mut files = MemoryFiles::default();
    files.files.insert("image.tar".to_owned(), bytes);
    assert!(error(&files, "image.tar").contains("two members called index.json"));
}

#[test]
fn layers_that_docker_saved_once_and_linked_are_found() {
    let one = made();
    let saved = one.saved();
    let manifest: Value = serde_json::from_slice(&saved.files["manifest.json"]).unwrap();
    let (first, second) = (
        manifest[0]["Layers"][0].as_str().unwrap().to_owned(),
        manifest[0]["Layers"][1].as_str().unwrap().to_owned(),
    );
    let twin = "twin/layer.tar";
    let mut pieces = Vec::new();
    for (path, bytes) in &saved.files {
        match path == &second {
            true => pieces.push(crate::testing::piece(twin, b'0', bytes, "")),
            false => pieces.push(file(path, bytes)),
        }
    }
    pieces.push(crate::testing::piece(&second, b'2', b"", "../twin/layer.tar"));
    let mut files = MemoryFiles::default();
    files.files.insert("image.tar".to_owned(), crate::testing::archive(&pieces));
    let image = open(&files, "image.tar").unwrap();
    assert!(image.has_layer(0) && image.has_layer(1), "{first} {second}");
    assert!(image.layer(1, None, &mut Meter::new(&Budget::STANDARD)).is_ok());
}
