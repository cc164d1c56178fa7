//! Patterns, each compiled when it is first needed, in the form that is needed.
//!
//! A run asks many patterns about few texts, and compiling costs far more than asking. So a pattern names words of which
//! one stands in whatever it matches, or so many digits of a hash in a row: while it is not compiled for long texts, a
//! text without any of them is answered without it. A test beside each pattern proves that its words are such words. A
//! text of ASCII is asked in the form that knows ASCII alone, which is smaller; on ASCII the two say the same. Each form
//! is compiled twice at most: plainly for the first few short texts, and with everything that makes asking fast once it
//! has been asked about more; the two say the same.

mod form;
#[cfg(test)]
pub(crate) mod proof;
mod word;

use core::ops::Range;
use form::Form;
use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;
use std::borrow::Cow;
pub(crate) use word::Word;

/// Matching is linear in the text: the engine never backtracks without a bound.
pub(crate) struct Pattern {
    /// None: they are not known.
    words: &'static [Word],
    /// Hexadecimal digits in a row, of which what it matches has so many where it has no word; 0: it has a word.
    digits: usize,
    ascii: Form,
    unicode: Form,
}

/// Declares a [`Pattern`]: a name, the expression, its digits and its words where there are some; and a test that both
/// forms compile and that the words are right.
macro_rules! pattern {
    ($name:ident, $source:expr $(, hex $digits:literal)? $(, [$($word:expr),* $(,)?])? $(,)?) => {
        static $name: crate::pattern::Pattern =
            crate::pattern::Pattern::new($source, &[$($(crate::pattern::Word::new($word)),*)?])$(.with_digits($digits))?;
        #[cfg(test)]
        #[expect(non_snake_case)]
        mod $name {
            #[test]
            fn compiles_and_has_its_words() {
                super::$name.check();
            }
        }
    };
}
pub(crate) use pattern;

impl Pattern {
    pub(crate) const fn new(source: &'static str, words: &'static [Word]) -> Self {
        Self { words, digits: 0, ascii: Form::ascii(source), unicode: Form::unicode(source) }
    }

    pub(crate) const fn with_digits(mut self, digits: usize) -> Self {
        self.digits = digits;
        self
    }

    /// What is to be asked about a text; nothing where no match can be there.
    fn form(&self, text: &str) -> Option<&Regex> {
        let is_ascii = text.is_ascii();
        let form = if is_ascii { &self.ascii } else { &self.unicode };
        form.whole().or_else(|| {
            let excluded = (is_ascii || !word::may_fold(text)) && self.is_excluded(text);
            (!excluded).then(|| form.about(text.len()))
        })
    }

    /// No match can be there: none of the words is, and not so many digits in a row.
    fn is_excluded(&self, text: &str) -> bool {
        let text = text.as_bytes();
        (self.digits > 0 || !self.words.is_empty())
            && !self.words.iter().any(|word| word.is_in(text))
            && (self.digits == 0 || !word::has_digits(text, self.digits))
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.form(text).is_some_and(|compiled| compiled.is_match(text))
    }

    /// The first match.
    pub(crate) fn find<'t>(&self, text: &'t str) -> Option<Hit<'t>> {
        let range = self.form(text)?.find(text)?.range();
        Some(Hit { text, range })
    }

    /// All matches, none over another.
    pub(crate) fn find_iter<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Hit<'t>> + 't {
        let hits = self.form(text).into_iter().flat_map(move |compiled| compiled.find_iter(text));
        hits.map(move |hit| Hit { text, range: hit.range() })
    }

    /// The groups of the first match.
    pub(crate) fn captures<'t>(&self, text: &'t str) -> Option<Groups<'t>> {
        let compiled = self.form(text)?;
        let mut groups = compiled.create_captures();
        compiled.captures(text, &mut groups);
        groups.is_match().then_some(Groups { text, groups })
    }

    /// The groups of all matches.
    pub(crate) fn captures_iter<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Groups<'t>> + 't {
        let hits = self.form(text).into_iter().flat_map(move |compiled| compiled.captures_iter(text));
        hits.map(move |groups| Groups { text, groups })
    }

    /// The text without all matches.
    pub(crate) fn without<'t>(&'t self, text: &'t str) -> Cow<'t, str> {
        let mut parts = self.split(text).into_iter();
        let first = parts.next().unwrap_or_default();
        if first.len() == text.len() {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(parts.fold(first.to_owned(), |all, part| all + part))
        }
    }

    /// What stands between the matches.
    pub(crate) fn split<'t>(&'t self, text: &'t str) -> Vec<&'t str> {
        let mut parts = Vec::new();
        let mut end = 0;
        for hit in self.find_iter(text) {
            parts.push(text.get(end..hit.start()).unwrap_or_default());
            end = hit.end();
        }
        parts.push(text.get(end..).unwrap_or_default());
        parts
    }
}

/// Where a pattern, or a group of it, matches.
#[derive(Debug, Clone)]
pub(crate) struct Hit<'t> {
    text: &'t str,
    range: Range<usize>,
}

impl<'t> Hit<'t> {
    pub(crate) const fn start(&self) -> usize {
        self.range.start
    }

    pub(crate) const fn end(&self) -> usize {
        self.range.end
    }

    pub(crate) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    pub(crate) fn as_str(&self) -> &'t str {
        self.text.get(self.range()).unwrap_or_default()
    }
}

/// The groups of a match.
pub(crate) struct Groups<'t> {
    text: &'t str,
    groups: Captures,
}

impl<'t> Groups<'t> {
    /// A group, where it took part; 0 is the whole match.
    pub(crate) fn get(&self, index: usize) -> Option<Hit<'t>> {
        Some(Hit { text: self.text, range: self.groups.get_group(index)?.range() })
    }

    /// A group by its name, where it took part.
    pub(crate) fn name(&self, name: &str) -> Option<Hit<'t>> {
        Some(Hit { text: self.text, range: self.groups.get_group_by_name(name)?.range() })
    }

    /// How many there are, the whole match and those that took no part included.
    pub(crate) fn len(&self) -> usize {
        self.groups.group_len()
    }
}
