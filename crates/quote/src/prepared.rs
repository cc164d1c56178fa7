//! Collateral that has been verified once and judges many quotes: three signatures each, fewer when remembered.

use crate::collateral::{Expiry, Item as _, PckListItem, QeIdentityItem, RootListItem, TcbInfoItem};
use crate::error::{CollateralError, Source};
use crate::facts::{ExpiredItem, SourceDates, Window};
use crate::pck::CaKind;
use crate::qe_identity::QeIdentity;
use crate::quote::Tee;
use crate::revocations::Revocations;
use crate::root::TrustRoot;
use crate::tcb_info::TcbInfo;
use std::sync::{Arc, Weak};
use veritee_base::{Budget, Fmspc, UnixTime};

/// Verified collateral of one processor family, PCK CA and kind of TEE. Cheap to clone, `Send` and `Sync`.
///
/// Built by [`crate::Collateral::verify_at`] from one set, and by [`crate::KnownCollateral`] from the best items of
/// many.
#[derive(Clone)]
pub struct PreparedCollateral(pub(crate) Arc<Prepared>);

pub(crate) struct Prepared {
    pub(crate) root: TrustRoot,
    pub(crate) expiry: Expiry,
    pub(crate) windows: Vec<Window>,
    /// Dates of seven sources; the eighth is the PCK chain.
    pub(crate) sources: Vec<SourceDates>,
    pub(crate) set: Set,
    /// Everything that is known to be revoked, which may be more than the two lists of the set say.
    pub(crate) revocations: Arc<Revocations>,
    pub(crate) pck_chain: Option<Arc<str>>,
    pub(crate) budget: Budget,
}

/// Four items that judge together.
#[derive(Clone)]
pub(crate) struct Set {
    pub(crate) tcb_info: Arc<TcbInfoItem>,
    pub(crate) qe_identity: Arc<QeIdentityItem>,
    pub(crate) pck_list: Arc<PckListItem>,
    pub(crate) root_list: Arc<RootListItem>,
}

impl Set {
    /// The very same items.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.tcb_info, &other.tcb_info)
            && Arc::ptr_eq(&self.qe_identity, &other.qe_identity)
            && Arc::ptr_eq(&self.pck_list, &other.pck_list)
            && Arc::ptr_eq(&self.root_list, &other.root_list)
    }

    /// Chains first, then lists, then documents: the order in which an expiry is told.
    fn windows(&self) -> Vec<Window> {
        let chained = [self.pck_list.windows(), self.tcb_info.windows(), self.qe_identity.windows()];
        let lists =
            [self.root_list.list.window(Source::RootCaCrl), self.pck_list.list.window(Source::PckCrl)];
        let all = || chained.iter().flatten().copied();
        let certificates = all().filter(|window| matches!(window, Window::Certificate { .. }));
        let documents = all().filter(|window| matches!(window, Window::Document { .. }));
        certificates.chain(lists).chain(documents).collect()
    }

    pub(crate) fn sources(&self) -> Vec<SourceDates> {
        vec![
            SourceDates::of_chain(Source::PckCrlIssuerChain, &self.pck_list.chain_validities()),
            SourceDates::of_chain(Source::TcbInfoIssuerChain, &self.tcb_info.signer.validities),
            SourceDates::of_chain(Source::QeIdentityIssuerChain, &self.qe_identity.signer.validities),
            self.root_list.dates(),
            self.pck_list.dates(),
            self.tcb_info.dates(),
            self.qe_identity.dates(),
        ]
    }
}

impl core::fmt::Debug for PreparedCollateral {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PreparedCollateral")
            .field("tee", &self.tee())
            .field("fmspc", &self.fmspc())
            .field("ca", &self.ca())
            .field("root", self.root())
            .finish_non_exhaustive()
    }
}

impl PreparedCollateral {
    /// Nothing is checked here: the items are genuine by their types, and dates are asked for every quote.
    pub(crate) fn of(
        set: Set,
        root: &TrustRoot,
        revocations: Arc<Revocations>,
        pck_chain: Option<Arc<str>>,
        expiry: Expiry,
        budget: &Budget,
    ) -> Self {
        Self(Arc::new(Prepared {
            root: root.clone(),
            expiry,
            windows: set.windows(),
            sources: set.sources(),
            set,
            revocations,
            pck_chain,
            budget: *budget,
        }))
    }

    /// The very item that names Intel's quoting enclave, without keeping it alive.
    pub(crate) fn identity(&self) -> Weak<QeIdentityItem> {
        Arc::downgrade(&self.0.set.qe_identity)
    }

    /// Whether this item names Intel's quoting enclave here.
    pub(crate) fn has_identity(&self, other: &Weak<QeIdentityItem>) -> bool {
        core::ptr::eq(Arc::as_ptr(&self.0.set.qe_identity), other.as_ptr())
    }

    /// Whether the very same items judge here as there.
    pub(crate) fn has_set_of(&self, other: &Self) -> bool {
        self.0.set.is(&other.0.set)
    }

    /// Kind of TEE that it judges.
    #[must_use]
    pub fn tee(&self) -> Tee {
        self.0.set.tcb_info.info.tee
    }

    /// Processor family that it judges.
    #[must_use]
    pub fn fmspc(&self) -> Fmspc {
        self.0.set.tcb_info.info.fmspc
    }

    /// CA whose certificates it can say to be unrevoked.
    #[must_use]
    pub fn ca(&self) -> CaKind {
        self.0.set.pck_list.ca.kind
    }

    /// The root that it was verified under.
    #[must_use]
    pub fn root(&self) -> &TrustRoot {
        &self.0.root
    }

    /// The TCB info.
    #[must_use]
    pub fn tcb_info(&self) -> &TcbInfo {
        &self.0.set.tcb_info.info
    }

    /// The QE identity.
    #[must_use]
    pub fn qe_identity(&self) -> &QeIdentity {
        &self.0.set.qe_identity.identity
    }

    /// How many certificates its lists revoke: the root's list, the PCK CA's list.
    #[must_use]
    pub fn revoked_certificates(&self) -> (usize, usize) {
        (self.0.set.root_list.list.serials.len(), self.0.set.pck_list.list.serials.len())
    }

    /// CRLNumbers of its lists, hex: the root's list, the PCK CA's list.
    #[must_use]
    pub fn crl_numbers(&self) -> (&str, &str) {
        (&self.0.set.root_list.list.number, &self.0.set.pck_list.list.number)
    }

    /// Dates of the seven sources in it; the PCK chain, the eighth, comes with a quote.
    #[must_use]
    pub fn sources(&self) -> &[SourceDates] {
        &self.0.sources
    }

    /// What has expired at `as_of`.
    ///
    /// # Errors
    /// When something is not in force yet, or has expired and the collateral was verified with
    /// [`Expiry::Enforce`].
    pub fn check_windows(&self, as_of: UnixTime) -> Result<Vec<ExpiredItem>, CollateralError> {
        let mut expired = Vec::new();
        for window in &self.0.windows {
            window.check(as_of, self.0.expiry, &mut expired)?;
        }
        Ok(expired)
    }

    /// Bytes that it occupies, the allocator's own aside: about 4 KiB, and 20 for every revoked certificate.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let it = &*self.0;
        let Set { tcb_info, qe_identity, pck_list, root_list } = &it.set;
        let info = &tcb_info.info;
        let modules = info.tdx_modules.iter();
        let isv_levels =
            modules.clone().flat_map(|module| &module.levels).chain(&qe_identity.identity.levels);
        let verdicts = info.levels.iter().map(|level| &level.verdict);
        let verdicts = verdicts.chain(isv_levels.clone().map(|level| &level.verdict));
        let advisories = verdicts.flat_map(|verdict| &verdict.advisories);
        [
            size_of::<Prepared>(),
            size_of::<TcbInfoItem>(),
            size_of::<QeIdentityItem>(),
            size_of::<PckListItem>(),
            size_of::<RootListItem>(),
            root_list.list.serials.bytes(),
            pck_list.list.serials.bytes(),
            it.revocations.bytes_beside(&root_list.list.serials, &pck_list.list.serials),
            size_of_val(it.windows.as_slice()),
            size_of_val(it.sources.as_slice()),
            size_of_val(info.levels.as_slice()),
            size_of_val(info.tdx_modules.as_slice()),
            isv_levels.map(size_of_val).sum(),
            advisories.map(|advisory| size_of_val(advisory).saturating_add(advisory.len())).sum(),
            modules.map(|module| module.id.len()).sum(),
            pck_list.ca.bytes(),
            root_list.list.number.len(),
            pck_list.list.number.len(),
            it.pck_chain.as_ref().map_or(0, |chain| chain.len()),
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }
}
