//! One quote on one thread, by what is known before.

use crate::clock;
use crate::common::Sample;

/// A contestant: name, what runs, and the most that it may cost beside dcap-qvl.
pub(crate) type Contestant = (&'static str, fn(&Sample), f64);

pub(crate) const CONTESTANTS: [Contestant; 5] = [
    ("dcap-qvl 0.7.1", Sample::dcap_qvl, 1.0),
    ("cold", Sample::cold, 1.0),
    ("prepared", Sample::prepared, 0.30),
    ("pck known", Sample::pck_known, 0.20),
    ("all remembered", Sample::remembered, 0.11),
];
const CALLS: u32 = 4;

pub(crate) fn print(sample: &Sample, quick: bool) {
    let rounds = if quick { 3 } else { 400 };
    let mut measured: [Vec<f64>; 5] = Default::default();
    for _ in 0..rounds {
        for ((_, run, _), times) in CONTESTANTS.iter().zip(&mut measured) {
            let time = clock::once(|| (0..CALLS).for_each(|_| run(sample)));
            times.push(time / f64::from(CALLS));
        }
    }
    let figures: Vec<f64> = measured.iter_mut().map(|times| clock::tenth(times)).collect();
    println!("{:<20} {:>9} {:>7} {:>7}", "one quote", "CPU us", "ratio", "at most");
    for ((name, _, limit), figure) in CONTESTANTS.iter().zip(&figures) {
        println!("{name:<20} {figure:>9.1} {:>7.3} {limit:>7.2}", figure / figures[0]);
    }
}
