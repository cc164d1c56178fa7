//! X.509 certificates: no panic, no byte missing and none behind.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_quote::fuzzing;

fuzz_target!(|data: &[u8]| {
    match fuzzing::certificate(data) {
        Ok(_) => {
            assert!(fuzzing::certificate(&data[..data.len() - 1]).is_err(), "a byte is missing");
            assert!(fuzzing::certificate(&[data, &[0]].concat()).is_err(), "a byte too many");
        }
        Err(error) => assert!(error.at <= data.len(), "{error}"),
    }
});
