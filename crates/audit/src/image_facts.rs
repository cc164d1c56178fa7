//! What was read of an image's own file: by whoever reads images, for the rules about images.
//!
//! All of it is the image's word, but the digests and what signatures show. Whoever fills this has computed the former and
//! verified the latter.

use crate::inside::InsideKind;
use std::collections::BTreeMap;
use veritee_compose::{Deployment, Value};

/// How strongly an image is tied to a commit (audit reference, section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TraceRung {
    /// R0: not at all.
    Nothing,
    /// R1: the tag looks like a commit that exists.
    TagIsCommit,
    /// R2: labels name revision and source, the image is pinned by digest: self-declared.
    Labels,
    /// R3: a signature of a known identity.
    SignedIdentity,
    /// R4: provenance names digest, repository and commit, and verifies.
    Provenance,
    /// R5: rebuilt bit for bit.
    Rebuilt,
}

/// What is known of an image beside the document that names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageFacts {
    /// What of the given file has the digest that the document pins: `index` or `platform manifest`. Without it the rest
    /// is of a file that calls itself so.
    pub matched: Option<&'static str>,
    /// The commit that it is built from, by what stands highest.
    pub commit: Option<ImageCommit>,
    /// Two claims of which at most one is true.
    pub disagreement: Option<String>,
    /// `org.opencontainers.image.revision` of config or manifest.
    pub revision: Option<String>,
    /// Signatures that hold, in words.
    pub signed: Vec<String>,
    /// Signatures that were tried and show nothing, in words.
    pub failed: Vec<String>,
    /// Where and when everybody could fetch it, in words; `None` where the file does not say how it was had.
    pub public: Option<String>,
    /// What the tag that the document writes led to when it was asked.
    pub tag: Option<TagSeen>,
    /// As whom it runs; empty for root.
    pub user: String,
    /// What it runs with where the document does not say otherwise.
    pub run: ImageRun,
    /// It has instructions for images that are built on it.
    pub on_build: bool,
    /// Why its times are taken to be normalised; `None` where nothing says so.
    pub normalised: Option<String>,
    /// What must not stand in an image.
    pub inside: Vec<ImageHit>,
    /// Archives inside it, which are not looked into.
    pub archives: Vec<String>,
    /// Layers that were not looked into because the file has them not.
    pub layers_missing: usize,
}

/// What an image's config says of how it is run. Each value is literal: nobody chooses it once the image is fixed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageRun {
    /// Variables, in order.
    pub environment: Vec<(String, Value)>,
    /// The entry point.
    pub entry_point: Vec<Value>,
    /// Its arguments.
    pub command: Vec<Value>,
}

/// The commit of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageCommit {
    /// Hex; abbreviated where it was written so.
    pub commit: String,
    /// What names it, in words.
    pub by: String,
}

/// What a tag led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagSeen {
    /// The digest.
    pub digest: String,
    /// When, RFC 3339.
    pub at: String,
}

/// Something inside an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageHit {
    /// The layer, from 0; `None` for the config.
    pub layer: Option<usize>,
    /// Where, in words.
    pub place: String,
    /// What kind.
    pub kind: InsideKind,
    /// What, without the secret.
    pub what: String,
    /// The variable that decides: the one of the config's environment, or the one for which a default stands there.
    pub variable: Option<String>,
}

/// What is known of the images of a deployment, by the reference as it stands in the compose file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traced {
    /// How strongly each is tied to a commit.
    pub rungs: BTreeMap<String, TraceRung>,
    /// The rest.
    pub facts: BTreeMap<String, ImageFacts>,
}

/// Who reads images. The pipeline knows nothing of them; it asks once the deployment is known.
pub trait Tracer {
    /// What is known of the images of this deployment. Images of which nothing was given are left out.
    fn trace(&self, deployment: &Deployment) -> Traced;

    /// Whom it lets speak for images beside the default and beside the policy, in words; every report repeats them.
    fn loosened(&self) -> Vec<String> {
        Vec::new()
    }
}
