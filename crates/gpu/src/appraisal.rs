//! One device against NVIDIA's reference values: which manifests are its own, what equals, what differs, and what
//! nobody compared.

mod error;
mod shelf;

pub use error::AppraisalError;
pub use shelf::Shelf;
pub(crate) use shelf::is_edition;

use crate::device::{FirmwareMatch, SignedReport};
use crate::manifest::{GoldenRecord, Manifest, SecurityFloor};
use crate::opaque::Switched;
use crate::revocation::Revocation;
use core::fmt;
use std::sync::Arc;
use veritee_model::{Sha256Digest, Sha384Digest};

/// The measurement that depends on the video decoder, by index from 0.
const VIDEO_DECODER: u8 = 35;
/// Manifests of one kind that are tried for one device.
const CANDIDATES: usize = 8;

/// What a manifest is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ManifestKind {
    /// A GPU's driver.
    Driver,
    /// A GPU's VBIOS.
    Vbios,
    /// A switch's BIOS.
    SwitchBios,
}

impl fmt::Display for ManifestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Driver => "driver manifest",
            Self::Vbios => "VBIOS manifest",
            Self::SwitchBios => "switch BIOS manifest",
        })
    }
}

/// A manifest that values came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestUsed {
    /// What it is for.
    pub kind: ManifestKind,
    /// SHA-256 of its bytes.
    pub sha256: Sha256Digest,
    /// The version that it is for.
    pub version: String,
}

/// A measurement that is none of its reference values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Index from 0, as manifests count.
    pub index: u8,
    /// What the manifest calls it.
    pub name: String,
    /// Where the reference values stand.
    pub kind: ManifestKind,
    /// The values that would have passed.
    pub expected: Vec<Sha384Digest>,
    /// The value of the report; `None` when it has no such block.
    pub got: Option<Sha384Digest>,
}

/// A part of the firmware below its lowest accepted version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BelowFloor {
    /// Type of the opaque entry.
    pub kind: u16,
    /// What the manifest calls it.
    pub name: String,
    /// The lowest accepted version.
    pub least: u64,
    /// The version of the report; `None` when there is none of that form.
    pub got: Option<u64>,
}

/// Measurements beside reference values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The manifests.
    pub manifests: Vec<ManifestUsed>,
    /// Measurements that were compared.
    pub compared: usize,
    /// Those that differ.
    pub mismatches: Vec<Mismatch>,
    /// Parts of the firmware that are too old.
    pub below_floor: Vec<BelowFloor>,
    /// Lowest versions that were compared.
    pub floors: usize,
    /// The video decoder is off and its measurement is none of the values, which then does not count.
    pub video_decoder_left_out: bool,
    /// Measurements with a value that no manifest speaks of. An old manifest hides differences here.
    pub uncovered: Vec<u8>,
}

impl Comparison {
    /// Everything that was compared is as NVIDIA says.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.mismatches.is_empty() && self.below_floor.is_empty()
    }

    fn faults(&self) -> usize {
        self.mismatches.len().saturating_add(self.below_floor.len())
    }
}

/// A genuine device with what was found about its firmware. Only [`AppraisedGpu::appraise`] makes one.
#[derive(Debug, Clone)]
pub struct AppraisedGpu {
    signed: Arc<SignedReport>,
    comparison: Result<Comparison, AppraisalError>,
    revocation: Revocation,
}

impl AppraisedGpu {
    /// Compares a genuine report with the manifests of the shelf.
    #[must_use]
    pub fn appraise(signed: Arc<SignedReport>, shelf: &Shelf, revocation: Revocation) -> Self {
        let comparison = compare(&signed, shelf);
        Self { signed, comparison, revocation }
    }

    /// The report.
    #[must_use]
    pub fn signed(&self) -> &SignedReport {
        &self.signed
    }

    /// The measurements beside the reference values, or why they could not be compared.
    ///
    /// # Errors
    /// When a manifest is missing or not in force, or two contradict each other.
    pub const fn comparison(&self) -> Result<&Comparison, &AppraisalError> {
        self.comparison.as_ref()
    }

    /// Whether NVIDIA has revoked the device's certificates, as far as it was told.
    #[must_use]
    pub const fn revocation(&self) -> &Revocation {
        &self.revocation
    }

    /// Whether the firmware of the report is that of the certificate.
    #[must_use]
    pub fn firmware(&self) -> FirmwareMatch {
        self.signed.firmware()
    }
}

/// Tries the manifests of this device's versions and keeps the best answer: NVIDIA signs the same identifier anew.
fn compare(signed: &SignedReport, shelf: &Shelf) -> Result<Comparison, AppraisalError> {
    let kinds: &[ManifestKind] = if signed.family().is_switch() {
        &[ManifestKind::SwitchBios]
    } else {
        &[ManifestKind::Driver, ManifestKind::Vbios]
    };
    let mut sets: Vec<Vec<(ManifestKind, &Manifest)>> = vec![Vec::new()];
    let (mut missing, mut not_in_force) = (Vec::new(), None);
    for (kind, id) in kinds.iter().zip(shelf::ids_of(signed, kinds)) {
        let found = shelf.candidates(signed, *kind);
        if found.is_empty() {
            if let Some(error) = shelf.not_in_force(signed, *kind) {
                not_in_force = Some((id, error.clone()));
            } else {
                missing.push(id);
            }
        }
        let candidates = found.into_iter().take(CANDIDATES);
        sets = candidates.flat_map(|manifest| extended(&sets, *kind, manifest)).collect();
    }
    if let Some((id, error)) = not_in_force {
        return Err(AppraisalError::ManifestNotInForce { id, error });
    }
    if !missing.is_empty() {
        return Err(AppraisalError::ManifestMissing { ids: missing });
    }
    let mut best: Option<Result<Comparison, AppraisalError>> = None;
    for set in &sets {
        let comparison = compare_with(signed, set);
        let better = match (&best, &comparison) {
            (None, _) | (Some(Err(_)), Ok(_)) => true,
            (Some(Ok(best)), Ok(comparison)) => comparison.faults() < best.faults(),
            _ => false,
        };
        if better {
            best = Some(comparison);
        }
    }
    best.unwrap_or(Err(AppraisalError::ManifestMissing { ids: signed.manifest_ids() }))
}

fn extended<'a>(
    sets: &[Vec<(ManifestKind, &'a Manifest)>],
    kind: ManifestKind,
    manifest: &'a Manifest,
) -> Vec<Vec<(ManifestKind, &'a Manifest)>> {
    let with = |set: &Vec<(ManifestKind, &'a Manifest)>| {
        let mut set = set.clone();
        set.push((kind, manifest));
        set
    };
    sets.iter().map(with).collect()
}

fn compare_with(
    signed: &SignedReport,
    manifests: &[(ManifestKind, &Manifest)],
) -> Result<Comparison, AppraisalError> {
    check_conflicts(manifests)?;
    let left_out = may_leave_video_decoder_out(signed)?;
    let mut comparison = Comparison {
        manifests: manifests.iter().map(|(kind, manifest)| used(*kind, manifest)).collect(),
        compared: 0,
        mismatches: Vec::new(),
        below_floor: Vec::new(),
        floors: 0,
        video_decoder_left_out: false,
        uncovered: Vec::new(),
    };
    for (kind, manifest) in manifests {
        for (index, record) in manifest.golden() {
            let got = signed.report().blocks().get(usize::from(*index));
            let differs = got.is_none_or(|got| !record.alternatives.contains(got));
            if *index == VIDEO_DECODER && left_out && differs {
                comparison.video_decoder_left_out = true;
            } else {
                compare_block(signed, *kind, *index, record, &mut comparison);
            }
        }
        for (entry, floor) in manifest.floors() {
            compare_floor(signed, *entry, floor, &mut comparison);
        }
    }
    comparison.mismatches.sort_by_key(|mismatch| mismatch.index);
    let covered = |index: u8| manifests.iter().any(|(_, manifest)| manifest.golden().contains_key(&index));
    let blocks = (0..=u8::MAX).zip(signed.report().blocks());
    let uncovered = blocks.filter(|(index, block)| !block.is_zero() && !covered(*index));
    comparison.uncovered = uncovered.map(|(index, _)| index).collect();
    Ok(comparison)
}

fn used(kind: ManifestKind, manifest: &Manifest) -> ManifestUsed {
    ManifestUsed { kind, sha256: manifest.sha256(), version: manifest.version().to_owned() }
}

fn compare_block(
    signed: &SignedReport,
    kind: ManifestKind,
    index: u8,
    record: &GoldenRecord,
    comparison: &mut Comparison,
) {
    comparison.compared = comparison.compared.saturating_add(1);
    let got = signed.report().blocks().get(usize::from(index)).copied();
    if !got.is_some_and(|got| record.alternatives.contains(&got)) {
        let (name, expected) = (record.name.clone(), record.alternatives.clone());
        comparison.mismatches.push(Mismatch { index, name, kind, expected, got });
    }
}

fn compare_floor(signed: &SignedReport, entry: u16, floor: &SecurityFloor, comparison: &mut Comparison) {
    comparison.floors = comparison.floors.saturating_add(1);
    let got = signed.opaque().security_version(entry);
    if got.is_none_or(|got| got < floor.least) {
        let (name, least) = (floor.name.clone(), floor.least);
        comparison.below_floor.push(BelowFloor { kind: entry, name, least, got });
    }
}

/// Two manifests may not speak of the same measurement or of the same part.
fn check_conflicts(manifests: &[(ManifestKind, &Manifest)]) -> Result<(), AppraisalError> {
    let [(_, first), (_, second)] = manifests else { return Ok(()) };
    if let Some(index) = first.golden().keys().find(|index| second.golden().contains_key(index)) {
        return Err(AppraisalError::Conflict { what: format!("measurement {index}") });
    }
    for (kind, floor) in first.floors() {
        let same = |(other, its): (&u16, &SecurityFloor)| other == kind || its.name == floor.name;
        if second.floors().iter().any(same) {
            return Err(AppraisalError::Conflict { what: format!("lowest version of {}", floor.name) });
        }
    }
    Ok(())
}

/// Off: the measurement may be anything; on: it counts; anything else says that nobody knows. Switches have no decoder.
fn may_leave_video_decoder_out(signed: &SignedReport) -> Result<bool, AppraisalError> {
    if signed.family().is_switch() {
        return Ok(false);
    }
    match signed.opaque().video_decoder() {
        Some(Switched::Off) => Ok(true),
        Some(Switched::On) => Ok(false),
        other => Err(AppraisalError::VideoDecoder { got: other.map(|status| status.to_string()) }),
    }
}
