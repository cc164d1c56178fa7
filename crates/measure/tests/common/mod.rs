//! Shared by the tests of this crate.
#![allow(dead_code, reason = "not every test uses all of it")]

pub(crate) mod forge;

use serde_json::Value;
use std::path::{Path, PathBuf};
use veritee_measure::rtmr0::{Effort, Question, Rtmr0Outcome, prove as prove_rtmr0};
use veritee_measure::td_hob::FirmwareMemory;
use veritee_measure::{Limits, VmConfig};
use veritee_model::{Rtmr, Sha384Digest};

/// A machine of the committed table.
pub(crate) struct Machine {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) config: VmConfig,
    pub(crate) rtmr0: Rtmr,
    pub(crate) case: Value,
}

pub(crate) fn vectors(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/measure").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    skipped("../shared is absent");
    None
}

pub(crate) fn parse(text: &str) -> VmConfig {
    VmConfig::parse(text.as_bytes(), &Limits::STANDARD).unwrap_or_else(|error| panic!("{error}: {text}"))
}

pub(crate) fn machines() -> Vec<Machine> {
    let document = vectors("machines.json");
    document["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| {
            let text = case["vm_config"].to_string();
            Machine {
                name: case["name"].as_str().unwrap().to_owned(),
                config: parse(&text),
                text,
                rtmr0: Rtmr::from_hex(case["rtmr0"].as_str().unwrap()).unwrap(),
                case: case.clone(),
            }
        })
        .collect()
}

pub(crate) fn machine(name: &str) -> Machine {
    machines().into_iter().find(|machine| machine.name == name).unwrap()
}

pub(crate) fn ask(config: &VmConfig, quoted: &Rtmr, log: Option<&[Sha384Digest]>) -> Rtmr0Outcome {
    let firmware = FirmwareMemory::pre202505();
    prove_rtmr0(&Question { config, firmware: &firmware, quoted, log, effort: Effort::Diagnose })
}

pub(crate) fn prove(machine: &Machine) -> Rtmr0Outcome {
    ask(&machine.config, &machine.rtmr0, None)
}
