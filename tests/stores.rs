//! The store among random universes: what it takes in and what it hands out again decides as the sets themselves would.
//! No green that the reference judge refuses, no revocation forgotten, nothing refused that is in force and accepted.

#[allow(dead_code, reason = "shared with the universes of the library")]
#[path = "../crates/verify/tests/universes/plan.rs"]
mod plan;
#[allow(dead_code, reason = "shared with the universes of the library")]
#[path = "../crates/verify/tests/universes/pool.rs"]
mod pool;
#[allow(dead_code, reason = "shared with the universes of the library")]
#[path = "../crates/verify/tests/universes/product.rs"]
mod product;
#[allow(dead_code, reason = "shared with the universes of the library")]
#[path = "../crates/verify/tests/universes/reference.rs"]
mod reference;

use plan::{Above, Dice, Giver, Machine, Set, Universe, When};
use product::Product;
use std::path::Path;
use veritee_collateral::{Evaluation, Need, Store, import};
use veritee_model::{Fmspc, UnixTime};
use veritee_quote::{CaKind, Origin, Tee};

fn now() -> UnixTime {
    veritee_testkit::pki::time(pool::AS_OF)
}

/// The name that a file of this set has, as an export writes it.
fn name(set: &Set, standard: bool) -> String {
    let family = if set.tcb_info.elsewhere { "000000000001" } else { veritee_testkit::universe::FMSPC };
    let ca = if set.pck_list.elsewhere { CaKind::Processor } else { CaKind::Platform };
    let evaluation = if standard { Evaluation::Standard } else { Evaluation::Number(set.tcb_info.number) };
    Need { tee: Tee::Tdx, fmspc: Fmspc::from_hex(family).unwrap(), ca, evaluation }.file_name()
}

/// Imports one set after the other; the indices of those that were taken.
fn imported(folder: &Path, store: &Store, sets: &[(usize, Set)]) -> Vec<usize> {
    let mut taken = Vec::new();
    for (at, set) in sets {
        let files = folder.join(format!("files-{at}"));
        std::fs::create_dir(&files).unwrap();
        std::fs::write(
            files.join(name(set, true)),
            pool::collateral(set, Machine::Genuine, Above::Pinned).to_json(),
        )
        .unwrap();
        if !import(store, &files, now()).unwrap().needs.is_empty() {
            taken.push(*at);
        }
    }
    taken
}

/// As `verify --store` and `batch --store` hand them on.
fn hand_out(store: &Store, product: &mut Product) {
    for held in store.holdings(now()).unwrap().held {
        if held.need.is_some_and(|need| need.evaluation == Evaluation::Standard) {
            product.grounds().give(held.item, Origin::Store);
        } else {
            product.grounds().give_revocations(held.item, Origin::Store);
        }
    }
}

fn in_force(set: &Set) -> bool {
    [set.tcb_info.when, set.qe_identity.when, set.pck_list.when, set.root_list.when]
        .into_iter()
        .all(|when| when == When::Now)
}

#[test]
fn what_the_store_took_in_decides_as_it_was_given() {
    let count: u64 = std::env::var("VERITEE_UNIVERSES").ok().and_then(|it| it.parse().ok()).unwrap_or(1_000);
    let (mut stored, mut passed) = (0_usize, 0_usize);
    for seed in 0..count / 10 {
        let mut universe = Universe::drawn(seed);
        let dice = &mut Dice::new(seed ^ 0x5709e);
        for set in &mut universe.sets {
            if set.giver == Giver::Caller || dice.once_in(2) {
                set.giver = Giver::Store;
            }
            // Of a set the store keeps what Intel's service gives; chains of platforms it keeps by the quote.
            if set.giver == Giver::Store {
                set.pck_chain = None;
            }
            // A store takes in what verifies as a whole; most draws would not.
            for document in [&mut set.tcb_info, &mut set.qe_identity] {
                document.damaged &= dice.once_in(3);
                document.second_signer = set.pck_list.number == 2;
            }
            set.qe_identity.elsewhere = false;
        }
        let folder = tempfile::tempdir().unwrap();
        let store =
            Store::open(&folder.path().join("store"), &product::ROOT, &veritee_model::Budget::STANDARD)
                .unwrap();
        let given: Vec<(usize, Set)> =
            universe.sets.iter().copied().enumerate().filter(|(_, set)| set.giver == Giver::Store).collect();
        let taken = imported(folder.path(), &store, &given);
        stored += taken.len();
        // What a refused file revokes is kept: more may be refused then than the sets that were taken say.
        let kept_more = given
            .iter()
            .filter(|(at, _)| !taken.contains(at))
            .any(|(_, set)| [set.pck_list, set.root_list].iter().any(|list| list.names.is_some()));
        let mut at = 0;
        universe.sets.retain(|set| {
            at += 1;
            set.giver != Giver::Store || taken.contains(&(at - 1))
        });
        let mut product = Product::new(&universe.without(&[Giver::Store]), 0);
        hand_out(&store, &mut product);
        let (said, allowed) = (product.batch(), reference::judge(&universe));
        let context = format!("universe {seed}: {said:?}, allowed {allowed:?}\n{universe:?}");
        if said.code == 0 {
            assert!(allowed.contains(&0), "green that the reference refuses: {context}");
            passed += 1;
        }
        if reference::is_host_revoked(&universe) {
            assert_eq!(said.code, 10, "a revocation is forgotten: {context}");
        }
        if !kept_more && allowed.len() == 1 && allowed.contains(&0) && universe.sets.iter().all(in_force) {
            assert_eq!(said.code, 0, "refused what the reference passes: {context}");
        }
    }
    assert!(stored > 20 && passed > 2, "{stored} were taken, {passed} passed");
}

/// Files below a folder of the store.
fn files(store: &Path, part: &str) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> =
        std::fs::read_dir(store.join(part)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Whatever happens to one file of a store: what it had kept of revocations is known, or its loss is told; and nothing that
/// it hands out then is a pass.
#[test]
fn a_damaged_store_hides_no_loss_and_gives_no_pass() {
    let count: u64 = std::env::var("VERITEE_UNIVERSES").ok().and_then(|it| it.parse().ok()).unwrap_or(1_000);
    let (mut lost, mut damaged) = (0_usize, 0_usize);
    for seed in 0..count / 10 {
        let mut universe = Universe::drawn(seed);
        let dice = &mut Dice::new(seed ^ 0xda3a6e);
        for set in &mut universe.sets {
            set.giver = Giver::Store;
            set.pck_chain = None;
            for document in [&mut set.tcb_info, &mut set.qe_identity] {
                document.damaged &= dice.once_in(3);
                document.second_signer = set.pck_list.number == 2;
            }
            set.qe_identity.elsewhere = false;
        }
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("store");
        let open = || Store::open(&place, &product::ROOT, &veritee_model::Budget::STANDARD).unwrap();
        let given: Vec<(usize, Set)> = universe.sets.iter().copied().enumerate().collect();
        imported(folder.path(), &open(), &given);
        let whole = open().holdings(now()).unwrap();
        assert!(whole.lost.is_empty() && whole.faults.is_empty(), "universe {seed}: an honest store");
        let kept = files(&place, "lists").len();
        let part = dice.of(&["lists", "lists", "objects", "index"]);
        let Some(path) = (!files(&place, part).is_empty()).then(|| {
            let files = files(&place, part);
            files[dice.below(files.len())].clone()
        }) else {
            continue;
        };
        match dice.below(3) {
            0 => std::fs::remove_file(&path).unwrap(),
            1 => std::fs::write(&path, "").unwrap(),
            _ => {
                let mut bytes = std::fs::read(&path).unwrap();
                let at = dice.below(bytes.len());
                bytes[at] ^= 1;
                std::fs::write(&path, bytes).unwrap();
            }
        }
        damaged += 1;
        let holdings = open().holdings(now()).unwrap();
        if part == "lists" {
            assert_eq!(holdings.lost.len(), 1, "universe {seed}: {:?}", holdings.lost);
        }
        lost += usize::from(!holdings.lost.is_empty());
        let held_lists = holdings.held.iter().filter(|held| held.need.is_none()).count();
        assert!(held_lists + holdings.lost.len() >= kept, "universe {seed}: {kept} lists were kept");
        let mut after = Product::new(&universe.without(&[Giver::Store]), 0);
        for fault in &holdings.lost {
            after.grounds().lose(fault.file.clone(), &fault.to_string());
        }
        hand_out(&open(), &mut after);
        let said = after.batch();
        if !holdings.lost.is_empty() {
            assert_ne!(said.code, 0, "universe {seed}: a loss is passed over\n{universe:?}");
        }
    }
    assert!(damaged > 20 && lost > 5, "{damaged} were damaged, {lost} had lost something");
}
