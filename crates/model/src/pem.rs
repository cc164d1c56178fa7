//! The line ends of PEM (RFC 7468), as they come back from what carries text without them.
//!
//! A header, a variable of the environment, a member of JSON or YAML, a copy out of a page: each takes the line ends of a
//! PEM file away or writes them otherwise. Nobody signs them, and the dashes end every block all the same.

use std::borrow::Cow;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The same blocks with every line ended: `BEGIN` and `END` each on a line of its own, the digits between them without
/// blanks. `\n` and `\r\n` written out as letters count as line ends.
///
/// A text in which they stand so already is given back as it is, and so is one that is damaged otherwise, or has lines that
/// are no digits within a block (RFC 1421 headers): what is wrong with it is for its reader to say. Text outside of blocks
/// stays where it is. The bytes are whoever's sent them; nothing is decoded here.
#[must_use]
pub fn with_line_ends(text: &str) -> Cow<'_, str> {
    if !text.contains(BEGIN) || are_ended(text) {
        return Cow::Borrowed(text);
    }
    let told = text.replace("\\r\\n", "\n").replace("\\n", "\n");
    rewritten(&told).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Whether every line that has a mark begins and ends with one, and no digits have a blank between them.
fn are_ended(text: &str) -> bool {
    let mut inside = false;
    text.lines().map(str::trim_end).all(|line| {
        let marks = line.matches(BEGIN).count().saturating_add(line.matches(END).count());
        if marks == 0 {
            return !(inside && line.contains([' ', '\t', '\\']));
        }
        inside = line.starts_with(BEGIN);
        marks == 1 && (inside || line.starts_with(END)) && line.ends_with(DASHES)
    })
}

fn rewritten(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len().saturating_add(256));
    let mut rest = text;
    while let Some((before, block)) = rest.split_once(BEGIN) {
        push_line(&mut out, before.trim());
        let (label, body) = block.split_once(DASHES)?;
        let (body, after) = body.split_once(END)?;
        let (closing, after) = after.split_once(DASHES)?;
        if body.contains([':', '-']) || label.contains(['\n', '\r']) {
            return None;
        }
        push_line(&mut out, &format!("{BEGIN}{label}{DASHES}"));
        body.split_whitespace().for_each(|digits| push_line(&mut out, digits));
        push_line(&mut out, &format!("{END}{closing}{DASHES}"));
        rest = after;
    }
    push_line(&mut out, rest.trim());
    Some(out)
}

fn push_line(out: &mut String, line: &str) {
    if !line.is_empty() {
        out.push_str(line);
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "-----BEGIN CERTIFICATE-----\nAAEC\nAw==\n-----END CERTIFICATE-----\n\
                       -----BEGIN X509 CRL-----\nBBBB\n-----END X509 CRL-----\n";

    #[test]
    fn what_is_ended_stays_as_it_is() {
        for text in
            [TWO, &TWO.replace('\n', "\r\n"), &format!("subject=CN a\n{TWO}"), "none", "", "-----BEGIN"]
        {
            assert!(matches!(with_line_ends(text), Cow::Borrowed(_)), "{text:?}");
        }
    }

    #[test]
    fn line_ends_that_were_taken_away_come_back() {
        let spaced = TWO.trim_end().replace('\n', " ");
        for text in [
            TWO.replace('\n', ""),
            TWO.replace('\n', "\\n"),
            TWO.replace('\n', "\\r\\n"),
            spaced.clone(),
            format!("  {spaced}\t"),
            TWO.replace("-----\n-----", "----------"),
            TWO.replace("AAEC\nAw==\n", "AAEC\n Aw=="),
            TWO.replace("-----BEGIN", "  -----BEGIN"),
            TWO.replace('\n', "\n    "),
        ] {
            let read = with_line_ends(&text);
            assert_eq!(read.replace("AAECAw==", "AAEC\nAw=="), TWO, "{text:?}");
        }
    }

    #[test]
    fn what_is_damaged_otherwise_is_left_to_its_reader() {
        for text in [
            "-----BEGIN CERTIFICATE-----AAEC",
            "-----BEGIN CERTIFICATE-----AA-----END",
            "-----BEGIN RSA KEY-----Proc-Type: 4,ENCRYPTED AAEC-----END RSA KEY-----",
        ] {
            assert_eq!(with_line_ends(text), text);
        }
    }
}
