//! Writers that are killed, and processes that share a store. The test binary runs itself as the other process.

#[allow(dead_code, reason = "each test binary uses a part")]
#[path = "support/world.rs"]
mod world;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use veritee_collateral::{Answers, ItemKind, Lookup, Need, Received, ServiceKind, Store, StoreError};
use veritee_model::{Budget, Sha256Digest};
use veritee_testkit::ForgedAnswers;
use world::*;

const FOLDER: &str = "VERITEE_TEST_STORE";
const ROUNDS: &str = "VERITEE_TEST_ROUNDS";
/// Beside the store; the other process makes it when it begins to write.
const READY: &str = "ready";

/// Numbers that look random and are the same in every run.
struct Moments(u64);

impl Moments {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

fn received(forged: &ForgedAnswers) -> Answers {
    let part = |item, body: &[u8], chain: Option<&str>| Received {
        item,
        url: "https://pcs.example/".to_owned(),
        fetched: now(),
        body: body.into(),
        chain: chain.map(Into::into),
    };
    Answers::new([
        part(ItemKind::TcbInfo, &forged.tcb_info, Some(&forged.tcb_info_chain)),
        part(ItemKind::QeIdentity, &forged.qe_identity, Some(&forged.qe_identity_chain)),
        part(ItemKind::PckCrl, &forged.pck_crl, Some(&forged.pck_crl_chain)),
        part(ItemKind::RootCaCrl, &forged.root_ca_crl, None),
    ])
    .unwrap()
}

/// Sets of several numbers for two families, so that objects and entries change all the time.
fn sets() -> Vec<(Need, Answers)> {
    let mut sets = Vec::new();
    for number in 20..23 {
        for fmspc in ["70A06D070000", "00806F050000"] {
            let forged = universe()
                .tcb_info(|info| {
                    info.evaluation_number = number;
                    info.fmspc = fmspc.to_owned();
                })
                .qe_identity(|identity| identity.evaluation_number = number);
            let need = Need::parse("tdx", fmspc, "platform", "standard").unwrap();
            sets.push((need, received(&answers(&forged))));
        }
    }
    sets
}

/// Not a test of its own: what the tests below run in another process.
#[test]
#[ignore = "run by the other tests, in a process of its own"]
fn writer() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let rounds: usize = std::env::var(ROUNDS).unwrap().parse().unwrap();
    let store = Store::open(Path::new(&folder), &root(), &Budget::STANDARD).unwrap();
    let sets = sets();
    fs::write(Path::new(&folder).with_file_name(READY), "").unwrap();
    for (round, (need, answers)) in sets.iter().cycle().take(rounds).enumerate() {
        store.keep(need, ServiceKind::PcsV4, answers, now()).unwrap();
        // What was replaced goes, so that it has to be written again: there are always objects to write.
        if round % 2 == 1 {
            store.prune(now(), 0).unwrap();
        }
    }
}

fn spawn(folder: &Path, rounds: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer", "--ignored", "--quiet"])
        .env(FOLDER, folder)
        .env(ROUNDS, rounds.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn files(folder: &Path, part: &str) -> Vec<PathBuf> {
    fs::read_dir(folder.join(part)).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn is_temporary(path: &Path) -> bool {
    path.file_name().unwrap().to_str().unwrap().starts_with("tmp-")
}

/// The store as a killed writer left it: everything under a final name is whole.
fn assert_whole(folder: &Path, moment: u64) -> usize {
    let mut leftovers = 0;
    for path in files(folder, "objects") {
        if is_temporary(&path) {
            leftovers += 1;
            continue;
        }
        let digest = Sha256Digest::of(&fs::read(&path).unwrap()).to_string();
        assert_eq!(path.file_name().unwrap().to_str().unwrap(), digest, "killed after {moment} us");
    }
    for part in ["index", "memory"] {
        for path in files(folder, part) {
            if is_temporary(&path) {
                leftovers += 1;
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            let (digest, rest) = bytes.split_at(65);
            assert_eq!(
                digest,
                format!("{}\n", Sha256Digest::of(rest)).as_bytes(),
                "killed after {moment} us"
            );
        }
    }
    let store = Store::open(folder, &root(), &Budget::STANDARD).unwrap();
    let inventory = store.list(now()).unwrap();
    assert_eq!(inventory.faults, [], "killed after {moment} us");
    assert_eq!(store.memory().unwrap().1, None, "killed after {moment} us");
    leftovers
}

#[test]
fn a_writer_killed_at_any_of_two_hundred_moments_leaves_a_whole_store() {
    let folder = tempfile::TempDir::new().unwrap();
    let folder = folder.path().join("store");
    let store = Store::open(&folder, &root(), &Budget::STANDARD).unwrap();
    let ready = folder.with_file_name(READY);
    let mut moments = Moments(0x5eed_5eed_5eed_5eed);
    let (mut leftovers, mut written) = (0, 0);
    for kill in 0.. {
        if kill >= 200 && written == 2 {
            break;
        }
        assert!(kill < 600, "the kills all came before the second write");
        let mut child = spawn(&folder, usize::MAX);
        while !ready.exists() {
            assert_eq!(child.try_wait().unwrap(), None, "the writer ended by itself");
            sleep(Duration::from_millis(1));
        }
        // On a busy machine a writer may not get to its second entry in 40 ms; then later moments are tried too.
        let moment = moments.below(if kill < 200 { 40_000 } else { 1_000_000 });
        sleep(Duration::from_micros(moment));
        child.kill().unwrap();
        child.wait().unwrap();
        fs::remove_file(&ready).unwrap();
        leftovers += assert_whole(&folder, moment);
        written = written.max(store.list(now()).unwrap().entries.len());
    }
    let pruned = store.prune(now(), 0).unwrap();
    assert_eq!(pruned.broken, []);
    for part in ["objects", "index", "memory"] {
        assert!(files(&folder, part).iter().all(|path| !is_temporary(path)), "a leftover stayed in {part}");
    }
    assert_eq!(store.check(now()).unwrap().faults, []);
    eprintln!("200 kills, {leftovers} of them in the middle of a file, {written} entries whole");
}

#[test]
fn two_processes_write_and_a_third_reads_without_seeing_half_of_anything() {
    let folder = tempfile::TempDir::new().unwrap();
    let folder = folder.path().join("store");
    let store = Store::open(&folder, &root(), &Budget::STANDARD).unwrap();
    let (first, answers) = &sets()[0];
    store.keep(first, ServiceKind::PcsV4, answers, now()).unwrap();
    let mut children = [spawn(&folder, 120), spawn(&folder, 120)];
    let mut reads = 0;
    let mut numbers = Vec::new();
    while children.iter_mut().any(|child| child.try_wait().unwrap().is_none()) {
        match store.lookup(first, now()).unwrap() {
            Lookup::Fresh(found) => numbers.push(found.checked.numbers),
            other => panic!("{other:?}"),
        }
        assert_eq!(store.list(now()).unwrap().faults, []);
        store.prune(now(), 0).unwrap();
        reads += 1;
    }
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    assert!(reads > 3, "{reads} reads");
    assert!(numbers.iter().all(|(tcb_info, qe_identity)| tcb_info == qe_identity), "parts of two sets");
    assert_eq!(
        store
            .check(now())
            .unwrap()
            .faults
            .iter()
            .filter(|fault| fault.what.to_string() != "nothing needs it")
            .count(),
        0
    );
}

#[test]
fn a_lock_that_is_never_given_back_is_an_error_and_not_a_wait_for_ever() {
    let folder = tempfile::TempDir::new().unwrap();
    let store = Store::open(&folder.path().join("store"), &root(), &Budget::STANDARD).unwrap();
    store.list(now()).unwrap();
    let lock = fs::File::open(store.folder().join("lock")).unwrap();
    lock.lock().unwrap();
    let error = store.list(now()).unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    lock.unlock().unwrap();
    store.list(now()).unwrap();
}
