//! What registries say of the images that a fetched compose pins, as a part of the evidence: documents, no layers.

use crate::cli::Global;
use crate::cli::network::Fetch;
use crate::commands::tracing::{MOST_BYTES, has_room};
use crate::output;
use std::collections::BTreeMap;
use veritee_acquire::registry::{Keep, Place, Wanted, fetch};
use veritee_client::{Client, Sink};
use veritee_compose::{Deployment, Pin, UnboundCompose, deployment};
use veritee_evidence::NamedEvidence;
use veritee_image::Digest;
use veritee_model::evidence::ImageDocuments;
use veritee_model::text::inert;
use veritee_model::{Budget, UnixTime};
use veritee_provenance::ladder::named;

/// What is known of references that were asked for; `None` where nothing could be had.
pub(super) type Asked = BTreeMap<String, Option<ImageDocuments>>;

/// The machine whose images are fetched: the one that dstack's machines are.
const PLATFORM: (&str, &str) = ("linux", "amd64");

/// Adds the documents of each image that the compose pins by digest. What a tag leads to is no evidence of anything, and is
/// left out; what cannot be had is told, and the evidence goes without it.
pub(super) async fn add(
    client: &Client,
    machine: &mut NamedEvidence,
    options: &Fetch,
    (asked, now): (&mut Asked, UnixTime),
    global: &Global,
) {
    let label = inert(&machine.label);
    let warn = |words: &str| output::note(global, &format!("warning: {label}: images: {words}"));
    let Some(item) = &machine.evidence.app_compose else {
        return warn("there is no app_compose that names any");
    };
    let document = match UnboundCompose::parse(&item.bytes, &Budget::STANDARD) {
        Ok(document) => document,
        Err(error) => return warn(&inert(&error.to_string())),
    };
    let resolving = deployment::Context { budget: Budget::STANDARD, ..deployment::Context::default() };
    let deployment = Deployment::from_unbound(&document, &resolving);
    for (reference, _services) in named(&deployment) {
        let text = reference.value.effective();
        if !matches!(reference.pin(), Pin::Digest { .. }) {
            warn(&format!("{}: no digest pins it: left out", inert(&text)));
            continue;
        }
        if !asked.contains_key(&text) {
            let got = documents(client, &text, options.network.allow_local, now).await;
            if let Err(why) = &got {
                warn(&format!("{}: {}", inert(&text), inert(why)));
            }
            asked.insert(text.clone(), got.ok());
        }
        let Some(documents) = asked.get(&text).cloned().flatten() else { continue };
        if has_room(&machine.evidence, &documents) {
            machine.evidence.images.push(documents);
        } else {
            warn(&format!("{}: more than {MOST_BYTES} bytes of documents in all: left out", inert(&text)));
        }
    }
}

async fn documents(
    client: &Client,
    reference: &str,
    allow_local: bool,
    now: UnixTime,
) -> Result<ImageDocuments, String> {
    let place = Place::parse(reference, None, allow_local).map_err(|error| error.to_string())?;
    let wanted = Wanted { place: &place, platform: PLATFORM, layers: false, budget: &Budget::STANDARD };
    let mut kept = InMemory::default();
    fetch(client, &wanted, &mut kept, now).await.map_err(|problem| problem.to_string())?;
    Ok(ImageDocuments { source: reference.to_owned(), files: kept.files })
}

/// A layout in memory: what is fetched without layers is bounded.
#[derive(Default)]
struct InMemory {
    files: BTreeMap<String, Vec<u8>>,
    name: String,
    open: Vec<u8>,
}

impl Sink for InMemory {
    fn begin(&mut self) -> Result<(), String> {
        self.open.clear();
        Ok(())
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.open.extend_from_slice(bytes);
        Ok(())
    }
}

impl Keep for InMemory {
    fn next(&mut self, digest: &Digest) {
        self.name = format!("blobs/{}/{}", digest.algorithm().name(), digest.hex());
    }

    fn end(&mut self) -> Result<(), String> {
        self.files.insert(std::mem::take(&mut self.name), std::mem::take(&mut self.open));
        Ok(())
    }

    fn file(&mut self, name: &'static str, bytes: &[u8]) -> Result<(), String> {
        self.files.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }
}
