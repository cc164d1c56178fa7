//! dstack's JSON log and all that is read out of it: no panic, and nothing that the log can make inconsistent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_eventlog::{AppIdentity, EventLog, ReplayError, config_id, fold, replay};
use veritee_model::{Budget, MrConfigId, RtmrIndex};

fuzz_target!(|data: &[u8]| {
    let log = match EventLog::parse_json(data, &Budget::STANDARD) {
        Ok(log) => log,
        Err(error) => {
            assert!(error.offset().is_none_or(|at| at <= data.len()), "{error}");
            return;
        }
    };
    for event in log.events() {
        assert_eq!(event.is_runtime(), event.register() == RtmrIndex::Rtmr3);
        assert!(event.claimed_digest().is_none_or(|claimed| claimed == event.effective_digest()));
    }
    assert_eq!(log.agrees_with(&log), Ok(()));
    let trace = fold(&log);
    let quoted = RtmrIndex::ALL.map(|register| trace.register(register));
    let replayed = replay(&log, &quoted).expect("a log replays to what it folds to");
    let mut other = quoted;
    other[3] = other[3].extend(&veritee_model::Sha384Digest::of(b"another"));
    let error = replay(&log, &other).expect_err("a log replays to one value only");
    let ReplayError::RegisterMismatch { .. } = &error else { panic!("{error}") };
    let _ = error.to_string();
    match AppIdentity::read(&replayed) {
        Ok(identity) => {
            for version in 0..5 {
                let mut value = [0; 48];
                value[0] = version;
                let _ = config_id::check(&MrConfigId::new(value), &identity, Some(data)).to_string();
            }
        }
        Err(error) => drop(error.to_string()),
    }
});
