//! Quotes in a text that no reader took: never passed over without a word.
//!
//! A document may hold more than its form has a place for. Whatever begins as a quote does and is as long as one is
//! looked for in the text as it stands, so that neither nesting nor the names around it hide it. Whether it is one of those
//! that were read is for [`crate::same`] to say: the statement alone does not. One pass.

use crate::encoding;
use crate::json::Origin;
use crate::readout::{Note, Readout};
use crate::same::{own_length, statement, written_plainly};
use std::collections::BTreeSet;
use veritee_model::{Budget, Sha256Digest};

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
pub(crate) fn strays(text: &str, readout: &Readout, origin: &Origin, budget: &Budget) -> Vec<Note> {
    if let [machine] = readout.machines.as_slice()
        && machine.evidence.quote.as_ref().is_some_and(|quote| is_alone(text, &quote.bytes, budget))
    {
        return Vec::new();
    }
    all_strays(text, readout, origin, budget)
}

fn all_strays(text: &str, readout: &Readout, origin: &Origin, budget: &Budget) -> Vec<Note> {
    let mut found = Found::new(text, origin, budget);
    for quote in readout.machines.iter().filter_map(|machine| machine.evidence.quote.as_ref()) {
        found.statements.insert(said(&quote.bytes));
        found.known.insert(Sha256Digest::of(&written_plainly(&quote.bytes)));
    }
    found.in_words(text);
    found.in_numbers(text);
    found.notes
}

/// Whether a text is this quote in hex, in one piece, and nothing else: then no other one can begin in it. A fleet is
/// mostly that, and to look for others would cost more than to verify it.
fn is_alone(text: &str, quote: &[u8], budget: &Budget) -> bool {
    let word = text.trim_ascii();
    let digits = word.strip_prefix("0x").unwrap_or(word).as_bytes();
    // Of one that is longer than that, or has no statement of a known form, less is looked at below.
    let known = quote.len() <= budget.quote_bytes
        && statement(quote).is_some_and(|said| said.len() < STATEMENT / 2 - 8);
    known
        && digits.len() / 2 == quote.len()
        && encoding::plain_hex(digits).is_some_and(|bytes| bytes == quote)
}

/// Whether a text has anything in it that begins as a quote does and is as long as one.
pub(crate) fn holds_quote(bytes: &[u8], budget: &Budget) -> bool {
    let Ok(text) = core::str::from_utf8(bytes) else { return true };
    let origin = Origin::new("");
    let mut found = Found::new(text, &origin, budget);
    found.in_words(text);
    found.in_numbers(text);
    !found.notes.is_empty()
}

struct Found<'o> {
    /// What the quotes say that were read or told.
    statements: BTreeSet<Sha256Digest>,
    /// These quotes as a whole, their certification included.
    known: BTreeSet<Sha256Digest>,
    notes: Vec<Note>,
    origin: &'o Origin,
    /// Bytes of the longest quote that is read.
    longest: usize,
    /// Bytes of cut copies that may be compared with what is known: as many as the text has, if no two of them overlap.
    left: usize,
}

/// What stands where a quote begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// One that was read, to its last byte.
    Known,
    /// Another one, or one that was read with more or less behind it.
    Other,
}

impl<'o> Found<'o> {
    fn new(text: &str, origin: &'o Origin, budget: &Budget) -> Self {
        let (notes, longest) = (Vec::new(), budget.quote_bytes);
        Self { statements: BTreeSet::new(), known: BTreeSet::new(), notes, origin, longest, left: text.len() }
    }

    /// What begins with `head`: the statement decides where nobody has made it before, else the whole. `alone` says that
    /// nothing stands behind the whole.
    fn quote(&mut self, head: &[u8], (whole, alone): (Vec<u8>, bool), at: usize) -> Told {
        let new = self.statements.insert(said(head));
        let known = !self.known.insert(Sha256Digest::of(&written_plainly(&whole)));
        if known && alone {
            return Told::Known;
        }
        // What is known again, or begins as what is known and ends too early for anybody to verify it, says nothing new. One
        // that is too long to be compared may go on as it likes.
        let cut = own_length(&whole).is_none_or(|length| length > whole.len());
        let beginning = cut && whole.len() < self.longest;
        self.left = self.left.saturating_sub(whole.len());
        if new || !(known || beginning) || self.left == 0 {
            let place = format!("{}, byte {at}", self.origin.source());
            self.notes.push(Note::NotRead { place, what: "another quote" });
        }
        Told::Other
    }

    /// Hex and base64, in one piece or broken into lines.
    fn in_words(&mut self, text: &str) {
        let (mut next, mut broken) = (0_usize, 0_usize);
        for at in beginnings(text) {
            if self.notes.len() >= MOST {
                return;
            }
            if at < next {
                continue;
            }
            let word = text.get(at..).unwrap_or_default();
            // Longer is long enough.
            let length = word.bytes().take(SHORTEST).take_while(|byte| is_word(*byte)).count();
            broken = broken.saturating_add(usize::from(length < SHORTEST));
            let head = if length < SHORTEST && broken > MOST_BROKEN {
                String::new()
            } else {
                gathered(word, STATEMENT).characters
            };
            if head.len() >= SHORTEST
                && let Some(quote) = begin_of_quote(&head, self.origin)
            {
                let whole = gathered(word, self.longest.saturating_mul(2));
                // What is known to its last byte hides no other one.
                if self.quote(&quote, whole.quote(), at) == Told::Known {
                    next = at.saturating_add(whole.end);
                }
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
            let head = numbers(inside, keys, STATEMENT / 2);
            if head.len() >= SHORTEST / 2 {
                self.quote(&head, (numbers(inside, keys, self.longest), true), at);
            }
        }
    }
}

const fn is_word(byte: u8) -> bool {
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
    let starts = |at: &usize| {
        text.get(*at..).is_some_and(begins_as_quote) && is_free(bytes.get(..*at).unwrap_or_default())
    };
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

/// Whether no word stands right before. The letter of an escape (`\\n`, `\\u000a`) is none.
const fn is_free(before: &[u8]) -> bool {
    match before {
        [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f'] => true,
        [.., b'\\', b'u', b'0', b'0', one, other] => one.is_ascii_hexdigit() && other.is_ascii_hexdigit(),
        [.., byte] => !is_word(*byte),
        [] => true,
    }
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

/// Characters of base64 as JSON may spell them, once and twice.
const SPELLED: [(&str, char); 10] = [
    ("\\/", '/'),
    ("\\\\/", '/'),
    ("\\u002f", '/'),
    ("\\u002F", '/'),
    ("\\\\u002f", '/'),
    ("\\\\u002F", '/'),
    ("\\u002b", '+'),
    ("\\u002B", '+'),
    ("\\\\u002b", '+'),
    ("\\\\u002B", '+'),
];

/// A word of hex or base64. Line breaks in it are no part of it.
#[derive(Default)]
struct Word {
    characters: String,
    /// Of these, before the first line break.
    unbroken: usize,
    /// Where it ends in the text.
    end: usize,
}

/// At most `most` characters of the word at the beginning of a text.
fn gathered(text: &str, most: usize) -> Word {
    let (mut characters, mut unbroken) = (String::new(), None);
    let mut rest = text;
    while characters.len() < most {
        let left = most.saturating_sub(characters.len());
        let length = rest.bytes().take(left).take_while(|byte| is_word(*byte)).count();
        let (word, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        characters.push_str(word);
        rest = after;
        if let Some(next) = BREAKS.iter().find_map(|end| after.strip_prefix(*end)) {
            unbroken.get_or_insert(characters.len());
            rest = next;
        } else if let Some((next, character)) =
            SPELLED.iter().find_map(|(spelled, character)| Some((after.strip_prefix(spelled)?, *character)))
        {
            characters.push(character);
            rest = next;
        } else {
            break;
        }
    }
    let end = text.len().saturating_sub(rest.len());
    Word { unbroken: unbroken.unwrap_or(characters.len()), characters, end }
}

impl Word {
    /// The quote that it begins with, and whether nothing stands behind that. What stands behind a quote on its own line is
    /// part of it; what stands on the lines below it may be anything.
    fn quote(&self) -> (Vec<u8>, bool) {
        let (mut bytes, unbroken) = self.bytes();
        let length = bytes.len();
        if let Some(own) = own_length(&bytes) {
            bytes.truncate(own.max(unbroken));
        }
        let alone = bytes.len() == length;
        (bytes, alone)
    }

    /// All bytes, and how many of them stand before the first line break.
    fn bytes(&self) -> (Vec<u8>, usize) {
        let bare = self.characters.strip_prefix("0x").unwrap_or(&self.characters);
        let unbroken = self.unbroken.saturating_sub(self.characters.len().saturating_sub(bare.len()));
        if HEX.iter().any(|begin| bare.starts_with(begin)) {
            let digits = bare.bytes().take_while(u8::is_ascii_hexdigit).count();
            let even = bare.get(..digits.saturating_sub(digits % 2)).unwrap_or_default();
            return (hex::decode(even).unwrap_or_default(), unbroken / 2);
        }
        // Of either alphabet, padded or not.
        let mut text = bare.replace('-', "+").replace('_', "/");
        let bytes = loop {
            match encoding::decode_base64(&text, &Origin::new("")) {
                Ok(bytes) => break bytes,
                // Half a byte more than there is, or characters behind the last one.
                Err(_) if text.pop().is_some() => {}
                Err(_) => break Vec::new(),
            }
        };
        (bytes, unbroken.saturating_mul(3) / 4)
    }
}

/// The numbers of an array of bytes, or of an object with a `key` before each (`"0":4,"1":0`), that begins as a quote does,
/// at most `most`. Looks no further than [`NUMBER`] for where a number ends: a text of brackets costs its length, not its
/// square.
fn numbers(text: &str, keys: bool, most: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    for place in 0..most {
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

fn said(quote: &[u8]) -> Sha256Digest {
    Sha256Digest::of(statement(quote).unwrap_or(quote))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readout::Format;
    use veritee_model::{Evidence, Item};

    /// A quote of version 4 as far as its lengths go.
    fn quote(tail: usize) -> Vec<u8> {
        let mut quote = vec![4, 0, 2, 0, 0x81, 0, 0, 0];
        quote.resize(632, 7);
        quote.extend(u32::try_from(tail).unwrap().to_le_bytes());
        quote.resize(636 + tail, 9);
        quote
    }

    fn readout(quote: &[u8]) -> Readout {
        let evidence =
            Evidence { quote: Some(Item::new(quote.to_vec(), "q".to_owned())), ..Evidence::default() };
        Readout::one(Format::Quote, evidence, Vec::new())
    }

    #[test]
    fn what_is_passed_over_as_a_lone_quote_has_no_other_one_for_the_search_either() {
        let (origin, budget) = (Origin::new("q"), Budget::STANDARD);
        let (one, other) = (quote(4000), quote(4001));
        let (hex, more) = (hex::encode(&one), hex::encode(&other));
        for text in [hex.clone(), format!("{hex}\n"), format!(" 0x{hex}\r\n "), hex.to_ascii_uppercase()] {
            assert!(is_alone(&text, &one, &budget));
            assert!(all_strays(&text, &readout(&one), &origin, &budget).is_empty());
        }
        for text in [
            more.clone(),
            format!("{hex}{more}"),
            format!("{hex}\n{more}"),
            format!("{hex} {more}"),
            format!("{hex}0"),
        ] {
            assert!(!is_alone(&text, &one, &budget), "{}", text.len());
        }
        assert!(!strays(&format!("{hex} {more}"), &readout(&one), &origin, &budget).is_empty());
        // One that is longer than the search looks is left to it.
        let mut short = Budget::STANDARD;
        short.quote_bytes = 4000;
        assert!(!is_alone(&hex, &one, &short));
    }
}
