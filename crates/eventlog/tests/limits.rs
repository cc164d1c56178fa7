//! What hostile logs may cost, and where errors say they are.

mod support;

use serde_json::{Value, json};
use support::genuine;
use veritee_eventlog::error::FieldProblem;
use veritee_eventlog::{EventLog, EventLogError, IdentityError, RegisterStatus, fold, replay};
use veritee_model::{Budget, Reason, Rtmr, RtmrIndex};

const BUDGET: Budget = Budget::STANDARD;

fn parse(log: &[Value]) -> Result<EventLog, EventLogError> {
    EventLog::parse_json(Value::from(log).to_string().as_bytes(), &BUDGET)
}

fn event(name: &str, payload: &[u8]) -> Value {
    json!({ "imr": 3, "event_type": 0x0800_0001, "event": name, "event_payload": hex::encode(payload) })
}

#[test]
fn a_log_of_twenty_thousand_events_is_refused() {
    let log: Vec<Value> = (0..20_000).map(|n| event(&n.to_string(), &[])).collect();
    let error = parse(&log).unwrap_err();
    assert!(matches!(error, EventLogError::TooManyEvents { limit: 8192, .. }), "{error}");
    assert_eq!(error.reason(), Reason::EventLogTooLong);
    assert!(parse(&log[..8192]).is_ok());
}

#[test]
fn a_payload_of_five_megabytes_is_refused_before_it_is_decoded() {
    let error = parse(&[event("x", &vec![0; 5 << 20])]).unwrap_err();
    assert!(matches!(error, EventLogError::TooLarge { .. }), "{error}");
    assert_eq!(error.reason(), Reason::EventLogTooLong);
    let error = parse(&[event("x", &vec![0; (1 << 20) + 1])]).unwrap_err();
    assert!(matches!(error, EventLogError::PayloadTooLarge { index: 0, .. }), "{error}");
    assert_eq!(error.reason(), Reason::EventLogTooLong);
    assert!(parse(&[event("x", &vec![0; 1 << 20])]).is_ok());
}

#[test]
fn a_firmware_log_with_too_many_records_or_too_large_a_payload_is_refused() {
    let mut header = Vec::new();
    header.extend(1_u32.to_le_bytes());
    header.extend(3_u32.to_le_bytes());
    header.extend([0; 20]);
    header.extend(33_u32.to_le_bytes());
    header.extend(b"Spec ID Event03\0\0\0\0\0\0\x02\0\x02\x01\0\0\0\x0c\0\x30\0\0");
    let record = |payload: &[u8]| {
        let mut bytes = Vec::new();
        for word in [1_u32, 5, 1] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend([0x0c, 0]);
        bytes.extend([7; 48]);
        bytes.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
        bytes.extend(payload);
        bytes
    };
    let many = [header.clone(), record(&[]).repeat(8193)].concat();
    let error = EventLog::parse_ccel(&many, &BUDGET).unwrap_err();
    let at = header.len() + 8192 * 66;
    assert_eq!(error, EventLogError::TooManyEvents { limit: 8192, at });
    assert!(EventLog::parse_ccel(&many[..at], &BUDGET).is_ok());
    let large = [header, record(&vec![0; (1 << 20) + 1])].concat();
    let error = EventLog::parse_ccel(&large, &BUDGET).unwrap_err();
    assert!(matches!(error, EventLogError::PayloadTooLarge { index: 0, .. }), "{error}");
}

#[test]
fn nesting_to_the_brim_of_the_budget_neither_recurses_nor_passes() {
    for open in ["[", "{\"a\":"] {
        let bytes = open.repeat((4 << 20) / open.len());
        let error = EventLog::parse_json(bytes.as_bytes(), &BUDGET).unwrap_err();
        assert_eq!(error.reason(), Reason::EventLogMalformed, "{error}");
        assert_eq!(error.offset(), Some(64 * open.len()));
    }
}

#[test]
fn an_error_names_the_event_the_field_and_the_byte() {
    let (mut log, _) = genuine();
    log[3]["digest"] = "zz".into();
    let text = Value::from(log).to_string();
    let error = EventLog::parse_json(text.as_bytes(), &BUDGET).unwrap_err();
    let at = text.find("\"zz\"").unwrap();
    let problem = FieldProblem::NotHex { at: 0 };
    assert_eq!(error, EventLogError::Field { index: 3, field: "digest", at, problem });
    let expected = format!("event 3: field `digest` has no hex digit at character 0, at offset {at}");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_digest_that_fits_the_other_version_says_so() {
    let (mut log, _) = genuine();
    let place = log.iter().position(|event| event["event"] == "compose-hash").unwrap();
    log[place]["version"] = 2.into();
    let error = parse(&log).unwrap_err();
    assert!(error.to_string().ends_with("which is the digest under version 1"), "{error}");
    let (expected, got) = error.compared().unwrap();
    assert_eq!(got, log[place]["digest"]);
    assert_ne!(expected, got);
}

#[test]
fn a_mismatch_says_expected_got_and_where_the_log_has_too_much() {
    let (mut log, quoted) = genuine();
    log.push(event("one-too-many", b""));
    let error = replay(&parse(&log).unwrap(), &quoted).unwrap_err();
    let mismatches: Vec<_> = error.mismatches().collect();
    assert_eq!(mismatches.len(), 1);
    assert_eq!((mismatches[0].register, mismatches[0].events), (RtmrIndex::Rtmr3, 14));
    assert_eq!(mismatches[0].expected, quoted[3]);
    assert_eq!(mismatches[0].reached_after, Some(log.len() - 2));
    assert!(matches!(error.statuses()[0], RegisterStatus::Match { events: 8 }));
}

#[test]
fn a_trace_has_the_register_after_every_event() {
    let (log, quoted) = genuine();
    let log = parse(&log).unwrap();
    let trace = fold(&log);
    assert_eq!(trace.after().len(), log.events().len());
    assert_eq!(RtmrIndex::ALL.map(|register| trace.register(register)), quoted);
    let mut registers = [Rtmr::ZERO; 4];
    for (event, after) in log.events().iter().zip(trace.after()) {
        let register = &mut registers[event.register().index()];
        *register = register.extend(event.effective_digest());
        assert_eq!(register, after);
    }
}

#[test]
fn the_second_list_of_an_attestation_has_to_agree_event_for_event() {
    let (log, _) = genuine();
    let first = parse(&log).unwrap();
    let runtime: Vec<Value> = log.iter().filter(|event| event["imr"] == 3).cloned().collect();
    assert_eq!(first.agrees_with(&parse(&runtime).unwrap()), Ok(()));
    let shorter = first.agrees_with(&parse(&runtime[..12]).unwrap()).unwrap_err();
    assert_eq!((shorter.position, shorter.second), (12, None));
    assert_eq!(shorter.reason(), Reason::RuntimeListsDisagree);
    let mut changed = runtime.clone();
    changed[2] = event("compose-hash", &[0; 32]);
    assert_eq!(first.agrees_with(&parse(&changed).unwrap()).unwrap_err().position, 2);
    let mut longer = runtime;
    longer.push(event("x", b""));
    assert_eq!(first.agrees_with(&parse(&longer).unwrap()).unwrap_err().position, 13);
}

#[test]
fn hostile_names_are_inert_in_messages() {
    let error = IdentityError::AmbiguousName { index: 0, name: "\u{1b}[2J\u{202e}:".to_owned() };
    assert!(!error.to_string().chars().any(|c| c.is_control() || c == '\u{202e}'), "{error}");
    let mut wrong = event("\u{1b}[2J\n", b"");
    wrong["digest"] = "00".repeat(48).into();
    assert!(!parse(&[wrong]).unwrap_err().to_string().contains(char::is_control));
}
