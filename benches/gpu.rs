//! A set of eight GPUs with its manifests, beside its distinct signatures alone.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

use criterion::{Criterion, criterion_group, criterion_main};
use ring::signature::{ECDSA_P384_SHA384_FIXED, UnparsedPublicKey};
use std::hint::black_box;
use veritee_gpu::container::{self, Collected};
use veritee_gpu::{Examine, Memory, Roots};
use veritee_model::{Budget, UnixTime};
use veritee_testkit::gpu::{self, GpuKey, ManifestSpec, payload};

const SEED: u64 = 16;

fn gpus(criterion: &mut Criterion) {
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
        let examine =
            Examine { devices: &devices, collateral: &manifests, roots: &roots, as_of, budget: &budget };
        let set = examine.run(memory).set.unwrap().unwrap();
        assert!(set.gpus().iter().all(|gpu| gpu.comparison().unwrap().is_equal()));
    };
    let memory = Memory::new();
    whole(&memory);
    // Of certificates and of two manifests; of eight reports.
    let distinct = memory.signatures() + 8;
    let reports: Vec<Vec<u8>> = specs.iter().map(gpu::DeviceSpec::report).collect();
    let keys: Vec<_> = specs.iter().map(|spec| GpuKey::derive(SEED, &spec.signed_by)).collect();
    let mut group = criterion.benchmark_group("eight GPUs");
    group.bench_function(format!("{distinct} signatures alone"), |bencher| {
        bencher.iter(|| {
            for at in 0..distinct {
                let (report, key) = (&reports[at % 8], &keys[at % 8]);
                let (signed, signature) = report.split_at(report.len() - 96);
                UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, key.point())
                    .verify(black_box(signed), signature)
                    .unwrap();
            }
        });
    });
    group.bench_function("container to set, nothing remembered", |bencher| {
        bencher.iter(|| whole(&Memory::new()));
    });
    group.bench_function("container to set, certificates remembered", |bencher| {
        bencher.iter(|| whole(&memory));
    });
    group.finish();
}

/// What NVIDIA's Python verifier does with the sample before it asks its service, and then all of it.
fn sample(criterion: &mut Criterion) {
    let vector = |name: &str| std::fs::read(format!("test-vectors/gpu/{name}")).unwrap();
    let (report, chain) = (vector("attestationReport.txt"), vector("gpuAkCertChain.txt"));
    let manifests =
        ["Driver_RIM_test_no_gpu.swidtag", "1010_0200_882_96005E0001_test_no_gpu.swidtag"].map(vector);
    let manifests: Vec<&[u8]> = manifests.iter().map(Vec::as_slice).collect();
    let (roots, budget) = (Roots::nvidia(), Budget::STANDARD);
    let as_of = UnixTime::parse("2024-06-01T00:00:00Z").unwrap();
    let run = |collateral: &[&[u8]]| {
        let Ok(Collected::Devices { mut devices, .. }) = container::read(&report, &budget) else { panic!() };
        devices[0].chain.clone_from(&chain);
        let examine = Examine { devices: &devices, collateral, roots: &roots, as_of, budget: &budget };
        let set = examine.run(&Memory::new()).set.unwrap().unwrap();
        assert_eq!(set.gpus()[0].comparison().is_ok(), !collateral.is_empty());
    };
    let mut group = criterion.benchmark_group("the sample of 2023");
    group.bench_function("report, chain, signature", |bencher| bencher.iter(|| run(black_box(&[]))));
    group.bench_function("and both manifests", |bencher| bencher.iter(|| run(black_box(&manifests))));
    group.finish();
}

criterion_group!(benches, gpus, sample);
criterion_main!(benches);
