//! Questions and answers: JSON of a fixed shape, files beside it. What WebAssembly and other languages, which share no
//! types with us, ask of the whole verification; `bindings/wasm` puts it behind numbers and pointers.
//!
//! Question and files are the caller's, whatever they hold: what cannot be answered is an error with a code. Nothing is
//! kept between two questions.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

use serde::{Deserialize, Serialize};
use serde_json::json;
use veritee_model::text::inert_json;
use veritee_model::{Budget, ReportData, UnixTime};
use veritee_offline::{AsOf, Error, File, Given, Role};
use veritee_report::HumanOptions;
use veritee_verify::Expected;

/// The version of the interface.
pub const ABI: u32 = 1;

/// What is asked.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Question {
    /// What this module is, and how large a file may be: `{"name", "version", "abi", "input_bytes"}`.
    About,
    /// What each file is for: `[{"role", "form"}]`.
    Recognise {
        /// Of each file.
        files: Vec<Named>,
    },
    /// The machines of the evidence: `{"format", "machines": [label], "notes": [...]}`.
    Read {
        /// Of the evidence.
        files: Vec<Named>,
    },
    /// A verdict: `{"outcome", "exit_code", "notes": [...]}`, and the parts 1 to 4.
    Verify {
        /// Of each file, with its role.
        files: Vec<Named>,
        /// The time, in seconds since 1970. This or `now` must be there.
        as_of: Option<u64>,
        /// The same where the policy fixes no other.
        now: Option<u64>,
        /// Which machine of several.
        select: Option<String>,
        /// 16 to 64 bytes in hex that REPORTDATA must carry.
        nonce: Option<String>,
        /// Exactly these 64 bytes in hex.
        report_data: Option<String>,
    },
}

/// A file's name, and what it is given for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The name that reports know it by.
    pub name: String,
    /// The word of a [`Role`]; evidence where there is none.
    #[serde(default)]
    pub role: Option<String>,
}

/// What was said, by part.
#[derive(Debug, Default)]
pub struct Answer {
    /// There is none: the first part says why.
    pub failed: bool,
    parts: Vec<String>,
}

impl Answer {
    /// A part of it; nothing where it has none of this number.
    #[must_use]
    pub fn part(&self, number: usize) -> &[u8] {
        self.parts.get(number).map_or(&[], String::as_bytes)
    }
}

/// Why there is no answer.
#[derive(Debug, Serialize)]
struct Problem {
    /// A word that does not change.
    code: &'static str,
    message: String,
    help: String,
}

/// Answers a question about these files: [`Question`] as UTF-8 JSON, and the bytes of its `files` in their order.
#[must_use]
pub fn answer(question: &[u8], files: &[Vec<u8>], budget: &Budget) -> Answer {
    match parts(question, files, budget) {
        Ok(parts) => Answer { failed: false, parts },
        Err(problem) => {
            let text = serde_json::to_string(&problem).unwrap_or_default();
            Answer { failed: true, parts: vec![inert_json(&text)] }
        }
    }
}

fn parts(question: &[u8], files: &[Vec<u8>], budget: &Budget) -> Result<Vec<String>, Problem> {
    let question: Question = serde_json::from_slice(question).map_err(|error| asked(error.to_string()))?;
    match question {
        Question::About => {
            let told = json!({
                "name": "veritee",
                "version": veritee_offline::VERSION,
                "abi": ABI,
                "input_bytes": budget.input_bytes,
            });
            Ok(vec![told.to_string()])
        }
        Question::Recognise { files: names } => {
            let told = paired(&names, files)?.into_iter().map(|(_, file)| {
                let (role, form) = veritee_offline::role(&file, budget);
                json!({"role": role.name(), "form": form})
            });
            Ok(vec![serde_json::Value::from_iter(told).to_string()])
        }
        Question::Read { files: names } => {
            let files: Vec<File<'_>> = paired(&names, files)?.into_iter().map(|(_, file)| file).collect();
            let readout = veritee_offline::read(&files, budget)?;
            let told = json!({
                "format": readout.format.name(),
                "machines": readout.machines.iter().map(|machine| machine.label.as_str()).collect::<Vec<_>>(),
                "notes": readout.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            });
            Ok(vec![inert_json(&told.to_string())])
        }
        Question::Verify { files: names, as_of, now, select, nonce, report_data } => {
            let as_of = match (as_of, now) {
                (Some(time), None) => AsOf::At(UnixTime::from_seconds(time)),
                (None, Some(time)) => AsOf::Unless(UnixTime::from_seconds(time)),
                _ => return Err(asked("one of `as_of` and `now` must be there, in seconds".to_owned())),
            };
            let expected = expected(nonce.as_deref(), report_data.as_deref())?;
            let paired = paired(&names, files)?;
            let of = |wanted: Role| -> Vec<File<'_>> {
                paired.iter().filter(|(role, _)| *role == wanted).map(|(_, file)| *file).collect()
            };
            let policies = of(Role::Policy);
            let policy = match policies.as_slice() {
                [] => None,
                [file] => Some(file.bytes),
                _ => return Err(asked("more than one policy was given".to_owned())),
            };
            let verified = veritee_offline::verify(&Given {
                evidence: &of(Role::Evidence),
                select: select.as_deref(),
                collateral: &of(Role::Collateral),
                gpu_collateral: &of(Role::GpuCollateral),
                policy,
                as_of,
                expected: &expected,
                budget,
            })?;
            let report = &verified.report;
            let told = json!({
                "outcome": report.verdict.outcome,
                "exit_code": report.verdict.exit_code,
                "notes": verified.notes,
            });
            Ok(vec![
                inert_json(&told.to_string()),
                veritee_report::json(report),
                veritee_report::html(report),
                veritee_report::human(report, &HumanOptions::default()),
                verified.evidence,
            ])
        }
    }
}

/// Every file with its name and role. A name that a question leaves out cannot be guessed.
fn paired<'a>(names: &'a [Named], files: &'a [Vec<u8>]) -> Result<Vec<(Role, File<'a>)>, Problem> {
    if names.len() != files.len() {
        return Err(asked(format!("{} names for {} files", names.len(), files.len())));
    }
    let pairs = names.iter().zip(files).map(|(named, bytes)| {
        let file = File { name: &named.name, bytes };
        let role = match named.role.as_deref() {
            None => Role::Evidence,
            Some(word) => Role::ALL
                .into_iter()
                .find(|role| role.name() == word)
                .ok_or_else(|| asked(format!("there is no role `{word}`")))?,
        };
        Ok((role, file))
    });
    pairs.collect()
}

fn expected(nonce: Option<&str>, report_data: Option<&str>) -> Result<Expected, Problem> {
    let decoded =
        |what: &str, text: &str| hex::decode(text).map_err(|error| asked(format!("{what}: {error}")));
    match (nonce, report_data) {
        (None, None) => Ok(Expected::Nothing),
        (Some(nonce), None) => {
            let bytes = decoded("nonce", nonce)?;
            if (16..=64).contains(&bytes.len()) {
                Ok(Expected::Nonce(bytes))
            } else {
                Err(asked(format!("nonce: expected 16 to 64 bytes, got {}", bytes.len())))
            }
        }
        (None, Some(data)) => {
            let data: ReportData = data.parse().map_err(|error| asked(format!("report_data: {error}")))?;
            Ok(Expected::ReportData(data))
        }
        (Some(_), Some(_)) => Err(asked("`nonce` and `report_data` exclude each other".to_owned())),
    }
}

/// The question itself is wrong.
fn asked(message: String) -> Problem {
    Problem { code: "question", message, help: "the interface is described in bindings/wasm".to_owned() }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self { code: error.code(), help: error.next_step(), message: error.to_string() }
    }
}
