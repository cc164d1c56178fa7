//! The verdict as an EAT Attestation Result: claims by draft-ietf-rats-ear-04, signed as a JWT.

use crate::statement::{document, policy_uri};
use crate::{SealError, SigningKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SecureRandom;
use serde::Serialize;
use veritee_model::{
    CheckId, Kind, Outcome, Report, Sha256Digest, Step, TcbStatus, UnixTime, VerdictOutcome,
};

const PROFILE: &str = "tag:ietf.org,2026:rats/ear#04";
const DEVELOPER: &str = "https://github.com/veritee/veritee";

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    kid: String,
}

#[derive(Serialize)]
struct Claims {
    eat_profile: &'static str,
    iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<u64>,
    ear_verifier_id: VerifierId,
    submods: Submods,
}

#[derive(Serialize)]
struct VerifierId {
    developer: &'static str,
    build: String,
}

#[derive(Serialize)]
struct Submods {
    dstack: Appraisal,
}

#[derive(Serialize)]
struct Appraisal {
    ear_status: Status,
    #[serde(skip_serializing_if = "Vector::is_empty")]
    ear_trustworthiness_vector: Vector,
    ear_appraisal_policy_ids: [String; 1],
    ear_verifier_claims: Own,
}

/// From best to worst, as the draft orders them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Status {
    None,
    Affirming,
    Warning,
    Contraindicated,
}

/// The two claims that rest on checks. Nothing is claimed of the other six.
#[derive(Default, Serialize)]
struct Vector {
    #[serde(skip_serializing_if = "Option::is_none")]
    executables: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hardware: Option<u8>,
}

/// Genuine hardware and firmware, up to date.
const GENUINE: u8 = 2;
/// Only what is approved was loaded during the boot.
const BOOT_APPROVED: u8 = 3;
/// Genuine, with known vulnerabilities.
const VULNERABLE: u8 = 32;
/// Not recognised as genuine.
const UNRECOGNISED: u8 = 97;

impl Vector {
    const fn is_empty(&self) -> bool {
        self.executables.is_none() && self.hardware.is_none()
    }

    /// No status may be better than this.
    fn worst(&self) -> Status {
        [self.executables, self.hardware].into_iter().flatten().map(tier).max().unwrap_or(Status::None)
    }
}

const fn tier(value: u8) -> Status {
    match value {
        0..=1 => Status::None,
        2..=31 => Status::Affirming,
        32..=95 => Status::Warning,
        96.. => Status::Contraindicated,
    }
}

/// What stands behind the status, in veritee's own words.
#[derive(Serialize)]
struct Own {
    outcome: VerdictOutcome,
    exit_code: u8,
    headline: String,
    as_of: UnixTime,
    report_sha256: Sha256Digest,
    reasons: Vec<String>,
    loosened: Vec<String>,
    not_checked: Vec<CheckId>,
}

/// A signed token of the verdict (JWS compact, RFC 7515), by the key and at the time given.
///
/// `ear_status` is `affirming` only for a verified report of a machine, a quote or GPUs whose policy loosens nothing;
/// a report of documents has `none`, for nothing is attested. Of the trustworthiness vector `hardware` (the step
/// `quote`, and the TCB status) and `executables` (the step `os`) are claimed, and only where each check of theirs was made.
///
/// # Errors
/// When the source of randomness fails.
pub fn ear(
    report: &Report,
    bytes: &[u8],
    issued: UnixTime,
    expires: Option<UnixTime>,
    key: &SigningKey,
    random: &dyn SecureRandom,
) -> Result<String, SealError> {
    let header = Header { alg: key.token_algorithm(), typ: "JWT", kid: key.public().id() };
    let claims = Claims {
        eat_profile: PROFILE,
        iat: issued.seconds(),
        exp: expires.map(UnixTime::seconds),
        ear_verifier_id: VerifierId {
            developer: DEVELOPER,
            build: format!("{} {}", report.tool.name, report.tool.version),
        },
        submods: Submods { dstack: appraisal(report, bytes) },
    };
    let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
    let signed = format!("{}.{}", encode(document(&header)), encode(document(&claims)));
    let signature = URL_SAFE_NO_PAD.encode(key.sign_token(signed.as_bytes(), random)?);
    Ok(format!("{signed}.{signature}\n"))
}

fn appraisal(report: &Report, bytes: &[u8]) -> Appraisal {
    let vector = vector(report);
    let loosened = report.policy.loosened.clone();
    let of_outcome = match report.verdict.outcome {
        _ if report.kind == Kind::Documents => Status::None,
        VerdictOutcome::Verified if loosened.is_empty() => Status::Affirming,
        VerdictOutcome::Verified | VerdictOutcome::Findings | VerdictOutcome::Incomplete => Status::Warning,
        VerdictOutcome::NotGenuine | VerdictOutcome::Refused => Status::Contraindicated,
    };
    let not_made = report.checks.iter().filter(|check| check.outcome == Outcome::NotChecked);
    Appraisal {
        ear_status: of_outcome.max(vector.worst()),
        ear_trustworthiness_vector: vector,
        ear_appraisal_policy_ids: [policy_uri(report)],
        ear_verifier_claims: Own {
            outcome: report.verdict.outcome,
            exit_code: report.verdict.exit_code,
            headline: report.headline().to_owned(),
            as_of: report.as_of,
            report_sha256: Sha256Digest::of(bytes),
            reasons: report.verdict.reasons.clone(),
            loosened,
            not_checked: not_made.map(|check| check.id).collect(),
        },
    }
}

fn vector(report: &Report) -> Vector {
    if report.kind == Kind::Documents {
        return Vector::default();
    }
    // By the list of all checks, not by what a report lists.
    let passed = |id: CheckId| {
        let mut found = report.checks.iter();
        found.any(|check| check.id == id && check.outcome == Outcome::Pass && check.waived.is_none())
    };
    let all_passed = |step: Step| {
        let mut of_step = CheckId::ALL.iter().filter(|id| id.step() == step && id.required_by_default());
        of_step.all(|id| passed(*id))
    };
    let intel = report.root.as_ref().is_some_and(|root| root.intel);
    let hardware = if report.verdict.outcome == VerdictOutcome::NotGenuine {
        Some(UNRECOGNISED)
    } else if !all_passed(Step::Quote) {
        None
    } else if !intel {
        Some(UNRECOGNISED)
    } else {
        let current = |status| status == TcbStatus::UpToDate;
        report.tcb.as_ref().map(|tcb| if current(tcb.status) { GENUINE } else { VULNERABLE })
    };
    let measured = all_passed(Step::Quote) && all_passed(Step::EventLog) && all_passed(Step::Os);
    Vector { executables: measured.then_some(BOOT_APPROVED), hardware }
}
