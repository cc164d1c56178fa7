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
use veritee_quote::{
    Collateral, CollateralError, Damaged, Expiry, KnownCollateral, Origin, Quote, QuoteError, Source,
    Statistics, TrustRoot, Verifier,
};

/// Collateral under one root, verified once, for any number of evidences and policies: what a policy says of collateral
/// that has expired is asked of the policy of each [`Request`].
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
    /// What of the judging side's store cannot be used, and what is wrong with it.
    faults: Vec<(String, String)>,
    memory: Arc<Memories>,
    /// Names what is known: another one whenever that changes.
    state: u64,
}

/// A verifier that shares this memory. Whoever asks it says what holds of collateral that has expired
/// of its own request's policy; what it would do by itself is the strict thing.
pub(crate) fn verifier(known: KnownCollateral, memory: &Memories) -> Verifier {
    Verifier::sharing(known, Expiry::Enforce, &memory.hosts)
}

impl Clone for Grounds {
    /// What is known, with a share in the memory, where neither finds what rests on what only the other knows.
    fn clone(&self) -> Self {
        self.with(self.verifier.known().clone(), self.saved.clone())
    }
}

impl Grounds {
    /// No collateral yet.
    #[must_use]
    pub fn new(root: &TrustRoot, budget: &Budget) -> Self {
        let memory = Arc::new(Memories::new(budget));
        let verifier = verifier(KnownCollateral::new(root, budget), &memory);
        let state = memory.state();
        let (items, inputs, saved, faults) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { verifier, items, inputs, saved, faults, memory, state }
    }

    /// Other knowledge, the same memory.
    fn with(&self, known: KnownCollateral, saved: Vec<RecordedCollateral>) -> Self {
        let verifier = verifier(known, &self.memory);
        let (items, inputs, memory) = (self.items.clone(), self.inputs.clone(), Arc::clone(&self.memory));
        let (faults, state) = (self.faults.clone(), self.memory.state());
        Self { verifier, items, inputs, saved, faults, memory, state }
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
        let Some(collateral) = self.read_lists(&item) else { return };
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

    /// Keeps that a file of the judging side's store cannot be used: every report says so. What it held may be had again,
    /// so nothing is refused for it.
    pub fn give_fault(&mut self, file: String, what: String) {
        if self.faults.iter().all(|(known, _)| *known != file) {
            self.faults.push((file, what));
        }
    }

    /// Keeps that the judging side's store has lost lists that it had kept because nothing else in it revoked the same. That
    /// a machine is not revoked is not known then, and no verdict says so.
    pub fn lose(&mut self, file: String, what: &str) {
        self.state = self.memory.state();
        self.save(RecordedBy::Lost, Item::new(what.as_bytes().to_vec(), file));
    }

    /// What was lost ([`Self::lose`]), here or by whoever saved this evidence.
    pub(crate) fn lost_for<'a>(&'a self, evidence: &'a Evidence) -> impl Iterator<Item = &'a Item> {
        let own = self.saved.iter().filter(|saved| saved.given_by == RecordedBy::Lost);
        own.map(|saved| &saved.item).chain(evidence.lost_collateral())
    }

    /// What of the judging side's store cannot be used ([`Self::give_fault`]).
    pub(crate) fn faults(&self) -> &[(String, String)] {
        &self.faults
    }

    fn read(&self, item: &Item) -> Result<Collateral, CollateralError> {
        Collateral::from_json_within(&item.bytes, self.known().budget())
    }

    /// Of a set that is not whole its lists.
    fn read_lists(&self, item: &Item) -> Option<Collateral> {
        let lists = || Collateral::lists_from_json_within(&item.bytes, self.known().budget());
        self.read(item).ok().or_else(lists)
    }

    /// [`Self::give`] for a set with its origin, where there is one.
    pub fn give_all(&mut self, set: impl IntoIterator<Item = (Item, Origin)>) {
        for (item, origin) in set {
            self.give(item, origin);
        }
    }

    /// The same with what an evidence carries, as if the judging side had given it.
    fn with_carried(&self, evidence: &Evidence) -> Self {
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
            if let Some(collateral) = self.read_lists(item) {
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
            if let Some(collateral) = self.read_lists(item) {
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
            if let Some(collateral) = self.read_lists(item) {
                news |= known.add_revocations(&collateral, Origin::Bystander, &item.source);
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
            lists.collateral.extend(self.read_lists(item).map(|read| lists_beside(&read, item)));
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
        error.is_some_and(|error| is_lacking(&error))
    }

    /// [`Self::lacks`] with what the evidence carries as if the judging side had given it. What is verified for this is
    /// remembered for the verdict on the evidence.
    #[must_use]
    pub fn lacks_beside(&self, evidence: &Evidence, quote: &Quote, as_of: veritee_model::UnixTime) -> bool {
        // Of what others of an earlier run had, a verdict reads the lists alone.
        if evidence.recorded_collateral.iter().any(|recorded| recorded.given_by == RecordedBy::Bystander) {
            return self.with_carried(evidence).lacks(quote, as_of);
        }
        let known = Known::with_carried(self, &marked(evidence), self.state);
        let error = known.verifier().known().collateral_error_if_given(quote, as_of, Expiry::Enforce);
        error.is_some_and(|error| is_lacking(&error))
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

    /// Everything known for this evidence: what stands in it beside what the judging side has.
    pub(crate) fn known_for<'a>(&'a self, request: &Request<'a>) -> Known<'a> {
        if request.evidence.has_no_collateral() {
            return Known::of_judge(&self.verifier);
        }
        Known::with_carried(self, &marked(request.evidence), self.state)
    }
}

/// What somebody else may have: it is not there, or not in force.
fn is_lacking(error: &QuoteError) -> bool {
    let reason = error.reason();
    reason.is_expiry() || reason.class() == veritee_quote::ReasonClass::Undecided
}
