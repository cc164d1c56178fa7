//! What was verified once is not verified again: devices share their upper certificates, sets share manifests.

use crate::certificate::{Certificate, PublicKey};
use ring::digest::{Context, SHA256};
use std::collections::BTreeSet;

/// Certificates that are remembered before the memory starts afresh: 32 bytes each.
const CAPACITY: usize = 1 << 16;

/// Certificates whose signature verified under one key, by the exact bytes of both. Nothing that failed is remembered,
/// and no date, part or name: those are looked at every time.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    signed: BTreeSet<[u8; 32]>,
    verified: usize,
}

impl Memory {
    /// An empty memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Signatures of certificates that were computed, not remembered.
    #[must_use]
    pub const fn signatures(&self) -> usize {
        self.verified
    }

    pub(crate) fn is_signed_by(&mut self, certificate: &Certificate<'_>, issuer: &PublicKey) -> bool {
        let mut context = Context::new(&SHA256);
        context.update(issuer);
        context.update(certificate.der);
        let Ok(name) = <[u8; 32]>::try_from(context.finish().as_ref()) else { return false };
        if self.signed.contains(&name) {
            return true;
        }
        self.verified = self.verified.saturating_add(1);
        if !certificate.is_signed_by(issuer) {
            return false;
        }
        if self.signed.len() >= CAPACITY {
            self.signed.clear();
        }
        self.signed.insert(name);
        true
    }
}
