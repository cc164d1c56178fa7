//! What stands beside an image: attestations in its index, what refers to it, what cosign keeps under tags. None of it is
//! needed for the image, and whatever of it cannot be had is said so.

use super::fetch::{Read, Work, within};
use super::{Outcome, PAGES, Problem};
use url::Url;
use veritee_image::registry::{Given, cosign_tags, fallback_tag, next_page};
use veritee_image::{Descriptor, Digest, Document, ImageError, Manifest, media};

/// The config of what has none (image specification, "Guidance for an Empty Descriptor").
const EMPTY: &[u8] = b"{}";

impl Work<'_> {
    /// An attestation that the index names. The index keeps it; the layout's own list need not.
    pub(super) async fn attestation(&mut self, descriptor: &Descriptor) {
        match self.named("attestation in the index", descriptor).await {
            Ok(read) => self.artifact(&read, false).await,
            // The index names it: that it is not there is no answer like another.
            Err(_told) => self.incomplete = true,
        }
    }

    /// What is about a digest: referrers, or their fallback tag, and the tags of cosign.
    pub(super) async fn beside(&mut self, digest: &Digest) {
        for descriptor in self.referrers(digest).await {
            if self.kept.contains(&descriptor.digest) {
                continue;
            }
            match self.named("referrer", &descriptor).await {
                Ok(read) => self.artifact(&read, true).await,
                Err(_told) => self.incomplete = true,
            }
        }
        for tag in cosign_tags(digest) {
            match self.manifest("tag of cosign", &tag, None).await {
                Ok(read) => self.artifact(&read, true).await,
                Err(problem) if problem.is_absent() => {}
                Err(_told) => self.incomplete = true,
            }
        }
    }

    /// Lists what refers to a digest: by the interface, or by the fallback tag where there is no interface.
    async fn referrers(&mut self, digest: &Digest) -> Vec<Descriptor> {
        let path = format!("referrers/{digest}");
        match self.pages(&path).await {
            Ok(list) => {
                let why = Some(format!("{} named", list.len()));
                self.line("referrers", &path, Outcome::Got, None, why);
                return list;
            }
            Err(problem) => {
                let is_offered = !problem.is_absent() && !is_not_offered(&problem);
                self.failed("referrers", &path, None, &problem);
                self.incomplete |= is_offered;
            }
        }
        match self.manifest("fallback tag of referrers", &fallback_tag(digest), None).await {
            Ok(Read { given: Given { document: Document::Index(index), .. }, .. }) => index.manifests,
            // A manifest under that tag is somebody's own image.
            Ok(_) => Vec::new(),
            Err(problem) => {
                self.incomplete |= !problem.is_absent();
                Vec::new()
            }
        }
    }

    /// All pages of a list. Filters are not asked for: descriptors may have a wrong type, so each is looked at.
    async fn pages(&mut self, path: &str) -> Result<Vec<Descriptor>, Problem> {
        let budget = self.wanted.budget;
        let first = self.session.url(path)?;
        let (mut url, mut list) = (first.clone(), Vec::new());
        for _page in 0..PAGES {
            let answer = self.session.document(&url, media::OCI_INDEX, budget.image_manifest_bytes).await?;
            self.weigh(answer.body.len())?;
            let read = |error| Problem::Read { url: url.to_string(), error };
            let given =
                Given::read(&answer.body, answer.header("content-type"), None, budget).map_err(read)?;
            let Document::Index(index) = given.document else {
                let message = "is a manifest; a list of referrers was expected".to_owned();
                return Err(read(ImageError::Document { name: "referrers".to_owned(), message }));
            };
            list.extend(index.manifests);
            if list.len() > budget.image_descriptors {
                return Err(Problem::TooMuch { what: "referrers", most: budget.image_descriptors });
            }
            match answer.header("link").and_then(next_page) {
                None => return Ok(list),
                Some(target) => url = page(&first, &url, target)?,
            }
        }
        Err(Problem::TooMuch { what: "pages of referrers", most: PAGES })
    }

    /// Keeps a manifest with the blobs of it that are read: statements, envelopes, signatures, bundles.
    async fn artifact(&mut self, read: &Read, listed: bool) {
        let digest = &read.given.digest;
        let path = format!("manifests/{digest}");
        let descriptor = read.given.descriptor(read.bytes.len());
        let Document::Manifest(manifest) = &read.given.document else {
            let why = Some("is an index, of which nothing is read".to_owned());
            return self.line("beside the image", &path, Outcome::LeftOut, Some(&descriptor), why);
        };
        // In the layout it would stand as another image, and nobody could tell which is meant.
        if listed && manifest.is_image() {
            let why = Some("is an image of its own".to_owned());
            return self.line("beside the image", &path, Outcome::LeftOut, Some(&descriptor), why);
        }
        if self.kept.contains(digest) {
            return;
        }
        if self.blobs(manifest).await.is_err() || self.keep(digest, &read.bytes).is_err() {
            self.incomplete = true;
        }
        if listed {
            self.listed.push(descriptor);
        }
    }

    async fn blobs(&mut self, manifest: &Manifest) -> Result<(), Problem> {
        if manifest.config.digest == Digest::of(EMPTY) {
            self.keep(&manifest.config.digest, EMPTY)?;
        }
        let mut failed = Ok(());
        for layer in &manifest.layers {
            let path = format!("blobs/{}", layer.digest);
            if self.kept.contains(&layer.digest) {
                continue;
            }
            if !media::is_statement(&layer.media_type) {
                self.line("beside the image", &path, Outcome::LeftOut, Some(layer), None);
                continue;
            }
            if let Err(problem) = self.statement(layer).await {
                failed = Err(problem);
            }
        }
        failed
    }

    async fn statement(&mut self, layer: &Descriptor) -> Result<(), Problem> {
        // An envelope is the statement in base64, with signatures; a bundle has a chain and an entry of a log as well.
        let most = self.wanted.budget.image_attestation_bytes.saturating_mul(2).saturating_add(1 << 20);
        let path = format!("blobs/{}", layer.digest);
        let size = usize::try_from(layer.size).unwrap_or(usize::MAX);
        let allowed = within(layer.size, most, "bytes of an attestation")
            .map_err(|error| Problem::Read { url: path.clone(), error })
            .and_then(|()| self.weigh(size));
        if let Err(problem) = allowed {
            self.failed("statement", &path, Some(&layer.digest), &problem);
            return Err(problem);
        }
        let bytes = self.blob("statement", layer).await?;
        self.keep(&layer.digest, &bytes)
    }
}

/// Registries that know nothing of referrers say so in several ways.
fn is_not_offered(problem: &Problem) -> bool {
    matches!(problem, Problem::Fetch(error) if matches!(error.status(), Some(400 | 405 | 406 | 415 | 501)))
}

/// The next page, which has to be one of the same list.
fn page(first: &Url, this: &Url, target: &str) -> Result<Url, Problem> {
    let elsewhere = || Problem::Page { url: first.to_string(), to: target.to_owned() };
    let next = this.join(target).map_err(|_error| elsewhere())?;
    let same = next.origin() == first.origin() && next.path() == first.path() && next.username().is_empty();
    if same && next != *this { Ok(next) } else { Err(elsewhere()) }
}
