//! Collateral: no panic, what is written reads back, and under the pinned root only what Intel signed is accepted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use veritee_model::UnixTime;
use veritee_quote::{Collateral, Expiry, TrustRoot};

static GENUINE: LazyLock<[Collateral; 4]> = LazyLock::new(|| {
    [
        include_bytes!("../../test-vectors/quote/sgx_quote.collateral.json").as_slice(),
        include_bytes!("../../test-vectors/quote/tdx_quote.collateral.json").as_slice(),
        include_bytes!("../../test-vectors/quote/tdx_quote_outdated.collateral.json").as_slice(),
        include_bytes!("../../test-vectors/quote/tdx_quote_td15ex.collateral.json").as_slice(),
    ]
    .map(|json| Collateral::from_json(json).expect("genuine collateral"))
});

fuzz_target!(|data: &[u8]| {
    let collateral = match Collateral::from_json(data) {
        Ok(collateral) => collateral,
        Err(error) => {
            let _ = (error.reason(), error.to_string());
            return;
        }
    };
    let _ = (collateral.fmspc(), collateral.tee(), collateral.ca());
    let again = Collateral::from_json(collateral.to_json().as_bytes()).expect("what is written reads back");
    assert_eq!(again, collateral);
    let as_of = UnixTime::parse("2026-10-20T00:00:00Z").expect("a time");
    match collateral.verify_at(&TrustRoot::intel(), as_of, Expiry::Report) {
        Ok(_) => {
            let parts = collateral.parts();
            let signed =
                |text: &str, of: fn(&Collateral) -> &str| GENUINE.iter().any(|genuine| of(genuine) == text);
            assert!(
                signed(&parts.tcb_info, |genuine| &genuine.parts().tcb_info),
                "a forged TCB info was accepted"
            );
            assert!(
                signed(&parts.qe_identity, |genuine| &genuine.parts().qe_identity),
                "a forged QE identity was accepted"
            );
        }
        Err(error) => {
            let _ = (error.reason(), error.to_string());
            assert!(
                collateral.verify_at(&TrustRoot::intel(), as_of, Expiry::Enforce).is_err(),
                "stricter is looser"
            );
        }
    }
});
