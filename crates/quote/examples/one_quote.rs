//! One quote, one collateral, one time: `cargo run --example one_quote -- QUOTE COLLATERAL.json AS-OF`
//!
//! Without arguments it takes a genuine sample of the package.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use veritee_quote::UnixTime;
use veritee_quote::{Collateral, Expiry, Quote, TrustRoot, td_attributes};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let mut arguments = std::env::args().skip(1);
    let mut argument = |sample: String| arguments.next().unwrap_or(sample);
    let quote = std::fs::read(argument(format!("{folder}/tdx_quote.bin")))?;
    let collateral = std::fs::read(argument(format!("{folder}/tdx_quote.collateral.json")))?;
    let as_of = UnixTime::parse(&argument("2025-07-01T00:00:00Z".to_owned()))?;

    let quote = Quote::parse(&quote)?;
    let prepared =
        Collateral::from_json(&collateral)?.verify_at(&TrustRoot::intel(), as_of, Expiry::Enforce)?;
    match prepared.verify(&quote, as_of) {
        Ok(verified) => {
            println!("genuine as of {as_of}: {} {:?}", verified.tcb().status, verified.tcb().advisories);
            for shortfall in &verified.tcb().shortfalls {
                println!("short of up to date: {shortfall}");
            }
            for fault in verified.td().map(td_attributes::examine).unwrap_or_default() {
                println!("open to its host: {fault}");
            }
        }
        Err(error) => println!("refused at {:?}: {}: {error}", error.stage(), error.reason()),
    }
    Ok(())
}
