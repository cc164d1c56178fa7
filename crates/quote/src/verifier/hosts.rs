//! What was proven of hosts, by the exact bytes it was proven from.

use super::Selected;
use crate::collateral::{Expiry, QeIdentityItem};
use crate::known::{View, Wanted};
use crate::quote::{Quote, Tee};
use crate::verification::{CertifiedEnclave, CertifiedPck};
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use veritee_base::{Fingerprint, Memory};

/// What an entry costs beside its bytes and its place: the values and what they point to.
const ENTRY_OVERHEAD: usize = 640;
/// A chain's first certificate stands in its first bytes; what follows is the same for every host.
const LOOKED_AT: usize = 2048;

/// What any number of [`super::Verifier`]s remember of hosts, within one number of bytes.
#[derive(Debug)]
pub struct Hosts {
    pcks: Memory<Proven<Host>>,
    enclaves: Memory<Proven<(Host, CertifiedEnclave)>>,
    pub(super) counts: Counts,
    next: AtomicU64,
}

/// How often remembering helped, over all that share it.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) enclave_known: AtomicU64,
    pub(super) pck_known: AtomicU64,
    pub(super) unknown: AtomicU64,
}

/// Under what something was proven: equal for two questions only where everything but the quote is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scope {
    /// Names the state of one verifier's knowledge. Never given twice.
    pub(super) number: u64,
    pub(super) view: View,
    pub(super) expiry: Expiry,
    pub(super) tee: Tee,
}

impl Scope {
    fn bytes(self) -> [u8; 8] {
        (self.number << 4
            | u64::from(self.view == View::All) << 3
            | u64::from(self.view == View::Own) << 2
            | u64::from(self.expiry == Expiry::Report) << 1
            | u64::from(self.tee == Tee::Sgx))
        .to_le_bytes()
    }
}

#[derive(Debug)]
struct Proven<T> {
    scope: Scope,
    bytes: Box<[u8]>,
    value: T,
}

/// A platform whose PCK chain was walked. The items that judged it are not kept alive by it: they stand and fall with
/// the verifier that chose them.
#[derive(Debug, Clone)]
pub(super) struct Host {
    pub(super) wanted: Arc<Wanted>,
    pub(super) selected: Weak<Selected>,
    pub(super) identity: Weak<QeIdentityItem>,
    pub(super) pck: Arc<CertifiedPck>,
}

impl Hosts {
    /// Remembers at most this many bytes; 0 remembers nothing.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self {
            pcks: Memory::new(bytes / 2),
            enclaves: Memory::new(bytes / 2),
            counts: Counts::default(),
            next: AtomicU64::new(0),
        }
    }

    /// A number that nobody had.
    pub(super) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Bytes that are occupied.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.pcks.bytes().saturating_add(self.enclaves.bytes())
    }

    pub(super) fn clear(&mut self) {
        self.pcks.clear();
        self.enclaves.clear();
    }

    /// The host of a quote that carries its chain.
    pub(super) fn host(&self, scope: Scope, quote: &Quote) -> Option<Host> {
        let text = quote.certification_data();
        let found = self.pcks.get(self.place_of_chain(scope, text), is(scope, text))?;
        Some(found.value.clone())
    }

    pub(super) fn put_host(&self, scope: Scope, quote: &Quote, host: Host) {
        let text = quote.certification_data();
        put(&self.pcks, self.place_of_chain(scope, text), scope, text, host);
    }

    /// Host and enclave of a quote, by everything from the attestation key to the end of the chain.
    pub(super) fn enclave(
        &self,
        scope: Scope,
        quote: &Quote,
    ) -> Option<Arc<impl AsRef<(Host, CertifiedEnclave)>>> {
        self.enclaves.get(self.place_of_enclave(scope, quote), is(scope, quote.enclave_bytes()))
    }

    pub(super) fn put_enclave(&self, scope: Scope, quote: &Quote, enclave: (Host, CertifiedEnclave)) {
        let place = self.place_of_enclave(scope, quote);
        put(&self.enclaves, place, scope, quote.enclave_bytes(), enclave);
    }

    fn place_of_chain(&self, scope: Scope, text: &[u8]) -> Fingerprint {
        self.pcks.fingerprint(&[&scope.bytes(), text.get(..LOOKED_AT).unwrap_or(text)])
    }

    /// By the PCK's signature over the enclave's report.
    fn place_of_enclave(&self, scope: Scope, quote: &Quote) -> Fingerprint {
        self.enclaves.fingerprint(&[&scope.bytes(), quote.qe_report_signature()])
    }
}

impl<T> AsRef<T> for Proven<T> {
    fn as_ref(&self) -> &T {
        &self.value
    }
}

fn is<T>(scope: Scope, bytes: &[u8]) -> impl Fn(&Proven<T>) -> bool {
    move |known| known.scope == scope && *known.bytes == *bytes
}

fn put<T>(memory: &Memory<Proven<T>>, place: Fingerprint, scope: Scope, bytes: &[u8], value: T) {
    if memory.limit() > 0 {
        let cost = bytes.len().saturating_add(ENTRY_OVERHEAD);
        memory.put(place, Arc::new(Proven { scope, bytes: Box::from(bytes), value }), cost);
    }
}
