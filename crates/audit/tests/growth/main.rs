//! What an audit and a comparison cost, over documents that grow from a kilobyte. Twice the document takes twice the memory
//! in all that is asked for: that is the measure of its steps which no other program on the machine disturbs, and at 4
//! and 8 KB what grows with the square stands out of it already. Time is held to more, and over longer documents where
//! a run is short. Readers of the same texts have such tests of their own.
//!
//! `VERITEE_GROWTH=256` has every document grow to so many KiB, for a long run.
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

/// What twice the document may take of memory: twice, and what a sorted map takes more.
const MEMORY: f64 = 2.2;

/// What twice the document may take of time.
const MOST: f64 = 2.5;

/// What a busy machine may add to any time.
const NOISE: f64 = 0.04;

/// Bytes of the documents of a comparison, which audits three of them, and of an audit.
const COMPARED: usize = 6 << 10;
const AUDITED: usize = 8 << 10;

/// A shape of which an audit is shorter than so many seconds grows on, up to so many bytes.
const ENOUGH: f64 = 0.05;
const LONGEST: usize = 48 << 10;

/// Bytes that `VERITEE_GROWTH` names.
fn named() -> Option<usize> {
    std::env::var("VERITEE_GROWTH").ok()?.parse::<usize>().ok().map(|kib| kib << 10)
}

/// What this thread has computed so far, as Linux counts it; nowhere else is time held to anything.
fn computed() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = statistics.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// Bytes asked for and seconds of one run. A clock that moves every ten milliseconds tells nothing of one short run: the mean
/// of several where nothing is held against it yet, and the least of several where one is too long.
fn cost(run: &dyn Fn(&[u8]), document: &[u8], most: Option<f64>) -> (f64, f64) {
    let (mut bytes, mut least) = (f64::MAX, f64::MAX);
    let mut whole = 0.0;
    for times in 1..20 {
        let region = Region::new(ALLOCATOR);
        let start = computed();
        run(document);
        let spent = computed().saturating_sub(start).as_secs_f64();
        bytes = bytes.min(region.change().bytes_allocated as f64);
        least = least.min(spent);
        whole += spent;
        match most {
            Some(most) if least <= most || times > 4 => return (bytes, least),
            None if whole >= 0.02 => return (bytes, whole / f64::from(times)),
            _ => {}
        }
    }
    (bytes, whole / 20.0)
}

/// The first, half and whole of so many bytes, and twice as many as long as a run is short: which of them cost too much.
fn grows(shapes: &[Shape], bytes: usize, run: &dyn Fn(&[u8])) {
    let alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut faults = Vec::new();
    for (name, make) in shapes {
        let unit = (make(64).len().saturating_sub(make(32).len()) / 32).max(1);
        let whole = (bytes / unit).max(8);
        let longest = named().unwrap_or(if bytes == AUDITED { LONGEST } else { bytes });
        let mut known: Vec<(f64, f64, usize)> = Vec::new();
        let mut told = String::new();
        let counts = [whole / 8, whole / 2, whole].into_iter().chain((1..16).map(|times| whole << times));
        for (step, count) in counts.enumerate() {
            let last = known.last().map_or(0.0, |(_, seconds, _)| *seconds);
            let document = make(count);
            let more = step > 2 && (document.len() > longest || last > ENOUGH && named().is_none());
            if more {
                break;
            }
            // Eight times as much, and more where the shape is a short one.
            let least = known.first().map(|(_, seconds, length)| {
                let factor = document.len() as f64 / *length as f64;
                (seconds.max(0.0005) * factor.powf(MOST.log2()) + NOISE, factor, *seconds)
            });
            let (bytes, seconds) = cost(run, &document, least.map(|(most, ..)| most));
            if let Some((before, _, length)) = known.last().filter(|_| step > 1) {
                // What does not depend on the document at all is no growth.
                let grown = (bytes - f64::from(64 << 10)) / before;
                let factor = document.len() as f64 / *length as f64;
                told += &format!(" {grown:.2}");
                if grown > MEMORY * (factor / 2.0).max(1.0) {
                    faults.push(format!(
                        "{name}: {} bytes take {grown:.2} times the memory of half",
                        document.len()
                    ));
                }
            }
            if let Some((most, factor, before)) = least.filter(|_| step > 1) {
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
        }
        let last = known.last().copied().unwrap_or_default();
        eprintln!("{name}: {:.3} s, {:.1} MB at {} kB:{told}", last.1, last.0 / 1e6, last.2 >> 10);
    }
    // Before the next one is let in: what a fault is told with takes memory, too.
    assert!(faults.is_empty(), "{faults:#?}");
    drop(alone);
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
    grows(services::SHAPES, AUDITED, &audited);
}

#[test]
fn audits_of_one_service() {
    grows(services::OF_ONE, AUDITED, &audited);
}

#[test]
fn audits_of_the_rest_of_a_document() {
    grows(shapes::SHAPES, AUDITED, &audited);
}

#[test]
fn audits_of_scripts() {
    grows(shapes::SCRIPTS, AUDITED, &audited);
}

#[test]
fn comparisons_of_services() {
    grows(services::SHAPES, COMPARED, &compared);
}

#[test]
fn comparisons_of_one_service() {
    grows(services::OF_ONE, COMPARED, &compared);
}

#[test]
fn comparisons_of_the_rest_and_of_scripts() {
    grows(shapes::SHAPES, COMPARED, &compared);
    grows(shapes::SCRIPTS, COMPARED, &compared);
}

/// A policy's words on as many findings: each is held against those of its rule.
#[test]
fn allowances() {
    let services: Vec<Shape> =
        services::SHAPES.iter().copied().filter(|(name, _)| *name == "services").collect();
    grows(&services, AUDITED, &|raw| {
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
