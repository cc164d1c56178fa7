//! What an audit and a comparison cost, over documents that grow from a kilobyte: twice the document takes at most two and
//! a half times the memory in all that is asked for, which is also the measure of its steps that a loaded machine does
//! not disturb, and no more than in proportion of the time. Readers of the same texts have such tests of their own.
#![allow(missing_docs, clippy::print_stderr)]

mod services;
mod shapes;

#[path = "../common/mod.rs"]
mod common;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::sync::Mutex;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// One at a time: the allocator counts for all threads.
static ALONE: Mutex<()> = Mutex::new(());

/// A name, and a document of so many of what it is about.
type Shape = (&'static str, fn(usize) -> Vec<u8>);

/// What twice the document may take.
const MOST: f64 = 2.5;

/// Doublings over which time is compared: enough that what grows with the square stands out of a machine's noise.
const DOUBLINGS: usize = 3;

/// What a busy machine may add to any time.
const NOISE: f64 = 0.04;

/// Bytes of the largest documents, unless `VERITEE_GROWTH` names another number of KiB: what an app_compose may have is
/// more, but here nothing is optimised.
const CAP: usize = 48 << 10;

fn cap() -> usize {
    let named = std::env::var("VERITEE_GROWTH").ok().and_then(|text| text.parse::<usize>().ok());
    named.map_or(CAP, |kib| kib << 10)
}

/// A run of so many seconds is large enough to tell the square from the length.
const ENOUGH: f64 = 0.15;

/// What this thread has computed so far, as Linux counts it; nowhere else is time held to anything.
fn computed() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = statistics.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// Bytes asked for and seconds of one run; of several runs the least, where one is short or too much.
fn cost(run: &dyn Fn(&[u8]), document: &[u8], most: Option<f64>) -> (f64, f64) {
    let (mut bytes, mut seconds) = (f64::MAX, f64::MAX);
    let mut whole = Duration::ZERO;
    for times in 0..20 {
        let region = Region::new(ALLOCATOR);
        let start = computed();
        run(document);
        let spent = computed().saturating_sub(start);
        bytes = bytes.min(region.change().bytes_allocated as f64);
        seconds = seconds.min(spent.as_secs_f64());
        whole += spent;
        let too_much = most.is_some_and(|most| seconds > most) && times < 4;
        // A clock that moves every ten milliseconds tells nothing of one short run.
        if !too_much && whole >= Duration::from_millis(60) {
            break;
        }
    }
    (bytes, seconds)
}

/// Doubles documents from a kilobyte, at `least` so many sizes and then until a run takes long enough, and says which of
/// them cost too much.
fn doubles(shapes: &[Shape], least: usize, run: &dyn Fn(&[u8])) {
    let alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut faults = Vec::new();
    for (name, make) in shapes {
        let unit = (make(64).len().saturating_sub(make(32).len()) / 32).max(1);
        let mut count = (1024 / unit).max(1);
        let mut known: Vec<(f64, f64, usize)> = Vec::new();
        let mut told = String::new();
        loop {
            let document = make(count);
            let last = known.last().map_or(0.0, |(_, seconds, _)| *seconds);
            let seen = known.len() >= least && last > ENOUGH;
            if document.len() > cap() || seen {
                break;
            }
            let earlier = known.len().checked_sub(DOUBLINGS).and_then(|at| known.get(at));
            let most = earlier.map(|(_, seconds, length)| {
                let factor = document.len() as f64 / *length as f64;
                (seconds.max(0.0002) * factor.powf(MOST.log2()) + NOISE, factor)
            });
            let (bytes, seconds) = cost(run, &document, most.map(|(most, _)| most));
            if let Some((before, _, length)) = known.last() {
                // What does not depend on the document at all is no growth.
                let grown = (bytes - f64::from(64 << 10)) / before;
                let factor = document.len() as f64 / *length as f64;
                told += &format!(" {grown:.2}");
                if grown > MOST * (factor / 2.0).max(1.0) {
                    faults.push(format!(
                        "{name}: {} bytes take {grown:.2} times the memory of half",
                        document.len()
                    ));
                }
            }
            if let (Some((most, factor)), Some((_, before, _))) = (most, earlier) {
                told += &format!("/{:.1}", seconds / before);
                if seconds > most {
                    faults.push(format!(
                        "{name}: {} bytes take {seconds:.3} s, {:.1} times those of a {factor:.1}th",
                        document.len(),
                        seconds / before
                    ));
                }
            }
            known.push((bytes, seconds, document.len()));
            count *= 2;
        }
        let last = known.last().copied().unwrap_or_default();
        eprintln!("{name}: {:.3} s, {:.1} MB at {} kB:{told}", last.1, last.0 / 1e6, last.2 >> 10);
    }
    drop(alone);
    assert!(faults.is_empty(), "{faults:#?}");
}

/// An app_compose, or a compose file alone.
fn deployment(raw: &[u8]) -> veritee_compose::Deployment {
    if raw.starts_with(b"{") { common::deployment(raw) } else { common::bare_deployment(raw) }
}

fn audited(raw: &[u8]) {
    drop(veritee_audit::audit(&deployment(raw), &veritee_audit::Context::default()));
}

/// Every shape against a document that has none of it, and against one in which each text is another.
fn compared(raw: &[u8]) {
    let text = String::from_utf8(raw.to_vec()).expect("UTF-8");
    let one = deployment(raw);
    let nothing = deployment(b"services:\n  a:\n    image: a:1\n");
    let other = deployment(text.replace("example", "another").as_bytes());
    drop(veritee_audit::diff(&nothing, &one));
    drop(veritee_audit::diff(&one, &other));
}

#[test]
fn audits_of_services() {
    doubles(services::SHAPES, 5, &audited);
}

#[test]
fn audits_of_one_service() {
    doubles(services::OF_ONE, 5, &audited);
}

#[test]
fn audits_of_the_rest_of_a_document() {
    doubles(shapes::SHAPES, 5, &audited);
}

#[test]
fn audits_of_scripts() {
    doubles(shapes::SCRIPTS, 5, &audited);
}

#[test]
fn comparisons_of_services() {
    doubles(services::SHAPES, 6, &compared);
}

#[test]
fn comparisons_of_one_service() {
    doubles(services::OF_ONE, 4, &compared);
}

#[test]
fn comparisons_of_the_rest_and_of_scripts() {
    doubles(shapes::SHAPES, 4, &compared);
    doubles(shapes::SCRIPTS, 4, &compared);
}

/// A policy's words on as many findings: each is held against those of its rule.
#[test]
fn allowances() {
    let services: Vec<Shape> =
        services::SHAPES.iter().copied().filter(|(name, _)| *name == "services").collect();
    doubles(&services, 5, &|raw| {
        let allow = |number| veritee_audit::Allow {
            rule: "DP-IMG-002".to_owned(),
            reason: "an image of our own".to_owned(),
            expires: None,
            place: Some(format!("services.s{number}.image")),
            value: None,
        };
        let count = raw.iter().filter(|byte| **byte == b'\n').count();
        let allows = (0..count).map(allow).collect();
        let context = veritee_audit::Context { allows, ..veritee_audit::Context::default() };
        let audit = veritee_audit::audit(&deployment(raw), &context);
        assert!(audit.findings.iter().any(|finding| finding.allowed.is_some()));
    });
}
