//! What may never turn a refusal into a pass, over the same random universes.

use crate::plan::{Dice, Excepted, Giver, Universe, set};
use crate::product::{Product, Said};

fn count() -> u64 {
    (crate::number("VERITEE_UNIVERSES").unwrap_or(crate::FEW) / 4).max(1)
}

fn said(universe: &Universe) -> Said {
    Product::new(universe, 0).batch()
}

const fn is_refusal(said: &Said) -> bool {
    matches!(said.code, 10 | 11)
}

/// Which of several revocations is told first is nobody's concern.
const REVOKED: [&str; 4] = ["pck-revoked", "ca-revoked", "root-revoked", "signer-revoked"];

fn is_revocation(said: &Said) -> bool {
    said.reasons.iter().any(|reason| REVOKED.contains(&reason.as_str()))
}

#[test]
fn genuine_collateral_added_never_undoes_a_revocation() {
    let mut tried = 0_u32;
    for seed in 0..count() * 4 {
        let universe = Universe::drawn(seed);
        if !crate::reference::is_host_revoked(&universe) {
            continue;
        }
        let before = said(&universe);
        assert!(is_revocation(&before), "universe {seed}: {before:?}\n{universe:?}");
        let mut more = universe.clone();
        let dice = &mut Dice::new(seed ^ 0xadd);
        for _ in 0..=dice.below(2) {
            let mut added = set(dice);
            added.tcb_info.damaged = false;
            added.qe_identity.damaged = false;
            added.pck_list.damaged = false;
            added.root_list.damaged = false;
            more.sets.push(added);
        }
        let after = said(&more);
        assert!(is_revocation(&after) && after.code == 10, "universe {seed}: {after:?}\n{more:?}");
        tried += 1;
    }
    assert!(tried > 20, "{tried} of them were revoked");
}

#[test]
fn nothing_of_the_judged_party_s_or_of_a_bystander_s_undoes_a_refusal() {
    let mut tried = 0_u32;
    for seed in 0..count() {
        let dice = &mut Dice::new(seed ^ 0xbad);
        let mut universe = Universe::drawn(seed);
        for _ in 0..=dice.below(2) {
            let mut added = set(dice);
            added.giver = dice.of(&[Giver::Judged, Giver::Bystander]);
            universe.sets.push(added);
        }
        let before = said(&universe.without(&[Giver::Judged, Giver::Bystander]));
        if is_refusal(&before) {
            let after = said(&universe);
            assert!(is_refusal(&after), "universe {seed}: {before:?} became {after:?}\n{universe:?}");
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried} of them were refused");
}

#[test]
fn an_exception_for_one_fault_lets_no_other_pass() {
    let mut tried = 0_u32;
    for seed in 0..count() {
        let mut universe = Universe::drawn(seed);
        universe.rules.exceptions.clear();
        let before = said(&universe);
        let refusing = before.reasons.iter().filter(|reason| !reason.ends_with("not-asked")).count();
        if !is_refusal(&before) || refusing < 2 {
            continue;
        }
        for exception in Excepted::ALL {
            universe.rules.exceptions = vec![exception];
            let after = said(&universe);
            assert_ne!(
                after.code, 0,
                "universe {seed}: {before:?} with {exception:?}: {after:?}\n{universe:?}"
            );
            assert!(
                before.code == 11 || after == before,
                "universe {seed}: {before:?} with {exception:?}: {after:?}"
            );
        }
        tried += 1;
    }
    assert!(tried > 20, "{tried} of them had two faults");
}

/// Files in any order, under any names, and each of them any number of times.
#[test]
fn order_and_duplicates_of_files_change_nothing() {
    let mut by_code = std::collections::BTreeMap::<u8, u32>::new();
    for seed in 0..count() {
        let universe = Universe::drawn(seed);
        let wanted = said(&universe);
        let dice = &mut Dice::new(seed ^ 0xd0b1e);
        let mut twice = universe.clone();
        for at in 0..universe.sets.len() {
            for _ in 0..dice.below(3) {
                twice.sets.push(universe.sets[at]);
            }
        }
        for turn in 0..3 {
            twice.order = dice.next();
            let again = Product::new(&twice, turn).batch();
            assert_eq!(again, wanted, "universe {seed}, turn {turn}\n{twice:?}");
        }
        *by_code.entry(wanted.code).or_default() += 1;
    }
    assert!(by_code.len() >= 4, "{by_code:?}");
}
