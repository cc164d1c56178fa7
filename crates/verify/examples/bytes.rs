//! A whole machine in thirty lines, no file and no socket: `bytes "$(cat policy.toml)" TIME <evidence.json`
#![allow(clippy::print_stderr, reason = "an example talks to its reader")]
use std::{io::Read as _, process::ExitCode};
use veritee_model::{Budget, Kind, Sha256Digest, UnixTime};
use veritee_verify::{ChainGiven, Engine, Expected, GpuGiven, Grounds, Request, audit, verify};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let (mut bytes, budget) = (Vec::new(), &Budget::STANDARD);
    std::io::stdin().read_to_end(&mut bytes)?;
    let mut given = std::env::args().skip(1);
    let text = given.next().ok_or("a policy, please")?;
    let policy = veritee_policy::Policy::parse(&text)?;
    let now: UnixTime = given.next().ok_or("and a time, 2026-03-15T00:00:00Z for instance")?.parse()?;
    let report = verify(&Request {
        kind: Kind::Machine,
        evidence: &veritee_evidence::convert("evidence", &bytes, None, budget)?,
        policy: &policy,
        policy_sha256: Some(Sha256Digest::of(text.as_bytes())),
        as_of: policy.as_of.as_ref().map_or(now, |fixed| fixed.time),
        grounds: &Grounds::new(&veritee_quote::TrustRoot::intel(), budget),
        expected: &Expected::Nothing,
        engine: Engine::Native,
        fail_on: None,
        image: None,
        asked: &[],
        gpu: GpuGiven::default(),
        chain: ChainGiven::default(),
        audit: audit::Given::default(),
        budget,
        tool_version: env!("CARGO_PKG_VERSION"),
    });
    eprintln!("{}", report.verdict.summary);
    Ok(ExitCode::from(report.verdict.exit_code))
}
