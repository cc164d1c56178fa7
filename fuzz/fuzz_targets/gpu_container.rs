//! The containers of GPU evidence.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_gpu::container::{self, Collected};
use veritee_model::Budget;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Collected::Devices { devices, .. }) = container::read(bytes, &Budget::STANDARD) {
        assert!(devices.len() <= Budget::STANDARD.gpu_devices);
    }
});
