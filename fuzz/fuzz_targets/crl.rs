//! Revocation lists: no panic, no more serial numbers than there is room for, no byte missing and none behind.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_quote::fuzzing;

/// An entry is at least a sequence of an integer and a UTCTime.
const SMALLEST_ENTRY: usize = 2 + 3 + 15;

fuzz_target!(|data: &[u8]| {
    match fuzzing::crl(data) {
        Ok(serials) => {
            assert!(serials <= data.len() / SMALLEST_ENTRY, "{serials} serial numbers");
            assert!(fuzzing::crl(&data[..data.len() - 1]).is_err(), "a byte is missing");
            assert!(fuzzing::crl(&[data, &[0]].concat()).is_err(), "a byte too many");
        }
        Err(error) => assert!(error.at <= data.len(), "{error}"),
    }
});
