//! Characters that a person does not see, or takes for others: what is read is not what runs.
//!
//! Sources: Unicode UAX #9 (controls of direction), UTS #39 (letters of another script inside of a name).

use crate::text::Lines;
use crate::view::View;
use veritee_model::Place;

/// Most places that are told of one document.
const LISTED: usize = 20;

/// The places in the compose file and the scripts, each with what stands there.
pub(crate) fn found(view: &View<'_>) -> Vec<(Place, String)> {
    let compose = view.text().map(|text| (view.text_file, text));
    let scripts = view.scripts.iter().map(|script| (script.key, script.text()));
    let mut found = Vec::new();
    for (file, text) in compose.into_iter().chain(scripts).filter(|(_, text)| !text.is_ascii()) {
        let lines = Lines::new(text);
        for (at, what) in of_text(text) {
            if found.len() < LISTED {
                found.push((lines.place(file, text, at), what));
            }
        }
    }
    found
}

fn of_text(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = text
        .char_indices()
        .filter(|(_, character)| is_hidden(*character))
        .map(|(at, character)| {
            (at, format!("U+{:04X}: it hides or turns the text around it", u32::from(character)))
        })
        .collect();
    let mut from = 0_usize;
    for word in
        text.split(|character: char| !(character.is_alphanumeric() || matches!(character, '.' | '-' | '_')))
    {
        let at = text
            .get(from..)
            .and_then(|rest| rest.find(word))
            .map_or(from, |offset| from.saturating_add(offset));
        from = at.saturating_add(word.len());
        let latin = word.chars().any(|character| character.is_ascii_alphabetic());
        let other = word.chars().find(|character| is_lookalike(*character));
        if let Some(other) = other.filter(|_| latin) {
            found.push((
                at,
                format!("`{word}` mixes Latin letters with U+{:04X}, which looks like one", u32::from(other)),
            ));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found
}

/// Controls of direction, joiners without width, and soft hyphens.
fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// Letters of scripts whose forms are those of Latin ones: Greek, Cyrillic, Armenian, Cherokee, full width.
fn is_lookalike(character: char) -> bool {
    character.is_alphabetic()
        && matches!(
            character,
            '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}' | '\u{530}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}'
                | '\u{ff21}'..='\u{ff5a}' | '\u{1d400}'..='\u{1d7ff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_and_mixed_words_are_found_and_other_languages_are_not() {
        for text in ["NOTE=\u{202e}abc", "https://\u{430}pi.example.com", "a\u{200b}b", "p\u{430}ypal"] {
            assert_eq!(of_text(text).len(), 1, "{text:?}");
        }
        for text in ["name: Grüße", "# \u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}", "日本語", "naïve café"]
        {
            assert!(of_text(text).is_empty(), "{text:?}");
        }
    }
}
