//! A device's report and its opaque data, in every family.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_gpu::{Family, Opaque, ParsedReport};
use veritee_model::Budget;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(report) = ParsedReport::parse(bytes, &Budget::STANDARD) {
        let end = report.signed().len() + report.signature().len();
        assert!(bytes[end..].iter().all(|byte| *byte == 0));
        assert!(bytes.starts_with(report.signed()));
    }
    for family in Family::ALL {
        if let Ok(opaque) = Opaque::parse(bytes, 0, family) {
            let held: usize = opaque.entries().iter().map(|entry| entry.data.len()).sum();
            assert!(held <= bytes.len());
            let _ = (opaque.switches(), opaque.gpus(), opaque.own_identity(), opaque.security_version(37));
        }
    }
});
