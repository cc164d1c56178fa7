//! A quote under what is known.

use super::choice::Wanted;
use super::{KnownCollateral, View};
use crate::collateral::Expiry;
use crate::error::{ChainError, ChainFault, CollateralError, QuoteError, Source, Stage};
use crate::facts::SourceDates;
use crate::quote::{CertificationType, Quote};
use crate::verified::VerifiedQuote;
use crate::x509::{chain, verify_fixed};
use std::sync::Arc;
use veritee_base::UnixTime;

impl KnownCollateral {
    /// Verifies one quote under the items that decide in this view. Three signatures.
    ///
    /// With items of others than the judging side among what is known, a verdict is the strictest of up to three:
    /// [`Self::verify_otherwise`] makes the others. What is stricter is for a policy to say.
    ///
    /// # Errors
    /// The first fault in the order of [`Stage`]; but a known revocation of the quote's chain before anything that is
    /// missing, damaged or expired ([`Self::collateral_error`] says what was).
    pub fn verify(
        &self,
        quote: &Quote,
        view: View,
        as_of: UnixTime,
        expiry: Expiry,
    ) -> Result<VerifiedQuote, QuoteError> {
        let chains = self.chains_of(quote);
        let mut first = None;
        for chain in chains {
            match self.verify_chained(quote, chain, view, as_of, expiry) {
                Ok(verified) => return Ok(verified),
                Err(error) => first = first.or(Some(error)),
            }
        }
        // There is always one, be it none.
        Err(first
            .unwrap_or(QuoteError::PckChainMissing { certification: quote.certification().kind().number() }))
    }

    /// The verdicts in the other views ([`View::Own`], [`View::All`]) where other items decide there than in
    /// [`View::Judge`]; none where the verdict cannot differ. A quote passes only if it passes in all of them.
    #[must_use]
    pub fn verify_otherwise(
        &self,
        quote: &Quote,
        as_of: UnixTime,
        expiry: Expiry,
    ) -> Vec<(View, Result<VerifiedQuote, QuoteError>)> {
        let views = [View::Own, View::All].into_iter().filter(|view| self.can_differ(*view));
        let differs = |view: &View| {
            self.chains_of(quote).iter().any(|chain| {
                let wanted = self.wanted(quote, chain.as_deref());
                let [judge, other] = [View::Judge, *view].map(|view| self.choose_set(&wanted, view, as_of));
                match (judge, other) {
                    (Ok(judge), Ok(other)) => !judge.is(&other),
                    (Err(_), Err(_)) => false,
                    _ => true,
                }
            })
        };
        views.filter(differs).map(|view| (view, self.verify(quote, view, as_of, expiry))).collect()
    }

    /// What stage 2 alone says: what is missing, damaged, under a revoked signer, of another platform, or not in
    /// force.
    #[must_use]
    pub fn collateral_error(
        &self,
        quote: &Quote,
        view: View,
        as_of: UnixTime,
        expiry: Expiry,
    ) -> Option<QuoteError> {
        let chain = self.chains_of(quote).into_iter().next().flatten();
        let wanted = self.wanted(quote, chain.as_deref());
        match self.choose(&wanted, view, as_of, expiry, chain) {
            Ok(prepared) => prepared.check_windows(as_of).err().map(QuoteError::Collateral),
            Err(error) => Some(error),
        }
    }

    /// Dates of what decides in this view, in force or not: seven sources, and the quote's PCK chain as it stands there,
    /// unverified, where it can be read. Empty where an item is missing or unusable.
    #[must_use]
    pub fn dates(&self, quote: &Quote, view: View, as_of: UnixTime) -> Vec<SourceDates> {
        let chain = self.chains_of(quote).into_iter().next().flatten();
        let wanted = self.wanted(quote, chain.as_deref());
        let Ok(set) = self.choose_set(&wanted, view, as_of) else { return Vec::new() };
        let mut dates = set.sources();
        let own = chain_text(quote, chain.as_deref());
        dates.extend(own.and_then(|(source, text)| {
            let validities = chain::validities(source, text, &self.budget).ok()?;
            Some(SourceDates::of_chain(source, &validities))
        }));
        dates
    }

    /// What is revoked in a PCK chain in PEM, as a quote carries it ([`Quote::certification_data`]); nothing for a chain
    /// that does not reach the root. Three signatures.
    #[must_use]
    pub fn revocation_in(&self, pck_chain: &[u8]) -> Option<ChainError> {
        self.revocations.of_pck_chain((Source::PckChainInQuote, pck_chain), &self.root, &self.budget)
    }

    /// The PCK chains that may be the quote's: its own (`None`), or those that came with collateral. A chain is a
    /// quote's when its key signed the enclave's report; where none did, the first shows that.
    pub(super) fn chains_of(&self, quote: &Quote) -> Vec<Option<Arc<str>>> {
        if quote.certification().kind() == CertificationType::PckChain {
            return vec![None];
        }
        let signed = |text: &Arc<str>| {
            let Ok(decoded) = chain::decode(Source::PckChainInCollateral, text.as_bytes(), 3, &self.budget)
            else {
                return false;
            };
            chain::parse(Source::PckChainInCollateral, &decoded).is_ok_and(|parsed| {
                parsed.below.iter().any(|certificate| {
                    let (report, signature) = (quote.qe_report_bytes(), quote.qe_report_signature());
                    certificate.sgx_extension().is_some()
                        && verify_fixed(&certificate.public_key, report, signature)
                })
            })
        };
        let own: Vec<_> = self.pck_chains.values().filter(|text| signed(text)).cloned().map(Some).collect();
        if own.is_empty() { vec![self.pck_chains.values().next().cloned()] } else { own }
    }

    pub(super) fn wanted(&self, quote: &Quote, chain: Option<&str>) -> Wanted {
        let nothing = Wanted { tee: quote.tee(), platform: None };
        let Some((source, text)) = chain_text(quote, chain) else { return nothing };
        match chain::decode(source, text, 3, &self.budget) {
            Ok(decoded) => Wanted::of_chain(quote.tee(), source, &decoded),
            Err(_unreadable) => nothing,
        }
    }

    fn verify_chained(
        &self,
        quote: &Quote,
        chain: Option<Arc<str>>,
        view: View,
        as_of: UnixTime,
        expiry: Expiry,
    ) -> Result<VerifiedQuote, QuoteError> {
        let wanted = self.wanted(quote, chain.as_deref());
        let verified = self
            .choose(&wanted, view, as_of, expiry, chain.clone())
            .and_then(|prepared| prepared.verify(quote, as_of));
        verified.map_err(|error| {
            if error.stage() > Stage::Collateral || is_revocation(&error) {
                return error;
            }
            let revoked = chain_text(quote, chain.as_deref())
                .and_then(|text| self.held_against_chains(view).of_pck_chain(text, &self.root, &self.budget));
            revoked.map_or(error, |error| QuoteError::Chain(error).placed(quote))
        })
    }
}

fn chain_text<'a>(quote: &'a Quote, chain: Option<&'a str>) -> Option<(Source, &'a [u8])> {
    if quote.certification().kind() == CertificationType::PckChain {
        return Some((Source::PckChainInQuote, quote.certification_data()));
    }
    chain.map(|text| (Source::PckChainInCollateral, text.as_bytes()))
}

/// Whether the error is that something was revoked: in the quote's chain or above an item.
pub(super) const fn is_revocation(error: &QuoteError) -> bool {
    match error {
        QuoteError::Chain(error) | QuoteError::Collateral(CollateralError::Chain(error)) => {
            matches!(error.fault, ChainFault::Revoked { .. })
        }
        _ => false,
    }
}
