//! Words that the shell makes several of, or another one, before it runs them.

/// Words that one word may become.
const WORDS: usize = 64;

/// The text of a word as it is written, without what is quoted or expanded in it.
pub(super) fn unquoted(raw: &str) -> String {
    let mut text = String::new();
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '\'' | '"' => while characters.next().is_some_and(|next| next != character) {},
            '$' | '`' => return text,
            _ => text.push(character),
        }
    }
    text
}

/// Whether what runs is not what is written: braces or a pattern of file names.
pub(super) fn is_expanded(unquoted: &str) -> bool {
    let braces = unquoted.contains('{') && unquoted.contains('}') && unquoted.contains([',', '.']);
    braces || unquoted.contains(['*', '?']) || (unquoted.contains('[') && unquoted.contains(']'))
}

/// `{a,b}c` as `ac` and `bc`; `None` where there is no such list, or more words than are followed.
pub(super) fn expanded(text: &str) -> Option<Vec<String>> {
    let mut open = vec![text.to_owned()];
    let mut done = Vec::new();
    let mut found = false;
    while let Some(text) = open.pop() {
        if open.len().saturating_add(done.len()) >= WORDS {
            return None;
        }
        match first_list(&text) {
            None => done.push(text),
            Some((before, items, after)) => {
                found = true;
                open.extend(items.iter().rev().map(|item| format!("{before}{item}{after}")));
            }
        }
    }
    found.then_some(done)
}

/// The first list in braces: what stands before it, its items, what stands behind it.
fn first_list(text: &str) -> Option<(&str, Vec<&str>, &str)> {
    text.match_indices('{').take(WORDS).find_map(|(start, _)| {
        let inner = text.get(start.saturating_add(1)..)?;
        let (mut level, mut from, mut items) = (0_usize, 0_usize, Vec::new());
        for (at, byte) in inner.bytes().enumerate() {
            match byte {
                b'{' => level = level.saturating_add(1),
                b'}' if level > 0 => level = level.saturating_sub(1),
                b',' if level == 0 => {
                    items.push(inner.get(from..at)?);
                    from = at.saturating_add(1);
                }
                b'}' => {
                    items.push(inner.get(from..at)?);
                    let after = inner.get(at.saturating_add(1)..)?;
                    return (items.len() > 1).then_some((text.get(..start)?, items, after));
                }
                _ => {}
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_in_braces_become_words_in_their_order() {
        for (text, words) in [
            ("{a,b}", vec!["a", "b"]),
            ("x{a,b}y", vec!["xay", "xby"]),
            ("{a,b{c,d}}", vec!["a", "bc", "bd"]),
            ("{a,b}{c,d}", vec!["ac", "ad", "bc", "bd"]),
            ("{}{a,}", vec!["{}a", "{}"]),
        ] {
            assert_eq!(expanded(text).unwrap(), words, "{text}");
        }
        for text in ["{}", "{a}", "a,b", "{a,b", "}{", &"{a,b}".repeat(20)] {
            assert_eq!(expanded(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_quoted_expands_to_nothing_else() {
        for (raw, expected) in [
            ("'*'", false),
            ("\\*", false),
            ("c*l", true),
            ("[", false),
            ("c[u]rl", true),
            ("{a,b}", true),
            ("{", false),
        ] {
            assert_eq!(is_expanded(&unquoted(raw)), expected, "{raw}");
        }
    }
}
