//! dcap-qvl as a second engine: what it says of the same quote, collateral, root and time.
//!
//! How that compares with what our engine says is for [`veritee_quote::divergence`] to tell; what a difference does to
//! the verdict, for the pipeline, which takes any [`SecondEngine`] and needs none. This crate only asks.
//!
//! The quote and the collateral may be an attacker's. The root is the judging side's: a [`veritee_quote::TrustRoot`]'s
//! own bytes, which are well-formed and rightly self-signed.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::verify::QuoteVerifier;
use veritee_quote::divergence::{SecondEngine, Theirs};
use veritee_quote::{UnixTime, text};

/// dcap-qvl 0.7.1. The list of differences is about this version and no other, so it is pinned exactly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DcapQvl;

impl SecondEngine for DcapQvl {
    fn name(&self) -> &'static str {
        "dcap-qvl 0.7.1"
    }

    fn ask(&self, quote: &[u8], collateral_json: &str, root_der: &[u8], as_of: UnixTime) -> Theirs {
        let collateral: QuoteCollateralV3 = match serde_json::from_str(collateral_json) {
            Ok(collateral) => collateral,
            Err(error) => return Theirs::Refuses(text::inert(&format!("collateral: {error}"))),
        };
        // Service TDs and debugging are a matter of policy here, so the second engine is asked to let them be.
        let verifier = QuoteVerifier::new(root_der.to_vec()).allow_service_td(true).allow_debug(true);
        match verifier.verify(quote, &collateral, as_of.seconds()) {
            Ok(report) => Theirs::Accepts { status: report.status, advisories: report.advisory_ids },
            Err(error) => Theirs::Refuses(text::inert(&format!("{error:#}"))),
        }
    }
}
