//! dstack-verifier's answer, made out of a report.
//!
//! Member for member as its interface of August 2026: what is left out and what is null is kept apart, `boot_info` stands
//! inside `details`, and what is ours stands under one member, `veritee`. `is_valid` is true only where quote, event log and
//! operating system are all shown; a policy can make it false more often, and never true more often.

use crate::verifier::Judged;
use serde::Serialize;
use veritee_model::{
    Check, CheckId, Outcome, Report, Sha256Digest, Step, TcbStatus, UnixTime, VerdictOutcome,
};

/// What is answered to `POST /verify`.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// Quote, event log and operating system are all shown, and nothing speaks against the machine.
    pub is_valid: bool,
    /// What was found.
    pub details: Details,
    /// Why it is not valid.
    pub reason: Option<String>,
    /// The verdict by veritee's own rules; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub veritee: Option<Own>,
}

/// The members of `details`, in order.
#[derive(Debug, Clone, Default, Serialize)]
#[expect(missing_docs, reason = "the names are dstack-verifier's; what fills each stands at `answer`")]
pub struct Details {
    pub quote_verified: bool,
    pub event_log_verified: bool,
    pub os_image_hash_verified: bool,
    pub acpi_tables_verified: bool,
    pub os_image_is_dev: Option<bool>,
    pub os_image_version: Option<String>,
    pub tee_variant: Option<&'static str>,
    pub report_data: Option<String>,
    pub tcb_status: Option<String>,
    pub advisory_ids: Vec<String>,
    pub key_provider: Option<KeyProvider>,
    pub app_info: Option<AppInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_info: Option<BootInfo>,
}

/// The key provider as the event log names it.
#[derive(Debug, Clone, Serialize)]
pub struct KeyProvider {
    pub name: String,
    pub id: String,
}

/// The application, from the replayed log.
#[derive(Debug, Clone, Serialize)]
pub struct AppInfo {
    pub app_id: String,
    pub compose_hash: String,
    pub instance_id: String,
    pub device_id: String,
    pub mr_system: String,
    pub mr_aggregated: String,
    pub os_image_hash: String,
    pub key_provider_info: String,
    pub init_script_hashes: Option<Vec<String>>,
}

/// The tuple that policies take. Only on success.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BootInfo {
    pub tee_variant: &'static str,
    pub mr_aggregated: String,
    pub os_image_hash: String,
    pub mr_system: String,
    pub app_id: String,
    pub compose_hash: String,
    pub instance_id: String,
    pub device_id: String,
    pub key_provider_info: String,
    pub tcb_status: String,
    pub advisory_ids: Vec<String>,
}

/// The verdict by veritee's own rules.
#[derive(Debug, Clone, Serialize)]
pub struct Own {
    outcome: VerdictOutcome,
    exit_code: u8,
    headline: &'static str,
    summary: String,
    reasons: Vec<String>,
    as_of: UnixTime,
    not_checked: Vec<CheckId>,
    policy: String,
    loosened: Vec<String>,
}

const VARIANT: &str = "dstack-tdx";

impl Answer {
    /// There is no verdict: everything in `details` is at its default.
    #[must_use]
    pub fn none(message: &str) -> Self {
        Self {
            is_valid: false,
            details: Details::default(),
            reason: Some(format!("Internal error: {message}")),
            veritee: None,
        }
    }
}

/// The answer that a report gives.
///
/// - `quote_verified`: every check of the step `quote` passed (a policy that waives one does not count here), under Intel's
///   root; the TD is closed to its host; the platform's other checks passed or are let pass by the policy.
/// - `event_log_verified`: the steps `event-log` and `identity.events`, whether or not an image is at hand.
/// - `os_image_hash_verified`: `os.measured`, by image, manifest or registers that the policy pins.
/// - `acpi_tables_verified`: `os.virtual-hardware`, for the tables are recomputed for RTMR0; only beside a firmware that is known,
///   for another one could have measured what it liked.
/// - `report_data`, `tcb_status`, `advisory_ids`: once the quote's signatures hold, whatever the policy says of them.
/// - `os_image_hash`: the claimed one where image or manifest were shown to be its, else empty.
/// - `os_image_version`, `init_script_hashes`: always null. `rtmr_debug`, `acpi_tables`: never there.
#[must_use]
pub fn answer(judged: &Judged) -> Answer {
    let report = &judged.report;
    let signed = required(Step::Quote).all(|id| made(report, id));
    let intel = report.root.as_ref().is_some_and(|root| root.intel);
    let closed = made(report, CheckId::PlatformTdAttributes);
    let accepted = required(Step::Platform).all(|id| made(report, id) || is_let_pass(report, id));
    let revoked = report.tcb.as_ref().is_none_or(|tcb| tcb.status == TcbStatus::Revoked);
    let quote_verified = signed && intel && closed && accepted && !revoked;
    let event_log_verified = signed
        && required(Step::EventLog).all(|id| made(report, id))
        && made(report, CheckId::IdentityEvents);
    let os_verified = signed && made(report, CheckId::OsMeasured);
    let against = matches!(report.verdict.outcome, VerdictOutcome::NotGenuine | VerdictOutcome::Refused);
    let is_valid = quote_verified && event_log_verified && os_verified && !against;

    let known_image = made(report, CheckId::OsImage) || made(report, CheckId::OsLite);
    let app_info = if event_log_verified { app_info(judged, os_verified && known_image) } else { None };
    let tcb = report.tcb.as_ref().filter(|_| signed);
    let mut details = Details {
        quote_verified,
        event_log_verified,
        os_image_hash_verified: os_verified,
        acpi_tables_verified: os_verified && made(report, CheckId::OsVirtualHardware),
        os_image_is_dev: judged.claimed.os_image_is_dev.filter(|_| os_verified),
        os_image_version: None,
        tee_variant: signed.then_some(VARIANT),
        report_data: report.quote.as_ref().filter(|_| signed).map(|quote| quote.report_data.to_string()),
        tcb_status: tcb.map(|tcb| tcb.status.to_string()),
        advisory_ids: tcb.map(|tcb| tcb.advisories.clone()).unwrap_or_default(),
        key_provider: key_provider(report).filter(|_| event_log_verified),
        app_info,
        boot_info: None,
    };
    details.boot_info = if is_valid { boot_info(&details) } else { None };
    let reason = (!is_valid).then(|| reason(report, quote_verified, os_verified, event_log_verified));
    Answer { is_valid, details, reason, veritee: Some(own(report)) }
}

/// By the list of all checks, not by what a report lists.
fn required(step: Step) -> impl Iterator<Item = CheckId> {
    CheckId::ALL.iter().copied().filter(move |id| id.step() == step && id.required_by_default())
}

/// A check that the policy waives has not passed.
fn passed(check: &Check) -> bool {
    check.outcome == Outcome::Pass && check.waived.is_none()
}

fn let_pass(check: &Check) -> bool {
    check.outcome == Outcome::Fail && check.waived.is_some()
}

fn is_let_pass(report: &Report, id: CheckId) -> bool {
    report.checks.iter().any(|check| check.id == id && let_pass(check))
}

fn made(report: &Report, id: CheckId) -> bool {
    report.checks.iter().any(|check| check.id == id && passed(check))
}

/// The event's payload as bytes: reports show it as text where it is printable, else as hex.
fn payload(report: &Report, name: &str) -> Option<Vec<u8>> {
    let event = report.events.iter().find(|event| event.name == name && !event.after_system_ready)?;
    let text = event.payload.as_str();
    Some(if text.starts_with('{') { text.as_bytes().to_vec() } else { hex::decode(text).ok()? })
}

fn app_info(judged: &Judged, image_shown: bool) -> Option<AppInfo> {
    let report = &judged.report;
    let (identity, quote) = (report.identity.as_ref()?, report.quote.as_ref()?);
    let provider = payload(report, "key-provider");
    let provider_digest = provider.as_deref().map_or([0; 32], |bytes| *Sha256Digest::of(bytes).as_bytes());
    let system = [
        quote.mrtd.as_bytes().as_slice(),
        quote.rtmr0.as_bytes(),
        quote.rtmr1.as_bytes(),
        quote.rtmr2.as_bytes(),
        &provider_digest,
    ]
    .concat();
    Some(AppInfo {
        app_id: identity.app_id.to_string(),
        compose_hash: identity.compose_hash.to_string(),
        instance_id: identity.instance_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        device_id: report.tcb.as_ref().map(|tcb| tcb.ppid_sha256.to_string()).unwrap_or_default(),
        mr_system: Sha256Digest::of(&system).to_string(),
        mr_aggregated: identity.mr_aggregated.to_string(),
        os_image_hash: judged.claimed.os_image_hash.clone().filter(|_| image_shown).unwrap_or_default(),
        key_provider_info: provider.map(hex::encode).unwrap_or_default(),
        init_script_hashes: None,
    })
}

fn key_provider(report: &Report) -> Option<KeyProvider> {
    let identity = report.identity.as_ref()?;
    let id = identity.key_provider_id.clone().unwrap_or_default();
    identity.key_provider.clone().map(|name| KeyProvider { name, id })
}

fn boot_info(details: &Details) -> Option<BootInfo> {
    let app = details.app_info.as_ref()?;
    Some(BootInfo {
        tee_variant: VARIANT,
        mr_aggregated: app.mr_aggregated.clone(),
        os_image_hash: app.os_image_hash.clone(),
        mr_system: app.mr_system.clone(),
        app_id: app.app_id.clone(),
        compose_hash: app.compose_hash.clone(),
        instance_id: app.instance_id.clone(),
        device_id: app.device_id.clone(),
        key_provider_info: app.key_provider_info.clone(),
        tcb_status: details.tcb_status.clone()?,
        advisory_ids: details.advisory_ids.clone(),
    })
}

/// In the order in which dstack-verifier looks, and in its opening words.
fn reason(report: &Report, quote: bool, os: bool, event_log: bool) -> String {
    let of_steps = |steps: &[Step], alone: Option<CheckId>| {
        let open = |check: &&Check| !passed(check) && !let_pass(check);
        let here = |check: &&Check| {
            (steps.contains(&check.step) && check.id.required_by_default()) || Some(check.id) == alone
        };
        report.checks.iter().filter(here).find(open).map_or_else(
            || "a policy lets pass what has to be shown here".to_owned(),
            |check| {
                let code = check.reason.map_or("unknown", veritee_model::Reason::code);
                format!("{} ({code})", check.detail)
            },
        )
    };
    if !quote {
        let root = report.root.as_ref().is_some_and(|root| !root.intel);
        let what = of_steps(&[Step::Quote, Step::Platform], None);
        let what = if root { format!("the trust root is not Intel's; {what}") } else { what };
        return format!("Quote verification failed: {what}");
    }
    if !os {
        return format!("OS image hash verification failed: {}", of_steps(&[Step::Os], None));
    }
    if !event_log {
        return format!(
            "Event log verification failed: {}",
            of_steps(&[Step::EventLog], Some(CheckId::IdentityEvents))
        );
    }
    format!("Refused: {} ({})", report.verdict.summary, report.verdict.reasons.join(", "))
}

fn own(report: &Report) -> Own {
    let not_made = report.checks.iter().filter(|check| check.outcome == Outcome::NotChecked);
    Own {
        outcome: report.verdict.outcome,
        exit_code: report.verdict.exit_code,
        headline: report.headline(),
        summary: report.verdict.summary.clone(),
        reasons: report.verdict.reasons.clone(),
        as_of: report.as_of,
        not_checked: not_made.map(|check| check.id).collect(),
        policy: report.policy.name.clone(),
        loosened: report.policy.loosened.clone(),
    }
}
