//! Reference manifests: the values that NVIDIA signs for one version of a driver or of a VBIOS.
//!
//! A manifest is a SWID tag (ISO/IEC 19770-2:2015) with an enveloped XML signature. Of XML-DSig only NVIDIA's one
//! profile is read: one signature, below the root, over the whole document, with fixed algorithms. Values are taken
//! from the very tree whose canonical form was digested, at exact places, so nothing can be moved past the signature.

mod error;
mod read;
mod signature;
mod xml;

pub use error::{ManifestError, ManifestFault};

use crate::memory::Memory;
use crate::root::Roots;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use veritee_model::{Budget, Sha256Digest, Sha384Digest, UnixTime};

/// Reference values of one measurement: any of them will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoldenRecord {
    /// What the manifest calls it.
    pub name: String,
    /// The values.
    pub alternatives: Vec<Sha384Digest>,
}

/// The lowest security version that is accepted of a part of the firmware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityFloor {
    /// What the manifest calls it.
    pub name: String,
    /// The lowest accepted version.
    pub least: u64,
}

/// What a manifest says, before or after its signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) product: String,
    pub(crate) version: String,
    pub(crate) edition: String,
    pub(crate) golden: BTreeMap<u8, GoldenRecord>,
    pub(crate) floors: BTreeMap<u16, SecurityFloor>,
}

/// A manifest that NVIDIA signed, in force at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    sha256: Sha256Digest,
    content: Content,
    signer: String,
    not_before: UnixTime,
    not_after: UnixTime,
    pub(crate) chain: Vec<crate::chain::Link>,
}

/// What a manifest says of itself, unverified: enough to tell which device it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestHint {
    /// The chip.
    pub product: String,
    /// The version of the driver or of the VBIOS.
    pub version: String,
    /// `GPU` or `SWITCH`.
    pub edition: String,
    /// SHA-256 of the bytes: what tells two manifests of one version apart.
    pub sha256: Sha256Digest,
}

/// The answer of NVIDIA's service: a manifest in base64 and claims about it, none of them signed.
#[derive(Deserialize)]
struct ServiceRim<'a> {
    #[serde(borrow)]
    rim: Cow<'a, str>,
}

/// The manifest inside an answer of NVIDIA's service; anything else as it is.
#[must_use]
pub fn from_service(item: &[u8]) -> Cow<'_, [u8]> {
    if !item.trim_ascii_start().starts_with(b"{") {
        return Cow::Borrowed(item);
    }
    let answer: Option<ServiceRim<'_>> = serde_json::from_slice(item).ok();
    let manifest = answer.and_then(|answer| STANDARD.decode(answer.rim.as_bytes()).ok());
    manifest.map_or(Cow::Borrowed(item), Cow::Owned)
}

impl ManifestHint {
    /// Reads product and version. Proves nothing.
    ///
    /// # Errors
    /// When the bytes are no manifest.
    pub fn read(bytes: &[u8], budget: &Budget) -> Result<Self, ManifestError> {
        let xml = xml::Xml::parse(bytes, budget)?;
        let (product, version, edition) = read::meta(&xml)?;
        Ok(Self { product, version, edition, sha256: Sha256Digest::of(bytes) })
    }

    pub(crate) fn of(manifest: &Manifest) -> Self {
        let (product, version) = (manifest.product().to_owned(), manifest.version().to_owned());
        Self { product, version, edition: manifest.edition().to_owned(), sha256: manifest.sha256() }
    }
}

impl Manifest {
    /// Verifies a manifest down from NVIDIA's root of manifests, at `as_of`, and reads its values.
    ///
    /// NVIDIA signs without a trusted time stamp, so a manifest is in force for as long as its signer's certificates.
    ///
    /// # Errors
    /// With the first fault: profile, digest, signature, chain, dates, values.
    pub fn verify(
        bytes: &[u8],
        roots: &Roots,
        as_of: UnixTime,
        budget: &Budget,
        memory: &Memory,
    ) -> Result<Self, ManifestError> {
        let sha256 = Sha256Digest::of(bytes);
        let named = |mut error: ManifestError| {
            error.sha256 = Some(sha256);
            error
        };
        let xml = xml::Xml::parse(bytes, budget).map_err(named)?;
        let signed = signature::verify(&xml, roots, as_of, budget, memory).map_err(named)?;
        let content = read::content(&xml).map_err(named)?;
        Ok(Self {
            sha256,
            content,
            signer: signed.signer,
            not_before: signed.not_before,
            not_after: signed.not_after,
            chain: signed.chain,
        })
    }

    /// [`Self::verify`], or what `memory` has of the same bytes.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub(crate) fn remembered(
        bytes: &[u8],
        roots: &Roots,
        as_of: UnixTime,
        budget: &Budget,
        memory: &Memory,
    ) -> Result<Arc<Self>, ManifestError> {
        if let Some(known) = memory.manifest(roots, Sha256Digest::of(bytes), as_of) {
            return Ok(known);
        }
        let manifest = Arc::new(Self::verify(bytes, roots, as_of, budget, memory)?);
        memory.keep_manifest(roots, &manifest);
        Ok(manifest)
    }

    /// SHA-256 of the manifest as it came. NVIDIA signs the same identifier anew with other values.
    #[must_use]
    pub const fn sha256(&self) -> Sha256Digest {
        self.sha256
    }

    /// The chip.
    #[must_use]
    pub fn product(&self) -> &str {
        &self.content.product
    }

    /// The version of the driver or of the VBIOS.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.content.version
    }

    /// `GPU` or `SWITCH`.
    #[must_use]
    pub fn edition(&self) -> &str {
        &self.content.edition
    }

    /// Reference values of active measurements, by index from 0.
    #[must_use]
    pub const fn golden(&self) -> &BTreeMap<u8, GoldenRecord> {
        &self.content.golden
    }

    /// Lowest accepted security versions, by type of the opaque entry.
    #[must_use]
    pub const fn floors(&self) -> &BTreeMap<u16, SecurityFloor> {
        &self.content.floors
    }

    /// Name of the signer.
    #[must_use]
    pub fn signer(&self) -> &str {
        &self.signer
    }

    /// In force from, the latest of its certificates.
    #[must_use]
    pub const fn not_before(&self) -> UnixTime {
        self.not_before
    }

    /// In force until, the earliest of its certificates.
    #[must_use]
    pub const fn not_after(&self) -> UnixTime {
        self.not_after
    }
}
