//! A device's certificate chain.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_gpu::{DeviceChain, Memory, Roots};
use veritee_model::{Budget, UnixTime};

fuzz_target!(|bytes: &[u8]| {
    let as_of = UnixTime::from_seconds(1_717_200_000);
    if let Ok(chain) = DeviceChain::verify(bytes, &Roots::nvidia(), as_of, &Budget::STANDARD, &Memory::new()) {
        assert!(chain.device_name().is_none_or(|name| name.starts_with("NVIDIA:")));
    }
});
