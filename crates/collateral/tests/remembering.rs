//! What is remembered, what is returned offline, and what does not get into the memory.

#[allow(dead_code, reason = "each test binary uses a part")]
#[path = "support/world.rs"]
mod world;

use std::time::Duration;
use veritee_collateral::{Error, Mode, Offered, Store, Warning, import, import_all};
use veritee_model::Item;
use veritee_quote::{Budget, Collateral, TrustRoot};
use veritee_testkit::Universe;
use world::*;

fn older() -> Universe {
    universe()
        .tcb_info(|info| info.evaluation_number = 19)
        .qe_identity(|identity| identity.evaluation_number = 19)
        .pck_crl(|list| list.this_update = at("2026-09-20T00:00:00Z"))
        .root_crl(|list| list.set_number(0))
}

#[test]
fn older_collateral_than_before_is_reported_part_by_part() {
    let world = World::new();
    world.serve(&need(), &answers(&universe()));
    world.obtain(&need(), now(), Mode::Cached).unwrap();
    let replay = World { store: world.store.clone(), ..World::new() };
    replay.serve(&need(), &answers(&older()));
    let obtained = replay.obtain(&need(), now(), Mode::Refresh).unwrap();
    let shown: Vec<String> = obtained.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "the TCB info (tdx 70a06d070000 standard) is older than one seen before: seen number 20 of \
             2026-10-01T00:00:00Z, got number 19 of 2026-10-01T00:00:00Z",
            "the QE identity (tdx standard) is older than one seen before: seen number 20 of \
             2026-10-01T00:00:00Z, got number 19 of 2026-10-01T00:00:00Z",
            "the PCK revocation list (platform) is older than one seen before: seen number 1 of \
             2026-10-01T00:00:00Z, got number 1 of 2026-09-20T00:00:00Z",
            "the root revocation list is older than one seen before: seen number 1 of \
             2026-10-01T00:00:00Z, got number 0 of 2026-10-01T00:00:00Z",
        ]
    );
    // What is given, and what the store has after, is the newer of each.
    let newest = Collateral::from_json(universe().forge().collateral_json().as_bytes()).unwrap();
    assert_eq!(obtained.collateral.parts().tcb_info, newest.parts().tcb_info);
    let again = replay.obtain(&need(), now(), Mode::Offline).unwrap();
    assert_eq!(again.warnings, []);
    assert_eq!(again.collateral, obtained.collateral);
}

#[test]
fn a_newer_set_after_an_older_one_is_no_rollback() {
    let world = World::new();
    world.serve(&need(), &answers(&older()));
    world.obtain(&need(), now(), Mode::Cached).unwrap();
    let newer = World { store: world.store.clone(), ..World::new() };
    newer.serve(&need(), &answers(&universe()));
    assert_eq!(newer.obtain(&need(), now(), Mode::Refresh).unwrap().warnings, []);
}

#[test]
fn an_old_number_that_was_asked_for_is_no_rollback() {
    let world = World::new();
    world.serve(&need(), &answers(&universe()));
    world.obtain(&need(), now(), Mode::Cached).unwrap();
    let old = universe()
        .tcb_info(|info| info.evaluation_number = 17)
        .qe_identity(|identity| identity.evaluation_number = 17);
    world.serve_set(&number(17), &answers(&old));
    assert_eq!(world.obtain(&number(17), now(), Mode::Cached).unwrap().warnings, []);
}

#[test]
fn a_test_root_cannot_poison_the_memory_of_another_root() {
    let world = World::new();
    let elsewhere = Universe::new(SEED + 1)
        .tcb_info(|info| info.evaluation_number = 4_000_000_000)
        .pck_crl(|list| list.set_number(u64::MAX));
    let other_root = TrustRoot::from_der(&elsewhere.forge().root_der).unwrap();
    let poisoned = World {
        store: Store::open(world.store.folder(), &other_root, &Budget::STANDARD).unwrap(),
        ..World::new()
    };
    poisoned.serve(&need(), &answers(&elsewhere));
    poisoned.obtain(&need(), now(), Mode::Cached).unwrap();
    world.serve(&need(), &answers(&universe()));
    let obtained = world.obtain(&need(), now(), Mode::Cached).unwrap();
    assert_eq!((obtained.requests, obtained.warnings), (4, Vec::new()));
    let inventory = world.store.list(now()).unwrap();
    assert_eq!(inventory.entries.len(), 1, "the other root's entry is listed");
    assert_eq!(inventory.faults, [], "the other root's entry is called a fault");
    assert!(
        Store::open(world.store.folder(), &TrustRoot::intel(), &Budget::STANDARD)
            .unwrap()
            .memory()
            .unwrap()
            .0
            .is_empty()
    );
}

#[test]
fn a_clock_that_runs_ahead_leaves_no_mark_that_a_right_clock_trips_over() {
    let world = World::new();
    world.serve(&need(), &answers(&universe()));
    let obtained = world.obtain(&need(), at("2026-12-24T00:00:00Z"), Mode::Cached).unwrap();
    assert!(matches!(obtained.warnings[..], [Warning::Expired(_)]), "{:?}", obtained.warnings);
    assert_eq!(world.obtain(&need(), now(), Mode::Refresh).unwrap().warnings, []);
}

#[test]
fn offline_expired_collateral_comes_with_a_warning_and_none_with_a_way_out() {
    let world = World::new();
    let error = world.obtain(&need(), now(), Mode::Offline).unwrap_err();
    assert!(matches!(error, Error::Absent { .. }), "{error}");
    let step = error.next_step();
    assert!(step.contains("tdx-70a06d070000-platform-standard.json"), "{step}");
    assert!(step.contains("veritee collateral fetch --tee tdx --fmspc 70a06d070000 --ca platform"), "{step}");
    world.serve(&need(), &answers(&universe()));
    world.obtain(&need(), now(), Mode::Cached).unwrap();
    let late = world.obtain(&need(), at("2026-11-05T00:00:00Z"), Mode::Offline).unwrap();
    assert!(
        matches!(&late.warnings[..], [Warning::Expired(items)] if items.len() == 3),
        "{:?}",
        late.warnings
    );
    assert_eq!((late.requests, world.asked()), (0, 4));
}

#[test]
fn a_store_that_cannot_be_written_is_a_warning_and_not_a_failure() {
    let world = World::new();
    world.serve(&need(), &answers(&universe()));
    std::fs::remove_dir(world.store.folder().join("index")).unwrap();
    std::fs::write(world.store.folder().join("index"), "in the way").unwrap();
    let error = world.obtain(&need(), now(), Mode::Cached);
    assert!(error.is_err(), "reading must fail loudly");
    let obtained = world.obtain(&need(), now(), Mode::Refresh).unwrap();
    assert!(matches!(&obtained.warnings[..], [Warning::NotKept(_)]), "{:?}", obtained.warnings);
}

#[test]
fn a_part_of_an_imported_file_is_not_passed_on_as_the_set_it_is_named_after() {
    let world = World::new();
    let folder = world.folder.path().join("snapshot");
    std::fs::create_dir(&folder).unwrap();
    let early = universe()
        .tcb_info(|info| info.evaluation_number = 21)
        .qe_identity(|identity| identity.evaluation_number = 21)
        .pck_crl(|list| list.next_update = Some(at("2026-10-14T00:00:00Z")));
    std::fs::write(folder.join(need().file_name()), early.forge().collateral_json()).unwrap();
    import(&world.store, &folder, now()).unwrap();
    world.serve(&need(), &answers(&universe()));
    let obtained = world.obtain(&need(), now(), Mode::Cached).unwrap();
    assert_eq!((obtained.numbers, obtained.requests), ((20, 20), 3));
    assert_eq!(obtained.warnings, []);
}

/// What this thread has computed so far, as Linux counts it.
fn computed() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(statistics.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0))
}

/// A store holds many sets, and many lone lists are offered, each of which names another host: what is there is read and
/// verified once for all of them, and none is forgotten.
#[test]
fn lone_lists_cost_their_number_whatever_the_store_holds() {
    let offered = |count: u8| -> Vec<Offered> {
        let set = |number: u8| universe().tcb_info(|info| info.fmspc = format!("70a06d0700{number:02x}"));
        let list = |number: u8| universe().pck_crl(|list| list.revoke(&[7, number]));
        let item = |universe: Universe, name: String| Item::new(universe.forge().collateral_json(), name);
        let sets = (0..count).map(|number| Offered::Set(item(set(number), format!("set{number}"))));
        let lists = (0..count).map(|number| Offered::Lists(item(list(number), format!("list{number}"))));
        sets.chain(lists).collect()
    };
    let cost = |count: u8| {
        let offered = offered(count);
        let mut least = Duration::MAX;
        for _ in 0..2 {
            let (world, given) = (World::new(), offered.clone());
            let start = computed();
            let imported = import_all(&world.store, given, now()).unwrap();
            least = least.min(computed().saturating_sub(start));
            assert_eq!((imported.needs.len(), imported.revoking.len()), (count.into(), count.into()));
            assert_eq!(imported.refused, []);
        }
        least.as_secs_f64()
    };
    // Eight times as many; with one reading of the store for each list it was over thirty times.
    let (few, many) = (cost(5), cost(40));
    assert!(many <= few.max(0.01) * 8.0 * 1.953, "{few} s for 5, {many} s for 40");
}
