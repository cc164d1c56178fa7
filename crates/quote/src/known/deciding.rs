//! What decided, and from whom: for reports, and for a second engine that takes one set at a time.

use super::choice::{Found, Wanted};
use super::{Entry, KnownCollateral, Origin, View};
use crate::collateral::{Collateral, CollateralParts, Item, PckListItem, RootListItem};
use crate::error::{CertificateRole, ChainError, ChainFault, CollateralError, QuoteError, Source};
use crate::facts::Force;
use crate::quote::Quote;
use crate::x509::Serial;
use serde::Serialize;
use std::sync::Arc;
use veritee_base::UnixTime;

/// One item that a verdict rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DecidingItem {
    /// Which item.
    pub source: Source,
    /// Who gave it.
    pub origin: Origin,
    /// What it was called.
    pub name: String,
    /// Issue date or thisUpdate.
    pub issued: UnixTime,
}

/// What a verdict rests on.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Deciding {
    /// The items: TCB info, QE identity, PCK list, root list, as far as there are such.
    pub items: Vec<DecidingItem>,
    /// The list that names what is revoked, where that is why the quote was refused.
    pub revoking: Option<DecidingItem>,
}

impl KnownCollateral {
    /// What decided about a quote that was verified in this view, or refused with `refusal`.
    #[must_use]
    pub fn deciding(
        &self,
        quote: &Quote,
        view: View,
        as_of: UnixTime,
        refusal: Option<&QuoteError>,
    ) -> Deciding {
        let chain = self.chain_of(quote, view, as_of);
        let wanted = self.wanted(quote, &chain);
        let (pck_naming, root_naming) = self.naming_lists(refusal.and_then(revoked_certificate), as_of);
        let revoking = pck_naming
            .map(|entry| item_of(Source::PckCrl, entry))
            .or_else(|| root_naming.map(|entry| item_of(Source::RootCaCrl, entry)));
        Deciding { items: self.deciding_for(&wanted, view, as_of), revoking }
    }

    /// The items that decide about a platform in this view.
    pub(crate) fn deciding_for(&self, wanted: &Wanted, view: View, as_of: UnixTime) -> Vec<DecidingItem> {
        let mut items = Vec::with_capacity(4);
        self.sets(wanted, view, as_of, &mut items);
        items
    }

    /// What decided as one set, where each of the four is there, be it damaged: what one who judges by one set would
    /// have to be given to come to the same verdict.
    #[must_use]
    pub fn as_one_set(
        &self,
        quote: &Quote,
        view: View,
        as_of: UnixTime,
        refusal: Option<&QuoteError>,
    ) -> Option<Collateral> {
        let chain = self.chain_of(quote, view, as_of);
        let wanted = self.wanted(quote, &chain);
        let (pck_naming, root_naming) = self.naming_lists(refusal.and_then(revoked_certificate), as_of);
        let [tcb_info, qe_identity, pck_list, root_list] = self.sets(&wanted, view, as_of, &mut Vec::new());
        let pck_list = pck_naming.map(|entry| &entry.set).or(pck_list);
        let root_list = root_naming.map(|entry| &entry.set).or(root_list);
        let (tcb_info, qe_identity) = (tcb_info?.parts(), qe_identity?.parts());
        let (pck_list, root_list) = (pck_list?.parts(), root_list?.parts());
        Some(Collateral::from_parts(CollateralParts {
            pck_crl_issuer_chain: pck_list.pck_crl_issuer_chain.clone(),
            root_ca_crl: root_list.root_ca_crl.clone(),
            pck_crl: pck_list.pck_crl.clone(),
            tcb_info_issuer_chain: tcb_info.tcb_info_issuer_chain.clone(),
            tcb_info: tcb_info.tcb_info.clone(),
            tcb_info_signature: tcb_info.tcb_info_signature.clone(),
            qe_identity_issuer_chain: qe_identity.qe_identity_issuer_chain.clone(),
            qe_identity: qe_identity.qe_identity.clone(),
            qe_identity_signature: qe_identity.qe_identity_signature.clone(),
            // For quotes without one; another verifier might take it in place of the quote's own.
            pck_certificate_chain: chain.given().map(|chain| chain.to_string()),
        }))
    }

    /// The sets in which the four deciding items came, and the items named.
    fn sets<'a>(
        &'a self,
        wanted: &Wanted,
        view: View,
        as_of: UnixTime,
        items: &mut Vec<DecidingItem>,
    ) -> [Option<&'a Arc<Collateral>>; 4] {
        [
            set_of(Source::TcbInfo, self.find_tcb_info(wanted, view, as_of), items),
            set_of(Source::QeIdentity, self.find_qe_identity(wanted, view, as_of), items),
            set_of(Source::PckCrl, self.find_pck_list(wanted, view, as_of), items),
            set_of(Source::RootCaCrl, self.find_root_list(view, as_of), items),
        ]
    }

    /// The lists that name a revoked certificate: a PCK CA's, the root's. One in force before others.
    fn naming_lists(
        &self,
        revoked: Option<(CertificateRole, Serial)>,
        as_of: UnixTime,
    ) -> (Option<&Entry<PckListItem>>, Option<&Entry<RootListItem>>) {
        match revoked {
            Some((CertificateRole::Pck, serial)) => {
                let naming = self.pck_lists.iter().filter(|entry| entry.item.list.serials.contains(&serial));
                (newest(naming, as_of), None)
            }
            Some((_, serial)) => {
                let naming = self.root_lists.iter().filter(|entry| entry.item.list.serials.contains(&serial));
                (None, newest(naming, as_of))
            }
            None => (None, None),
        }
    }
}

fn newest<'a, T: Item + 'a>(
    entries: impl Iterator<Item = &'a Entry<T>>,
    as_of: UnixTime,
) -> Option<&'a Entry<T>> {
    entries.max_by_key(|entry| (entry.item.force(as_of) == Force::Current, entry.item.age(), entry.digest))
}

fn item_of<T: Item>(source: Source, entry: &Entry<T>) -> DecidingItem {
    let (_, issued) = entry.item.age();
    DecidingItem { source, origin: entry.origin, name: entry.name.to_string(), issued }
}

fn set_of<'a, T: Item>(
    source: Source,
    found: Found<'a, T>,
    items: &mut Vec<DecidingItem>,
) -> Option<&'a Arc<Collateral>> {
    match found {
        Found::Item(entry) => {
            items.push(item_of(source, entry));
            Some(&entry.set)
        }
        Found::Revoked(entry, _) => Some(&entry.set),
        Found::Damaged(entry) => entry.set.as_ref(),
        Found::Elsewhere(others) => others.first().map(|entry| &entry.set),
        Found::Nothing => None,
    }
}

/// Role and serial number of the certificate whose revocation is the error.
fn revoked_certificate(error: &QuoteError) -> Option<(CertificateRole, Serial)> {
    let (QuoteError::Chain(error) | QuoteError::Collateral(CollateralError::Chain(error))) = error else {
        return None;
    };
    let ChainError { role: Some(role), fault: ChainFault::Revoked { serial }, .. } = error else {
        return None;
    };
    let mut number = Serial::default();
    hex::decode_to_slice(serial, &mut number).ok()?;
    Some((*role, number))
}
