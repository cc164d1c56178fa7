//! `veritee image`

mod fetch;
mod words;

use crate::cli::{Format, Global, Image as Command, ImageCompare, ImageInspect, ImagePlatform};
use crate::failure::Failure;
use crate::input::shown;
use crate::source_tree::Disk;
use std::path::Path;
use veritee_image::compare::{Comparison, Rung, Side, compare};
use veritee_image::{Image, ImageError, LayerProblem, Selection, Store};
use veritee_model::text::inert_json;
use veritee_model::{Budget, ExitCode};
use veritee_provenance::inside::Inside;

pub(crate) fn run(options: &Command, global: &Global) -> Result<ExitCode, Failure> {
    match options {
        Command::Compare(options) => comparison(options, global),
        Command::Inspect(options) => inspection(options, global),
        Command::Fetch(options) => fetch::run(options, global),
    }
}

/// 0 for the same content, 13 where it could not be told, 12 for everything else.
fn comparison(options: &ImageCompare, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Json, Format::Jsonl], "image compare")?;
    let (one, other) = (&options.deployed, &options.rebuilt);
    let (left, right) = (File::at(one)?, File::at(other)?);
    let deployed = left.open(&options.platform, options.deployed_name.as_deref(), "--deployed-name")?;
    let rebuilt = right.open(&options.platform, options.rebuilt_name.as_deref(), "--rebuilt-name")?;
    let comparison = compare(&deployed, &rebuilt, &Budget::STANDARD).map_err(|error| {
        let file = if error.side == Side::Deployed { &left } else { &right };
        file.failure(&error.error, "")
    })?;
    let text = match global.format {
        Format::Json => inert_json(&format!("{:#}\n", document(&comparison))),
        Format::Jsonl => inert_json(&format!("{}\n", document(&comparison))),
        _ => words::comparison(&comparison, global.verbose),
    };
    crate::output::data(&text, global)?;
    Ok(exit(&comparison))
}

/// 12 where something was found, 13 where layers are missing, else 0.
fn inspection(options: &ImageInspect, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Json, Format::Jsonl], "image inspect")?;
    let file = File::at(&options.image)?;
    let image = file.open(&options.platform, options.name.as_deref(), "--name")?;
    let inside = Inside::of(&image, &Budget::STANDARD).map_err(|error| file.failure(&error, "--name"))?;
    let mut value = serde_json::json!(inside);
    value["schema"] = "veritee/image-inside/v1".into();
    let text = match global.format {
        Format::Json => inert_json(&format!("{value:#}\n")),
        Format::Jsonl => inert_json(&format!("{value}\n")),
        _ => words::inside(&inside),
    };
    crate::output::data(&text, global)?;
    Ok(match (inside.found.is_empty(), inside.missing.is_empty()) {
        (false, _) => ExitCode::Findings,
        (true, false) => ExitCode::Incomplete,
        (true, true) => ExitCode::Verified,
    })
}

fn exit(comparison: &Comparison) -> ExitCode {
    match comparison.rung {
        _ if comparison.same_content => ExitCode::Verified,
        // The configs are the same, and that the layers are was not looked at; or nothing could be told.
        Some(Rung::S3) | None => ExitCode::Incomplete,
        Some(_) => ExitCode::Findings,
    }
}

fn document(comparison: &Comparison) -> serde_json::Value {
    let mut value = serde_json::json!(comparison);
    value["schema"] = "veritee/image-compare/v1".into();
    value
}

/// A file or folder that is said to hold an image.
pub(super) struct File {
    given: String,
    disk: Disk,
    name: String,
}

impl File {
    pub(super) fn at(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Err(Failure::usage("an image is read in several places: give a file or a folder"));
        }
        // A link that the user names is the user's; inside of what it leads to none is followed.
        let real = std::fs::canonicalize(path)
            .map_err(|error| Failure::unobtainable(format!("{}: {error}", shown(path))))?;
        let (root, name) = match (real.is_dir(), real.parent(), real.file_name()) {
            (false, Some(folder), Some(name)) => (folder.to_owned(), name.to_string_lossy().into_owned()),
            _ => (real, String::new()),
        };
        Ok(Self { given: shown(path).to_string(), disk: Disk::new(root), name })
    }

    pub(super) fn open(
        &self,
        platform: &ImagePlatform,
        name: Option<&str>,
        option: &str,
    ) -> Result<Image<'_>, Failure> {
        let selection = Selection {
            os: platform.os.clone(),
            architecture: platform.architecture.clone(),
            name: name.map(str::to_owned),
        };
        let budget = &Budget::STANDARD;
        Store::open(&self.disk, &self.name, budget)
            .and_then(|store| Image::open(store, &selection, budget))
            .map_err(|error| self.failure(&error, option))
    }

    fn failure(&self, error: &ImageError, option: &str) -> Failure {
        let failure = Failure::unobtainable(format!("{}: {error}", self.given));
        match error {
            ImageError::Several { .. } if option.is_empty() => {
                failure.help("give a file that holds this image alone (docker save NAME, skopeo copy)")
            }
            ImageError::Several { .. } | ImageError::NotNamed { .. } => {
                failure.help(format!("choose one with {option} NAME or {option} sha256:..."))
            }
            ImageError::Platform { .. } => failure.help("choose one with --platform OS/ARCH"),
            ImageError::Layer { layer: None, problem: LayerProblem::Compression { .. } } => failure
                .help("unpack the archive once (gunzip, unzstd); layers inside it may be packed in any way"),
            ImageError::Missing { .. } => failure.help(
                "the file names what it does not hold: copy or save the image anew, with all its layers",
            ),
            ImageError::Digest { .. } | ImageError::Size { .. } => failure
                .help("copy or save the image anew; what was changed on its way is compared with nothing"),
            _ => failure,
        }
    }
}
