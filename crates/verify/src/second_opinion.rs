//! What dcap-qvl 0.7.1 says of the same quote, collateral, root and time. How it compares with what ours says is for
//! [`veritee_quote::divergence`] to tell.

use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::verify::QuoteVerifier;
use veritee_model::UnixTime;
use veritee_quote::divergence::Theirs;

/// The second engine, as reports call it.
pub const NAME: &str = "dcap-qvl 0.7.1";

/// Asks dcap-qvl. `collateral_json` is in its own form.
#[must_use]
pub fn ask(quote: &[u8], collateral_json: &str, root_der: &[u8], as_of: UnixTime) -> Theirs {
    let collateral: QuoteCollateralV3 = match serde_json::from_str(collateral_json) {
        Ok(collateral) => collateral,
        Err(error) => return Theirs::Refuses(format!("collateral: {error}")),
    };
    // Service TDs and debugging are a matter of policy here, so the second engine is asked to let them be.
    let verifier = QuoteVerifier::new(root_der.to_vec()).allow_service_td(true).allow_debug(true);
    match verifier.verify(quote, &collateral, as_of.seconds()) {
        Ok(report) => Theirs::Accepts { status: report.status, advisories: report.advisory_ids },
        Err(error) => Theirs::Refuses(veritee_model::text::inert(&format!("{error:#}"))),
    }
}
