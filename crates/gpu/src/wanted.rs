//! What one would have to ask NVIDIA for, to know more of devices: manifests by identifier, answers and lists about
//! revocation.
//!
//! Only genuine devices are asked about: identifiers and serial numbers come out of what a device or NVIDIA signed, so
//! nobody can make this program ask for anything else. Nothing is asked here: the crate opens no socket.

mod list;

pub use list::{ListFound, ListRefused, WantedList};

use crate::appraisal::is_edition;
use crate::chain::Link;
use crate::device::SignedReport;
use crate::family::Family;
use crate::manifest::{Manifest, ManifestError, ManifestHint};
use crate::memory::Memory;
use crate::revocation::ocsp::{self, Status};
use crate::revocation::{OF_DEVICE, OF_SIGNER, RevocationError, WITHOUT_END, named};
use crate::root::Roots;
use crate::{DerError, Explanation};
use core::fmt;
use std::collections::BTreeMap;
use std::sync::Arc;
use veritee_model::{Budget, Reason, Sha256Digest, UnixTime};

/// Everything that is worth asking for, each once.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Manifests.
    pub manifests: Vec<WantedManifest>,
    /// Answers about revocation.
    pub answers: Vec<WantedAnswer>,
    /// Lists of the CAs above the devices.
    pub lists: Vec<WantedList>,
}

/// A manifest by the identifier under which NVIDIA's service has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WantedManifest {
    id: String,
    family: Family,
    version: String,
}

/// Why a manifest is not the wanted one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManifestRefused {
    /// It does not verify.
    Manifest(ManifestError),
    /// It is genuine, and of another product, version or edition.
    Other {
        /// What was asked for.
        id: String,
        /// What it says that it is.
        got: String,
    },
}

/// A manifest that is the wanted one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ManifestFound {
    /// SHA-256 of its bytes.
    pub sha256: Sha256Digest,
    /// The manifest where it is in force.
    pub manifest: Option<Arc<Manifest>>,
    /// Why it is not in force.
    pub not_in_force: Option<ManifestError>,
}

/// An answer about the revocation of one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedAnswer {
    link: Link,
    issuer: Link,
}

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnswerStatus {
    /// Not revoked, which is all that it says: NVIDIA answers so for numbers that it never issued.
    NotRevoked,
    /// The responder does not know the certificate.
    Unknown,
    /// On hold: NVIDIA may lift it.
    OnHold,
    /// Revoked, for ever.
    Revoked,
}

/// A verified answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerFound {
    /// What it says.
    pub status: AnswerStatus,
    /// In force from.
    pub from: UnixTime,
    /// In force until.
    pub until: UnixTime,
}

/// Why a response is not an answer to the question.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerRefused {
    /// It is no response, or the responder gave no answer.
    Form(DerError),
    /// It is larger than any genuine one.
    TooLarge {
        /// Bytes allowed.
        limit: usize,
    },
    /// It is about another certificate.
    Other,
    /// It repeats another nonce: it answers another request.
    Nonce,
    /// It is signed by nobody who may answer, or not in force.
    Revocation(RevocationError),
}

impl Wanted {
    /// What to ask for, of genuine devices.
    #[must_use]
    pub fn of(devices: &[Arc<SignedReport>]) -> Self {
        let mut manifests: Vec<WantedManifest> =
            devices.iter().flat_map(|device| WantedManifest::of(device)).collect();
        manifests.sort_unstable();
        manifests.dedup();
        let mut wanted = Self { manifests, ..Self::default() };
        for device in devices {
            wanted.add(&device.chain().links, OF_DEVICE);
            for list in WantedList::of(&device.chain().links, device.family().identity_chip()) {
                match wanted.lists.iter_mut().find(|known| known.key() == list.key()) {
                    Some(known) => known.join(list),
                    None => wanted.lists.push(list),
                }
            }
        }
        wanted
    }

    /// And of the signers of manifests.
    pub fn add_signer(&mut self, manifest: &Manifest) {
        self.add(&manifest.chain, OF_SIGNER);
    }

    fn add(&mut self, links: &[Link], asked: [usize; 3]) {
        let mut known: BTreeMap<String, ()> = self.answers.iter().map(|answer| (answer.key(), ())).collect();
        for index in asked {
            let (Some(link), Some(issuer)) = (links.get(index), links.get(index.saturating_add(1))) else {
                continue;
            };
            let answer = WantedAnswer { link: link.clone(), issuer: issuer.clone() };
            if known.insert(answer.key(), ()).is_none() {
                self.answers.push(answer);
            }
        }
    }
}

/// Whether these bytes are an OCSP response, about whatever it is.
#[must_use]
pub fn is_answer(bytes: &[u8], budget: &Budget) -> bool {
    bytes.len() <= budget.gpu_statement_bytes && ocsp::read(bytes).is_ok()
}

impl WantedManifest {
    fn of(device: &SignedReport) -> Vec<Self> {
        let (family, opaque) = (device.family(), device.opaque());
        let versions: Vec<&str> = if family.is_switch() {
            opaque.vbios_version().into_iter().collect()
        } else {
            // A board without a name has a VBIOS version and no identifier.
            let vbios = opaque.vbios_version().filter(|_| opaque.board().is_some());
            opaque.driver_version().into_iter().chain(vbios).collect()
        };
        let ids = device.manifest_ids().into_iter().zip(versions);
        ids.map(|(id, version)| Self { id, family, version: version.to_owned() }).collect()
    }

    /// The identifier: letters, digits, dots, dashes and underscores.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Verifies that these bytes are this manifest, in force or not.
    ///
    /// # Errors
    /// When it does not verify, or is another's.
    pub fn check(
        &self,
        bytes: &[u8],
        roots: &Roots,
        as_of: UnixTime,
        budget: &Budget,
        memory: &Memory,
    ) -> Result<ManifestFound, ManifestRefused> {
        let hint = ManifestHint::read(bytes, budget).map_err(ManifestRefused::Manifest)?;
        let (manifest, not_in_force) = match Manifest::remembered(bytes, roots, as_of, budget, memory) {
            Ok(manifest) => (Some(manifest), None),
            // Dates are looked at last: all signatures verified.
            Err(error) if matches!(error.reason(), Reason::GpuRimExpired | Reason::GpuRimNotYetValid) => {
                (None, Some(error))
            }
            Err(error) => return Err(ManifestRefused::Manifest(error)),
        };
        let fits = self.family.is_product(&hint.product)
            && hint.version.eq_ignore_ascii_case(&self.version)
            && is_edition(self.family, &hint.edition);
        if !fits {
            let got = format!("{} {} ({})", hint.product, hint.version, hint.edition);
            return Err(ManifestRefused::Other { id: self.id.clone(), got });
        }
        Ok(ManifestFound { sha256: hint.sha256, manifest, not_in_force })
    }
}

impl fmt::Display for WantedManifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

impl WantedAnswer {
    /// What the certificate is called, with its serial number.
    #[must_use]
    pub fn name(&self) -> String {
        named(&self.link)
    }

    /// SHA-256 over issuer and serial number, hex: the same for the same certificate.
    #[must_use]
    pub fn key(&self) -> String {
        let parts = [self.issuer.subject.as_slice(), &self.issuer.public_key, &self.link.serial].concat();
        Sha256Digest::of(&parts).to_string()
    }

    /// The request, DER. With a nonce, an answer that repeats another is refused.
    #[must_use]
    pub fn request(&self, nonce: Option<&[u8; 32]>) -> Vec<u8> {
        ocsp::request(&self.link, &self.issuer, nonce)
    }

    /// Verifies that a response answers for this certificate, in force at `as_of`.
    ///
    /// A response without nonce is accepted: its window is what counts for everybody who did not ask.
    ///
    /// # Errors
    /// When it does not.
    pub fn check(
        &self,
        response: &[u8],
        nonce: Option<&[u8; 32]>,
        as_of: UnixTime,
        budget: &Budget,
        memory: &Memory,
    ) -> Result<AnswerFound, AnswerRefused> {
        if response.len() > budget.gpu_statement_bytes {
            return Err(AnswerRefused::TooLarge { limit: budget.gpu_statement_bytes });
        }
        let answers = ocsp::read(response).map_err(AnswerRefused::Form)?;
        let about = answers.iter().find(|answer| answer.is_about(&self.link, &self.issuer));
        let answer = about.ok_or(AnswerRefused::Other)?;
        let repeats = |nonce: &[u8; 32]| answer.nonce().is_none_or(|got| got == ocsp::nonce_value(nonce));
        if !nonce.is_none_or(repeats) {
            return Err(AnswerRefused::Nonce);
        }
        let signer = answer.check_signer(&self.issuer, memory).map_err(AnswerRefused::Revocation)?;
        let after = UnixTime::from_seconds(answer.this_update.seconds().saturating_add(WITHOUT_END));
        let (from, until) = (answer.this_update, answer.next_update.unwrap_or(after).min(signer));
        let status = match answer.status {
            Status::Good => AnswerStatus::NotRevoked,
            Status::Unknown => AnswerStatus::Unknown,
            Status::Revoked { hold: true } => AnswerStatus::OnHold,
            Status::Revoked { hold: false } => AnswerStatus::Revoked,
        };
        // Revoked is for ever; everything else is for its window.
        if as_of < from || (as_of > until && status != AnswerStatus::Revoked) {
            return Err(AnswerRefused::Revocation(RevocationError::Window { from, until, as_of }));
        }
        Ok(AnswerFound { status, from, until })
    }
}

impl fmt::Display for AnswerStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotRevoked => "not revoked",
            Self::Unknown => "unknown to the responder",
            Self::OnHold => "on hold",
            Self::Revoked => "REVOKED",
        })
    }
}

impl fmt::Display for ManifestRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest(error) => error.fmt(f),
            Self::Other { id, got } => write!(f, "it is a manifest of {got}, not {id}"),
        }
    }
}

impl core::error::Error for ManifestRefused {}

impl fmt::Display for AnswerRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(error) => write!(f, "no OCSP answer: {error}"),
            Self::TooLarge { limit } => write!(f, "larger than any genuine answer: more than {limit} bytes"),
            Self::Other => f.write_str("it is about another certificate"),
            Self::Nonce => {
                f.write_str("it repeats another nonce than the one sent: it answers another request")
            }
            Self::Revocation(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for AnswerRefused {}

impl AnswerRefused {
    /// The error taken apart, where it says something about the device.
    #[must_use]
    pub fn explain(&self) -> Option<Explanation> {
        match self {
            Self::Revocation(error) => Some(error.explain()),
            _ => None,
        }
    }
}
