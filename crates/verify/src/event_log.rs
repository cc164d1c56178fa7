//! Steps 3 and 4: the log is the quoted one, and names one application.

use crate::run::Run;
use veritee_eventlog::{AppIdentity, Event, EventLog, EventLogError, RegisterStatus, ReplayedLog};
use veritee_model::evidence::EventLogFormat;
use veritee_model::report::{EventFact, IdentityFacts};
use veritee_model::{Check, CheckId, Reason, RtmrIndex};
use veritee_quote::VerifiedQuote;

const REGISTERS: [(RtmrIndex, CheckId); 4] = [
    (RtmrIndex::Rtmr0, CheckId::EventLogRtmr0),
    (RtmrIndex::Rtmr1, CheckId::EventLogRtmr1),
    (RtmrIndex::Rtmr2, CheckId::EventLogRtmr2),
    (RtmrIndex::Rtmr3, CheckId::EventLogRtmr3),
];

/// Step 3: reads the log, recomputes digests, replays it to the registers of the verified quote.
pub(crate) fn replay(run: &mut Run<'_>, verified: Option<&VerifiedQuote>) -> Option<ReplayedLog> {
    let log = read(run)?;
    let td = verified?.td()?;
    match veritee_eventlog::replay(&log, &td.rtmrs) {
        Ok(replayed) => {
            for (register, id) in REGISTERS {
                run.record(register_check(id, register, replayed.status(register)));
            }
            run.events = event_facts(&replayed);
            Some(replayed)
        }
        Err(error) => {
            for ((register, id), status) in REGISTERS.into_iter().zip(error.statuses()) {
                run.record(register_check(id, register, *status));
            }
            None
        }
    }
}

fn read(run: &mut Run<'_>) -> Option<EventLog> {
    let evidence = run.request.evidence;
    let Some(item) = &evidence.event_log else {
        for id in
            [CheckId::EventLogFormat, CheckId::EventLogDigests].into_iter().chain(REGISTERS.map(|(_, id)| id))
        {
            run.record(Check::not_checked(id, Reason::EventLogMissing, "no event log was given"));
        }
        return None;
    };
    let budget = run.request.budget;
    let parsed = match item.format {
        EventLogFormat::DstackJson => EventLog::parse_json(&item.item.bytes, budget),
        EventLogFormat::Ccel => EventLog::parse_ccel(&item.item.bytes, budget),
    };
    let second = evidence.runtime_events.as_ref().map(|item| EventLog::parse_json(&item.bytes, budget));
    let log = match (parsed, second) {
        (Ok(log), None) => log,
        (Ok(log), Some(Ok(second))) => match log.agrees_with(&second) {
            Ok(()) => log,
            Err(error) => {
                run.record(Check::fail(CheckId::EventLogFormat, error.reason(), error.to_string()));
                return None;
            }
        },
        (Err(error), _) | (Ok(_), Some(Err(error))) => {
            refuse(run, &error);
            return None;
        }
    };
    let runtime = log.events().iter().filter(|event| event.is_runtime()).count();
    run.record(Check::pass(
        CheckId::EventLogFormat,
        format!("{} events, {runtime} of them run-time", log.events().len()),
    ));
    run.record(Check::pass(
        CheckId::EventLogDigests,
        format!("{runtime} digests recomputed from name and payload"),
    ));
    Some(log)
}

/// A digest that is not its payload's is a check of its own; everything else is a matter of form.
fn refuse(run: &mut Run<'_>, error: &EventLogError) {
    let digest = error.reason() == Reason::EventDigestMismatch;
    let id = if digest { CheckId::EventLogDigests } else { CheckId::EventLogFormat };
    let mut check = Check::fail(id, error.reason(), error.to_string());
    if let Some((expected, got)) = error.compared() {
        check = check.compared(expected, got);
    }
    if let Some(index) = error.event_index() {
        check = check.at(format!("event {index}"));
    } else if let Some(offset) = error.offset() {
        check = check.at(format!("byte {offset} of the event log"));
    }
    run.record(check);
    if digest {
        run.record(Check::pass(CheckId::EventLogFormat, "the log can be read"));
    }
}

fn register_check(id: CheckId, register: RtmrIndex, status: RegisterStatus) -> Check {
    match status {
        RegisterStatus::Match { events } => Check::pass(id, format!("{events} events replay to {register}")),
        RegisterStatus::Stripped { events } => Check::not_checked(
            id,
            Reason::EventLogStripped,
            format!("the log has {events} events for {register}: too few to replay it"),
        ),
        RegisterStatus::Mismatch(mismatch) => {
            let reason = mismatch.reason();
            let next = match reason {
                Reason::EventLogLater => {
                    "the application added events in between: fetch log and quote together"
                }
                Reason::EventLogEarlier => {
                    "the log was saved before the machine had booted, or is the firmware's alone: fetch log and quote together"
                }
                _ => {
                    "the log is of another boot or another machine, or was changed: fetch log and quote together"
                }
            };
            Check::fail(id, reason, mismatch.to_string())
                .compared(mismatch.expected, mismatch.got)
                .at(register)
                .next(next)
        }
    }
}

fn event_facts(replayed: &ReplayedLog) -> Vec<EventFact> {
    let after = replayed.trace().after();
    let pairs = replayed.log().events().iter().zip(after).filter(|(event, _)| event.is_runtime());
    let mut ready = false;
    pairs
        .map(|(event, register)| {
            let after_system_ready = ready;
            ready = ready || event.name() == "system-ready";
            EventFact {
                index: u64::try_from(event.index()).unwrap_or(u64::MAX),
                name: event.name().to_owned(),
                payload: payload_text(event),
                digest: *event.effective_digest(),
                rtmr3: *register,
                after_system_ready,
            }
        })
        .collect()
}

/// Text where every byte is printable ASCII, hex otherwise; hex too for what a guest said of its GPUs: its words about
/// their mode are not this program's (`gpu.boot-gate` says what comes of them).
pub(crate) fn payload_text(event: &Event) -> String {
    let payload = event.payload();
    match core::str::from_utf8(payload) {
        Ok(_) if event.name() == "gpu-attestation" => hex::encode(payload),
        Ok(text) if !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => {
            text.to_owned()
        }
        _ => hex::encode(payload),
    }
}

/// Step 4: the identity, from the replayed log only.
pub(crate) fn identity(
    run: &mut Run<'_>,
    verified: Option<&VerifiedQuote>,
    log: Option<&ReplayedLog>,
) -> Option<AppIdentity> {
    let Some(td) = verified?.td() else {
        let detail = "the quote is of an SGX enclave: it measures no dstack machine";
        let check = Check::fail(CheckId::IdentityEvents, Reason::QuoteNotTdx, detail);
        run.record(
            check.next("`veritee quote verify` judges the quote alone; a dstack machine has a TDX quote"),
        );
        return None;
    };
    match AppIdentity::read(log?) {
        Ok(identity) => {
            let facts = facts(
                &identity,
                veritee_eventlog::derived::mr_aggregated(
                    &td.mrtd,
                    &td.rtmrs,
                    &td.mr_config_id,
                    &td.mr_owner,
                    &td.mr_owner_config,
                ),
            );
            for notice in identity.notices() {
                let place = format!("event {}", notice.event_index());
                run.notice(notice.reason(), notice.to_string(), Some(&place));
            }
            run.record(Check::pass(
                CheckId::IdentityEvents,
                format!(
                    "app id {}, key provider {}",
                    identity.app_id(),
                    veritee_model::text::inert(identity.key_provider().name())
                ),
            ));
            run.record(veritee_policy::identity::judge(run.request.policy, &facts));
            run.identity = Some(facts);
            Some(identity)
        }
        Err(error) => {
            let mut check = Check::fail(CheckId::IdentityEvents, error.reason(), error.to_string());
            if let Some(index) = error.event_index() {
                check = check.at(format!("event {index}"));
            }
            run.record(check);
            None
        }
    }
}

fn facts(identity: &AppIdentity, mr_aggregated: veritee_model::Sha256Digest) -> IdentityFacts {
    let provider = identity.key_provider();
    IdentityFacts {
        app_id: *identity.app_id(),
        instance_id: identity.instance_id().copied(),
        compose_hash: *identity.compose_hash(),
        key_provider: Some(provider.name().to_owned()),
        key_provider_id: Some(hex::encode(provider.id())),
        os_image_hash_claimed: identity.os_image_hash_claimed().map(ToString::to_string),
        mr_aggregated,
    }
}
