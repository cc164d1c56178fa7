//! `identity.claims`: values that came along unauthenticated, compared with the quoted and measured ones.
//!
//! A value that differs is a contradiction inside the evidence: it was put together from two machines, or changed.
//! A value that agrees proves nothing by itself, and none is ever used. RTMR3 as it was when the log was saved, and what is
//! derived of it, is no contradiction where that log only goes on behind the quoted moment, or ends before it:
//! `event-log.rtmr3` refuses it.

use crate::run::Run;
use std::collections::BTreeMap;
use veritee_eventlog::AppIdentity;
use veritee_model::report::ClaimFact;
use veritee_model::{Check, CheckId, Evidence, Reason};
use veritee_quote::VerifiedQuote;

pub(crate) fn check(run: &mut Run<'_>, verified: Option<&VerifiedQuote>, identity: Option<&AppIdentity>) {
    if verified.and_then(VerifiedQuote::td).is_none() {
        return;
    }
    let facts = facts(run, identity);
    let claims = &run.request.evidence.claims.values;
    let mut agreeing = Vec::new();
    let mut contradictions = Vec::new();
    let mut unknown = Vec::new();
    let devices = devices(run, verified);
    let logged = other_moment(run);
    let of_other_moment = |name: &str, value: &str| match (name, &logged) {
        ("rtmr3", Some(rtmr3)) => rtmr3.eq_ignore_ascii_case(value),
        ("mr_aggregated", logged) => logged.is_some(),
        _ => false,
    };
    for (name, claim) in claims {
        match facts.get(name.as_str()) {
            _ if claim.says_nothing(name) => {}
            _ if name == "device_id" && devices.contains(&claim.value.to_ascii_lowercase()) => {
                agreeing.push(name.as_str());
            }
            Some(fact) if says_the_same(fact, &claim.value) => agreeing.push(name.as_str()),
            Some(_) if of_other_moment(name, &claim.value) => unknown.push(name.as_str()),
            Some(fact) => contradictions.push((name, fact, claim)),
            None => unknown.push(name.as_str()),
        }
    }
    let id = CheckId::IdentityClaims;
    let check = match contradictions.first() {
        Some((name, fact, claim)) => {
            let all: Vec<&str> = contradictions.iter().map(|(name, ..)| name.as_str()).collect();
            Check::fail(id, Reason::ClaimContradictsQuote, format!("differs from the quoted or measured value: {}", all.join(", ")))
                .compared(fact, veritee_model::text::shortened(&claim.value, 256))
                .at(format!("{name} in {}", claim.source))
                .next("the evidence was put together from two machines or two moments, or was changed: fetch it anew")
        }
        None if agreeing.is_empty() => {
            Check::not_checked(id, Reason::BindingNotGiven, "no value came along that could be compared")
        }
        None if unknown.is_empty() => Check::pass(id, format!("agree: {}", agreeing.join(", "))),
        None => {
            Check::pass(id, format!("agree: {}; not comparable: {}", agreeing.join(", "), unknown.join(", ")))
        }
    };
    run.record(check);
}

/// Hex of either case, and JSON however it is written: whoever hands an answer on may have written it anew.
fn says_the_same(fact: &str, claim: &str) -> bool {
    let json = |text: &str| {
        serde_json::from_str::<serde_json::Value>(text).ok().filter(serde_json::Value::is_object)
    };
    fact.eq_ignore_ascii_case(claim) || json(fact).is_some_and(|fact| json(claim) == Some(fact))
}

/// RTMR3 of a log that was saved at another moment of the boot than the quote.
fn other_moment(run: &Run<'_>) -> Option<String> {
    let of_moment = |reason| matches!(reason, Some(Reason::EventLogLater | Reason::EventLogEarlier));
    let check = run.checks().iter().find(|check| of_moment(check.reason))?;
    check.got.clone()
}

/// The device id as dstack has computed it over time: SHA-256 of the quote header's user data (0.5), or of the PPID.
fn devices(run: &Run<'_>, verified: Option<&VerifiedQuote>) -> Vec<String> {
    let header = verified.map(|verified| {
        veritee_eventlog::derived::device_id_of_header(&verified.quote().header().user_data).to_string()
    });
    header.into_iter().chain(run.tcb.as_ref().map(|tcb| tcb.ppid_sha256.to_string())).collect()
}

/// What came along, where nothing better is known: told as what it is, so that a page without a quote shows what it says.
pub(crate) fn told(evidence: &Evidence) -> Vec<ClaimFact> {
    const LONGEST: usize = 256;
    let claims = evidence.claims.values.iter().filter(|(_, claim)| !claim.value.is_empty());
    claims
        .map(|(name, claim)| ClaimFact {
            name: name.clone(),
            value: veritee_model::text::shortened(&claim.value, LONGEST),
            source: claim.source.clone(),
        })
        .collect()
}

/// Quoted and measured values under the names that claims have.
fn facts(run: &Run<'_>, identity: Option<&AppIdentity>) -> BTreeMap<&'static str, String> {
    let mut facts = BTreeMap::new();
    if let Some(quote) = &run.quote {
        facts.insert("mrtd", quote.mrtd.to_string());
        facts.insert("rtmr0", quote.rtmr0.to_string());
        facts.insert("rtmr1", quote.rtmr1.to_string());
        facts.insert("rtmr2", quote.rtmr2.to_string());
        facts.insert("rtmr3", quote.rtmr3.to_string());
        facts.insert("report_data", quote.report_data.to_string());
        facts.insert("mr_config_id", quote.mr_config_id.to_string());
    }
    if let Some(tcb) = &run.tcb {
        facts.insert("device_id", tcb.ppid_sha256.to_string());
    }
    if let Some(identity) = &run.identity {
        facts.insert("mr_aggregated", identity.mr_aggregated.to_string());
    }
    if let Some(identity) = identity {
        facts.insert("app_id", identity.app_id().to_string());
        facts.insert("compose_hash", identity.compose_hash().to_string());
        facts.insert("instance_id", identity.instance_id().map(ToString::to_string).unwrap_or_default());
        let provider = identity.key_provider().payload();
        facts.insert("key_provider_info", String::from_utf8_lossy(provider).into_owned());
        if let Some(hash) = identity.os_image_hash_claimed() {
            facts.insert("os_image_hash", hash.to_string());
        }
    }
    facts
}
