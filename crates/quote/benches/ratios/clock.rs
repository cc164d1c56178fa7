//! CPU time of the calling thread.

use rustix::time::{ClockId, clock_gettime};

/// Microseconds that this thread has been on a processor.
pub(crate) fn thread_microseconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

/// Microseconds of one run.
pub(crate) fn once(run: impl FnOnce()) -> f64 {
    let start = thread_microseconds();
    run();
    thread_microseconds() - start
}

/// The tenth percentile.
pub(crate) fn tenth(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 10]
}

/// The tenth percentile of so many runs.
pub(crate) fn of_runs(rounds: usize, mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..rounds).map(|_| once(&mut run)).collect();
    tenth(&mut times)
}
