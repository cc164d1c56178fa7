//! OCSP answers and revocation lists.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_gpu::revocation::Statements;
use veritee_model::Budget;

fuzz_target!(|bytes: &[u8]| {
    let _ = Statements::read([bytes], &Budget::STANDARD);
});
