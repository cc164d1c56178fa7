//! The in-toto statement: a SLSA verification summary, with veritee's own words beside it.

use crate::SealError;
use serde::{Deserialize, Serialize};
use veritee_model::text::inert_json;
use veritee_model::{CheckId, Kind, Outcome, Report, Sha256Digest, Stage, UnixTime, VerdictOutcome};

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// The kind of statement: a verification summary of SLSA's.
pub const PREDICATE: &str = "https://slsa.dev/verification_summary/v1";
const OWN_SCHEMA: &str = "veritee/statement/v1";
const VERIFIER: &str = "https://github.com/veritee/veritee";

/// What the signers say of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    /// The report, and the measured app_compose where the log gave its hash.
    pub subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    /// The summary.
    pub predicate: Predicate,
}

/// Something by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// `report` or `app_compose`.
    pub name: String,
    /// Its digest.
    pub digest: Digest,
}

/// A digest under its algorithm's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// SHA-256.
    pub sha256: Sha256Digest,
}

/// The verification summary. Members as SLSA names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    verifier: Verifier,
    /// The as-of time of the verdict.
    pub time_verified: UnixTime,
    resource_uri: String,
    policy: Resource,
    /// Every item of the evidence, by digest.
    pub input_attestations: Vec<Resource>,
    /// `PASSED` only for the outcome `verified`; see `veritee.loosened` for what the policy lets pass.
    verification_result: String,
    /// Always empty: veritee checks no SLSA level.
    verified_levels: Vec<String>,
    /// What SLSA has no word for.
    pub veritee: Own,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Verifier {
    id: String,
    version: Version,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Version {
    veritee: String,
}

/// Something by name and digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// What it is called in the report.
    pub uri: String,
    /// Its digest; the built-in policy has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

/// The verdict in veritee's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own {
    schema: String,
    /// The program that signed.
    pub tool: Tool,
    /// Which questions the report answers.
    pub kind: Kind,
    /// The outcome.
    pub outcome: VerdictOutcome,
    /// Its exit code.
    pub exit_code: u8,
    /// The report's first line.
    pub headline: String,
    /// The reasons behind the outcome, gravest first.
    pub reasons: Vec<String>,
    /// The DevProof line.
    pub stage: Stage,
    /// Every way in which the policy is looser than the default.
    pub loosened: Vec<String>,
    /// Every check that was not made.
    pub not_checked: Vec<CheckId>,
    /// The trust root is Intel's; absent where the report rests on none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intel_root: Option<bool>,
}

/// The program that signed, by its own word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its version.
    pub version: String,
    /// SHA-256 of its executable file; absent where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256Digest>,
}

impl Statement {
    /// What follows from a report, whose saved bytes are `bytes`.
    #[must_use]
    pub fn of(report: &Report, bytes: &[u8], tool: Tool) -> Self {
        let named = |name: &str, sha256| Subject { name: name.to_owned(), digest: Digest { sha256 } };
        let digest = Sha256Digest::of(bytes);
        let compose = report
            .identity
            .as_ref()
            .map(|identity| named("app_compose", Sha256Digest::new(*identity.compose_hash.as_bytes())));
        let app = report.identity.as_ref().map(|identity| format!("urn:dstack:app:{}", identity.app_id));
        let inputs = report.inputs.iter().map(|input| Resource {
            uri: format!("urn:veritee:input:{}", input.name),
            digest: Some(Digest { sha256: input.sha256 }),
        });
        let not_made = report.checks.iter().filter(|check| check.outcome == Outcome::NotChecked);
        let passed = report.verdict.outcome == VerdictOutcome::Verified;
        Self {
            kind: STATEMENT.to_owned(),
            subject: [Some(named("report", digest)), compose].into_iter().flatten().collect(),
            predicate_type: PREDICATE.to_owned(),
            predicate: Predicate {
                verifier: Verifier {
                    id: VERIFIER.to_owned(),
                    version: Version { veritee: report.tool.version.clone() },
                },
                time_verified: report.as_of,
                resource_uri: app.unwrap_or_else(|| format!("urn:veritee:report:sha256:{digest}")),
                policy: Resource {
                    uri: policy_uri(report),
                    digest: report.policy.sha256.map(|sha256| Digest { sha256 }),
                },
                input_attestations: inputs.collect(),
                verification_result: if passed { "PASSED" } else { "FAILED" }.to_owned(),
                verified_levels: Vec::new(),
                veritee: Own {
                    schema: OWN_SCHEMA.to_owned(),
                    tool,
                    kind: report.kind,
                    outcome: report.verdict.outcome,
                    exit_code: report.verdict.exit_code,
                    headline: report.headline().to_owned(),
                    reasons: report.verdict.reasons.clone(),
                    stage: report.stage.clone(),
                    loosened: report.policy.loosened.clone(),
                    not_checked: not_made.map(|check| check.id).collect(),
                    intel_root: report.root.as_ref().map(|root| root.intel),
                },
            },
        }
    }

    /// As it is signed: JSON in one line.
    #[must_use]
    pub(crate) fn to_json(&self) -> String {
        document(self)
    }

    /// Reads a signed statement. What its members say is the signers' word.
    pub(crate) fn read(place: &str, bytes: &[u8]) -> Result<Self, SealError> {
        let malformed = |what: String| SealError::Malformed { place: place.to_owned(), what };
        let statement: Self = serde_json::from_slice(bytes).map_err(|error| {
            let words = veritee_model::text::shortened(&error.to_string(), 200);
            malformed(format!("no statement of {PREDICATE}: {}", veritee_model::text::inert(&words)))
        })?;
        let known = statement.kind == STATEMENT
            && statement.predicate_type == PREDICATE
            && statement.predicate.veritee.schema == OWN_SCHEMA;
        if known {
            Ok(statement)
        } else {
            Err(malformed(format!("expected {STATEMENT}, {PREDICATE}, {OWN_SCHEMA}")))
        }
    }

    /// What another statement says otherwise.
    pub(crate) fn difference(&self, other: &Self) -> Option<&'static str> {
        let (ours, theirs) = (&self.predicate, &other.predicate);
        let (own, their_own) = (&ours.veritee, &theirs.veritee);
        let parts = [
            ("the digests of report and compose", self.subject == other.subject),
            ("the digests of the evidence", ours.input_attestations == theirs.input_attestations),
            ("the policy", ours.policy == theirs.policy && own.loosened == their_own.loosened),
            ("the time", ours.time_verified == theirs.time_verified),
            (
                "the verdict",
                ours.verification_result == theirs.verification_result
                    && own.outcome == their_own.outcome
                    && own.exit_code == their_own.exit_code
                    && own.headline == their_own.headline
                    && own.reasons == their_own.reasons
                    && own.stage == their_own.stage,
            ),
            ("what was not checked", own.not_checked == their_own.not_checked),
            ("another member", self == other),
        ];
        parts.into_iter().find(|(_, same)| !same).map(|(what, _)| what)
    }
}

/// The policy's name in statements and tokens.
pub(crate) fn policy_uri(report: &Report) -> String {
    match report.policy.sha256 {
        Some(sha256) => format!("urn:veritee:policy:sha256:{sha256}"),
        None => format!("urn:veritee:policy:built-in:{}", report.tool.version),
    }
}

/// A value as JSON in one line, inert.
#[expect(clippy::expect_used, reason = "structs, vectors, strings and numbers always serialise")]
pub(crate) fn document(value: &impl Serialize) -> String {
    inert_json(&serde_json::to_string(value).expect("no type of a seal has a map or a fallible field"))
}
