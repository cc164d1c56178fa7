//! Many quotes under many collaterals, without doing the same work twice.

mod hosts;

use crate::bytes::PceId;
use crate::collateral::{Collateral, Expiry};
use crate::error::{QuoteError, Source};
use crate::known::{DecidingItem, KnownCollateral, Origin, View, Wanted};
use crate::prepared::PreparedCollateral;
use crate::quote::{CertificationType, Quote, Tee};
use crate::verification::{CertifiedEnclave, CertifiedPck};
use crate::verified::VerifiedQuote;
use crate::x509::chain;
use core::sync::atomic::Ordering;
pub use hosts::Hosts;
use hosts::{Host, Scope};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use veritee_base::{Fmspc, UnixTime};

/// Bytes that remembered platforms may occupy, unless [`Verifier::with_memory`] says otherwise: about 6,000 hosts.
pub const STANDARD_MEMORY: usize = 64 << 20;

/// The items that judge one platform, and from when until when they are the ones.
#[derive(Debug, Clone)]
struct Selected {
    prepared: PreparedCollateral,
    /// The same by name.
    items: Vec<DecidingItem>,
    from: UnixTime,
    until: UnixTime,
}

/// By what [`Selected`] is found: all of it stands in genuine items, so that no number of hostile quotes makes many.
type Key = (View, bool, Tee, Fmspc, PceId, usize);

/// Judges quotes of many platforms and remembers what it has proven of each.
///
/// Three signatures are checked for the first quote of a host, two when its PCK chain is known, one when its
/// quoting enclave is known too. What is remembered is looked up by **the exact bytes** it was proven from: the PCK
/// chain as it stands, and everything in the quote from the attestation key to the end of the chain. A quote that
/// differs there in one bit is verified in full, so every verdict is the one that
/// [`KnownCollateral::verify`] gives, whatever was seen before. (Looking up by the proven fact, "this PCK
/// vouches for this enclave", would find more, but would accept a later quote whose own signature over the enclave
/// is broken: verdicts would depend on the order of quotes.)
///
/// Nothing remembered outlives its grounds: dates of collateral and certificates are held against the as-of time of
/// every single quote, and everything is forgotten when something new becomes known ([`Self::learn`]). Refusals are
/// not remembered. Any number of verifiers may share one memory ([`Self::sharing`]): none finds what another has put
/// there.
///
/// `Send` and `Sync`; [`Self::verify`] takes `&self`.
#[derive(Debug)]
pub struct Verifier {
    known: KnownCollateral,
    expiry: Expiry,
    selections: RwLock<BTreeMap<Key, Arc<Selected>>>,
    hosts: Arc<Hosts>,
    /// Under this number it remembers; another one whenever what is known changes.
    number: u64,
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
        Self::sharing(known, expiry, &Arc::new(Hosts::new(bytes)))
    }

    /// A verifier that remembers in what others remember in too.
    #[must_use]
    pub fn sharing(known: KnownCollateral, expiry: Expiry, hosts: &Arc<Hosts>) -> Self {
        let (hosts, number) = (Arc::clone(hosts), hosts.number());
        Self { known, expiry, selections: RwLock::default(), hosts, number }
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
        self.number = self.hosts.number();
        if let Some(alone) = Arc::get_mut(&mut self.hosts) {
            alone.clear();
        }
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

    /// Where it remembers.
    #[must_use]
    pub const fn hosts(&self) -> &Arc<Hosts> {
        &self.hosts
    }

    /// How often remembering helped, over all verifiers that share the memory.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let counts = &self.hosts.counts;
        Statistics {
            enclave_known: counts.enclave_known.load(Ordering::Relaxed),
            pck_known: counts.pck_known.load(Ordering::Relaxed),
            unknown: counts.unknown.load(Ordering::Relaxed),
            memory_bytes: self.hosts.bytes(),
        }
    }

    /// Verifies one quote as [`KnownCollateral::verify`] does in the view of the judging side.
    ///
    /// # Errors
    /// As there.
    pub fn verify(&self, quote: &Quote, as_of: UnixTime) -> Result<VerifiedQuote, QuoteError> {
        self.verify_in(quote, View::Judge, as_of, self.expiry)
    }

    /// Verifies one quote as [`KnownCollateral::verify`] does.
    ///
    /// # Errors
    /// As there.
    pub fn verify_in(
        &self,
        quote: &Quote,
        view: View,
        as_of: UnixTime,
        expiry: Expiry,
    ) -> Result<VerifiedQuote, QuoteError> {
        let scope = self.scope(quote, view, expiry);
        if let Some(known) = self.hosts.enclave(scope, quote) {
            let (host, enclave) = (*known).as_ref();
            let selected = self.still_selected(host, scope, as_of);
            // Under another identity the enclave is another question.
            if let Some(selected) = selected.filter(|now| now.prepared.has_identity(&host.identity)) {
                self.count(view, |counts| &counts.enclave_known);
                let collateral = &selected.prepared;
                let expired = collateral.check_force(quote, as_of)?;
                let expired = collateral.check_pck_dates(&enclave.pck, as_of, expired)?;
                return collateral.conclude(quote, as_of, enclave, expired);
            }
        }
        if quote.certification().kind() != CertificationType::PckChain {
            self.count(view, |counts| &counts.unknown);
            return self.known.verify(quote, view, as_of, expiry);
        }
        let Some((host, selected)) = self.known_host(quote, scope, as_of) else {
            // Whatever it is that refuses here, it is told as it is without a memory.
            return self.known.verify(quote, view, as_of, expiry);
        };
        let (verified, enclave) = conclude(&host.pck, &selected, quote, as_of)?;
        self.hosts.put_enclave(scope, quote, (host, enclave));
        Ok(verified)
    }

    /// As [`KnownCollateral::verify_otherwise`].
    #[must_use]
    pub fn verify_otherwise(
        &self,
        quote: &Quote,
        as_of: UnixTime,
        expiry: Expiry,
    ) -> Vec<(View, Result<VerifiedQuote, QuoteError>)> {
        let differs = |view: &View| match self.chosen_twice(quote, *view, as_of, expiry) {
            Some(same) => !same,
            None => self.known.differs(quote, *view, as_of),
        };
        let views = self.known.other_views().filter(differs);
        views.map(|view| (view, self.verify_in(quote, view, as_of, expiry))).collect()
    }

    /// Whether the same items decide in this view as in the judging side's; nothing where the host is not known.
    fn chosen_twice(&self, quote: &Quote, view: View, as_of: UnixTime, expiry: Expiry) -> Option<bool> {
        let (scope, host) = self.remembered(quote, View::Judge, expiry)?;
        let judge = self.still_selected(&host, scope, as_of)?;
        let other = self.selected(&host.wanted, Scope { view, ..scope }, as_of)?;
        Some(judge.prepared.has_set_of(&other.prepared))
    }

    /// The items by which a quote that this view accepts was judged: those of [`KnownCollateral::deciding`].
    #[must_use]
    pub fn deciding(&self, quote: &Quote, view: View, as_of: UnixTime, expiry: Expiry) -> Vec<DecidingItem> {
        let remembered = self
            .remembered(quote, view, expiry)
            .and_then(|(scope, host)| self.still_selected(&host, scope, as_of));
        match remembered {
            Some(selected) => selected.items.clone(),
            None => self.known.deciding(quote, view, as_of, None).items,
        }
    }

    /// The host of a quote that carries its chain, where it was walked before.
    fn remembered(&self, quote: &Quote, view: View, expiry: Expiry) -> Option<(Scope, Host)> {
        if quote.certification().kind() != CertificationType::PckChain {
            return None;
        }
        let scope = self.scope(quote, view, expiry);
        Some((scope, self.hosts.host(scope, quote)?))
    }

    const fn scope(&self, quote: &Quote, view: View, expiry: Expiry) -> Scope {
        Scope { number: self.number, view, expiry, tee: quote.tee() }
    }

    /// Counts quotes, each once whatever views it is judged in.
    fn count(&self, view: View, which: impl Fn(&hosts::Counts) -> &core::sync::atomic::AtomicU64) {
        if view == View::Judge {
            which(&self.hosts.counts).fetch_add(1, Ordering::Relaxed);
        }
    }

    /// [`Self::verify`] as it runs for the first quote of a new quoting enclave on a known host: two signatures.
    /// For measuring; [`Self::verify`] is never slower.
    ///
    /// # Errors
    /// As [`Self::verify`].
    #[doc(hidden)]
    pub fn verify_with_known_pck(&self, quote: &Quote, as_of: UnixTime) -> Result<VerifiedQuote, QuoteError> {
        match self.known_host(quote, self.scope(quote, View::Judge, self.expiry), as_of) {
            Some((host, selected)) => {
                conclude(&host.pck, &selected, quote, as_of).map(|(verified, _)| verified)
            }
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

    /// The host of a quote that carries its chain, remembered or walked now, and what judges it. Nothing where something
    /// refuses it.
    fn known_host(&self, quote: &Quote, scope: Scope, as_of: UnixTime) -> Option<(Host, Arc<Selected>)> {
        if let Some(host) = self.hosts.host(scope, quote) {
            let selected = self.still_selected(&host, scope, as_of)?;
            self.count(scope.view, |counts| &counts.pck_known);
            return Some((host, selected));
        }
        self.count(scope.view, |counts| &counts.unknown);
        let source = Source::PckChainInQuote;
        let decoded = chain::decode(source, quote.certification_data(), 3, self.known.budget()).ok()?;
        let wanted = Wanted::of_chain(scope.tee, source, &decoded);
        let selected = self.selected(&wanted, scope, as_of)?;
        selected.prepared.check_force(quote, as_of).ok()?;
        let pck = Arc::new(selected.prepared.certify_decoded(source, &decoded).ok()?);
        let host = Host {
            wanted: Arc::new(wanted),
            selected: Arc::downgrade(&selected),
            identity: selected.prepared.identity(),
            pck,
        };
        self.hosts.put_host(scope, quote, host.clone());
        Some((host, selected))
    }

    fn still_selected(&self, host: &Host, scope: Scope, as_of: UnixTime) -> Option<Arc<Selected>> {
        if let Some(selected) = host.selected.upgrade().filter(|selected| selected.holds(as_of)) {
            return Some(selected);
        }
        self.selected(&host.wanted, scope, as_of)
    }

    /// The items that judge this platform at this time, chosen now or before.
    fn selected(&self, wanted: &Wanted, scope: Scope, as_of: UnixTime) -> Option<Arc<Selected>> {
        let Scope { view, expiry, .. } = scope;
        let issuer = wanted.issuer_in(&self.known);
        let key = wanted
            .family()
            .zip(issuer)
            .map(|((fmspc, pce_id), at)| (view, expiry == Expiry::Report, wanted.tee, fmspc, pce_id, at));
        if let Some(key) = key {
            let known = self.selections.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(selected) = known.get(&key).filter(|selected| selected.holds(as_of)) {
                return Some(Arc::clone(selected));
            }
        }
        let prepared = self.known.choose(wanted, view, as_of, expiry, None).ok()?;
        let items = self.known.deciding_for(wanted, view, as_of);
        let (from, until) = self.known.unchanged_around(as_of);
        let selected = Arc::new(Selected { prepared, items, from, until });
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
    pck: &Arc<CertifiedPck>,
    selected: &Selected,
    quote: &Quote,
    as_of: UnixTime,
) -> Result<(VerifiedQuote, CertifiedEnclave), QuoteError> {
    let collateral = &selected.prepared;
    let expired = collateral.check_force(quote, as_of)?;
    let expired = collateral.check_pck_dates(pck, as_of, expired)?;
    let enclave = collateral.certify_enclave(quote, Arc::clone(pck))?;
    let verified = collateral.conclude(quote, as_of, &enclave, expired)?;
    Ok((verified, enclave))
}
