//! A long revocation list: read once, found in, and small in memory.

use std::time::{Duration, Instant};
use veritee_quote::QuoteReason;
use veritee_quote::{Collateral, Expiry, Quote, TrustRoot};
use veritee_testkit::{Role, Universe};

const ENTRIES: u32 = 150_000;

#[test]
fn a_hundred_and_fifty_thousand_revocations_cost_one_pass_and_twenty_bytes_each() {
    let universe = Universe::new(9).pck_crl(|crl| {
        for number in 0..ENTRIES {
            let mut serial = vec![0x41; 20];
            serial[4..8].copy_from_slice(&number.to_be_bytes());
            crl.revoke(&serial);
        }
    });
    let forged = universe.revoke(Role::Pck).forge();
    let root = TrustRoot::from_der(&forged.root_der).unwrap();
    let collateral = Collateral::from_json(forged.collateral_json().as_bytes()).unwrap();
    let start = Instant::now();
    let prepared = collateral.verify_at(&root, forged.as_of, Expiry::Enforce).unwrap();
    // Far less when optimised; the bound is for a busy machine without.
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(prepared.revoked_certificates(), (0, 150_001));
    assert!(prepared.memory_bytes() < 3_200_000, "{}", prepared.memory_bytes());
    let quote = Quote::parse(&forged.quote).unwrap();
    let error = prepared.verify(&quote, forged.as_of).unwrap_err();
    assert_eq!(error.reason(), QuoteReason::PckRevoked);
}
