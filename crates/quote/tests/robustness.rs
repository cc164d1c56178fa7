//! Hostile bytes everywhere: no panic, and never a verdict that dcap-qvl 0.7.1 does not share.

#[path = "support/vectors.rs"]
mod common;

use common::Sample;
use dcap_qvl::QuoteCollateralV3;
use proptest::prelude::*;
use veritee_quote::Budget;
use veritee_quote::UnixTime;
use veritee_quote::error::ChainFault;
use veritee_quote::{Collateral, CollateralError, Expiry, Quote, TrustRoot, td_attributes};

/// A change to some bytes.
#[derive(Debug, Clone)]
enum Change {
    Flip(usize, u8),
    Cut(usize),
    Insert(usize, Vec<u8>),
    Copy(usize, usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<usize>(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        1 => any::<usize>().prop_map(Change::Cut),
        1 => (any::<usize>(), prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(at, new)| Change::Insert(at, new)),
        1 => (any::<usize>(), any::<usize>(), 1..64_usize).prop_map(|(from, to, count)| Change::Copy(from, to, count)),
    ]
}

fn apply(bytes: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for change in changes {
        let length = out.len().max(1);
        match change {
            Change::Flip(at, bit) => {
                if let Some(byte) = out.get_mut(at % length) {
                    *byte ^= 1 << bit;
                }
            }
            Change::Cut(at) => out.truncate(at % length),
            Change::Insert(at, new) => {
                let at = (at % length).min(out.len());
                out.splice(at..at, new.iter().copied());
            }
            Change::Copy(from, to, count) => {
                for index in 0..*count {
                    if let Some(byte) = out.get((from % length) + index).copied()
                        && let Some(slot) = out.get_mut((to % length) + index)
                    {
                        *slot = byte;
                    }
                }
            }
        }
    }
    out
}

/// Accepts as their `verify` does: genuine, and a TD that is closed to its host.
fn ours_accepts(quote: &[u8], collateral: &[u8], as_of: UnixTime) -> Option<String> {
    let quote = Quote::parse(quote).ok()?;
    let collateral = Collateral::from_json(collateral).ok()?;
    let prepared = collateral.verify_at(&TrustRoot::intel(), as_of, Expiry::Enforce).ok()?;
    let verified = prepared.verify(&quote, as_of).ok()?;
    let closed = verified.td().is_none_or(|td| td_attributes::examine(td).is_empty());
    closed.then(|| format!("{} {:?}", verified.tcb().status, verified.tcb().advisories))
}

fn theirs_accepts(quote: &[u8], collateral: &[u8], as_of: UnixTime) -> Option<String> {
    let mut collateral: QuoteCollateralV3 = serde_json::from_slice(collateral).ok()?;
    // Divergence `chain-in-quote-first`: theirs would take this chain instead of the quote's own.
    collateral.pck_certificate_chain = None;
    let report = dcap_qvl::verify::ring::verify(quote, &collateral, as_of.seconds()).ok()?;
    Some(format!("{} {:?}", report.status, report.advisory_ids))
}

/// Ours never accepts what theirs refuses, nor with another status. (The reverse is the list of stricter choices in
/// `docs/divergences.md`.)
fn assert_not_looser(quote: &[u8], collateral: &[u8], as_of: UnixTime) {
    if let Some(ours) = ours_accepts(quote, collateral, as_of) {
        assert_eq!(Some(ours), theirs_accepts(quote, collateral, as_of));
    }
}

fn cases() -> u32 {
    // A long run is asked for by the environment of the tests, never by the library's.
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_quotes_are_never_judged_better_than_by_the_peer(
        which in 0..4_usize,
        changes in prop::collection::vec(change(), 0..3),
    ) {
        let sample = &Sample::all()[which];
        let quote = apply(&sample.quote, &changes);
        assert_not_looser(&quote, &sample.collateral, sample.as_of);
    }

    #[test]
    fn changed_collateral_is_never_judged_better_than_by_the_peer(
        which in 0..4_usize,
        changes in prop::collection::vec(change(), 0..3),
    ) {
        let sample = &Sample::all()[which];
        let collateral = apply(&sample.collateral, &changes);
        assert_not_looser(&sample.quote, &collateral, sample.as_of);
    }

    #[test]
    fn the_clock_moves_both_engines_alike(which in 0..4_usize, days in -400_i64..400, seconds in 0..86_400_i64) {
        let sample = &Sample::all()[which];
        let shifted = i64::try_from(sample.as_of.seconds()).unwrap() + days * 86_400 + seconds;
        let as_of = UnixTime::from_seconds(u64::try_from(shifted).unwrap());
        assert_not_looser(&sample.quote, &sample.collateral, as_of);
    }

    #[test]
    fn arbitrary_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        prop_assert!(Quote::parse(&bytes).is_err());
        prop_assert!(Collateral::from_json(&bytes).is_err());
        prop_assert!(TrustRoot::from_der(&bytes).is_err());
    }

    #[test]
    fn a_changed_part_inside_the_collateral_is_refused_without_a_panic(
        which in 0..4_usize,
        part in 0..9_usize,
        changes in prop::collection::vec(change(), 1..4),
    ) {
        let sample = &Sample::all()[which];
        let mut parts = Collateral::from_json(&sample.collateral).unwrap().parts().clone();
        let text = |old: &str| String::from_utf8_lossy(&apply(old.as_bytes(), &changes)).into_owned();
        match part {
            0 => parts.root_ca_crl = apply(&parts.root_ca_crl, &changes),
            1 => parts.pck_crl = apply(&parts.pck_crl, &changes),
            2 => parts.pck_crl_issuer_chain = text(&parts.pck_crl_issuer_chain),
            3 => parts.tcb_info_issuer_chain = text(&parts.tcb_info_issuer_chain),
            4 => parts.qe_identity_issuer_chain = text(&parts.qe_identity_issuer_chain),
            5 => parts.tcb_info = text(&parts.tcb_info),
            6 => parts.qe_identity = text(&parts.qe_identity),
            7 => parts.tcb_info_signature = text(&parts.tcb_info_signature),
            _ => parts.qe_identity_signature = text(&parts.qe_identity_signature),
        }
        let changed = Collateral::from_parts(parts);
        let genuine = Collateral::from_json(&sample.collateral).unwrap();
        let verified = changed.verify_at(&TrustRoot::intel(), sample.as_of, Expiry::Enforce);
        // Changes that undo each other or only add line ends leave the content as it was.
        if let Ok(prepared) = verified {
            let before = genuine.verify_at(&TrustRoot::intel(), sample.as_of, Expiry::Enforce).unwrap();
            prop_assert_eq!(prepared.tcb_info(), before.tcb_info());
            prop_assert_eq!(prepared.qe_identity(), before.qe_identity());
            prop_assert_eq!(prepared.revoked_certificates(), before.revoked_certificates());
        }
    }

    #[test]
    fn a_later_clock_never_turns_a_refusal_into_a_pass_once_in_force(later in 0..40_000_000_u64) {
        let sample = Sample::tdx();
        let quote = Quote::parse(&sample.quote).unwrap();
        let prepared = sample.prepared();
        let until = UnixTime::parse("2025-07-19T10:00:35Z").unwrap();
        let as_of = UnixTime::from_seconds(sample.as_of.seconds() + later);
        prop_assert_eq!(prepared.verify(&quote, as_of).is_ok(), as_of < until);
    }
}

#[test]
fn collateral_beyond_its_budget_is_refused_whatever_the_peer_says() {
    let sample = &Sample::all()[0];
    let collateral = Collateral::from_json(&sample.collateral).unwrap();
    let narrow = |change: fn(&mut Budget)| {
        let mut budget = Budget::STANDARD;
        change(&mut budget);
        collateral.verify_within(&TrustRoot::intel(), sample.as_of, Expiry::Enforce, &budget).map(|_| ())
    };
    assert_eq!(narrow(|_| {}), Ok(()));
    assert!(theirs_accepts(&sample.quote, &sample.collateral, sample.as_of).is_some());
    let narrowings: [fn(&mut Budget); 3] = [
        |budget| budget.crl_bytes = 10,
        |budget| budget.collateral_json_bytes = 10,
        |budget| budget.certificate_chain_bytes = 10,
    ];
    for change in narrowings {
        let error = narrow(change).unwrap_err();
        let chain = |error: &CollateralError| matches!(error, CollateralError::Chain(error) if matches!(error.fault, ChainFault::TooLarge { .. }));
        assert!(matches!(error, CollateralError::TooLarge { .. }) || chain(&error), "{error}");
    }
}
