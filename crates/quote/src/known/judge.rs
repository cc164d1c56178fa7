//! A quote under what is known.

use super::chains::{ChainOf, LENGTH};
use super::choice::{Found, Wanted};
use super::{KnownCollateral, View};
use crate::collateral::Expiry;
use crate::error::{ChainError, ChainFault, CollateralError, QuoteError, Source, Stage};
use crate::facts::SourceDates;
use crate::quote::Quote;
use crate::reason::ReasonClass;
use crate::verified::VerifiedQuote;
use crate::x509::chain;
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
        let chain = self.chain_of(quote, view, as_of);
        if chain == ChainOf::Nobody {
            return Err(self.without_chain(quote, view, as_of));
        }
        self.verify_chained(quote, &chain, view, as_of, expiry)
    }

    /// What stands against a quote whose PCK chain nobody gave: the platform is not known, so it is only what is asked
    /// of every platform alike that can be damaged or revoked for it.
    fn without_chain(&self, quote: &Quote, view: View, as_of: UnixTime) -> QuoteError {
        let missing = QuoteError::PckChainMissing { certification: quote.certification().kind().number() };
        self.common_fault(quote, view, as_of).unwrap_or(missing)
    }

    fn common_fault(&self, quote: &Quote, view: View, as_of: UnixTime) -> Option<QuoteError> {
        let wanted = Wanted { tee: quote.tee(), platform: None };
        let identity = match self.find_qe_identity(&wanted, view, as_of) {
            found @ (Found::Revoked(..) | Found::Damaged(_)) => Some(self.unusable(&wanted, found)),
            _ => None,
        };
        identity.or_else(|| match self.find_root_list(view, as_of) {
            found @ (Found::Revoked(..) | Found::Damaged(_)) => Some(self.unusable(&wanted, found)),
            _ => None,
        })
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
        let views = self.other_views().filter(|view| self.differs(quote, *view, as_of));
        views.map(|view| (view, self.verify(quote, view, as_of, expiry))).collect()
    }

    /// The views in which a verdict can differ from the one in [`View::Judge`].
    pub(crate) fn other_views(&self) -> impl Iterator<Item = View> {
        [View::Own, View::All].into_iter().filter(|view| self.can_differ(*view))
    }

    /// Whether other items decide in this view than in [`View::Judge`].
    pub(crate) fn differs(&self, quote: &Quote, view: View, as_of: UnixTime) -> bool {
        let [judge, other] = [View::Judge, view].map(|view| {
            let chain = self.chain_of(quote, view, as_of);
            let set = self.choose_set(&self.wanted(quote, &chain), view, as_of);
            (chain, set)
        });
        match (judge, other) {
            ((judge, _), (other, _)) if judge != other => true,
            // Whatever decides about collateral, there is nothing that it could decide about.
            ((ChainOf::Nobody, _), _) => false,
            ((_, Ok(judge)), (_, Ok(other))) => !judge.is(&other),
            // Of two refusals the graver counts: what another view has revoked of the machine's own.
            ((_, Err(judge)), (_, Err(other))) => judge.reason().class() != other.reason().class(),
            _ => true,
        }
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
        let chain = self.chain_of(quote, view, as_of);
        let wanted = self.wanted(quote, &chain);
        if chain == ChainOf::Nobody {
            let missing = QuoteError::CollateralMissing { tee: quote.tee(), wanted: None };
            return Some(self.common_fault(quote, view, as_of).unwrap_or(missing));
        }
        match self.choose(&wanted, view, as_of, expiry, chain.given()) {
            Ok(prepared) => prepared.check_windows(as_of).err().map(QuoteError::Collateral),
            Err(error) => Some(error),
        }
    }

    /// [`Self::collateral_error`] as if the judging side had given what came with the evidence: what would be lacking then.
    /// Nothing is verified a second time for it.
    #[must_use]
    pub fn collateral_error_if_given(
        &self,
        quote: &Quote,
        as_of: UnixTime,
        expiry: Expiry,
    ) -> Option<QuoteError> {
        self.as_if_given().collateral_error(quote, View::Judge, as_of, expiry)
    }

    /// What shows the quote to be forged although no collateral can be used: a chain that does not come from the root, a
    /// signature that is not its signer's. Nothing where that much holds, which alone makes no quote genuine, nor where a
    /// chain is missing or cannot be read. Five signatures.
    #[must_use]
    pub fn contradiction(&self, quote: &Quote, view: View, as_of: UnixTime) -> Option<QuoteError> {
        let chain = self.chain_of(quote, view, as_of);
        crate::verification::contradiction(quote, chain.text(quote)?, &self.root, &self.budget)
    }

    /// Dates of what decides in this view, in force or not: seven sources, and the quote's PCK chain as it stands there,
    /// unverified, where it can be read. Empty where an item is missing or unusable.
    #[must_use]
    pub fn dates(&self, quote: &Quote, view: View, as_of: UnixTime) -> Vec<SourceDates> {
        let chain = self.chain_of(quote, view, as_of);
        let wanted = self.wanted(quote, &chain);
        let Ok(set) = self.choose_set(&wanted, view, as_of) else { return Vec::new() };
        let mut dates = set.sources();
        dates.extend(chain.text(quote).and_then(|(source, text)| {
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

    pub(super) fn wanted(&self, quote: &Quote, chain: &ChainOf) -> Wanted {
        let nothing = Wanted { tee: quote.tee(), platform: None };
        let Some((source, text)) = chain.text(quote) else { return nothing };
        match chain::decode(source, text, LENGTH, &self.budget) {
            Ok(decoded) => Wanted::of_chain(quote.tee(), source, &decoded),
            Err(_unreadable) => nothing,
        }
    }

    fn verify_chained(
        &self,
        quote: &Quote,
        chain: &ChainOf,
        view: View,
        as_of: UnixTime,
        expiry: Expiry,
    ) -> Result<VerifiedQuote, QuoteError> {
        let wanted = self.wanted(quote, chain);
        let verified = self
            .choose(&wanted, view, as_of, expiry, chain.given())
            .and_then(|prepared| prepared.verify(quote, as_of));
        verified.map_err(|error| {
            // A signer that is revoked makes its collateral unusable and says nothing of the host: a host that is revoked
            // is not hidden behind it.
            let of_host = is_revocation(&error) && error.reason().class() == ReasonClass::NotGenuine;
            if error.stage() > Stage::Collateral || of_host {
                return error;
            }
            let revoked = chain
                .text(quote)
                .and_then(|text| self.held_against_chains(view).of_pck_chain(text, &self.root, &self.budget));
            revoked.map_or(error, |error| QuoteError::Chain(error).placed(quote))
        })
    }
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
