//! The report: everything that was asked, answered and left open, in the shape that is saved as JSON.
//!
//! `schema: "veritee/report/v1"`. Fields are only added within a version.

use crate::TcbStatus;
use crate::bytes::{
    AppId, ComposeHash, Fmspc, InstanceId, MrConfigId, MrOwner, MrOwnerConfig, MrSeam, MrServiceTd,
    MrSignerSeam, Mrtd, ReportData, Rtmr, Sha256Digest, Sha384Digest, TdAttributes, TeeTcbSvn, Xfam,
};
use crate::check::{Check, CheckId, Kind, Outcome};
use crate::finding::{Finding, FindingStatus};
use crate::reason::Reason;
use crate::stage::{QuestionStatus, Stage};
use crate::time::UnixTime;
use crate::verdict::{Verdict, VerdictOutcome};
use serde::{Deserialize, Serialize};

/// The name of this version of the format.
pub const SCHEMA: &str = "veritee/report/v1";

/// A report. Same bytes, same time, same policy: the same report, byte for byte.
///
/// Texts in it may be an attacker's. Written out by `serde_json` alone they stand as they are; the JSON that
/// `docs/formats.md` promises, with what would deceive a reader as `\\uXXXX`, is what `veritee_report::json` makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// The program that made it.
    pub tool: Tool,
    /// Which questions it answers.
    #[serde(default)]
    pub kind: Kind,
    /// The time for which it was made.
    pub as_of: UnixTime,
    /// What was read.
    pub inputs: Vec<Input>,
    /// Parts of the evidence that were not given.
    pub missing: Vec<Missing>,
    /// What it adds up to.
    pub verdict: Verdict,
    /// The trust root that the quote was judged under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<Root>,
    /// Every check, in order.
    pub checks: Vec<Check>,
    /// Remarks that do not change the verdict.
    pub notices: Vec<Notice>,
    /// The quote's fields. Trusted only as far as the checks of the quote step passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<QuoteFacts>,
    /// The enclave's fields, where the quote is of one. Trusted like `quote`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enclave: Option<EnclaveFacts>,
    /// What came along with evidence that names no application: somebody's words, compared with nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claimed: Vec<ClaimFact>,
    /// The platform's TCB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcb: Option<TcbFacts>,
    /// The application, from the replayed log only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<IdentityFacts>,
    /// Run-time events in the order of the log.
    pub events: Vec<EventFact>,
    /// What the audit found.
    pub findings: Vec<Finding>,
    /// What was asked of the compose, and what is left for a person. Absent where no audit was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditFacts>,
    /// The DevProof line.
    pub stage: Stage,
    /// The policy that the verdict rests on.
    pub policy: PolicyFacts,
    /// The same evidence judged under other circumstances, on request: another time, another TCB evaluation. Never
    /// part of the verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compared: Vec<Comparison>,
}

/// The verdict under other circumstances, and where it parts from this report's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Which circumstances, in words.
    pub with: String,
    /// The time of the other verdict.
    pub as_of: UnixTime,
    /// The other outcome.
    pub outcome: VerdictOutcome,
    /// The exit code that goes with it.
    pub exit_code: u8,
    /// The other verdict's reasons.
    pub reasons: Vec<String>,
    /// Checks that came out otherwise; empty when none did.
    pub changes: Vec<Change>,
}

/// A check that came out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The check.
    pub check: CheckId,
    /// How it came out in the other verdict: `pass`, or its outcome and reason, then what was found.
    pub there: String,
    /// How it came out in this report.
    pub here: String,
}

impl Comparison {
    /// Compares this report with one of the same evidence under other circumstances.
    #[must_use]
    pub fn between(with: impl Into<String>, other: &Report, this: &Report) -> Self {
        let changes = this.checks.iter().filter_map(|here| {
            let there = other.checks.iter().find(|there| there.id == here.id)?;
            let same = there.outcome == here.outcome
                && there.reason == here.reason
                && there.detail == here.detail
                && there.waived == here.waived;
            (!same).then(|| Change { check: here.id, there: said(there), here: said(here) })
        });
        Self {
            with: with.into(),
            as_of: other.as_of,
            outcome: other.verdict.outcome,
            exit_code: other.verdict.exit_code,
            reasons: other.verdict.reasons.clone(),
            changes: changes.collect(),
        }
    }
}

fn said(check: &Check) -> String {
    let waived = if check.waived.is_some() { ", waived by policy" } else { "" };
    match (check.outcome, &check.reason) {
        (Outcome::Pass, _) => format!("pass: {}", check.detail),
        (Outcome::Fail, Some(reason)) => format!("{reason}{waived}: {}", check.detail),
        (Outcome::NotChecked, Some(reason)) => format!("not checked ({reason}){waived}: {}", check.detail),
        (Outcome::Fail, None) => format!("failed{waived}: {}", check.detail),
        (Outcome::NotChecked, None) => format!("not checked{waived}: {}", check.detail),
    }
}

impl Report {
    /// The words of the first line: the outcome, and whether the quote was shown to be genuine.
    #[must_use]
    pub fn headline(&self) -> &'static str {
        let unattested = self.audit.as_ref().is_some_and(|audit| !audit.attested);
        match self.verdict.outcome {
            VerdictOutcome::Verified if unattested => "NO FINDING THAT COUNTS, NOT ATTESTED",
            VerdictOutcome::Findings if unattested => "FINDINGS, NOT ATTESTED",
            outcome => crate::verdict::headline(outcome, &self.checks),
        }
    }
}

/// The program that made the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `veritee`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// One thing that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// What it is: `quote`, `event-log`, `app-compose`, `collateral` and so on.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: Sha256Digest,
    /// Its length.
    pub bytes: u64,
    /// Where it came from.
    pub source: String,
}

/// A part of the evidence that was not given, and what that leaves open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What is missing.
    pub name: String,
    /// What cannot be shown without it, and how to bring it.
    pub consequence: String,
}

/// The trust root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// Subject of the root certificate.
    pub name: String,
    /// SHA-256 of its public key (SPKI, DER).
    pub spki_sha256: Sha256Digest,
    /// It is Intel's SGX Root CA. When false every output says so on every page.
    pub intel: bool,
}

/// A remark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Why it is made.
    pub reason: Reason,
    /// What was seen.
    pub detail: String,
    /// Where.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// The fields of a TDX quote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are Intel's; see the newtypes for what each holds")]
pub struct QuoteFacts {
    pub version: u16,
    pub tee: String,
    /// SHA-256 of the signed region: the identity of the quote. Its other bytes can change without changing it.
    pub signed_sha256: Sha256Digest,
    pub tee_tcb_svn: TeeTcbSvn,
    pub mr_seam: MrSeam,
    pub mr_signer_seam: MrSignerSeam,
    pub td_attributes: TdAttributes,
    pub xfam: Xfam,
    pub mrtd: Mrtd,
    pub mr_config_id: MrConfigId,
    pub mr_owner: MrOwner,
    pub mr_owner_config: MrOwnerConfig,
    pub rtmr0: Rtmr,
    pub rtmr1: Rtmr,
    pub rtmr2: Rtmr,
    pub rtmr3: Rtmr,
    pub report_data: ReportData,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tee_tcb_svn_2: Option<TeeTcbSvn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mr_service_td: Option<MrServiceTd>,
}

/// The fields of an SGX quote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnclaveFacts {
    /// Version of the quote.
    pub version: u16,
    /// SHA-256 of the signed region.
    pub signed_sha256: Sha256Digest,
    /// MRENCLAVE: measurement of the enclave's code.
    pub mr_enclave: Sha256Digest,
    /// MRSIGNER: SHA-256 of the key that signed it.
    pub mr_signer: Sha256Digest,
    /// ISVPRODID.
    pub isv_prod_id: u16,
    /// ISVSVN.
    pub isv_svn: u16,
    /// Its host can read it.
    pub debug: bool,
    /// 64 bytes that the enclave chose.
    pub report_data: ReportData,
}

/// A value that stood beside what is attested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimFact {
    /// What it is said to be: `app_id`, `rtmr3`.
    pub name: String,
    /// The value. Its author's text.
    pub value: String,
    /// Where it stood.
    pub source: String,
}

/// The platform's TCB, from verified collateral.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcbFacts {
    /// Merged status, in Intel's words.
    pub status: TcbStatus,
    /// Status of the platform's own level.
    pub platform: TcbStatus,
    /// Status of the TDX module, where one is listed by version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<TcbStatus>,
    /// Status of the quoting enclave.
    pub qe: TcbStatus,
    /// Oldest of the dates of the levels that matched.
    pub date: UnixTime,
    /// Advisories of all levels that matched, each once.
    pub advisories: Vec<String>,
    /// Lower of the evaluation numbers of TCB info and QE identity.
    pub evaluation_number: u32,
    /// Processor family.
    pub fmspc: Fmspc,
    /// SHA-256 of the PPID: identifies the machine (dstack's `device_id`).
    pub ppid_sha256: Sha256Digest,
    /// When the first piece of collateral expires.
    pub collateral_expires: UnixTime,
    /// When the oldest of TCB info, QE identity and both revocation lists was issued.
    pub collateral_issued: UnixTime,
    /// Which items of collateral decided, what each was called and who gave it, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decided_by: Vec<String>,
    /// Which security version numbers fall short of an up-to-date level, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shortfalls: Vec<String>,
}

/// The application, as measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityFacts {
    /// dstack application id.
    pub app_id: AppId,
    /// dstack instance id; absent where the event is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<InstanceId>,
    /// SHA-256 of the app_compose.
    pub compose_hash: ComposeHash,
    /// Name of the key provider: `kms`, `local-sgx`, `tpm`, `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_provider: Option<String>,
    /// Its identifier: for `kms` the root CA's public key (SPKI, DER, hex).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_provider_id: Option<String>,
    /// The `os-image-hash` event: what the KMS answered, not a measurement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_image_hash_claimed: Option<String>,
    /// SHA-256 over MRTD, RTMR0 to 3 and the configuration registers, as dstack computes it.
    pub mr_aggregated: Sha256Digest,
}

/// One run-time event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFact {
    /// Position in the log.
    pub index: u64,
    /// Name.
    pub name: String,
    /// Payload: text where it is printable ASCII, hex otherwise and for `gpu-attestation`.
    pub payload: String,
    /// Recomputed digest.
    pub digest: Sha384Digest,
    /// RTMR3 after it.
    pub rtmr3: Rtmr,
    /// It stands after `system-ready`: the application's own, it proves nothing about the boot.
    pub after_system_ready: bool,
}

/// The audit beside its findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFacts {
    /// The audited document is the measured one. When false every output says "not attested".
    pub attested: bool,
    /// How many rules were asked.
    pub rules_asked: u64,
    /// Rules that were not asked, and why. They never count as passed.
    pub not_asked: Vec<RuleNotAsked>,
    /// The nine items of the Quick Check.
    pub quick_check: Vec<ChecklistFact>,
    /// The items of ERC-733.
    pub erc733: Vec<ChecklistFact>,
    /// The questions for a person.
    pub questions: Vec<QuestionFact>,
    /// Why a review that was given was not applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_refused: Option<String>,
    /// The review that was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewFact>,
    /// What everything that is said of the document rests on, in words. Empty where the document is the measured one
    /// and names its variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumptions: Vec<String>,
    /// Every value that somebody outside the machine can choose without changing the compose hash, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_flow: Vec<FlowFact>,
    /// `veritee: allow` comments in the audited documents, whether they counted or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inline_allows: Vec<InlineAllowFact>,
    /// Documents of a source tree that were judged, each with its own verdict. Checklists and questions speak of the
    /// document that the source was judged with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<DocumentFact>,
}

/// A document of a source tree with its own verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentFact {
    /// Its path in the tree. The audited party's text.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: Sha256Digest,
    /// The exit code that it would have alone.
    pub exit_code: u8,
    /// Its verdict in one line.
    pub summary: String,
    /// Its DevProof line.
    pub stage: String,
}

/// A review that speaks of the audited compose and commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewFact {
    /// Who answers, in the file's own words.
    pub reviewer: String,
    /// The compose that was reviewed.
    pub compose_hash: ComposeHash,
    /// The commit that was reviewed.
    pub commit: String,
    /// From when on it counts no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<UnixTime>,
}

/// A value that somebody outside the machine can choose without changing the compose hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowFact {
    /// The variable, or the file that holds the value. Chosen by the audited party.
    pub name: String,
    /// `operator`, `host`, `remote`, or `unknown`, which counts as the host's.
    pub provenance: String,
    /// Through what it comes: `allowed_envs`, a file, a line of a script, with the default that it replaces.
    pub from: Vec<String>,
    /// Where it arrives. Empty: nothing that was read takes it.
    pub sinks: Vec<FlowSink>,
    /// What whoever chooses it can do.
    pub power: Vec<String>,
    /// Rules that found something about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
}

/// A place where such a value arrives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowSink {
    /// The service and the key in it (`web environment.API_URL`), or the script.
    pub sink: String,
    /// Which part of the text it feeds.
    pub feeds: String,
    /// File and line.
    #[serde(rename = "where")]
    pub location: String,
    /// What stands there.
    pub text: String,
}

/// A `veritee: allow RULE reason` comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InlineAllowFact {
    /// The rule that it names.
    pub rule: String,
    /// Its words.
    pub reason: String,
    /// File and line.
    #[serde(rename = "where")]
    pub location: String,
    /// It marked a finding as allowed. Only a policy that honours such comments lets it.
    pub applied: bool,
}

/// A rule that was not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleNotAsked {
    /// Its id.
    pub rule: String,
    /// What was missing.
    pub why: String,
}

/// One item of a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecklistFact {
    /// `Q1` to `Q9`, `E1` to `E7`.
    pub id: String,
    /// What is asked.
    pub question: String,
    /// How it came out. `manual` and `unknown` never count as pass.
    pub status: FindingStatus,
    /// What speaks for the status.
    pub evidence: Vec<String>,
    /// What a person still has to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

/// A question that no rule can answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionFact {
    /// `M1` to `M10`.
    pub id: String,
    /// What is asked.
    pub question: String,
    /// Why it matters.
    pub why: String,
    /// How far it has come.
    pub status: QuestionStatus,
    /// What the rules found that belongs to it.
    pub evidence: Vec<String>,
    /// Commands that help to answer it.
    pub commands: Vec<String>,
    /// The reviewer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

const INTEL_ROOT_SPKI: [u8; 32] = [
    0xa0, 0xaf, 0x03, 0x12, 0x89, 0xf5, 0xd5, 0xd4, 0x13, 0x2f, 0x91, 0x86, 0x06, 0x8a, 0x7f, 0xc1, 0x36,
    0x28, 0x63, 0x3b, 0xa2, 0x35, 0x77, 0x74, 0x72, 0xe2, 0x9b, 0x6b, 0x6c, 0x67, 0xa4, 0x9e,
];

/// SHA-256 of the public key (SPKI, DER) of Intel's SGX Root CA.
pub const INTEL_ROOT_SPKI_SHA256: Sha256Digest = Sha256Digest::new(INTEL_ROOT_SPKI);

/// Lines of [`PolicyFacts::loosened`] that a reader of saved reports holds against the checks.
pub mod loosened {
    use crate::{CheckId, Reason, Sha256Digest};

    /// Opens the line about statuses that are accepted; they follow, then a colon and the reason.
    pub const STATUSES: &str = "accepts TCB status ";
    /// Opens the line about advisories that are allowed; they follow, then a colon and the reason.
    pub const ADVISORIES: &str = "allows advisories ";
    /// Opens the line about all other advisories.
    pub const OTHER_ADVISORIES: &str = "allows advisories that it does not name: ";
    /// Opens the line about collateral that has expired.
    pub const EXPIRED: &str = "allows expired collateral: ";
    /// Opens the line about properties of a TD; they follow, then a colon and the reason.
    pub const TD: &str = "allows TD properties ";
    /// Opens the line about comments in the audited documents.
    pub const INLINE: &str = "honours `veritee: allow` comments that the audited party writes: ";
    /// Opens the line about findings that do not count.
    pub const THRESHOLD: &str = "fails only on findings of severity ";

    /// Findings of a rule that are let pass.
    #[must_use]
    pub fn finding(rule: &str, reason: &str) -> String {
        format!("allows findings of {rule}: {reason}")
    }

    /// A check that need not be made.
    #[must_use]
    pub fn waiver(check: CheckId, reason: &str) -> String {
        format!("does not require {check}: {reason}")
    }

    /// A fault that is let pass.
    #[must_use]
    pub fn exception(code: Reason, value: Option<&str>, check: Option<CheckId>, reason: &str) -> String {
        let value = value.map_or_else(String::new, |value| format!(" of {value}"));
        let place = check.map_or_else(String::new, |check| format!(" at {check}"));
        format!("lets {code}{value}{place} pass: {reason}")
    }

    /// Opens the line about another root than Intel's.
    #[must_use]
    pub fn root(spki_sha256: &Sha256Digest) -> String {
        format!("trusts another root than Intel's ({spki_sha256}): ")
    }
}

/// The policy behind a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyFacts {
    /// Its name.
    pub name: String,
    /// SHA-256 of the policy file; absent for the built-in default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256Digest>,
    /// Every way in which it is looser than the default, in words; what the command line loosens among them.
    pub loosened: Vec<String>,
    /// Checks that it demands beyond those that every report of this kind has to make.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub demands: Vec<CheckId>,
    /// Findings at or above this severity decide the exit code.
    pub fail_on: crate::Severity,
}
