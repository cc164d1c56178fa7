//! The sample that all benches use: a genuine TDX quote with its collateral, as published in dcap-qvl 0.7.1.

use dcap_qvl::QuoteCollateralV3;
use veritee_quote::Budget;
use veritee_quote::UnixTime;
use veritee_quote::{
    Collateral, Expiry, KnownCollateral, Origin, PreparedCollateral, Quote, TrustRoot, Verifier,
};

const QUOTE: &[u8] = include_bytes!("../../../../test-vectors/quote/tdx_quote.bin");
const COLLATERAL: &[u8] = include_bytes!("../../../../test-vectors/quote/tdx_quote.collateral.json");
const AS_OF: u64 = 1_752_833_762;

pub(crate) struct Sample {
    pub(crate) theirs: QuoteCollateralV3,
    pub(crate) collateral: Collateral,
    pub(crate) prepared: PreparedCollateral,
    pub(crate) remembering: Verifier,
    pub(crate) as_of: UnixTime,
    pub(crate) root: TrustRoot,
}

impl Sample {
    pub(crate) fn read() -> Self {
        let as_of = UnixTime::from_seconds(AS_OF);
        let root = TrustRoot::intel();
        let collateral = Collateral::from_json(COLLATERAL).expect("the sample is whole");
        let prepared = collateral.verify_at(&root, as_of, Expiry::Enforce).expect("the sample is genuine");
        let mut known = KnownCollateral::new(&root, &Budget::STANDARD);
        known.add(&collateral, Origin::Caller, "sample");
        let remembering = Verifier::new(known, Expiry::Enforce);
        let theirs = serde_json::from_slice(COLLATERAL).expect("the sample is whole");
        let sample = Self { theirs, collateral, prepared, remembering, as_of, root };
        sample.remembered();
        sample
    }

    /// dcap-qvl 0.7.1 from bytes to report.
    pub(crate) fn dcap_qvl(&self) {
        let report = dcap_qvl::verify::ring::verify(QUOTE, &self.theirs, AS_OF).expect("genuine");
        std::hint::black_box(report);
    }

    /// Quote and collateral from bytes to verdict, nothing kept.
    pub(crate) fn cold(&self) {
        let quote = Quote::parse(QUOTE).expect("genuine");
        let prepared = self.collateral.verify_at(&self.root, self.as_of, Expiry::Enforce).expect("genuine");
        std::hint::black_box(prepared.verify(&quote, self.as_of).expect("genuine"));
    }

    /// The quote from bytes to verdict, collateral verified before.
    pub(crate) fn prepared(&self) {
        let quote = Quote::parse(QUOTE).expect("genuine");
        std::hint::black_box(self.prepared.verify(&quote, self.as_of).expect("genuine"));
    }

    /// The same host's PCK chain is known, its quoting enclave is not.
    pub(crate) fn pck_known(&self) {
        let quote = Quote::parse(QUOTE).expect("genuine");
        std::hint::black_box(self.remembering.verify_with_known_pck(&quote, self.as_of).expect("genuine"));
    }

    /// Another quote of a known quoting enclave.
    pub(crate) fn remembered(&self) {
        let quote = Quote::parse(QUOTE).expect("genuine");
        std::hint::black_box(self.remembering.verify(&quote, self.as_of).expect("genuine"));
    }
}
