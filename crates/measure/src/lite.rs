//! Lite manifests: MRTD, RTMR1 and RTMR2 without the image, rung (c) of the ladder.
//!
//! A manifest comes from the prover, and anyone can make one for any firmware and kernel. That the registers match it
//! says only that the prover told the same story twice. It becomes evidence when the relying party has put the hash of
//! its checksum file on a list of known images.

use crate::image::manifest::{Manifest, ManifestError};
use crate::image::{BootComparison, CHECKSUM_FILE};
use crate::kernel::{self, KernelHeader};
use crate::shape::PassOrder;
use crate::td_hob::{FirmwareMemory, TdHobError};
use crate::vm_config::LiteDocument;
use core::fmt;
use minicbor::data::Type;
use minicbor::decode::Decoder;
use std::collections::BTreeSet;
use veritee_model::text::{inert, shortened};
use veritee_model::{Mrtd, Reason, Rtmr, Sha256Digest, Sha384Digest};

/// Name of the manifest in the image.
pub const MANIFEST_FILE: &str = "measurement.tdx.cbor";
/// Bytes of a manifest or checksum file. Real ones have 440 and 500.
pub const MAX_BYTES: usize = 64 << 10;

/// Why a lite manifest is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LiteError {
    /// One of the parts is larger than any real one.
    TooLarge {
        /// Which part.
        part: &'static str,
        /// Bytes allowed.
        most: usize,
        /// Bytes given.
        got: usize,
    },
    /// The checksum file is not the claimed image's.
    Hash {
        /// As claimed.
        expected: Sha256Digest,
        /// SHA-256 of the checksum file.
        got: Sha256Digest,
    },
    /// No image hash was claimed.
    NoClaim,
    /// The checksum file is none.
    Manifest(ManifestError),
    /// The checksum file does not list the manifest.
    NotListed,
    /// The manifest is not the listed one.
    ManifestHash {
        /// As listed.
        expected: Sha256Digest,
        /// SHA-256 of the manifest.
        got: Sha256Digest,
    },
    /// The manifest is not the CBOR that dstack writes.
    Cbor {
        /// Byte offset.
        at: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// A member is missing from the manifest.
    Missing {
        /// Its name.
        member: &'static str,
    },
    /// The manifest's version is unknown.
    Version {
        /// As given.
        got: u64,
    },
    /// The firmware's layout is unknown.
    Layout {
        /// As given.
        got: String,
    },
    /// The memory of the firmware is impossible.
    Memory(TdHobError),
}

impl LiteError {
    /// The stable reason code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Hash { .. } | Self::NoClaim => Reason::OsImageOther,
            Self::ManifestHash { .. } | Self::NotListed => Reason::OsImageFileMismatch,
            Self::Manifest(error) => error.reason(),
            Self::Layout { .. } => Reason::FirmwareLayoutUnknown,
            Self::TooLarge { .. }
            | Self::Cbor { .. }
            | Self::Missing { .. }
            | Self::Version { .. }
            | Self::Memory(_) => Reason::LiteManifestMalformed,
        }
    }
}

impl fmt::Display for LiteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { part, most, got } => {
                write!(f, "lite manifest, {part}: expected at most {most} bytes, got {got}")
            }
            Self::Hash { expected, got } => {
                write!(
                    f,
                    "lite manifest, {CHECKSUM_FILE}: expected the image with hash {expected}, got {got}"
                )
            }
            Self::NoClaim => f.write_str("lite manifest: expected os_image_hash in vm_config, got none"),
            Self::Manifest(error) => write!(f, "lite manifest, {CHECKSUM_FILE}, {error}"),
            Self::NotListed => write!(f, "lite manifest, {CHECKSUM_FILE}: {MANIFEST_FILE} is not listed"),
            Self::ManifestHash { expected, got } => {
                write!(f, "lite manifest, {MANIFEST_FILE}: expected sha-256 {expected}, got {got}")
            }
            Self::Cbor { at, expected } => {
                write!(f, "lite manifest, {MANIFEST_FILE}, offset {at}: expected {expected}")
            }
            Self::Missing { member } => write!(f, "lite manifest, {MANIFEST_FILE}: {member} is missing"),
            Self::Version { got } => {
                write!(f, "lite manifest, {MANIFEST_FILE}: expected version 3 or 4, got {got}")
            }
            Self::Layout { got } => {
                write!(
                    f,
                    "lite manifest, firmware layout: expected pre202505, got {}",
                    inert(&shortened(got, 40))
                )
            }
            Self::Memory(error) => write!(f, "lite manifest, {error}"),
        }
    }
}

impl core::error::Error for LiteError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Manifest(error) => Some(error),
            Self::Memory(error) => Some(error),
            _ => None,
        }
    }
}

/// A manifest that belongs to the claimed image hash. Its values are still the prover's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiteManifest {
    hash: Sha256Digest,
    kernel: Sha384Digest,
    normalized: bool,
    command_line: Sha384Digest,
    initrd: Sha384Digest,
    single_pass: Mrtd,
    two_pass: Mrtd,
    firmware: FirmwareMemory,
}

impl LiteManifest {
    /// Checks the chain from the claimed image hash over the checksum file to the manifest, and reads it.
    ///
    /// # Errors
    /// When a link of the chain is broken or the manifest is not of dstack's form.
    pub fn open(document: &LiteDocument, claimed: Option<&Sha256Digest>) -> Result<Self, LiteError> {
        let parts = [(CHECKSUM_FILE, &document.checksum_file), (MANIFEST_FILE, &document.measurement)];
        for (part, bytes) in parts {
            if bytes.len() > MAX_BYTES {
                return Err(LiteError::TooLarge { part, most: MAX_BYTES, got: bytes.len() });
            }
        }
        let expected = *claimed.ok_or(LiteError::NoClaim)?;
        let hash = Sha256Digest::of(&document.checksum_file);
        if hash != expected {
            return Err(LiteError::Hash { expected, got: hash });
        }
        let manifest = Manifest::parse(&document.checksum_file, 64).map_err(LiteError::Manifest)?;
        let listed = *manifest.get(MANIFEST_FILE).ok_or(LiteError::NotListed)?;
        let got = Sha256Digest::of(&document.measurement);
        if got != listed {
            return Err(LiteError::ManifestHash { expected: listed, got });
        }
        read(&document.measurement, hash)
    }

    /// SHA-256 of the checksum file.
    #[must_use]
    pub const fn hash(&self) -> &Sha256Digest {
        &self.hash
    }

    /// Which memory the firmware claims.
    #[must_use]
    pub const fn firmware(&self) -> &FirmwareMemory {
        &self.firmware
    }

    /// Compares with the registers of a verified quote.
    #[must_use]
    pub fn compare(&self, mrtd: &Mrtd, rtmr1: &Rtmr, rtmr2: &Rtmr) -> BootComparison {
        let header = if self.normalized { KernelHeader::AsShipped } else { KernelHeader::Patched };
        let pass_order = PassOrder::ALL.into_iter().find(|order| match order {
            PassOrder::SinglePass => self.single_pass == *mrtd,
            PassOrder::TwoPass => self.two_pass == *mrtd,
        });
        BootComparison {
            pass_order,
            header: (kernel::rtmr1(self.kernel) == *rtmr1).then_some(header),
            rtmr2: kernel::rtmr2(self.command_line, self.initrd) == *rtmr2,
        }
    }

    /// Whether the manifest's kernel digest holds for a machine with this much RAM.
    #[must_use]
    pub const fn covers(&self, memory: u64) -> bool {
        self.normalized || kernel::patched_header_is_independent_of(memory)
    }
}

/// A CBOR reader that takes definite lengths in any width, each member once and no other, and nothing behind the end.
struct Reader<'a> {
    decoder: Decoder<'a>,
}

impl<'a> Reader<'a> {
    fn error(&self, expected: &'static str) -> LiteError {
        LiteError::Cbor { at: self.decoder.position(), expected }
    }

    /// Reads a map, handing each name to `member`, which reads the value.
    fn map(
        &mut self,
        mut member: impl FnMut(&mut Self, &'a str) -> Result<(), LiteError>,
    ) -> Result<(), LiteError> {
        let error = self.error("a map of known length");
        let count = self.decoder.map().ok().flatten().ok_or(error)?;
        let mut seen = BTreeSet::new();
        for _ in 0..count {
            let error = self.error("a member's name, each once");
            let name = self.decoder.str().ok().filter(|name| seen.insert(*name)).ok_or(error)?;
            member(self, name)?;
        }
        Ok(())
    }

    fn digest(&mut self) -> Result<[u8; 48], LiteError> {
        let error = self.error("48 bytes");
        self.bytes().ok().and_then(|bytes| bytes.try_into().ok()).ok_or(error)
    }

    fn bytes(&mut self) -> Result<&'a [u8], LiteError> {
        let error = self.error("bytes of known length");
        match self.decoder.datatype() {
            Ok(Type::Bytes) => self.decoder.bytes().ok().ok_or(error),
            _ => Err(error),
        }
    }

    fn text(&mut self) -> Result<&'a str, LiteError> {
        let error = self.error("a string of known length");
        match self.decoder.datatype() {
            Ok(Type::String) => self.decoder.str().ok().ok_or(error),
            _ => Err(error),
        }
    }
}

#[derive(Default)]
struct Members {
    version: Option<u64>,
    command_line: Option<Sha384Digest>,
    /// The command line came as text, as it does from version 4 on.
    as_text: bool,
    kernel: Option<Sha384Digest>,
    normalized: Option<bool>,
    initrd: Option<Sha384Digest>,
    layout: Option<String>,
    single_pass: Option<Mrtd>,
    two_pass: Option<Mrtd>,
    witness: Option<Vec<u8>>,
}

fn read(bytes: &[u8], hash: Sha256Digest) -> Result<LiteManifest, LiteError> {
    let mut reader = Reader { decoder: Decoder::new(bytes) };
    let mut members = Members::default();
    reader.map(|reader, name| match name {
        "version" => {
            let error = reader.error("a version");
            members.version = Some(reader.decoder.u64().ok().ok_or(error)?);
            Ok(())
        }
        "image" => image(reader, &mut members),
        "tdvf" => tdvf(reader, &mut members),
        _ => Err(reader.error("no member but version, image and tdvf")),
    })?;
    if reader.decoder.position() != bytes.len() {
        return Err(reader.error("the end"));
    }
    finish(members, hash)
}

fn image(reader: &mut Reader<'_>, members: &mut Members) -> Result<(), LiteError> {
    reader.map(|reader, name| {
        match name {
            "cmdline_sha384" if members.command_line.is_none() => {
                members.command_line = Some(Sha384Digest::new(reader.digest()?));
            }
            "cmdline" if members.command_line.is_none() => {
                members.command_line = Some(kernel::command_line_digest(reader.text()?));
                members.as_text = true;
            }
            "kernel_authenticode" => members.kernel = Some(Sha384Digest::new(reader.digest()?)),
            "initrd_sha384" => members.initrd = Some(Sha384Digest::new(reader.digest()?)),
            "kernel_header_normalized" => {
                let error = reader.error("true or false");
                members.normalized = Some(reader.decoder.bool().ok().ok_or(error)?);
            }
            _ => return Err(reader.error("no other member of image")),
        }
        Ok(())
    })
}

fn tdvf(reader: &mut Reader<'_>, members: &mut Members) -> Result<(), LiteError> {
    reader.map(|reader, name| {
        match name {
            "ovmf" => members.layout = Some(reader.text()?.to_owned()),
            "td_hob" => members.witness = Some(reader.bytes()?.to_owned()),
            "mrtd" => reader.map(|reader, name| {
                match name {
                    "single_pass" => members.single_pass = Some(Mrtd::new(reader.digest()?)),
                    "two_pass" => members.two_pass = Some(Mrtd::new(reader.digest()?)),
                    _ => return Err(reader.error("no other member of mrtd")),
                }
                Ok(())
            })?,
            _ => return Err(reader.error("no other member of tdvf")),
        }
        Ok(())
    })
}

fn finish(members: Members, hash: Sha256Digest) -> Result<LiteManifest, LiteError> {
    let missing = |member| LiteError::Missing { member };
    match (members.version.ok_or(missing("version"))?, members.as_text, members.normalized) {
        (3, false, None) | (4, true, _) => {}
        (3 | 4, ..) => return Err(missing("the command line in the form of its version")),
        (got, ..) => return Err(LiteError::Version { got }),
    }
    let layout = members.layout.ok_or(missing("tdvf.ovmf"))?;
    if layout != "pre202505" {
        return Err(LiteError::Layout { got: layout });
    }
    let witness = members.witness.ok_or(missing("tdvf.td_hob"))?;
    Ok(LiteManifest {
        hash,
        kernel: members.kernel.ok_or(missing("image.kernel_authenticode"))?,
        normalized: members.normalized.unwrap_or(false),
        command_line: members.command_line.ok_or(missing("the command line"))?,
        initrd: members.initrd.ok_or(missing("image.initrd_sha384"))?,
        single_pass: members.single_pass.ok_or(missing("tdvf.mrtd.single_pass"))?,
        two_pass: members.two_pass.ok_or(missing("tdvf.mrtd.two_pass"))?,
        firmware: FirmwareMemory::from_witness(&witness).map_err(LiteError::Memory)?,
    })
}
