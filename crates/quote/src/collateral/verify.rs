//! One set of untrusted collateral to prepared collateral: its four items, and what they say of one another.

use super::items::{Chains, Item as _, PckListItem, QeIdentityItem, RootListItem, TcbInfoItem, Under};
use super::{CollateralParts, Expiry};
use crate::error::CollateralError;
use crate::prepared::{PreparedCollateral, Set};
use crate::quote::Tee;
use crate::revocations::Revocations;
use crate::root::TrustRoot;
use std::sync::Arc;
use veritee_base::{Budget, UnixTime};

/// Authenticity of all four before revocations, revocations before dates.
pub(super) fn verify(
    parts: &CollateralParts,
    root: &TrustRoot,
    as_of: UnixTime,
    expiry: Expiry,
    budget: &Budget,
) -> Result<PreparedCollateral, CollateralError> {
    let under = Under { root, budget };
    let mut chains = Chains::default();
    let set = Set {
        tcb_info: Arc::new(TcbInfoItem::verify(parts, under, &mut chains)?),
        qe_identity: Arc::new(QeIdentityItem::verify(parts, under, &mut chains)?),
        pck_list: Arc::new(PckListItem::verify(parts, under, &mut chains)?),
        root_list: Arc::new(RootListItem::verify(parts, under)?),
    };
    let mut revocations = Revocations::default();
    revocations.add_root_list(&set.root_list);
    revocations.add_pck_list(&set.pck_list);
    let revoked = set
        .root_list
        .revoked(root, &revocations)
        .or_else(|| set.pck_list.revoked(root, &revocations))
        .or_else(|| set.tcb_info.revoked(root, &revocations))
        .or_else(|| set.qe_identity.revoked(root, &revocations));
    if let Some(error) = revoked {
        return Err(error.into());
    }
    let (tcb_info, qe_identity) = (set.tcb_info.info.tee, set.qe_identity.identity.tee);
    // Intel's service has TCB info and quoting enclaves of SGX and of TDX; those of one judge nothing of the other.
    if tcb_info != qe_identity {
        return Err(kinds_differ(tcb_info, qe_identity));
    }
    let pck_chain = parts.pck_certificate_chain.as_deref().map(Arc::from);
    let prepared = PreparedCollateral::of(set, root, Arc::new(revocations), pck_chain, expiry, budget);
    prepared.check_windows(as_of)?;
    Ok(prepared)
}

pub(crate) const fn kinds_differ(tcb_info: Tee, qe_identity: Tee) -> CollateralError {
    let qe_identity = match qe_identity {
        Tee::Sgx => "QE",
        Tee::Tdx => "TD_QE",
    };
    CollateralError::KindsDiffer { tcb_info, qe_identity }
}
