//! All collateral that is known in one run, item by item, and which of it decides about a quote.
//!
//! # The rules
//!
//! 1. **Items, not files.** A set is taken apart: TCB info, QE identity, PCK list, root list, each with the chain of
//!    its signer, each verified on its own under the root. Two of them need not have come together.
//! 2. **The newest in force decides**, of each kind apart: for TCB info and QE identity by their own evaluation
//!    number, then their date of issue; for lists, which stand by issuer, by CRLNumber, then thisUpdate. What has
//!    expired decides only where nothing of its kind is in force, whatever its number; what is not in force yet
//!    never does.
//! 3. **Every revocation counts**: of any genuine list, of any age, in force or not, from whomever, whatever stood
//!    beside it. It is held against the PCK, its CA, the root of every chain, and the signers of items; what a
//!    revoked signer has signed is not there to be chosen, whatever number it bears. Lists are signed by the root and
//!    by PCK CAs, and no list is needed to believe another, so one pass over all lists is the fixpoint.
//! 4. **Whoever is judged cannot choose its judge.** What the judged party brings is an item like any other, but
//!    where the judging side has given anything of that kind, three verdicts are made and the strictest counts: under
//!    the judging side's items and every known revocation ([`View::Judge`]), under everything ([`View::All`]), and
//!    under the judging side's items with no more revocations than its own lists name ([`View::Own`]). The last is
//!    for a list of the judged party's that names the signer of an item of the judging side's: the item is gone, and
//!    another of its kind, maybe a kinder one, would decide. Adding something from the judged party leaves the last
//!    verdict as it is, so it turns no refusal into a pass. It fills gaps, kind by kind: a kind of which the judging
//!    side has nothing for this platform, not even something that has expired or is damaged. A file of the judging
//!    side's that cannot be taken apart may have held any kind.
//! 5. **A verdict can be repeated.** What a judging side had is written into the evidence that it saves, marked as such
//!    ([`Origin::Recorded`]). Towards the judging side of another run it is the judged party's like everything in an
//!    evidence: anybody can write the mark. Among what came with one evidence it stands before what is not marked, by
//!    rules 3 and 4 as the judging side's stands before it: a kind that only the evidence has is decided by what is marked,
//!    and the strictest of the three verdicts counts. A mark on an item can only tighten: without it [`View::All`], which
//!    knows no marks, is the verdict.
//!
//! Order, names, number and duplicates of files change nothing: equal items are one, and ties are broken by digest.

pub(crate) mod chains;
mod choice;
mod deciding;
mod judge;
mod origin;

use chains::PckChain;
pub(crate) use choice::Wanted;
pub use deciding::{Deciding, DecidingItem};
pub(crate) use origin::Side;
pub use origin::{Origin, View};

use crate::collateral::{
    Chains, Collateral, Item, PckListItem, QeIdentityItem, RootListItem, TcbInfoItem, Under,
};
use crate::error::{CollateralError, Source};
use crate::pck::CaKind;
use crate::quote::Tee;
use crate::revocations::Revocations;
use crate::root::TrustRoot;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use veritee_base::{Budget, Fmspc, Sha256Digest};

/// An item that was given and is not genuine under the root, or a file that holds none.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damaged {
    /// Who gave it.
    pub origin: Origin,
    /// What it was called.
    pub name: String,
    /// Which item; `None` for a file that cannot be taken apart.
    pub source: Option<Source>,
    /// What is wrong with it.
    pub error: CollateralError,
    /// What it is about by its own, unverified words: it only tells whose gap it could have filled.
    about: About,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct About {
    tee: Option<Tee>,
    fmspc: Option<Fmspc>,
    ca: Option<CaKind>,
}

/// A genuine item with who gave it.
#[derive(Debug)]
struct Entry<T> {
    item: Arc<T>,
    digest: Sha256Digest,
    origin: Origin,
    name: Arc<str>,
    /// The set that it came in.
    set: Arc<Collateral>,
}

impl<T> Clone for Entry<T> {
    fn clone(&self) -> Self {
        Self {
            item: Arc::clone(&self.item),
            digest: self.digest,
            origin: self.origin,
            name: Arc::clone(&self.name),
            set: Arc::clone(&self.set),
        }
    }
}

/// Damaged items that are remembered: a list of more helps nobody, and anybody can write any number of them.
const MOST_DAMAGED: usize = 1024;

/// A damaged item with the set that it came in.
#[derive(Debug, Clone)]
struct DamagedEntry {
    damaged: Arc<Damaged>,
    set: Option<Arc<Collateral>>,
}

/// Collateral of any number of sets, verified item by item under one root. Cheap to clone.
///
/// What each call costs: [`Self::add`] the signatures of what is new in the set, up to six; a verdict three more. The
/// parts of every set are kept as they came, so that what decided can be written down.
#[derive(Debug, Clone)]
pub struct KnownCollateral {
    root: TrustRoot,
    budget: Budget,
    tcb_infos: Vec<Entry<TcbInfoItem>>,
    qe_identities: Vec<Entry<QeIdentityItem>>,
    pck_lists: Vec<Entry<PckListItem>>,
    root_lists: Vec<Entry<RootListItem>>,
    /// Those that came with collateral, for quotes that carry none.
    pck_chains: Vec<Entry<PckChain>>,
    damaged: BTreeMap<(Origin, Sha256Digest), DamagedEntry>,
    revocations: Arc<Revocations>,
    /// Those among them that lists of the judging side name; the very same where nobody else named more.
    judges_revocations: Arc<Revocations>,
    /// Those that the judging side's lists or recorded ones name; likewise.
    recorded_revocations: Arc<Revocations>,
    chains: Chains,
    /// Lists of bystanders that named nothing new: the next evidence mostly brings the same ones.
    barren: BTreeSet<Sha256Digest>,
}

/// Lists that are remembered for having named nothing new.
const MOST_BARREN: usize = 4096;

impl KnownCollateral {
    /// Nothing known yet.
    #[must_use]
    pub fn new(root: &TrustRoot, budget: &Budget) -> Self {
        let revocations: Arc<Revocations> = Arc::default();
        Self {
            root: root.clone(),
            budget: *budget,
            tcb_infos: Vec::new(),
            qe_identities: Vec::new(),
            pck_lists: Vec::new(),
            root_lists: Vec::new(),
            pck_chains: Vec::new(),
            damaged: BTreeMap::new(),
            judges_revocations: Arc::clone(&revocations),
            recorded_revocations: Arc::clone(&revocations),
            revocations,
            chains: Chains::default(),
            barren: BTreeSet::new(),
        }
    }

    /// The root that everything is verified under.
    #[must_use]
    pub const fn root(&self) -> &TrustRoot {
        &self.root
    }

    /// The limits on what is read.
    #[must_use]
    pub const fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Whether nothing is known, genuine or not.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tcb_infos.is_empty()
            && self.qe_identities.is_empty()
            && self.pck_lists.is_empty()
            && self.root_lists.is_empty()
            && self.damaged.is_empty()
    }

    /// How many genuine items are known.
    #[must_use]
    pub fn items(&self) -> usize {
        [self.tcb_infos.len(), self.qe_identities.len(), self.pck_lists.len(), self.root_lists.len()]
            .into_iter()
            .fold(self.pck_chains.len(), usize::saturating_add)
    }

    /// Whether something that came with the evidence is among it: only then can the two views differ.
    #[must_use]
    pub fn has_judged(&self) -> bool {
        let judged = Origin::is_of_evidence;
        self.tcb_infos.iter().any(|entry| judged(entry.origin))
            || self.qe_identities.iter().any(|entry| judged(entry.origin))
            || self.pck_lists.iter().any(|entry| judged(entry.origin))
            || self.root_lists.iter().any(|entry| judged(entry.origin))
            || self.pck_chains.iter().any(|entry| judged(entry.origin))
    }

    /// How many certificates are known to be revoked.
    #[must_use]
    pub fn revoked_certificates(&self) -> usize {
        self.revocations.len()
    }

    /// How many of the items known are under a revoked certificate.
    #[must_use]
    pub fn revoked_items(&self) -> usize {
        fn count<T: Item>(entries: &[Entry<T>], known: &KnownCollateral) -> usize {
            let revoked = |entry: &&Entry<T>| entry.item.revoked(&known.root, &known.revocations).is_some();
            entries.iter().filter(revoked).count()
        }
        [
            count(&self.tcb_infos, self),
            count(&self.qe_identities, self),
            count(&self.pck_lists, self),
            count(&self.root_lists, self),
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }

    /// The same without TCB info and QE identity: every list, every revocation, and the PCK chains.
    #[must_use]
    pub fn without_documents(&self) -> Self {
        let is_list =
            |entry: &DamagedEntry| matches!(entry.damaged.source, Some(Source::PckCrl | Source::RootCaCrl));
        let mut lists = self.clone();
        lists.tcb_infos.clear();
        lists.qe_identities.clear();
        lists.damaged.retain(|_, entry| is_list(entry));
        lists
    }

    /// The same, what came with the evidence under the judging side's name. For [`View::Judge`] alone: it holds every
    /// revocation against everything, so which side's lists name it is left as it was.
    fn as_if_given(&self) -> Self {
        fn give<T>(entries: &mut [Entry<T>]) {
            for entry in entries.iter_mut().filter(|entry| entry.origin.is_of_evidence()) {
                entry.origin = Origin::Caller;
            }
        }
        let mut given = self.clone();
        give(&mut given.tcb_infos);
        give(&mut given.qe_identities);
        give(&mut given.pck_lists);
        give(&mut given.root_lists);
        give(&mut given.pck_chains);
        given.damaged.clear();
        for ((origin, digest), entry) in &self.damaged {
            let origin = if origin.is_of_evidence() { Origin::Caller } else { *origin };
            let damaged = Arc::new(Damaged { origin, ..Damaged::clone(&entry.damaged) });
            given
                .damaged
                .entry((origin, *digest))
                .or_insert(DamagedEntry { damaged, set: entry.set.clone() });
        }
        given
    }

    /// Keeps what a list revokes, for everybody and for each side that it counts for; true when it was new to everybody.
    fn revoke(&mut self, origin: Origin, add: impl Fn(&mut Revocations) -> bool) -> bool {
        let mut done: Vec<(Arc<Revocations>, Arc<Revocations>)> = Vec::with_capacity(3);
        let mut news = false;
        for (holder, known) in [
            (Side::Judged, &mut self.revocations),
            (Side::Recorded, &mut self.recorded_revocations),
            (Side::Judge, &mut self.judges_revocations),
        ] {
            if holder < Side::Judged && origin.side() > holder {
                break;
            }
            // What was one stays one.
            if let Some((_, grown)) = done.iter().find(|(before, _)| Arc::ptr_eq(before, known)) {
                *known = Arc::clone(grown);
                continue;
            }
            let before = Arc::clone(known);
            let mut grown = Revocations::clone(known);
            if add(&mut grown) {
                *known = Arc::new(grown);
                news |= holder == Side::Judged;
            }
            done.push((before, Arc::clone(known)));
        }
        news
    }

    /// What the lists of this side, and of those who stand before it, revoke.
    fn revoked_by(&self, side: Side) -> &Arc<Revocations> {
        match side {
            Side::Judge => &self.judges_revocations,
            Side::Recorded => &self.recorded_revocations,
            Side::Judged | Side::Bystander => &self.revocations,
        }
    }

    /// What is held against an item of this origin in this view.
    fn held_against(&self, origin: Origin, view: View) -> &Arc<Revocations> {
        if view == View::Own { self.revoked_by(origin.side()) } else { &self.revocations }
    }

    /// What is held against the quote's own chain in this view.
    fn held_against_chains(&self, view: View) -> &Arc<Revocations> {
        if view == View::Own { &self.recorded_revocations } else { &self.revocations }
    }

    /// Whether an item is gone in the other views that stands in [`View::Own`].
    fn has_taken_away(&self) -> bool {
        fn any<T: Item>(entries: &[Entry<T>], known: &KnownCollateral) -> bool {
            entries.iter().filter(|entry| entry.origin.side() < Side::Judged).any(|entry| {
                let revoked = |by: &Revocations| entry.item.revoked(&known.root, by).is_some();
                revoked(&known.revocations) && !revoked(known.revoked_by(entry.origin.side()))
            })
        }
        !Arc::ptr_eq(&self.revocations, &self.judges_revocations)
            && (any(&self.tcb_infos, self)
                || any(&self.qe_identities, self)
                || any(&self.pck_lists, self)
                || any(&self.root_lists, self))
    }

    /// Whether a verdict in this view can differ from the one in [`View::Judge`].
    fn can_differ(&self, view: View) -> bool {
        match view {
            View::Judge => false,
            View::All => self.has_judged(),
            View::Own => self.has_taken_away(),
        }
    }

    /// What was given and could not be used, each once, in an order that no order of giving changes.
    pub fn damaged(&self) -> impl Iterator<Item = &Damaged> {
        self.damaged.values().map(|entry| &*entry.damaged)
    }

    /// Takes one set apart and keeps what is genuine in it; what is not is kept as [`Damaged`]. True when a
    /// revocation was new.
    pub fn add(&mut self, collateral: &Collateral, origin: Origin, name: &str) -> bool {
        let set = Arc::new(collateral.clone());
        let name: Arc<str> = Arc::from(name);
        let given = Given { set: &set, origin, name: &name };
        let news = self.add_lists(&given);
        if origin != Origin::Bystander {
            self.add_documents(&given);
            self.add_pck_chain(&given);
        }
        news
    }

    /// [`Self::add`] for the lists of a set and its PCK chain: TCB info and QE identity in it are not looked at. True when
    /// a revocation or a chain was new.
    pub fn add_revocations(&mut self, collateral: &Collateral, origin: Origin, name: &str) -> bool {
        let set = Arc::new(collateral.clone());
        let name: Arc<str> = Arc::from(name);
        let given = Given { set: &set, origin, name: &name };
        let chains = self.pck_chains.len();
        if origin != Origin::Bystander {
            self.add_pck_chain(&given);
        }
        // A list that is not there is not a damaged one: here a set may hold one of the two, or none.
        let parts = given.set.parts();
        let of_pck_ca = !parts.pck_crl.is_empty() && self.add_pck_list(&given);
        let of_root = !parts.root_ca_crl.is_empty() && self.add_root_list(&given);
        of_pck_ca || of_root || self.pck_chains.len() > chains
    }

    /// [`Self::add`] for these items of a set and no other: the rest of it is not there, and so not damaged. True when a
    /// revocation was new.
    pub fn add_only(
        &mut self,
        collateral: &Collateral,
        items: &[Source],
        origin: Origin,
        name: &str,
    ) -> bool {
        let set = Arc::new(collateral.clone());
        let name: Arc<str> = Arc::from(name);
        let given = Given { set: &set, origin, name: &name };
        let mut news = false;
        for item in items {
            match item {
                Source::PckCrl => news |= self.add_pck_list(&given),
                Source::RootCaCrl => news |= self.add_root_list(&given),
                Source::TcbInfo if origin != Origin::Bystander => self.add_tcb_info(&given),
                Source::QeIdentity if origin != Origin::Bystander => self.add_qe_identity(&given),
                Source::PckChainInCollateral if origin != Origin::Bystander => self.add_pck_chain(&given),
                _ => {}
            }
        }
        news
    }

    /// Keeps that an item was given that cannot be read: what is given and damaged leaves no gap for anybody else's.
    pub fn add_unreadable(&mut self, bytes: &[u8], source: Source, origin: Origin, name: &str) {
        let digest = digest_of(&[source.name().as_bytes(), bytes]);
        let (name, error, about) = (name.to_owned(), CollateralError::Encoding { source }, About::default());
        let damaged = Damaged { origin, name, source: Some(source), error, about };
        self.put_damaged(damaged, digest, None);
    }

    /// [`Self::add`] for a file in the form of [`Collateral::from_json`]. True when a revocation was new.
    pub fn add_json(&mut self, json: &[u8], origin: Origin, name: &str) -> bool {
        match Collateral::from_json_within(json, &self.budget) {
            Ok(collateral) => self.add(&collateral, origin, name),
            Err(error) => {
                let digest = Sha256Digest::of(json);
                let damaged =
                    Damaged { origin, name: name.to_owned(), source: None, error, about: About::default() };
                self.put_damaged(damaged, digest, None);
                let lists = Collateral::lists_from_json_within(json, &self.budget);
                lists.is_some_and(|lists| self.add_revocations(&lists, origin, name))
            }
        }
    }

    fn add_documents(&mut self, given: &Given<'_>) {
        self.add_tcb_info(given);
        self.add_qe_identity(given);
    }

    fn add_tcb_info(&mut self, given: &Given<'_>) {
        let parts = given.set.parts();
        if is_absent(&parts.tcb_info) {
            return;
        }
        let under = Under { root: &self.root, budget: &self.budget };
        let digest = digest_of(&[
            Source::TcbInfo.name(),
            &parts.tcb_info,
            &parts.tcb_info_signature,
            &parts.tcb_info_issuer_chain,
        ]);
        if !taken(&mut self.tcb_infos, digest, given) {
            match TcbInfoItem::verify(parts, under, &mut self.chains) {
                Ok(item) => put(&mut self.tcb_infos, item, digest, given),
                Err(error) => {
                    let about = About { tee: given.set.tee(), fmspc: given.set.fmspc(), ca: None };
                    self.put_damaged(given.damaged(Source::TcbInfo, error, about), digest, Some(given.set));
                }
            }
        }
    }

    fn add_qe_identity(&mut self, given: &Given<'_>) {
        let parts = given.set.parts();
        if is_absent(&parts.qe_identity) {
            return;
        }
        let under = Under { root: &self.root, budget: &self.budget };
        let digest = digest_of(&[
            Source::QeIdentity.name(),
            &parts.qe_identity,
            &parts.qe_identity_signature,
            &parts.qe_identity_issuer_chain,
        ]);
        if !taken(&mut self.qe_identities, digest, given) {
            match QeIdentityItem::verify(parts, under, &mut self.chains) {
                Ok(item) => put(&mut self.qe_identities, item, digest, given),
                Err(error) => {
                    let about = About { tee: identity_tee(&parts.qe_identity), fmspc: None, ca: None };
                    self.put_damaged(
                        given.damaged(Source::QeIdentity, error, about),
                        digest,
                        Some(given.set),
                    );
                }
            }
        }
    }

    /// The chain's own signatures are left to the quote that is judged by it.
    fn add_pck_chain(&mut self, given: &Given<'_>) {
        let source = Source::PckChainInCollateral;
        let text = given.set.parts().pck_certificate_chain.as_deref().filter(|text| !text.is_empty());
        let Some(text) = text else { return };
        let digest = digest_of(&[source.name(), text]);
        if taken(&mut self.pck_chains, digest, given) {
            return;
        }
        match PckChain::read(text, &self.budget) {
            Ok(chain) => put(&mut self.pck_chains, chain, digest, given),
            Err(error) => {
                self.put_damaged(given.damaged(source, error, About::default()), digest, Some(given.set));
            }
        }
    }

    fn add_lists(&mut self, given: &Given<'_>) -> bool {
        let of_pck_ca = self.add_pck_list(given);
        self.add_root_list(given) || of_pck_ca
    }

    fn add_pck_list(&mut self, given: &Given<'_>) -> bool {
        let parts = given.set.parts();
        if given.lacks_list(&parts.pck_crl) {
            return false;
        }
        let mut news = false;
        let under = Under { root: &self.root, budget: &self.budget };
        let digest = digest_of(&[
            Source::PckCrl.name().as_bytes(),
            &parts.pck_crl,
            parts.pck_crl_issuer_chain.as_bytes(),
        ]);
        if taken(&mut self.pck_lists, digest, given) {
            // Somebody else may have given it first.
            let known = self.pck_lists.iter().find(|entry| entry.digest == digest);
            if let (true, Some(item)) =
                (given.origin.side() < Side::Judged, known.map(|entry| Arc::clone(&entry.item)))
            {
                self.revoke(given.origin, |known| known.add_pck_list(&item));
            }
        } else if !self.is_barren(digest, given) {
            match PckListItem::verify(parts, under, &mut self.chains) {
                Ok(item) => {
                    let new = self.revoke(given.origin, |known| known.add_pck_list(&item));
                    if given.origin != Origin::Bystander || new {
                        put(&mut self.pck_lists, item, digest, given);
                    } else if self.barren.len() < MOST_BARREN {
                        self.barren.insert(digest);
                    }
                    news |= new;
                }
                Err(error) => {
                    let about = About { tee: None, fmspc: None, ca: given.set.ca() };
                    self.put_damaged(given.damaged(Source::PckCrl, error, about), digest, Some(given.set));
                }
            }
        }
        news
    }

    fn add_root_list(&mut self, given: &Given<'_>) -> bool {
        let parts = given.set.parts();
        if given.lacks_list(&parts.root_ca_crl) {
            return false;
        }
        let mut news = false;
        let under = Under { root: &self.root, budget: &self.budget };
        let digest = digest_of(&[Source::RootCaCrl.name().as_bytes(), &parts.root_ca_crl]);
        if taken(&mut self.root_lists, digest, given) {
            // Somebody else may have given it first.
            let known = self.root_lists.iter().find(|entry| entry.digest == digest);
            if let (true, Some(item)) =
                (given.origin.side() < Side::Judged, known.map(|entry| Arc::clone(&entry.item)))
            {
                self.revoke(given.origin, |known| known.add_root_list(&item));
            }
        } else if !self.is_barren(digest, given) {
            match RootListItem::verify(parts, under) {
                Ok(item) => {
                    let new = self.revoke(given.origin, |known| known.add_root_list(&item));
                    if given.origin != Origin::Bystander || new {
                        put(&mut self.root_lists, item, digest, given);
                    } else if self.barren.len() < MOST_BARREN {
                        self.barren.insert(digest);
                    }
                    news |= new;
                }
                Err(error) => {
                    let damaged = given.damaged(Source::RootCaCrl, error, About::default());
                    self.put_damaged(damaged, digest, Some(given.set));
                }
            }
        }
        news
    }

    fn is_barren(&self, digest: Sha256Digest, given: &Given<'_>) -> bool {
        given.origin == Origin::Bystander && self.barren.contains(&digest)
    }

    /// What a bystander has damaged concerns nobody here.
    fn put_damaged(&mut self, damaged: Damaged, digest: Sha256Digest, set: Option<&Arc<Collateral>>) {
        if damaged.origin == Origin::Bystander {
            return;
        }
        let key = (damaged.origin, digest);
        if self.damaged.get(&key).is_none_or(|known| damaged.name < known.damaged.name) {
            let entry = DamagedEntry { damaged: Arc::new(damaged), set: set.cloned() };
            self.damaged.insert(key, entry);
        }
        // The judging side's stand first: nobody else can crowd them out.
        if self.damaged.len() > MOST_DAMAGED {
            self.damaged.pop_last();
        }
    }
}

/// One set as it is given.
struct Given<'a> {
    set: &'a Arc<Collateral>,
    origin: Origin,
    name: &'a Arc<str>,
}

impl Given<'_> {
    /// What is recorded may be a part of a set: a list that is not there is not a damaged one.
    fn lacks_list(&self, list: &[u8]) -> bool {
        self.origin == Origin::Recorded && list.is_empty()
    }

    fn damaged(&self, source: Source, error: CollateralError, about: About) -> Damaged {
        let name = self.name.to_string();
        Damaged { origin: self.origin, name, source: Some(source), error, about }
    }
}

/// Whether the item is known. Of two who gave the same, the one nearer to the judge is remembered, and of two of the
/// same side the first name.
fn taken<T>(entries: &mut [Entry<T>], digest: Sha256Digest, given: &Given<'_>) -> bool {
    let Some(known) = entries.iter_mut().find(|entry| entry.digest == digest) else { return false };
    if given.origin != Origin::Bystander && (given.origin, given.name) < (known.origin, &known.name) {
        known.origin = given.origin;
        known.name = Arc::clone(given.name);
    }
    true
}

fn put<T>(entries: &mut Vec<Entry<T>>, item: T, digest: Sha256Digest, given: &Given<'_>) {
    entries.push(Entry {
        item: Arc::new(item),
        digest,
        origin: given.origin,
        name: Arc::clone(given.name),
        set: Arc::clone(given.set),
    });
}

/// Over the digests of the parts, so that no two lists of parts run into one another.
fn digest_of<T: AsRef<[u8]>>(parts: &[T]) -> Sha256Digest {
    let digests: Vec<u8> =
        parts.iter().flat_map(|part| *Sha256Digest::of(part.as_ref()).as_bytes()).collect();
    Sha256Digest::of(&digests)
}

/// A set that was made of lists alone has an empty object in a document's place. What is not there is not damaged.
fn is_absent(document: &str) -> bool {
    document.trim_ascii() == "{}"
}

/// Kind of TEE by an identity's own, unverified words.
fn identity_tee(text: &str) -> Option<Tee> {
    #[derive(serde::Deserialize)]
    struct Peek<'a> {
        #[serde(borrow)]
        id: std::borrow::Cow<'a, str>,
    }
    match serde_json::from_str::<Peek<'_>>(text).ok()?.id.as_ref() {
        "TD_QE" => Some(Tee::Tdx),
        "QE" => Some(Tee::Sgx),
        _ => None,
    }
}
