//! Arguments of `veritee image`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Image {
    /// Compare two images: how far they are the same, and every difference by its cause.
    Compare(Compare),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  veritee image compare deployed.tar rebuilt.tar
  veritee image compare deployed.tar rebuilt.tar --format json

Both are files: an OCI layout (folder or archive), or what `docker save` of any version writes.
Every digest is computed anew. Rungs: S5 the same index, S4 platform manifest, S3 config; S2 the
same layers under another config; S1 only times, order, owners or headers differ; S0 contents
differ. The exit code is 0 for S5, S4, and S3 with every layer read: these prove the same content.
It is 12 for S2, S1 and S0, 13 where layers are missing, 3 where a file is no image, is damaged, or
holds several images and none is named. docs/images.md has every cause.")]
pub(crate) struct Compare {
    /// The image that runs.
    pub(crate) deployed: PathBuf,
    /// The image that was built to compare with it.
    pub(crate) rebuilt: PathBuf,
    /// The machine, where an index has several.
    #[arg(long, value_name = "OS/ARCH", default_value = "linux/amd64", value_parser = parse_platform)]
    pub(crate) platform: Platform,
    /// The name or digest of the deployed image, where its file holds several.
    #[arg(long, value_name = "NAME")]
    pub(crate) deployed_name: Option<String>,
    /// The name or digest of the rebuilt image, where its file holds several.
    #[arg(long, value_name = "NAME")]
    pub(crate) rebuilt_name: Option<String>,
}

/// `linux/amd64`.
#[derive(Debug, Clone)]
pub(crate) struct Platform {
    pub(crate) os: String,
    pub(crate) architecture: String,
}

fn parse_platform(text: &str) -> Result<Platform, String> {
    match text.split_once('/') {
        Some((os, architecture))
            if !os.is_empty() && !architecture.is_empty() && !architecture.contains('/') =>
        {
            Ok(Platform { os: os.to_owned(), architecture: architecture.to_owned() })
        }
        _ => Err("expected OS/ARCH, such as linux/amd64".to_owned()),
    }
}
