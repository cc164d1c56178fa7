//! Quotes in a text that no reader took: never passed over without a word.
//!
//! A document may hold more than its form has a place for. Whatever begins as a quote does and is as long as one is
//! looked for in the text as it stands, so that neither nesting nor the names around it hide it. One pass.

use crate::encoding;
use crate::json::Origin;
use crate::readout::{Note, Readout};
use crate::same::statement;
use std::collections::BTreeSet;
use veritee_model::Sha256Digest;

/// The first four bytes of a quote of version 3, 4 and 5 with ECDSA P-256, in hex and in base64.
const HEX: [&str; 3] = ["03000200", "04000200", "05000200"];
const BASE64: [&str; 3] = ["AwACA", "BAACA", "BQACA"];

/// Shorter texts hold no quote: header and enclave report alone are 432 bytes.
const SHORTEST: usize = 576;

/// Characters in which header and report of every version stand.
const STATEMENT: usize = 2048;

/// Notes for one input.
const MOST: usize = 8;

/// A note for each quote in `text` that is none of those read.
pub(crate) fn strays(text: &str, readout: &Readout, origin: &Origin) -> Vec<Note> {
    let quotes = readout.machines.iter().filter_map(|machine| machine.evidence.quote.as_ref());
    let mut known: BTreeSet<Sha256Digest> = quotes.map(|quote| digest(&quote.bytes)).collect();
    let mut notes = Vec::new();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    let (mut rest, mut offset) = (text, 0_usize);
    while notes.len() < MOST {
        let skip = rest.bytes().take_while(|byte| !is_word(*byte)).count();
        let word = rest.get(skip..).unwrap_or_default();
        let length = word.bytes().take_while(|byte| is_word(*byte)).count();
        if length == 0 && word.is_empty() {
            break;
        }
        let at = offset.saturating_add(skip);
        if length >= SHORTEST
            && let Some(found) = begin_of_quote(word.get(..length.min(STATEMENT)).unwrap_or_default(), origin)
            && known.insert(digest(&found))
        {
            let place = format!("{}, byte {at}", origin.source());
            notes.push(Note::NotRead { place, what: "another quote" });
        }
        offset = at.saturating_add(length.max(1));
        rest = text.get(offset..).unwrap_or_default();
    }
    notes
}

fn begin_of_quote(word: &str, origin: &Origin) -> Option<Vec<u8>> {
    let word = word.strip_prefix("0x").unwrap_or(word);
    let even = |length: usize| word.get(..length.saturating_sub(length.checked_rem(4).unwrap_or(0)));
    if HEX.iter().any(|begin| word.starts_with(begin)) {
        encoding::decode_hex(even(word.len())?, origin).ok()
    } else if BASE64.iter().any(|begin| word.starts_with(begin)) {
        encoding::decode_base64(even(word.len())?, origin).ok()
    } else {
        None
    }
}

fn digest(quote: &[u8]) -> Sha256Digest {
    Sha256Digest::of(statement(quote).unwrap_or(quote))
}
