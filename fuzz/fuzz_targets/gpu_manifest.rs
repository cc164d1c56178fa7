//! Reference manifests: the profile of XML, the canonical form, the values.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_gpu::manifest::{Manifest, ManifestHint};
use veritee_gpu::{Memory, Roots};
use veritee_model::{Budget, UnixTime};

fuzz_target!(|bytes: &[u8]| {
    let as_of = UnixTime::from_seconds(1_717_200_000);
    let _ = ManifestHint::read(bytes, &Budget::STANDARD);
    // The fuzzer has no key of NVIDIA's: what verifies is a genuine seed, as it was or with another order of attributes.
    let _ = Manifest::verify(bytes, &Roots::nvidia(), as_of, &Budget::STANDARD, &Memory::new());
});
