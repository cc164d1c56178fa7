//! Plain values that a script gives to its variables, and words with them filled in.

use super::{Assignment, Word, WordPart};
use crate::position::Span;
use std::collections::{HashMap, HashSet};

/// Values of one variable that are kept; a script that needs more of one name is no plain one.
const VALUES: usize = 8;

/// Bytes of a value that is kept, and of the words of one command with values filled in.
const BYTES: usize = 8 << 10;

/// Bytes of values that are filled in in one script.
const ALL_BYTES: usize = 4 << 20;

/// For each variable the values that plain assignments give it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Values {
    by_name: HashMap<String, Vec<String>>,
    /// Names that some assignment gives a value that is not plain.
    unsure: HashSet<String>,
    /// Assignments that were looked at.
    read: usize,
    /// Bytes that were filled in so far.
    spent: usize,
}

impl Values {
    pub(super) fn of(&self, name: &str) -> &[String] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// Takes in the assignments that were not looked at yet.
    pub(super) fn read(&mut self, assignments: &[Assignment]) {
        for assignment in assignments.get(self.read..).unwrap_or(&[]) {
            let plain = assignment
                .value
                .as_ref()
                .filter(|word| !word.is_part)
                .and_then(|word| self.plain(&word.parts));
            let is_kept = plain.is_some_and(|text| self.add(&assignment.name, text));
            if !is_kept && !self.unsure.contains(&assignment.name) {
                self.unsure.insert(assignment.name.clone());
            }
        }
        self.read = assignments.len();
    }

    /// Assignments behind these were taken back.
    pub(super) fn forget_behind(&mut self, assignments: usize) {
        self.read = self.read.min(assignments);
    }

    fn add(&mut self, name: &str, text: String) -> bool {
        let values = self.by_name.entry(name.to_owned()).or_default();
        if values.contains(&text) {
            return true;
        }
        let fits = values.len() < VALUES && text.len() <= BYTES;
        if fits {
            values.push(text);
        }
        fits
    }

    /// Whether all values of a variable are known, as far as the script gives them.
    pub(super) fn is_sure(&self, name: &str) -> bool {
        !self.unsure.contains(name) && self.by_name.contains_key(name)
    }

    /// Counts what filling in the words of a command takes. False where it is more than is followed: then no value is
    /// known any more.
    pub(super) fn spend(&mut self, bytes: usize) -> bool {
        self.spent = self.spent.saturating_add(bytes);
        let fits = self.spent <= ALL_BYTES;
        if !fits && !self.by_name.is_empty() {
            self.unsure.extend(core::mem::take(&mut self.by_name).into_keys());
        }
        fits
    }

    /// The text of a word whose variables all have a known value, the first of each.
    fn plain(&self, parts: &[WordPart]) -> Option<String> {
        let mut text = String::new();
        for part in parts {
            match part {
                WordPart::Literal(literal) => text.push_str(literal),
                WordPart::Variable { .. } => text.push_str(self.choices(part).first()?),
                _ => return None,
            }
            if text.len() > BYTES {
                return None;
            }
        }
        Some(text)
    }

    /// What a variable part can stand for: values, and the operand of a default or an alternative.
    fn choices(&self, part: &WordPart) -> Vec<String> {
        let WordPart::Variable { name, expression, operand, .. } = part else { return Vec::new() };
        if expression.is_empty() {
            return self.of(name).to_vec();
        }
        let sign = expression.strip_prefix(':').unwrap_or(expression);
        let mut choices = if sign.starts_with(['-', '=', '?']) { self.of(name).to_vec() } else { Vec::new() };
        let mut plain = String::new();
        let is_plain = operand.iter().all(|part| match part {
            WordPart::Literal(text) => {
                plain.push_str(text);
                true
            }
            _ => false,
        });
        if sign.starts_with(['-', '=', '+']) && is_plain {
            choices.push(plain);
        }
        if expression.starts_with('!') {
            let names = self.of(name);
            choices.extend(names.iter().flat_map(|name| self.of(name)).cloned());
        }
        choices.truncate(VALUES);
        choices
    }

    /// How many ways there are to fill in the words of a command; 0 where nothing can be filled in.
    pub(super) fn ways(&self, words: &[Word]) -> usize {
        let parts = words.iter().filter(|word| word.literal().is_none()).flat_map(|word| &word.parts);
        parts.map(|part| self.choices(part).len()).max().unwrap_or(0)
    }

    /// Bytes of the longest values that one way to fill in the words takes.
    pub(super) fn filled_bytes(&self, words: &[Word]) -> usize {
        let parts = words.iter().filter(|word| word.literal().is_none()).flat_map(|word| &word.parts);
        parts.map(|part| self.choices(part).iter().map(String::len).max().unwrap_or(0)).sum()
    }

    /// The words with the values of one way filled in; values outside of quotes are split at blanks. `None` where they
    /// grow beyond what is followed.
    pub(super) fn fill(&self, words: &[Word], way: usize) -> Option<Vec<Word>> {
        let mut filled = Vec::with_capacity(words.len());
        let mut bytes = 0_usize;
        for word in words {
            if word.literal().is_some() {
                filled.push(word.clone());
                continue;
            }
            let mut split = Splitter { done: Vec::new(), parts: Vec::new(), span: word.span };
            for part in &word.parts {
                let choices = self.choices(part);
                let choice = way.checked_rem(choices.len()).and_then(|index| choices.get(index));
                match (choice, part) {
                    (Some(text), WordPart::Variable { unquoted, .. }) => {
                        bytes = bytes.saturating_add(text.len());
                        split.value(text, *unquoted);
                    }
                    _ => split.parts.push(part.clone()),
                }
            }
            if bytes > BYTES {
                return None;
            }
            filled.extend(split.end());
        }
        Some(filled)
    }
}

/// A word that grows, and is cut at the blanks of what is filled in.
struct Splitter {
    done: Vec<Word>,
    parts: Vec<WordPart>,
    span: Span,
}

impl Splitter {
    fn value(&mut self, text: &str, unquoted: bool) {
        if !unquoted {
            return super::word::push_literal(&mut self.parts, text);
        }
        let mut pieces = text.split([' ', '\t', '\n']);
        if let Some(first) = pieces.next().filter(|first| !first.is_empty()) {
            super::word::push_literal(&mut self.parts, first);
        }
        for piece in pieces {
            self.cut();
            if !piece.is_empty() {
                super::word::push_literal(&mut self.parts, piece);
            }
        }
    }

    fn cut(&mut self) {
        if !self.parts.is_empty() {
            self.done.push(Word::new(core::mem::take(&mut self.parts), self.span));
        }
    }

    fn end(mut self) -> Vec<Word> {
        self.cut();
        self.done
    }
}
