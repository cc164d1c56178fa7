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

/// A place in a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The file: a path inside the audited tree, or a name such as `app_compose`.
    pub file: String,
    /// Line, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column in characters, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Path within the document, for example `services.web.environment.3`; empty for the whole document.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
}

impl core::fmt::Display for Place {
    /// `file:line:column path`, without the parts that are not known. Not escaped.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        if !self.path.is_empty() {
            write!(f, " {}", self.path)?;
        }
        Ok(())
    }
}

/// One of several places that a finding speaks of, with what stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// What stands there: the text, or `sha256:` and the hash of a long one. Untrusted.
    pub value: String,
    /// The words that allow this place, where a policy or a review does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<String>,
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
    /// File, line and path within the document, in one line.
    #[serde(rename = "where")]
    pub location: String,
    /// The same, part by part, for formats that point into files (SARIF).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What stands at the place: the text, or `sha256:` and the hash of a long one. An allowance that holds it lapses
    /// when it changes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// All places, where the finding speaks of several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Spot>,
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

impl Finding {
    /// The rule is broken here, and neither the policy nor a review lets it pass.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.allowed.is_none() && matches!(self.status, FindingStatus::Fail | FindingStatus::Warn)
    }

    /// Only a person can tell, or the construct is not understood; and nobody has answered.
    #[must_use]
    pub fn needs_a_person(&self) -> bool {
        self.allowed.is_none() && matches!(self.status, FindingStatus::Manual | FindingStatus::Unknown)
    }

    /// An open question that keeps a verdict from being green: of high severity or more, whatever the threshold for
    /// findings is; below it where the threshold is lower.
    #[must_use]
    pub fn keeps_open(&self, fail_on: Severity) -> bool {
        self.needs_a_person() && self.severity >= fail_on.min(Severity::High)
    }
}

/// How many findings of which severity are open, and what all others are: the counts add up to all that is listed. The
/// words of `audit.rules`, which a reader of saved reports holds against the findings.
#[must_use]
pub fn counted<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> String {
    let (allowed, rest): (Vec<&Finding>, Vec<&Finding>) =
        findings.into_iter().partition(|finding| finding.allowed.is_some());
    let of = |statuses: &[FindingStatus]| -> Vec<&Finding> {
        rest.iter().filter(|finding| statuses.contains(&finding.status)).copied().collect()
    };
    let open = of(&[FindingStatus::Fail, FindingStatus::Warn, FindingStatus::Unknown]);
    let severities = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
    let counts = severities.into_iter().filter_map(|severity| {
        let count = open.iter().filter(|finding| finding.severity == severity).count();
        (count > 0).then(|| format!("{count} {severity}"))
    });
    let counts: Vec<String> = counts.collect();
    let open = if counts.is_empty() {
        "nothing open".to_owned()
    } else {
        format!("open findings: {}", counts.join(", "))
    };
    let others = [
        (of(&[FindingStatus::Manual]).len(), "for a person"),
        (allowed.len(), "allowed"),
        (of(&[FindingStatus::Pass]).len(), "that hold"),
        (of(&[FindingStatus::Info]).len(), "remarks"),
    ];
    let others = others.into_iter().filter(|(count, _)| *count > 0);
    let others: Vec<String> = others.map(|(count, words)| format!("{count} {words}")).collect();
    let beside =
        if others.is_empty() { String::new() } else { format!("; beside them {}", others.join(", ")) };
    format!("{open}{beside}")
}
