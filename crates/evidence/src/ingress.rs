//! The evidences folder of dstack-ingress: `quote.json` (a GetQuote answer), `sha256sum.txt`, `acme-account.json`
//! and a `cert-*.pem` for each domain. REPORTDATA is said to be the SHA-256 of `sha256sum.txt`.

use crate::dstack::read_quote_object;
use crate::error::ReadError;
use crate::json::{Origin, Value};
use crate::readout::{Format, Readout};
use std::collections::BTreeMap;
use veritee_model::evidence::IngressEvidence;
use veritee_model::{Budget, Item};

const QUOTE: &str = "quote.json";
const SUMS: &str = "sha256sum.txt";

/// Files beside the two above. A folder has one account and a certificate for each domain.
const FILES: usize = 256;

/// Reads an evidences folder, given as its files by name; `name` is what the folder is called.
///
/// The files beside the list of sums are kept by name, whether the list names them or not; comparing them with the
/// list is a later step. Names and contents are the attacker's.
///
/// # Errors
/// When `quote.json` or `sha256sum.txt` is missing or unreadable, or the folder is larger than the budget.
pub fn read_ingress(
    name: &str,
    files: &BTreeMap<String, Vec<u8>>,
    budget: &Budget,
) -> Result<Readout, ReadError> {
    let origin = Origin::new(name).recognised(Format::IngressFolder);
    let too_large = |what, limit| ReadError::TooLarge { at: origin.place(), what, limit };
    if files.len() > FILES {
        return Err(too_large("files in the folder", FILES));
    }
    let size = files.values().fold(0_usize, |sum, bytes| sum.saturating_add(bytes.len()));
    if size > budget.input_bytes {
        return Err(too_large("bytes in the folder", budget.input_bytes));
    }
    let file = |file: &str| Origin { input: format!("{name}/{file}"), ..origin.clone() };
    let missing = |field| ReadError::MissingField { at: origin.place(), field };
    let quote = files.get(QUOTE).ok_or_else(|| missing(QUOTE))?;
    let sums = files.get(SUMS).ok_or_else(|| missing(SUMS))?;
    let quote_origin = file(QUOTE);
    let text = utf8(quote, &quote_origin)?;
    let object = Value::parse(text, quote_origin, budget)?.object()?;
    let mut readout = read_quote_object(&object, Format::IngressFolder, budget)?;
    let kept = files.iter().filter(|(name, _)| !matches!(name.as_str(), QUOTE | SUMS));
    let ingress = IngressEvidence {
        sums: Item::new(sums.clone(), file(SUMS).source()),
        files: kept
            .map(|(name, bytes)| (name.clone(), Item::new(bytes.clone(), file(name).source())))
            .collect(),
    };
    for machine in &mut readout.machines {
        machine.evidence.ingress = Some(ingress.clone());
    }
    Ok(readout)
}

/// The text of bytes that must be UTF-8.
pub(crate) fn utf8<'a>(bytes: &'a [u8], origin: &Origin) -> Result<&'a str, ReadError> {
    core::str::from_utf8(bytes).map_err(|error| ReadError::NotUtf8 { at: origin.at(error.valid_up_to()) })
}
