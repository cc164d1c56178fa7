//! Many quotes under many collaterals, and what remembering saves: `cargo run --example batch`
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use veritee_quote::Budget;
use veritee_quote::UnixTime;
use veritee_quote::{Expiry, KnownCollateral, Origin, Quote, TrustRoot, Verifier};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let as_of = UnixTime::parse("2025-07-01T00:00:00Z")?;
    let mut known = KnownCollateral::new(&TrustRoot::intel(), &Budget::STANDARD);
    let mut quotes = Vec::new();
    for name in ["tdx_quote", "sgx_quote"] {
        known.add_json(&std::fs::read(format!("{folder}/{name}.collateral.json"))?, Origin::Caller, name);
        let quote = Quote::parse(&std::fs::read(format!("{folder}/{name}.bin"))?)?;
        quotes.extend(std::iter::repeat_n(quote, 500));
    }
    let verifier = Verifier::new(known, Expiry::Enforce);
    let results = verifier.verify_batch(&quotes, as_of);
    let genuine = results.iter().filter(|result| result.is_ok()).count();
    let statistics = verifier.statistics();
    println!("{genuine} of {} genuine", quotes.len());
    println!(
        "one signature for {}, two for {}, three for {}; {} bytes remembered",
        statistics.enclave_known, statistics.pck_known, statistics.unknown, statistics.memory_bytes
    );
    Ok(())
}
