//! The store on disk: damage, permissions, links, what is listed, dropped, written out and read in.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

#[allow(dead_code, reason = "each test binary uses a part")]
#[path = "support/world.rs"]
mod world;

use std::fs;
use std::path::{Path, PathBuf};
use veritee_collateral::{
    Answers, Evaluation, FaultKind, Lookup, Mode, Need, ServiceKind, Store, StoreError, Warning, import,
    snapshot,
};
use veritee_quote::{Budget, Collateral, Expiry};
use veritee_testkit::Universe;
use world::*;

fn filled() -> World {
    let world = World::new();
    world.serve(&need(), &answers(&universe()));
    world.obtain(&need(), now(), Mode::Cached).unwrap();
    world
}

fn files(world: &World, part: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(world.store.folder().join(part)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn absent(world: &World) -> Vec<veritee_collateral::Fault> {
    match world.store.lookup(&need(), now()).unwrap() {
        Lookup::Absent(faults) => faults,
        found => panic!("{found:?}"),
    }
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn an_object_is_named_by_its_content_and_shared() {
    let world = filled();
    // Bodies: four. Chains: TCB signer (twice the same) and PCK CA.
    assert_eq!(files(&world, "objects").len(), 6);
    for path in files(&world, "objects") {
        let digest = veritee_model::Sha256Digest::of(&fs::read(&path).unwrap());
        assert_eq!(path.file_name().unwrap().to_str().unwrap(), digest.to_string());
    }
    let genuine = answers(&universe());
    let bodies: Vec<Vec<u8>> = files(&world, "objects").iter().map(|path| fs::read(path).unwrap()).collect();
    for body in [genuine.tcb_info, genuine.qe_identity, genuine.pck_crl, genuine.root_ca_crl] {
        assert!(bodies.contains(&body), "a body was not kept as it came");
    }
}

#[test]
fn a_damaged_object_is_reported_never_used_and_fetched_anew() {
    for index in 0..6 {
        let world = filled();
        let path = files(&world, "objects")[index].clone();
        flip(&path, 100);
        let faults = absent(&world);
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].what, FaultKind::Damaged);
        assert!(faults[0].file.ends_with(path.file_name().unwrap().to_str().unwrap()));
        let obtained = world.obtain(&need(), now(), Mode::Cached).unwrap();
        assert_eq!(obtained.requests, 4);
        assert!(matches!(&obtained.warnings[..], [Warning::Damaged(_)]), "{:?}", obtained.warnings);
        assert_eq!(world.obtain(&need(), now(), Mode::Cached).unwrap().requests, 0, "it was not mended");
        assert_eq!(world.store.check(now()).unwrap().faults, []);
    }
}

#[test]
fn a_missing_a_shortened_and_a_replaced_object_are_as_good_as_absent() {
    let world = filled();
    let path = files(&world, "objects")[0].clone();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(absent(&world)[0].what, FaultKind::Damaged);
    fs::remove_file(&path).unwrap();
    assert_eq!(absent(&world)[0].what, FaultKind::Missing);
    fs::create_dir(&path).unwrap();
    assert_eq!(absent(&world)[0].what, FaultKind::NotAFile);
}

#[test]
fn a_flipped_bit_anywhere_in_an_entry_or_in_the_memory_shows() {
    let world = filled();
    for part in ["index", "memory"] {
        let path = files(&world, part)[0].clone();
        let whole = fs::read(&path).unwrap();
        // All of the digest in front, and every fifth byte of what it is over.
        for at in (0..65).chain((65..whole.len()).step_by(5)) {
            flip(&path, at);
            if part == "index" {
                assert_eq!(absent(&world)[0].what, FaultKind::Damaged, "byte {at}");
            } else {
                let (memory, fault) = world.store.memory().unwrap();
                assert!(memory.is_empty() && fault.is_some(), "byte {at}");
            }
            fs::write(&path, &whole).unwrap();
        }
    }
    assert!(matches!(world.store.lookup(&need(), now()).unwrap(), Lookup::Fresh(_)));
}

#[test]
fn a_lost_memory_is_reported_once_and_begun_anew() {
    let world = filled();
    flip(&files(&world, "memory")[0], 70);
    let obtained = world.obtain(&need(), now(), Mode::Refresh).unwrap();
    assert!(matches!(&obtained.warnings[..], [Warning::Forgotten(_)]), "{:?}", obtained.warnings);
    assert_eq!(world.obtain(&need(), now(), Mode::Refresh).unwrap().warnings, []);
}

#[test]
fn an_entry_under_the_name_of_another_need_is_not_used() {
    let world = filled();
    let early = need().with(Evaluation::Early);
    let newer = universe()
        .tcb_info(|info| info.evaluation_number = 21)
        .qe_identity(|identity| identity.evaluation_number = 21);
    let before = files(&world, "index")[0].clone();
    world.serve_set(&early, &answers(&newer));
    world.obtain(&early, now(), Mode::Cached).unwrap();
    let other = files(&world, "index").into_iter().find(|path| *path != before).unwrap();
    fs::copy(&before, &other).unwrap();
    let Lookup::Absent(faults) = world.store.lookup(&early, now()).unwrap() else { panic!("it was used") };
    assert_eq!(faults[0].what, FaultKind::Misplaced);
}

#[cfg(unix)]
#[path = "support/unix.rs"]
mod unix;

#[test]
fn a_listing_says_what_there_is_and_until_when() {
    let world = filled();
    let inventory = world.store.list(now()).unwrap();
    assert_eq!(inventory.faults, []);
    let [entry] = &inventory.entries[..] else { panic!("{:?}", inventory.entries) };
    assert_eq!((entry.need, entry.service), (need(), ServiceKind::PcsV4));
    assert_eq!((entry.number, entry.qe_identity_number), (20, 20));
    assert_eq!((entry.pck_crl_number.as_str(), entry.root_ca_crl_number.as_str()), ("01", "01"));
    assert_eq!((entry.expired.len(), entry.expires), (0, at("2026-10-31T00:00:00Z")));
    let json = world.obtain(&need(), now(), Mode::Offline).unwrap().item;
    assert_eq!(entry.sha256, json.sha256());
    for item in &entry.items {
        assert_eq!((item.issued, item.fetched), (at("2026-10-01T00:00:00Z"), now()), "{}", item.item);
    }
    let late = world.store.list(at("2026-11-05T00:00:00Z")).unwrap();
    assert_eq!(late.entries[0].expired.len(), 3);
}

#[test]
fn pruning_drops_what_expired_long_ago_and_what_nothing_needs() {
    let world = filled();
    let late = at("2026-11-05T00:00:00Z");
    let (objects, memory) = (files(&world, "objects").len(), files(&world, "memory"));
    assert_eq!(world.store.prune(late, 30 * 86_400).unwrap().expired, []);
    assert_eq!(files(&world, "objects").len(), objects);
    fs::write(world.store.folder().join("objects/tmp-1-left"), "half").unwrap();
    fs::write(world.store.folder().join(format!("objects/{}", "0".repeat(64))), "nobody's").unwrap();
    let pruned = world.store.prune(late, 86_400).unwrap();
    assert_eq!((pruned.expired, pruned.temporaries, pruned.objects), (vec![need()], 1, objects + 1));
    assert_eq!((files(&world, "objects").len(), files(&world, "index").len()), (0, 0));
    assert_eq!(files(&world, "memory"), memory, "the memory was dropped");
}

#[test]
fn pruning_with_a_clock_before_everything_drops_nothing() {
    let world = filled();
    let pruned = world.store.prune(at("1971-01-01T00:00:00Z"), 0).unwrap();
    assert_eq!(pruned, veritee_collateral::Pruned::default());
    assert!(matches!(world.store.lookup(&need(), now()).unwrap(), Lookup::Fresh(_)));
}

#[test]
fn pruning_leaves_what_entries_of_another_root_or_version_need() {
    let world = filled();
    let elsewhere = Universe::new(SEED + 1);
    let other_root = veritee_quote::TrustRoot::from_der(&elsewhere.forge().root_der).unwrap();
    let other = World {
        store: Store::open(world.store.folder(), &other_root, &Budget::STANDARD).unwrap(),
        ..World::new()
    };
    other.serve(&need(), &answers(&elsewhere));
    other.obtain(&need(), now(), Mode::Cached).unwrap();
    other.store.prune(at("2030-01-01T00:00:00Z"), 0).unwrap();
    assert!(matches!(world.store.lookup(&need(), now()).unwrap(), Lookup::Fresh(_)));
    // An entry of a version to come.
    let json = "{\"version\": 2, \"wonders\": true}\n";
    let sealed = format!("{}\n{json}", veritee_model::Sha256Digest::of(json.as_bytes()));
    fs::write(world.store.folder().join("index").join("f".repeat(64)), sealed).unwrap();
    let stray = world.store.folder().join(format!("objects/{}", "0".repeat(64)));
    fs::write(&stray, "needed by the new version").unwrap();
    let pruned = world.store.prune(now(), 0).unwrap();
    assert_eq!((pruned.unknown.len(), pruned.objects, stray.exists()), (1, 0, true));
}

#[test]
fn pruning_drops_entries_whose_objects_are_damaged_and_says_so() {
    let world = filled();
    flip(&files(&world, "objects")[2], 7);
    let pruned = world.store.prune(now(), 0).unwrap();
    assert_eq!((pruned.broken.len(), pruned.expired.len()), (1, 0));
    assert_eq!(pruned.broken[0].what, FaultKind::Damaged);
    assert_eq!(world.store.check(now()).unwrap().faults, []);
    assert_eq!(absent(&world), []);
}

#[test]
fn a_check_reports_every_fault_with_its_file() {
    let world = filled();
    let sound = world.store.check(now()).unwrap();
    assert_eq!((sound.entries, sound.objects, sound.faults), (1, 6, Vec::new()));
    flip(&files(&world, "objects")[0], 3);
    fs::write(world.store.folder().join(format!("objects/{}", "0".repeat(64))), "?").unwrap();
    flip(&files(&world, "memory")[0], 80);
    let checkup = world.store.check(now()).unwrap();
    assert_eq!((checkup.entries, checkup.objects), (0, 5));
    assert_eq!(checkup.faults.len(), 3, "{:?}", checkup.faults);
    assert!(checkup.faults.iter().all(|fault| fault.what == FaultKind::Damaged), "{:?}", checkup.faults);
}

#[test]
fn a_check_names_an_object_that_an_entry_misses() {
    let world = filled();
    let object = files(&world, "objects")[0].clone();
    fs::remove_file(&object).unwrap();
    let faults = world.store.check(now()).unwrap().faults;
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].what, FaultKind::Missing);
}

#[test]
fn a_snapshot_is_files_that_verify_and_import_reads_them_back() {
    let world = filled();
    let early = need().with(Evaluation::Early);
    let newer = universe()
        .tcb_info(|info| info.evaluation_number = 21)
        .qe_identity(|identity| identity.evaluation_number = 21);
    world.serve_set(&early, &answers(&newer));
    world.obtain(&early, now(), Mode::Cached).unwrap();
    let folder = world.folder.path().join("snapshot");
    let written = snapshot(&world.store, None, &folder, now()).unwrap();
    let names: Vec<&str> = written.written.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["tdx-70a06d070000-platform-standard.json", "tdx-70a06d070000-platform-early.json"]);
    for file in &written.written {
        let json = fs::read(folder.join(&file.name)).unwrap();
        assert_eq!(veritee_model::Sha256Digest::of(&json), file.sha256);
        Collateral::from_json(&json).unwrap().verify_at(&root(), now(), Expiry::Enforce).unwrap();
    }
    let fresh = World::new();
    fs::write(folder.join("forged.json"), Universe::new(SEED + 1).forge().collateral_json()).unwrap();
    fs::write(folder.join("garbage.json"), "{").unwrap();
    fs::write(folder.join("unnamed.json"), universe().forge().collateral_json()).unwrap();
    fs::write(folder.join("notes.txt"), "not read").unwrap();
    let imported = import(&fresh.store, &folder, now()).unwrap();
    assert_eq!(imported.needs.len(), 3);
    assert!(imported.needs.contains(&number(20)), "the unnamed file is kept under its number");
    let refused: Vec<&str> = imported.refused.iter().map(|fault| fault.file.as_str()).collect();
    assert_eq!(refused, ["forged.json", "garbage.json"]);
    for need in [need(), early] {
        let offline = fresh.obtain(&need, now(), Mode::Offline).unwrap();
        assert_eq!(offline.item.bytes, world.obtain(&need, now(), Mode::Offline).unwrap().item.bytes);
    }
    assert_eq!(fresh.asked(), 0);
    let absent = snapshot(&fresh.store, Some(&[sgx_need()]), &folder, now()).unwrap();
    assert_eq!(absent.absent, [sgx_need()]);
}

#[test]
fn a_file_that_calls_itself_standard_does_not_make_the_standard_set_look_old() {
    let world = World::new();
    let folder = world.folder.path().join("snapshot");
    fs::create_dir(&folder).unwrap();
    let early = universe()
        .tcb_info(|info| info.evaluation_number = 21)
        .qe_identity(|identity| identity.evaluation_number = 21);
    fs::write(folder.join(need().file_name()), early.forge().collateral_json()).unwrap();
    assert_eq!(import(&world.store, &folder, now()).unwrap().needs, [need()]);
    world.serve(&need(), &answers(&universe()));
    assert_eq!(world.obtain(&need(), now(), Mode::Refresh).unwrap().warnings, []);
}

#[test]
fn a_file_named_after_another_family_is_kept_as_what_it_is() {
    let world = World::new();
    let folder = world.folder.path().join("snapshot");
    fs::create_dir(&folder).unwrap();
    let other = Need::parse("tdx", "00806F050000", "platform", "standard").unwrap();
    fs::write(folder.join(other.file_name()), universe().forge().collateral_json()).unwrap();
    assert_eq!(import(&world.store, &folder, now()).unwrap().needs, [number(20)]);
    assert!(matches!(world.store.lookup(&other, now()).unwrap(), Lookup::Absent(_)));
}

#[test]
fn collateral_whose_parts_no_service_can_have_served_is_not_taken_in() {
    let forged = universe().forge();
    let mut parts = Collateral::from_json(forged.collateral_json().as_bytes()).unwrap().parts().clone();
    parts.tcb_info_signature.push_str("\",\"signature\":\"00");
    let odd = Collateral::from_parts(parts);
    assert!(Answers::from_collateral(&odd, "odd.json", now(), &Budget::STANDARD).is_err());
}

#[test]
fn the_newest_of_several_services_answers_is_taken() {
    let world = filled();
    let folder = world.folder.path().join("snapshot");
    fs::create_dir(&folder).unwrap();
    let older = universe().tcb_info(|info| info.issue_date = "2026-09-30T00:00:00Z".to_owned());
    fs::write(folder.join(need().file_name()), older.forge().collateral_json()).unwrap();
    let imported = import(&world.store, &folder, now()).unwrap();
    assert_eq!(imported.rollbacks.len(), 1, "an older file passes unnoticed");
    let Lookup::Fresh(found) = world.store.lookup(&need(), now()).unwrap() else { panic!("not fresh") };
    assert_eq!(found.service, ServiceKind::PcsV4);
}

#[test]
fn a_newer_file_goes_before_an_older_answer() {
    let world = filled();
    let folder = world.folder.path().join("snapshot");
    fs::create_dir(&folder).unwrap();
    let newer = universe().tcb_info(|info| info.issue_date = "2026-10-10T00:00:00Z".to_owned());
    fs::write(folder.join(need().file_name()), newer.forge().collateral_json()).unwrap();
    import(&world.store, &folder, now()).unwrap();
    let Lookup::Fresh(found) = world.store.lookup(&need(), now()).unwrap() else { panic!("not fresh") };
    assert_eq!(found.service, ServiceKind::Imported);
}

/// What the store says of the machine whose PCK certificate has this number: every set and list in it, as a run takes
/// them.
fn is_revoked(store: &Store, at: veritee_model::UnixTime) -> bool {
    let mut known = veritee_quote::KnownCollateral::new(store.root(), &Budget::STANDARD);
    for held in store.holdings(at).unwrap().held {
        let collateral = Collateral::from_json(&held.item.bytes).unwrap();
        known.add_revocations(&collateral, veritee_quote::Origin::Store, "store");
    }
    let quote = veritee_quote::Quote::parse(&universe().forge().quote).unwrap();
    known.revocation_in(quote.certification_data()).is_some()
}

/// Files of this collateral, for `import`.
fn written(universe: &Universe) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let json = universe.forge().collateral_json();
    fs::write(folder.path().join(need().file_name()), json).unwrap();
    folder
}

#[test]
fn of_each_item_the_newer_stays_whichever_way_the_older_came() {
    let newer = universe().tcb_info(|info| info.evaluation_number = 21);
    let older =
        universe().pck_crl(|list| list.this_update = veritee_testkit::pki::time("2026-10-10T00:00:00Z"));
    for both_ways in [[&newer, &older], [&older, &newer]] {
        let world = World::new();
        for set in both_ways {
            import(&world.store, written(set).path(), now()).unwrap();
        }
        let found = match world.store.lookup(&need(), now()).unwrap() {
            Lookup::Fresh(found) => found,
            other => panic!("{other:?}"),
        };
        let prepared = &found.checked.prepared;
        assert_eq!(prepared.tcb_info().evaluation_number, 21);
        let lists =
            prepared.sources().iter().find(|dates| dates.source == veritee_quote::error::Source::PckCrl);
        assert_eq!(lists.unwrap().issued, veritee_testkit::pki::time("2026-10-10T00:00:00Z"));
    }
}

#[test]
fn a_revocation_that_the_store_has_seen_is_never_forgotten() {
    let revoking = universe().revoke(veritee_testkit::Role::Pck);
    let later =
        universe().pck_crl(|list| list.this_update = veritee_testkit::pki::time("2026-10-10T00:00:00Z"));
    let world = World::new();
    import(&world.store, written(&revoking).path(), now()).unwrap();
    assert!(is_revoked(&world.store, now()));
    // A newer list without the entry takes its place, an older one does not; both ways it stays known.
    for set in [&later, &universe()] {
        import(&world.store, written(set).path(), now()).unwrap();
        assert!(is_revoked(&world.store, now()));
    }
    assert_eq!(files(&world, "lists").len(), 1);
    world.store.prune(now(), 0).unwrap();
    assert!(is_revoked(&world.store, now()), "prune drops no list that is needed");
    assert_eq!(world.store.check(now()).unwrap().faults, []);
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn lists_that_were_kept_and_are_lost_are_told_until_they_are_there_again_or_let_go_of() {
    let revoking = universe().revoke(veritee_testkit::Role::Pck);
    let later =
        universe().pck_crl(|list| list.this_update = veritee_testkit::pki::time("2026-10-10T00:00:00Z"));
    type Damage = fn(&Path, &str, &str);
    let damages: [(&str, Damage); 7] = [
        ("the file is gone", |folder, name, _| fs::remove_file(folder.join("lists").join(name)).unwrap()),
        ("the folder is gone", |folder, _, _| fs::remove_dir_all(folder.join("lists")).unwrap()),
        ("a byte differs", |folder, name, _| {
            let path = folder.join("lists").join(name);
            let mut bytes = fs::read(&path).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            fs::write(path, bytes).unwrap();
        }),
        ("it is empty", |folder, name, _| fs::write(folder.join("lists").join(name), "").unwrap()),
        ("a folder in its place", |folder, name, _| {
            fs::remove_file(folder.join("lists").join(name)).unwrap();
            fs::create_dir(folder.join("lists").join(name)).unwrap();
        }),
        ("its object is gone", |folder, _, object| {
            fs::remove_file(folder.join("objects").join(object)).unwrap();
        }),
        ("its object differs", |folder, _, object| {
            fs::write(folder.join("objects").join(object), "x").unwrap();
        }),
    ];
    for (what, damage) in damages {
        for again in [false, true] {
            let world = World::new();
            for set in [&revoking, &later] {
                import(&world.store, written(set).path(), now()).unwrap();
            }
            assert_eq!(world.store.holdings(now()).unwrap().lost, [], "{what}");
            let name = name_of(&files(&world, "lists")[0]);
            let object = veritee_model::Sha256Digest::of(&revoking.forge().collateral.pck_crl).to_string();
            damage(world.store.folder(), &name, &object);
            // Opened anew: nothing is remembered.
            let store = || Store::open(world.store.folder(), world.store.root(), &Budget::STANDARD).unwrap();
            let lost = store().holdings(now()).unwrap().lost;
            assert!(lost.iter().any(|fault| fault.file == format!("lists/{name}")), "{what}: {lost:?}");
            let inventory = store().list(now()).unwrap();
            assert!(inventory.faults.iter().any(|fault| fault.file.contains(&name)), "{what}");
            assert!(!store().check(now()).unwrap().faults.is_empty(), "{what}");
            if again {
                import(&store(), written(&revoking).path(), now()).unwrap();
                assert!(is_revoked(&store(), now()), "{what}");
            } else {
                let pruned = store().prune(now(), 0).unwrap();
                assert!(pruned.lists_lost.iter().any(|fault| fault.file.contains(&name)), "{what}");
            }
            assert_eq!(store().holdings(now()).unwrap().lost, [], "{what}, again {again}");
        }
    }
}

/// A store of a version that did not write down what it keeps does from the next writer on.
#[test]
fn lists_that_stood_there_before_are_written_down() {
    let world = World::new();
    for set in [
        universe().revoke(veritee_testkit::Role::Pck),
        universe().pck_crl(|list| list.this_update = veritee_testkit::pki::time("2026-10-10T00:00:00Z")),
    ] {
        import(&world.store, written(&set).path(), now()).unwrap();
    }
    let noted =
        files(&world, "memory").iter().map(|path| name_of(path)).find(|it| it.ends_with("-lists")).unwrap();
    fs::remove_file(world.store.folder().join("memory").join(&noted)).unwrap();
    import(&world.store, written(&universe()).path(), now()).unwrap();
    fs::remove_dir_all(world.store.folder().join("lists")).unwrap();
    let store = Store::open(world.store.folder(), world.store.root(), &Budget::STANDARD).unwrap();
    assert_eq!(store.holdings(now()).unwrap().lost.len(), 1);
    fs::write(store.folder().join("memory").join(&noted), "x").unwrap();
    assert_eq!(store.holdings(now()).unwrap().lost[0].file, format!("memory/{noted}"));
    store.prune(now(), 0).unwrap();
    assert_eq!(store.holdings(now()).unwrap().lost, []);
}

#[test]
fn what_an_expired_entry_revokes_outlives_it() {
    let world = World::new();
    import(&world.store, written(&universe().revoke(veritee_testkit::Role::Pck)).path(), now()).unwrap();
    let later = veritee_testkit::pki::time("2026-12-24T00:00:00Z");
    let pruned = world.store.prune(later, 0).unwrap();
    assert_eq!((pruned.expired, pruned.lists_kept), (vec![need()], vec![need()]));
    assert!(is_revoked(&world.store, later));
    // One that revokes nothing leaves nothing.
    let other = World::new();
    import(&other.store, written(&universe()).path(), now()).unwrap();
    assert_eq!(other.store.prune(later, 0).unwrap().lists_kept, []);
    assert!(files(&other, "lists").is_empty());
}

#[test]
fn what_a_revoked_signer_has_signed_takes_no_place() {
    let serial = universe().pki.serial(veritee_testkit::Role::TcbSigner);
    let revoking = universe()
        .pki(|pki| {
            pki.replace_key(veritee_testkit::Role::TcbSigner, veritee_testkit::SigningKey::derive(7, "new"));
        })
        .root_crl(|list| {
            list.this_update = veritee_testkit::pki::time("2026-10-10T00:00:00Z");
            list.revoke(&serial);
        });
    let world = World::new();
    import(&world.store, written(&revoking).path(), now()).unwrap();
    let bid = universe().tcb_info(|info| info.evaluation_number = 99);
    import(&world.store, written(&bid).path(), now()).unwrap();
    match world.store.lookup(&need(), now()).unwrap() {
        Lookup::Fresh(found) => assert_eq!(found.checked.prepared.tcb_info().evaluation_number, 20),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_folder_in_a_file_s_place_is_set_aside_by_prune() {
    let world = filled();
    let object = files(&world, "objects").remove(0);
    fs::remove_file(&object).unwrap();
    fs::create_dir(&object).unwrap();
    fs::create_dir(world.store.folder().join("objects/tmp-1-x")).unwrap();
    let pruned = world.store.prune(now(), 0).unwrap();
    assert_eq!(pruned.broken.len(), 1, "{pruned:?}");
    assert!(files(&world, "objects").iter().all(|path| path.is_file()));
    world.obtain(&need(), now(), Mode::Cached).unwrap();
    assert!(
        matches!(world.store.lookup(&need(), now()).unwrap(), Lookup::Fresh(_)),
        "it can be filled again"
    );
}

#[cfg(unix)]
#[test]
fn a_link_to_a_store_is_refused_however_it_is_written() {
    let world = filled();
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(world.store.folder(), &link).unwrap();
    for spelling in ["link", "link/", "link/.", "link//", "./link/"] {
        let opened = Store::open(&folder.path().join(spelling), world.store.root(), &Budget::STANDARD);
        assert!(matches!(opened, Err(StoreError::NotAFolder { .. })), "{spelling}");
    }
}

/// Sets what everybody may do with the folder and all that is in it.
#[cfg(unix)]
fn chmod(folder: &Path, folders: u32, plain: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            chmod(&entry.path(), folders, plain);
        } else {
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(plain)).unwrap();
        }
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(folders)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_store_that_cannot_be_written_is_still_read() {
    for (lock, lists) in [(true, true), (false, true), (true, false)] {
        let world = filled();
        let folder = world.store.folder().to_owned();
        if !lock {
            fs::remove_file(folder.join("lock")).unwrap();
        }
        if !lists {
            // As an older program left it.
            fs::remove_dir(folder.join("lists")).unwrap();
        }
        chmod(&folder, 0o500, 0o400);
        if fs::write(folder.join("probe"), "").is_ok() {
            chmod(&folder, 0o700, 0o600);
            eprintln!("skipped: this user may write everywhere");
            return;
        }
        let store = Store::open(&folder, world.store.root(), &Budget::STANDARD).unwrap();
        assert!(matches!(store.lookup(&need(), now()).unwrap(), Lookup::Fresh(_)), "{lock} {lists}");
        assert_eq!(store.holdings(now()).unwrap().held.len(), 1, "{lock} {lists}");
        assert_eq!(store.list(now()).unwrap().entries.len(), 1);
        let reader = World { store, ..world };
        assert_eq!(reader.obtain(&need(), now(), Mode::Offline).unwrap().requests, 0);
        // What is fetched anew is given out, with a word that it is not kept.
        let fetched = reader.obtain(&need(), now(), Mode::Refresh).unwrap();
        assert!(fetched.warnings.iter().any(|warning| matches!(warning, Warning::NotKept(_))));
        chmod(&folder, 0o700, 0o600);
    }
}
