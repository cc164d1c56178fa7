//! The firmware's binary log: no panic, no event outside the registers it may extend.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_eventlog::{EventLog, fold, replay};
use veritee_model::{Budget, RtmrIndex};

fuzz_target!(|data: &[u8]| {
    match EventLog::parse_ccel(data, &Budget::STANDARD) {
        Ok(log) => {
            assert!(log.events().len() <= Budget::STANDARD.events);
            assert!(log.of_register(RtmrIndex::Rtmr3).next().is_none());
            let trace = fold(&log);
            let quoted = RtmrIndex::ALL.map(|register| trace.register(register));
            replay(&log, &quoted).expect("a log replays to what it folds to");
        }
        Err(error) => {
            assert!(error.offset().is_none_or(|at| at <= data.len()), "{error}");
            let _ = error.to_string();
        }
    }
});
