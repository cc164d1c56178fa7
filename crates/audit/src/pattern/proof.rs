//! Proves that one of the words of a pattern stands in whatever it matches.
//!
//! All ways through an expression are walked, as far as they are words: a way is what stands at its beginning and at its
//! end, as letters in lower case, with a gap between them where something stands that may be anything. A way in which a
//! word stands is done with; words are right where no way is left.

use super::{Pattern, Word};
use regex_automata::{Span, meta::Regex};
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};
use std::collections::BTreeSet;

/// What stands before the first gap and behind the last one; without a gap all of it stands in the first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    first: Vec<u8>,
    last: Option<Vec<u8>>,
}

impl Way {
    fn of(text: Vec<u8>) -> Self {
        Self { first: text, last: None }
    }

    fn gap() -> Self {
        Self { first: Vec::new(), last: Some(Vec::new()) }
    }
}

type Ways = BTreeSet<Way>;

/// More than that are not walked: the words are then not right.
const MOST: usize = 200_000;

struct Walk<'a> {
    words: Vec<&'a [u8]>,
    digits: usize,
}

impl Walk<'_> {
    fn has_word(&self, text: &[u8]) -> bool {
        self.words.iter().any(|word| text.windows(word.len()).any(|part| part == *word))
    }

    fn has_digits(&self, repeated: &Repetition) -> bool {
        let is_digit = |letter: char| letter.is_ascii_hexdigit();
        let HirKind::Class(Class::Unicode(class)) = repeated.sub.kind() else { return false };
        let mut ranges = class.ranges().iter();
        self.digits > 0
            && repeated.min >= u32::try_from(self.digits).unwrap()
            && ranges.all(|range| (range.start()..=range.end()).all(is_digit))
    }

    /// What stands further inside than a word could reach that begins before it or ends behind it is a gap.
    fn shortened(&self, way: Way) -> Way {
        let reach = self.words.iter().map(|word| word.len() - 1).max().unwrap_or(0);
        if way.last.is_none() && way.first.len() <= 2 * reach {
            return way;
        }
        let last = way.last.as_ref().unwrap_or(&way.first);
        let last = last[last.len().saturating_sub(reach)..].to_vec();
        Way { first: way.first[..way.first.len().min(reach)].to_vec(), last: Some(last) }
    }

    /// One behind the other, without those in which a word stands.
    fn joined(&self, before: &Ways, after: &Ways) -> Ways {
        let mut ways = Ways::new();
        for one in before {
            for other in after {
                let end = one.last.as_ref().unwrap_or(&one.first);
                let middle = [end.as_slice(), &other.first].concat();
                if self.has_word(&middle) || other.last.as_ref().is_some_and(|last| self.has_word(last)) {
                    continue;
                }
                ways.insert(self.shortened(match (&one.last, &other.last) {
                    (None, None) => Way { first: middle, last: None },
                    (None, Some(last)) => Way { first: middle, last: Some(last.clone()) },
                    (Some(_), None) => Way { first: one.first.clone(), last: Some(middle) },
                    (Some(_), Some(last)) => Way { first: one.first.clone(), last: Some(last.clone()) },
                }));
                assert!(ways.len() < MOST, "too many ways");
            }
        }
        ways
    }

    fn ways(&self, expression: &Hir) -> Ways {
        let empty = || Ways::from([Way::of(Vec::new())]);
        match expression.kind() {
            HirKind::Empty | HirKind::Look(_) => empty(),
            HirKind::Literal(literal) => {
                let text = literal.0.to_ascii_lowercase();
                if self.has_word(&text) { Ways::new() } else { Ways::from([Way::of(text)]) }
            }
            HirKind::Class(class) => {
                let letters = letters(class);
                let single = letters.map(|letters| letters.into_iter().map(|letter| Way::of(vec![letter])));
                let ways: Ways = single.map_or_else(|| Ways::from([Way::gap()]), Iterator::collect);
                ways.into_iter().filter(|way| !self.has_word(&way.first)).collect()
            }
            HirKind::Repetition(repeated) if self.has_digits(repeated) => Ways::new(),
            HirKind::Repetition(repeated) => {
                let once = self.ways(&repeated.sub);
                let mut ways = empty();
                for _ in 0..repeated.min.min(16) {
                    ways = self.joined(&ways, &once);
                }
                let more = match repeated.max {
                    Some(most) if most == repeated.min && repeated.min <= 16 => return ways,
                    Some(1) => once,
                    // Once, or a gap and once more at its end.
                    _ => {
                        let often = self.joined(&self.joined(&once, &Ways::from([Way::gap()])), &once);
                        once.into_iter().chain(often).collect()
                    }
                };
                let longer = self.joined(&ways, &more);
                ways.into_iter().chain(longer).collect()
            }
            HirKind::Capture(group) => self.ways(&group.sub),
            HirKind::Concat(parts) => {
                parts.iter().fold(empty(), |before, part| self.joined(&before, &self.ways(part)))
            }
            HirKind::Alternation(parts) => parts.iter().flat_map(|part| self.ways(part)).collect(),
        }
    }
}

/// The letters of a class, where they are few, in lower case. Those that only fold to a letter of ASCII are left out: a
/// text that has them is not asked for words.
fn letters(class: &Class) -> Option<BTreeSet<u8>> {
    let mut letters = BTreeSet::new();
    let Class::Unicode(class) = class else { return None };
    for range in class.ranges() {
        if u32::from(range.end()) - u32::from(range.start()) > 9 {
            return None;
        }
        for letter in range.start()..=range.end() {
            if matches!(letter, '\u{17f}' | '\u{212a}') {
                continue;
            }
            letters.insert(u8::try_from(letter).ok().filter(u8::is_ascii)?.to_ascii_lowercase());
        }
    }
    (letters.len() <= 10).then_some(letters)
}

/// What matches without any of the words, as far as it is words; nothing where there is no such way.
pub(crate) fn ways_around(source: &str, words: &[&str], digits: usize) -> Vec<String> {
    let walk = Walk { words: words.iter().map(|word| word.as_bytes()).collect(), digits };
    let expression = regex_syntax::parse(source).unwrap();
    let shown = |way: Way| {
        let last =
            way.last.map_or_else(String::new, |last| format!("\u{2026}{}", String::from_utf8_lossy(&last)));
        format!("{}{last}", String::from_utf8_lossy(&way.first))
    };
    walk.ways(&expression).into_iter().map(shown).collect()
}

impl Pattern {
    /// Both forms compile, and the words are right.
    pub(crate) fn check(&self) {
        let words: Vec<&str> = self.words.iter().map(Word::text).collect();
        // Texts that almost match, and some that do.
        let texts = words.iter().map(|word| format!("{}\n{word} = \"{word}\"", self.unicode.source()));
        let texts: Vec<String> = texts.chain([self.unicode.source().to_owned(), String::new()]).collect();
        for form in [&self.ascii, &self.unicode] {
            let [plain, whole] = [form.compiled_plain(), form.compiled_whole()];
            for text in texts.iter().filter(|text| form.is_for(text)) {
                let groups = |compiled: &Regex| -> Vec<Vec<Option<Span>>> {
                    let found = compiled.captures_iter(text);
                    found.map(|hit| (0..hit.group_len()).map(|at| hit.get_group(at)).collect()).collect()
                };
                assert_eq!(groups(plain), groups(whole), "{} about {text:?}", self.unicode.source());
            }
        }
        for word in &words {
            assert!(!word.is_empty() && word.is_ascii() && *word == word.to_ascii_lowercase(), "{word:?}");
        }
        if !words.is_empty() || self.digits > 0 {
            assert_eq!(
                ways_around(self.unicode.source(), &words, self.digits),
                Vec::<String>::new(),
                "{} has none of its words",
                self.unicode.source()
            );
        }
    }
}

#[test]
fn a_way_around_the_words_is_found() {
    let around = |source: &str, words: &[&str]| !ways_around(source, words, 4).is_empty();
    for (source, words) in [
        ("abc", &["abc"][..]),
        ("(?i)Api_?Key", &["apikey", "api_key"]),
        (r"\bupstream\s+([a-z]+)\s*\{", &["upstream"]),
        ("x(?:ab|cd)y", &["ab", "cdy"]),
        ("(?:ab ){11}cd", &["b cd"]),
        ("[0-9]{9}:[0-9]", &[":0", ":1", ":2", ":3", ":4", ":5", ":6", ":7", ":8", ":9"]),
        ("a{3}b", &["aaab"]),
        ("(?:ab)+c", &["ab"]),
        ("s[kK]ip", &["skip"]),
        ("[0-9a-f]{4,}x|yz", &["yz"]),
    ] {
        assert!(!around(source, words), "{source}");
    }
    for (source, words) in [
        ("abc", &["abd"][..]),
        ("ab?c", &["abc"]),
        ("a(?:b|d)c", &["abc"]),
        ("a*b", &["ab"]),
        ("ab|cd", &["ab"]),
        ("a.c", &["ac"]),
        ("a{2,3}b", &["aaab"]),
        (r"\w+", &["a"]),
        ("[^a]b", &["ab"]),
        ("[0-9a-f]{3,}x|yz", &["yz"]),
        ("[0-9a-g]{4,}x|yz", &["yz"]),
    ] {
        assert!(around(source, words), "{source}");
    }
}
