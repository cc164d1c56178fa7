//! Arguments of `veritee image`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Image {
    /// Compare two images: how far they are the same, and every difference by its cause.
    Compare(Compare),
    /// Find keys, passwords, defaults for secrets and development settings inside an image, by layer and path.
    Inspect(Inspect),
    /// Fetch an image and what stands beside it out of its registry, as a folder that the other commands read.
    Fetch(Fetch),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  veritee image fetch app.example/team/app:v1 --layers -o deployed
  veritee image fetch nginx:1.29 --registry https://mirror.example -o nginx

The folder that --output names is an OCI layout: index, manifest, config, with --layers the layers, and
whatever speaks of the image at either level: attestations in the index, referrers, their fallback tag,
the tags of cosign. It appears whole or not at all. veritee-fetch.json in it says what was asked and
what came. Every digest is computed anew. A tag is resolved once; what it led to is written down with
the time and is no pin. No password is known here: what not everybody can fetch is refused by name.
The exit code is 0, 13 where something beside the image could not be had, 3 where the image could not.
docs/images.md lists every request.")]
pub(crate) struct Fetch {
    /// The image, as the compose names it.
    pub(crate) reference: String,
    /// The machine, where an index has several.
    #[arg(long, value_name = "OS/ARCH", default_value = "linux/amd64", value_parser = parse_platform)]
    pub(crate) platform: Platform,
    /// Fetch the layers too: what is compared and looked into.
    #[arg(long)]
    pub(crate) layers: bool,
    /// Ask this registry in place of the one that the image names: a mirror. The digests are the same.
    #[arg(long, value_name = "URL", help_heading = "Network")]
    pub(crate) registry: Option<veritee_client::Url>,
    /// A policy file: its [[images.mirror]] says which registry is asked in place of another.
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(crate) policy: Option<PathBuf>,
    /// Certificates of further authorities that may vouch for servers, PEM: for a proxy that reads along.
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(crate) tls_roots: Option<PathBuf>,
    /// Let requests go to private and loopback addresses; registries on loopback are spoken to without TLS.
    #[arg(long, help_heading = "Network")]
    pub(crate) allow_local: bool,
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

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  veritee trace evidence.json --image deployed.tar --source app/
  veritee trace docker-compose.yml --image deployed.tar --format json
  veritee trace docker-compose.yml --image deployed.tar --recipe

For each image of the compose four arrows: quote to compose, compose to image, image to commit,
commit to source; each proven, claimed, missing or contradicted, and by what. No socket is opened:
images are files (docs/images.md), signatures are verified under the pinned roots of Sigstore and
GitHub. The exit code is 12 where something contradicts, 0 where every arrow is proven (the last one
only with --source), else 13.")]
pub(crate) struct Trace {
    /// Evidence in any form, an app_compose, or a docker compose file.
    pub(crate) input: PathBuf,
    /// Which machine, where the input holds several.
    #[arg(long, value_name = "LABEL", help_heading = "Evidence")]
    pub(crate) select: Option<String>,
    /// Collateral of the quote: a file, or a folder of files. May be repeated.
    #[arg(long, value_name = "FILE|DIR", help_heading = "Evidence")]
    pub(crate) collateral: Vec<PathBuf>,
    /// An image: OCI layout, or what `docker save` writes. May be repeated.
    #[arg(long, value_name = "FILE|DIR", help_heading = "Evidence")]
    pub(crate) image: Vec<PathBuf>,
    /// The source tree: its commit is read from .git, and what its records claim of images that somebody chooses.
    #[arg(long, value_name = "DIR", help_heading = "Evidence")]
    pub(crate) source: Option<PathBuf>,
    /// The operating system's image, a folder or a tarball: measured, as `verify --image` does it.
    #[arg(long, value_name = "DIR|TARBALL", help_heading = "Evidence")]
    pub(crate) os_image: Option<PathBuf>,
    /// Say how to build each image again, as far as its provenance, history and layers tell; the rest are questions.
    #[arg(long, help_heading = "Output")]
    pub(crate) recipe: bool,
    #[command(flatten)]
    pub(crate) tracing: Tracing,
    #[command(flatten)]
    pub(crate) judge: super::Judge,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  veritee verify-bundle --bundle sig --certificate-identity $ID --certificate-oidc-issuer $BY $OF

Offline, under the pinned roots of Sigstore and GitHub or the given one. The options are those of
sigstore-conformance, whose runner takes this command as it is. The exit code is 0, 10 where the bundle
shows nothing (docs/images.md names the failures), 11 for another signer, 3 for what cannot be read.")]
pub(crate) struct VerifyBundle {
    /// The bundle.
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: PathBuf,
    /// The signer, as the certificate names it.
    #[arg(long, value_name = "IDENTITY", required_unless_present = "key", conflicts_with = "key")]
    pub(crate) certificate_identity: Option<String>,
    /// Who gave the signer's token.
    #[arg(long, value_name = "URL", required_unless_present = "key", conflicts_with = "key")]
    pub(crate) certificate_oidc_issuer: Option<String>,
    /// A public key (PEM) that must have signed, in place of a certificate.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// A trusted_root.json in place of the pinned roots.
    #[arg(long, value_name = "FILE")]
    pub(crate) trusted_root: Option<PathBuf>,
    /// What is signed: a file, or its digest (sha256: and 64 hex digits; sha512: and 128).
    #[arg(value_name = "FILE_OR_DIGEST")]
    pub(crate) artifact: String,
}

/// Images whose documents become part of the evidence.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images")]
pub(crate) struct Carrying {
    /// An image that the compose names: its documents are taken along, its layers are not. May be repeated.
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) container_image: Vec<PathBuf>,
    /// A Sigstore bundle about an image. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Vec<PathBuf>,
    /// The machine, where an index has several.
    #[arg(long, value_name = "OS/ARCH", default_value = "linux/amd64", value_parser = parse_platform)]
    pub(crate) platform: Platform,
}

/// What speaks for images, and who may.
#[derive(Debug, Args)]
#[command(next_help_heading = "Images")]
pub(crate) struct Tracing {
    /// A Sigstore bundle about an image. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Vec<PathBuf>,
    /// An image that you built from the source yourself: the same content makes rung R5. May be repeated.
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) rebuilt: Vec<PathBuf>,
    /// The machine, where an index has several.
    #[arg(long, value_name = "OS/ARCH", default_value = "linux/amd64", value_parser = parse_platform)]
    pub(crate) platform: Platform,
    /// A public key (PEM) whose signatures over images count. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Vec<PathBuf>,
    /// A trusted_root.json in place of the pinned roots of Sigstore and GitHub.
    #[arg(long, value_name = "FILE")]
    pub(crate) trusted_root: Option<PathBuf>,
    /// A signer beside the source's own workflows: the beginning of its URI. May be repeated.
    #[arg(long, value_name = "URI", value_parser = veritee_policy::image_signer)]
    pub(crate) allow_signer: Vec<String>,
}

impl Tracing {
    /// An option that was given and says nothing without an image.
    pub(crate) fn about_images(&self) -> Option<&'static str> {
        let given = [
            ("bundle", !self.bundle.is_empty()),
            ("rebuilt", !self.rebuilt.is_empty()),
            ("key", !self.key.is_empty()),
            ("trusted-root", self.trusted_root.is_some()),
            ("allow-signer", !self.allow_signer.is_empty()),
        ];
        given.into_iter().find_map(|(option, given)| given.then_some(option))
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  veritee image inspect deployed.tar

Looked at are the environment and the text files of every layer, deleted and covered ones as well:
keys that everybody knows, private keys, passwords, defaults for secrets, settings for development.
Archives inside the image are named and not looked into. The exit code is 12 where something was
found, 13 where layers are missing, else 0; 0 does not say that there is nothing.")]
pub(crate) struct Inspect {
    /// The image: OCI layout, or what `docker save` writes.
    pub(crate) image: PathBuf,
    /// The machine, where an index has several.
    #[arg(long, value_name = "OS/ARCH", default_value = "linux/amd64", value_parser = parse_platform)]
    pub(crate) platform: Platform,
    /// The name or digest of the image, where the file holds several.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}
