//! Whoever judges.

use std::sync::Arc;
use veritee_model::{Report, ReportData};

/// What is asked beside the evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ask {
    /// Which machine, where the evidence holds several.
    pub select: Option<String>,
    /// What REPORTDATA has to bind.
    pub binding: Binding,
}

/// What REPORTDATA has to bind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Binding {
    /// Nothing is asked: the report says that freshness is not shown.
    #[default]
    Nothing,
    /// A request of the caller's, 16 to 64 bytes.
    Nonce(Vec<u8>),
    /// These bytes exactly.
    ReportData(ReportData),
}

/// A platform by which collateral is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// FMSPC, 12 hex digits.
    pub fmspc: String,
    /// `platform` or `processor`.
    pub ca: String,
}

/// A report, and what came along with the evidence.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The report.
    pub report: Report,
    /// What the evidence claims, for shapes that repeat claims.
    pub claimed: Claimed,
}

/// Claims of the evidence: of use only beside checks that passed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claimed {
    /// `os_image_hash` of the vm_config, hex.
    pub os_image_hash: Option<String>,
    /// Whether the image that was measured is one for development; `None` where none was.
    pub os_image_is_dev: Option<bool>,
}

/// Why a request gets no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The request is to blame: 400.
    Request {
        /// What is wrong, where, and what was expected.
        message: String,
        /// What to do next.
        help: Option<String>,
    },
    /// There is nothing under this name: 404.
    Unknown {
        /// What was asked for.
        message: String,
    },
    /// Somebody else could not be asked: 502.
    Upstream {
        /// Who, and why.
        message: String,
    },
    /// We are to blame: 500.
    Internal {
        /// What happened.
        message: String,
    },
}

/// Judges one line of a batch, which has this number: one line of JSON, without a line break.
pub type JudgeOfLines = Arc<dyn Fn(&[u8], u64) -> String + Send + Sync>;

/// Judges. Called on threads that may block, [`crate::Limits::jobs`] at a time.
pub trait Verifier: Send + Sync + 'static {
    /// The report of one machine's evidence, in any form.
    ///
    /// # Errors
    /// When the body is no evidence of one machine.
    fn verify(&self, evidence: &[u8], ask: &Ask) -> Result<Judged, Refusal>;

    /// The report of one quote.
    ///
    /// # Errors
    /// When the body holds no quote.
    fn quote(&self, evidence: &[u8]) -> Result<Judged, Refusal>;

    /// The audit of a compose that nothing vouches for.
    ///
    /// # Errors
    /// When the body is no compose.
    fn audit(&self, compose: &[u8]) -> Result<Judged, Refusal>;

    /// Whoever judges the lines of one batch, all at one time.
    fn batch(&self) -> JudgeOfLines;

    /// Collateral for a platform, as dcap-qvl's JSON.
    ///
    /// # Errors
    /// When there is none.
    fn collateral(&self, platform: &Platform) -> Result<String, Refusal>;

    /// What a code, a check, a rule or a word means.
    ///
    /// # Errors
    /// When nobody knows it.
    fn explain(&self, word: &str) -> Result<String, Refusal>;

    /// Names of the schemas.
    fn schemas(&self) -> Vec<&'static str>;

    /// A schema by its name.
    fn schema(&self, name: &str) -> Option<&'static str>;

    /// Why nothing can be judged now; `Ok` where it can.
    ///
    /// # Errors
    /// In words.
    fn ready(&self) -> Result<(), String>;
}
