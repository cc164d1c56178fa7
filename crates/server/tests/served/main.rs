//! The server on loopback, with a verifier that does as it is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod client;
mod contract;
mod limits;
mod lines;
mod shape;
mod stop;

use client::Server;
use std::time::Duration;
use veritee_model::{Check, CheckId, Report, VerdictOutcome};
use veritee_server::{
    Ask, Claimed, JudgeOfLines, Judged, Limits, Platform, Refusal, Settings, Tokens, Verifier,
};

const SAMPLE: &str = include_str!("../../../report/tests/snapshots/verified.json");

/// A report of which every check was made and passed.
fn verified() -> Report {
    let mut report: Report = serde_json::from_str(SAMPLE).unwrap();
    report.checks = CheckId::ALL.iter().map(|id| Check::pass(*id, "as it should be")).collect();
    report.verdict.outcome = VerdictOutcome::Verified;
    report.verdict.exit_code = 0;
    report.verdict.reasons.clear();
    report
}

/// Does what the body says: `sleep:MS`, `panic`, `refuse`, `internal`, `upstream`; anything else is verified.
struct Told;

impl Told {
    fn answer(body: &[u8]) -> Result<Judged, Refusal> {
        let text = String::from_utf8_lossy(body);
        let word = text.rsplit(['"', '{', '}']).find(|part| part.contains(|c: char| c.is_alphabetic()));
        match word.unwrap_or_default().split_once(':').unwrap_or((word.unwrap_or_default(), "")) {
            ("sleep", time) => std::thread::sleep(Duration::from_millis(time.parse().unwrap())),
            ("panic", _) => panic!("as told"),
            ("refuse", _) => return Err(Refusal::Request { message: "no evidence".into(), help: None }),
            ("internal", _) => return Err(Refusal::Internal { message: "our fault".into() }),
            ("upstream", _) => return Err(Refusal::Upstream { message: "nobody answers".into() }),
            _ => {}
        }
        let claimed = Claimed { os_image_hash: Some("ab".repeat(32)), os_image_is_dev: Some(false) };
        Ok(Judged { report: verified(), claimed })
    }
}

impl Verifier for Told {
    fn verify(&self, evidence: &[u8], _ask: &Ask) -> Result<Judged, Refusal> {
        Self::answer(evidence)
    }
    fn quote(&self, evidence: &[u8]) -> Result<Judged, Refusal> {
        Self::answer(evidence)
    }
    fn audit(&self, compose: &[u8]) -> Result<Judged, Refusal> {
        Self::answer(compose)
    }
    fn batch(&self) -> JudgeOfLines {
        std::sync::Arc::new(|line, number| {
            let outcome = if Self::answer(line).is_ok() { "verified" } else { "refused" };
            format!("{{\"input\":\"line {number}\",\"outcome\":\"{outcome}\",\"bytes\":{}}}", line.len())
        })
    }
    fn collateral(&self, platform: &Platform) -> Result<String, Refusal> {
        match platform.ca.as_str() {
            "platform" => Ok("{}".to_owned()),
            _ => Err(Refusal::Unknown { message: "none".to_owned() }),
        }
    }
    fn explain(&self, word: &str) -> Result<String, Refusal> {
        match word {
            "known" => Ok("# known\n".to_owned()),
            _ => Err(Refusal::Unknown { message: "nobody knows it".to_owned() }),
        }
    }
    fn schemas(&self) -> Vec<&'static str> {
        vec!["report-v1.schema.json"]
    }
    fn schema(&self, name: &str) -> Option<&'static str> {
        (name == "report-v1.schema.json").then_some("{}")
    }
    fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Small limits, so that each is met soon.
fn limits() -> Limits {
    Limits {
        connections: 32,
        body_bytes: 1 << 20,
        line_bytes: 1 << 10,
        batch_bytes: 1 << 16,
        head_time: Duration::from_secs(2),
        body_time: Duration::from_secs(2),
        work_time: Duration::from_secs(2),
        jobs: 2,
        queue: 2,
        batches: 1,
        grace: Duration::from_secs(5),
    }
}

fn settings(limits: Limits) -> Settings {
    Settings { limits, tokens: None, page: None, log: None }
}

fn started() -> Server {
    Server::start(settings(limits()))
}

fn with_tokens(text: &str) -> Server {
    Server::start(Settings { tokens: Some(Tokens::parse(text).unwrap()), ..settings(limits()) })
}
