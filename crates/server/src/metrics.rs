//! Counters in the text form of Prometheus. Labels are routes, statuses and outcomes: words of ours, never a client's.

use core::fmt::Write as _;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Mutex;
use veritee_model::VerdictOutcome;

/// Upper bounds of the buckets, milliseconds.
const BUCKETS: [u64; 10] = [1, 5, 10, 25, 50, 100, 250, 1000, 5000, 30_000];

#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    verdicts: Mutex<BTreeMap<&'static str, u64>>,
    lines: AtomicU64,
    buckets: [AtomicU64; BUCKETS.len()],
    beyond: AtomicU64,
    milliseconds: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) evicted: AtomicU64,
}

impl Metrics {
    pub(crate) fn answered(&self, route: &'static str, status: u16, elapsed: Duration) {
        if let Ok(mut requests) = self.requests.lock() {
            let count = requests.entry((route, status)).or_default();
            *count = count.saturating_add(1);
        }
        let elapsed = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        self.milliseconds.fetch_add(elapsed, Ordering::Relaxed);
        let bucket = BUCKETS.iter().zip(&self.buckets).find(|(bound, _)| elapsed <= **bound);
        bucket.map_or(&self.beyond, |(_, bucket)| bucket).fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn verdict(&self, outcome: VerdictOutcome) {
        if let Ok(mut verdicts) = self.verdicts.lock() {
            let count = verdicts.entry(word(outcome)).or_default();
            *count = count.saturating_add(1);
        }
    }

    pub(crate) fn line(&self) {
        self.lines.fetch_add(1, Ordering::Relaxed);
    }

    /// All of it, with what waits and what is under way.
    pub(crate) fn text(&self, (waiting, under_way): (usize, usize)) -> String {
        let mut out = String::new();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        // Writing to a String cannot fail.
        let head = |out: &mut String, name: &str, kind: &str, help: &str| {
            let _ = writeln!(out, "# HELP veritee_{name} {help}\n# TYPE veritee_{name} {kind}");
        };
        head(&mut out, "requests_total", "counter", "Requests answered, by route and status.");
        if let Ok(requests) = self.requests.lock() {
            for ((route, status), count) in requests.iter() {
                let _ =
                    writeln!(out, "veritee_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}");
            }
        }
        head(&mut out, "verdicts_total", "counter", "Verdicts of single requests, by outcome.");
        if let Ok(verdicts) = self.verdicts.lock() {
            for (outcome, count) in verdicts.iter() {
                let _ = writeln!(out, "veritee_verdicts_total{{outcome=\"{outcome}\"}} {count}");
            }
        }
        head(&mut out, "request_seconds", "histogram", "Time until the head of an answer.");
        let mut total = 0_u64;
        for (bound, bucket) in BUCKETS.iter().zip(&self.buckets) {
            total = total.saturating_add(read(bucket));
            let (whole, rest) = (bound.div_euclid(1000), bound.rem_euclid(1000));
            let _ = writeln!(out, "veritee_request_seconds_bucket{{le=\"{whole}.{rest:03}\"}} {total}");
        }
        total = total.saturating_add(read(&self.beyond));
        let spent = read(&self.milliseconds);
        let (whole, rest) = (spent.div_euclid(1000), spent.rem_euclid(1000));
        let _ = writeln!(
            out,
            "veritee_request_seconds_bucket{{le=\"+Inf\"}} {total}\n\
             veritee_request_seconds_sum {whole}.{rest:03}\nveritee_request_seconds_count {total}"
        );
        let gauges = [
            ("batch_lines_total", "counter", "Lines of batches answered.", read(&self.lines)),
            ("connections", "gauge", "Connections open.", read(&self.connections)),
            (
                "connections_evicted_total",
                "counter",
                "Silent connections closed for others.",
                read(&self.evicted),
            ),
            (
                "waiting",
                "gauge",
                "Requests that wait for their turn.",
                u64::try_from(waiting).unwrap_or(u64::MAX),
            ),
            ("under_way", "gauge", "Verifications under way.", u64::try_from(under_way).unwrap_or(u64::MAX)),
        ];
        for (name, kind, help, value) in gauges {
            head(&mut out, name, kind, help);
            let _ = writeln!(out, "veritee_{name} {value}");
        }
        out
    }
}

/// The outcome as it stands in reports.
pub(crate) const fn word(outcome: VerdictOutcome) -> &'static str {
    match outcome {
        VerdictOutcome::Verified => "verified",
        VerdictOutcome::NotGenuine => "not-genuine",
        VerdictOutcome::Refused => "refused",
        VerdictOutcome::Findings => "findings",
        VerdictOutcome::Incomplete => "incomplete",
    }
}
