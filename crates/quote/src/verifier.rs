//! Many quotes under many collaterals, without doing the same work twice.

mod memo;

use crate::bytes::PceId;
use crate::collateral::{Collateral, Expiry};
use crate::error::{QuoteError, Source};
use crate::known::{KnownCollateral, Origin, View, Wanted};
use crate::prepared::PreparedCollateral;
use crate::quote::{CertificationType, Quote, Tee};
use crate::verification::{CertifiedEnclave, CertifiedPck};
use crate::verified::VerifiedQuote;
use crate::x509::chain;
use core::sync::atomic::{AtomicU64, Ordering};
use memo::Memo;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use veritee_base::{Fmspc, UnixTime};

/// Bytes that remembered platforms may occupy, unless [`Verifier::with_memory`] says otherwise: about 6,000 hosts.
pub const STANDARD_MEMORY: usize = 64 << 20;

/// The items that judge one platform, and from when until when they are the ones.
#[derive(Debug, Clone)]
struct Selected {
    prepared: PreparedCollateral,
    from: UnixTime,
    until: UnixTime,
}

/// By what [`Selected`] is found: all of it stands in genuine items, so that no number of hostile quotes makes many.
type Key = (Tee, Fmspc, PceId, usize);

/// A platform whose PCK chain was walked.
#[derive(Debug, Clone)]
struct Host {
    wanted: Arc<Wanted>,
    selected: Arc<Selected>,
    pck: Arc<CertifiedPck>,
}

/// Judges quotes of many platforms and remembers what it has proven of each.
///
/// Three signatures are checked for the first quote of a host, two when its PCK chain is known, one when its
/// quoting enclave is known too. What is remembered is looked up by **the exact bytes** it was proven from: the PCK
/// chain as it stands, and everything in the quote from the attestation key to the end of the chain. A quote that
/// differs there in one bit is verified in full, so every verdict is the one that
/// [`KnownCollateral::verify`] gives in the view of the judging side, whatever was seen before. (Looking up by the proven fact, "this PCK
/// vouches for this enclave", would find more, but would accept a later quote whose own signature over the enclave
/// is broken: verdicts would depend on the order of quotes.)
///
/// Nothing remembered outlives its grounds: dates of collateral and certificates are held against the as-of time of
/// every single quote, and everything is forgotten when something new becomes known ([`Self::learn`]). Refusals are
/// not remembered.
///
/// `Send` and `Sync`; [`Self::verify`] takes `&self`.
#[derive(Debug)]
pub struct Verifier {
    known: KnownCollateral,
    expiry: Expiry,
    selections: RwLock<BTreeMap<Key, Arc<Selected>>>,
    pcks: Memo<Host>,
    enclaves: Memo<(Host, CertifiedEnclave)>,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    enclave_known: AtomicU64,
    pck_known: AtomicU64,
    unknown: AtomicU64,
}

/// How often the memory of a [`Verifier`] helped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Statistics {
    /// Quotes whose quoting enclave was known: one signature.
    pub enclave_known: u64,
    /// Quotes whose PCK chain was known: two signatures.
    pub pck_known: u64,
    /// Quotes of unknown hosts: three signatures.
    pub unknown: u64,
    /// Bytes that are occupied by what is remembered.
    pub memory_bytes: usize,
}

impl Verifier {
    /// A verifier with [`STANDARD_MEMORY`].
    #[must_use]
    pub fn new(known: KnownCollateral, expiry: Expiry) -> Self {
        Self::with_memory(known, expiry, STANDARD_MEMORY)
    }

    /// A verifier that remembers at most this many bytes of hosts; 0 remembers none.
    #[must_use]
    pub fn with_memory(known: KnownCollateral, expiry: Expiry, bytes: usize) -> Self {
        Self {
            known,
            expiry,
            selections: RwLock::default(),
            pcks: Memo::new(bytes / 2),
            enclaves: Memo::new(bytes / 2),
            counts: Counts::default(),
        }
    }

    /// Lets something be added to what is known. Everything remembered is forgotten.
    pub fn learn<T>(&mut self, add: impl FnOnce(&mut KnownCollateral) -> T) -> T {
        self.forget();
        add(&mut self.known)
    }

    /// Adds the revocations that somebody else's collateral names, and nothing else of it ([`Origin::Bystander`]).
    /// True when one was new, and only then is what is remembered forgotten.
    pub fn learn_revocations(&mut self, collateral: &Collateral, name: &str) -> bool {
        let news = self.known.add(collateral, Origin::Bystander, name);
        if news {
            self.forget();
        }
        news
    }

    /// Forgets every remembered platform.
    pub fn forget(&mut self) {
        self.selections = RwLock::default();
        self.pcks.clear();
        self.enclaves.clear();
    }

    /// What it judges by.
    #[must_use]
    pub const fn known(&self) -> &KnownCollateral {
        &self.known
    }

    /// What it does about collateral that has expired.
    #[must_use]
    pub const fn expiry(&self) -> Expiry {
        self.expiry
    }

    /// How often remembering helped.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        Statistics {
            enclave_known: self.counts.enclave_known.load(Ordering::Relaxed),
            pck_known: self.counts.pck_known.load(Ordering::Relaxed),
            unknown: self.counts.unknown.load(Ordering::Relaxed),
            memory_bytes: self.pcks.bytes().saturating_add(self.enclaves.bytes()),
        }
    }

    /// Verifies one quote as [`KnownCollateral::verify`] does in the view of the judging side.
    ///
    /// # Errors
    /// As there.
    pub fn verify(&self, quote: &Quote, as_of: UnixTime) -> Result<VerifiedQuote, QuoteError> {
        let tee = quote.tee();
        let fingerprint = memo::fingerprint_of_enclave(quote);
        if let Some(known) = self.enclaves.get(tee, fingerprint, quote.enclave_bytes()) {
            let (host, enclave) = &*known;
            let selected = self.still_selected(host, as_of);
            // Under another identity the enclave is another question.
            if let Some(selected) =
                selected.filter(|now| now.prepared.has_identity_of(&host.selected.prepared))
            {
                self.counts.enclave_known.fetch_add(1, Ordering::Relaxed);
                let collateral = &selected.prepared;
                let expired = collateral.check_force(quote, as_of)?;
                let expired = collateral.check_pck_dates(&enclave.pck, as_of, expired)?;
                return collateral.conclude(quote, as_of, enclave, expired);
            }
        }
        if quote.certification().kind() != CertificationType::PckChain {
            self.counts.unknown.fetch_add(1, Ordering::Relaxed);
            return self.known.verify(quote, View::Judge, as_of, self.expiry);
        }
        let Some(host) = self.known_host(quote, as_of) else {
            // Whatever it is that refuses here, it is told as it is without a memory.
            return self.known.verify(quote, View::Judge, as_of, self.expiry);
        };
        let (verified, enclave) = conclude(&host, quote, as_of)?;
        self.enclaves.put(tee, fingerprint, quote.enclave_bytes(), (host, enclave));
        Ok(verified)
    }

    /// [`Self::verify`] as it runs for the first quote of a new quoting enclave on a known host: two signatures.
    /// For measuring; [`Self::verify`] is never slower.
    ///
    /// # Errors
    /// As [`Self::verify`].
    #[doc(hidden)]
    pub fn verify_with_known_pck(&self, quote: &Quote, as_of: UnixTime) -> Result<VerifiedQuote, QuoteError> {
        match self.known_host(quote, as_of) {
            Some(host) => conclude(&host, quote, as_of).map(|(verified, _)| verified),
            None => self.known.verify(quote, View::Judge, as_of, self.expiry),
        }
    }

    /// Verifies many quotes at one as-of time; results in the order of the quotes. With the feature `rayon` on all
    /// cores.
    #[must_use]
    pub fn verify_batch(&self, quotes: &[Quote], as_of: UnixTime) -> Vec<Result<VerifiedQuote, QuoteError>> {
        #[cfg(feature = "rayon")]
        {
            use rayon::prelude::*;
            quotes.par_iter().map(|quote| self.verify(quote, as_of)).collect()
        }
        #[cfg(not(feature = "rayon"))]
        {
            quotes.iter().map(|quote| self.verify(quote, as_of)).collect()
        }
    }

    /// The host of a quote that carries its chain, remembered or walked now. Nothing where something refuses it.
    fn known_host(&self, quote: &Quote, as_of: UnixTime) -> Option<Host> {
        let text = quote.certification_data();
        let fingerprint = self.pcks.fingerprint(text);
        if let Some(host) = self.pcks.get(quote.tee(), fingerprint, text) {
            let selected = self.still_selected(&host, as_of)?;
            self.counts.pck_known.fetch_add(1, Ordering::Relaxed);
            return Some(Host { selected, ..(*host).clone() });
        }
        self.counts.unknown.fetch_add(1, Ordering::Relaxed);
        let source = Source::PckChainInQuote;
        let decoded = chain::decode(source, text, 3, self.known.budget()).ok()?;
        let wanted = Wanted::of_chain(quote.tee(), source, &decoded);
        let selected = self.selected(&wanted, as_of)?;
        selected.prepared.check_force(quote, as_of).ok()?;
        let pck = Arc::new(selected.prepared.certify_decoded(source, &decoded).ok()?);
        let host = Host { wanted: Arc::new(wanted), selected, pck };
        self.pcks.put(quote.tee(), fingerprint, text, host.clone());
        Some(host)
    }

    fn still_selected(&self, host: &Host, as_of: UnixTime) -> Option<Arc<Selected>> {
        if host.selected.holds(as_of) {
            return Some(Arc::clone(&host.selected));
        }
        self.selected(&host.wanted, as_of)
    }

    /// The items that judge this platform at this time, chosen now or before.
    fn selected(&self, wanted: &Wanted, as_of: UnixTime) -> Option<Arc<Selected>> {
        let issuer = wanted.issuer_in(&self.known);
        let key = wanted.family().zip(issuer).map(|((fmspc, pce_id), at)| (wanted.tee, fmspc, pce_id, at));
        if let Some(key) = key {
            let known = self.selections.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(selected) = known.get(&key).filter(|selected| selected.holds(as_of)) {
                return Some(Arc::clone(selected));
            }
        }
        let prepared = self.known.choose(wanted, View::Judge, as_of, self.expiry, None).ok()?;
        let (from, until) = self.known.unchanged_around(as_of);
        let selected = Arc::new(Selected { prepared, from, until });
        if let Some(key) = key {
            let mut known = self.selections.write().unwrap_or_else(PoisonError::into_inner);
            known.insert(key, Arc::clone(&selected));
        }
        Some(selected)
    }
}

impl Selected {
    fn holds(&self, as_of: UnixTime) -> bool {
        self.from <= as_of && as_of < self.until
    }
}

/// Stages 2 to 6 for a host whose chain was walked, but for the walk.
fn conclude(
    host: &Host,
    quote: &Quote,
    as_of: UnixTime,
) -> Result<(VerifiedQuote, CertifiedEnclave), QuoteError> {
    let collateral = &host.selected.prepared;
    let expired = collateral.check_force(quote, as_of)?;
    let expired = collateral.check_pck_dates(&host.pck, as_of, expired)?;
    let enclave = collateral.certify_enclave(quote, Arc::clone(&host.pck))?;
    let verified = collateral.conclude(quote, as_of, &enclave, expired)?;
    Ok((verified, enclave))
}
