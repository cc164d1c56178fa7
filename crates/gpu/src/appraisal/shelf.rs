//! The manifests that were given, each verified once for all devices that need it.

use super::ManifestKind;
use crate::device::SignedReport;
use crate::family::Family;
use crate::manifest::{Manifest, ManifestError, ManifestFault, ManifestHint};
use crate::memory::Memory;
use crate::revocation::Revocation;
use crate::root::Roots;
use std::collections::BTreeSet;
use std::sync::Arc;
use veritee_model::{Budget, Reason, Sha256Digest, UnixTime};

/// Verified manifests, and those that were refused although they say that they are for one of the devices.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    genuine: Vec<Arc<Manifest>>,
    not_in_force: Vec<(ManifestHint, ManifestError)>,
    refused: Vec<ManifestError>,
    unread: usize,
}

impl Shelf {
    /// Verifies those of the given manifests whose product and version fit a device; the others are not looked at
    /// any further, whatever they are.
    #[must_use]
    pub fn verify<'a>(
        given: impl IntoIterator<Item = &'a [u8]>,
        devices: &[&SignedReport],
        roots: &Roots,
        as_of: UnixTime,
        budget: &Budget,
        memory: &Memory,
    ) -> Self {
        let mut shelf = Self::default();
        let mut seen: BTreeSet<Sha256Digest> = BTreeSet::new();
        for bytes in given.into_iter().take(budget.gpu_manifests) {
            let sha256 = Sha256Digest::of(bytes);
            if !seen.insert(sha256) {
                continue;
            }
            let known = memory.manifest(roots, sha256, as_of);
            let hint = match &known {
                Some(known) => ManifestHint::of(known),
                None => match ManifestHint::read(bytes, budget) {
                    Ok(hint) => hint,
                    Err(_) => {
                        shelf.unread = shelf.unread.saturating_add(1);
                        continue;
                    }
                },
            };
            if !devices.iter().any(|device| kind_of(device, &hint.product, &hint.version).is_some()) {
                continue;
            }
            let verified =
                known.map_or_else(|| Manifest::remembered(bytes, roots, as_of, budget, memory), Ok);
            match verified {
                Ok(manifest) => shelf.genuine.push(manifest),
                Err(error) if is_date(&error) => shelf.not_in_force.push((hint, error)),
                Err(error) => shelf.refused.push(error),
            }
        }
        shelf
    }

    /// Asks of every manifest's signer whether it is revoked: such a manifest is not used. Gives back what was said of
    /// each.
    pub(crate) fn strike(&mut self, ask: impl Fn(&Manifest) -> Revocation) -> Vec<Revocation> {
        let mut said = Vec::with_capacity(self.genuine.len());
        let mut standing = Vec::with_capacity(self.genuine.len());
        for manifest in self.genuine.drain(..) {
            let found = ask(&manifest);
            if let Revocation::Revoked { certificate, hold, .. } = &found {
                let fault = ManifestFault::Revoked { certificate: certificate.clone(), hold: *hold };
                let error = ManifestError { fault, sha256: Some(manifest.sha256()) };
                self.not_in_force.push((ManifestHint::of(&manifest), error));
            } else {
                standing.push(manifest);
            }
            said.push(found);
        }
        self.genuine = standing;
        said
    }

    /// Genuine and in force.
    #[must_use]
    pub fn genuine(&self) -> &[Arc<Manifest>] {
        &self.genuine
    }

    /// Signed by NVIDIA, but not in force at the as-of time, or of a signer that is revoked.
    pub fn out_of_date(&self) -> impl Iterator<Item = &ManifestError> {
        self.not_in_force.iter().map(|(_, error)| error)
    }

    /// Said to be for one of the devices, and forged, changed or damaged.
    #[must_use]
    pub fn refused(&self) -> &[ManifestError] {
        &self.refused
    }

    /// Items that are no manifests of this form.
    #[must_use]
    pub const fn unread(&self) -> usize {
        self.unread
    }

    pub(super) fn candidates(&self, device: &SignedReport, kind: ManifestKind) -> Vec<&Manifest> {
        let fits = |manifest: &&Manifest| {
            kind_of(device, manifest.product(), manifest.version()) == Some(kind)
                && is_edition(device.family(), manifest.edition())
        };
        self.genuine.iter().map(Arc::as_ref).filter(fits).collect()
    }

    pub(super) fn not_in_force(&self, device: &SignedReport, kind: ManifestKind) -> Option<&ManifestError> {
        let mut fitting = self
            .not_in_force
            .iter()
            .filter(|(hint, _)| kind_of(device, &hint.product, &hint.version) == Some(kind));
        fitting.next().map(|(_, error)| error)
    }
}

fn is_date(error: &ManifestError) -> bool {
    matches!(error.reason(), Reason::GpuRimExpired | Reason::GpuRimNotYetValid)
}

/// What a manifest of this product and version is to a device. Index, kind and board are not in the signed text, but
/// a driver's version is never a VBIOS's.
fn kind_of(device: &SignedReport, product: &str, version: &str) -> Option<ManifestKind> {
    if !device.family().is_product(product) {
        return None;
    }
    let is = |other: Option<&str>| other.is_some_and(|other| other.eq_ignore_ascii_case(version));
    if is(device.opaque().vbios_version()) {
        return Some(if device.family().is_switch() {
            ManifestKind::SwitchBios
        } else {
            ManifestKind::Vbios
        });
    }
    (!device.family().is_switch() && is(device.opaque().driver_version())).then_some(ManifestKind::Driver)
}

/// The edition of a family's manifests.
pub(crate) fn is_edition(family: Family, edition: &str) -> bool {
    edition.eq_ignore_ascii_case(if family.is_switch() { "SWITCH" } else { "GPU" })
}

/// Identifiers in the order of `kinds`; what the report does not name is said so.
pub(super) fn ids_of(device: &SignedReport, kinds: &[ManifestKind]) -> Vec<String> {
    let ids = device.manifest_ids();
    if ids.len() == kinds.len() {
        return ids;
    }
    kinds.iter().map(|kind| format!("the {kind} (the report does not name its version)")).collect()
}
