//! MRTD, RTMR1 and RTMR2 from an OS image: rung (b) of the ladder.
//!
//! The relying party brings the image. Its checksum file is the image's identity (`os_image_hash` is its SHA-256);
//! every file that it lists is hashed before any is used.

pub mod archive;
pub mod manifest;

use crate::json::Unambiguous;
use crate::kernel::{self, KernelError, KernelHeader};
use crate::shape::PassOrder;
use crate::td_hob::FirmwareMemory;
use crate::tdvf::{Tdvf, TdvfError};
use core::fmt;
use manifest::{Manifest, ManifestError};
use serde::Deserialize;
use std::collections::BTreeMap;
use veritee_model::text::{inert, shortened};
use veritee_model::{Mrtd, Reason, Rtmr, Sha256Digest, Sha384Digest};

/// Name of the checksum file.
pub const CHECKSUM_FILE: &str = "sha256sum.txt";
/// Name of the file that says what the others are.
pub const METADATA_FILE: &str = "metadata.json";

/// What an image may cost. Sizes are checked before anything is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageLimits {
    /// One file. The largest real one is an initrd of 100 MiB.
    pub file_bytes: u64,
    /// All files together, unpacked.
    pub total_bytes: u64,
    /// Files listed, and files of an archive.
    pub files: usize,
    /// The checksum file, and the metadata.
    pub text_bytes: u64,
}

impl ImageLimits {
    /// The limits that the program uses.
    pub const STANDARD: Self =
        Self { file_bytes: 512 << 20, total_bytes: 1 << 30, files: 64, text_bytes: 64 << 10 };
}

/// The files of an image, wherever they are.
///
/// Names are flat and were checked by [`manifest::is_flat`] before they get here. An implementation over a folder
/// must not follow links out of it.
pub trait ImageFiles: Send + Sync {
    /// Size of a file in bytes; `None` when there is none of that name.
    ///
    /// # Errors
    /// When the file's size cannot be learned.
    fn size(&self, name: &str) -> Result<Option<u64>, FileError>;

    /// The content of a file, of which [`Self::size`] has said that it is at most `limit` bytes long.
    ///
    /// # Errors
    /// When the file cannot be read or has grown beyond the limit.
    fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, FileError>;
}

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// What went wrong, in words.
    pub message: String,
}

/// Files in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryImage(pub BTreeMap<String, Vec<u8>>);

impl ImageFiles for MemoryImage {
    fn size(&self, name: &str) -> Result<Option<u64>, FileError> {
        Ok(self.0.get(name).map(|content| u64::try_from(content.len()).unwrap_or(u64::MAX)))
    }

    fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        let content = self.0.get(name).ok_or_else(|| FileError { message: "no such file".to_owned() })?;
        if u64::try_from(content.len()).unwrap_or(u64::MAX) > limit {
            return Err(FileError { message: "larger than announced".to_owned() });
        }
        Ok(content.clone())
    }
}

/// Why an image is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageError {
    /// A file is missing.
    Missing {
        /// Its name.
        name: String,
    },
    /// A file could not be read.
    File {
        /// Its name.
        name: String,
        /// Why.
        error: FileError,
    },
    /// A file, or all together, are larger than any real image.
    TooLarge {
        /// Name of the file at which the limit is crossed.
        name: String,
        /// Bytes allowed.
        most: u64,
        /// Bytes announced.
        got: u64,
    },
    /// The checksum file is not one, or lists a name outside of the folder.
    Manifest(ManifestError),
    /// The image is another one than claimed.
    Hash {
        /// As claimed.
        expected: Sha256Digest,
        /// SHA-256 of the checksum file.
        got: Sha256Digest,
    },
    /// A file is not the one that the checksum file lists.
    FileHash {
        /// Its name.
        name: String,
        /// As listed.
        expected: Sha256Digest,
        /// SHA-256 of the file.
        got: Sha256Digest,
    },
    /// The metadata is not what dstack writes.
    Metadata {
        /// What was expected.
        expected: &'static str,
    },
    /// The metadata names a file that the checksum file does not list.
    NotListed {
        /// Its name.
        name: String,
    },
    /// The firmware cannot be measured.
    Firmware(TdvfError),
    /// The kernel cannot be measured.
    Kernel(KernelError),
}

impl ImageError {
    /// The stable reason code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Missing { .. } | Self::File { .. } => Reason::OsImageIncomplete,
            Self::TooLarge { .. } => Reason::OsImageTooLarge,
            Self::Manifest(error) => error.reason(),
            Self::Hash { .. } => Reason::OsImageOther,
            Self::FileHash { .. } => Reason::OsImageFileMismatch,
            Self::Metadata { .. } | Self::NotListed { .. } | Self::Firmware(_) | Self::Kernel(_) => {
                Reason::OsImageMalformed
            }
        }
    }
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &str| inert(&shortened(name, 80));
        match self {
            Self::Missing { name } => write!(f, "image: expected a file {}, got none", shown(name)),
            Self::File { name, error } => {
                write!(f, "image, {}: cannot be read: {}", shown(name), shown(&error.message))
            }
            Self::TooLarge { name, most, got } => {
                write!(f, "image, {}: expected at most {most} bytes, got {got}", shown(name))
            }
            Self::Manifest(error) => write!(f, "image, {CHECKSUM_FILE}, {error}"),
            Self::Hash { expected, got } => {
                write!(f, "image, {CHECKSUM_FILE}: expected the image with hash {expected}, got {got}")
            }
            Self::FileHash { name, expected, got } => {
                write!(f, "image, {}: expected sha-256 {expected}, got {got}", shown(name))
            }
            Self::Metadata { expected } => write!(f, "image, {METADATA_FILE}: expected {expected}"),
            Self::NotListed { name } => {
                write!(f, "image, {METADATA_FILE}: {} is not listed in {CHECKSUM_FILE}", shown(name))
            }
            Self::Firmware(error) => write!(f, "image, {error}"),
            Self::Kernel(error) => write!(f, "image, {error}"),
        }
    }
}

impl core::error::Error for ImageError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Manifest(error) => Some(error),
            Self::Firmware(error) => Some(error),
            Self::Kernel(error) => Some(error),
            _ => None,
        }
    }
}

/// What `metadata.json` says, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Metadata {
    /// Name of the firmware.
    pub bios: String,
    /// Name of the kernel.
    pub kernel: String,
    /// Name of the initrd.
    pub initrd: String,
    /// The kernel's command line.
    pub cmdline: String,
    /// The image's version.
    #[serde(default)]
    pub version: String,
    /// The image is for development: its guest lets the operator in.
    #[serde(default)]
    pub is_dev: bool,
    /// The firmware undoes QEMU's changes to the kernel's header.
    #[serde(default)]
    pub kernel_header_normalized: bool,
}

/// Everything that an image contributes to the registers. Only [`measure`] makes it, from files whose hashes it
/// has checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageMeasurement {
    hash: Sha256Digest,
    metadata: Metadata,
    firmware: FirmwareMemory,
    single_pass: Mrtd,
    two_pass: Mrtd,
    kernels: Vec<(KernelHeader, Sha384Digest)>,
    command_line: Sha384Digest,
    initrd: Sha384Digest,
}

impl ImageMeasurement {
    /// SHA-256 of the checksum file: the image's identity.
    #[must_use]
    pub const fn hash(&self) -> &Sha256Digest {
        &self.hash
    }

    /// The image's metadata.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Which memory the firmware claims: what RTMR0 is recomputed with.
    #[must_use]
    pub const fn firmware(&self) -> &FirmwareMemory {
        &self.firmware
    }

    /// MRTD for an order of loading.
    #[must_use]
    pub const fn mrtd(&self, order: PassOrder) -> Mrtd {
        match order {
            PassOrder::SinglePass => self.single_pass,
            PassOrder::TwoPass => self.two_pass,
        }
    }

    /// Digests of the kernel under each treatment of its header, as far as it can have it.
    #[must_use]
    pub fn kernels(&self) -> &[(KernelHeader, Sha384Digest)] {
        &self.kernels
    }

    /// Digest of the command line: the first event of RTMR2.
    #[must_use]
    pub const fn command_line(&self) -> &Sha384Digest {
        &self.command_line
    }

    /// Digest of the initrd: the second event of RTMR2.
    #[must_use]
    pub const fn initrd(&self) -> &Sha384Digest {
        &self.initrd
    }

    /// RTMR2.
    #[must_use]
    pub fn rtmr2(&self) -> Rtmr {
        kernel::rtmr2(self.command_line, self.initrd)
    }

    /// Compares with the registers of a verified quote.
    #[must_use]
    pub fn compare(&self, mrtd: &Mrtd, rtmr1: &Rtmr, rtmr2: &Rtmr) -> BootComparison {
        BootComparison {
            pass_order: PassOrder::ALL.into_iter().find(|order| self.mrtd(*order) == *mrtd),
            header: self
                .kernels
                .iter()
                .find(|(_, digest)| kernel::rtmr1(*digest) == *rtmr1)
                .map(|(header, _)| *header),
            rtmr2: self.rtmr2() == *rtmr2,
        }
    }
}

/// Which of MRTD, RTMR1 and RTMR2 are an image's, and under which treatment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootComparison {
    /// The order of loading under which MRTD is the image's.
    pub pass_order: Option<PassOrder>,
    /// The treatment of the kernel's header under which RTMR1 is the image's.
    pub header: Option<KernelHeader>,
    /// RTMR2 is the image's.
    pub rtmr2: bool,
}

impl BootComparison {
    /// All three are the image's.
    #[must_use]
    pub const fn complete(&self) -> bool {
        self.pass_order.is_some() && self.header.is_some() && self.rtmr2
    }

    /// The first that is not, and what that register covers.
    #[must_use]
    pub const fn first_difference(&self) -> Option<(&'static str, &'static str)> {
        if self.pass_order.is_none() {
            return Some(("mrtd", "the firmware"));
        }
        if self.header.is_none() {
            return Some(("rtmr1", "the kernel, or for small machines the size of the ram"));
        }
        if !self.rtmr2 {
            return Some((
                "rtmr2",
                "the kernel's command line (with the hash of the root disk) or the initrd",
            ));
        }
        None
    }
}

/// Checks an image against its checksum file and measures it for a machine with `memory` bytes of RAM.
///
/// `claimed` is the hash that the machine's `vm_config` gives for its image; when it is given, the image must be
/// that one.
///
/// # Errors
/// When the image is another one, a file is missing, too large or changed, or a part of it cannot be measured.
pub fn measure(
    files: &dyn ImageFiles,
    claimed: Option<&Sha256Digest>,
    memory: u64,
    limits: &ImageLimits,
) -> Result<ImageMeasurement, ImageError> {
    let checksum_file = read(files, CHECKSUM_FILE, limits.text_bytes)?;
    let hash = Sha256Digest::of(&checksum_file);
    if let Some(expected) = claimed.filter(|expected| **expected != hash) {
        return Err(ImageError::Hash { expected: *expected, got: hash });
    }
    let manifest = Manifest::parse(&checksum_file, limits.files).map_err(ImageError::Manifest)?;
    let contents = checked_contents(files, &manifest, limits)?;
    let metadata = metadata(&contents, limits)?;
    let part = |name: &str| {
        contents.get(name).map(Vec::as_slice).ok_or_else(|| ImageError::NotListed { name: name.to_owned() })
    };
    let tdvf = Tdvf::parse(part(&metadata.bios)?).map_err(ImageError::Firmware)?;
    let initrd = part(&metadata.initrd)?;
    let kernels = kernel_digests(part(&metadata.kernel)?, initrd.len(), memory)?;
    Ok(ImageMeasurement {
        hash,
        firmware: tdvf.memory().map_err(ImageError::Firmware)?,
        single_pass: tdvf.mrtd(PassOrder::SinglePass),
        two_pass: tdvf.mrtd(PassOrder::TwoPass),
        kernels,
        command_line: kernel::command_line_digest(&metadata.cmdline),
        initrd: Sha384Digest::of(initrd),
        metadata,
    })
}

fn read(files: &dyn ImageFiles, name: &str, limit: u64) -> Result<Vec<u8>, ImageError> {
    let failed = |error| ImageError::File { name: name.to_owned(), error };
    let size =
        files.size(name).map_err(failed)?.ok_or_else(|| ImageError::Missing { name: name.to_owned() })?;
    if size > limit {
        return Err(ImageError::TooLarge { name: name.to_owned(), most: limit, got: size });
    }
    let content = files.read(name, limit).map_err(failed)?;
    let got = u64::try_from(content.len()).unwrap_or(u64::MAX);
    if got > limit {
        return Err(ImageError::TooLarge { name: name.to_owned(), most: limit, got });
    }
    Ok(content)
}

/// All listed files, each with the listed hash.
fn checked_contents(
    files: &dyn ImageFiles,
    manifest: &Manifest,
    limits: &ImageLimits,
) -> Result<BTreeMap<String, Vec<u8>>, ImageError> {
    let mut contents = BTreeMap::new();
    let mut left = limits.total_bytes;
    for (name, expected) in manifest.entries() {
        let content = read(files, name, limits.file_bytes.min(left))?;
        left = left.saturating_sub(u64::try_from(content.len()).unwrap_or(u64::MAX));
        let got = Sha256Digest::of(&content);
        if got != *expected {
            return Err(ImageError::FileHash { name: name.to_owned(), expected: *expected, got });
        }
        contents.insert(name.to_owned(), content);
    }
    Ok(contents)
}

fn metadata(contents: &BTreeMap<String, Vec<u8>>, limits: &ImageLimits) -> Result<Metadata, ImageError> {
    let bytes = contents
        .get(METADATA_FILE)
        .ok_or_else(|| ImageError::NotListed { name: METADATA_FILE.to_owned() })?;
    let got = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if got > limits.text_bytes {
        return Err(ImageError::TooLarge { name: METADATA_FILE.to_owned(), most: limits.text_bytes, got });
    }
    let wrong = |expected| move |_: serde_json::Error| ImageError::Metadata { expected };
    let Unambiguous(value) =
        serde_json::from_slice(bytes).map_err(wrong("one json object without duplicate members"))?;
    let metadata: Metadata = serde_json::from_value(value)
        .map_err(wrong("bios, kernel, initrd and cmdline as strings, is_dev as true or false"))?;
    if metadata.cmdline.trim().is_empty() {
        return Err(ImageError::Metadata { expected: "a command line" });
    }
    Ok(metadata)
}

/// The kernel under both treatments. That QEMU cannot place the initrd rules out the patched header only.
fn kernel_digests(
    kernel: &[u8],
    initrd_size: usize,
    memory: u64,
) -> Result<Vec<(KernelHeader, Sha384Digest)>, ImageError> {
    let initrd_size = u64::try_from(initrd_size).unwrap_or(u64::MAX);
    let mut out = Vec::with_capacity(2);
    for header in KernelHeader::ALL {
        match kernel::digest(kernel, header, initrd_size, memory) {
            Ok(digest) => out.push((header, digest)),
            Err(KernelError::InitrdTooLarge { .. } | KernelError::LoadedLow) => {}
            Err(error) => return Err(ImageError::Kernel(error)),
        }
    }
    Ok(out)
}
