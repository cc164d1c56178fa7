//! One machine, from evidence to verdict, in a program of your own:
//! `cargo run -p veritee-verify --example one_machine -- EVIDENCE POLICY.toml [NONCE-HEX]`
//!
//! Without arguments it judges the quickstart. What is read of evidence: any form that `veritee evidence forms` lists.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use veritee_model::{Budget, Kind, Sha256Digest, UnixTime};
use veritee_policy::Policy;
use veritee_quote::TrustRoot;
use veritee_verify::{Engine, Expected, GpuGiven, Grounds, Request, audit, verify};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../test-vectors/quickstart");
    let mut arguments = std::env::args().skip(1);
    let mut argument = |sample: &str| arguments.next().unwrap_or(format!("{folder}/{sample}"));
    let (evidence, policy) = (argument("evidence.json"), argument("policy.toml"));
    let nonce = arguments.next().map(hex::decode).transpose()?;

    let budget = &Budget::STANDARD;
    let evidence = veritee_evidence::convert(&evidence, &std::fs::read(&evidence)?, None, budget)?;
    let policy_text = std::fs::read_to_string(policy)?;
    let policy = Policy::parse(&policy_text)?;
    // Collateral of your own is given with `Grounds::give`; what stands in the evidence is the judged party's.
    let grounds = Grounds::new(&TrustRoot::intel(), budget);
    // What time it is, is yours to say: of your clock, or of the question.
    let as_of = match &policy.as_of {
        Some(fixed) => fixed.time,
        None => UnixTime::from_seconds(std::time::UNIX_EPOCH.elapsed()?.as_secs()),
    };
    // Without a nonce of this request the evidence may be a recording.
    let expected = nonce.map_or(Expected::Nothing, Expected::Nonce);
    let report = verify(&Request {
        kind: Kind::Machine,
        evidence: &evidence,
        policy: &policy,
        // Names the file in the report; `None` says that the built-in policy was asked.
        policy_sha256: Some(Sha256Digest::of(policy_text.as_bytes())),
        as_of,
        grounds: &grounds,
        expected: &expected,
        engine: Engine::Both(&veritee_second_opinion::DcapQvl),
        fail_on: None,
        image: None,
        asked: &[],
        gpu: GpuGiven::default(),
        chain: veritee_verify::ChainGiven::default(),
        audit: audit::Given::default(),
        budget,
        tool_version: env!("CARGO_PKG_VERSION"),
    });
    // Nothing but 0 is a yes.
    println!("{} {:?}", report.verdict.exit_code, report.verdict.reasons);
    println!("{}", report.verdict.summary);
    Ok(())
}
