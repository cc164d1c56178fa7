//! What all verdicts of one run rest on beside the evidence: the trust root, and the collateral of the judging side
//! with one memory.

use crate::Request;
use veritee_model::{Budget, Evidence, Item};
use veritee_policy::Policy;
use veritee_quote::{
    Collateral, CollateralError, Damaged, Expiry, KnownCollateral, Origin, Quote, Source, Statistics,
    TrustRoot, Verifier,
};

/// Collateral under one root and one policy, verified once, for any number of evidences.
///
/// What the judging side gives ([`Self::give`]) decides by the rules of [`KnownCollateral`]; what stands inside an
/// evidence is that evidence's own, and joins when it is judged. What one evidence of a run reveals of revocations
/// ([`Self::learn`]) holds for all that are judged after.
///
/// `Send` and `Sync`; judging takes `&self`.
#[derive(Debug)]
pub struct Grounds {
    verifier: Verifier,
    items: Vec<(Item, Origin)>,
}

impl Clone for Grounds {
    /// What is known, and nothing of what is remembered of hosts.
    fn clone(&self) -> Self {
        let verifier = Verifier::new(self.verifier.known().clone(), self.verifier.expiry());
        Self { verifier, items: self.items.clone() }
    }
}

impl Grounds {
    /// No collateral yet.
    #[must_use]
    pub fn new(root: &TrustRoot, policy: &Policy, budget: &Budget) -> Self {
        let expiry = if policy.collateral.allow_expired { Expiry::Report } else { Expiry::Enforce };
        Self { verifier: Verifier::new(KnownCollateral::new(root, budget), expiry), items: Vec::new() }
    }

    /// Adds collateral of the judging side, in the form of [`Collateral::from_json`].
    pub fn give(&mut self, item: Item, origin: Origin) {
        self.verifier.learn(|known| known.add_json(&item.bytes, origin, &item.source));
        self.items.push((item, origin));
    }

    /// Adds what the lists of a set revoke, and nothing else of it. A set that names nothing new is not even listed among
    /// [`Self::items`].
    pub fn give_revocations(&mut self, item: Item, origin: Origin) {
        let Ok(collateral) = self.read(&item) else { return };
        let news = self.verifier.learn(|known| known.add_revocations(&collateral, origin, &item.source));
        if news {
            self.items.push((item, origin));
        }
    }

    /// Adds these items of a set, and nothing else of it.
    pub fn give_only(&mut self, item: Item, items: &[Source], origin: Origin) {
        let Ok(collateral) = self.read(&item) else { return };
        self.verifier.learn(|known| known.add_only(&collateral, items, origin, &item.source));
        self.items.push((item, origin));
    }

    /// Keeps that an item was given that cannot be read: it is damaged, and nobody else's stands in its place.
    pub fn give_unreadable(&mut self, item: &Item, source: Source, origin: Origin) {
        self.verifier.learn(|known| known.add_unreadable(&item.bytes, source, origin, &item.source));
    }

    fn read(&self, item: &Item) -> Result<Collateral, CollateralError> {
        Collateral::from_json_within(&item.bytes, self.known().budget())
    }

    /// [`Self::give`] for a set with its origin, where there is one.
    pub fn give_all(&mut self, set: impl IntoIterator<Item = (Item, Origin)>) {
        for (item, origin) in set {
            self.give(item, origin);
        }
    }

    /// The same with what an evidence carries, as if the judging side had given it: only to ask what is lacking.
    #[must_use]
    pub fn with_carried(&self, evidence: &Evidence) -> Self {
        let mut all = self.clone();
        all.give_all(evidence.collateral.iter().map(|item| (item.clone(), Origin::Caller)));
        all
    }

    /// The same with the TCB info and QE identity of this set alone, or of none: what everybody else gave counts for
    /// its lists. For a verdict under an evaluation that was asked for by name, which the newest must not displace.
    #[must_use]
    pub fn under_set(&self, set: Option<(Item, Origin)>, evidence: &Evidence) -> Self {
        let mut only = self.verifier.known().without_documents();
        for item in &evidence.collateral {
            if let Ok(collateral) = self.read(item) {
                only.add_revocations(&collateral, Origin::Judged, &item.source);
            }
        }
        if let Some((item, origin)) = &set {
            only.add_json(&item.bytes, *origin, &item.source);
        }
        let mut items = self.items.clone();
        items.extend(set);
        Self { verifier: Verifier::new(only, self.verifier.expiry()), items }
    }

    /// Adds what the collateral inside an evidence says of revocations, and nothing else of it: the evidence of one
    /// machine is no judge of another. True when something was new.
    pub fn learn(&mut self, evidence: &Evidence) -> bool {
        let mut news = false;
        for item in &evidence.collateral {
            if let Ok(collateral) = self.read(item) {
                news |= self.verifier.learn_revocations(&collateral, &item.source);
            }
        }
        news
    }

    /// The root that everything is verified under.
    #[must_use]
    pub const fn root(&self) -> &TrustRoot {
        self.verifier.known().root()
    }

    /// The collateral of the judging side, and who gave each.
    #[must_use]
    pub fn items(&self) -> &[(Item, Origin)] {
        &self.items
    }

    /// What is known, item by item.
    #[must_use]
    pub const fn known(&self) -> &KnownCollateral {
        self.verifier.known()
    }

    /// What the judging side gave and cannot be used.
    pub fn damaged(&self) -> impl Iterator<Item = &Damaged> {
        self.verifier.known().damaged()
    }

    /// How often remembering helped.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.verifier.statistics()
    }

    /// Whether the judging side has everything that this quote needs, and in force at this time. What it has and is
    /// damaged or revoked is not lacking: the verdict must speak of it.
    #[must_use]
    pub fn lacks(&self, quote: &Quote, as_of: veritee_model::UnixTime) -> bool {
        let error = self.known().collateral_error(quote, veritee_quote::View::Judge, as_of, Expiry::Enforce);
        error.is_some_and(|error| {
            let reason = error.reason();
            reason.is_expiry() || reason.class() == veritee_quote::ReasonClass::Undecided
        })
    }

    /// The PCK chains by which the verdict on this evidence may rest on a host, as PEM: those of its quote, and of the
    /// quote that its certificate carries. What a revocation that comes to light later is to be held against.
    #[must_use]
    pub fn pck_chains(&self, request: &Request<'_>) -> Vec<Vec<u8>> {
        let evidence = request.evidence;
        let quote =
            evidence.quote.as_ref().and_then(|item| Quote::parse_within(&item.bytes, request.budget).ok());
        let quotes: Vec<Quote> =
            quote.into_iter().chain(crate::binding::certificate_quote(request)).collect();
        let own = self.known_for(request);
        let known = own.as_ref().unwrap_or_else(|| self.known());
        let mut chains: Vec<_> = quotes.iter().flat_map(|quote| known.pck_chains_of(quote)).collect();
        chains.dedup();
        chains
    }

    pub(crate) const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Everything known for this evidence: what stands in it beside what the judging side has.
    pub(crate) fn known_for(&self, request: &Request<'_>) -> Option<KnownCollateral> {
        let carried = &request.evidence.collateral;
        if carried.is_empty() {
            return None;
        }
        let mut known = self.verifier.known().clone();
        for item in carried {
            known.add_json(&item.bytes, Origin::Judged, &item.source);
        }
        Some(known)
    }
}
