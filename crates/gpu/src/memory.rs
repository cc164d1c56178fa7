//! What was verified once is not verified again: devices share their upper certificates, sets share manifests, and a
//! batch of machines shares all of them.

use crate::certificate::{Certificate, PublicKey};
use crate::manifest::Manifest;
use crate::root::Roots;
use core::sync::atomic::{AtomicUsize, Ordering};
use ring::digest::{Context, SHA256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use veritee_model::{Sha256Digest, UnixTime};

/// Signatures that are remembered before the memory starts afresh: 32 bytes each.
const CAPACITY: usize = 1 << 16;
/// Manifests that are remembered before the memory starts afresh: 20 KiB each.
const MANIFESTS: usize = 256;

/// What was signed: no name of one kind is ever that of another.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signed {
    Certificate,
    Statement,
}

/// Signatures that verified under one key, by the exact bytes of both, and manifests, by theirs and by the root. Nothing
/// that failed is remembered, and no date, part or name: those are looked at every time.
///
/// Shared by any number of threads; none waits while another verifies.
#[derive(Debug, Default)]
pub struct Memory {
    known: Mutex<Known>,
    verified: AtomicUsize,
}

#[derive(Debug, Default)]
struct Known {
    signatures: BTreeSet<[u8; 32]>,
    manifests: BTreeMap<(Sha256Digest, Sha256Digest), Arc<Manifest>>,
}

impl Memory {
    /// An empty memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Signatures of certificates, manifests and statements about revocation that were computed, not remembered.
    #[must_use]
    pub fn signatures(&self) -> usize {
        self.verified.load(Ordering::Relaxed)
    }

    pub(crate) fn count(&self) {
        self.verified.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn is_signed_by(&self, certificate: &Certificate<'_>, issuer: &PublicKey) -> bool {
        self.is_signed(Signed::Certificate, issuer, &[certificate.der], || certificate.is_signed_by(issuer))
    }

    /// Whether `verify` says yes of these bytes under this key, now or before. `parts` must hold everything that it looks
    /// at.
    pub(crate) fn is_signed(
        &self,
        what: Signed,
        key: &PublicKey,
        parts: &[&[u8]],
        verify: impl FnOnce() -> bool,
    ) -> bool {
        let mut context = Context::new(&SHA256);
        context.update(match what {
            Signed::Certificate => b"certificate",
            Signed::Statement => b"statement..",
        });
        context.update(key);
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        let Ok(name) = <[u8; 32]>::try_from(context.finish().as_ref()) else { return false };
        if self.known().signatures.contains(&name) {
            return true;
        }
        self.count();
        if !verify() {
            return false;
        }
        let mut known = self.known();
        if known.signatures.len() >= CAPACITY {
            known.signatures.clear();
        }
        known.signatures.insert(name);
        true
    }

    /// A manifest of exactly these bytes that verified under these roots and is in force at this time.
    pub(crate) fn manifest(
        &self,
        roots: &Roots,
        sha256: Sha256Digest,
        as_of: UnixTime,
    ) -> Option<Arc<Manifest>> {
        let known = self.known();
        let manifest = known.manifests.get(&(roots.manifest_sha256(), sha256))?;
        (manifest.not_before() <= as_of && as_of <= manifest.not_after()).then(|| Arc::clone(manifest))
    }

    pub(crate) fn keep_manifest(&self, roots: &Roots, manifest: &Arc<Manifest>) {
        let mut known = self.known();
        if known.manifests.len() >= MANIFESTS {
            known.manifests.clear();
        }
        known.manifests.insert((roots.manifest_sha256(), manifest.sha256()), Arc::clone(manifest));
    }

    /// Every entry is whole before it is put in, so a thread that panicked leaves nothing half done.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
