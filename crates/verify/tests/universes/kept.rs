//! Universes on which the product and the reference once differed, by hand as simple as they can be.

use crate::plan::{
    Above, Advisories, Document, Giver, List, Machine, Name, PckChain, Rules, Set, Status, Universe, When,
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
const CALLERS: Set = Set {
    giver: Giver::Caller,
    tcb_info: SOUND,
    qe_identity: SOUND,
    pck_list: QUIET,
    root_list: QUIET,
    pck_chain: None,
};

fn universe(sets: &[Set]) -> Universe {
    Universe {
        sets: sets.to_vec(),
        machine: Machine::Genuine,
        carries: true,
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
    judged(&universe(sets), code);
}

/// The same of a quote that carries no PCK chain.
#[track_caller]
fn says_without_chain(sets: &[Set], code: u8) {
    judged(&Universe { carries: false, ..universe(sets) }, code);
}

#[track_caller]
fn judged(universe: &Universe, code: u8) {
    assert_eq!(reference::judge(universe).into_iter().collect::<Vec<_>>(), [code], "the reference");
    for turn in 0..4 {
        let said = Product::new(universe, turn).batch();
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
    says(&[Set { tcb_info: own, ..CALLERS }], 11);
    says(&[Set { tcb_info: own, ..CALLERS }, Set { giver: Giver::Judged, ..CALLERS }], 11);
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

fn with_chain(giver: Giver, chain: PckChain) -> Set {
    Set { giver, pck_chain: Some(chain), ..CALLERS }
}

/// Another host's chain once called the quote a forgery, and the judged party's own made that a pass.
#[test]
fn another_host_s_chain_is_not_this_quote_s() {
    use PckChain::{Damaged, OtherHost, Own};
    for other in [OtherHost, Damaged] {
        for giver in [Giver::Caller, Giver::Store, Giver::Judged] {
            says_without_chain(&[CALLERS, with_chain(giver, other)], 13);
            says_without_chain(&[CALLERS, with_chain(giver, other), with_chain(giver, other)], 13);
            for own in [Giver::Caller, Giver::Service, Giver::Judged] {
                says_without_chain(&[with_chain(giver, other), with_chain(own, Own)], 0);
                says_without_chain(
                    &[with_chain(own, Own), with_chain(giver, other), with_chain(giver, OtherHost)],
                    0,
                );
            }
        }
    }
    // Whoever stands beside gives none.
    says_without_chain(&[CALLERS, with_chain(Giver::Bystander, Own)], 13);
    says_without_chain(&[with_chain(Giver::Caller, OtherHost), with_chain(Giver::Bystander, Own)], 13);
}

#[test]
fn a_key_that_nobody_certified_is_a_forgery_whoever_brings_its_certificate() {
    use PckChain::{Again, Forged, Own};
    says_without_chain(&[CALLERS, with_chain(Giver::Judged, Forged)], 10);
    says_without_chain(&[with_chain(Giver::Caller, Forged)], 10);
    // The judging side's own refusal stays.
    says_without_chain(&[with_chain(Giver::Caller, Forged), with_chain(Giver::Judged, Own)], 10);
    // Beside a genuine one of the same side it says nothing.
    says_without_chain(&[with_chain(Giver::Caller, Forged), with_chain(Giver::Caller, Again)], 0);
    says_without_chain(&[with_chain(Giver::Caller, Own), with_chain(Giver::Judged, Forged)], 0);
}

#[test]
fn a_host_does_not_shed_a_revocation_by_a_second_certificate() {
    use PckChain::{Again, Own};
    for (named, shown, other) in [(Name::Pck, Own, Again), (Name::PckAgain, Again, Own)] {
        let revoking = Set { pck_list: List { names: Some(named), ..QUIET }, ..CALLERS };
        for first in [Giver::Caller, Giver::Store, Giver::Judged] {
            says_without_chain(&[revoking, with_chain(first, shown)], 10);
            says_without_chain(&[revoking, with_chain(first, other)], 0);
            for second in [Giver::Caller, Giver::Service, Giver::Judged] {
                says_without_chain(&[revoking, with_chain(first, shown), with_chain(second, other)], 10);
            }
            // By whomever the revocation comes to be known.
            for giver in [Giver::Judged, Giver::Bystander] {
                let revoking = Set { giver, ..revoking };
                says_without_chain(&[CALLERS, revoking, with_chain(first, shown)], 10);
            }
        }
        // A quote that carries its chain is judged by that one.
        says(&[revoking, with_chain(Giver::Caller, Again)], if named == Name::Pck { 10 } else { 0 });
    }
    let authority = Set { root_list: List { names: Some(Name::PckCa), ..QUIET }, ..CALLERS };
    says_without_chain(
        &[CALLERS, Set { giver: Giver::Judged, ..authority }, with_chain(Giver::Caller, Own)],
        10,
    );
}

/// What the platform is nobody knows, so that nothing of one platform can be a forgery.
#[test]
fn damaged_collateral_is_no_forgery_of_a_machine_without_a_chain() {
    let damaged = Document { damaged: true, ..SOUND };
    let own = Set { giver: Giver::Judged, pck_chain: Some(PckChain::Own), ..CALLERS };
    let tcb_info = Set { tcb_info: Document { elsewhere: true, ..damaged }, ..CALLERS };
    says_without_chain(&[tcb_info], 13);
    says_without_chain(&[tcb_info, own], 0);
    let list = Set { pck_list: List { damaged: true, elsewhere: true, ..QUIET }, ..CALLERS };
    says_without_chain(&[list], 13);
    says_without_chain(&[list, own], 0);
    // What is asked of every platform alike is.
    let identity = Set { qe_identity: damaged, ..CALLERS };
    says_without_chain(&[identity], 11);
    says_without_chain(&[identity, own], 11);
}
