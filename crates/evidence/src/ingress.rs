//! The evidences folder of dstack-ingress: `quote.json` (a GetQuote answer), `sha256sum.txt`, `acme-account.json`
//! and a `cert-*.pem` for each domain. REPORTDATA is said to be the SHA-256 of `sha256sum.txt`.

use crate::dstack::read_quote_object;
use crate::encoding;
use crate::error::ReadError;
use crate::json::{Origin, Value};
use crate::readout::{Format, Note, Readout};
use crate::same::report_data;
use std::borrow::Cow;
use std::collections::BTreeMap;
use veritee_model::evidence::IngressEvidence;
use veritee_model::{Budget, Item, Sha256Digest, sums};

const QUOTE: &str = "quote.json";
const SUMS: &str = "sha256sum.txt";

/// Files beside the two above. A folder has one account and a certificate for each domain.
const FILES: usize = 256;

/// Reads an evidences folder, given as its files by name; `name` is what the folder is called.
///
/// The files beside the list of sums are kept by name, whether the list names them or not; comparing them with the
/// list is a later step. Names and contents are the attacker's. A file whose line ends were written anew on its way (by
/// git, by an archive) is kept as it was, where the digest that is bound says how it was; a note names it.
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
    let quote = encoding::unwrapped(quote, &quote_origin, budget)?;
    let text = utf8(&quote, &quote_origin)?;
    let object = Value::parse(text, quote_origin, budget)?.object()?;
    let mut readout = read_quote_object(&object, Format::IngressFolder, budget)?;
    let bound: Vec<&[u8]> = readout
        .machines
        .iter()
        .filter_map(|machine| report_data(&machine.evidence.quote.as_ref()?.bytes)?.get(..Sha256Digest::LEN))
        .collect();
    let sums = as_it_was(sums, |bytes| bound.contains(&Sha256Digest::of(bytes).as_bytes().as_slice()));
    let mut changed: Vec<&str> = matches!(sums, Cow::Owned(_)).then_some(SUMS).into_iter().collect();
    let listed = listed(&sums);
    let mut kept = BTreeMap::new();
    for (name, bytes) in files.iter().filter(|(name, _)| !matches!(name.as_str(), QUOTE | SUMS)) {
        let digest = listed.get(name.as_str());
        let bytes = as_it_was(bytes, |bytes| digest == Some(&Sha256Digest::of(bytes)));
        changed.extend(matches!(bytes, Cow::Owned(_)).then_some(name.as_str()));
        kept.insert(name.clone(), Item::new(bytes.into_owned(), file(name).source()));
    }
    let places = changed.into_iter().map(|name| Note::LineEnds { place: file(name).source() });
    readout.notes.extend(places);
    let ingress = IngressEvidence { sums: Item::new(sums.into_owned(), file(SUMS).source()), files: kept };
    for machine in &mut readout.machines {
        machine.evidence.ingress = Some(ingress.clone());
    }
    Ok(readout)
}

/// The digests of a list, by name. What is wrong with its lines, the check of it says.
fn listed(list: &[u8]) -> BTreeMap<&str, Sha256Digest> {
    let text = core::str::from_utf8(list).unwrap_or_default();
    let entries = text.lines().filter_map(sums::entry);
    entries.map(|(digest, name)| (name.strip_prefix("./").unwrap_or(name), digest)).collect()
}

/// The bytes with plain line ends, where these are the ones that are bound and those that came are not.
fn as_it_was(bytes: &[u8], is_bound: impl Fn(&[u8]) -> bool) -> Cow<'_, [u8]> {
    let has_returns = bytes.windows(2).any(|pair| pair == b"\r\n");
    if !has_returns || is_bound(bytes) {
        return Cow::Borrowed(bytes);
    }
    let next = bytes.iter().skip(1).copied().map(Some).chain([None]);
    let plain: Vec<u8> = bytes
        .iter()
        .copied()
        .zip(next)
        .filter_map(|(byte, next)| (byte != b'\r' || next != Some(b'\n')).then_some(byte))
        .collect();
    if is_bound(&plain) { Cow::Owned(plain) } else { Cow::Borrowed(bytes) }
}

/// The text of bytes that must be UTF-8.
pub(crate) fn utf8<'a>(bytes: &'a [u8], origin: &Origin) -> Result<&'a str, ReadError> {
    core::str::from_utf8(bytes).map_err(|error| ReadError::NotUtf8 { at: origin.at(error.valid_up_to()) })
}
