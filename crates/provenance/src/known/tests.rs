use super::*;
use serde_json::json;
use veritee_audit::InsideKind;
use veritee_image::{Selection, Store};
use veritee_source::MemoryFiles;

/// A layout of one image without layers, with this config and these files beside it.
fn known(run: &Value, beside: &[(&str, Value)]) -> (Known, String) {
    let mut files = MemoryFiles::default();
    let mut put = |value: &Value, media_type: &str| {
        let bytes = value.to_string().into_bytes();
        let digest = Digest::of(&bytes);
        files.files.insert(format!("blobs/sha256/{}", digest.hex()), bytes.clone());
        json!({ "mediaType": media_type, "digest": digest.to_string(), "size": bytes.len() })
    };
    let config =
        json!({ "os": "linux", "architecture": "amd64", "config": run, "rootfs": { "diff_ids": [] } });
    let config = put(&config, "application/vnd.oci.image.config.v1+json");
    let manifest = json!({ "schemaVersion": 2, "config": config, "layers": [] });
    let manifest = put(&manifest, "application/vnd.oci.image.manifest.v1+json");
    let digest = manifest["digest"].as_str().unwrap().to_owned();
    let index = json!({ "schemaVersion": 2, "manifests": [manifest] });
    files.files.insert("index.json".to_owned(), index.to_string().into_bytes());
    for (name, value) in beside {
        let text = value.to_string().replace("DIGEST", &digest);
        files.files.insert((*name).to_owned(), text.into_bytes());
    }
    let budget = &Budget::STANDARD;
    let store = Store::open(&files, "", budget).unwrap();
    let image = Image::open(store, &Selection::default(), budget).unwrap();
    let known = Known::of(&image, &[], &Trust::pinned().unwrap(), &[], true, budget).unwrap();
    (known, digest)
}

fn reference(text: &str) -> ImageReference {
    ImageReference::parse(Text::literal_text(text, Span::default()), String::new())
}

fn record(digest: &str) -> Value {
    json!({
        "schema": "veritee/image-fetch/v1", "reference": "registry.example/app:v1", "name": "registry.example/app",
        "registry": "https://registry.example/", "mirror": false, "at": "2026-10-15T00:00:00Z", "pinned": false,
        "digest": digest, "incomplete": false, "lines": [],
    })
}

#[test]
fn the_rules_are_told_what_the_file_says() {
    let run = json!({
        "Labels": { REVISION: "0123456789abcdef0123456789abcdef01234567" }, "OnBuild": ["RUN x"],
        "Env": ["ADMIN_PASSWORD=correct-horse-battery"],
    });
    let (known, digest) = known(&run, &[]);
    let facts = known.facts(&reference(&format!("registry.example/app@{digest}")));
    assert_eq!((facts.matched, facts.user.as_str(), facts.on_build), (Some("platform manifest"), "", true));
    assert_eq!(facts.revision.as_deref(), Some("0123456789abcdef0123456789abcdef01234567"));
    assert_eq!(facts.commit.unwrap().by, "a label or annotation");
    assert_eq!((facts.inside[0].kind, facts.inside[0].layer), (InsideKind::Password, None));
    assert!(facts.public.is_none() && facts.normalised.is_none() && facts.signed.is_empty());
    let other = known.facts(&reference(&format!("registry.example/app@sha256:{}", "0".repeat(64))));
    assert_eq!(other.matched, None);
}

#[test]
fn a_record_counts_for_the_image_that_it_speaks_of_and_a_tag_only_for_its_own_name() {
    let (known, digest) = known(&json!({}), &[(RECORD, record("DIGEST"))]);
    let facts = known.facts(&reference(&format!("registry.example/app@{digest}")));
    assert!(facts.public.unwrap().contains("https://registry.example/"));
    let seen = known.tag_seen(&reference(&format!("registry.example/app:v1@sha256:{}", "0".repeat(64))));
    assert_eq!(seen, Some(TagSeen { digest, at: "2026-10-15T00:00:00Z".to_owned() }));
    for text in ["registry.example/app:v2", "registry.example/app", "other.example/app:v1"] {
        assert_eq!(known.tag_seen(&reference(text)), None, "{text}");
    }
    let foreign = format!("sha256:{}", "0".repeat(64));
    for beside in [record(&foreign), json!([]), json!({ "reference": 1 })] {
        let (known, digest) = self::known(&json!({}), &[(RECORD, beside)]);
        assert!(known.facts(&reference(&format!("registry.example/app@{digest}"))).public.is_none());
    }
}
