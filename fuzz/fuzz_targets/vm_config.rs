//! vm_config and the virtual machine built from it: no panic, bounded work, proven by its own RTMR0 and by no other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_measure::lite::LiteManifest;
use veritee_measure::rtmr0::{Effort, Question, Rtmr0Outcome, candidates, claimed_shape, measure, prove};
use veritee_measure::td_hob::FirmwareMemory;
use veritee_measure::{Limits, VmConfig};
use veritee_model::{Rtmr, Sha384Digest};

fuzz_target!(|data: &[u8]| {
    let config = match VmConfig::parse(data, &Limits::STANDARD) {
        Ok(config) => config,
        Err(error) => {
            let shown = error.to_string();
            assert!(!shown.chars().any(veritee_model::text::is_hazardous), "{shown:?}");
            return;
        }
    };
    assert_eq!(VmConfig::parse(data, &Limits::STANDARD).as_ref(), Ok(&config));
    if let Some(lite) = &config.lite {
        let _ = LiteManifest::open(lite, config.os_image_hash.as_ref()).map_err(|error| error.to_string());
    }
    let shapes = candidates(&config);
    assert!((1..=20).contains(&shapes.len()));
    let claimed = claimed_shape(&config);
    assert_eq!(shapes.first(), Some(&claimed));
    // Tables grow with the number of processors; small machines keep the target fast.
    if config.hardware.cpus() > 64 {
        return;
    }
    let firmware = FirmwareMemory::pre202505();
    let Ok(events) = measure(&claimed, &firmware) else { return };
    let ask = |quoted: &Rtmr| {
        prove(&Question { config: &config, firmware: &firmware, quoted, log: None, effort: Effort::Search })
    };
    let Rtmr0Outcome::Proven(hardware) = ask(&events.register()) else {
        panic!("not proven by its own RTMR0")
    };
    assert_eq!(hardware.events(), &events);
    let other = events.register().extend(&Sha384Digest::of(b"another"));
    assert!(!matches!(ask(&other), Rtmr0Outcome::Proven(_)), "proven by another RTMR0");
});
