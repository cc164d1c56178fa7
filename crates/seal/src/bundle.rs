//! A sealed report: the report's envelope and the statement's, one a line.

use crate::envelope::{self, Envelope};
use crate::{PublicKey, REPORT_TYPE, STATEMENT_TYPE, SealError, SigningKey, Statement};
use ring::rand::SecureRandom;
use veritee_model::report::Input;
use veritee_model::{Report, Sha256Digest};

/// A report whose seal holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The report, byte for byte as it was signed.
    pub report: Vec<u8>,
    /// What the signers say of it.
    pub statement: Statement,
}

const REPORT: &str = "line 1, the report";
const STATEMENT: &str = "line 2, the statement";

/// Seals a saved report: its exact bytes, and the statement about them. `statement` has to be of this report.
///
/// # Errors
/// When the source of randomness fails.
pub fn seal(
    report: &[u8],
    statement: &Statement,
    keys: &[SigningKey],
    random: &dyn SecureRandom,
) -> Result<String, SealError> {
    let first = envelope::write(REPORT_TYPE, report, keys, random)?;
    let second = envelope::write(STATEMENT_TYPE, statement.to_json().as_bytes(), keys, random)?;
    Ok(format!("{first}\n{second}\n"))
}

/// Opens a sealed report: every one of `keys` has to have signed both envelopes. With no key nothing is opened.
///
/// The bytes are untrusted; the caller caps their length. Type and payload of an envelope are all that is signed, and all
/// that is used. Whether the statement follows from the report is for [`Sealed::agrees`], once the report is read.
///
/// # Errors
/// When a line is missing or too many, is no envelope of its type, or is not signed by every key.
pub fn open(bytes: &[u8], keys: &[PublicKey]) -> Result<Sealed, SealError> {
    demand_keys(keys)?;
    let mut lines = bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n');
    let (first, second) = (lines.next().unwrap_or_default(), lines.next());
    let first = Envelope::read(REPORT, first)?;
    let Some(second) = second else {
        let what = "is missing: a sealed report is two envelopes, one a line".to_owned();
        return Err(SealError::Malformed { place: STATEMENT.to_owned(), what });
    };
    let second = Envelope::read(STATEMENT, second)?;
    if lines.next().is_some() {
        let what = "expected nothing behind the statement".to_owned();
        return Err(SealError::TrailingData { place: "line 3".to_owned(), what });
    }
    let report = first.verify(REPORT, REPORT_TYPE, keys)?;
    let statement = second.verify(STATEMENT, STATEMENT_TYPE, keys)?;
    let statement = Statement::read(STATEMENT, &statement)?;
    Ok(Sealed { report, statement })
}

/// Nobody's signature is believed by default.
pub(crate) fn demand_keys(keys: &[PublicKey]) -> Result<(), SealError> {
    if keys.is_empty() || keys.len() > crate::MOST_KEYS {
        return Err(SealError::Key { what: "expected 1 to 8 keys to verify with" });
    }
    Ok(())
}

impl Sealed {
    /// The statement is the one that this report gives; `report` is what a reader made of [`Sealed::report`].
    ///
    /// # Errors
    /// When it speaks of other bytes, or says something else of them.
    pub fn agrees(&self, report: &Report) -> Result<(), SealError> {
        let tool = self.statement.predicate.veritee.tool.clone();
        let derived = Statement::of(report, &self.report, tool);
        let what = derived.difference(&self.statement);
        what.map_or(Ok(()), |what| Err(SealError::Statement { what }))
    }
}

/// The report rests on these items and no others. Collateral is not compared: whoever verifies may bring their own.
///
/// # Errors
/// When an item is missing on either side, or has other bytes.
pub fn same_evidence(report: &Report, given: &[Input]) -> Result<(), SealError> {
    let mismatch = |what: String| Err(SealError::Evidence { what });
    let compared = |input: &&Input| !matches!(input.name.as_str(), "collateral" | "gpu-collateral");
    let held = |list: &[Input], wanted: &Input| {
        list.iter().any(|input| input.name == wanted.name && input.sha256 == wanted.sha256)
    };
    let named =
        |input: &Input| format!("{} of SHA-256 {}", veritee_model::text::inert(&input.name), input.sha256);
    if let Some(input) = given.iter().filter(compared).find(|input| !held(&report.inputs, input)) {
        return mismatch(format!("it does not name the {} that was given", named(input)));
    }
    match report.inputs.iter().filter(compared).find(|input| !held(given, input)) {
        Some(input) => mismatch(format!("it names the {}, which was not given", named(input))),
        None => Ok(()),
    }
}

/// The report was made under the policy file with this digest.
///
/// # Errors
/// When it names another, or the built-in one.
pub fn same_policy(report: &Report, given: Sha256Digest) -> Result<(), SealError> {
    if report.policy.sha256 == Some(given) {
        return Ok(());
    }
    let report = match report.policy.sha256 {
        Some(sha256) => format!("the policy of SHA-256 {sha256}"),
        None => "the built-in policy".to_owned(),
    };
    Err(SealError::Policy { report, given: given.to_string() })
}
