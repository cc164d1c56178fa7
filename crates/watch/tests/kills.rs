//! A writer that is killed at any moment loses nothing that it has acknowledged.
//!
//! The writer is this test program itself, run again: it appends and, once a record is acknowledged, prints its number and
//! hash. `cargo test -p veritee-watch --release --test kills -- --ignored --nocapture` kills it 500 times.
#![cfg(unix)]
#![allow(clippy::print_stdout, reason = "the figure")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use veritee_model::UnixTime;
use veritee_watch::{Draft, Fact, Store};

const PLACE: &str = "VERITEE_WATCH_TEST_PLACE";

/// Run by the other tests, with a place; does nothing by itself.
#[test]
fn writer() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let mut store = Store::open(Path::new(&place)).unwrap();
    let mut out = std::io::stdout();
    for round in 0_u64.. {
        let mut draft = Draft::new(format!("app {}", round % 3), UnixTime::from_seconds(round), "1.0");
        draft.show(Fact::ComposeHash, [format!("{:064}", round / 3)]);
        draft.kept.push(vec![u8::try_from(round % 251).unwrap(); 3_000]);
        let written = store.append(&[draft], true).unwrap().remove(0);
        writeln!(out, "ack {} {}", written.observation.number, written.hash).unwrap();
        out.flush().unwrap();
    }
}

/// Number and hash of an acknowledged record. A line that was cut by the kill was not acknowledged to anybody.
fn read(line: &str) -> Option<(u64, String)> {
    let (number, hash) = line.split_once("ack ")?.1.split_once(' ')?;
    (hash.len() == 64).then(|| (number.parse().unwrap(), hash.to_owned()))
}

/// Kills so many writers, one after the other, on one database. How many records it has in the end.
fn kills(count: u64) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("watch.redb");
    let mut acknowledged: Vec<(u64, String)> = Vec::new();
    let mut seed = u64::from(std::process::id()) | 1;
    for round in 0..count {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["writer", "--exact", "--nocapture"])
            .env(PLACE, &place)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = child.stdout.take().unwrap();
        let (sender, acks) = std::sync::mpsc::channel();
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Some(ack) = read(&line) {
                    sender.send(ack).unwrap();
                }
            }
        });
        if round % 2 == 0 {
            // Somewhere behind a record: while the next one is written, flushed, or acknowledged.
            for _ in 0..=(seed >> 40) % 6 {
                acknowledged.extend(acks.recv_timeout(Duration::from_secs(60)));
            }
            std::thread::sleep(Duration::from_micros((seed >> 33) % 30_000));
        } else {
            // At any time from the start on: while it opens, repairs, or is made.
            std::thread::sleep(Duration::from_micros((seed >> 33) % 300_000));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        reader.join().unwrap();
        acknowledged.extend(acks.try_iter());
    }
    // Whoever only reads comes first: nobody has put it in order since.
    Store::read(&place).unwrap().head().unwrap();
    let store = Store::open(&place).unwrap();
    let mut held = Vec::new();
    store
        .each(|bytes| {
            held.push(veritee_model::Sha256Digest::of(bytes).to_string());
            true
        })
        .unwrap();
    for (number, hash) in &acknowledged {
        assert_eq!(held.get(usize::try_from(*number).unwrap() - 1), Some(hash), "record {number}");
    }
    let audit = store.audit(None).unwrap();
    assert!(audit.flaws.is_empty(), "{:?}", audit.flaws);
    assert!(acknowledged.len() as u64 > count / 2, "{} records show too little", acknowledged.len());
    println!("{count} kills, {} records acknowledged, {} held", acknowledged.len(), held.len());
    u64::try_from(held.len()).unwrap()
}

#[test]
fn ten_kills_lose_no_acknowledged_record() {
    kills(10);
}

#[test]
#[ignore = "takes minutes: a figure of its own"]
fn five_hundred_kills_lose_no_acknowledged_record() {
    assert!(kills(500) > 500);
}
