//! What a measurement costs, beside what hashing its output alone costs.
#![allow(missing_docs, reason = "criterion's macros")]

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use veritee_measure::acpi::AcpiBlobs;
use veritee_measure::rtmr0::{Effort, Question, claimed_shape, measure, prove};
use veritee_measure::td_hob::FirmwareMemory;
use veritee_measure::{Limits, VmConfig};
use veritee_model::{Rtmr, Sha384Digest};

const GATEWAY: &str = r#"{"cpu_count":4,"memory_size":8589934592,"qemu_version":"8.2.2"}"#;
const MODEL: &str = r#"{"cpu_count":64,"memory_size":2199023255552,"qemu_version":"9.2.1",
    "pci_hole64_size":1125899906842624,"num_gpus":8,"num_nvswitches":4,"hotplug_off":true}"#;
const LARGEST: &str = r#"{"cpu_count":4096,"memory_size":2199023255552,"qemu_version":"11.1.0"}"#;

fn config(text: &str) -> VmConfig {
    VmConfig::parse(text.as_bytes(), &Limits::STANDARD).unwrap()
}

fn measurement(c: &mut Criterion) {
    let firmware = FirmwareMemory::pre202505();
    for (name, text) in [("4-vcpu", GATEWAY), ("64-vcpu-8-gpu", MODEL), ("4096-vcpu", LARGEST)] {
        let mut group = c.benchmark_group(name);
        let shape = claimed_shape(&config(text));
        group.bench_function("measure", |b| {
            b.iter(|| measure(black_box(&shape), &firmware).unwrap().register());
        });
        group.bench_function("generate", |b| b.iter(|| AcpiBlobs::build(black_box(&shape))));
        let blobs = AcpiBlobs::build(&shape);
        group.bench_function("hash-alone", |b| {
            b.iter(|| {
                [&blobs.loader, &blobs.rsdp, &blobs.tables].map(|blob| Sha384Digest::of(black_box(blob)))
            });
        });
        let config = config(text);
        let quoted = Rtmr::new([7; 48]);
        for (name, effort) in [("full-search", Effort::Search), ("search-and-diagnosis", Effort::Diagnose)] {
            if name == "search-and-diagnosis" {
                group.sample_size(10);
            }
            let question =
                Question { config: &config, firmware: &firmware, quoted: &quoted, log: None, effort };
            group.bench_function(name, |b| b.iter(|| prove(black_box(&question))));
        }
        group.finish();
    }
}

criterion_group!(benches, measurement);
criterion_main!(benches);
