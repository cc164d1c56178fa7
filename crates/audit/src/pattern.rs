//! Patterns, each compiled when it is first needed, in the form that is needed.
//!
//! A run asks many patterns about few texts, and compiling costs far more than asking. So a pattern names words of which
//! one stands in whatever it matches, or so many digits of a hash in a row: while it is not compiled, a text without any
//! of them is answered without it. A test beside each pattern proves that its words are such words. A text of ASCII is asked in the form that knows ASCII alone,
//! which is smaller; on ASCII the two say the same.

#[cfg(test)]
pub(crate) mod proof;
mod word;

use core::ops::Range;
use regex::{Regex, bytes};
use std::borrow::Cow;
use std::sync::OnceLock;
pub(crate) use word::Word;

/// Matching is linear in the text: the engine never backtracks.
pub(crate) struct Pattern {
    source: &'static str,
    /// None: they are not known.
    words: &'static [Word],
    /// Hexadecimal digits in a row, of which what it matches has so many where it has no word; 0: it has a word.
    digits: usize,
    ascii: OnceLock<bytes::Regex>,
    unicode: OnceLock<Regex>,
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

/// The form that is asked.
enum Form<'p> {
    /// No match can be there.
    Nothing,
    Ascii(&'p bytes::Regex),
    Unicode(&'p Regex),
}

impl Pattern {
    pub(crate) const fn new(source: &'static str, words: &'static [Word]) -> Self {
        Self { source, words, digits: 0, ascii: OnceLock::new(), unicode: OnceLock::new() }
    }

    pub(crate) const fn with_digits(mut self, digits: usize) -> Self {
        self.digits = digits;
        self
    }

    #[allow(clippy::unwrap_used, reason = "constants; a test beside each compiles it")]
    fn ascii(&self) -> &bytes::Regex {
        self.ascii.get_or_init(|| bytes::RegexBuilder::new(self.source).unicode(false).build().unwrap())
    }

    #[allow(clippy::unwrap_used, reason = "constants; a test beside each compiles it")]
    fn unicode(&self) -> &Regex {
        self.unicode.get_or_init(|| Regex::new(self.source).unwrap())
    }

    fn form(&self, text: &str) -> Form<'_> {
        if text.is_ascii() {
            match self.ascii.get() {
                Some(compiled) => Form::Ascii(compiled),
                None if self.is_excluded(text) => Form::Nothing,
                None => Form::Ascii(self.ascii()),
            }
        } else {
            match self.unicode.get() {
                Some(compiled) => Form::Unicode(compiled),
                None if !word::may_fold(text) && self.is_excluded(text) => Form::Nothing,
                None => Form::Unicode(self.unicode()),
            }
        }
    }

    /// No match can be there: none of the words is, and not so many digits in a row.
    fn is_excluded(&self, text: &str) -> bool {
        let text = text.as_bytes();
        (self.digits > 0 || !self.words.is_empty())
            && !self.words.iter().any(|word| word.is_in(text))
            && (self.digits == 0 || !word::has_digits(text, self.digits))
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        match self.form(text) {
            Form::Nothing => false,
            Form::Ascii(compiled) => compiled.is_match(text.as_bytes()),
            Form::Unicode(compiled) => compiled.is_match(text),
        }
    }

    /// The first match.
    pub(crate) fn find<'t>(&self, text: &'t str) -> Option<Hit<'t>> {
        let range = match self.form(text) {
            Form::Nothing => return None,
            Form::Ascii(compiled) => compiled.find(text.as_bytes())?.range(),
            Form::Unicode(compiled) => compiled.find(text)?.range(),
        };
        Some(Hit { text, range })
    }

    /// All matches, none over another.
    pub(crate) fn find_iter<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Hit<'t>> + 't {
        let (ascii, unicode) = match self.form(text) {
            Form::Nothing => (None, None),
            Form::Ascii(compiled) => (Some(compiled.find_iter(text.as_bytes())), None),
            Form::Unicode(compiled) => (None, Some(compiled.find_iter(text))),
        };
        let ascii = ascii.into_iter().flatten().map(|hit| hit.range());
        let unicode = unicode.into_iter().flatten().map(|hit| hit.range());
        ascii.chain(unicode).map(move |range| Hit { text, range })
    }

    /// The groups of the first match.
    pub(crate) fn captures<'t>(&self, text: &'t str) -> Option<Groups<'t>> {
        match self.form(text) {
            Form::Nothing => None,
            Form::Ascii(compiled) => {
                compiled.captures(text.as_bytes()).map(|groups| Groups::Ascii(text, groups))
            }
            Form::Unicode(compiled) => compiled.captures(text).map(|groups| Groups::Unicode(text, groups)),
        }
    }

    /// The groups of all matches.
    pub(crate) fn captures_iter<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Groups<'t>> + 't {
        let (ascii, unicode) = match self.form(text) {
            Form::Nothing => (None, None),
            Form::Ascii(compiled) => (Some(compiled.captures_iter(text.as_bytes())), None),
            Form::Unicode(compiled) => (None, Some(compiled.captures_iter(text))),
        };
        let ascii = ascii.into_iter().flatten().map(move |groups| Groups::Ascii(text, groups));
        ascii.chain(unicode.into_iter().flatten().map(move |groups| Groups::Unicode(text, groups)))
    }

    /// The text without all matches.
    pub(crate) fn without<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.form(text) {
            Form::Nothing => Cow::Borrowed(text),
            _ => {
                let mut parts = self.split(text).into_iter();
                let first = parts.next().unwrap_or_default();
                if first.len() == text.len() {
                    Cow::Borrowed(text)
                } else {
                    Cow::Owned(parts.fold(first.to_owned(), |all, part| all + part))
                }
            }
        }
    }

    /// What stands between the matches.
    pub(crate) fn split<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let mut parts = Vec::new();
        let mut end = 0;
        let ranges: Vec<Range<usize>> = match self.form(text) {
            Form::Nothing => Vec::new(),
            Form::Ascii(compiled) => compiled.find_iter(text.as_bytes()).map(|hit| hit.range()).collect(),
            Form::Unicode(compiled) => compiled.find_iter(text).map(|hit| hit.range()).collect(),
        };
        for range in ranges {
            parts.push(text.get(end..range.start).unwrap_or_default());
            end = range.end;
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
pub(crate) enum Groups<'t> {
    Ascii(&'t str, bytes::Captures<'t>),
    Unicode(&'t str, regex::Captures<'t>),
}

impl<'t> Groups<'t> {
    /// A group, where it took part; 0 is the whole match.
    pub(crate) fn get(&self, index: usize) -> Option<Hit<'t>> {
        let (text, range) = match self {
            Self::Ascii(text, groups) => (text, groups.get(index)?.range()),
            Self::Unicode(text, groups) => (text, groups.get(index)?.range()),
        };
        Some(Hit { text, range })
    }

    /// A group by its name, where it took part.
    pub(crate) fn name(&self, name: &str) -> Option<Hit<'t>> {
        let (text, range) = match self {
            Self::Ascii(text, groups) => (text, groups.name(name)?.range()),
            Self::Unicode(text, groups) => (text, groups.name(name)?.range()),
        };
        Some(Hit { text, range })
    }

    /// How many there are, the whole match and those that took no part included.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Ascii(_, groups) => groups.len(),
            Self::Unicode(_, groups) => groups.len(),
        }
    }
}
