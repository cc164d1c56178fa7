//! What TCB info and QE identity have in common on the wire.

use crate::collateral::position;
use crate::der::{civil, decimal};
use crate::error::{DocumentFault, Field};
use crate::tcb_info::{IsvLevel, LevelVerdict};
use core::fmt;
use serde::Deserialize;
use std::borrow::Cow;
use std::cmp::Reverse;
use veritee_base::TcbStatus;
use veritee_base::UnixTime;

/// A level of a TDX module or quoting enclave.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Level<'a> {
    tcb: LevelTcb,
    #[serde(borrow)]
    tcb_date: Cow<'a, str>,
    #[serde(borrow)]
    tcb_status: Cow<'a, str>,
    #[serde(borrow, rename = "advisoryIDs", default)]
    advisory_ids: Vec<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct LevelTcb {
    isvsvn: u64,
}

/// Reads a document that nests no deeper than `depth`.
pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a str, depth: usize) -> Result<T, DocumentFault> {
    // Intel's QVL holds JSON to 32 levels since a document that nests without end exhausted its stack.
    if let Some((line, column)) = too_deep(text.as_bytes(), depth) {
        return Err(DocumentFault::Depth { limit: depth, line, column });
    }
    serde_json::from_str(text).map_err(|error| {
        let (line, column, message) = position(&error);
        DocumentFault::Json { line, column, message }
    })
}

/// Line and column of the first bracket beyond this depth. Values that nobody asks for are skipped by the JSON reader
/// without any bound of its own, so the bound is checked before it reads.
pub(crate) fn too_deep(json: &[u8], limit: usize) -> Option<(usize, usize)> {
    let (mut depth, mut at) = (0_usize, 0_usize);
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => at = end_of_string(json, at),
            b'[' | b'{' => depth = depth.saturating_add(1),
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            let before = json.get(..at).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
            let column = before.iter().rev().take_while(|byte| **byte != b'\n').count().saturating_add(1);
            return Some((line, column));
        }
        at = at.saturating_add(1);
    }
    None
}

/// Where the string that begins at `start` ends: its closing quote, or the end of the text.
fn end_of_string(json: &[u8], start: usize) -> usize {
    let mut at = start.saturating_add(1);
    loop {
        match json.get(at) {
            Some(b'\\') => at = at.saturating_add(2),
            Some(b'"') | None => return at,
            Some(_) => at = at.saturating_add(1),
        }
    }
}

pub(crate) fn fault(field: Field, expected: &'static str, got: impl fmt::Display) -> DocumentFault {
    DocumentFault::Field { field, expected, got: veritee_base::text::shortened(&got.to_string(), 80) }
}

/// Exactly `YYYY-MM-DDThh:mm:ssZ`.
pub(crate) fn date(field: Field, text: &str) -> Result<UnixTime, DocumentFault> {
    let fault = || fault(field, "YYYY-MM-DDThh:mm:ssZ", text);
    let [y0, y1, y2, y3, b'-', mo0, mo1, b'-', d0, d1, b'T', h0, h1, b':', mi0, mi1, b':', s0, s1, b'Z'] =
        *text.as_bytes()
    else {
        return Err(fault());
    };
    let pair = |a: u8, b: u8| decimal(&[a, b]);
    (|| {
        let year = decimal(&[y0, y1, y2, y3])?;
        civil(year, pair(mo0, mo1)?, pair(d0, d1)?, pair(h0, h1)?, pair(mi0, mi1)?, pair(s0, s1)?)
    })()
    .ok_or_else(fault)
}

pub(crate) fn octets<const N: usize>(field: Field, text: &str) -> Result<[u8; N], DocumentFault> {
    veritee_base::bytes::decode_hex(text)
        .map_err(|_form| fault(field, "hex digits of the field's length", text))
}

/// A component's security version number; Intel's QVL cuts larger ones down to a byte.
pub(crate) fn svn(field: Field, value: u64) -> Result<u8, DocumentFault> {
    // 65535 would become 255 there, and 256 would become 0, a level that everybody reaches.
    u8::try_from(value).map_err(|_range| fault(field, "at most 255", value))
}

pub(crate) fn verdict(
    status: TcbStatus,
    tcb_date: &str,
    advisories: &[Cow<'_, str>],
) -> Result<LevelVerdict, DocumentFault> {
    let advisories = advisories.iter().map(|advisory| advisory.clone().into_owned()).collect();
    Ok(LevelVerdict { status, date: date(Field::TcbDate, tcb_date)?, advisories })
}

/// Levels by ISVSVN.
pub(crate) struct IsvLevels {
    pub(crate) highest_first: Vec<IsvLevel>,
    /// In the document they stand otherwise.
    pub(crate) out_of_order: bool,
}

/// Levels by ISVSVN, highest first; two of the same are refused.
pub(crate) fn isv_levels(
    list: Field,
    highest: u16,
    levels: &[Level<'_>],
    known_status: fn(&str) -> Option<TcbStatus>,
) -> Result<IsvLevels, DocumentFault> {
    // Intel's QVL wants at least one level of a module's or an enclave's identity.
    if levels.is_empty() {
        return Err(fault(list, "at least one", "none"));
    }
    let mut read = Vec::with_capacity(levels.len());
    for level in levels {
        let isv_svn = u16::try_from(level.tcb.isvsvn).ok().filter(|svn| *svn <= highest);
        let isv_svn =
            isv_svn.ok_or_else(|| fault(Field::IsvSvn, "a number of the field's size", level.tcb.isvsvn))?;
        // A status that is not known is no better than one that is: Intel's QVL says not supported.
        let status = known_status(&level.tcb_status).ok_or_else(|| {
            fault(Field::TcbStatus, "a status that Intel gives such levels", &level.tcb_status)
        })?;
        read.push(IsvLevel { isv_svn, verdict: verdict(status, &level.tcb_date, &level.advisory_ids)? });
    }
    let out_of_order = !read.is_sorted_by_key(|level| Reverse(level.isv_svn));
    read.sort_by_key(|level| Reverse(level.isv_svn));
    // As with platform levels: of two the order would choose.
    if read.iter().zip(read.iter().skip(1)).any(|(a, b)| a.isv_svn == b.isv_svn) {
        return Err(DocumentFault::DuplicateLevel { list });
    }
    Ok(IsvLevels { highest_first: read, out_of_order })
}

#[cfg(test)]
mod tests {
    use super::too_deep;

    #[test]
    fn brackets_count_outside_of_strings_only_and_closed_ones_no_longer() {
        for (json, limit, expected) in [
            ("{}", 1, None),
            ("[[]]", 1, Some((1, 2))),
            ("[[],[],[]]", 2, None),
            (r#"{"[[[[":"]]{{"}"#, 1, None),
            (r#"["\"[[["]"#, 1, None),
            (r#"["\\",[]]"#, 1, Some((1, 7))),
            ("{\n  \"a\": [\n    {}]}", 2, Some((3, 5))),
            ("]]]]{", 1, None),
            (r#"["[[["#, 1, None),
            (r#"["\"#, 1, None),
            ("[", 0, Some((1, 1))),
        ] {
            assert_eq!(too_deep(json.as_bytes(), limit), expected, "{json}");
        }
    }
}
