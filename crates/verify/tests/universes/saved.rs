//! A verdict can be repeated: evidence that was saved says the same by itself as with the collateral that it was judged by.
//! Nobody gains by writing the mark himself.

use crate::plan::{Dice, Giver, Universe};
use crate::product::Product;

fn count() -> u64 {
    crate::number("VERITEE_UNIVERSES").unwrap_or(crate::FEW)
}

const fn is_refusal(code: u8) -> bool {
    matches!(code, 10 | 11)
}

#[test]
fn what_was_saved_says_what_was_said() {
    let mut by_code = std::collections::BTreeMap::<u8, u32>::new();
    for seed in 0..count() {
        let universe = Universe::drawn(seed);
        let first = Product::new(&universe, 0);
        let said = first.batch();
        let again = first.saved_and_read().batch();
        assert_eq!(again, said, "universe {seed}, saved\n{universe:?}");
        let twice = first.saved_and_read().saved_and_read().batch();
        assert_eq!(twice, said, "universe {seed}, saved twice\n{universe:?}");
        *by_code.entry(said.code).or_default() += 1;
    }
    assert!(by_code.len() >= 4, "{by_code:?}");
}

#[test]
fn a_mark_of_the_judged_party_s_own_gains_nothing() {
    let (mut with_judge, mut without) = (0_u32, 0_u32);
    for seed in 0..count() {
        let universe = Universe::drawn(seed);
        if !universe.sets.iter().any(|set| set.giver == Giver::Judged) {
            continue;
        }
        let dice = &mut Dice::new(seed ^ 0x3a7c);
        let unmarked = Product::new(&universe, 0).batch();
        let marked = Product::new(&universe, 0).marked(|| dice.below(2) == 0).batch();
        // Towards a judging side that has anything, marked or not is one: what it refuses alone stays refused.
        let alone = Product::new(&universe.without(&[Giver::Judged, Giver::Bystander]), 0).batch();
        if is_refusal(alone.code) {
            assert!(is_refusal(marked.code), "universe {seed}: {alone:?} became {marked:?}\n{universe:?}");
            with_judge += 1;
        }
        // And a mark can only tighten: everybody's items together, marks or none, have to pass.
        if unmarked.code != 0 {
            assert_ne!(marked.code, 0, "universe {seed}: {unmarked:?} became {marked:?}\n{universe:?}");
            without += 1;
        }
    }
    assert!(with_judge > 20 && without > 20, "{with_judge} and {without}");
}
