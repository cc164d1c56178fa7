//! What several tests need: the committed genuine log, and the machines beside the repository.
#![allow(dead_code, reason = "each test binary uses a part")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use veritee_model::{MrConfigId, MrOwner, MrOwnerConfig, Mrtd, Rtmr};

/// The committed log of a machine that does not exist, and its registers.
pub(crate) fn genuine() -> (Vec<Value>, [Rtmr; 4]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/eventlog/dstack-json.json");
    let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let test = document["tests"].as_array().unwrap().iter().find(|test| test["id"] == "genuine").unwrap();
    let registers: Vec<Rtmr> = test["quoted"]
        .as_array()
        .unwrap()
        .iter()
        .map(|register| Rtmr::from_hex(register.as_str().unwrap()).unwrap())
        .collect();
    (serde_json::from_str(test["log"].as_str().unwrap()).unwrap(), registers.try_into().unwrap())
}

/// The folder of real data beside the repository; says so on stderr when it is absent.
#[expect(clippy::print_stderr, reason = "a test that runs nothing has to say so")]
pub(crate) fn shared() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    if !path.is_dir() {
        eprintln!("skipped: ../shared is absent");
        return None;
    }
    Some(path)
}

/// A machine with a quote and a log.
pub(crate) struct Machine {
    pub(crate) name: String,
    pub(crate) log: Vec<u8>,
    pub(crate) quote: Vec<u8>,
    pub(crate) meta: Value,
    pub(crate) folder: PathBuf,
}

pub(crate) fn machines() -> Vec<Machine> {
    let Some(shared) = shared() else { return Vec::new() };
    let mut out = Vec::new();
    for family in ["dstack", "real"] {
        let folder = shared.join("vectors").join(family);
        for entry in std::fs::read_dir(folder).unwrap() {
            let folder = entry.unwrap().path();
            let Ok(log) = std::fs::read(folder.join("event_log.json")) else { continue };
            out.push(Machine {
                name: format!("{family}/{}", folder.file_name().unwrap().display()),
                log,
                quote: std::fs::read(folder.join("quote.bin")).unwrap(),
                meta: serde_json::from_slice(&std::fs::read(folder.join("meta.json")).unwrap()).unwrap(),
                folder,
            });
        }
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(out.len(), 26, "machines with a log");
    out
}

/// Fields of a version 4 quote's TD report 1.0, which starts at byte 48.
pub(crate) struct TdReport<'a>(pub(crate) &'a [u8]);

impl TdReport<'_> {
    fn field(&self, at: usize) -> [u8; 48] {
        assert_eq!(self.0[..2], [4, 0], "a version 4 quote");
        self.0[48 + at..][..48].try_into().unwrap()
    }

    pub(crate) fn mrtd(&self) -> Mrtd {
        Mrtd::new(self.field(136))
    }

    pub(crate) fn config_id(&self) -> MrConfigId {
        MrConfigId::new(self.field(184))
    }

    pub(crate) fn owner(&self) -> MrOwner {
        MrOwner::new(self.field(232))
    }

    pub(crate) fn owner_config(&self) -> MrOwnerConfig {
        MrOwnerConfig::new(self.field(280))
    }

    pub(crate) fn registers(&self) -> [Rtmr; 4] {
        [328, 376, 424, 472].map(|at| Rtmr::new(self.field(at)))
    }
}
