//! The whole pipeline on the quickstart's machine: from evidence in memory to a report, without the second engine and
//! with it. `cargo bench --bench verify`

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use veritee_model::{Budget, UnixTime};
use veritee_policy::Policy;
use veritee_quote::TrustRoot;
use veritee_second_opinion::DcapQvl;
use veritee_verify::{Engine, Expected, Grounds, Request, verify};

const EVIDENCE: &[u8] = include_bytes!("../test-vectors/quickstart/evidence-without-gpus.json");
const POLICY: &str = include_str!("../test-vectors/quickstart/policy.toml");

fn pipeline(criterion: &mut Criterion) {
    let budget = &Budget::STANDARD;
    let evidence =
        veritee_evidence::convert("evidence.json", EVIDENCE, None, budget).expect("the quickstart reads");
    let policy = Policy::parse(POLICY).expect("the quickstart's policy reads");
    let grounds = Grounds::new(&TrustRoot::intel(), budget);
    let expected = Expected::Nothing;
    let request = |engine| Request {
        kind: veritee_model::Kind::Machine,
        evidence: &evidence,
        policy: &policy,
        policy_sha256: None,
        as_of: UnixTime::from_seconds(1_773_532_800),
        grounds: &grounds,
        expected: &expected,
        engine,
        fail_on: None,
        image: None,
        asked: &[],
        gpu: veritee_verify::GpuGiven::default(),
        chain: veritee_verify::ChainGiven::default(),
        audit: veritee_verify::audit::Given::default(),
        budget,
        tool_version: "bench",
    };
    assert_eq!(verify(&request(Engine::Both(&DcapQvl))).verdict.exit_code, 0);
    criterion.bench_function("read evidence", |bencher| {
        bencher.iter(|| veritee_evidence::convert("evidence.json", black_box(EVIDENCE), None, budget));
    });
    criterion.bench_function("verify, own engine", |bencher| {
        bencher.iter(|| verify(black_box(&request(Engine::Native))));
    });
    criterion.bench_function("verify, both engines", |bencher| {
        bencher.iter(|| verify(black_box(&request(Engine::Both(&DcapQvl)))));
    });
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
