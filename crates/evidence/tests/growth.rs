//! Twice the input costs at most two and a half times the memory that is asked for, over every form, from a kilobyte up to
//! where the form has its limit. What is asked for is what is copied: it grows with the work, whatever the machine does
//! beside.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::io::Write as _;
use std::time::{Duration, Instant};
use veritee_model::Budget;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const MOST: f64 = 2.5;

fn quote(number: usize) -> String {
    let mut bytes = vec![4, 0, 2, 0, 0x81, 0, 0, 0];
    bytes.extend(number.to_le_bytes());
    bytes.resize(700, 7);
    hex::encode(bytes)
}

fn log(events: usize) -> Value {
    let event = |number: usize| json!({ "imr": 3, "event_type": 134_217_729, "digest": "", "event": format!("e{number}"), "event_payload": "00" });
    json!((0..events).map(event).collect::<Vec<_>>())
}

fn page(length: usize) -> String {
    let info = json!({ "mrtd": "aa", "rtmr0": "bb", "app_compose": "&".repeat(length), "event_log": [] });
    let escaped = info.to_string().replace('&', "&amp;").replace('"', "&#34;");
    format!("<html><textarea readonly>{escaped}</textarea></html>")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Form = (&'static str, fn(usize) -> Vec<u8>);

/// Inputs of about so many bytes.
const FORMS: &[Form] = &[
    ("quote in hex", |bytes| "04".repeat(bytes / 2).into_bytes()),
    ("quote in base64", |bytes| format!("BAAC{}", "A".repeat(bytes / 4 * 4)).into_bytes()),
    ("array of bytes", |bytes| {
        json!({ "quote": vec![4; bytes / 2], "report_data": "" }).to_string().into_bytes()
    }),
    ("GetQuote with a long log", |bytes| {
        json!({ "quote": quote(0), "event_log": log(bytes / 90), "report_data": "" }).to_string().into_bytes()
    }),
    ("two logs", |bytes| {
        let log = log(bytes / 180);
        json!({ "intel_quote": quote(0), "event_log": log, "info": { "tcb_info": { "event_log": log } } })
            .to_string()
            .into_bytes()
    }),
    ("instances of a cloud", |bytes| {
        let instances: Vec<Value> =
            (0..bytes / 1500).map(|number| json!({ "quote": quote(number) })).collect();
        json!({ "app_id": "01", "instances": instances }).to_string().into_bytes()
    }),
    ("one machine listed often", |bytes| {
        let entry = json!({ "intel_quote": quote(0) });
        json!({ "all_attestations": vec![entry; bytes / 1500] }).to_string().into_bytes()
    }),
    ("attestations of a service", |bytes| {
        let entries: Vec<Value> =
            (0..bytes / 1500).map(|number| json!({ "intel_quote": quote(number) })).collect();
        json!({ "model_attestations": entries }).to_string().into_bytes()
    }),
    ("keys of a gateway", |bytes| {
        let key =
            |number| json!({ "public_key": "0a0b", "quote": json!({ "quote": quote(number) }).to_string() });
        json!({ "quoted_hist_keys": (0..bytes / 1600).map(key).collect::<Vec<_>>() }).to_string().into_bytes()
    }),
    ("page of the agent", |bytes| page(bytes / 5).into_bytes()),
    ("quotes that no reader takes", |bytes| {
        let extra: Vec<String> = (1..bytes / 1500).map(quote).collect();
        json!({ "quote": quote(0), "report_data": "", "extra": extra }).to_string().into_bytes()
    }),
    ("an envelope of many members", |bytes| {
        let members: serde_json::Map<String, Value> =
            (0..(bytes / 20).min(4000)).map(|number| (format!("member{number}"), json!([1]))).collect();
        json!({ "a": members, "b": { "quote": quote(0) }, "pad": " ".repeat(bytes / 2) })
            .to_string()
            .into_bytes()
    }),
    ("an envelope with a long name", |bytes| {
        let inner: serde_json::Map<String, Value> =
            (0..(bytes / 40).min(4000)).map(|number| (number.to_string(), json!({}))).collect();
        let mut outer = serde_json::Map::new();
        outer.insert("k".repeat(bytes / 2), Value::Object(inner));
        outer.insert("b".to_owned(), json!({ "quote": quote(0) }));
        Value::Object(outer).to_string().into_bytes()
    }),
    ("documents in strings in documents", |bytes| {
        json!({ "a": json!({ "b": " ".repeat(bytes / 2), "c": { "quote": quote(0) } }).to_string() })
            .to_string()
            .into_bytes()
    }),
    ("gzip", |bytes| {
        gzip(json!({ "quote": quote(0), "report_data": "", "x": " ".repeat(bytes) }).to_string().as_bytes())
    }),
    ("UTF-16", |bytes| {
        let text = json!({ "quote": quote(0), "report_data": "", "x": " ".repeat(bytes / 2) }).to_string();
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }),
    ("white space", |bytes| vec![b' '; bytes]),
    ("brackets", |bytes| vec![b'['; bytes]),
    ("brackets in a member that no reader takes", |bytes| {
        json!({ "quote": quote(0), "event_log": [], "note": "[".repeat(bytes) }).to_string().into_bytes()
    }),
    ("no form at all", |bytes| vec![b'x'; bytes]),
];

/// Bytes asked for by reading.
fn cost(bytes: &[u8]) -> f64 {
    let region = Region::new(ALLOCATOR);
    let read = veritee_evidence::read("input", bytes, &Budget::STANDARD);
    let change = region.change();
    drop(read);
    // Growing in place counts as what it grows by.
    (change.bytes_allocated as f64 + change.bytes_reallocated.max(0) as f64).max(64.0 * 1024.0)
}

#[test]
fn twice_the_input_costs_at_most_two_and_a_half_times_as_much() {
    let mut worst = Vec::new();
    for (name, form) in FORMS {
        let mut before: Option<f64> = None;
        for size in (10..=22).map(|power| 1_usize << power) {
            let input = form(size);
            let start = Instant::now();
            let now = cost(&input);
            // Far above what the slowest takes on a busy machine, far below what the square of the input does.
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{name}: {size} bytes took {:?}",
                start.elapsed()
            );
            let most_of_input = 64.0 * 1024.0 + 64.0 * input.len() as f64;
            assert!(now <= most_of_input, "{name}: {} bytes cost {now}", input.len());
            if let Some(before) = before {
                let ratio = now / before;
                if ratio > MOST {
                    worst.push(format!("{name}: {size} bytes cost {ratio:.2} times what half of them cost"));
                }
            }
            before = Some(now);
        }
    }
    assert!(worst.is_empty(), "{worst:#?}");
}
