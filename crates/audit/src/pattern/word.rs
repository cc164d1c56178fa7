//! Words that stand in whatever a pattern matches, looked for in any case.

/// A word of ASCII in lower case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    text: &'static str,
    /// The byte of it that is looked for, and where it stands in it.
    byte: u8,
    place: usize,
}

impl Word {
    /// The byte that texts have least of is the one to look for.
    pub(crate) const fn new(text: &'static str) -> Self {
        let (mut byte, mut place, mut at) = (0, 0, 0_usize);
        let mut least = u8::MAX;
        let mut rest = text.as_bytes();
        while let [first, after @ ..] = rest {
            let common = commonness(*first);
            if common < least {
                (least, byte, place) = (common, *first, at);
            }
            at = at.saturating_add(1);
            rest = after;
        }
        Self { text, byte, place }
    }

    #[cfg(test)]
    pub(crate) const fn text(&self) -> &'static str {
        self.text
    }

    /// Whether it stands in a text, in any case. Linear: each place where the byte stands is looked at once.
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        let (word, upper) = (self.text.as_bytes(), self.byte.to_ascii_uppercase());
        let candidates = text.get(self.place..).unwrap_or_default();
        // Where the byte is that far into the text, the word begins `place` before it: at the same offset of the whole.
        memchr::memchr2_iter(self.byte, upper, candidates).any(|start| {
            let end = start.saturating_add(word.len());
            text.get(start..end).is_some_and(|part| part.eq_ignore_ascii_case(word))
        })
    }
}

/// Whether a text has letters beyond ASCII that a pattern takes for letters of ASCII where case does not count: the long
/// s and the sign of the kelvin are all that Unicode's simple folding has.
pub(super) fn may_fold(text: &str) -> bool {
    text.contains(['\u{17f}', '\u{212a}'])
}

/// Whether so many hexadecimal digits stand in a row. From the end of where they would stand backwards, so that most
/// texts are not looked through.
pub(super) fn has_digits(text: &[u8], count: usize) -> bool {
    let mut start = 0_usize;
    while let Some(part) = text.get(start..start.saturating_add(count)) {
        match part.iter().rposition(|byte| !byte.is_ascii_hexdigit()) {
            None => return true,
            Some(at) => start = start.saturating_add(at).saturating_add(1),
        }
    }
    false
}

/// How common a byte is in composes, scripts and code, roughly.
const fn commonness(byte: u8) -> u8 {
    match byte {
        b'e' | b't' | b' ' => 9,
        b'a' | b'o' | b's' | b'r' | b'i' | b'n' => 8,
        b'l' | b'c' | b'd' | b'p' | b'm' | b'u' => 6,
        b'_' | b'-' | b'.' | b'/' | b':' | b'"' | b'h' | b'g' | b'f' => 5,
        b'b' | b'y' | b'w' | b'v' | b'k' | b'0'..=b'9' | b'=' | b'\'' | b'$' | b'{' | b'}' => 3,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_counted_in_a_row() {
        for text in ["", "abcdef", "0123456789abcdefg", "x0123456", "01234g567890", "0123456x789abcdef0"] {
            for count in 1..20 {
                let longest = text.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max();
                assert_eq!(has_digits(text.as_bytes(), count), longest >= Some(count), "{count} in {text}");
            }
        }
    }

    #[test]
    fn a_word_is_found_wherever_it_stands_in_any_case_and_nowhere_else() {
        for word in ["x", "api_key", "ee", "mismatch", "pprof", "stats", "--api.insecure"] {
            let found = Word::new(word);
            for text in [
                "",
                "e",
                "ap_key",
                "mismatc",
                "eapi_keyapi_",
                "E e",
                "STATSTATS",
                "misMISMATCH",
                "--api.insecur",
            ] {
                let expected = text.to_ascii_lowercase().contains(word);
                assert_eq!(found.is_in(text.as_bytes()), expected, "{word} in {text:?}");
                for whole in [
                    format!("{text}{word}"),
                    format!("{word}{text}"),
                    format!("{text}{}\n{text}", word.to_ascii_uppercase()),
                ] {
                    assert!(found.is_in(whole.as_bytes()), "{word} in {whole:?}");
                }
                let broken = format!("{text}{}", word.get(..word.len() - 1).unwrap());
                assert_eq!(
                    found.is_in(broken.as_bytes()),
                    broken.to_ascii_lowercase().contains(word),
                    "{word} in {broken:?}"
                );
            }
        }
    }
}
