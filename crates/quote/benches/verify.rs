//! Ours beside dcap-qvl 0.7.1, wall time by criterion. `ratios` prints the table of the README.
#![allow(missing_docs)]

#[path = "support/sample.rs"]
mod common;

use criterion::{Criterion, criterion_group, criterion_main};

fn verify(criterion: &mut Criterion) {
    let sample = common::Sample::read();
    let mut group = criterion.benchmark_group("tdx quote");
    group.bench_function("dcap-qvl 0.7.1", |bencher| bencher.iter(|| sample.dcap_qvl()));
    group.bench_function("cold", |bencher| bencher.iter(|| sample.cold()));
    group.bench_function("prepared", |bencher| bencher.iter(|| sample.prepared()));
    group.bench_function("pck known", |bencher| bencher.iter(|| sample.pck_known()));
    group.bench_function("all remembered", |bencher| bencher.iter(|| sample.remembered()));
    group.finish();
}

criterion_group!(benches, verify);
criterion_main!(benches);
