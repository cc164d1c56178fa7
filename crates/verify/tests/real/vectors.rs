//! Machines and oracle rows from `../shared/vectors`, and the request that judges them.

use serde_json::Value;
use std::path::{Path, PathBuf};
use veritee_model::evidence::{EventLogFormat, EventLogItem};
use veritee_model::{Budget, Check, CheckId, Evidence, Item, Report, UnixTime};
use veritee_policy::Policy;
use veritee_quote::TrustRoot;
use veritee_second_opinion::DcapQvl;
use veritee_verify::{Engine, Expected, Grounds, Request, verify};

/// The folder of the vectors, or nothing where it is absent.
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: ../shared is absent");
    None
}

/// One row of the oracle.
pub(crate) struct Row {
    pub(crate) quote: String,
    pub(crate) collateral: String,
    pub(crate) now: UnixTime,
    pub(crate) result: Value,
}

pub(crate) fn rows() -> Vec<Row> {
    let Some(folder) = shared() else { return Vec::new() };
    let oracle: Value =
        serde_json::from_slice(&std::fs::read(folder.join("dcap_oracle.json")).unwrap()).unwrap();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = oracle["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| Row {
            quote: text(row, "quote"),
            collateral: text(row, "collateral"),
            now: UnixTime::from_seconds(row["now"].as_u64().unwrap()),
            result: row["result"].clone(),
        })
        .collect()
}

/// A machine's folder with everything in it, and the collateral and time under which the oracle accepts it.
pub(crate) struct Machine {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) meta: Value,
    pub(crate) evidence: Evidence,
    pub(crate) as_of: UnixTime,
    /// The oracle accepts the quote; otherwise only what does not need that can be asked.
    pub(crate) accepted: bool,
}

impl Machine {
    pub(crate) fn file(&self, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.folder.join(name)).ok()
    }

    pub(crate) fn judge(&self) -> Report {
        judge(&self.evidence, self.as_of, Engine::Both(&DcapQvl))
    }
}

/// Every machine with an event log.
pub(crate) fn machines() -> Vec<Machine> {
    let Some(root) = shared() else { return Vec::new() };
    let rows = rows();
    let mut out = Vec::new();
    for family in ["dstack", "real"] {
        let mut folders: Vec<PathBuf> =
            std::fs::read_dir(root.join(family)).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        for folder in folders.into_iter().filter(|folder| folder.join("event_log.json").exists()) {
            let id = folder.file_name().unwrap().to_string_lossy().into_owned();
            let own: Vec<&Row> =
                rows.iter().filter(|row| row.quote == format!("{family}/{id}/quote.bin")).collect();
            let row =
                own.iter().find(|row| row.result.get("status").is_some()).or_else(|| own.first()).unwrap();
            out.push(Machine {
                name: id,
                meta: serde_json::from_slice(&std::fs::read(folder.join("meta.json")).unwrap()).unwrap(),
                evidence: evidence(&root, &folder, row),
                folder,
                as_of: row.now,
                accepted: row.result.get("status").is_some(),
            });
        }
    }
    out
}

fn evidence(root: &Path, folder: &Path, row: &Row) -> Evidence {
    let item = |name: &str| std::fs::read(folder.join(name)).ok().map(|bytes| Item::new(bytes, name));
    Evidence {
        quote: item("quote.bin"),
        event_log: item("event_log.json")
            .map(|item| EventLogItem { item, format: EventLogFormat::DstackJson }),
        app_compose: item("app_compose.json"),
        vm_config: item("vm_config.json"),
        certificates: item("app_cert.pem"),
        collateral: vec![Item::new(std::fs::read(root.join(&row.collateral)).unwrap(), "collateral.json")],
        ..Evidence::default()
    }
}

pub(crate) fn judge(evidence: &Evidence, as_of: UnixTime, engine: Engine<'static>) -> Report {
    let policy = Policy::default();
    let grounds = Grounds::new(&TrustRoot::intel(), &Budget::STANDARD);
    let report = verify(&Request {
        kind: veritee_model::Kind::Machine,
        evidence,
        policy: &policy,
        policy_sha256: None,
        as_of,
        grounds: &grounds,
        expected: &Expected::Nothing,
        engine,
        fail_on: None,
        image: None,
        asked: &[],
        gpu: veritee_verify::GpuGiven::default(),
        chain: veritee_verify::ChainGiven::default(),
        audit: veritee_verify::audit::Given::default(),
        budget: &Budget::STANDARD,
        tool_version: "0.0.0",
    });
    let listed: Vec<&str> = report.checks.iter().map(|check| check.id.id()).collect();
    assert_eq!(listed, CheckId::ALL.iter().map(|id| id.id()).collect::<Vec<_>>());
    report
}

pub(crate) fn find(report: &Report, id: CheckId) -> &Check {
    report.checks.iter().find(|check| check.id == id).unwrap()
}
