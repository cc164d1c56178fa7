//! What the tests share.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use veritee_acquire::registry::{Fetched, Keep, Line, Outcome, Place, Problem, Wanted, fetch};
use veritee_client::{Client, Proxies, Retries, Settings, Sink, Times};
use veritee_image::{Digest, media};
use veritee_loopback::{Registry, registry::digest};
use veritee_model::{Budget, UnixTime};

/// What was kept.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) blobs: BTreeMap<String, Vec<u8>>,
    pub(crate) files: BTreeMap<&'static str, String>,
    coming: (String, Vec<u8>),
}

impl Sink for Kept {
    fn begin(&mut self) -> Result<(), String> {
        self.coming.1.clear();
        Ok(())
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.coming.1.extend_from_slice(bytes);
        Ok(())
    }
}

impl Keep for Kept {
    fn next(&mut self, digest: &Digest) {
        self.coming.0 = digest.to_string();
    }

    fn end(&mut self) -> Result<(), String> {
        let (name, bytes) = std::mem::take(&mut self.coming);
        assert_eq!(name, digest(&bytes), "what is kept has its digest");
        self.blobs.insert(name, bytes);
        Ok(())
    }

    fn file(&mut self, name: &'static str, bytes: &[u8]) -> Result<(), String> {
        self.files.insert(name, String::from_utf8(bytes.to_vec()).unwrap());
        Ok(())
    }
}

/// An image in a registry.
pub(crate) struct Forged {
    pub(crate) registry: Registry,
    pub(crate) layer: String,
    pub(crate) config: String,
    pub(crate) manifest: String,
    pub(crate) index: String,
}

pub(crate) const LAYER: &[u8] = b"not looked into here";

pub(crate) fn descriptor(media_type: &str, digest: &str, size: usize) -> Value {
    json!({ "mediaType": media_type, "digest": digest, "size": size })
}

/// A manifest of something beside an image, with one layer.
pub(crate) fn artifact(
    registry: &Registry,
    subject: Option<&Value>,
    media_type: &str,
    layer: &[u8],
) -> Value {
    let config = descriptor("application/vnd.oci.empty.v1+json", &digest(b"{}"), 2);
    let layer = descriptor(media_type, &registry.blob(layer), layer.len());
    let mut manifest = json!({
        "schemaVersion": 2, "mediaType": media::OCI_MANIFEST, "artifactType": media_type,
        "config": config, "layers": [layer],
    });
    if let Some(subject) = subject {
        manifest["subject"] = subject.clone();
    }
    let bytes = manifest.to_string();
    descriptor(media::OCI_MANIFEST, &registry.manifest(media::OCI_MANIFEST, bytes.as_bytes()), bytes.len())
}

/// Index (tag `1`), manifest, config, one layer.
pub(crate) fn forged() -> Forged {
    let registry = Registry::start();
    let config = json!({
        "architecture": "amd64", "os": "linux", "rootfs": { "type": "layers", "diff_ids": [digest(LAYER)] },
    })
    .to_string();
    let layer = registry.blob(LAYER);
    let manifest = json!({
        "schemaVersion": 2, "mediaType": media::OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", &registry.blob(config.as_bytes()), config.len()),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", &layer, LAYER.len())],
    })
    .to_string();
    let of = registry.manifest(media::OCI_MANIFEST, manifest.as_bytes());
    let mut entry = descriptor(media::OCI_MANIFEST, &of, manifest.len());
    entry["platform"] = json!({ "os": "linux", "architecture": "amd64" });
    let mut other = descriptor(media::OCI_MANIFEST, &digest(b"not there"), 9);
    other["platform"] = json!({ "os": "linux", "architecture": "arm64" });
    let index =
        json!({ "schemaVersion": 2, "mediaType": media::OCI_INDEX, "manifests": [entry, other] }).to_string();
    let index = registry.manifest(media::OCI_INDEX, index.as_bytes());
    registry.tag("1", &index);
    Forged { layer, config: digest(config.as_bytes()), manifest: of, index, registry }
}

impl Forged {
    pub(crate) fn fetch(&self, rest: &str) -> (Result<Fetched, Problem>, Kept) {
        fetch_from(&format!("{}{rest}", self.registry.name()))
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        self.registry.path(rest)
    }
}

pub(crate) fn fetch_from(reference: &str) -> (Result<Fetched, Problem>, Kept) {
    let place = Place::parse(reference, None, true).unwrap();
    let wanted =
        Wanted { place: &place, platform: ("linux", "amd64"), layers: true, budget: &Budget::STANDARD };
    let settings = Settings {
        allow_local: true,
        proxies: Proxies::None,
        times: Times {
            connect: Duration::from_secs(5),
            stall: Duration::from_secs(2),
            total: Duration::from_secs(20),
        },
        retries: Retries {
            attempts: 2,
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_millis(2),
        },
        ..Settings::default()
    };
    let client = Client::new(&settings).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut kept = Kept::default();
    let now = UnixTime::parse("2026-10-15T00:00:00Z").unwrap();
    let fetched = runtime.block_on(fetch(&client, &wanted, &mut kept, now));
    (fetched, kept)
}

pub(crate) fn lines<'f>(fetched: &'f Fetched, what: &str) -> Vec<&'f Line> {
    fetched.transcript.lines.iter().filter(|line| line.what == what).collect()
}

pub(crate) fn outcomes(fetched: &Fetched, what: &str) -> Vec<Outcome> {
    lines(fetched, what).iter().map(|line| line.outcome).collect()
}
