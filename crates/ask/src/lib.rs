//! Questions and answers: JSON of a fixed shape, files beside it. What WebAssembly and other languages, which share no
//! types with us, ask of the whole verification; `bindings/wasm` puts it behind numbers and pointers.
//!
//! Question and files are the caller's, whatever they hold: what cannot be answered is an error with a code. A
//! [`Session`] keeps the last rules verified; no answer depends on what was asked before.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod session;

pub use session::Session;

use serde::{Deserialize, Serialize};
use veritee_model::{Budget, ReportData};
use veritee_offline::{Broken, Error, File, Role};
use veritee_verify::Expected;

/// The version of the interface.
pub const ABI: u32 = 2;

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
    /// A verdict: `{"outcome", "exit_code", "notes": [...]}`, and the parts 1 to 4 (see [`Form`]).
    Verify(Judging),
    /// The verdict on one quote alone, in any form, by our engine: `{"outcome", "exit_code", "reasons", "genuine",
    /// "tcb_status", "tcb_date", "advisories", "fmspc", "mrtd", "rtmrs", "report_data", "signed_sha256", "notes"}`; part 1 is
    /// `{"verdict", "checks", "notices"}`. What runs in the machine is not looked at. Files: the quote, collateral, a policy.
    VerifyQuote(Judging),
    /// The audit of a compose that nothing vouches for: as [`Self::Verify`], parts 1 to 3. Files: the document, a policy.
    Audit(Judging),
    /// The registers of a log, event by event: `veritee/replay/v1`. Nothing is verified by it.
    Replay {
        /// The log, or evidence that has one.
        files: Vec<Named>,
    },
    /// The registers that a machine of this vm_config must have: `veritee/measure/v1`. Nothing is verified by it.
    Measure {
        /// The vm_config.
        files: Vec<Named>,
    },
    /// SHA-256 of exactly these bytes: `{"compose_hash"}`. Not of what they mean: a machine measures the bytes.
    ComposeHash {
        /// The app_compose.
        files: Vec<Named>,
    },
}

/// A form of a report: which part of the answer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Part 1, as `--format json` writes it.
    Json,
    /// Part 2, as `--format html`.
    Html,
    /// Part 3, as text.
    Text,
    /// Part 4: the evidence as `--save-evidence` writes it.
    Evidence,
}

/// What questions for a verdict say.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judging {
    /// Of each file, with its role.
    files: Vec<Named>,
    /// The time, in seconds since 1970. This or `now` must be there.
    as_of: Option<u64>,
    /// The same where the policy fixes no other.
    now: Option<u64>,
    /// Which forms are wanted, all where this is not said. Parts of the others are empty.
    forms: Option<Vec<Form>>,
    /// Whether enclaves, chains and audits that were seen are remembered: unless it is said, they are. No answer changes.
    #[serde(default = "yes")]
    remember: bool,
    /// Which machine of several. This and the next two: of [`Question::Verify`] only.
    select: Option<String>,
    /// 16 to 64 bytes in hex that REPORTDATA must carry.
    nonce: Option<String>,
    /// Exactly these 64 bytes in hex.
    report_data: Option<String>,
}

const fn yes() -> bool {
    true
}

impl Judging {
    fn wants(&self, form: Form) -> bool {
        self.forms.as_ref().is_none_or(|forms| forms.contains(&form))
    }
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

/// Answers one question by itself: [`Session::answer`] of a session that ends with it.
#[must_use]
pub fn answer(question: &[u8], files: &[Vec<u8>], budget: &Budget) -> Answer {
    Session::new(budget).answer(question, files)
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

impl From<Broken> for Problem {
    fn from(broken: Broken) -> Self {
        Self { code: broken.code, help: broken.next_step, message: broken.message }
    }
}
