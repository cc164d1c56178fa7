//! A set of eight GPUs with its manifests, beside its distinct signatures alone; and the sample of 2023, which
//! `beside-nvidia.sh` gives to NVIDIA's Python verifier.
//!
//! Costs are CPU time of the calling thread, contestants taking turns in short rounds; what counts is the tenth percentile
//! of the rounds. That is steady on a busy machine, where wall time is not. Linux only.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

#[allow(dead_code, reason = "shared with the bench of the quote engine")]
#[path = "../../quote/benches/ratios/clock.rs"]
mod clock;

use ring::signature::{ECDSA_P384_SHA384_FIXED, UnparsedPublicKey};
use std::hint::black_box;
use veritee_gpu::container::{self, Collected};
use veritee_gpu::{Examine, Memory, Roots};
use veritee_model::{Budget, UnixTime};
use veritee_testkit::gpu::{self, GpuKey, ManifestSpec, payload};

const SEED: u64 = 16;
const MANIFESTS: [&str; 2] =
    ["Driver_RIM_test_no_gpu.swidtag", "1010_0200_882_96005E0001_test_no_gpu.swidtag"];

/// What runs, under its name.
type Contestant<'a> = (String, Box<dyn FnMut() + 'a>);

fn main() {
    // `cargo bench -- --test` asks whether it runs at all: seconds, and figures that mean nothing.
    let rounds = if std::env::args().any(|argument| argument == "--test") { 2 } else { 60 };
    eight(rounds);
    sample(rounds);
}

/// Contestants take turns; each is shown beside the first.
fn compare(title: &str, rounds: usize, contestants: &mut [Contestant<'_>]) {
    let mut times: Vec<Vec<f64>> = contestants.iter().map(|_| Vec::with_capacity(rounds)).collect();
    for _ in 0..rounds {
        for ((_, run), times) in contestants.iter_mut().zip(&mut times) {
            times.push(clock::once(run));
        }
    }
    let figures: Vec<f64> = times.iter_mut().map(|times| clock::tenth(times)).collect();
    println!("{title:<44} {:>9} {:>7}", "CPU us", "ratio");
    for ((name, _), figure) in contestants.iter().zip(&figures) {
        println!("{name:<44} {figure:>9.0} {:>7.3}", figure / figures[0]);
    }
}

fn eight(rounds: usize) {
    let specs = gpu::machine(SEED, [7; 32], 8, 0);
    let bytes = payload(&specs);
    let manifests = [ManifestSpec::driver(SEED).forge(), ManifestSpec::vbios(SEED).forge()];
    let manifests: Vec<&[u8]> = manifests.iter().map(Vec::as_slice).collect();
    let roots =
        Roots::from_der(&gpu::device_root(SEED).sign(SEED), &gpu::manifest_root(SEED).sign(SEED)).unwrap();
    let as_of = UnixTime::parse("2026-03-15T00:00:00Z").unwrap();
    let budget = Budget::STANDARD;
    let whole = |memory: &Memory| {
        let Ok(Collected::Devices { devices, .. }) = container::read(&bytes, &budget) else { panic!() };
        let examine = Examine {
            devices: &devices,
            collateral: &manifests,
            roots: &roots,
            as_of,
            budget: &budget,
            report_data: None,
        };
        let set = examine.run(memory).set.unwrap().unwrap();
        assert!(set.gpus().iter().all(|gpu| gpu.comparison().unwrap().is_equal()));
    };
    let memory = Memory::new();
    whole(&memory);
    // Of certificates and of two manifests; of eight reports.
    let distinct = memory.signatures() + 8;
    let reports: Vec<Vec<u8>> = specs.iter().map(gpu::DeviceSpec::report).collect();
    let keys: Vec<_> = specs.iter().map(|spec| GpuKey::derive(SEED, &spec.signed_by)).collect();
    let alone = || {
        for at in 0..distinct {
            let (report, key) = (&reports[at % 8], &keys[at % 8]);
            let (signed, signature) = report.split_at(report.len() - 96);
            let key = UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, key.point());
            key.verify(black_box(signed), signature).unwrap();
        }
    };
    compare(
        "eight GPUs with both manifests",
        rounds,
        &mut [
            (format!("{distinct} signatures of P-384 alone"), Box::new(alone)),
            ("container to set, nothing remembered".into(), Box::new(|| whole(&Memory::new()))),
            ("container to set, the rest of a batch".into(), Box::new(|| whole(&memory))),
        ],
    );
}

/// What NVIDIA's Python verifier does with the sample before it asks its service, and then all of it.
fn sample(rounds: usize) {
    let vector = |name: &str| {
        std::fs::read(format!("{}/../../test-vectors/gpu/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let (report, chain) = (vector("attestationReport.txt"), vector("gpuAkCertChain.txt"));
    let manifests = MANIFESTS.map(vector);
    let manifests: Vec<&[u8]> = manifests.iter().map(Vec::as_slice).collect();
    let (roots, budget) = (Roots::nvidia(), Budget::STANDARD);
    let as_of = UnixTime::parse("2024-06-01T00:00:00Z").unwrap();
    let run = |collateral: &[&[u8]]| {
        let Ok(Collected::Devices { mut devices, .. }) = container::read(&report, &budget) else { panic!() };
        devices[0].chain.clone_from(&chain);
        let examine = Examine {
            devices: &devices,
            collateral,
            roots: &roots,
            as_of,
            budget: &budget,
            report_data: None,
        };
        let set = examine.run(&Memory::new()).set.unwrap().unwrap();
        assert_eq!(set.gpus()[0].comparison().is_ok(), !collateral.is_empty());
    };
    compare(
        "the sample of 2023",
        rounds,
        &mut [
            ("report, chain, signature".into(), Box::new(|| run(black_box(&[])))),
            ("and both manifests".into(), Box::new(|| run(black_box(&manifests)))),
        ],
    );
}
