//! Whether the facts of a saved report are of one machine: of one quote, one log, one compose, one audit.
//!
//! Each fact stands in a report more than once: in the quote and at the end of the log, in an event and in the identity,
//! in the list of inputs and in what was not given. One that was edited by itself says otherwise than the others.

use super::consistency::outcome;
use veritee_model::report::{EventFact, IdentityFacts};
use veritee_model::text::inert;
use veritee_model::{CheckId, FindingStatus, Outcome, Report, Rtmr, Stage, finding};

/// What does not fit, in words.
pub(super) fn fault(report: &Report) -> Option<String> {
    of_quote(report)
        .or_else(|| of_events(report))
        .or_else(|| of_identity(report))
        .or_else(|| of_compose(report))
        .or_else(|| of_missing(report))
        .or_else(|| of_proof(report))
        .or_else(|| of_counts(report))
}

fn passed(report: &Report, id: CheckId) -> bool {
    outcome(report, id) == Some(Outcome::Pass)
}

/// Without the fields of the quote, nothing of what its checks say can be held against it.
fn of_quote(report: &Report) -> Option<String> {
    const OF_A_TD: [CheckId; 3] = [CheckId::EventLogRtmr3, CheckId::IdentityEvents, CheckId::OsMeasured];
    let some = report.quote.is_some() || report.enclave.is_some();
    if !some && passed(report, CheckId::QuoteFormat) {
        return Some("quote.format passed, and there is no quote".to_owned());
    }
    let of_a_td = OF_A_TD.into_iter().find(|id| passed(report, *id) && report.quote.is_none());
    of_a_td.map(|id| format!("{id} passed, and there is no quote of a TD"))
}

/// The events fold to the quoted register, and each digest is that of its name and payload.
fn of_events(report: &Report) -> Option<String> {
    let mut rtmr3 = Rtmr::ZERO;
    let mut ready = false;
    let mut last = None;
    for event in &report.events {
        let what = |what: &str| Some(format!("event {} ({}): {what}", event.index, inert(&event.name)));
        if last.is_some_and(|last| last >= event.index) {
            return what("stands out of order");
        }
        if event.digested().is_none() {
            return what("the digest is not of its name and payload");
        }
        rtmr3 = rtmr3.extend(&event.digest);
        if event.rtmr3 != rtmr3 {
            return what("RTMR3 after it is not what the events up to it give");
        }
        if event.after_system_ready != ready {
            return what("stands on the other side of system-ready than it says");
        }
        ready = ready || event.name == "system-ready";
        last = Some(event.index);
    }
    let quoted = report.quote.as_ref().map(|quote| quote.rtmr3);
    (last.is_some() && passed(report, CheckId::EventLogRtmr3) && quoted != Some(rtmr3))
        .then(|| format!("eventlog.rtmr3 passed, and the events give {rtmr3}"))
}

/// The identity is that of the events before `system-ready`, and of the quote.
fn of_identity(report: &Report) -> Option<String> {
    let Some(identity) = &report.identity else { return None };
    if !passed(report, CheckId::IdentityEvents) {
        return Some("there is an identity, and identity.events did not pass".to_owned());
    }
    let says = |name: &str, wanted: &[u8]| {
        booted(report, name).any(|event| event.digested().is_some_and(|payload| payload == wanted))
    };
    let differs = |what: &str| Some(format!("the {what} is not that of the events"));
    if !says("app-id", identity.app_id.as_bytes()) {
        return differs("app id");
    }
    if !says("compose-hash", identity.compose_hash.as_bytes()) {
        return differs("compose hash");
    }
    if !says("instance-id", identity.instance_id.as_ref().map_or(&[], |id| id.as_bytes())) {
        return differs("instance id");
    }
    if !names_provider(report, identity) {
        return differs("key provider");
    }
    if let Some(claimed) = &identity.os_image_hash_claimed
        && !hex_of(claimed).is_some_and(|claimed| says("os-image-hash", &claimed))
    {
        return differs("os-image-hash");
    }
    if report.quote.as_ref().is_some_and(|quote| quote.mr_aggregated() != identity.mr_aggregated) {
        return Some("mr_aggregated is not that of the quote".to_owned());
    }
    let check = report.checks.iter().find(|check| check.id == CheckId::IdentityEvents)?;
    let told = check.detail.strip_prefix("app id ")?.split([',', ' ']).next()?;
    (told != identity.app_id.to_string())
        .then(|| "identity.events names another app id than the identity".to_owned())
}

fn booted<'r>(report: &'r Report, name: &str) -> impl Iterator<Item = &'r EventFact> {
    let name = name.to_owned();
    report.events.iter().filter(move |event| !event.after_system_ready && event.name == name)
}

/// The key provider's event is `{"name":..,"id":..}`.
fn names_provider(report: &Report, identity: &IdentityFacts) -> bool {
    booted(report, "key-provider").any(|event| {
        let payload = event.digested().unwrap_or_default();
        let document: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
        let is = |member: &str, wanted: &Option<String>| {
            let found = document.get(member).and_then(serde_json::Value::as_str);
            found.zip(wanted.as_deref()).is_some_and(|(found, wanted)| found.eq_ignore_ascii_case(wanted))
        };
        is("name", &identity.key_provider) && is("id", &identity.key_provider_id)
    })
}

fn hex_of(text: &str) -> Option<Vec<u8>> {
    veritee_model::Sha256Digest::from_hex(text).ok().map(|digest| digest.as_bytes().to_vec())
}

/// The compose that was bound is the measured one, and among what was read.
fn of_compose(report: &Report) -> Option<String> {
    if !passed(report, CheckId::ComposeHash) {
        return None;
    }
    let Some(identity) = &report.identity else {
        return Some("compose.hash passed, and there is no identity".to_owned());
    };
    let is_input = report.inputs.iter().any(|input| {
        input.name == "app-compose" && input.sha256.as_bytes() == identity.compose_hash.as_bytes()
    });
    if !is_input {
        return Some("compose.hash passed, and no app-compose of that hash was read".to_owned());
    }
    match &report.stage {
        Stage::Reviewed { compose_hash, .. } if *compose_hash != identity.compose_hash.to_string() => {
            Some("the review is bound to another compose".to_owned())
        }
        _ => None,
    }
}

/// What was not given was not checked.
fn of_missing(report: &Report) -> Option<String> {
    const NEEDED: [(&str, CheckId); 6] = [
        ("quote", CheckId::QuoteFormat),
        ("collateral", CheckId::QuoteCollateral),
        ("event log", CheckId::EventLogFormat),
        ("app_compose", CheckId::ComposeHash),
        ("RA-TLS certificate", CheckId::BindingRaTls),
        ("nonce", CheckId::BindingNonce),
    ];
    let listed = |name: &str| report.missing.iter().any(|missing| missing.name == name);
    let fault = NEEDED.into_iter().find(|(name, id)| passed(report, *id) && listed(name));
    fault.map(|(name, id)| format!("{id} passed, and the {name} is listed as not given"))
}

/// Stage 0 is proven by findings that are there, and not proven where none is.
fn of_proof(report: &Report) -> Option<String> {
    let proves = |rule: &str| report.findings.iter().any(|finding| finding.rule == rule && is_proof(finding));
    if let Stage::Proven(rules) = &report.stage {
        if let Some(rule) = rules.iter().find(|rule| !proves(rule)) {
            return Some(format!("Stage 0 is proven by {}, and there is no such finding", inert(rule)));
        }
        let beyond =
            report.findings.iter().find(|finding| is_proof(finding) && !rules.contains(&finding.rule));
        return beyond.map(|finding| format!("the DevProof line leaves out {}", inert(&finding.rule)));
    }
    let proof = report.findings.iter().find(|finding| is_proof(finding))?;
    Some(format!("{} proves Stage 0, and the DevProof line does not say so", inert(&proof.rule)))
}

fn is_proof(finding: &veritee_model::Finding) -> bool {
    finding.blocks && !finding.assumed && finding.status == FindingStatus::Fail
}

/// The check of the audit counts the findings.
fn of_counts(report: &Report) -> Option<String> {
    let check = report.checks.iter().find(|check| check.id == CheckId::AuditRules)?;
    let counted = finding::counted(&report.findings);
    if check.outcome == Outcome::Pass {
        let told = check.detail.split_once(" rules asked, ").is_some_and(|(_, told)| told == counted);
        return (!told).then(|| format!("audit.rules counts other findings than there are: {counted}"));
    }
    (!report.findings.is_empty()).then(|| "there are findings, and audit.rules did not pass".to_owned())
}
