//! Records that an agent in the guest appends to the firmware's log (Confidential Containers' attestation agent).
#![allow(missing_docs, clippy::arithmetic_side_effects, clippy::as_conversions)]

use veritee_eventlog::{AppIdentity, EventLog, IdentityError, replay};
use veritee_model::{Budget, Reason, Rtmr, RtmrIndex, Sha384Digest};

const TAGGED: u32 = 6;
const ZERO: [Rtmr; 4] = [Rtmr::ZERO; 4];

fn record(register: u32, event_type: u32, digest: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut out = [register.to_le_bytes(), event_type.to_le_bytes(), 1_u32.to_le_bytes()].concat();
    out.extend(0xc_u16.to_le_bytes());
    out.extend(digest);
    out.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
    out.extend(payload);
    out
}

fn said(words: &str) -> Vec<u8> {
    [b"LEAA", &u32::try_from(words.len()).unwrap().to_le_bytes()[..], words.as_bytes()].concat()
}

fn log(records: &[Vec<u8>]) -> Vec<u8> {
    let mut body = b"Spec ID Event03\0".to_vec();
    body.extend([0, 0, 0, 0, 0, 2, 0, 2, 1, 0, 0, 0, 0xc, 0, 48, 0, 0]);
    let mut out = [0_u32.to_le_bytes(), 3_u32.to_le_bytes()].concat();
    out.extend([0; 20]);
    out.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    out.extend(body);
    records.iter().for_each(|record| out.extend(record));
    out
}

fn parsed(records: &[Vec<u8>]) -> Result<EventLog, Reason> {
    EventLog::parse_ccel(&log(records), &Budget::STANDARD).map_err(|error| error.reason())
}

fn of_agent(words: &str) -> Vec<u8> {
    let payload = said(words);
    record(4, TAGGED, Sha384Digest::of(&payload).as_bytes(), &payload)
}

#[test]
fn an_agents_records_replay_to_rtmr3_and_name_no_application() {
    let words = ["coco.com some-operation some-content", "coco.com compose-hash {\"a\": 1}"];
    let log = parsed(&words.map(of_agent)).unwrap();
    assert_eq!(log.of_register(RtmrIndex::Rtmr3).count(), 2);
    let digest = |words: &str| Sha384Digest::of(&said(words));
    let mut quoted = ZERO;
    quoted[3] = Rtmr::ZERO.extend(&digest(words[0])).extend(&digest(words[1]));
    let replayed = replay(&log, &quoted).unwrap();
    assert!(matches!(AppIdentity::read(&replayed), Err(IdentityError::Missing { .. })));
    assert!(replayed.events(RtmrIndex::Rtmr3).all(|event| event.name().is_empty()));
    assert_eq!(replay(&log, &ZERO).unwrap_err().reason(), Reason::RtmrMismatch);
}

#[test]
fn what_is_no_record_of_an_agents_stays_refused() {
    let payload = said("a b c");
    let right = *Sha384Digest::of(&payload).as_bytes();
    let mut longer = payload.clone();
    longer.push(0);
    for (bytes, reason) in [
        (record(4, TAGGED, &[7; 48], &payload), Reason::EventDigestMismatch),
        (record(4, TAGGED, &right, &longer), Reason::EventRegisterWrong),
        (record(4, TAGGED, &right, b"LEAA"), Reason::EventRegisterWrong),
        (record(4, TAGGED, &right, b""), Reason::EventRegisterWrong),
        (record(4, 4, &right, &payload), Reason::EventRegisterWrong),
        (record(4, 0x0800_0001, &right, &payload), Reason::EventRegisterWrong),
        // The firmware has none.
        (record(1, TAGGED, &right, &payload), Reason::EventRegisterWrong),
        (record(5, TAGGED, &right, &payload), Reason::EventRegisterUnknown),
    ] {
        assert_eq!(parsed(&[bytes]).unwrap_err(), reason);
    }
}
