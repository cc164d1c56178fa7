//! Which of the items known decide about a platform.

use super::{About, Damaged, DamagedEntry, Entry, KnownCollateral, Origin, Side, View};
use crate::collateral::{
    Expiry, Item, Number, PckListItem, QeIdentityItem, RootListItem, TcbInfoItem, kinds_differ,
};
use crate::error::{ChainError, QuoteError, Source};
use crate::facts::{Force, Window};
use crate::pck::{CaKind, PckExtension};
use crate::prepared::{PreparedCollateral, Set};
use crate::quote::Tee;
use crate::x509::PublicKey;
use crate::x509::chain;
use std::sync::Arc;
use veritee_base::{Fmspc, Sha256Digest, UnixTime};

/// A platform as its PCK chain names it. Unverified: it chooses, and what is chosen is then held against the chain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wanted {
    pub(crate) tee: Tee,
    /// Absent where no chain can be read.
    pub(crate) platform: Option<WantedPlatform>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WantedPlatform {
    fmspc: Fmspc,
    pce_id: crate::bytes::PceId,
    ca: CaKind,
    /// Name and key of the CA in the chain: of two CAs of one kind, the list of this one.
    issuer: Option<(Vec<u8>, PublicKey)>,
}

impl Wanted {
    pub(crate) fn of_chain(tee: Tee, source: Source, decoded: &[Vec<u8>]) -> Self {
        Self { tee, platform: WantedPlatform::of_chain(source, decoded) }
    }

    /// Where the issuer of its PCK certificate stands among those whose lists are known.
    pub(crate) fn issuer_in(&self, known: &KnownCollateral) -> Option<usize> {
        let (subject, key) = self.platform.as_ref()?.issuer.as_ref()?;
        let is = |entry: &Entry<PckListItem>| {
            entry.item.ca.subject == *subject && entry.item.ca.public_key == *key
        };
        known.pck_lists.iter().position(is)
    }

    /// Family and PCE.
    pub(crate) fn family(&self) -> Option<(Fmspc, crate::bytes::PceId)> {
        self.platform.as_ref().map(|platform| (platform.fmspc, platform.pce_id))
    }

    fn hint(&self) -> Option<(Fmspc, CaKind)> {
        self.platform.as_ref().map(|platform| (platform.fmspc, platform.ca))
    }
}

impl WantedPlatform {
    fn of_chain(source: Source, decoded: &[Vec<u8>]) -> Option<Self> {
        let parsed = chain::parse(source, decoded).ok()?;
        let (certificate, extension) = parsed.below.iter().find_map(|certificate| {
            Some((certificate, PckExtension::parse(certificate.sgx_extension()?).ok()?))
        })?;
        let ca = CaKind::from_name(certificate.issuer_common_name()?)?;
        let above = parsed.below.iter().find(|other| other.subject == certificate.issuer);
        let issuer = above.map(|other| (other.subject.to_vec(), other.public_key));
        Some(Self { fmspc: extension.fmspc, pce_id: extension.pce_id, ca, issuer })
    }
}

/// How well an item is about the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// About another.
    Not,
    /// About a CA of the same kind, and another key.
    Nearly,
    /// About this one.
    Exact,
}

/// What one kind of item comes to.
pub(super) enum Found<'a, T> {
    /// The one that decides.
    Item(&'a Entry<T>),
    /// There are some for the platform, and the certificate above each is revoked; the newest of them.
    Revoked(&'a Entry<T>, ChainError),
    /// One was given and is not genuine.
    Damaged(&'a DamagedEntry),
    /// Only such as are about other platforms.
    Elsewhere(Vec<&'a Entry<T>>),
    /// None.
    Nothing,
}

/// How well an item fits, and whether a damaged one would have been about this platform.
type Fits<'a, T> = (&'a dyn Fn(&T) -> Fit, &'a dyn Fn(&About) -> bool);

type Age = (Fit, bool, Force, (Number, UnixTime), Sha256Digest);

impl KnownCollateral {
    /// The items that decide, put together; what is missing or refused where one cannot be found. Dates are not
    /// held against `as_of` here beyond the choice: see [`PreparedCollateral::check_windows`].
    pub(crate) fn choose(
        &self,
        wanted: &Wanted,
        view: View,
        as_of: UnixTime,
        expiry: Expiry,
        pck_chain: Option<Arc<str>>,
    ) -> Result<PreparedCollateral, QuoteError> {
        let set = self.choose_set(wanted, view, as_of)?;
        let revocations = Arc::clone(self.held_against_chains(view));
        Ok(PreparedCollateral::of(set, &self.root, revocations, pck_chain, expiry, &self.budget))
    }

    pub(super) fn choose_set(&self, wanted: &Wanted, view: View, as_of: UnixTime) -> Result<Set, QuoteError> {
        let tcb_info = self.tcb_info_or_error(wanted, view, as_of)?;
        let qe_identity = self.qe_identity_or_error(wanted, view, as_of)?;
        let pck_list = self.pck_list_or_error(wanted, view, as_of)?;
        let root_list = match self.find_root_list(view, as_of) {
            Found::Item(entry) => entry,
            found => return Err(self.unusable(wanted, found)),
        };
        Ok(Set {
            tcb_info: Arc::clone(&tcb_info.item),
            qe_identity: Arc::clone(&qe_identity.item),
            pck_list: Arc::clone(&pck_list.item),
            root_list: Arc::clone(&root_list.item),
        })
    }

    /// From when until when no choice at any time can differ from the one at `as_of`: between two turns of dates.
    pub(crate) fn unchanged_around(&self, as_of: UnixTime) -> (UnixTime, UnixTime) {
        let windows = all_windows(&self.tcb_infos)
            .chain(all_windows(&self.qe_identities))
            .chain(all_windows(&self.pck_lists))
            .chain(all_windows(&self.root_lists));
        let (mut from, mut until) = (UnixTime::from_seconds(0), UnixTime::from_seconds(u64::MAX));
        for turn in windows.flat_map(|window| window.turns()) {
            if turn <= as_of {
                from = from.max(turn);
            } else {
                until = until.min(turn);
            }
        }
        (from, until)
    }

    fn tcb_info_or_error(
        &self,
        wanted: &Wanted,
        view: View,
        as_of: UnixTime,
    ) -> Result<&Entry<TcbInfoItem>, QuoteError> {
        let others = match self.find_tcb_info(wanted, view, as_of) {
            Found::Item(entry) => return Ok(entry),
            Found::Elsewhere(others) => others,
            found => return Err(self.unusable(wanted, found)),
        };
        // One that is for another platform is named; of many none is the one that was meant.
        let mut subjects: Vec<_> = others
            .iter()
            .map(|entry| (entry.item.info.tee, entry.item.info.fmspc, entry.item.info.pce_id))
            .collect();
        subjects.sort_unstable();
        subjects.dedup();
        Err(match (subjects.as_slice(), &wanted.platform) {
            ([(tee, ..)], _) if *tee != wanted.tee => QuoteError::Kind { expected: wanted.tee, got: *tee },
            ([(_, fmspc, _)], Some(platform)) if *fmspc != platform.fmspc => {
                QuoteError::Fmspc { expected: platform.fmspc, got: *fmspc }
            }
            ([(_, _, pce_id)], Some(platform)) => {
                QuoteError::PceId { expected: platform.pce_id.to_string(), got: pce_id.to_string() }
            }
            _ => missing(wanted),
        })
    }

    fn qe_identity_or_error(
        &self,
        wanted: &Wanted,
        view: View,
        as_of: UnixTime,
    ) -> Result<&Entry<QeIdentityItem>, QuoteError> {
        match self.find_qe_identity(wanted, view, as_of) {
            Found::Item(entry) => Ok(entry),
            Found::Elsewhere(others) => Err(others.first().map_or_else(
                || missing(wanted),
                |other| kinds_differ(wanted.tee, other.item.identity.tee).into(),
            )),
            found => Err(self.unusable(wanted, found)),
        }
    }

    fn pck_list_or_error(
        &self,
        wanted: &Wanted,
        view: View,
        as_of: UnixTime,
    ) -> Result<&Entry<PckListItem>, QuoteError> {
        match (self.find_pck_list(wanted, view, as_of), &wanted.platform) {
            (Found::Item(entry), _) => Ok(entry),
            (Found::Elsewhere(others), Some(platform)) => Err(others.first().map_or_else(
                || missing(wanted),
                |other| QuoteError::Ca {
                    expected: other.item.ca.kind.common_name().to_owned(),
                    got: platform.ca.common_name().to_owned(),
                },
            )),
            (found, _) => Err(self.unusable(wanted, found)),
        }
    }

    pub(super) fn unusable<T>(&self, wanted: &Wanted, found: Found<'_, T>) -> QuoteError {
        match found {
            Found::Revoked(_, error) => QuoteError::Collateral(error.into()),
            Found::Damaged(entry) => QuoteError::Collateral(entry.damaged.error.clone()),
            Found::Item(_) | Found::Elsewhere(_) => missing(wanted),
            // A file that cannot be taken apart may be what was meant.
            Found::Nothing => {
                let whole = self.damaged.values().find(|entry| entry.damaged.source.is_none());
                whole.map_or_else(|| missing(wanted), |entry| entry.damaged.error.clone().into())
            }
        }
    }

    pub(super) fn find_tcb_info(
        &self,
        wanted: &Wanted,
        view: View,
        as_of: UnixTime,
    ) -> Found<'_, TcbInfoItem> {
        let fit = |item: &TcbInfoItem| {
            let same = item.info.tee == wanted.tee
                && wanted.platform.as_ref().is_none_or(|platform| {
                    (item.info.fmspc, item.info.pce_id) == (platform.fmspc, platform.pce_id)
                });
            if same { Fit::Exact } else { Fit::Not }
        };
        let about = |about: &About| {
            about.tee.is_none_or(|tee| tee == wanted.tee)
                && about.fmspc.is_none_or(|fmspc| wanted.hint().is_none_or(|(own, _)| own == fmspc))
        };
        self.find(&self.tcb_infos, Source::TcbInfo, (&fit, &about), view, as_of)
    }

    pub(super) fn find_qe_identity(
        &self,
        wanted: &Wanted,
        view: View,
        as_of: UnixTime,
    ) -> Found<'_, QeIdentityItem> {
        let fit = |item: &QeIdentityItem| if item.identity.tee == wanted.tee { Fit::Exact } else { Fit::Not };
        let about = |about: &About| about.tee.is_none_or(|tee| tee == wanted.tee);
        self.find(&self.qe_identities, Source::QeIdentity, (&fit, &about), view, as_of)
    }

    pub(super) fn find_pck_list(
        &self,
        wanted: &Wanted,
        view: View,
        as_of: UnixTime,
    ) -> Found<'_, PckListItem> {
        let fit = |item: &PckListItem| {
            let Some(platform) = &wanted.platform else { return Fit::Exact };
            let same_key = platform
                .issuer
                .as_ref()
                .is_none_or(|(subject, key)| *subject == item.ca.subject && *key == item.ca.public_key);
            match (item.ca.kind == platform.ca, same_key) {
                (true, true) => Fit::Exact,
                (true, false) => Fit::Nearly,
                (false, _) => Fit::Not,
            }
        };
        let about = |about: &About| about.ca.is_none_or(|ca| wanted.hint().is_none_or(|(_, own)| own == ca));
        self.find(&self.pck_lists, Source::PckCrl, (&fit, &about), view, as_of)
    }

    pub(super) fn find_root_list(&self, view: View, as_of: UnixTime) -> Found<'_, RootListItem> {
        let always = |_: &RootListItem| Fit::Exact;
        self.find(&self.root_lists, Source::RootCaCrl, (&always, &|_| true), view, as_of)
    }

    /// The rules of [`super`] for one kind of item.
    fn find<'a, T: Item>(
        &'a self,
        entries: &'a [Entry<T>],
        source: Source,
        (fit, about): Fits<'_, T>,
        view: View,
        as_of: UnixTime,
    ) -> Found<'a, T> {
        // A file of theirs that cannot be taken apart may have held this kind; the judged party's is nothing.
        let may_be = move |damaged: &Damaged| match damaged.source {
            Some(known) => known == source,
            None => damaged.origin.side() < Side::Judged,
        };
        let of_kind = || self.damaged.values().filter(move |entry| may_be(&entry.damaged));
        let items = entries.iter().filter(|entry| fit(&entry.item) != Fit::Not).map(|entry| entry.origin);
        let unusable = of_kind().map(|entry| &entry.damaged).filter(|damaged| about(&damaged.about));
        // Of those who gave anything of the kind, who stands nearest to the judge decides alone.
        let nearest = items.chain(unusable.map(|damaged| damaged.origin)).map(Origin::side).min();
        let last = match (view, nearest) {
            (View::Judge | View::Own, Some(nearest)) => nearest.min(Side::Judged),
            _ => Side::Judged,
        };
        let counts = |origin: Origin| origin.side() <= last;
        let candidates = || entries.iter().filter(|entry| counts(entry.origin));
        let revoked =
            |entry: &Entry<T>| entry.item.revoked(&self.root, self.held_against(entry.origin, view));
        let newest = candidates().filter(|entry| fit(&entry.item) != Fit::Not).max_by_key(|entry| -> Age {
            let item = &*entry.item;
            let unrevoked = revoked(entry).is_none();
            (fit(item), unrevoked, item.force(as_of), item.age(), entry.digest)
        });
        if let Some(entry) = newest {
            return match revoked(entry) {
                None => Found::Item(entry),
                Some(error) => Found::Revoked(entry, error),
            };
        }
        // One that is damaged and speaks of another platform is no forgery of anything here: it is passed over by name.
        let damaged = of_kind().filter(|entry| counts(entry.damaged.origin) && about(&entry.damaged.about));
        if let Some(entry) = damaged.min_by_key(|entry| entry.damaged.origin) {
            return Found::Damaged(entry);
        }
        let mut others: Vec<_> = candidates().collect();
        others.sort_by_key(|entry| entry.digest);
        if others.is_empty() { Found::Nothing } else { Found::Elsewhere(others) }
    }
}

fn all_windows<T: Item>(entries: &[Entry<T>]) -> impl Iterator<Item = Window> {
    entries.iter().flat_map(|entry| entry.item.windows())
}

fn missing(wanted: &Wanted) -> QuoteError {
    QuoteError::CollateralMissing { tee: wanted.tee, wanted: wanted.hint() }
}
