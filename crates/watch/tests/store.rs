//! The database as its users meet it.

use std::collections::BTreeSet;
use std::path::Path;
use veritee_model::{Sha256Digest, UnixTime};
use veritee_watch::{Chain, Draft, Fact, Kept, Machine, Store, StoreError};

fn time(seconds: u64) -> UnixTime {
    UnixTime::from_seconds(seconds)
}

fn look(target: &str, at: u64, compose: &str) -> Draft {
    let mut draft = Draft::new(target, time(at), "1.0");
    draft.subjects.insert("aa".repeat(20));
    draft.show(Fact::Reached, ["yes"]);
    draft.show(Fact::ComposeHash, [compose]);
    draft
}

fn failure(target: &str, at: u64) -> Draft {
    let mut draft = Draft::new(target, time(at), "1.0");
    draft.subjects.insert("aa".repeat(20));
    draft.failure = Some("nobody answered".to_owned());
    draft.exit_code = 3;
    draft.show(Fact::Reached, ["no"]);
    draft
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("watch.redb")
    }

    /// A database with these looks.
    fn with(drafts: &[Draft]) -> Self {
        let place = Self::new();
        Store::open(&place.path()).unwrap().append(drafts, false).unwrap();
        place
    }
}

#[test]
fn records_are_chained_and_their_export_is_checked_by_hashing_lines() {
    let place = Place::with(&[look("a", 10, "11"), look("b", 11, "22"), look("a", 12, "33")]);
    let store = Store::read(&place.path()).unwrap();
    let mut lines = Vec::new();
    store
        .each(|bytes| {
            lines.push(bytes.to_vec());
            true
        })
        .unwrap();
    assert_eq!(lines.len(), 3);
    for pair in lines.windows(2) {
        let next: serde_json::Value = serde_json::from_slice(&pair[1]).unwrap();
        assert_eq!(next["previous"], Sha256Digest::of(&pair[0]).to_string());
    }
    assert_eq!(store.head().unwrap(), Some((3, Sha256Digest::of(&lines[2]))));
    let mut chain = Chain::new();
    let last = lines.iter().map(|line| chain.take(line).unwrap()).last().unwrap();
    assert_eq!(last.changes.len(), 1, "the other target is not compared with this one");
    assert_eq!((last.changes[0].fact, last.changes[0].since), (Fact::ComposeHash, 1));
}

#[test]
fn what_was_seen_at_a_time_is_the_last_look_at_or_before_it_and_nothing_else() {
    let app = "aa".repeat(20);
    let place =
        Place::with(&[look("a", 100, "11"), look("a", 200, "22"), failure("a", 300), look("b", 250, "99")]);
    let store = Store::read(&place.path()).unwrap();
    assert!(store.at(&app, time(99)).unwrap().is_empty(), "nothing is said of the time before");
    let at = |seconds| store.at("a", time(seconds)).unwrap().remove(0);
    assert_eq!(at(100).last.observation.number, 1);
    assert_eq!(at(199).last.observation.number, 1);
    assert_eq!(at(199).next.unwrap().observation.number, 2);
    assert_eq!(at(299).last.observation.number, 2);
    let late = at(400);
    assert_eq!(late.last.observation.failure.as_deref(), Some("nobody answered"));
    assert_eq!(late.verdict.unwrap().observation.number, 2);
    assert!(late.next.is_none());
    let both = store.at(&app, time(1_000)).unwrap();
    let targets: Vec<&str> = both.iter().map(|answer| answer.last.observation.target.as_str()).collect();
    assert_eq!(targets, ["a", "b"], "one target's look does not hide another's");
    assert!(store.at("nobody", time(1_000)).unwrap().is_empty());
}

#[test]
fn a_failure_that_names_no_application_and_another_application_are_seen_under_the_target_s_old_one() {
    let app = "aa".repeat(20);
    let mut blind = failure("a", 200);
    blind.subjects.remove(&app);
    let mut other = look("a", 300, "22");
    other.subjects.remove(&app);
    let place = Place::with(&[look("a", 100, "11"), blind, other]);
    let store = Store::read(&place.path()).unwrap();
    let at = |seconds| store.at(&app, time(seconds)).unwrap().remove(0);
    assert_eq!(at(250).last.observation.number, 2);
    assert_eq!(at(250).verdict.unwrap().observation.number, 1);
    assert_eq!(at(150).next.unwrap().observation.number, 2);
    assert!(!at(350).last.observation.subjects.contains(&app));
}

#[test]
fn a_record_holds_no_character_that_a_terminal_would_obey_and_says_the_same_text() {
    let hostile = "app\u{202e}\u{9b}2J\u{7}\n";
    let place = Place::with(&[look(hostile, 10, "11")]);
    let store = Store::read(&place.path()).unwrap();
    let answer = store.at(hostile, time(10)).unwrap().remove(0);
    assert_eq!(answer.last.observation.target, hostile);
    assert!(answer.last.bytes.is_ascii() && !answer.last.bytes.iter().any(u8::is_ascii_control));
    assert!(store.audit(None).unwrap().flaws.is_empty());
}

#[test]
fn a_second_writer_is_refused_and_readers_see_what_was_acknowledged() {
    let place = Place::new();
    let mut writer = Store::open(&place.path()).unwrap();
    assert!(matches!(Store::open(&place.path()), Err(StoreError::Busy)));
    let reader = Store::read(&place.path()).unwrap();
    assert_eq!(reader.head().unwrap(), None);
    writer.append(&[look("a", 1, "11")], false).unwrap();
    assert_eq!(reader.head().unwrap().unwrap().0, 1);
    let mut reader = reader;
    assert!(matches!(reader.append(&[look("a", 2, "11")], false), Err(StoreError::Closed)));
    drop(writer);
    Store::open(&place.path()).unwrap().append(&[look("a", 2, "11")], false).unwrap();
}

#[test]
fn changes_wait_until_they_are_announced() {
    let place = Place::new();
    let mut store = Store::open(&place.path()).unwrap();
    store
        .append(&[look("a", 1, "11"), look("a", 2, "11"), look("a", 3, "22"), look("a", 4, "33")], true)
        .unwrap();
    let waiting = |store: &Store| -> Vec<u64> {
        store.pending(10).unwrap().iter().map(|written| written.observation.number).collect()
    };
    assert_eq!(waiting(&store), [3, 4]);
    store.announced(3).unwrap();
    drop(store);
    assert_eq!(waiting(&Store::read(&place.path()).unwrap()), [4]);
}

#[test]
fn kept_bytes_come_back_by_their_digest() {
    let mut draft = look("a", 1, "11");
    let sha256 = Sha256Digest::of(b"proofs");
    draft.kept.push(b"proofs".to_vec());
    draft.machines.push(Machine {
        label: String::new(),
        outcome: "verified".to_owned(),
        exit_code: 0,
        summary: String::new(),
        quote: None,
        evidence: Sha256Digest::of(b"evidence"),
        kept: vec![Kept { name: "chain".to_owned(), sha256, bytes: 6 }],
    });
    let place = Place::with(&[draft]);
    let store = Store::read(&place.path()).unwrap();
    assert_eq!(store.kept(&sha256).unwrap().as_deref(), Some(&b"proofs"[..]));
    assert_eq!(store.kept(&Sha256Digest::of(b"other")).unwrap(), None);
    let audit = store.audit(None).unwrap();
    assert!(audit.flaws.is_empty(), "{:?}", audit.flaws);
    assert_eq!((audit.kept, audit.targets, audit.chain.length()), (1, 1, 1));
}

#[test]
fn an_audit_finds_the_head_that_was_kept_elsewhere_and_misses_one_that_was_cut_off() {
    let place = Place::with(&[look("a", 1, "11"), look("a", 2, "22")]);
    let head = Store::read(&place.path()).unwrap().head().unwrap().unwrap().1;
    let mut store = Store::open(&place.path()).unwrap();
    store.append(&[look("a", 3, "33")], false).unwrap();
    assert_eq!(store.audit(Some(head)).unwrap().has_head, Some(true));
    let other = Place::with(&[look("a", 1, "11")]);
    assert_eq!(Store::read(&other.path()).unwrap().audit(Some(head)).unwrap().has_head, Some(false));
}

#[test]
fn what_is_no_database_is_named_and_left_as_it_is() {
    let place = Place::new();
    assert!(matches!(Store::read(&place.path()), Err(StoreError::Absent)));
    let text = b"{\"schema\": \"veritee/evidence/v1\"}".repeat(1000);
    std::fs::write(place.path(), &text).unwrap();
    for opened in [Store::read(&place.path()), Store::open(&place.path())] {
        let error = opened.unwrap_err();
        assert!(matches!(error, StoreError::NotADatabase { .. } | StoreError::Damaged { .. }), "{error:?}");
        assert!(!error.next_step().is_empty());
    }
    assert_eq!(std::fs::read(place.path()).unwrap(), text);
    let foreign = Place::new();
    drop(redb::Database::create(foreign.path()).unwrap());
    assert!(matches!(Store::read(&foreign.path()), Err(StoreError::NotADatabase { .. })));
}

/// Opens, follows, checks and asks: what a reader gets is right, or it gets an error.
fn probe(path: &Path, right: &BTreeSet<Vec<u8>>) -> Result<(), StoreError> {
    let store = Store::read(path)?;
    let mut wrong = false;
    store.each(|bytes| {
        wrong |= !right.contains(bytes);
        true
    })?;
    assert!(!wrong, "a changed record was handed out");
    for answer in store.at("a", time(1_000))? {
        assert!(right.contains(&answer.last.bytes));
    }
    let audit = store.audit(None)?;
    match audit.flaws.first() {
        Some(flaw) => Err(StoreError::Damaged { doing: "checking it", detail: flaw.to_string() }),
        None => Ok(()),
    }
}

#[test]
fn a_damaged_database_is_an_error_and_never_a_panic_nor_a_wrong_answer() {
    let drafts: Vec<Draft> =
        (0..60).map(|at| look(if at % 2 == 0 { "a" } else { "b" }, at, &format!("{at:064}"))).collect();
    let place = Place::with(&drafts);
    let mut right = BTreeSet::new();
    Store::read(&place.path()).unwrap().each(|bytes| right.insert(bytes.to_vec())).unwrap();
    let good = std::fs::read(place.path()).unwrap();
    let used: Vec<usize> =
        good.iter().enumerate().filter(|(_, byte)| **byte != 0).map(|(at, _)| at).collect();
    let damaged = place.0.path().join("damaged.redb");
    let mut refused = 0;
    let mut seed: usize = 12_345;
    for round in 0..250 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut bytes = good.clone();
        match round % 5 {
            0 => bytes.truncate(seed % good.len()),
            1 => {
                let page = seed % good.len() / 4096 * 4096;
                let end = (page + 4096).min(bytes.len());
                bytes[page..end].fill(if round % 2 == 0 { 0 } else { 0xff });
            }
            _ => bytes[used[seed % used.len()]] ^= 1 << (round % 8),
        }
        std::fs::write(&damaged, &bytes).unwrap();
        refused += usize::from(probe(&damaged, &right).is_err());
        if round % 4 == 0
            && let Ok(mut store) = Store::open(&damaged)
        {
            // A writer goes on behind what it can read, or says why it cannot.
            let _ = store.append(&[look("a", 99, "00")], false);
        }
    }
    assert!(refused > 50, "{refused} of 250 were refused");
}
