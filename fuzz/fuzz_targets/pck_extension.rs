//! The SGX extension of PCK certificates: no panic, one reading only, nothing missing and nothing behind it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_quote::fuzzing;

fuzz_target!(|data: &[u8]| {
    match fuzzing::pck_extension(data) {
        Ok(extension) => {
            assert_eq!(fuzzing::pck_extension(data).as_ref(), Ok(&extension));
            assert!(fuzzing::pck_extension(&data[..data.len() - 1]).is_err(), "a byte is missing");
            assert!(fuzzing::pck_extension(&[data, &[0]].concat()).is_err(), "a byte too many");
        }
        Err(error) => assert!(error.at <= data.len(), "{error}"),
    }
});
