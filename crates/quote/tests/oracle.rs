//! Every real quote at hand against what dcap-qvl 0.7.1 said of it.
#![allow(clippy::print_stderr)]
mod common;

use common::shared;
use serde_json::Value;
use veritee_model::UnixTime;
use veritee_quote::{Collateral, Expiry, Quote, TrustRoot};

#[test]
fn every_row_of_the_oracle_gives_its_status_and_advisories_or_the_matching_refusal() {
    let Some(root) = shared() else { return };
    let oracle: Value =
        serde_json::from_slice(&std::fs::read(root.join("dcap_oracle.json")).unwrap()).unwrap();
    let mut failed = 0;
    for row in oracle["rows"].as_array().unwrap() {
        let quote = std::fs::read(root.join(row["quote"].as_str().unwrap())).unwrap();
        let collateral = std::fs::read(root.join(row["collateral"].as_str().unwrap())).unwrap();
        let as_of = UnixTime::from_seconds(row["now"].as_u64().unwrap());
        let ours = Quote::parse(&quote).map_err(veritee_quote::QuoteError::from).and_then(|quote| {
            let collateral = Collateral::from_json(&collateral).unwrap();
            let prepared = collateral.verify_at(&TrustRoot::intel(), as_of, Expiry::Enforce)?;
            prepared.verify(&quote, as_of)
        });
        let theirs = &row["result"];
        let text = match &ours {
            Ok(verified) => format!("{} {:?}", verified.tcb().status, verified.tcb().advisories),
            Err(error) => format!("{}: {error}", error.reason()),
        };
        eprintln!("{} @{}\n   ours   {text}\n   theirs {}", row["quote"], row["now"], theirs);
        let same = match (&ours, theirs.get("error")) {
            (Ok(verified), None) => verified.tcb().status.name() == theirs["status"],
            (Err(_), Some(_)) => true,
            (Ok(verified), Some(_)) => {
                !veritee_quote::td_attributes::examine(verified.td().unwrap()).is_empty()
            }
            _ => false,
        };
        if !same {
            failed += 1;
            eprintln!("   DIFFERENT");
        }
    }
    assert_eq!(failed, 0);
}
