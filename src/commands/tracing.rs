//! What `trace` and `verify` read of images: the files, and who may speak for them.

use super::gather;
use super::image::File;
use crate::cli::{Carrying, ImagePlatform, Tracing};
use crate::failure::Failure;
use crate::input::{self, shown};
use crate::source_tree::Folder;
use std::path::{Path, PathBuf};
use veritee_audit::{SourceTree, Traced, Tracer};
use veritee_compose::Deployment;
use veritee_evidence::Slot;
use veritee_image::compare::compare;
use veritee_image::{Image, Origin, Selection, Store};
use veritee_model::evidence::ImageDocuments;
use veritee_model::text::inert;
use veritee_model::{Budget, Evidence, ExitCode, Item, Sha256Digest};
use veritee_provenance::gather::Bundle;
use veritee_provenance::{Known, Trust, ladder};
use veritee_source::MemoryFiles;

/// Images that were read, and the tree that their source is said to be.
pub(crate) struct Images {
    pub(crate) known: Vec<Known>,
    pub(crate) source: Option<Folder>,
    /// Whom the command line lets speak for images, in words.
    pub(crate) loosened: Vec<String>,
}

/// Under which rules images are read.
pub(crate) struct Reading<'r> {
    pub(crate) files: &'r [PathBuf],
    pub(crate) options: &'r Tracing,
    pub(crate) policy: &'r veritee_policy::Images,
    /// Reads layers too.
    pub(crate) look_inside: bool,
}

impl Reading<'_> {
    /// Reads the files and what the evidence has of images. The documents of the files become part of the evidence, so that
    /// it gives the same verdict again; layers do not.
    pub(crate) fn read(&self, evidence: &mut Evidence, source: Option<Folder>) -> Result<Images, Failure> {
        let Trusted { trust, signers, loosened } = trusted(self.options, self.policy)?;
        add_bundles(evidence, &self.options.bundle)?;
        let bundles: Vec<Bundle> =
            evidence.image_bundles.iter().map(|item| (item.source.clone(), item.bytes.clone())).collect();
        let budget = &Budget::STANDARD;
        let known = |image: &Image<'_>, name: &dyn core::fmt::Display| {
            Known::of(image, &bundles, &trust, &signers, self.look_inside, budget)
                .map_err(|error| Failure::unobtainable(format!("{name}: {error}")))
        };
        let (mut read, mut brought) = (Vec::new(), Vec::new());
        for path in self.files {
            let file = File::at(path)?;
            let image = file
                .open(&self.options.platform, None, "")
                .map_err(|fault| gather::misplaced_at(path, Slot::ContainerImage, fault))?;
            let mut one = known(&image, &shown(path))?;
            for rebuilt in &self.options.rebuilt {
                one.rebuilt = one.rebuilt.max(same(&image, rebuilt, &self.options.platform)?);
            }
            // Of what `docker save` made up nothing is named by a compose.
            if image.origin == Origin::Layout {
                brought.push(documents(&image, path)?);
            }
            read.push(one);
        }
        // What a file was given of is not read again.
        let new = |image: &&ImageDocuments| brought.iter().all(|one| one.files != image.files);
        for image in evidence.images.iter().filter(new) {
            let files = of_evidence(image, &self.options.platform)?;
            let opened = files.image()?;
            let mut one = known(&opened, &inert(&image.source))?;
            for rebuilt in &self.options.rebuilt {
                one.rebuilt = one.rebuilt.max(same(&opened, rebuilt, &self.options.platform)?);
            }
            read.push(one);
        }
        for image in brought {
            // What is too much for a file of evidence is judged all the same.
            if evidence.images.iter().all(|known| known.files != image.files) && has_room(evidence, &image) {
                evidence.images.push(image);
            }
        }
        Ok(Images { known: read, source, loosened })
    }

    /// Whether there is anything to read.
    pub(crate) const fn is_wanted(&self, evidence: &Evidence) -> bool {
        !self.files.is_empty() || !evidence.images.is_empty()
    }
}

impl Images {
    pub(crate) fn tree(&self) -> Option<&dyn SourceTree> {
        self.source.as_deref().map(|folder| folder as &dyn SourceTree)
    }
}

impl Tracer for Images {
    fn trace(&self, deployment: &Deployment) -> Traced {
        ladder::traced(deployment, &self.known, self.tree())
    }

    fn loosened(&self) -> Vec<String> {
        self.loosened.clone()
    }
}

/// Puts documents of images and bundles into the evidence. Nothing is verified here.
pub(super) fn carry(evidence: &mut Evidence, options: &Carrying) -> Result<(), Failure> {
    for path in &options.container_image {
        let file = File::at(path)?;
        let image = file
            .open(&options.platform, None, "")
            .map_err(|fault| gather::misplaced_at(path, Slot::ContainerImage, fault))?;
        let documents = documents(&image, path)?;
        if !has_room(evidence, &documents) {
            return Err(Failure::usage(format!(
                "{}: the documents of all images are more than {MOST_BYTES} bytes or {} files",
                shown(path),
                Budget::STANDARD.image_descriptors
            ))
            .help("leave it out, and give it to `veritee verify --container-image`"));
        }
        if evidence.images.iter().all(|known| known.files != documents.files) {
            evidence.images.push(documents);
        }
    }
    add_bundles(evidence, &options.bundle)
}

/// Bytes of documents that evidence takes: in JSON they stay well below what is read of a file.
pub(super) const MOST_BYTES: usize = 16 << 20;

/// Whether the documents of one more image find a place in the evidence.
pub(super) fn has_room(evidence: &Evidence, image: &ImageDocuments) -> bool {
    let all = || evidence.images.iter().chain([image]).flat_map(|one| one.files.values());
    all().map(Vec::len).sum::<usize>() <= MOST_BYTES && all().count() <= Budget::STANDARD.image_descriptors
}

fn documents(image: &Image<'_>, path: &Path) -> Result<ImageDocuments, Failure> {
    let files = veritee_image::documents(image, &Budget::STANDARD)
        .map_err(|error| Failure::unobtainable(format!("{}: {error}", shown(path))))?;
    Ok(ImageDocuments { source: input::last_component(path), files })
}

fn add_bundles(evidence: &mut Evidence, paths: &[PathBuf]) -> Result<(), Failure> {
    for path in paths {
        let source = gather::document(path, Slot::Bundle, ExitCode::Unobtainable)?;
        let bytes = input::opened(&source).into_owned();
        if evidence.image_bundles.iter().all(|known| known.bytes != bytes) {
            evidence.image_bundles.push(Item::new(bytes, source.name));
        }
    }
    Ok(())
}

/// Documents of the evidence as a layout in memory.
struct InEvidence<'e> {
    files: MemoryFiles,
    selection: Selection,
    source: &'e str,
}

fn of_evidence<'e>(image: &'e ImageDocuments, platform: &ImagePlatform) -> Result<InEvidence<'e>, Failure> {
    if let Some(name) = image.files.keys().find(|name| !veritee_image::is_carried(name)) {
        return Err(Failure::unobtainable(format!(
            "{}: `{}` is no file of a layout without layers",
            inert(&image.source),
            inert(name)
        )));
    }
    let selection =
        Selection { os: platform.os.clone(), architecture: platform.architecture.clone(), name: None };
    let files = MemoryFiles { files: image.files.clone(), ..MemoryFiles::default() };
    Ok(InEvidence { files, selection, source: &image.source })
}

impl InEvidence<'_> {
    fn image(&self) -> Result<Image<'_>, Failure> {
        let budget = &Budget::STANDARD;
        Store::open(&self.files, "", budget)
            .and_then(|store| Image::open(store, &self.selection, budget))
            .map_err(|error| {
                let place = format!("the image `{}` in the evidence", inert(self.source));
                Failure::unobtainable(format!("{place}: {error}"))
                    .help("the evidence was changed, or says less than it was fetched with: fetch it anew")
            })
    }
}

/// The rung of sameness of an image and one that the caller built, where it proves the same content.
fn same(
    deployed: &Image<'_>,
    rebuilt: &Path,
    platform: &ImagePlatform,
) -> Result<Option<veritee_image::compare::Rung>, Failure> {
    let file = File::at(rebuilt)?;
    let image = file.open(platform, None, "")?;
    let compared = compare(deployed, &image, &Budget::STANDARD)
        .map_err(|error| Failure::unobtainable(format!("{}: {}", shown(rebuilt), error.error)))?;
    Ok(compared.rung.filter(|_| compared.same_content))
}

fn text(path: &Path, source: &input::Source) -> Result<String, Failure> {
    String::from_utf8(input::pem(source)).map_err(|error| Failure::usage(format!("{}: {error}", shown(path))))
}

/// Who may speak for images.
struct Trusted {
    trust: Trust,
    signers: Vec<String>,
    loosened: Vec<String>,
}

/// The pinned roots, or what the command line names; where the policy names a root or keys, only those.
fn trusted(options: &Tracing, policy: &veritee_policy::Images) -> Result<Trusted, Failure> {
    let refused =
        |path: &Path, error: &dyn core::fmt::Display| Failure::usage(format!("{}: {error}", shown(path)));
    let asked = |words: String| format!("{words}: asked for on the command line");
    let mut loosened = Vec::new();
    let mut trust = match &options.trusted_root {
        Some(path) => {
            let source = gather::document(path, Slot::TrustedRoot, ExitCode::Usage)?;
            let text = text(path, &source)?;
            let digest = Sha256Digest::of(text.as_bytes());
            match policy.trusted_root_sha256 {
                Some(listed) if listed == digest => {}
                Some(listed) => {
                    return Err(refused(
                        path,
                        &format!("has the SHA-256 {digest}, the policy lists {listed}"),
                    ));
                }
                None => loosened.push(asked(format!(
                    "takes signatures over images under another root than Sigstore's ({digest})"
                ))),
            }
            Trust::given(&text).map_err(|error| refused(path, &error))?
        }
        None => Trust::pinned().map_err(|error| Failure::internal(error.to_string()))?,
    };
    for path in &options.key {
        let key = trust.add_key(&text(path, &input::read(path)?)?).map_err(|error| refused(path, &error))?;
        let digest = Sha256Digest::of(&key);
        if policy.key_spki_sha256.is_empty() {
            loosened.push(asked(format!("takes signatures over images by the key {digest}")));
        } else if !policy.key_spki_sha256.contains(&digest) {
            return Err(refused(
                path,
                &format!("its key has the SHA-256 {digest}, which the policy does not list"),
            ));
        }
    }
    let new = options.allow_signer.iter().filter(|signer| !policy.signers.contains(signer));
    loosened.extend(new.map(|signer| asked(format!("takes the word of the signer {signer} of images"))));
    let signers = policy.signers.iter().chain(&options.allow_signer).cloned().collect();
    Ok(Trusted { trust, signers, loosened })
}
