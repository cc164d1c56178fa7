//! What is asked of a registry for one image, in which order, and what is kept of it.

use super::session::Session;
use super::{Line, Outcome, Place, Problem, Transcript};
use std::collections::BTreeSet;
use url::Url;
use veritee_client::{Client, FetchError, Sink};
use veritee_image::registry::{Given, LAYOUT, index_json};
use veritee_image::{Descriptor, Digest, Document, ImageError, Manifest, Platform, is_attestation, media};
use veritee_model::{Budget, UnixTime};

/// Which image, and how much of it.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    /// Where it is.
    pub place: &'w Place,
    /// The machine, where an index has several: as Go calls system and processor.
    pub platform: (&'w str, &'w str),
    /// Whether the layers are fetched. Without them it can be said what the image is, and not what is in it.
    pub layers: bool,
    /// Limits.
    pub budget: &'w Budget,
}

/// Where a layout is kept. Nothing appears under its name before [`Self::end`].
pub trait Keep: Sink {
    /// What comes next is the blob with this digest.
    fn next(&mut self, digest: &Digest);

    /// What came since [`Sink::begin`] is whole and has its digest.
    ///
    /// # Errors
    /// Why it cannot be kept, for people.
    fn end(&mut self) -> Result<(), String>;

    /// A file at the top of the layout.
    ///
    /// # Errors
    /// Why it cannot be kept, for people.
    fn file(&mut self, name: &'static str, bytes: &[u8]) -> Result<(), String>;
}

/// What was fetched; the rest has been given to [`Keep`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// What was asked and what came.
    pub transcript: Transcript,
    /// Platform manifests that are kept.
    pub manifests: Vec<Digest>,
    /// Manifests beside the image that are kept: signatures, bundles, attestations.
    pub beside: usize,
}

/// The file in the layout that says what was asked.
pub(super) const TRANSCRIPT: &str = "veritee-fetch.json";

/// Fetches an image. An image that is not there whole, as far as it was asked for, is a failure; what stands beside it is
/// a line of the transcript and [`Transcript::incomplete`].
///
/// # Errors
/// Why there is no image. What was given to `keep` is then no layout.
pub async fn fetch(
    client: &Client,
    wanted: &Wanted<'_>,
    keep: &mut dyn Keep,
    now: UnixTime,
) -> Result<Fetched, Problem> {
    let session = Session::new(client, wanted.place, wanted.budget);
    let work = Work {
        session,
        wanted,
        keep,
        kept: BTreeSet::new(),
        listed: Vec::new(),
        lines: Vec::new(),
        bytes: 0,
        incomplete: false,
    };
    work.run(now).await
}

pub(super) struct Work<'w> {
    pub(super) session: Session<'w>,
    pub(super) wanted: &'w Wanted<'w>,
    keep: &'w mut dyn Keep,
    pub(super) kept: BTreeSet<Digest>,
    /// What `index.json` names.
    pub(super) listed: Vec<Descriptor>,
    pub(super) lines: Vec<Line>,
    /// Of everything but config and layers.
    pub(super) bytes: usize,
    pub(super) incomplete: bool,
}

/// A document with the bytes that it was read from.
pub(super) struct Read {
    pub(super) given: Given,
    pub(super) bytes: Vec<u8>,
}

impl Work<'_> {
    async fn run(mut self, now: UnixTime) -> Result<Fetched, Problem> {
        let place = self.wanted.place;
        let top = self.manifest("image", &place.asked(), place.digest.as_ref()).await?;
        self.keep(&top.given.digest, &top.bytes)?;
        let mut levels = vec![top.given.digest.clone()];
        let mut images = Vec::new();
        let mut attestations = Vec::new();
        match &top.given.document {
            Document::Manifest(manifest) => images.push(*manifest.clone()),
            Document::Index(index) => {
                let url = self.session.url(&format!("manifests/{}", place.asked()))?;
                for descriptor in self.chosen(&url, &index.manifests)? {
                    let read = self.named("platform manifest", &descriptor).await?;
                    self.keep(&read.given.digest, &read.bytes)?;
                    let Document::Manifest(manifest) = read.given.document else {
                        return Err(Problem::NoImage { url: url.to_string() });
                    };
                    levels.push(descriptor.digest.clone());
                    images.push(*manifest);
                }
                attestations = index.manifests.iter().filter(|one| is_attestation(one)).cloned().collect();
            }
        }
        for manifest in &images {
            self.image(manifest).await?;
        }
        self.listed.push(self.descriptor(&top));
        let about = |one: &Descriptor| match one.annotations.get("vnd.docker.reference.digest") {
            Some(text) => levels.iter().any(|level| level.to_string() == *text),
            None => true,
        };
        for descriptor in attestations.iter().filter(|one| about(one)) {
            self.attestation(descriptor).await;
        }
        let beside = self.listed.len();
        for level in &levels {
            self.beside(level).await;
        }
        let manifests = if levels.len() > 1 { levels.split_off(1) } else { levels };
        let beside = self.listed.len().saturating_sub(beside);
        self.finish(&top.given.digest, manifests, beside, now)
    }

    fn finish(
        self,
        digest: &Digest,
        manifests: Vec<Digest>,
        beside: usize,
        now: UnixTime,
    ) -> Result<Fetched, Problem> {
        let place = self.wanted.place;
        let transcript = Transcript {
            schema: "veritee/image-fetch/v1",
            reference: place.reference.clone(),
            name: place.name.clone(),
            registry: place.registry.to_string(),
            mirror: place.is_mirror,
            at: now.to_string(),
            pinned: place.digest.is_some(),
            digest: digest.clone(),
            incomplete: self.incomplete,
            lines: self.lines,
        };
        let said = serde_json::to_string_pretty(&transcript).unwrap_or_default();
        let kept = self
            .keep
            .file("oci-layout", LAYOUT.as_bytes())
            .and_then(|()| self.keep.file(TRANSCRIPT, format!("{said}\n").as_bytes()))
            .and_then(|()| self.keep.file("index.json", index_json(&self.listed).as_bytes()));
        kept.map_err(|why| not_kept(&place.registry, why))?;
        Ok(Fetched { transcript, manifests, beside })
    }

    /// The image in the layout's own list, under the names by which readers look for it.
    fn descriptor(&self, top: &Read) -> Descriptor {
        let place = self.wanted.place;
        let mut descriptor = top.given.descriptor(top.bytes.len());
        let mut note = |name: &str, value: &str| {
            descriptor.annotations.insert(name.to_owned(), value.to_owned());
        };
        note("org.opencontainers.image.ref.name", &place.reference);
        if let Some(tag) = &place.tag {
            note("io.containerd.image.name", &format!("{}:{tag}", place.name));
        }
        descriptor
    }

    /// The platform manifests of an index that are meant.
    fn chosen(&self, url: &Url, manifests: &[Descriptor]) -> Result<Vec<Descriptor>, Problem> {
        let (os, architecture) = self.wanted.platform;
        let fits = |platform: &Platform| platform.os == os && platform.architecture == architecture;
        let images = || manifests.iter().filter(|one| !is_attestation(one));
        let chosen: Vec<Descriptor> =
            images().filter(|one| one.platform.as_ref().is_none_or(fits)).cloned().collect();
        if chosen.is_empty() {
            let found = images().filter_map(|one| one.platform.as_ref().map(ToString::to_string)).collect();
            let error = ImageError::Platform { wanted: format!("{os}/{architecture}"), found };
            return Err(Problem::Read { url: url.to_string(), error });
        }
        Ok(chosen)
    }

    /// Config and layers of an image.
    async fn image(&mut self, manifest: &Manifest) -> Result<(), Problem> {
        let config = &manifest.config;
        let url = self.session.url(&format!("blobs/{}", config.digest))?;
        if !manifest.is_image() {
            return Err(Problem::NoImage { url: url.to_string() });
        }
        let read = |error| Problem::Read { url: url.to_string(), error };
        within(config.size, self.wanted.budget.image_manifest_bytes, "bytes of a config").map_err(read)?;
        let bytes = self.blob("config", config).await?;
        veritee_image::registry::config(&bytes, &config.digest, self.wanted.budget).map_err(read)?;
        self.keep(&config.digest, &bytes)?;
        let total = manifest.layers.iter().fold(0_u64, |sum, layer| sum.saturating_add(layer.size));
        if total > self.wanted.budget.image_unpacked_bytes {
            let most = self.wanted.budget.image_unpacked_bytes;
            return Err(read(ImageError::TooMuch { what: "bytes of layers", most }));
        }
        for layer in &manifest.layers {
            if self.kept.contains(&layer.digest) {
                continue;
            }
            if !self.wanted.layers {
                self.line("layer", &format!("blobs/{}", layer.digest), Outcome::LeftOut, Some(layer), None);
                continue;
            }
            self.keep.next(&layer.digest);
            // A trait object of the one trait is made into one of the other.
            let sink: &mut dyn Sink = &mut *self.keep;
            let got = self.session.blob_to(&layer.digest, layer.size, sink).await;
            self.told("layer", &format!("blobs/{}", layer.digest), layer, &got);
            got?;
            self.keep.end().map_err(|why| not_kept(&url, why))?;
            self.kept.insert(layer.digest.clone());
        }
        Ok(())
    }

    /// A document by tag or digest.
    pub(super) async fn manifest(
        &mut self,
        what: &'static str,
        by: &str,
        expected: Option<&Digest>,
    ) -> Result<Read, Problem> {
        let path = format!("manifests/{by}");
        let got = self.ask_manifest(&path, expected).await;
        match &got {
            Ok(read) => {
                let descriptor = read.given.descriptor(read.bytes.len());
                self.line(what, &path, Outcome::Got, Some(&descriptor), None);
            }
            Err(problem) => self.failed(what, &path, expected, problem),
        }
        got
    }

    async fn ask_manifest(&mut self, path: &str, expected: Option<&Digest>) -> Result<Read, Problem> {
        let (url, budget) = (self.session.url(path)?, self.wanted.budget);
        let answer = self.session.document(&url, media::ACCEPT, budget.image_manifest_bytes).await?;
        let content_type = answer.header("content-type");
        let given = Given::read(&answer.body, content_type, expected, budget)
            .map_err(|error| Problem::Read { url: url.to_string(), error })?;
        self.weigh(answer.body.len())?;
        Ok(Read { given, bytes: answer.body })
    }

    /// A document that another names, with the size that is said there.
    pub(super) async fn named(
        &mut self,
        what: &'static str,
        descriptor: &Descriptor,
    ) -> Result<Read, Problem> {
        let read = self.manifest(what, &descriptor.digest.to_string(), Some(&descriptor.digest)).await?;
        let got = u64::try_from(read.bytes.len()).unwrap_or(u64::MAX);
        if got == descriptor.size {
            return Ok(read);
        }
        let url = self.session.url(&format!("manifests/{}", descriptor.digest))?.to_string();
        let error = ImageError::Size { digest: descriptor.digest.clone(), expected: descriptor.size, got };
        Err(Problem::Read { url, error })
    }

    pub(super) async fn blob(
        &mut self,
        what: &'static str,
        descriptor: &Descriptor,
    ) -> Result<Vec<u8>, Problem> {
        let got = self.session.blob(&descriptor.digest, descriptor.size).await;
        self.told(what, &format!("blobs/{}", descriptor.digest), descriptor, &got);
        got
    }

    /// Counts bytes of what is no config and no layer.
    pub(super) fn weigh(&mut self, bytes: usize) -> Result<(), Problem> {
        self.bytes = self.bytes.saturating_add(bytes);
        match self.bytes > super::EVIDENCE_BYTES {
            true => Err(Problem::TooMuch {
                what: "bytes of manifests and attestations",
                most: super::EVIDENCE_BYTES,
            }),
            false => Ok(()),
        }
    }

    /// Keeps bytes whose digest has been computed.
    pub(super) fn keep(&mut self, digest: &Digest, bytes: &[u8]) -> Result<(), Problem> {
        if !self.kept.insert(digest.clone()) {
            return Ok(());
        }
        self.keep.next(digest);
        let kept = self.keep.begin().and_then(|()| self.keep.piece(bytes)).and_then(|()| self.keep.end());
        kept.map_err(|why| not_kept(&self.wanted.place.registry, why))
    }

    pub(super) fn line(
        &mut self,
        what: &'static str,
        path: &str,
        outcome: Outcome,
        descriptor: Option<&Descriptor>,
        why: Option<String>,
    ) {
        self.lines.push(Line {
            what,
            url: self.session.url(path).map(|url| url.to_string()).unwrap_or_default(),
            outcome,
            digest: descriptor.map(|one| one.digest.clone()),
            media_type: descriptor.map(|one| one.media_type.clone()).filter(|text| !text.is_empty()),
            bytes: descriptor.map(|one| one.size),
            why,
        });
    }

    pub(super) fn failed(
        &mut self,
        what: &'static str,
        path: &str,
        digest: Option<&Digest>,
        problem: &Problem,
    ) {
        let outcome = if problem.is_absent() { Outcome::Absent } else { Outcome::Failed };
        self.line(what, path, outcome, None, Some(problem.to_string()));
        if let (Some(line), Some(digest)) = (self.lines.last_mut(), digest) {
            line.digest = Some(digest.clone());
        }
    }

    fn told<T>(&mut self, what: &'static str, path: &str, descriptor: &Descriptor, got: &Result<T, Problem>) {
        match got {
            Ok(_) => self.line(what, path, Outcome::Got, Some(descriptor), None),
            Err(problem) => self.failed(what, path, Some(&descriptor.digest), problem),
        }
    }
}

fn not_kept(url: &Url, why: String) -> Problem {
    Problem::Fetch(FetchError::NotKept { url: url.to_string(), why })
}

/// Whether a size that a document says is one that is taken.
pub(super) fn within(size: u64, most: usize, what: &'static str) -> Result<(), ImageError> {
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    if size > most { Err(ImageError::TooMuch { what, most }) } else { Ok(()) }
}
