//! Everything that an image's own file says of its source: labels, annotations, statements inside the index, bundles and
//! signatures beside it.

use crate::build::Build;
use crate::commit::{Claims, Rank};
use crate::cosign;
use crate::sigstore::{Failure, Signed, Signer, Subject, Trust, verify};
use crate::statement::{Level, Statement, Subjects};
use serde::Serialize;
use serde_json::Value;
use veritee_base::Budget;
use veritee_image::{Descriptor, Digest, Image, media};

/// A signature beside an image, or why it shows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignatureLine {
    /// Where it was found.
    pub from: String,
    /// Whose root it verifies under, in words.
    pub root: Option<&'static str>,
    /// At which level it speaks of the image.
    pub level: Option<Level>,
    /// What kind of statement it is.
    pub predicate_type: Option<String>,
    /// Who signed.
    pub signer: Option<Signer>,
    /// The name of the failure.
    pub failed: Option<String>,
    /// What was found.
    pub message: Option<String>,
}

/// What is said of an image's source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Commits, by what stands behind them.
    pub claims: Claims,
    /// Signatures that were tried.
    pub signatures: Vec<SignatureLine>,
    /// What BuildKit and others say of the build, unsigned or signed.
    pub builds: Vec<Build>,
    /// A signature of somebody holds, whatever it says.
    pub signed: bool,
    /// What could not be read, and why.
    pub notices: Vec<String>,
}

/// A bundle that the caller brings, with its name.
pub type Bundle = (String, Vec<u8>);

/// The digests that statements may speak of. What `docker save` made up is none of them.
#[must_use]
pub fn subjects(image: &Image<'_>) -> Subjects {
    let manifest = image.manifest.as_ref().map(|(digest, _)| digest.clone());
    let is_made_up = image.origin == veritee_image::Origin::MadeAtSave;
    Subjects { index: image.index.clone(), manifest: manifest.filter(|_| !is_made_up) }
}

/// Reads all of it. `signers` are prefixes of allowed signers, see [`Claims::add_signed`].
#[must_use]
pub fn gather(
    image: &Image<'_>,
    bundles: &[Bundle],
    trust: &Trust,
    signers: &[String],
    budget: &Budget,
) -> Said {
    let mut work = Work { image, trust, signers, budget, subjects: subjects(image), said: Said::default() };
    work.labels();
    work.attestations();
    work.artifacts();
    for (name, bytes) in bundles {
        let tried = verify(bytes, Subject::Image(&work.subjects), trust, budget);
        work.line(name.clone(), tried);
    }
    work.said
}

struct Work<'w, 'f> {
    image: &'w Image<'f>,
    trust: &'w Trust,
    signers: &'w [String],
    budget: &'w Budget,
    subjects: Subjects,
    said: Said,
}

const REVISION: &str = "org.opencontainers.image.revision";
const SOURCE: &str = "org.opencontainers.image.source";

impl Work<'_, '_> {
    /// Labels of the config and annotations of the manifest: two claims of whoever built.
    fn labels(&mut self) {
        let labels = self.image.config.value.get("config").and_then(|config| config.get("Labels"));
        let label = |name: &str| labels.and_then(|labels| labels.get(name)).and_then(Value::as_str);
        if let Some(revision) = label(REVISION) {
            self.said.claims.add(Rank::Label, revision, label(SOURCE).map(str::to_owned), Vec::new());
        }
        let Some((_, manifest)) = &self.image.manifest else { return };
        if let Some(revision) = manifest.annotations.get(REVISION) {
            let source = manifest.annotations.get(SOURCE).cloned();
            self.said.claims.add(Rank::Label, revision, source, Vec::new());
        }
    }

    /// Statements inside the index. Nobody signed them: whoever made the index made them.
    fn attestations(&mut self) {
        for attestation in &self.image.attestations {
            let digest = &attestation.descriptor.digest;
            match self.image.manifest_of(digest, self.budget) {
                Ok(Some(manifest)) => {
                    for layer in manifest.layers.iter().filter(|layer| is_statement(layer)) {
                        self.unsigned(&layer.digest);
                    }
                }
                Ok(None) => self.said.notices.push(format!("the attestation {digest} is not in the file")),
                Err(error) => self.said.notices.push(format!("the attestation {digest}: {error}")),
            }
        }
    }

    fn unsigned(&mut self, digest: &Digest) {
        let read = match self.bytes(digest) {
            Some(bytes) => Statement::read(&bytes, self.budget).map_err(|error| error.to_string()),
            None => return,
        };
        match read {
            Ok(statement) if statement.level(&self.subjects).is_none() => {
                self.said.notices.push(format!("the statement {digest} in the index is about another image"));
            }
            Ok(statement) => {
                if let Some(build) = Build::of(&statement) {
                    self.said.claims.add_unsigned(&build);
                    self.said.builds.push(build);
                }
            }
            Err(message) => self.said.notices.push(format!("the statement {digest}: {message}")),
        }
    }

    fn bytes(&mut self, digest: &Digest) -> Option<Vec<u8>> {
        let most = self.budget.image_attestation_bytes.saturating_mul(2);
        match self.image.document(digest, most) {
            Ok(Some(bytes)) => Some(bytes),
            Ok(None) => {
                self.said.notices.push(format!("{digest} is named and is not in the file"));
                None
            }
            Err(error) => {
                self.said.notices.push(format!("{digest}: {error}"));
                None
            }
        }
    }

    /// Bundles of cosign 3 and GitHub, and what cosign 2 keeps in tags: by what they are, not by what an index says they
    /// are.
    fn artifacts(&mut self) {
        for manifest in &self.image.artifacts {
            for layer in &manifest.layers {
                let is_bundle = layer.media_type.starts_with(media::BUNDLE);
                let is_cosign =
                    [cosign::SIMPLE_SIGNING, cosign::ENVELOPE].contains(&layer.media_type.as_str());
                if !is_bundle && !is_cosign {
                    continue;
                }
                let Some(bytes) = self.bytes(&layer.digest) else { continue };
                let from = format!("{} {}", layer.media_type, layer.digest);
                let tried = if is_bundle {
                    verify(&bytes, Subject::Image(&self.subjects), self.trust, self.budget)
                } else {
                    self.cosign(layer, &bytes)
                };
                self.line(from, tried);
            }
        }
    }

    fn cosign(&self, layer: &Descriptor, bytes: &[u8]) -> Result<Signed, Failure> {
        let failed = |name, message| Failure { name, message };
        let bundle = cosign::bundle(bytes, &layer.media_type, &layer.annotations, self.budget)
            .map_err(|message| failed("bundle-malformed", message))?;
        if layer.media_type == cosign::ENVELOPE {
            return verify(&bundle, Subject::Image(&self.subjects), self.trust, self.budget);
        }
        let about = cosign::signed_digest(bytes, self.budget)
            .map_err(|message| failed("statement-malformed", message))?;
        let level = [Level::Index, Level::Platform]
            .into_iter()
            .find(|level| self.subjects.at(*level) == Some(&about))
            .ok_or_else(|| failed("subject-mismatch", format!("it is about {about}")))?;
        let signed = verify(&bundle, Subject::Bytes(bytes), self.trust, self.budget)?;
        Ok(Signed { level: Some(level), ..signed })
    }

    fn line(&mut self, from: String, tried: Result<Signed, Failure>) {
        let line = match tried {
            Ok(signed) => {
                self.said.claims.add_signed(&signed, self.signers);
                self.said.builds.extend(signed.statement.as_ref().and_then(Build::of));
                self.said.signed = true;
                SignatureLine {
                    from,
                    root: Some(signed.root.words()),
                    level: signed.level,
                    predicate_type: signed.statement.map(|statement| statement.predicate_type),
                    signer: signed.signer,
                    failed: None,
                    message: None,
                }
            }
            Err(error) => SignatureLine {
                from,
                root: None,
                level: None,
                predicate_type: None,
                signer: None,
                failed: Some(error.name.to_owned()),
                message: Some(error.message),
            },
        };
        self.said.signatures.push(line);
    }
}

fn is_statement(layer: &Descriptor) -> bool {
    layer.media_type == media::STATEMENT
}
