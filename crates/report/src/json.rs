//! The saved form of a report and the way back.

mod consistency;
mod facts;

use core::fmt;
use serde_json::error::Category;
use veritee_model::report::SCHEMA;
use veritee_model::text::{inert, inert_json, shortened};
use veritee_model::{CheckId, Reason, Report, Verdict, VerdictOutcome};

/// The report as indented JSON, fields in the order of the types, a line break at the end.
///
/// Characters that can act on a terminal or reorder text are written as `\uXXXX`, which means the same to every
/// reader of JSON. The same report gives the same bytes.
#[must_use]
pub fn json(report: &Report) -> String {
    document(serde_json::to_string_pretty(report))
}

/// The report as JSON in one line, a line break at the end.
#[must_use]
pub fn jsonl(report: &Report) -> String {
    document(serde_json::to_string(report))
}

/// Serialised JSON as it is printed: inert, with a line break at the end.
#[expect(clippy::expect_used, reason = "structs, vectors, strings and numbers always serialise")]
pub(crate) fn document(serialised: serde_json::Result<String>) -> String {
    let mut text = inert_json(&serialised.expect("no type of an output has a map or a fallible field"));
    text.push('\n');
    text
}

/// Reads a saved report: [`json`] and [`jsonl`] of this version or an earlier one with the same schema name.
///
/// The bytes are untrusted. Fields that this version does not know are ignored; a repeated field, data after the
/// end and a verdict that does not follow from the report's own checks are refused. Whether the checks themselves
/// are true is not, and cannot be, checked here: verify the evidence again for that. The caller caps the length.
///
/// # Errors
/// When the bytes are no JSON, no report of schema [`SCHEMA`], or contradict themselves.
pub fn parse(bytes: &[u8]) -> Result<Report, ParseError> {
    let report: Report = match serde_json::from_slice(bytes) {
        Ok(report) => report,
        Err(error) => return Err(why_unreadable(bytes, error)),
    };
    if report.schema != SCHEMA {
        return Err(ParseError::SchemaUnknown { got: report.schema });
    }
    within("checks", report.checks.len(), CHECKS)?;
    within("findings", report.findings.len(), FINDINGS)?;
    within("comparisons", report.compared.len(), COMPARISONS)?;
    match contradiction(&report) {
        Some(error) => Err(error),
        None => Ok(report),
    }
}

/// No version asks as many questions; adding up more of them than this costs time.
const CHECKS: usize = 1024;
/// One for another time, one for another TCB evaluation.
const COMPARISONS: usize = 16;
/// More than any audit of one deployment finds.
const FINDINGS: usize = 16_384;

const fn within(what: &'static str, got: usize, limit: usize) -> Result<(), ParseError> {
    if got <= limit { Ok(()) } else { Err(ParseError::TooMany { what, got, limit }) }
}

/// A document of another schema is named as such, not as a report with missing fields.
fn why_unreadable(bytes: &[u8], error: serde_json::Error) -> ParseError {
    match error.classify() {
        Category::Data => {}
        Category::Syntax | Category::Eof | Category::Io => return ParseError::Syntax(error),
    }
    let document: serde_json::Value = match serde_json::from_slice(bytes) {
        Ok(document) => document,
        Err(syntax) => return ParseError::Syntax(syntax),
    };
    match document.get("schema").and_then(serde_json::Value::as_str) {
        None => ParseError::SchemaMissing,
        Some(SCHEMA) => later_word(&document).unwrap_or(ParseError::Field(error)),
        Some(other) => ParseError::SchemaUnknown { got: other.to_owned() },
    }
}

/// A check or reason that this version does not know. What such a report adds up to cannot be said here, so it is
/// refused, whatever verdict it states.
fn later_word(document: &serde_json::Value) -> Option<ParseError> {
    let words = |list: &str, member: &str, known: fn(&str) -> bool| {
        let entries = document.get(list)?.as_array()?.iter();
        let unknown = entries
            .filter_map(|entry| entry.get(member)?.as_str().filter(|word| !known(word)).map(str::to_owned));
        unknown.into_iter().next()
    };
    let check: fn(&str) -> bool = |word| CheckId::from_id(word).is_some();
    let reason: fn(&str) -> bool = |word| Reason::from_code(word).is_some();
    let found = |kind, word: Option<String>| word.map(|word| ParseError::LaterWord { kind, word });
    found("check", words("checks", "id", check))
        .or_else(|| found("reason", words("checks", "reason", reason)))
        .or_else(|| found("reason", words("notices", "reason", reason)))
}

/// A file that says "verified" above a failed check must not be printed as verified, and one from which a check or a
/// waiver was taken must not either: the report has to add up under its own record of the policy.
fn contradiction(report: &Report) -> Option<ParseError> {
    if let Some(what) = consistency::fault(report) {
        return Some(ParseError::Inconsistent { what });
    }
    let stated = report.verdict.outcome;
    let computed = Verdict::conclude(report.kind, &report.checks, &report.findings, report.policy.fail_on);
    let exit_code = report.verdict.exit_code;
    if stated != computed.outcome || exit_code != stated.exit_code().code() {
        return Some(ParseError::VerdictContradicts { stated, exit_code, computed: computed.outcome });
    }
    let what = if report.verdict.reasons != computed.reasons {
        "the verdict's reasons are not those of the checks".to_owned()
    } else if report.verdict.summary != computed.summary {
        format!("the verdict's line is not that of the checks, which is `{}`", computed.summary)
    } else {
        return None;
    };
    Some(ParseError::Inconsistent { what })
}

/// Why bytes are not a saved report.
#[derive(Debug)]
#[non_exhaustive]
pub enum ParseError {
    /// Not JSON; the error has line and column.
    Syntax(serde_json::Error),
    /// JSON without a `schema` string.
    SchemaMissing,
    /// JSON of another schema or version.
    SchemaUnknown {
        /// The name found.
        got: String,
    },
    /// A field is missing, repeated or of the wrong form; the error has line and column.
    Field(serde_json::Error),
    /// It has a check or a reason that this version does not know.
    LaterWord {
        /// `check` or `reason`.
        kind: &'static str,
        /// The word.
        word: String,
    },
    /// A list is longer than in any report of this program.
    TooMany {
        /// Which list.
        what: &'static str,
        /// Its length.
        got: usize,
        /// The longest that is read.
        limit: usize,
    },
    /// Its parts do not fit each other, or one is missing.
    Inconsistent {
        /// What does not fit what.
        what: String,
    },
    /// The verdict does not follow from the report's own checks and findings.
    VerdictContradicts {
        /// Outcome as written.
        stated: VerdictOutcome,
        /// Exit code as written.
        exit_code: u8,
        /// Outcome of the checks and findings in the report.
        computed: VerdictOutcome,
    },
}

impl ParseError {
    /// The reason code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Syntax(_) | Self::Field(_) | Self::TooMany { .. } => Reason::ReportMalformed,
            Self::SchemaMissing | Self::SchemaUnknown { .. } | Self::LaterWord { .. } => {
                Reason::ReportSchemaUnknown
            }
            Self::Inconsistent { .. } | Self::VerdictContradicts { .. } => Reason::ReportContradictory,
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(error) => write!(f, "the report is not JSON: {}", Located(error)),
            Self::Field(error) => write!(f, "the report is not of schema {SCHEMA}: {}", Located(error)),
            Self::SchemaMissing => write!(f, "the document has no schema, expected `{SCHEMA}`"),
            Self::SchemaUnknown { got } => {
                write!(f, "the document's schema is `{}`, expected `{SCHEMA}`", inert(&shortened(got, 80)))
            }
            Self::LaterWord { kind, word } => write!(
                f,
                "this version knows no {kind} `{}`: show the report with the version that made it",
                inert(&shortened(word, 80))
            ),
            Self::TooMany { what, got, limit } => {
                write!(f, "the report has {got} {what}, expected at most {limit}")
            }
            Self::Inconsistent { what } => write!(f, "the report contradicts itself: {what}"),
            Self::VerdictContradicts { stated, exit_code, computed } => write!(
                f,
                "the report says `{}` with exit code {exit_code}, its checks add up to `{}` with exit code {}",
                stated.headline().to_lowercase(),
                computed.headline().to_lowercase(),
                computed.exit_code().code()
            ),
        }
    }
}

impl core::error::Error for ParseError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Syntax(error) | Self::Field(error) => Some(error),
            Self::SchemaMissing
            | Self::SchemaUnknown { .. }
            | Self::LaterWord { .. }
            | Self::TooMany { .. }
            | Self::Inconsistent { .. }
            | Self::VerdictContradicts { .. } => None,
        }
    }
}

/// The place first: the message can quote a whole string of the file, and is then cut.
struct Located<'a>(&'a serde_json::Error);

impl fmt::Display for Located<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.0.to_string();
        let place = format!(" at line {} column {}", self.0.line(), self.0.column());
        let message = message.strip_suffix(&place).unwrap_or(&message);
        write!(f, "line {} column {}: {}", self.0.line(), self.0.column(), inert(&shortened(message, 200)))
    }
}
