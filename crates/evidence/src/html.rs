//! The guest agent's page on port 8090: `tcb_info` stands, escaped for HTML, in its only text area.
//!
//! The page is unauthenticated and has no quote; what it says becomes claims and parts that hashes bind later. So a
//! page with two text areas, hidden in a comment or not, is refused rather than interpreted.

use crate::dstack::read_tcb_info;
use crate::error::{PageProblem, ReadError};
use crate::json::{Origin, Value};
use crate::readout::{Format, Readout};
use veritee_model::Budget;

const OPEN: &str = "<textarea";
const CLOSE: &str = "</textarea";
const HIDDEN: &str = "TCB info is not public";

/// Character references by name; the agent's template writes numeric ones, browsers that save a page write these.
const NAMED: &[(&str, char)] =
    &[("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\''), ("nbsp", '\u{a0}')];

pub(crate) fn read(page: &str, origin: &Origin, budget: &Budget) -> Result<Readout, ReadError> {
    let fail = |offset, problem| ReadError::Page { at: origin.at(offset), problem };
    // ASCII only: offsets stay the same.
    let lower = page.to_ascii_lowercase();
    let areas: Vec<usize> = lower.match_indices(OPEN).map(|(offset, _)| offset).collect();
    let start = match *areas.as_slice() {
        [start] => start,
        [] if page.contains(HIDDEN) => return Err(ReadError::NotPublic { at: origin.place() }),
        [] => return Err(fail(0, PageProblem::TextAreas { count: 0 })),
        [_, second, ..] => return Err(fail(second, PageProblem::TextAreas { count: areas.len() })),
    };
    let after_name = start.saturating_add(OPEN.len());
    let unclosed = || fail(start, PageProblem::Unclosed);
    let (attributes, rest) =
        lower.get(after_name..).and_then(|rest| rest.split_once('>')).ok_or_else(unclosed)?;
    if !attributes.split_ascii_whitespace().any(|word| matches!(word, "readonly" | "readonly=\"\"")) {
        return Err(fail(start, PageProblem::NotReadOnly));
    }
    let length = rest.find(CLOSE).ok_or_else(unclosed)?;
    let content_start = after_name.saturating_add(attributes.len()).saturating_add(1);
    let content = page.get(content_start..content_start.saturating_add(length)).ok_or_else(unclosed)?;
    let text = unescape(content)
        .map_err(|offset| fail(content_start.saturating_add(offset), PageProblem::Reference))?;
    let origin = origin.member("textarea").content();
    let object = Value::parse(&text, origin, budget)?.object()?;
    read_tcb_info(&object, Format::AgentPage, budget)
}

/// Decodes character references once; the error is the offset of one that cannot be decoded.
fn unescape(text: &str) -> Result<String, usize> {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut offset) = (text, 0_usize);
    while let Some((plain, tail)) = rest.split_once('&') {
        out.push_str(plain);
        let at = offset.saturating_add(plain.len());
        // The longest reference is `&#x10FFFF;`.
        let window = tail.as_bytes().get(..tail.len().min(10)).unwrap_or_default();
        let end = window.iter().position(|byte| *byte == b';').ok_or(at)?;
        let (name, after) = tail.split_at_checked(end).ok_or(at)?;
        out.push(reference(name).ok_or(at)?);
        rest = after.strip_prefix(';').ok_or(at)?;
        offset = at.saturating_add(end).saturating_add(2);
    }
    out.push_str(rest);
    Ok(out)
}

fn reference(name: &str) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else {
        return NAMED.iter().find(|(known, _)| *known == name).map(|(_, character)| *character);
    };
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    // HTML maps NUL and 0x80 to 0x9f to other characters; the template never writes them.
    let code =
        u32::from_str_radix(digits, radix).ok().filter(|code| *code != 0 && !(0x80..0xa0).contains(code));
    code.and_then(char::from_u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_decoded_once_and_only_once() {
        assert_eq!(unescape("&#34;&amp;lt;&#38;amp;&#x27;&nbsp;").unwrap(), "\"&lt;&amp;'\u{a0}");
    }

    #[test]
    fn an_unknown_open_or_impossible_reference_is_refused_at_its_offset() {
        for text in [
            "a&b",
            "a&bogus;",
            "a&#;",
            "a&#xD800;",
            "a&#0;",
            "a&#x80;",
            "a&#99999999;",
            "a&#+34;",
            "a&",
            "a&é;",
        ] {
            assert_eq!(unescape(text), Err(1), "{text}");
        }
    }
}
