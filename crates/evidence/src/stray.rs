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

/// Quotes broken into lines that are put together: with more beginnings than this a text holds anything but quotes.
const MOST_BROKEN: usize = 1024;

/// A note for each quote in `text` that is none of those read.
pub(crate) fn strays(text: &str, readout: &Readout, origin: &Origin) -> Vec<Note> {
    let quotes = readout.machines.iter().filter_map(|machine| machine.evidence.quote.as_ref());
    let known: BTreeSet<Sha256Digest> = quotes.map(|quote| digest(&quote.bytes)).collect();
    let mut found = Found { known, notes: Vec::new(), origin };
    found.in_words(text);
    found.in_numbers(text);
    found.notes
}

/// Whether a text has anything in it that begins as a quote does and is as long as one.
pub(crate) fn holds_quote(bytes: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(bytes) else { return true };
    let origin = Origin::new("");
    let mut found = Found { known: BTreeSet::new(), notes: Vec::new(), origin: &origin };
    found.in_words(text);
    found.in_numbers(text);
    !found.notes.is_empty()
}

struct Found<'o> {
    known: BTreeSet<Sha256Digest>,
    notes: Vec<Note>,
    origin: &'o Origin,
}

impl Found<'_> {
    fn quote(&mut self, bytes: &[u8], at: usize) {
        if self.known.insert(digest(bytes)) {
            let place = format!("{}, byte {at}", self.origin.source());
            self.notes.push(Note::NotRead { place, what: "another quote" });
        }
    }

    /// Hex and base64, in one piece or broken into lines.
    fn in_words(&mut self, text: &str) {
        let mut broken = 0_usize;
        for at in beginnings(text) {
            if self.notes.len() >= MOST {
                return;
            }
            let word = text.get(at..).unwrap_or_default();
            // Longer is long enough.
            let length = word.bytes().take(SHORTEST).take_while(|byte| is_word(*byte)).count();
            broken = broken.saturating_add(usize::from(length < SHORTEST));
            let head = if length < SHORTEST && broken > MOST_BROKEN { String::new() } else { gathered(word) };
            if head.len() >= SHORTEST
                && let Some(quote) = begin_of_quote(&head, self.origin)
            {
                self.quote(&quote, at);
            }
        }
    }

    /// Arrays of bytes and objects of them, as some libraries write binary data.
    fn in_numbers(&mut self, text: &str) {
        for at in memchr::memchr2_iter(b'[', b'{', text.as_bytes()) {
            if self.notes.len() >= MOST {
                return;
            }
            let keys = text.as_bytes().get(at) == Some(&b'{');
            let inside = text.get(at.saturating_add(1)..).unwrap_or_default();
            if !may_be_numbers(inside.as_bytes(), keys) {
                continue;
            }
            let bytes = numbers(inside, keys);
            if bytes.len() >= SHORTEST / 2 {
                self.quote(&bytes, at);
            }
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

fn begins_as_quote(word: &str) -> bool {
    let word = word.strip_prefix("0x").unwrap_or(word);
    HEX.iter().chain(&BASE64).any(|begin| word.starts_with(begin))
}

/// Where words begin that begin as a quote does, in order. What all of them have in them is looked for, then what stands
/// before it.
fn beginnings(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let of = |core: &'static str, before: usize| {
        let found = memchr::memmem::find_iter(bytes, core.as_bytes());
        found.filter_map(move |at| at.checked_sub(before))
    };
    let is_free =
        |at: usize| at.checked_sub(1).is_none_or(|at| bytes.get(at).is_none_or(|byte| !is_word(*byte)));
    let starts = |at: &usize| text.get(*at..).is_some_and(begins_as_quote) && is_free(*at);
    let candidates = of("000200", 2).chain(of("ACA", 2));
    // A word may have `0x` before it, which is part of the word.
    let mut all: Vec<usize> = candidates
        .flat_map(|at| [Some(at), at.checked_sub(2)].into_iter().flatten())
        .filter(starts)
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A look at the first characters behind a bracket: most hold no bytes.
const fn may_be_numbers(inside: &[u8], keys: bool) -> bool {
    match (inside, keys) {
        ([b'"', first, ..], true) => matches!(first, b'0' | b'+'),
        ([first, ..], true) => !first.is_ascii_graphic(),
        ([first, ..], false) => matches!(first, b'0'..=b'9' | b'+') || !first.is_ascii_graphic(),
        ([], _) => false,
    }
}

/// Line breaks, as such and as the escapes of a JSON string, once and twice.
const BREAKS: [&str; 6] = ["\n", "\r", "\\n", "\\r", "\\\\n", "\\\\r"];

/// The first characters of a word. Line breaks in it are no part of it.
fn gathered(text: &str) -> String {
    let mut head = String::new();
    let mut rest = text;
    for _ in 0..STATEMENT {
        let length = rest.bytes().take(STATEMENT).take_while(|byte| is_word(*byte)).count();
        let (word, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        head.push_str(word);
        let next = BREAKS.iter().find_map(|end| after.strip_prefix(*end));
        match next.filter(|_| head.len() < STATEMENT) {
            Some(next) => rest = next,
            None => break,
        }
    }
    head.truncate(STATEMENT);
    head
}

/// The numbers of an array of bytes, or of an object with a `key` before each (`"0":4,"1":0`), that begins as a quote does,
/// as many as header and report have; else fewer than that. Looks no further than [`NUMBER`] for where a number ends: a text of brackets costs its length, not its square.
fn numbers(text: &str, keys: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    for place in 0..STATEMENT / 2 {
        let end = rest.bytes().take(NUMBER).position(|byte| matches!(byte, b',' | b']' | b'}'));
        let Some((entry, after)) = end.and_then(|end| rest.split_at_checked(end)) else { break };
        let number = if keys { after_key(entry, place) } else { Some(entry) };
        let Some(byte) = number.and_then(|number| number.trim().parse::<u8>().ok()) else { break };
        let begins = match place {
            0 => matches!(byte, 3..=5),
            1 | 3 => byte == 0,
            2 => byte == 2,
            _ => true,
        };
        if !begins {
            break;
        }
        bytes.push(byte);
        rest = after.get(1..).unwrap_or_default();
    }
    bytes
}

/// What stands behind `"PLACE":`.
fn after_key(entry: &str, place: usize) -> Option<&str> {
    let (key, number) = entry.split_once(':')?;
    let key = key.trim().strip_prefix('"')?.strip_suffix('"')?;
    (key.parse() == Ok(place)).then_some(number)
}

/// Bytes of text that a byte's number takes at most, with the line break and indentation before it.
const NUMBER: usize = 64;

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
