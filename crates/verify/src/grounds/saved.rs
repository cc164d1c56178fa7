//! What evidence that is saved says of the judging side's collateral: each item as far as it was looked at, so that a
//! verdict on the saved evidence rests on the same items as the one that it was saved with.

use veritee_model::evidence::{RecordedBy, RecordedCollateral};
use veritee_model::{Budget, Evidence, Item};
use veritee_quote::{Collateral, CollateralParts, Origin, Source};

/// What counts of a set of which only revocations do: its lists, and the PCK chain for a quote without one.
pub(super) const LISTS: [Source; 3] = [Source::PckCrl, Source::RootCaCrl, Source::PckChainInCollateral];

/// The collateral that stands in an evidence, with whose it is.
pub(super) fn marked(evidence: &Evidence) -> Vec<(&Item, Origin)> {
    let unmarked = evidence.collateral.iter().map(|item| (item, Origin::Judged));
    let recorded = evidence.recorded_collateral.iter().filter_map(|recorded| {
        let origin = match recorded.given_by {
            RecordedBy::Judge => Origin::Recorded,
            RecordedBy::Bystander => Origin::Bystander,
            RecordedBy::Lost => return None,
        };
        Some((&recorded.item, origin))
    });
    recorded.chain(unmarked).collect()
}

/// An item for the judging side's collateral in evidence that is written and judged elsewhere: these parts of a set. An item
/// that cannot be read is kept as it is.
#[must_use]
pub fn only(items: &[Source], item: &Item, budget: &Budget) -> Item {
    match Collateral::from_json_within(&item.bytes, budget) {
        Ok(collateral) => part_of(&collateral, items, item),
        Err(_unreadable) => item.clone(),
    }
}

/// [`only`] for a set of which the lists count, and the PCK chain.
#[must_use]
pub fn lists_only(item: &Item, budget: &Budget) -> Item {
    only(&LISTS, item, budget)
}

/// These parts of a set under the name and date of the whole; in place of the others stands what says that they are absent.
pub(super) fn part_of(collateral: &Collateral, items: &[Source], whole: &Item) -> Item {
    let has = |source: Source| items.contains(&source);
    let parts = collateral.parts();
    let mut part = absent();
    if has(Source::TcbInfo) {
        part.tcb_info.clone_from(&parts.tcb_info);
        part.tcb_info_signature.clone_from(&parts.tcb_info_signature);
        part.tcb_info_issuer_chain.clone_from(&parts.tcb_info_issuer_chain);
    }
    if has(Source::QeIdentity) {
        part.qe_identity.clone_from(&parts.qe_identity);
        part.qe_identity_signature.clone_from(&parts.qe_identity_signature);
        part.qe_identity_issuer_chain.clone_from(&parts.qe_identity_issuer_chain);
    }
    if has(Source::PckCrl) {
        part.pck_crl.clone_from(&parts.pck_crl);
        part.pck_crl_issuer_chain.clone_from(&parts.pck_crl_issuer_chain);
    }
    if has(Source::RootCaCrl) {
        part.root_ca_crl.clone_from(&parts.root_ca_crl);
        // A root list is verified under the root itself, and nothing else of the set stands for it.
    }
    if has(Source::PckChainInCollateral) {
        part.pck_certificate_chain.clone_from(&parts.pck_certificate_chain);
    }
    Item { bytes: Collateral::from_parts(part).to_json().into_bytes(), ..whole.clone() }
}

/// The same for what cannot be read at all: as a part of its kind it is as damaged as it was.
#[must_use]
pub fn unreadable(source: Source, item: &Item) -> Item {
    let text = || String::from_utf8_lossy(&item.bytes).into_owned();
    let mut part = absent();
    match source {
        Source::QeIdentity => part.qe_identity = text(),
        Source::PckCrl => part.pck_crl.clone_from(&item.bytes),
        Source::RootCaCrl => part.root_ca_crl.clone_from(&item.bytes),
        Source::PckChainInCollateral => part.pck_certificate_chain = Some(text()),
        _ => part.tcb_info = text(),
    }
    Item { bytes: Collateral::from_parts(part).to_json().into_bytes(), ..item.clone() }
}

pub(super) fn lists_beside(collateral: &Collateral, whole: &Item) -> Item {
    part_of(collateral, &LISTS, whole)
}

/// The lists of what is recorded, and that some are lost; nothing of what cannot be read, which had no list to count.
pub(super) fn lists_of(recorded: &RecordedCollateral, budget: &Budget) -> Option<RecordedCollateral> {
    if recorded.given_by == RecordedBy::Lost {
        return Some(recorded.clone());
    }
    let bytes = &recorded.item.bytes;
    let whole = Collateral::from_json_within(bytes, budget).ok();
    let collateral = whole.or_else(|| Collateral::lists_from_json_within(bytes, budget))?;
    Some(RecordedCollateral { item: lists_beside(&collateral, &recorded.item), ..recorded.clone() })
}

fn absent() -> CollateralParts {
    let document = || "{}".to_owned();
    CollateralParts {
        pck_crl_issuer_chain: String::new(),
        root_ca_crl: Vec::new(),
        pck_crl: Vec::new(),
        tcb_info_issuer_chain: String::new(),
        tcb_info: document(),
        tcb_info_signature: String::new(),
        qe_identity_issuer_chain: String::new(),
        qe_identity: document(),
        qe_identity_signature: String::new(),
        pck_certificate_chain: None,
    }
}
