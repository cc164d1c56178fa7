//! Making text from evidence harmless to print.

use core::fmt::Write as _;

/// Replaces every character that can act on a terminal, hide, or reorder text by a visible `\u{..}` escape.
///
/// Covers C0 and C1 controls (line breaks included), DEL, bidirectional overrides and isolates, zero-width and
/// other format characters, line and paragraph separators, tag characters and variation selectors (Unicode TR 36).
/// A backslash is doubled, so that the result cannot be taken for an escape that was made here.
#[must_use]
pub fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hazardous(character) {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
        } else if character == '\\' {
            out.push_str("\\\\");
        } else {
            out.push(character);
        }
    }
    out
}

/// Whether a character can act on a terminal, hide, or reorder text.
#[must_use]
pub const fn is_hazardous(character: char) -> bool {
    matches!(character,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Escapes hazardous characters inside serialised JSON as `\uXXXX`, which leaves its meaning as it is.
///
/// Such characters can only stand inside strings there: outside of them JSON allows no character beyond ASCII, and
/// of the controls only white space, which is kept.
#[must_use]
pub fn inert_json(json: &str) -> String {
    // What lies between characters that can be hazardous at all is copied as it stands: almost everything.
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.as_bytes().iter().position(|byte| !is_plain(byte)) {
        let (plain, other) = rest.split_at(at);
        out.push_str(plain);
        let mut characters = other.chars();
        if let Some(character) = characters.next() {
            if is_hazardous(character) {
                let mut units = [0_u16; 2];
                for unit in character.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            } else {
                out.push(character);
            }
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out
}

/// Letters that a person's words have at least: a reason, an answer of a review.
pub const LETTERS: usize = 8;

/// How many letters a text has that can be seen. Digits, punctuation and blanks are none, and neither are the fillers that
/// Unicode calls letters and that nobody sees.
#[must_use]
pub fn letters(text: &str) -> usize {
    text.chars().filter(|character| character.is_alphabetic() && !is_hazardous(*character)).count()
}

/// Whether a person has said something: [`LETTERS`] letters at least. Every reason and every answer that lets something pass is
/// asked this, since reports repeat it to whoever has to look at the same again.
#[must_use]
pub fn says_something(words: &str) -> bool {
    letters(words) >= LETTERS
}

/// The shortest words that say why something is let pass.
pub const REASON_CHARACTERS: usize = 10;

/// Whether these words can stand as the reason of something that is let pass: they say something, at some length.
#[must_use]
pub fn gives_a_reason(words: &str) -> bool {
    says_something(words) && words.trim().chars().count() >= REASON_CHARACTERS
}

/// The first `limit` characters, with an ellipsis where something was cut.
#[must_use]
pub fn shortened(text: &str, limit: usize) -> String {
    let mut out: String = text.chars().take(limit).collect();
    if text.chars().nth(limit).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_and_right_to_left_overrides_become_visible() {
        assert_eq!(inert("\u{1b}[2Ja\u{202e}b\u{9b}c\n"), "\\u{1b}[2Ja\\u{202e}b\\u{9b}c\\u{a}");
    }

    #[test]
    fn an_escape_in_the_text_cannot_be_taken_for_ours() {
        assert_ne!(inert("\\u{1b}"), inert("\u{1b}"));
    }

    #[test]
    fn what_nobody_can_read_says_nothing() {
        let fillers = [
            ' ',
            '\t',
            '\n',
            '.',
            '-',
            '1',
            '\u{a0}',
            '\u{ad}',
            '\u{34f}',
            '\u{115f}',
            '\u{200b}',
            '\u{200e}',
            '\u{2060}',
            '\u{2800}',
            '\u{3000}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{e0041}',
        ];
        for filler in fillers {
            assert!(!says_something(&filler.to_string().repeat(40)), "{filler:?}");
            assert!(!says_something(&format!("seven {filler} ab")), "{filler:?}");
        }
        assert!(says_something("reviewed"));
        assert!(says_something("проверено"));
        assert!(says_something("経営陣が確認しました"));
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({ "name": "a\u{202e}\u{9b}\u{e0041}" });
        let text = inert_json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(text.chars().all(|character| character == '\n' || !is_hazardous(character)));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn every_character_is_escaped_or_kept_wherever_it_stands() {
        for character in (0..=0x10_ffff_u32).filter_map(char::from_u32) {
            let keeps = !is_hazardous(character) || matches!(character, '\n' | '\r' | '\t');
            let mut units = [0; 2];
            let escape = |unit: &u16| format!("\\u{unit:04x}");
            let escaped: String = character.encode_utf16(&mut units).iter().map(escape).collect();
            let expected = if keeps { character.to_string() } else { escaped };
            assert_eq!(inert_json(&format!("a{character}")), format!("a{expected}"));
            assert_eq!(inert_json(&format!("{character}{character}b")), format!("{expected}{expected}b"));
        }
    }
}
