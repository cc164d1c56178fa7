//! Many quotes under many collaterals, without doing the same work twice.

mod memo;

use crate::error::{CertificateRole, ChainError, ChainFault, QuoteError};
use crate::pck::{CaKind, PckExtension};
use crate::prepared::{CertifiedEnclave, CertifiedPck, PreparedCollateral};
use crate::quote::{CertificationType, Quote, Tee};
use crate::verified::VerifiedQuote;
use crate::x509::chain;
use core::sync::atomic::{AtomicU64, Ordering};
use memo::Memo;
use std::collections::BTreeMap;
use std::sync::Arc;
use veritee_model::{Budget, Fmspc, UnixTime};

/// Bytes that remembered platforms may occupy, unless [`Verifier::with_memory`] says otherwise: about 6,000 hosts.
pub const STANDARD_MEMORY: usize = 64 << 20;

/// Which collateral judges a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    tee: Tee,
    fmspc: Fmspc,
    ca: CaKind,
}

impl Key {
    fn of(collateral: &PreparedCollateral) -> Self {
        Self { tee: collateral.tee(), fmspc: collateral.fmspc(), ca: collateral.ca() }
    }
}

/// Judges quotes of many platforms and remembers what it has proven of each.
///
/// Three signatures are checked for the first quote of a host, two when its PCK chain is known, one when its
/// quoting enclave is known too. What is remembered is looked up by **the exact bytes** it was proven from: the PCK
/// chain as it stands, and everything in the quote from the attestation key to the end of the chain. A quote that
/// differs there in one bit is verified in full, so every verdict is the one that
/// [`PreparedCollateral::verify`] gives, whatever was seen before. (Looking up by the proven fact, "this PCK
/// vouches for this enclave", would find more, but would accept a later quote whose own signature over the enclave
/// is broken: verdicts would depend on the order of quotes.)
///
/// Nothing remembered outlives its grounds: dates of collateral and certificates are held against the as-of time of
/// every single quote, and what rests on replaced collateral is forgotten with it. Refusals are not remembered.
///
/// `Send` and `Sync`; [`Self::verify`] takes `&self`.
#[derive(Debug)]
pub struct Verifier {
    collaterals: BTreeMap<Key, PreparedCollateral>,
    pcks: Memo<(PreparedCollateral, Arc<CertifiedPck>)>,
    enclaves: Memo<(PreparedCollateral, CertifiedEnclave)>,
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

impl Default for Verifier {
    fn default() -> Self {
        Self::with_memory(STANDARD_MEMORY)
    }
}

impl Verifier {
    /// A verifier without collateral, with [`STANDARD_MEMORY`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A verifier that remembers at most this many bytes; 0 remembers nothing.
    #[must_use]
    pub fn with_memory(bytes: usize) -> Self {
        Self {
            collaterals: BTreeMap::new(),
            pcks: Memo::new(bytes / 2),
            enclaves: Memo::new(bytes / 2),
            counts: Counts::default(),
        }
    }

    /// Adds collateral. What it replaces is returned, and everything that rested on it is forgotten.
    pub fn add(&mut self, collateral: PreparedCollateral) -> Option<PreparedCollateral> {
        let replaced = self.collaterals.insert(Key::of(&collateral), collateral);
        if replaced.is_some() {
            self.forget();
        }
        replaced
    }

    /// Forgets every remembered platform.
    pub fn forget(&mut self) {
        self.pcks.clear();
        self.enclaves.clear();
    }

    /// The collateral that it holds.
    pub fn collaterals(&self) -> impl Iterator<Item = &PreparedCollateral> {
        self.collaterals.values()
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

    /// Verifies one quote under the collateral for its platform.
    ///
    /// # Errors
    /// As [`PreparedCollateral::verify`], and [`QuoteError::CollateralMissing`].
    pub fn verify(&self, quote: &Quote, as_of: UnixTime) -> Result<VerifiedQuote, QuoteError> {
        let tee = quote.tee();
        let fingerprint = memo::fingerprint_of_enclave(quote);
        if let Some(known) = self.enclaves.get(tee, fingerprint, quote.enclave_bytes()) {
            self.counts.enclave_known.fetch_add(1, Ordering::Relaxed);
            let (collateral, enclave) = &*known;
            let expired = collateral.check_force(quote, as_of)?;
            return collateral.conclude(quote, as_of, enclave, expired);
        }
        if quote.certification().kind() != CertificationType::PckChain {
            self.counts.unknown.fetch_add(1, Ordering::Relaxed);
            return self.verify_without_chain(quote, as_of);
        }
        let (collateral, pck) = self.certified_pck(quote, as_of)?;
        let expired = collateral.check_force(quote, as_of)?;
        let enclave = collateral.certify_enclave(quote, pck)?;
        let verified = collateral.conclude(quote, as_of, &enclave, expired)?;
        self.enclaves.put(tee, fingerprint, quote.enclave_bytes(), (collateral, enclave));
        Ok(verified)
    }

    /// [`Self::verify`] as it runs for the first quote of a new quoting enclave on a known host: two signatures.
    /// For measuring; [`Self::verify`] is never slower.
    ///
    /// # Errors
    /// As [`Self::verify`].
    #[doc(hidden)]
    pub fn verify_with_known_pck(&self, quote: &Quote, as_of: UnixTime) -> Result<VerifiedQuote, QuoteError> {
        let (collateral, pck) = self.certified_pck(quote, as_of)?;
        let expired = collateral.check_force(quote, as_of)?;
        let enclave = collateral.certify_enclave(quote, pck)?;
        collateral.conclude(quote, as_of, &enclave, expired)
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

    /// The PCK of a quote that carries its chain, remembered or walked now.
    fn certified_pck(
        &self,
        quote: &Quote,
        as_of: UnixTime,
    ) -> Result<(PreparedCollateral, Arc<CertifiedPck>), QuoteError> {
        let text = quote.certification_data();
        let fingerprint = self.pcks.fingerprint(text);
        if let Some(known) = self.pcks.get(quote.tee(), fingerprint, text) {
            self.counts.pck_known.fetch_add(1, Ordering::Relaxed);
            let (collateral, pck) = &*known;
            return Ok((collateral.clone(), Arc::clone(pck)));
        }
        self.counts.unknown.fetch_add(1, Ordering::Relaxed);
        let source = crate::error::Source::PckChainInQuote;
        let certify = || {
            let decoded = chain::decode(source, text, 3, &Budget::STANDARD)?;
            let collateral = self.choose(quote.tee(), &decoded)?.clone();
            collateral.check_force(quote, as_of)?;
            let pck = collateral.certify_decoded(source, &decoded)?;
            Ok((collateral, Arc::new(pck)))
        };
        let (collateral, pck) = certify().map_err(|error: QuoteError| error.placed(quote))?;
        self.pcks.put(quote.tee(), fingerprint, text, (collateral.clone(), Arc::clone(&pck)));
        Ok((collateral, pck))
    }

    fn choose(&self, tee: Tee, decoded: &[Vec<u8>]) -> Result<&PreparedCollateral, QuoteError> {
        let source = crate::error::Source::PckChainInQuote;
        let parsed = chain::parse(source, decoded)?;
        let missing = |wanted| QuoteError::CollateralMissing { tee, wanted };
        let with_extension =
            parsed.below.iter().find_map(|certificate| Some((certificate, certificate.sgx_extension()?)));
        let (certificate, extension) = with_extension.ok_or_else(|| {
            let fault = ChainFault::ExtensionMissing("Intel's SGX extension");
            ChainError::new(source, Some(CertificateRole::Pck), fault)
        })?;
        let fmspc = PckExtension::parse(extension).map_err(QuoteError::PckExtension)?.fmspc;
        let ca = certificate.issuer_common_name().and_then(CaKind::from_name).ok_or(missing(None))?;
        self.collaterals.get(&Key { tee, fmspc, ca }).ok_or(missing(Some((fmspc, ca))))
    }

    /// A quote that only names its platform: tries every collateral that brings a PCK chain of its own. The one
    /// whose PCK signed the enclave's report decides.
    fn verify_without_chain(&self, quote: &Quote, as_of: UnixTime) -> Result<VerifiedQuote, QuoteError> {
        let candidates = self
            .collaterals
            .values()
            .filter(|collateral| collateral.tee() == quote.tee() && collateral.pck_chain(quote).is_ok());
        let mut last = QuoteError::PckChainMissing { certification: quote.certification().kind().number() };
        for collateral in candidates {
            match collateral.verify(quote, as_of) {
                Err(error @ QuoteError::QeReportSignature) => last = error,
                decided => return decided,
            }
        }
        Err(last)
    }
}
