//! Evidence in every form: no panic, and what was read is the same after it was written as veritee's own JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_evidence::{Format, read, set_to_json, to_json};
use veritee_model::Budget;

fuzz_target!(|data: &[u8]| {
    let readout = match read("input", data, &Budget::STANDARD) {
        Ok(readout) => readout,
        Err(error) => {
            let shown = error.to_string();
            assert!(!shown.chars().any(veritee_model::text::is_hazardous), "{shown:?}");
            return;
        }
    };
    assert!(!readout.machines.is_empty());
    assert_eq!(readout, read("input", data, &Budget::STANDARD).expect("the same bytes"));
    for note in &readout.notes {
        let shown = note.to_string();
        assert!(!shown.chars().any(veritee_model::text::is_hazardous), "{shown:?}");
    }
    let set = set_to_json(&readout.machines, "0");
    let again = read("set", set.as_bytes(), &Budget::STANDARD).expect("a set that is written reads back");
    assert_eq!((again.format, &again.machines), (Format::VeriteeSet, &readout.machines));
    for machine in readout.machines {
        let json = to_json(&machine.evidence, "0");
        let again = read("other", json.as_bytes(), &Budget::STANDARD).expect("what is written reads back");
        assert_eq!(again.format, Format::Veritee);
        assert_eq!(again.select(None).expect("one machine"), machine.evidence);
    }
});
