//! What `trace` and `verify` read of images: the files, and who may speak for them.

use super::gather;
use super::image::File;
use crate::cli::{ImagePlatform, Tracing};
use crate::failure::Failure;
use crate::input::{self, shown};
use crate::source_tree::Folder;
use std::path::{Path, PathBuf};
use veritee_audit::{SourceTree, Traced, Tracer};
use veritee_compose::Deployment;
use veritee_evidence::Slot;
use veritee_image::compare::compare;
use veritee_model::{Budget, ExitCode};
use veritee_provenance::gather::Bundle;
use veritee_provenance::{Known, Trust, ladder};

/// Images that were read, and the tree that their source is said to be.
pub(crate) struct Images {
    pub(crate) known: Vec<Known>,
    pub(crate) source: Option<Folder>,
}

impl Images {
    /// Reads the files. `look_inside` reads their layers too.
    pub(crate) fn read(
        files: &[PathBuf],
        options: &Tracing,
        source: Option<Folder>,
        look_inside: bool,
    ) -> Result<Self, Failure> {
        let budget = &Budget::STANDARD;
        let trust = trust(options)?;
        let bundles = options.bundle.iter().map(|path| bundle(path)).collect::<Result<Vec<_>, _>>()?;
        let mut known = Vec::new();
        for path in files {
            let file = File::at(path)?;
            let image = file
                .open(&options.platform, None, "")
                .map_err(|fault| gather::misplaced_at(path, Slot::ContainerImage, fault))?;
            let mut one = Known::of(&image, &bundles, &trust, &options.allow_signer, look_inside, budget)
                .map_err(|error| Failure::unobtainable(format!("{}: {error}", shown(path))))?;
            for rebuilt in &options.rebuilt {
                one.rebuilt = one.rebuilt.max(same(&image, rebuilt, &options.platform)?);
            }
            known.push(one);
        }
        Ok(Self { known, source })
    }

    pub(crate) fn tree(&self) -> Option<&dyn SourceTree> {
        self.source.as_deref().map(|folder| folder as &dyn SourceTree)
    }
}

impl Tracer for Images {
    fn trace(&self, deployment: &Deployment) -> Traced {
        ladder::traced(deployment, &self.known, self.tree())
    }
}

/// The rung of sameness of an image and one that the caller built, where it proves the same content.
fn same(
    deployed: &veritee_image::Image<'_>,
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

fn trust(options: &Tracing) -> Result<Trust, Failure> {
    let refused =
        |path: &Path, error: &dyn core::fmt::Display| Failure::usage(format!("{}: {error}", shown(path)));
    let mut trust = match &options.trusted_root {
        Some(path) => {
            let source = gather::document(path, Slot::TrustedRoot, ExitCode::Usage)?;
            Trust::given(&text(path, &source)?).map_err(|error| refused(path, &error))?
        }
        None => Trust::pinned().map_err(|error| Failure::internal(error.to_string()))?,
    };
    for path in &options.key {
        trust.add_key(&text(path, &input::read(path)?)?).map_err(|error| refused(path, &error))?;
    }
    Ok(trust)
}

fn bundle(path: &Path) -> Result<Bundle, Failure> {
    let source = gather::document(path, Slot::Bundle, ExitCode::Unobtainable)?;
    let bytes = input::opened(&source).into_owned();
    Ok((source.name, bytes))
}
