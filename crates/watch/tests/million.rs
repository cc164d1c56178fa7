//! How long a question takes over a million observations. A figure of its own:
//! `cargo test -p veritee-watch --release --test million -- --ignored --nocapture`.
#![allow(clippy::print_stdout, reason = "the figure")]

use std::time::Instant;
use veritee_model::UnixTime;
use veritee_watch::{Draft, Fact, Store};

#[test]
#[ignore = "writes a million records: a figure of its own"]
fn a_question_over_a_million_observations_takes_at_most_20_ms() {
    const TARGETS: u64 = 100;
    const ROUNDS: u64 = 10_000;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("watch.redb");
    let mut store = Store::open(&place).unwrap();
    let started = Instant::now();
    for rounds in 0..ROUNDS / 200 {
        let mut drafts = Vec::new();
        for round in rounds * 200..(rounds + 1) * 200 {
            for target in 0..TARGETS {
                let at = UnixTime::from_seconds(1_700_000_000 + round * 3600);
                let mut draft = Draft::new(format!("app-{target}"), at, "1.0");
                draft.subjects.insert(format!("{target:040x}"));
                draft.show(Fact::Reached, ["yes"]);
                draft.show(Fact::ComposeHash, [format!("{:064x}", round / 100)]);
                draft.show(Fact::AllowAnyDevice, ["false"]);
                drafts.push(draft);
            }
        }
        store.append(&drafts, false).unwrap();
    }
    println!("{} records written in {:.1?}", TARGETS * ROUNDS, started.elapsed());
    drop(store);
    let mut slowest = std::time::Duration::ZERO;
    let mut total = std::time::Duration::ZERO;
    let count: u32 = 200;
    for question in 0..u64::from(count) {
        let app = format!("{:040x}", question * 37 % TARGETS);
        let round = question * 7919 % ROUNDS;
        let at = UnixTime::from_seconds(1_700_000_000 + round * 3600 + 1800);
        let started = Instant::now();
        // As a run of the program does it: open, ask, close.
        let store = Store::read(&place).unwrap();
        let answers = store.at(&app, at).unwrap();
        drop(store);
        let took = started.elapsed();
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0].last.observation.at.seconds(), 1_700_000_000 + round * 3600);
        slowest = slowest.max(took);
        total += took;
    }
    let size = std::fs::metadata(&place).unwrap().len() / 1_000_000;
    println!("{size} MB; {count} questions: mean {:.2?}, slowest {slowest:.2?}", total / count);
    assert!(slowest <= std::time::Duration::from_millis(20), "{slowest:?}");
}
