//! Long values on the first screen.

use veritee_model::text::shortened;

/// Shortens on the first screen, leaves everything as it is elsewhere.
pub(super) struct Shortener {
    active: bool,
}

impl Shortener {
    pub(super) const fn new(active: bool) -> Self {
        Self { active }
    }

    /// Hexadecimal digits shortened, and no longer than ten lines.
    pub(super) fn text(&self, text: &str) -> String {
        if self.active { shortened(&hex_within(text), TEXT) } else { text.to_owned() }
    }

    /// The same for a row that only names what stands in full below.
    pub(super) fn row(&self, text: &str) -> String {
        if self.active { shortened(&hex_within(text), ROW) } else { text.to_owned() }
    }

    /// Two values to compare. They stay whole when shortening would make different values look alike.
    pub(super) fn pair(&self, one: Option<&str>, other: Option<&str>) -> (Option<String>, Option<String>) {
        let short = (one.map(|text| self.text(text)), other.map(|text| self.text(text)));
        if one != other && short.0 == short.1 {
            (one.map(str::to_owned), other.map(str::to_owned))
        } else {
            short
        }
    }
}

/// Characters of a row on the first screen.
const ROW: usize = 120;
/// Characters of any other text there; `-v` prints it whole.
const TEXT: usize = 500;
/// Runs of hexadecimal digits of this length and more are shortened: 16 bytes.
const LONG: usize = 32;

/// The first and the last eight digits.
pub(super) fn hex(digits: &str) -> String {
    let ends = digits.get(..8).zip(digits.len().checked_sub(8).and_then(|at| digits.get(at..)));
    match ends {
        Some((first, last)) if digits.len() >= LONG => format!("{first}…{last}"),
        _ => digits.to_owned(),
    }
}

fn hex_within(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|character: char| character.is_ascii_alphanumeric()) {
        let (before, from_word) = rest.split_at(start);
        let end =
            from_word.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(from_word.len());
        let (word, after) = from_word.split_at(end);
        out.push_str(before);
        if word.len() >= LONG && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            out.push_str(&hex(word));
        } else {
            out.push_str(word);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_hexadecimal_run_keeps_its_ends_and_a_word_stays() {
        let digest = "0123456789abcdef".repeat(4);
        assert_eq!(
            hex_within(&format!("sha256:{digest}, then-some-code")),
            "sha256:01234567…89abcdef, then-some-code"
        );
        assert_eq!(hex_within("90c06f000000"), "90c06f000000");
    }

    #[test]
    fn two_values_that_would_look_alike_stay_whole() {
        let one = format!("01234567{}89abcdef", "0".repeat(48));
        let other = format!("01234567{}89abcdef", "1".repeat(48));
        let (left, right) = Shortener::new(true).pair(Some(&one), Some(&other));
        assert_eq!((left, right), (Some(one), Some(other)));
    }
}
