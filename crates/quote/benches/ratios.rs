//! CPU time of the calling thread, contestants taking turns in short rounds; prints the tenth percentile of the
//! rounds and its ratio to dcap-qvl 0.7.1. Steady on a busy machine, where wall time is not. Linux only.
#![allow(missing_docs, clippy::print_stdout)]

#[path = "support/sample.rs"]
mod common;

use common::Sample;

/// A contestant: name, what runs, and the most that it may cost beside dcap-qvl.
type Contestant = (&'static str, fn(&Sample), f64);

const CONTESTANTS: [Contestant; 5] = [
    ("dcap-qvl 0.7.1", Sample::dcap_qvl, 1.0),
    ("cold", Sample::cold, 1.0),
    ("prepared", Sample::prepared, 0.30),
    ("pck known", Sample::pck_known, 0.20),
    ("all remembered", Sample::remembered, 0.11),
];
const CALLS: u32 = 4;

/// Microseconds that this thread has been on a processor.
fn thread_microseconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--test");
    let rounds = if quick { 3 } else { 400 };
    let sample = Sample::read();
    let mut measured: [Vec<f64>; 5] = Default::default();
    for _ in 0..rounds {
        for ((_, run, _), times) in CONTESTANTS.iter().zip(&mut measured) {
            let start = thread_microseconds();
            for _ in 0..CALLS {
                run(&sample);
            }
            times.push((thread_microseconds() - start) / f64::from(CALLS));
        }
    }
    let tenth = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 10]
    };
    let figures: Vec<f64> = measured.iter_mut().map(tenth).collect();
    println!("{:<16} {:>9} {:>7} {:>7}", "", "us/quote", "ratio", "at most");
    for ((name, _, limit), figure) in CONTESTANTS.iter().zip(&figures) {
        println!("{name:<16} {figure:>9.1} {:>7.3} {limit:>7.2}", figure / figures[0]);
    }
}
