//! Quotes: no panic, every byte accounted for, and under the pinned root only Intel's own words come out verified.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use veritee_model::{Sha256Digest, UnixTime};
use veritee_quote::{Collateral, Expiry, PreparedCollateral, Quote, Tee, TrustRoot};

/// A genuine quote with its collateral and a time at which both are in force.
struct Genuine {
    signed: Sha256Digest,
    collateral: PreparedCollateral,
    as_of: UnixTime,
}

macro_rules! genuine {
    ($name:literal, $as_of:literal) => {
        (
            include_bytes!(concat!("../../test-vectors/quote/", $name, ".bin")).as_slice(),
            include_bytes!(concat!("../../test-vectors/quote/", $name, ".collateral.json")).as_slice(),
            $as_of,
        )
    };
}

static GENUINE: LazyLock<Vec<Genuine>> = LazyLock::new(|| {
    [
        genuine!("sgx_quote", "2025-07-01T00:00:00Z"),
        genuine!("tdx_quote", "2025-07-01T00:00:00Z"),
        genuine!("tdx_quote_td15ex", "2026-10-20T00:00:00Z"),
    ]
    .into_iter()
    .map(|(quote, collateral, as_of)| {
        let as_of = UnixTime::parse(as_of).expect("a time");
        let quote = Quote::parse(quote).expect("a genuine quote");
        let collateral = Collateral::from_json(collateral).expect("genuine collateral");
        let collateral = collateral.verify_at(&TrustRoot::intel(), as_of, Expiry::Enforce).expect("in force");
        collateral.verify(&quote, as_of).expect("the genuine quote verifies");
        Genuine { signed: quote.signed_sha256(), collateral, as_of }
    })
    .collect()
});

fuzz_target!(|data: &[u8]| {
    let quote = match Quote::parse(data) {
        Ok(quote) => quote,
        Err(error) => {
            assert!(error.offset() <= data.len(), "{error}");
            return;
        }
    };
    assert_eq!(quote.as_bytes().len() + quote.padding(), data.len());
    assert_eq!(quote.td().is_some(), quote.tee() == Tee::Tdx);
    assert!(quote.as_bytes().starts_with(quote.signed_bytes()));
    let again =
        Quote::parse(quote.as_bytes()).expect("a quote is still one without the zero bytes behind it");
    assert_eq!(again.signed_sha256(), quote.signed_sha256());
    let (cut, _) = quote.as_bytes().split_at(quote.as_bytes().len() - 1);
    assert!(Quote::parse(cut).is_err(), "a quote was cut off and still is one");
    let _ = quote.pck_hint();
    for genuine in GENUINE.iter() {
        match genuine.collateral.verify(&quote, genuine.as_of) {
            Ok(verified) => {
                // Collateral is of a processor family: it may verify the other genuine quote of that family.
                let signed = verified.quote().signed_sha256();
                assert!(GENUINE.iter().any(|genuine| genuine.signed == signed), "a forgery was verified");
            }
            Err(error) => {
                let _ = (error.stage(), error.reason(), error.to_string());
            }
        }
    }
});
