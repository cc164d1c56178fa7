//! A whole machine in thirty lines, no file and no socket: `bytes "$(cat policy.toml)" 2026-03-15T00:00:00Z <evidence.json`
#![allow(clippy::print_stderr, reason = "an example talks to its reader")]
use std::{io::Read as _, process::ExitCode};
use veritee_model::{Budget, Kind, UnixTime};
use veritee_verify::{ChainGiven, Engine, Expected, GpuGiven, Grounds, Request, audit, verify};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let (mut bytes, budget) = (Vec::new(), &Budget::STANDARD);
    std::io::stdin().read_to_end(&mut bytes)?;
    let policy = veritee_policy::Policy::parse(&std::env::args().nth(1).ok_or("a policy, please")?)?;
    let now = UnixTime::parse(&std::env::args().nth(2).ok_or("and a time, please")?)?;
    let report = verify(&Request {
        kind: Kind::Machine,
        evidence: &veritee_evidence::convert("evidence", &bytes, None, budget)?,
        policy: &policy,
        policy_sha256: None,
        as_of: policy.as_of.as_ref().map_or(now, |fixed| fixed.time),
        grounds: &Grounds::new(&veritee_quote::TrustRoot::intel(), &policy, budget),
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
