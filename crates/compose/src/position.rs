//! Where something stands: byte ranges, and the line and column that a person looks for.

use core::fmt;
use core::ops::Range;

/// A byte range of one text, end exclusive. Which text it is about is said by whoever hands it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
}

impl Span {
    /// The range from `start` to `end`; an end before the start is taken as an empty range.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end: if end < start { start } else { end } }
    }

    /// An empty range at `offset`.
    #[must_use]
    pub const fn at(offset: usize) -> Self {
        Self { start: offset, end: offset }
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether it holds no byte.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// For slicing.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// Line and column, both counted from 1; the column counts characters, not bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for LineColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

/// Turns byte offsets of one text into lines and columns, after one pass over the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<usize>,
    /// Characters before every [`STEP`]th byte: a text of one line must not be counted anew for each place in it.
    characters: Vec<usize>,
}

/// Bytes between two counts of characters.
const STEP: usize = 256;

/// Bytes that continue a character of UTF-8 do not begin a column.
const fn begins_character(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

impl LineIndex {
    /// Reads `text` once. A line ends after LF, after CR LF, and after a CR alone.
    #[must_use]
    pub fn new(text: &[u8]) -> Self {
        let mut starts = vec![0];
        let mut bytes = text.iter().enumerate().peekable();
        while let Some((at, byte)) = bytes.next() {
            let next_is_feed = matches!(bytes.peek(), Some((_, b'\n')));
            if *byte == b'\n' || (*byte == b'\r' && !next_is_feed) {
                starts.push(at.saturating_add(1));
            }
        }
        let mut characters = Vec::with_capacity((text.len() / STEP).saturating_add(1));
        let mut count = 0_usize;
        for chunk in text.chunks(STEP) {
            characters.push(count);
            count = count.saturating_add(chunk.iter().filter(|byte| begins_character(**byte)).count());
        }
        Self { starts, characters }
    }

    /// Characters that begin before an offset.
    fn before(&self, text: &[u8], offset: usize) -> usize {
        let offset = offset.min(text.len());
        let step = (offset / STEP).min(self.characters.len().saturating_sub(1));
        let known = self.characters.get(step).copied().unwrap_or(0);
        let rest = text.get(step.saturating_mul(STEP)..offset).unwrap_or(&[]);
        known.saturating_add(rest.iter().filter(|byte| begins_character(**byte)).count())
    }

    /// Line and column of `offset` in the `text` that the index was made of.
    #[must_use]
    pub fn locate(&self, text: &[u8], offset: usize) -> LineColumn {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.before(text, offset).saturating_sub(self.before(text, start)).saturating_add(1);
        LineColumn { line, column }
    }

    /// Byte range of a line (counted from 1) without its line break.
    #[must_use]
    pub fn line_span(&self, text: &[u8], line: usize) -> Option<Span> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        let mut end = self.starts.get(line).copied().unwrap_or(text.len());
        while end > start && matches!(text.get(end.saturating_sub(1)), Some(b'\n' | b'\r')) {
            end = end.saturating_sub(1);
        }
        Some(Span::new(start, end))
    }

    /// Lines in the text; a final line break begins one more, empty line.
    #[must_use]
    pub const fn lines(&self) -> usize {
        self.starts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_end_at_every_kind_of_break() {
        let text = "a\r\nbä\u{1f600}c\rd\n".as_bytes();
        let index = LineIndex::new(text);
        assert_eq!(index.locate(text, 0), LineColumn { line: 1, column: 1 });
        let c = text.iter().position(|b| *b == b'c').unwrap();
        assert_eq!(index.locate(text, c), LineColumn { line: 2, column: 4 });
        let d = text.iter().position(|b| *b == b'd').unwrap();
        assert_eq!(index.locate(text, d), LineColumn { line: 3, column: 1 });
        assert_eq!(index.lines(), 4);
        assert_eq!(index.line_span(text, 1), Some(Span::new(0, 1)));
    }

    #[test]
    fn columns_of_a_long_line_are_those_of_counting() {
        let text = "aä\u{1f600}".repeat(500) + "\nb";
        let index = LineIndex::new(text.as_bytes());
        for (at, _) in text.char_indices() {
            let line = text[..at].matches('\n').count() + 1;
            let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
            let column = text[start..at].chars().count() + 1;
            assert_eq!(index.locate(text.as_bytes(), at), LineColumn { line, column }, "{at}");
        }
    }

    #[test]
    fn an_offset_behind_the_end_is_located_on_the_last_line() {
        let index = LineIndex::new(b"ab");
        assert_eq!(index.locate(b"ab", 99), LineColumn { line: 1, column: 3 });
    }
}
