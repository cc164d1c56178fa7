//! Runs the committed vectors of `test-vectors/eventlog`: each must come out as it says, for the reason it says.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use veritee_eventlog::{
    AppIdentity, EventLog, EventLogError, RegisterStatus, ReplayedLog, config_id, replay,
};
use veritee_model::{Budget, MrConfigId, Reason, Rtmr, RtmrIndex};

fn load(name: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/eventlog").join(name);
    let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(document["schema"], "veritee/vectors/v1");
    let tests = document["tests"].as_array().unwrap().clone();
    assert_eq!(Some(tests.len()), document["numberOfTests"].as_u64().map(|n| usize::try_from(n).unwrap()));
    let ids: BTreeSet<&str> = tests.iter().map(|test| text(test, "id")).collect();
    assert_eq!(ids.len(), tests.len(), "an id occurs twice in {name}");
    for test in &tests {
        for flag in test["flags"].as_array().unwrap() {
            assert!(document["notes"][flag.as_str().unwrap()].is_string(), "{flag} has no note");
        }
    }
    tests
}

fn text<'a>(test: &'a Value, field: &str) -> &'a str {
    test[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", test["id"]))
}

fn quoted(test: &Value) -> [Rtmr; 4] {
    let registers: Vec<Rtmr> = test["quoted"]
        .as_array()
        .unwrap()
        .iter()
        .map(|register| Rtmr::from_hex(register.as_str().unwrap()).unwrap())
        .collect();
    registers.try_into().unwrap()
}

/// The first refusal on the way from bytes to identity and MRCONFIGID.
fn run(test: &Value) -> Result<(), Reason> {
    let log = EventLog::parse_json(text(test, "log").as_bytes(), &Budget::STANDARD).map_err(shown)?;
    let replayed = replay(&log, &quoted(test)).map_err(|error| error.reason())?;
    check_registers(test, &replayed);
    let identity = AppIdentity::read(&replayed).map_err(|error| {
        assert!(!error.to_string().is_empty());
        error.reason()
    })?;
    if let Some(expected) = test.get("identity") {
        let got = serde_json::json!({
            "app_id": identity.app_id(),
            "compose_hash": identity.compose_hash(),
            "instance_id": identity.instance_id(),
            "key_provider": identity.key_provider().name(),
            "key_provider_id": hex::encode(identity.key_provider().id()),
        });
        assert_eq!(&got, expected, "{}", test["id"]);
        let notices: Vec<&str> = identity.notices().iter().map(|notice| notice.reason().code()).collect();
        let expected: Vec<&str> = test
            .get("notices")
            .map(|notices| notices.as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect())
            .unwrap_or_default();
        assert_eq!(notices, expected, "{}", test["id"]);
    }
    let Some(value) = test.get("config_id") else { return Ok(()) };
    let value = MrConfigId::from_hex(value.as_str().unwrap()).unwrap();
    // Documents are written as Latin-1, so that bytes that are no UTF-8 can stand in JSON.
    let document = test.get("document").map(|document| {
        let characters = document.as_str().unwrap().chars();
        characters.map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>()
    });
    let outcome = config_id::check(&value, &identity, document.as_deref());
    assert!(!outcome.to_string().is_empty());
    outcome.reason().map_or(Ok(()), Err)
}

fn shown(error: EventLogError) -> Reason {
    assert!(error.to_string().starts_with(|c: char| c.is_lowercase()), "{error}");
    assert!(error.offset().is_some());
    error.reason()
}

fn check_registers(test: &Value, replayed: &ReplayedLog) {
    let Some(expected) = test.get("registers") else { return };
    for (register, expected) in RtmrIndex::ALL.into_iter().zip(expected.as_array().unwrap()) {
        let bound = replayed.events(register).count();
        match (replayed.status(register), expected.as_str().unwrap()) {
            (RegisterStatus::Match { events }, "match") => assert_eq!(events, bound),
            (RegisterStatus::Stripped { .. }, "stripped") => assert_eq!(bound, 0, "{register}"),
            (status, expected) => panic!("{}: {register} is {status:?}, not {expected}", test["id"]),
        }
    }
}

fn judge(test: &Value, got: Result<(), Reason>, failures: &mut Vec<String>) {
    let expected = match text(test, "result") {
        "valid" => Ok(()),
        "invalid" => Err(Reason::from_code(text(test, "reason")).expect("a known reason")),
        other => panic!("{other}"),
    };
    if got != expected {
        failures.push(format!("{}: expected {expected:?}, got {got:?}", text(test, "id")));
    }
}

#[test]
fn every_json_vector_comes_out_as_it_says() {
    let mut failures = Vec::new();
    for file in ["dstack-json.json", "mrconfigid.json"] {
        for test in load(file) {
            judge(&test, run(&test), &mut failures);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_ccel_vector_comes_out_as_it_says_and_at_the_byte_it_says() {
    let mut failures = Vec::new();
    for test in load("ccel.json") {
        let bytes = hex::decode(text(&test, "log")).unwrap();
        let got = EventLog::parse_ccel(&bytes, &Budget::STANDARD).map_err(|error| {
            let offset = error.offset().map(|at| u64::try_from(at).unwrap());
            assert_eq!(offset, test["offset"].as_u64(), "{}: {error}", test["id"]);
            shown(error)
        });
        let got = got.and_then(|log| {
            let replayed = replay(&log, &quoted(&test)).map_err(|error| error.reason())?;
            assert!(AppIdentity::read(&replayed).is_err(), "a firmware log names no application");
            Ok(())
        });
        judge(&test, got, &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_vectors_produce_every_reason_of_these_steps() {
    let mut seen = BTreeSet::new();
    for file in ["dstack-json.json", "mrconfigid.json", "ccel.json"] {
        for test in load(file) {
            seen.extend(test.get("reason").map(|reason| reason.as_str().unwrap().to_owned()));
            for notice in test.get("notices").and_then(Value::as_array).into_iter().flatten() {
                seen.insert(notice.as_str().unwrap().to_owned());
            }
        }
    }
    for reason in [
        Reason::EventLogMalformed,
        Reason::EventDigestMismatch,
        Reason::EventDigestAlgorithm,
        Reason::EventRegisterUnknown,
        Reason::EventRegisterWrong,
        Reason::RtmrMismatch,
        Reason::EventLogEarlier,
        Reason::EventsAfterSystemReady,
        Reason::ReservedEventAfterSystemReady,
        Reason::IdentityEventMissing,
        Reason::BootIncomplete,
        Reason::IdentityEventDuplicate,
        Reason::IdentityEventOrder,
        Reason::IdentityEventLength,
        Reason::IdentityEventAmbiguous,
        Reason::IdentityEventUnknown,
        Reason::KeyProviderUnknown,
        Reason::MrConfigIdMismatch,
        Reason::MrConfigIdUnknown,
        Reason::MrConfigIdZero,
        Reason::MrConfigDocumentMalformed,
        Reason::MrConfigDocumentMissing,
    ] {
        assert!(seen.contains(reason.code()), "no vector produces {reason}");
    }
}
