//! A registry with 500 apps, 14 kB of quote and log, and 1,000 logs: from recorded answers to `complete-now`.
#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use veritee_base::Budget;
use veritee_chain::rpc::{ChainReads, Endpoint};
use veritee_chain::survey::{Subject, findings, survey};
use veritee_chain::{Address, B256, keccak256};
use veritee_testkit::chain::{Info, KmsForge, KmsKind, World, recorded_registry};

fn reads() -> ChainReads {
    let at = |seed: u32| Address::from_word(keccak256(seed.to_be_bytes()));
    let mut world = World::new(8453, 1_700_000_000);
    let kms = KmsForge::deploy(&mut world, at(1), KmsKind::DstackKms, at(2));
    let info = Info {
        k256: vec![2; 33],
        ca: vec![3; 91],
        quote: vec![4; 5_000],
        event_log: vec![5; 9_000],
        gateway: "55760b065a3f1eabdb1a4d7abb94950f31b91a84".to_owned(),
    };
    kms.set_info(&mut world, &info, true);
    for app in 0..500 {
        world.transaction();
        kms.register(&mut world, at(1_000 + app), None);
        kms.os_image(&mut world, B256::from(keccak256(app.to_be_bytes())), app % 20 == 0);
    }
    world.mine(1_700_000_002);
    let subject = Subject {
        chain_id: 8453,
        app: at(1_007),
        registry: Some(at(1)),
        block: world.head(),
        ..Subject::default()
    };
    let mut endpoint = Endpoint::new("https://one.example/".to_owned());
    loop {
        let wanted = survey(&endpoint, &subject, &Budget::STANDARD).wanted;
        if wanted.is_empty() {
            return ChainReads { subject, endpoints: vec![endpoint], l1: None };
        }
        for question in wanted {
            let answer = world.answer(question.method(), &question.params()).unwrap().to_string();
            endpoint.add(question, Ok(answer));
        }
    }
}

fn registry(criterion: &mut Criterion) {
    let bytes = reads().write().unwrap();
    criterion.bench_function("registry of 500 apps, from bytes to complete-now", |bench| {
        bench.iter(|| {
            let reads = ChainReads::read(black_box(&bytes), &Budget::STANDARD).unwrap();
            let found = findings(&reads, &Budget::STANDARD);
            assert!(
                found.survey.registry.as_ref().is_some_and(|kms| kms.as_ref().is_ok_and(|kms| kms.complete))
            );
        });
    });
}

/// What hardhat 2.29.1 answered, with 500 applications and one of them.
fn recorded(criterion: &mut Criterion) {
    let bytes = recorded_registry();
    criterion.bench_function("recorded registry of 500 apps, from bytes to complete-now", |bench| {
        bench.iter(|| {
            let reads = ChainReads::read(black_box(&bytes), &Budget::STANDARD).unwrap();
            let found = findings(&reads, &Budget::STANDARD);
            assert!(found.survey.registry.is_some_and(|kms| kms.is_ok_and(|kms| kms.complete)));
        });
    });
}

criterion_group!(benches, registry, recorded);
criterion_main!(benches);
