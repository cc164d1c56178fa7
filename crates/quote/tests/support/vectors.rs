//! Vectors that the tests share.
#![allow(dead_code, clippy::print_stderr)]

use std::path::PathBuf;
use veritee_quote::Budget;
use veritee_quote::UnixTime;
use veritee_quote::{
    Collateral, Expiry, KnownCollateral, Origin, PreparedCollateral, Quote, QuoteError, TrustRoot,
    VerifiedQuote,
};

/// Real vectors that are not part of the repository.
pub(crate) fn shared() -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors"));
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: ../shared is absent");
    None
}

/// A genuine quote with its collateral, as published in dcap-qvl 0.7.1 (`test-vectors/quote`).
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) quote: Vec<u8>,
    pub(crate) collateral: Vec<u8>,
    pub(crate) as_of: UnixTime,
}

impl Sample {
    pub(crate) fn read(name: &'static str, as_of: u64) -> Self {
        let path = |end| format!("{}/../../test-vectors/quote/{name}{end}", env!("CARGO_MANIFEST_DIR"));
        Self {
            name,
            quote: std::fs::read(path(".bin")).unwrap(),
            collateral: std::fs::read(path(".collateral.json")).unwrap(),
            as_of: UnixTime::from_seconds(as_of),
        }
    }

    /// Version 4, TD 1.0, UpToDate, 70 zero bytes behind it.
    pub(crate) fn tdx() -> Self {
        Self::read("tdx_quote", 1_752_833_762)
    }

    /// Version 5, TD 1.5, below every level.
    pub(crate) fn tdx_outdated() -> Self {
        Self::read("tdx_quote_outdated", 1_772_323_200)
    }

    /// Version 5, extended TD 1.5, UpToDate.
    pub(crate) fn tdx_extended() -> Self {
        Self::read("tdx_quote_td15ex", 1_794_008_710)
    }

    /// Version 3, SGX, ConfigurationAndSWHardeningNeeded.
    pub(crate) fn sgx() -> Self {
        Self::read("sgx_quote", 1_752_919_277)
    }

    pub(crate) fn all() -> [Self; 4] {
        [Self::tdx(), Self::tdx_outdated(), Self::tdx_extended(), Self::sgx()]
    }

    pub(crate) fn prepared(&self) -> PreparedCollateral {
        let collateral = Collateral::from_json(&self.collateral).unwrap();
        collateral.verify_at(&TrustRoot::intel(), self.as_of, Expiry::Enforce).unwrap()
    }

    /// Its collateral as a caller gives it.
    pub(crate) fn known(&self) -> KnownCollateral {
        let mut known = KnownCollateral::new(&TrustRoot::intel(), &Budget::STANDARD);
        known.add_json(&self.collateral, Origin::Caller, self.name);
        known
    }

    pub(crate) fn verify(&self, quote: &[u8]) -> Result<VerifiedQuote, QuoteError> {
        self.prepared().verify(&Quote::parse(quote)?, self.as_of)
    }
}

/// Ours from bytes to verdict, under Intel's root.
pub(crate) fn ours(quote: &[u8], collateral: &[u8], as_of: UnixTime) -> Result<VerifiedQuote, QuoteError> {
    let quote = Quote::parse(quote)?;
    let collateral = Collateral::from_json(collateral)?;
    let prepared = collateral.verify_at(&TrustRoot::intel(), as_of, Expiry::Enforce)?;
    prepared.verify(&quote, as_of)
}
