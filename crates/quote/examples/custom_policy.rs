//! A policy of one's own over a verified quote: `cargo run --example custom_policy`
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use veritee_quote::UnixTime;
use veritee_quote::error::Source;
use veritee_quote::{Collateral, Expiry, Quote, Stated, TcbStatus, TrustRoot, VerifiedQuote, td_attributes};

/// Everything that speaks against the machine; empty means yes.
fn objections(verified: &VerifiedQuote) -> Vec<String> {
    let mut objections = Vec::new();
    let tcb = verified.tcb();
    if !matches!(tcb.status, TcbStatus::UpToDate | TcbStatus::SwHardeningNeeded) {
        objections.push(format!("the TCB is {}", tcb.status));
    }
    if tcb.evaluation_number() < 17 {
        objections.push(format!("the evaluation number is {}", tcb.evaluation_number()));
    }
    if verified.platform().smt_enabled == Stated::Yes {
        objections.push("simultaneous multithreading is on".to_owned());
    }
    match verified.td() {
        None => objections.push("it is no TDX machine".to_owned()),
        Some(td) => objections.extend(td_attributes::examine(td).iter().map(ToString::to_string)),
    }
    let week = 7 * 24 * 3600;
    let issued = verified.collateral().dates(Source::PckCrl).map(|dates| dates.issued);
    if issued.is_none_or(|issued| verified.as_of().since(issued) > week) {
        objections.push("the revocation list is more than a week old".to_owned());
    }
    if !verified.root().is_intel() {
        objections.push("the root is not Intel's".to_owned());
    }
    objections
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let as_of = UnixTime::parse("2025-07-01T00:00:00Z")?;
    let collateral = Collateral::from_json(&std::fs::read(format!("{folder}/tdx_quote.collateral.json"))?)?;
    let prepared = collateral.verify_at(&TrustRoot::intel(), as_of, Expiry::Enforce)?;
    let quote = Quote::parse(&std::fs::read(format!("{folder}/tdx_quote.bin"))?)?;
    let objections = objections(&prepared.verify(&quote, as_of)?);
    println!("{}", if objections.is_empty() { "yes" } else { "no" });
    for objection in objections {
        println!("- {objection}");
    }
    Ok(())
}
