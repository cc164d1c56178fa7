//! What is computed from files that nothing vouches for: a log replayed to registers of its own, registers that a machine
//! must have. As JSON, and marked as not verified.

use crate::document::event_log;
use crate::{Error, File};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use veritee_eventlog::{EventLog, RegisterStatus, Trace, fold, replay};
use veritee_evidence::parts;
use veritee_measure::expected::{Expected, expect};
use veritee_measure::{Limits, VmConfig, rtmr0};
use veritee_model::{Budget, Evidence, Rtmr, RtmrIndex};

/// A log, or evidence that has one, replayed event by event: `veritee/replay/v1`.
///
/// # Errors
/// When the file, whose every byte is an attacker's, has no log that can be read.
pub fn replayed(file: &File<'_>, budget: &Budget) -> Result<Value, Error> {
    let mut evidence = Evidence::default();
    if parts::add_event_log(&mut evidence, file.bytes, file.name, budget).is_err() {
        evidence = veritee_evidence::read(file.name, file.bytes, budget)?.select(None)?;
    }
    let name = || file.name.to_owned();
    let item = evidence.event_log.ok_or_else(|| Error::NoEventLog { name: name() })?;
    let log =
        event_log(&item, budget).map_err(|error| Error::EventLog { name: name(), why: Box::new(error) })?;
    Ok(replay_document(&log, &fold(&log), None))
}

/// The registers that a machine of this vm_config must have as far as no image is needed: `veritee/measure/v1`.
///
/// # Errors
/// When the file, whose every byte is an attacker's, is no vm_config or claims hardware that cannot be measured.
pub fn measured(file: &File<'_>) -> Result<Value, Error> {
    let failed = |why: String| Error::VmConfig { name: file.name.to_owned(), why };
    let config = VmConfig::parse(file.bytes, &Limits::STANDARD).map_err(|error| failed(error.to_string()))?;
    let expected = expect(&rtmr0::claimed_shape(&config), None)
        .map_err(|error| failed(format!("the virtual hardware cannot be measured: {error}")))?;
    Ok(measure_document(&expected, None))
}

/// Expected registers, and how they compare with a quote that nobody verified.
#[must_use]
pub fn measure_document(expected: &Expected, against_quote: Option<Value>) -> Value {
    json!({
        "schema": "veritee/measure/v1",
        "verified": false,
        "machine": expected.shape.to_string(),
        "expected": expected,
        "against_quote": against_quote,
    })
}

/// A replay, and how its registers compare with those of a quote that nobody verified.
#[must_use]
pub fn replay_document(log: &EventLog, trace: &Trace, quoted: Option<&[Rtmr; 4]>) -> Value {
    let events: Vec<Value> = log
        .events()
        .iter()
        .zip(trace.after())
        .map(|(event, after)| {
            json!({
                "index": event.index(),
                "register": event.register(),
                "type": event.event_type(),
                "name": event.name(),
                "label": event.label(),
                "payload": hex::encode(event.payload()),
                "digest": event.effective_digest(),
                "digest_recomputed": event.recomputed_digest().is_some(),
                "register_after": after,
            })
        })
        .collect();
    let registers: Vec<_> = RtmrIndex::ALL.into_iter().map(|register| trace.register(register)).collect();
    let compared = quoted.map(|quoted| {
        replay_comparison(log, quoted)
            .into_iter()
            .map(|(register, words)| (register.to_string(), words))
            .collect::<BTreeMap<_, _>>()
    });
    json!({ "schema": "veritee/replay/v1", "verified": false, "events": events, "registers": registers, "against_quote": compared })
}

/// How a log's registers compare with quoted ones, in words.
#[must_use]
pub fn replay_comparison(log: &EventLog, quoted: &[Rtmr; 4]) -> Vec<(RtmrIndex, String)> {
    let statuses = match replay(log, quoted) {
        Ok(replayed) => RtmrIndex::ALL.map(|register| replayed.status(register)),
        Err(error) => *error.statuses(),
    };
    let words = |status: RegisterStatus| match status {
        RegisterStatus::Match { .. } => "equal".to_owned(),
        RegisterStatus::Stripped { events } => {
            format!("not comparable: the log has only {events} events for it")
        }
        RegisterStatus::Mismatch(mismatch) => format!("DIFFERS: {mismatch}"),
    };
    RtmrIndex::ALL.into_iter().zip(statuses).map(|(register, status)| (register, words(status))).collect()
}
