//! Findings of the audit: what an operator could still do.

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// A remark.
    Info,
    /// Worth knowing.
    Low,
    /// A weakness.
    Medium,
    /// Breaks a promise to users.
    High,
    /// The operator can read or change what users entrust.
    Critical,
}

impl Severity {
    /// The name used in reports, policies and `--fail-on`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl core::fmt::Display for Severity {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a rule says of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingStatus {
    /// The rule is broken here.
    Fail,
    /// The rule is broken unless something else holds.
    Warn,
    /// Nothing wrong; worth listing.
    Info,
    /// The rule holds here.
    Pass,
    /// Only a person can tell.
    Manual,
    /// The construct is not understood.
    Unknown,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable rule id.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// What the rule says.
    pub status: FindingStatus,
    /// One line for people.
    pub title: String,
    /// File, line and path within the document.
    #[serde(rename = "where")]
    pub location: String,
    /// The offending text, as it stands there.
    pub evidence: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The finding rests on an assumption, because the document was not attested or not complete.
    #[serde(default)]
    pub assumed: bool,
    /// By itself it proves DevProof Stage 0.
    #[serde(default)]
    pub blocks: bool,
    /// The policy's or the document's words for allowing it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<String>,
}
