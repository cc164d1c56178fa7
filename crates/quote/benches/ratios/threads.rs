//! Rates on one thread and on two, wall time. The two take turns within a round, and the best of each counts: what
//! else runs on the machine can only make them worse.

use crate::common::Sample;
use crate::contestants::CONTESTANTS;
use rayon::prelude::*;
use std::time::{Duration, Instant};

/// Wall time that a turn takes about, so that a turn fits into a quiet moment.
const TURN_SECONDS: f64 = 0.04;

struct Rates {
    one: f64,
    two: f64,
}

pub(crate) fn print(sample: &Sample, quick: bool) {
    let pools =
        [1, 2].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads"));
    let rounds = if quick { 1 } else { 60 };
    println!(
        "\n{:<20} {:>9} {:>9} {:>9}   load {}",
        "quotes per second",
        "1 thread",
        "2 threads",
        "per core",
        load()
    );
    let row = |name: &str, rates: &Rates| {
        println!("{name:<20} {:>9.0} {:>9.0} {:>9.2}", rates.one, rates.two, rates.two / rates.one / 2.0);
    };
    for (name, run, _) in CONTESTANTS {
        let turn = |count: usize| (0..count).into_par_iter().for_each(|_| run(sample));
        row(name, &measure(&pools, rounds, quick, turn));
    }
    #[cfg(feature = "rayon")]
    {
        let quotes = crate::forged::hosts(8);
        let (verifier, as_of) = crate::forged::verifier();
        let batch: Vec<_> = quotes.iter().cycle().take(20_000).cloned().collect();
        let turn = |count: usize| {
            let results = verifier.verify_batch(&batch[..count.min(batch.len())], as_of);
            assert!(results.iter().all(Result::is_ok));
        };
        row("verify_batch", &measure(&pools, rounds, quick, turn));
    }
    #[cfg(not(feature = "rayon"))]
    println!("verify_batch: with --features rayon");
}

/// Best rates of both pools; `turn` judges so many quotes on the pool that it runs in.
fn measure(pools: &[rayon::ThreadPool; 2], rounds: usize, quick: bool, turn: impl Fn(usize) + Sync) -> Rates {
    let time = |pool: &rayon::ThreadPool, count: usize| {
        let start = Instant::now();
        pool.install(|| turn(count));
        start.elapsed()
    };
    let trial = if quick { 2 } else { 40 };
    let each = time(&pools[0], trial).as_secs_f64() / trial as f64;
    let count = if quick { trial } else { ((TURN_SECONDS / each) as usize).max(trial) };
    let mut best = [Duration::MAX; 2];
    for _ in 0..rounds {
        for (pool, best) in pools.iter().zip(&mut best) {
            *best = time(pool, count).min(*best);
        }
    }
    let [one, two] = best.map(|time| count as f64 / time.as_secs_f64());
    Rates { one, two }
}

/// What else wants the cores: the kernel's average over the last minute.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}
