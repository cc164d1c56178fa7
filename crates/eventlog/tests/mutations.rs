//! Whatever is done to a log: it never panics, and when it still replays, what the registers hash is unchanged.
//!
//! What may change under a replay, because no register hashes it: white space, unknown members, hex case, order
//! between registers, presence of a run-time digest or preimage, label, type and (for types whose digest is not a hash
//! of it) payload of boot events, and the split of a version 1 name at a colon, which the identity refuses.

mod support;

use proptest::prelude::*;
use serde_json::Value;
use support::{TdReport, genuine, machines};
use veritee_eventlog::{AppIdentity, EventLog, EventVersion, IdentityError, RegisterStatus, replay};
use veritee_model::{Budget, Rtmr, RtmrIndex, Sha384Digest};

type Runtime = Vec<(String, Vec<u8>, Option<EventVersion>)>;

fn measured(log: &EventLog) -> (Vec<Vec<Sha384Digest>>, Runtime) {
    let digests = RtmrIndex::ALL
        .map(|register| log.of_register(register).map(|event| *event.effective_digest()).collect())
        .to_vec();
    let runtime = log.of_register(RtmrIndex::Rtmr3);
    let named = runtime.map(|e| (e.name().to_owned(), e.payload().to_vec(), e.version())).collect();
    (digests, named)
}

/// Whether the changed log still replays; when it does, nothing measured may differ.
fn still_replays(original: &[u8], changed: &[u8], quoted: &[Rtmr; 4]) -> bool {
    let Ok(log) = EventLog::parse_json(changed, &Budget::STANDARD) else { return false };
    let Ok(replayed) = replay(&log, quoted) else { return false };
    let original = EventLog::parse_json(original, &Budget::STANDARD).unwrap();
    let (before, after) = (measured(&original), measured(&log));
    for register in RtmrIndex::ALL {
        if matches!(replayed.status(register), RegisterStatus::Match { .. }) {
            assert_eq!(before.0[register.index()], after.0[register.index()]);
        }
    }
    let split = log.events().iter().any(|event| event.is_ambiguous());
    if split {
        let error = AppIdentity::read(&replayed).expect_err("a name that fits two readings");
        assert!(
            matches!(error, IdentityError::AmbiguousName { .. } | IdentityError::Missing { .. }),
            "{error}"
        );
    } else {
        assert_eq!(before.1, after.1);
    }
    true
}

#[derive(Debug, Clone)]
enum Edit {
    Remove,
    Repeat,
    SwapWith(prop::sample::Index),
    Register(u8),
    Type(u32),
    Digit(&'static str, prop::sample::Index, u8),
    Empty(&'static str),
    Absent(&'static str),
    Name(String),
    Version(u8),
    TakeFieldFrom(&'static str, prop::sample::Index),
    SplitAtColon,
}

fn field() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["imr", "event_type", "digest", "event", "event_payload"][..])
}

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<prop::sample::Index>;
    let hex_field = || prop::sample::select(&["digest", "event_payload"][..]);
    prop_oneof![
        Just(Edit::Remove),
        Just(Edit::Repeat),
        index().prop_map(Edit::SwapWith),
        (0_u8..9).prop_map(Edit::Register),
        prop::sample::select(&[0x0800_0001, 3, 4, 6, 10, 0x8000_0001, 0x8000_0002][..]).prop_map(Edit::Type),
        (hex_field(), index(), 1_u8..16).prop_map(|(field, at, flip)| Edit::Digit(field, at, flip)),
        hex_field().prop_map(Edit::Empty),
        field().prop_map(Edit::Absent),
        "[a-z:\\-]{0,12}".prop_map(Edit::Name),
        (0_u8..4).prop_map(Edit::Version),
        (field(), index()).prop_map(|(field, other)| Edit::TakeFieldFrom(field, other)),
        Just(Edit::SplitAtColon),
    ]
}

fn apply(log: &mut Vec<Value>, at: usize, edit: &Edit) {
    match edit {
        Edit::Remove => drop(log.remove(at)),
        Edit::Repeat => log.insert(at, log[at].clone()),
        Edit::SwapWith(other) => {
            let other = other.index(log.len());
            log.swap(at, other);
        }
        Edit::Register(register) => log[at]["imr"] = (*register).into(),
        Edit::Type(event_type) => log[at]["event_type"] = (*event_type).into(),
        Edit::Digit(field, digit, flip) => {
            let Some(text) = log[at][field].as_str().map(str::to_owned) else { return };
            if text.is_empty() {
                return;
            }
            let mut digits = text.into_bytes();
            let digit = digit.index(digits.len());
            let value = (digits[digit] as char).to_digit(16).unwrap_or(0) as u8 ^ flip;
            digits[digit] = char::from_digit(u32::from(value), 16).unwrap() as u8;
            log[at][field] = String::from_utf8(digits).unwrap().into();
        }
        Edit::Empty(field) => log[at][field] = "".into(),
        Edit::Absent(field) => drop(log[at].as_object_mut().unwrap().remove(*field)),
        Edit::Name(name) => log[at]["event"] = name.as_str().into(),
        Edit::Version(version) => log[at]["version"] = (*version).into(),
        Edit::TakeFieldFrom(field, other) => {
            let other = other.index(log.len());
            log[at][field] = log[other][field].clone();
        }
        Edit::SplitAtColon => split_at_colon(&mut log[at]),
    }
}

fn split_at_colon(event: &mut Value) {
    let Some(payload) = event["event_payload"].as_str().and_then(|hex| hex::decode(hex).ok()) else { return };
    let Some(colon) = payload.iter().position(|byte| *byte == b':') else { return };
    let Ok(start) = std::str::from_utf8(&payload[..colon]) else { return };
    event["event"] = format!("{}:{start}", event["event"].as_str().unwrap_or_default()).into();
    event["event_payload"] = hex::encode(&payload[colon + 1..]).into();
}

fn originals() -> Vec<(Vec<u8>, [Rtmr; 4])> {
    let (log, quoted) = genuine();
    let mut all = vec![(Value::from(log).to_string().into_bytes(), quoted)];
    all.extend(machines().into_iter().step_by(5).map(|machine| {
        let registers = TdReport(&machine.quote).registers();
        (machine.log, registers)
    }));
    all
}

#[test]
fn bytes_changed_at_random_never_panic_and_never_replay_to_something_else() {
    let originals = originals();
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 1..4);
    let config = ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(which in any::<prop::sample::Index>(), changes in changes)| {
        let (original, quoted) = &originals[which.index(originals.len())];
        let mut changed = original.clone();
        for (at, byte, kind) in changes {
            let at = at.index(changed.len());
            match kind {
                0 => changed[at] = byte,
                1 => changed.insert(at, byte),
                _ => drop(changed.remove(at)),
            }
        }
        still_replays(original, &changed, quoted);
    });
}

#[test]
fn fields_changed_at_random_never_replay_to_something_else() {
    let originals = originals();
    let config = ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() };
    let edits = prop::collection::vec((any::<prop::sample::Index>(), edit()), 1..3);
    proptest!(config, |(which in any::<prop::sample::Index>(), edits in edits)| {
        let (original, quoted) = &originals[which.index(originals.len())];
        let mut log: Vec<Value> = serde_json::from_slice(original).unwrap();
        for (at, edit) in edits {
            let at = at.index(log.len());
            apply(&mut log, at, &edit);
        }
        still_replays(original, Value::from(log).to_string().as_bytes(), quoted);
    });
}

#[test]
fn every_single_digit_of_a_run_time_event_and_of_every_digest_counts() {
    let (log, quoted) = genuine();
    let original = Value::from(log.clone()).to_string();
    assert!(still_replays(original.as_bytes(), original.as_bytes(), &quoted));
    for at in 0..log.len() {
        for field in ["digest", "event_payload"] {
            let runtime = log[at]["imr"] == 3;
            if field == "event_payload" && !runtime {
                continue;
            }
            for digit in 0..log[at][field].as_str().unwrap().len() {
                let mut changed = log.clone();
                let mut digits = log[at][field].as_str().unwrap().to_owned().into_bytes();
                digits[digit] = if digits[digit] == b'0' { b'1' } else { b'0' };
                changed[at][field] = String::from_utf8(digits).unwrap().into();
                let with_digest = Value::from(changed.clone()).to_string();
                assert!(!still_replays(original.as_bytes(), with_digest.as_bytes(), &quoted));
                if field == "event_payload" {
                    changed[at]["digest"] = "".into();
                    let stripped = Value::from(changed).to_string();
                    assert!(!still_replays(original.as_bytes(), stripped.as_bytes(), &quoted));
                }
            }
        }
    }
}

#[test]
fn firmware_logs_changed_at_random_never_panic() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/eventlog/ccel.json");
    let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let genuine = document["tests"].as_array().unwrap().iter().find(|test| test["id"] == "genuine").unwrap();
    let original = hex::decode(genuine["log"].as_str().unwrap()).unwrap();
    let quoted: Vec<Rtmr> = genuine["quoted"]
        .as_array()
        .unwrap()
        .iter()
        .map(|register| Rtmr::from_hex(register.as_str().unwrap()).unwrap())
        .collect();
    let quoted: [Rtmr; 4] = quoted.try_into().unwrap();
    let before = measured(&EventLog::parse_ccel(&original, &Budget::STANDARD).unwrap());
    let config = ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>())| {
        let mut changed = original.clone();
        let at = at.index(changed.len());
        if cut { changed.truncate(at) } else { changed[at] = byte }
        if let Ok(log) = EventLog::parse_ccel(&changed, &Budget::STANDARD)
            && let Ok(replayed) = replay(&log, &quoted)
        {
            for register in RtmrIndex::ALL {
                if matches!(replayed.status(register), RegisterStatus::Match { .. }) {
                    prop_assert_eq!(&before.0[register.index()], &measured(&log).0[register.index()]);
                }
            }
        }
    });
}
