//! The verdict on one quote alone.

use pyo3::prelude::*;
use veritee_quote::{Quote, VerifiedQuote};
use veritee_verify::QuoteAlone;

/// What is said of one quote under the policy: whether it is genuine, and whether the platform is acceptable. What runs in
/// the machine is not looked at.
#[pyclass(frozen, module = "veritee")]
pub(crate) struct QuoteVerdict(pub(crate) QuoteAlone);

impl QuoteVerdict {
    fn registers(&self) -> Option<[String; 5]> {
        let td = self.0.quote.as_ref().and_then(Quote::td)?;
        let [rtmr0, rtmr1, rtmr2, rtmr3] = td.rtmrs.map(|register| register.to_string());
        Some([td.mrtd.to_string(), rtmr0, rtmr1, rtmr2, rtmr3])
    }

    fn genuine(&self) -> Option<&VerifiedQuote> {
        self.0.verified.as_ref()
    }
}

#[pymethods]
impl QuoteVerdict {
    /// Every required check passed.
    #[getter]
    fn verified(&self) -> bool {
        self.0.verdict.exit_code == 0
    }

    /// As [`Self::verified`]: a verdict that says no is false.
    fn __bool__(&self) -> bool {
        self.verified()
    }

    /// `verified`, `not-genuine`, `refused` or `incomplete`.
    #[getter]
    fn outcome(&self) -> &'static str {
        self.0.verdict.outcome.name()
    }

    #[getter]
    fn exit_code(&self) -> u8 {
        self.0.verdict.exit_code
    }

    #[getter]
    fn reasons(&self) -> Vec<String> {
        self.0.verdict.reasons.clone()
    }

    /// Signed by a machine of Intel's, whatever its state.
    #[getter]
    fn genuine_quote(&self) -> bool {
        self.genuine().is_some()
    }

    #[getter]
    fn tcb_status(&self) -> Option<&'static str> {
        self.genuine().map(|quote| quote.tcb().status.name())
    }

    /// Seconds since 1970 of the oldest TCB level that matched.
    #[getter]
    fn tcb_date(&self) -> Option<u64> {
        self.genuine().map(|quote| quote.tcb().date.seconds())
    }

    #[getter]
    fn advisories(&self) -> Vec<String> {
        self.genuine().map(|quote| quote.tcb().advisories.clone()).unwrap_or_default()
    }

    #[getter]
    fn fmspc(&self) -> Option<String> {
        self.genuine().map(|quote| quote.platform().fmspc.to_string())
    }

    #[getter]
    fn mrtd(&self) -> Option<String> {
        self.registers().map(|[mrtd, ..]| mrtd)
    }

    #[getter]
    fn rtmrs(&self) -> Option<(String, String, String, String)> {
        self.registers().map(|[_, rtmr0, rtmr1, rtmr2, rtmr3]| (rtmr0, rtmr1, rtmr2, rtmr3))
    }

    #[getter]
    fn report_data(&self) -> Option<String> {
        self.0.quote.as_ref().and_then(Quote::td).map(|td| td.report_data.to_string())
    }

    #[getter]
    fn signed_sha256(&self) -> Option<String> {
        self.0.quote.as_ref().map(|quote| quote.signed_sha256().to_string())
    }

    /// The checks, verdict and notices as JSON.
    fn to_json(&self) -> String {
        let told = veritee_offline::quote_document(&self.0);
        veritee_model::text::inert_json(&told.to_string())
    }

    fn __repr__(&self) -> String {
        format!("<veritee.QuoteVerdict: {}, exit code {}>", self.outcome(), self.exit_code())
    }
}
