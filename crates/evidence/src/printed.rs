//! Documents as programs print them and people paste them: a fence of Markdown, hex in pairs with a sign between, dumps with
//! an offset before each row (xxd, `hexdump -C`, `od -tx1`).
//!
//! A dump is read where all of it says the same: every offset is that of its row, every column of characters is that of its
//! bytes. One with a row missing, or with the bytes of a word turned round, is refused with the place.

use crate::error::{EncodingProblem, ReadError};
use crate::json::Origin;
use std::borrow::Cow;
use veritee_model::Budget;

/// What a dump is called in messages.
const DUMP: &str = "a dump of bytes (xxd, hexdump -C, od -tx1)";

/// Digits of an offset.
const OFFSET: core::ops::RangeInclusive<usize> = 6..=16;

/// Fewer pairs are an address or a serial number.
const FEWEST_PAIRS: usize = 24;

/// What stands in a fence, a dump or pairs; nothing where a document is none of these. Pairs become hex in one piece.
///
/// # Errors
/// When a dump does not say the same everywhere, or is longer than the budget.
pub(crate) fn plain<'a>(
    bytes: &'a [u8],
    origin: &Origin,
    budget: &Budget,
) -> Result<Option<Cow<'a, [u8]>>, ReadError> {
    if !begins(bytes) {
        return Ok(None);
    }
    let Ok(text) = core::str::from_utf8(bytes) else { return Ok(None) };
    let inner = fenced(text);
    let body = inner.unwrap_or(text);
    if let Some(dumped) = dump(body, origin, budget)? {
        return Ok(Some(Cow::Owned(dumped)));
    }
    if let Some(hex) = pairs(body) {
        return Ok(Some(Cow::Owned(hex.into_bytes())));
    }
    Ok(inner.map(|inner| Cow::Borrowed(inner.as_bytes())))
}

/// Whether a document that begins so may be one of these. The first 64 bytes are enough.
pub(crate) fn begins(head: &[u8]) -> bool {
    match head.trim_ascii_start() {
        [b'`', ..] | [b'~', b'~', b'~', ..] => true,
        [one, other, b':' | b'-', ..] => one.is_ascii_hexdigit() && other.is_ascii_hexdigit(),
        bare => {
            let zeros = bare.iter().take_while(|byte| **byte == b'0').count();
            OFFSET.contains(&zeros) && matches!(bare.get(zeros), Some(b':' | b' ' | b'\t'))
        }
    }
}

/// What stands between the marks of one block or span of code that is all there is (CommonMark 0.31.2, sections 4.5 and
/// 6.1). Two blocks are two documents.
fn fenced(text: &str) -> Option<&str> {
    let text = text.trim_ascii();
    let mark = text.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = text.chars().take_while(|letter| *letter == mark).count();
    if length < 3 {
        let marks = text.get(..length)?;
        let span = text.strip_prefix(marks)?.strip_suffix(marks)?;
        return (!span.contains('`')).then_some(span);
    }
    let (first, rest) = text.split_once('\n')?;
    let (inner, last) = rest.rsplit_once('\n').unwrap_or(("", rest));
    let is_mark = |line: &str| {
        let line = line.trim_ascii();
        line.len() >= length && line.chars().all(|letter| letter == mark)
    };
    // The word behind the first mark names a language.
    let opens = !first.get(length..)?.contains(mark);
    (opens && is_mark(last) && !inner.lines().any(is_mark)).then_some(inner)
}

/// The digits of hex in pairs with one sign between (`04:00:02`, `04-00-02`), over one line or many.
pub(crate) fn pairs(text: &str) -> Option<String> {
    let body = text.trim_ascii();
    let sign = match body.as_bytes() {
        [_, _, sign @ (b':' | b'-'), _, _, next, ..] if sign == next => char::from(*sign),
        _ => return None,
    };
    let mut digits = String::with_capacity(body.len());
    for line in body.lines().map(str::trim_ascii).filter(|line| !line.is_empty()) {
        for pair in line.strip_suffix(sign).unwrap_or(line).split(sign) {
            let is_pair = pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_pair.then(|| digits.push_str(pair))?;
        }
    }
    (digits.len() / 2 >= FEWEST_PAIRS).then_some(digits)
}

/// One row of a dump: its offset, its bytes, and the characters beside them.
struct Row<'t> {
    offset: &'t str,
    bytes: Vec<u8>,
    /// Digits of the longest group.
    group: usize,
    characters: Option<&'t str>,
}

/// The bytes of a dump; nothing where a text is none.
fn dump(text: &str, origin: &Origin, budget: &Budget) -> Result<Option<Vec<u8>>, ReadError> {
    let mut rows = text.lines().filter(|line| !line.trim_ascii().is_empty());
    let (Some(first), second) = (rows.next().and_then(row), rows.next()) else { return Ok(None) };
    let offset_is = |row: &Row<'_>, place: usize, radix: u32| {
        usize::from_str_radix(row.offset, radix).is_ok_and(|offset| offset == place)
    };
    // Digits behind zeros may be hex in words: a column of characters or the offset of the next row tells a dump.
    let follows = second
        .and_then(row)
        .is_some_and(|row| [16, 10, 8].iter().any(|radix| offset_is(&row, first.bytes.len(), *radix)));
    if !offset_is(&first, 0, 16) || !(follows || first.characters.is_some()) {
        return Ok(None);
    }
    let has_characters = first.characters.is_some();
    let mut out: Vec<u8> = Vec::new();
    let mut radixes = vec![16_u32, 10, 8];
    let (mut last, mut repeats) = (0_usize, false);
    let mut at = 0_usize;
    for piece in text.split_inclusive('\n') {
        let fail = |problem| ReadError::Encoding { at: origin.at(at), encoding: DUMP, problem };
        let line = piece.trim_ascii();
        if line == "*" && last > 0 && !repeats {
            repeats = true;
        } else if !line.is_empty() {
            let row = row(piece).ok_or_else(|| fail(EncodingProblem::Row))?;
            // Groups of two bytes without characters: turned round by whoever printed them on most machines.
            if !has_characters && row.group > 2 {
                return Err(fail(EncodingProblem::Words));
            }
            if core::mem::take(&mut repeats) {
                repeat(&mut out, last, row.offset, &radixes, budget)
                    .ok_or_else(|| fail(EncodingProblem::Row))?;
            }
            radixes.retain(|radix| offset_is(&row, out.len(), *radix));
            // Blanks at either end are lost on the way, or fill a row that is short.
            let shown = characters(&row.bytes);
            let says = row.characters.map_or("", str::trim_ascii) == shown.trim_ascii();
            if radixes.is_empty() || (has_characters && !says) {
                return Err(fail(EncodingProblem::Row));
            }
            last = row.bytes.len();
            out.extend(row.bytes);
        }
        at = at.saturating_add(piece.len());
    }
    Ok(Some(out))
}

/// The last row again, up to an offset: what `*` stands for. Nothing where that cannot be told, or is too much.
fn repeat(out: &mut Vec<u8>, last: usize, offset: &str, radixes: &[u32], budget: &Budget) -> Option<()> {
    let [radix] = radixes else { return None };
    let end = usize::from_str_radix(offset, *radix).ok()?;
    let more = end.checked_sub(out.len())?;
    if end > budget.input_bytes || more == 0 || more.checked_rem(last)? != 0 {
        return None;
    }
    let row = out.get(out.len().checked_sub(last)?..)?.to_vec();
    out.extend(row.iter().cycle().take(more));
    Some(())
}

/// A line that has the form of a row. One of nothing but an offset ends a dump.
fn row(line: &str) -> Option<Row<'_>> {
    let line = line.trim_ascii();
    let digits = line.bytes().take_while(u8::is_ascii_hexdigit).count();
    let (offset, rest) = line.split_at_checked(digits).filter(|_| OFFSET.contains(&digits))?;
    let (rest, is_xxd) = rest.strip_prefix(':').map_or((rest, false), |rest| (rest, true));
    if !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    let (hex, characters) = if is_xxd {
        // Two blanks end the bytes; of the characters the first may be a blank.
        let rest = rest.strip_prefix([' ', '\t'])?;
        rest.split_once("  ").map_or((rest, None), |(hex, behind)| (hex, Some(behind)))
    } else if let Some((hex, behind)) = rest.split_once(['|', '>']) {
        (hex, Some(behind.strip_suffix(['|', '<'])?))
    } else {
        (rest, None)
    };
    let (mut bytes, mut group) = (Vec::new(), 0);
    for word in hex.split_ascii_whitespace() {
        bytes.extend(hex::decode(word).ok()?);
        group = group.max(word.len());
    }
    Some(Row { offset, bytes, group, characters })
}

/// What dumps print beside bytes: those of ASCII that can be seen, a dot for the others.
fn characters(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| if matches!(byte, 0x20..=0x7e) { char::from(*byte) } else { '.' }).collect()
}
