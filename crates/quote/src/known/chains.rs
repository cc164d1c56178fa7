//! Whose PCK chain is it? A quote mostly carries its own; one that carries none stands and falls with the chains that
//! came with collateral.
//!
//! A chain is a quote's when its PCK has signed the report of the quote's quoting enclave. Any other is some other
//! host's: it is no contradiction that it is there, and it says nothing. So a quote whose chain nobody gave is open
//! (`pck-chain-missing`), whatever other chains are known.

use super::{Entry, KnownCollateral, Side, View};
use crate::error::{ChainError, CollateralError, Source};
use crate::facts::{Force, Window};
use crate::quote::{CertificationType, Quote};
use crate::root::TrustRoot;
use crate::x509::chain::{self, Validity};
use crate::x509::{PublicKey, verify_fixed};
use std::sync::{Arc, OnceLock};
use veritee_base::{Budget, UnixTime};

/// Certificates in a PCK chain: the PCK's, its CA's, the root's.
pub(crate) const LENGTH: usize = 3;

/// A PCK chain that came with collateral. Unverified; what is asked of it is asked once.
#[derive(Debug)]
pub(super) struct PckChain {
    text: Arc<str>,
    /// Keys of the certificates in it that name a platform.
    keys: Vec<PublicKey>,
    /// Dates of its certificates where it reaches the root.
    genuine: OnceLock<Option<[Validity; 3]>>,
}

impl PckChain {
    /// Takes a chain apart. No signature is checked.
    pub(super) fn read(text: &str, budget: &Budget) -> Result<Self, CollateralError> {
        let keys = keys_in(text.as_bytes(), budget)?;
        Ok(Self { text: Arc::from(text), keys, genuine: OnceLock::new() })
    }

    fn is_of(&self, quote: &Quote) -> bool {
        self.keys.iter().any(|key| has_signed(key, quote))
    }

    fn genuine(&self, root: &TrustRoot, budget: &Budget) -> Option<[Validity; 3]> {
        let source = Source::PckChainInCollateral;
        *self.genuine.get_or_init(|| {
            let decoded = chain::decode(source, self.text.as_bytes(), LENGTH, budget).ok()?;
            chain::walk_pck(source, &decoded, root).ok().map(|walked| walked.validities)
        })
    }
}

fn keys_in(text: &[u8], budget: &Budget) -> Result<Vec<PublicKey>, ChainError> {
    let source = Source::PckChainInCollateral;
    let decoded = chain::decode(source, text, LENGTH, budget)?;
    let parsed = chain::parse(source, &decoded)?;
    let of_platforms = parsed.below.iter().filter(|certificate| certificate.sgx_extension().is_some());
    Ok(of_platforms.map(|certificate| certificate.public_key).collect())
}

fn has_signed(key: &PublicKey, quote: &Quote) -> bool {
    verify_fixed(key, quote.qe_report_bytes(), quote.qe_report_signature())
}

/// Whether this chain, given beside a quote that carries none, is the quote's.
pub(crate) fn is_of(text: &str, quote: &Quote, budget: &Budget) -> bool {
    keys_in(text.as_bytes(), budget).is_ok_and(|keys| keys.iter().any(|key| has_signed(key, quote)))
}

fn force(validities: [Validity; 3], as_of: UnixTime) -> Force {
    let window = |validity| Window::Certificate { source: Source::PckChainInCollateral, validity };
    validities.into_iter().map(|validity| window(validity).force(as_of)).min().unwrap_or(Force::Future)
}

/// Where a quote's PCK chain stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChainOf {
    /// In the quote, and no other counts.
    Quote,
    /// It came with collateral.
    Collateral(Arc<str>),
    /// Nobody gave it.
    Nobody,
}

impl ChainOf {
    /// The text and where it stands.
    pub(super) fn text<'a>(&'a self, quote: &'a Quote) -> Option<(Source, &'a [u8])> {
        match self {
            Self::Quote => Some((Source::PckChainInQuote, quote.certification_data())),
            Self::Collateral(text) => Some((Source::PckChainInCollateral, text.as_bytes())),
            Self::Nobody => None,
        }
    }

    /// For [`crate::prepared::PreparedCollateral`].
    pub(super) fn given(&self) -> Option<Arc<str>> {
        match self {
            Self::Collateral(text) => Some(Arc::clone(text)),
            Self::Quote | Self::Nobody => None,
        }
    }
}

impl KnownCollateral {
    /// The PCK chains by which this quote may be judged, as PEM: its own, or those known that are its.
    #[must_use]
    pub fn pck_chains_of(&self, quote: &Quote) -> Vec<Vec<u8>> {
        if quote.certification().kind() == CertificationType::PckChain {
            return vec![quote.certification_data().to_vec()];
        }
        self.fitting(quote).map(|entry| entry.item.text.as_bytes().to_vec()).collect()
    }

    fn fitting<'a>(&'a self, quote: &'a Quote) -> impl Iterator<Item = &'a Entry<PckChain>> {
        self.pck_chains.iter().filter(|entry| entry.item.is_of(quote))
    }

    /// The chain that decides in this view. Of several (a host can have been certified again under the same key) one
    /// that is revoked stands before all others, whoever gave it: a host does not shed a revocation by a second
    /// certificate. Then one that reaches the root, is in force, is newer. What the judged party brings fills a gap: in
    /// other views than [`View::All`] it counts where nobody nearer to the judge has one that is this quote's.
    pub(super) fn chain_of(&self, quote: &Quote, view: View, as_of: UnixTime) -> ChainOf {
        if quote.certification().kind() == CertificationType::PckChain {
            return ChainOf::Quote;
        }
        let fitting: Vec<&Entry<PckChain>> = self.fitting(quote).collect();
        // Of one there is nothing to ask that the walk does not ask.
        if let [only] = fitting.as_slice() {
            return ChainOf::Collateral(Arc::clone(&only.item.text));
        }
        let revoked = |entry: &Entry<PckChain>| {
            let text = (Source::PckChainInCollateral, entry.item.text.as_bytes());
            self.held_against_chains(view).of_pck_chain(text, &self.root, &self.budget).is_some()
        };
        let nearest = fitting.iter().map(|entry| entry.origin.side()).min().unwrap_or(Side::Judged);
        let last = if view == View::All { Side::Judged } else { nearest };
        let rank = |entry: &&Entry<PckChain>| {
            let genuine = entry.item.genuine(&self.root, &self.budget);
            let is_revoked = genuine.is_some() && revoked(entry);
            let counts = is_revoked || entry.origin.side() <= last;
            let age = genuine.map(|validities| {
                let [pck, ..] = validities;
                (force(validities, as_of), pck.not_before)
            });
            (counts, is_revoked, age, entry.digest)
        };
        let decides = fitting.into_iter().max_by_key(rank);
        decides.map_or(ChainOf::Nobody, |entry| ChainOf::Collateral(Arc::clone(&entry.item.text)))
    }
}
