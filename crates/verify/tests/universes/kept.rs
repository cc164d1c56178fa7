//! Universes on which the product and the reference once differed, by hand as simple as they can be.

use crate::plan::{
    Above, Advisories, Document, Giver, List, Machine, Name, Rules, Set, Status, Universe, When,
};
use crate::product::Product;
use crate::reference;

const SOUND: Document = Document {
    number: 20,
    age: 14,
    when: When::Now,
    status: Status::UpToDate,
    second_signer: false,
    above: Above::Pinned,
    elsewhere: false,
    damaged: false,
};
const QUIET: List =
    List { number: 1, age: 14, when: When::Now, names: None, elsewhere: false, damaged: false };
const CALLERS: Set =
    Set { giver: Giver::Caller, tcb_info: SOUND, qe_identity: SOUND, pck_list: QUIET, root_list: QUIET };

fn universe(sets: &[Set]) -> Universe {
    Universe {
        sets: sets.to_vec(),
        machine: Machine::Genuine,
        above: Above::Pinned,
        rules: Rules {
            names_root: true,
            accepts: vec![Status::UpToDate],
            advisories: Advisories::Any,
            least_number: None,
            allow_expired: false,
            allow_debug: false,
            family: None,
            oldest: None,
            pinned: None,
            demands_app: false,
            exceptions: Vec::new(),
        },
        order: 0,
    }
}

#[track_caller]
fn says(sets: &[Set], code: u8) {
    let universe = universe(sets);
    assert_eq!(reference::judge(&universe).into_iter().collect::<Vec<_>>(), [code], "the reference");
    for turn in 0..4 {
        let said = Product::new(&universe, turn).batch();
        assert_eq!(said.code, code, "turn {turn}: {said:?}");
    }
}

/// Something damaged that speaks of another platform, kind of TEE or CA is no forgery of anything here: what is wanted is
/// missing, and others may bring it.
#[test]
fn what_is_damaged_and_about_another_platform_is_not_a_forgery() {
    let other = Document { elsewhere: true, damaged: true, ..SOUND };
    for lacking in [
        Set { tcb_info: other, ..CALLERS },
        Set { qe_identity: other, ..CALLERS },
        Set { pck_list: List { elsewhere: true, damaged: true, ..QUIET }, ..CALLERS },
    ] {
        says(&[lacking], 13);
        says(&[lacking, Set { giver: Giver::Judged, ..CALLERS }], 0);
    }
    // About this one it is.
    let own = Document { damaged: true, ..SOUND };
    says(&[Set { tcb_info: own, ..CALLERS }], 10);
    says(&[Set { tcb_info: own, ..CALLERS }, Set { giver: Giver::Judged, ..CALLERS }], 10);
    says(&[Set { tcb_info: own, ..CALLERS }, CALLERS], 0);
}

/// A list of somebody else's that names the signer of the judge's stricter item.
#[test]
fn no_list_of_another_s_takes_the_stricter_item_away() {
    let strict = Document { number: 21, status: Status::OutOfDate, ..SOUND };
    let kinder = Document { number: 18, second_signer: true, ..SOUND };
    let judges = [
        Set { tcb_info: strict, qe_identity: kinder, ..CALLERS },
        Set { tcb_info: kinder, qe_identity: kinder, giver: Giver::Store, ..CALLERS },
    ];
    let names = List { names: Some(Name::FirstSigner), ..QUIET };
    says(&judges, 11);
    for giver in [Giver::Judged, Giver::Bystander] {
        let brought = Set { giver, root_list: names, tcb_info: kinder, qe_identity: kinder, ..CALLERS };
        says(&[judges[0], judges[1], brought], 11);
    }
    says(
        &[judges[0], judges[1], Set { root_list: names, tcb_info: kinder, qe_identity: kinder, ..CALLERS }],
        0,
    );
}
