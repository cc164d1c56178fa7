//! What all verdicts of one run rest on beside the evidence: the trust root, and the collateral of the judging side
//! with one memory.

mod saved;

pub use saved::{lists_only, only, unreadable};

use crate::memory::{Known, Memories};
use crate::{Request, inputs};
use saved::{LISTS, lists_beside, lists_of, marked, part_of};
use std::sync::Arc;
use veritee_model::evidence::{RecordedBy, RecordedCollateral};
use veritee_model::report::Input;
use veritee_model::{Budget, Evidence, Item};
use veritee_policy::Policy;
use veritee_quote::{
    Collateral, CollateralError, Damaged, Expiry, KnownCollateral, Origin, Quote, Source, Statistics,
    TrustRoot, Verifier,
};

/// Collateral under one root, verified once, for any number of evidences.
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
    /// The same as a report lists them.
    inputs: Vec<Input>,
    /// The same as evidence that is saved has them: without what was not looked at.
    saved: Vec<RecordedCollateral>,
    memory: Arc<Memories>,
    /// Names what is known: another one whenever that changes.
    state: u64,
}

impl Clone for Grounds {
    /// What is known, with a share in the memory, where neither finds what rests on what only the other knows.
    fn clone(&self) -> Self {
        self.with(self.verifier.known().clone(), self.saved.clone())
    }
}

/// Whether collateral that has expired is let through, and named.
const fn expiry_under(policy: &Policy) -> Expiry {
    if policy.collateral.allow_expired { Expiry::Report } else { Expiry::Enforce }
}

impl Grounds {
    /// No collateral yet. `policy` is that of most requests: one that lets expired collateral pass, or does not, otherwise than
    /// this one is judged by itself all the same, at the cost of a copy.
    #[must_use]
    pub fn new(root: &TrustRoot, policy: &Policy, budget: &Budget) -> Self {
        let expiry = expiry_under(policy);
        let memory = Arc::new(Memories::new(budget));
        let verifier = Verifier::sharing(KnownCollateral::new(root, budget), expiry, &memory.hosts);
        let state = memory.state();
        Self { verifier, items: Vec::new(), inputs: Vec::new(), saved: Vec::new(), memory, state }
    }

    /// The same knowledge under the policy of a request, where that says something else of what has expired: grounds outlive
    /// one request, and what counts is the policy that is judged by.
    pub(crate) fn under(&self, policy: &Policy) -> Option<Self> {
        let expiry = expiry_under(policy);
        let differs = expiry != self.verifier.expiry();
        differs.then(|| self.with_expiry(self.known().clone(), self.saved.clone(), expiry))
    }

    /// Other knowledge, the same memory.
    fn with(&self, known: KnownCollateral, saved: Vec<RecordedCollateral>) -> Self {
        self.with_expiry(known, saved, self.verifier.expiry())
    }

    fn with_expiry(&self, known: KnownCollateral, saved: Vec<RecordedCollateral>, expiry: Expiry) -> Self {
        let verifier = Verifier::sharing(known, expiry, &self.memory.hosts);
        let (items, inputs, memory) = (self.items.clone(), self.inputs.clone(), Arc::clone(&self.memory));
        Self { verifier, items, inputs, saved, memory, state: self.memory.state() }
    }

    /// The only way in which what is known changes: what rests on less is not found any more.
    fn learn_by<T>(&mut self, add: impl FnOnce(&mut KnownCollateral) -> T) -> T {
        self.state = self.memory.state();
        self.verifier.learn(add)
    }

    fn save(&mut self, given_by: RecordedBy, item: Item) {
        self.saved.push(RecordedCollateral { given_by, item });
    }

    fn put(&mut self, item: Item, origin: Origin) {
        self.inputs.push(inputs::input("collateral", &item));
        self.items.push((item, origin));
    }

    /// Adds collateral of the judging side, in the form of [`Collateral::from_json`].
    pub fn give(&mut self, item: Item, origin: Origin) {
        self.learn_by(|known| known.add_json(&item.bytes, origin, &item.source));
        self.save(RecordedBy::Judge, item.clone());
        self.put(item, origin);
    }

    /// Adds what the lists of a set revoke, and nothing else of it. A set that names nothing new is not even listed among
    /// [`Self::items`].
    pub fn give_revocations(&mut self, item: Item, origin: Origin) {
        let Ok(collateral) = self.read(&item) else { return };
        let news = self.learn_by(|known| known.add_revocations(&collateral, origin, &item.source));
        if news {
            self.save(RecordedBy::Judge, part_of(&collateral, &LISTS, &item));
            self.put(item, origin);
        }
    }

    /// Adds these items of a set, and nothing else of it.
    pub fn give_only(&mut self, item: Item, items: &[Source], origin: Origin) {
        let Ok(collateral) = self.read(&item) else { return };
        self.learn_by(|known| known.add_only(&collateral, items, origin, &item.source));
        self.save(RecordedBy::Judge, part_of(&collateral, items, &item));
        self.put(item, origin);
    }

    /// Keeps that an item was given that cannot be read: it is damaged, and nobody else's stands in its place.
    pub fn give_unreadable(&mut self, item: &Item, source: Source, origin: Origin) {
        self.learn_by(|known| known.add_unreadable(&item.bytes, source, origin, &item.source));
        self.save(RecordedBy::Judge, unreadable(source, item));
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
        all.give_all(evidence.own_collateral().map(|item| (item.clone(), Origin::Caller)));
        all
    }

    /// The same with the TCB info and QE identity of this set alone, or of none: what everybody else gave counts for
    /// its lists. For a verdict under an evaluation that was asked for by name, which the newest must not displace.
    #[must_use]
    pub fn under_set(&self, set: Option<(Item, Origin)>, evidence: &Evidence) -> Self {
        let mut only = self.verifier.known().without_documents();
        let mut saved: Vec<RecordedCollateral> =
            self.saved.iter().filter_map(|recorded| lists_of(recorded, self.known().budget())).collect();
        for (item, origin) in marked(evidence) {
            if let Ok(collateral) = self.read(item) {
                only.add_revocations(&collateral, origin, &item.source);
            }
        }
        if let Some((item, origin)) = &set {
            only.add_json(&item.bytes, *origin, &item.source);
            saved.push(RecordedCollateral { given_by: RecordedBy::Judge, item: item.clone() });
        }
        let mut all = self.with(only, saved);
        if let Some((item, origin)) = set {
            all.put(item, origin);
        }
        all
    }

    /// Adds what the collateral inside an evidence says of revocations, that of the machines it links to at any depth
    /// included, and nothing else of it: the evidence of one machine is no judge of another. True when something was new.
    pub fn learn(&mut self, evidence: &Evidence) -> bool {
        let mut news = false;
        for item in evidence.all_collateral() {
            if let Ok(collateral) = self.read(item) {
                let new = self.verifier.learn_revocations(&collateral, &item.source);
                if new {
                    self.save(RecordedBy::Bystander, part_of(&collateral, &LISTS, item));
                }
                news |= new;
            }
        }
        if news {
            self.state = self.memory.state();
        }
        news
    }

    /// The same with what the machines inside this evidence say of revocations, where that is new: it holds for each of
    /// them, whichever is judged. `None` where nothing is to be learnt.
    pub(crate) fn with_links(&self, evidence: &Evidence) -> Option<Self> {
        if evidence.kms.is_none() && evidence.gateway.is_none() {
            return None;
        }
        let mut known = self.known().clone();
        let mut news = false;
        for item in evidence.all_collateral() {
            if let Ok(collateral) = self.read(item) {
                news |= known.add(&collateral, Origin::Bystander, &item.source);
            }
        }
        news.then(|| self.with(known, self.saved.clone()))
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

    /// The evidence with everything that a verdict on it by these grounds rests on, so that it can be repeated: what the
    /// judging side has beside what the machine brought, each marked.
    #[must_use]
    pub fn recorded_in(&self, evidence: &Evidence) -> Evidence {
        let mut whole = evidence.clone();
        self.saved.iter().for_each(|saved| whole.record(saved.given_by, saved.item.clone()));
        whole
    }

    /// [`Self::recorded_in`] for grounds that [`Self::under_set`] has made: of what the evidence carries its lists alone
    /// have counted.
    #[must_use]
    pub fn recorded_as_set_in(&self, evidence: &Evidence) -> Evidence {
        let mut lists = evidence.clone();
        lists.drop_collateral();
        for item in &evidence.collateral {
            lists.collateral.extend(self.read(item).ok().map(|read| lists_beside(&read, item)));
        }
        let budget = *self.known().budget();
        for recorded in evidence.recorded_collateral.iter().filter_map(|recorded| lists_of(recorded, &budget))
        {
            lists.record(recorded.given_by, recorded.item);
        }
        self.recorded_in(&lists)
    }

    /// The same as a report lists them.
    pub(crate) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    pub(crate) fn memory(&self) -> &Memories {
        &self.memory
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

    /// Bytes that are occupied by what is remembered, within [`Budget::memory_bytes`].
    #[must_use]
    pub fn remembered_bytes(&self) -> usize {
        self.memory.bytes()
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

    /// The PCK chains by which the verdict on this evidence may rest on a host, as PEM: those of its quote, of the quote
    /// that its certificate carries, and the same of the machines that are followed from it. What a revocation that comes to
    /// light later is to be held against.
    #[must_use]
    pub fn pck_chains(&self, request: &Request<'_>) -> Vec<Vec<u8>> {
        let mut chains = Vec::new();
        self.add_pck_chains(request, crate::links::DEPTH, &mut chains);
        chains.dedup();
        chains
    }

    fn add_pck_chains(&self, request: &Request<'_>, depth: u8, chains: &mut Vec<Vec<u8>>) {
        let evidence = request.evidence;
        let quote =
            evidence.quote.as_ref().and_then(|item| Quote::parse_within(&item.bytes, request.budget).ok());
        let quotes: Vec<Quote> =
            quote.into_iter().chain(crate::binding::certificate_quote(request)).collect();
        let known = self.known_for(request);
        let known = known.verifier().known();
        chains.extend(quotes.iter().flat_map(|quote| known.pck_chains_of(quote)));
        let Some(depth) = depth.checked_sub(1) else { return };
        for linked in [&evidence.kms, &evidence.gateway].into_iter().flatten() {
            self.add_pck_chains(&Request { evidence: linked, ..*request }, depth, chains);
        }
    }

    pub(crate) const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Everything known for this evidence: what stands in it beside what the judging side has.
    pub(crate) fn known_for<'a>(&'a self, request: &Request<'a>) -> Known<'a> {
        if request.evidence.has_no_collateral() {
            return Known::of_judge(&self.verifier);
        }
        Known::with_carried(self, &marked(request.evidence), self.state)
    }
}
