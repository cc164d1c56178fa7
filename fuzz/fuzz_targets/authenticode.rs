//! Kernels as the firmware measures them: no panic, the same digest twice, and patching that keeps the length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_measure::{authenticode, kernel};

fuzz_target!(|data: &[u8]| {
    match authenticode::sha384(data) {
        Ok(digest) => {
            assert_eq!(authenticode::sha384(data), Ok(digest));
        }
        Err(error) => drop(error.to_string()),
    }
    for memory in [1 << 30, 4 << 30, 256 << 30] {
        if let Ok(patched) = kernel::patched(data, 1 << 20, memory) {
            assert_eq!(patched.len(), data.len());
        }
    }
});
